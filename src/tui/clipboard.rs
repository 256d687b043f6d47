//! The clipboard of the terminal, by OSC 52: the only one that is the person's own when they came by SSH.
//! Nothing answers, so nobody knows whether it arrived.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// What stands between us and the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    /// Nothing that we know of.
    Nothing,
    /// tmux, which may take the sequence itself or pass it on.
    Tmux,
    /// GNU screen, which passes on what is wrapped.
    Screen,
}

impl Between {
    /// Told by the environment; `var` reads it.
    pub fn choose(var: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| var(name).is_some_and(|value| !value.is_empty());
        if set("TMUX") {
            Self::Tmux
        } else if set("STY") {
            Self::Screen
        } else {
            Self::Nothing
        }
    }
}

/// The bytes that ask the terminal to take a text into its clipboard.
pub fn sequence(text: &str, between: Between) -> String {
    let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
    match between {
        Between::Nothing => plain,
        // tmux takes the first with `set-clipboard on` and passes the second with `allow-passthrough on`.
        Between::Tmux => {
            let wrapped = plain.replace('\x1b', "\x1b\x1b");
            format!("{plain}\x1bPtmux;{wrapped}\x1b\\")
        }
        Between::Screen => format!("\x1bP{plain}\x1b\\"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_is_wrapped_for_what_stands_between() {
        let osc = "\x1b]52;c;aGk=\x07";
        assert_eq!(sequence("hi", Between::Nothing), osc);
        assert_eq!(sequence("hi", Between::Screen), format!("\x1bP{osc}\x1b\\"));
        let tmux = sequence("hi", Between::Tmux);
        assert!(tmux.starts_with(osc), "{tmux:?}");
        assert!(tmux.ends_with("\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\"), "{tmux:?}");
    }

    #[test]
    fn environment_tells_what_stands_between() {
        let of = |name: &'static str| {
            Between::choose(move |asked| (asked == name).then(|| "x".to_owned()))
        };
        assert_eq!(
            [of("TMUX"), of("STY"), of("SSH_TTY")],
            [Between::Tmux, Between::Screen, Between::Nothing]
        );
    }
}
