//! Whether this server reaches the hosts of apps at all. Where it does not, its metadata stops promising to take apps by
//! their documents, so that they register instead.
//!
//! Only hosts that are surely there bear witness: that a stranger's host cannot be reached says nothing, or strangers
//! could switch documents off for everyone.

use std::time::Duration;

use parking_lot::Mutex;

use crate::{
    model::{
        fetch::{Fault, Fetched},
        template::DOCUMENT_HOSTS,
    },
    time::Time,
};

/// After this it is worth another try: the document of one app is asked for again.
const AGAIN: Duration = Duration::from_secs(86_400);

/// Since when nothing outside can be reached.
#[derive(Debug, Default)]
pub(super) struct Egress(Mutex<Option<Time>>);

impl Egress {
    /// Takes note of how a fetch ended. Any answer at all, from whomever, shows that there is a way out.
    pub(super) fn saw(&self, host: &str, fetched: &Result<Fetched, Fault>, now: Time) {
        let mut shut = self.0.lock();
        match fetched {
            Err(Fault::Unknown(_) | Fault::Connection(_) | Fault::Slow(_)) => {
                if DOCUMENT_HOSTS.contains(&host) {
                    if shut.is_none() {
                        let next = "let this server reach the hosts of apps, or set \
                                    authentication.clients.metadata_documents: off";
                        tracing::warn!(
                            host,
                            next,
                            "documents of apps are out of this server's reach"
                        );
                    }
                    *shut = Some(now);
                }
            }
            // Nothing was sent.
            Err(Fault::Url(_) | Fault::Inner(_) | Fault::Busy(_)) => {}
            Ok(_)
            | Err(
                Fault::Redirect(_)
                | Fault::Status(_)
                | Fault::Large(_)
                | Fault::Encoded
                | Fault::Type(_)
                | Fault::Broken,
            ) => *shut = None,
        }
    }

    /// Whether nothing outside could be reached when it was last tried.
    pub(super) fn is_shut(&self, now: Time) -> bool {
        self.0.lock().is_some_and(|since| now.since(since) < AGAIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time::from_secs(1_000_000);

    fn unreachable() -> [Result<Fetched, Fault>; 3] {
        let slow = Fault::Slow(Duration::from_secs(5));
        [Fault::Unknown("h".to_owned()), Fault::Connection("refused".to_owned()), slow].map(Err)
    }

    #[test]
    fn host_that_is_surely_there_shows_that_there_is_no_way_out() {
        for fault in unreachable() {
            let egress = Egress::default();
            egress.saw("claude.ai", &fault, START);
            assert!(egress.is_shut(START), "{fault:?}");
            assert!(egress.is_shut(START.plus(Duration::from_secs(86_399))));
            assert!(!egress.is_shut(START.plus(AGAIN)), "another app may try");
        }
    }

    #[test]
    fn hosts_that_strangers_choose_show_nothing() {
        let egress = Egress::default();
        for n in 0..100 {
            for fault in unreachable() {
                egress.saw(&format!("h{n}.claude.ai"), &fault, START);
                egress.saw(&format!("h{n}.example"), &fault, START);
            }
        }
        assert!(!egress.is_shut(START));
    }

    #[test]
    fn any_answer_shows_that_there_is_a_way_out_and_a_refusal_of_ours_shows_nothing() {
        for answer in [
            Ok(Fetched::Unchanged { fresh: None }),
            Err(Fault::Status(404)),
            Err(Fault::Redirect(302)),
            Err(Fault::Broken),
        ] {
            let egress = Egress::default();
            egress.saw("claude.ai", &Err(Fault::Unknown("h".to_owned())), START);
            for own in [Fault::Busy("x"), Fault::Url("x"), Fault::Inner("h".to_owned())] {
                egress.saw("claude.ai", &Err(own), START);
            }
            assert!(egress.is_shut(START));
            egress.saw("anything.example", &answer, START);
            assert!(!egress.is_shut(START), "{answer:?}");
        }
    }
}
