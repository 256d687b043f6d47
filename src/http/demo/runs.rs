//! What the demo app remembers of each browser: a request that waits for its answer, or what came of it.
//! In memory only, bounded, and behind a cookie of its own: a real app has nothing of ours either.

use std::{collections::HashMap, time::Duration};

use parking_lot::Mutex;

use super::flow::{Refused, SignedIn, Waiting};
use crate::{
    crypto::secret::{equal, random_token},
    time::Time,
};

/// The cookie that names a run.
pub const COOKIE: &str = "mcpcodex_demo";
/// How long an answer is waited for.
const ANSWER: Duration = Duration::from_secs(600);
/// How long tokens are kept to be looked at.
const LOOK: Duration = Duration::from_secs(3_600);
/// Beyond it the run that would end first is forgotten.
const MOST: usize = 1_000;

/// Where a browser's flow stands.
#[derive(Clone)]
pub enum Run {
    /// The person is at the server.
    Waiting(Box<Waiting>),
    /// There were no tokens.
    Refused(Box<Refused>),
    /// There are tokens.
    SignedIn(Box<SignedIn>),
}

struct Kept {
    run: Run,
    ends: Time,
}

/// Every run, by the value of its cookie.
#[derive(Default)]
pub struct Runs(Mutex<HashMap<String, Kept>>);

impl Runs {
    /// Begins a run and gives the cookie's value: always a new one, so that nobody can plant theirs.
    pub fn begin(&self, waiting: Waiting, now: Time) -> String {
        let id = random_token(32).expose().to_owned();
        let mut runs = self.0.lock();
        runs.retain(|_, kept| now < kept.ends);
        if runs.len() >= MOST {
            let first = runs.iter().min_by_key(|(_, kept)| kept.ends).map(|(id, _)| id.clone());
            if let Some(first) = first {
                runs.remove(&first);
            }
        }
        let run = Run::Waiting(Box::new(waiting));
        runs.insert(id.clone(), Kept { run, ends: now.plus(ANSWER) });
        id
    }

    /// How a run stands.
    pub fn get(&self, id: &str, now: Time) -> Option<Run> {
        let runs = self.0.lock();
        runs.get(id).filter(|kept| now < kept.ends).map(|kept| kept.run.clone())
    }

    /// Takes a waiting run whose `state` is this one: the answer counts once, and in this browser only.
    pub fn answered(&self, id: &str, state: &str, now: Time) -> Option<Waiting> {
        let mut runs = self.0.lock();
        let kept = runs.get(id).filter(|kept| now < kept.ends)?;
        let Run::Waiting(waiting) = &kept.run else { return None };
        if !equal(waiting.state.as_bytes(), state.as_bytes()) {
            return None;
        }
        match runs.remove(id)?.run {
            Run::Waiting(waiting) => Some(*waiting),
            Run::Refused(_) | Run::SignedIn(_) => None,
        }
    }

    /// Keeps what came of a run.
    pub fn put(&self, id: &str, run: Run, now: Time) {
        self.0.lock().insert(id.to_owned(), Kept { run, ends: now.plus(LOOK) });
    }

    /// Forgets a run and gives it back.
    pub fn remove(&self, id: &str) -> Option<Run> {
        self.0.lock().remove(id).map(|kept| kept.run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::secret::Plain;

    fn waiting(state: &str) -> Waiting {
        Waiting {
            verifier: Plain::new("v".repeat(43)),
            state: state.to_owned(),
            nonce: "n".to_owned(),
            steps: Vec::new(),
        }
    }

    const NOW: Time = Time::from_secs(1_000);

    #[test]
    fn answer_counts_once_and_only_with_its_state() {
        let runs = Runs::default();
        let id = runs.begin(waiting("s1"), NOW);
        assert!(runs.answered(&id, "s2", NOW).is_none());
        assert!(runs.answered("other", "s1", NOW).is_none());
        assert!(runs.answered(&id, "s1", NOW).is_some());
        assert!(runs.answered(&id, "s1", NOW).is_none());
    }

    #[test]
    fn answer_after_ten_minutes_finds_nothing() {
        let runs = Runs::default();
        let id = runs.begin(waiting("s"), NOW);
        assert!(runs.get(&id, NOW.plus(ANSWER)).is_none());
        assert!(runs.answered(&id, "s", NOW.plus(ANSWER)).is_none());
    }

    #[test]
    fn store_keeps_to_its_bound_and_drops_the_oldest() {
        let runs = Runs::default();
        let first = runs.begin(waiting("s"), NOW);
        let later = NOW.plus(Duration::from_secs(1));
        let rest: Vec<_> = (0..MOST).map(|_| runs.begin(waiting("s"), later)).collect();
        assert_eq!(runs.0.lock().len(), MOST);
        assert!(runs.get(&first, later).is_none());
        assert!(rest.iter().all(|id| runs.get(id, later).is_some()));
    }
}
