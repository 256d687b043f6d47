//! The one table of verbs: each has a command that is understood, a key, words, help, a tier, and a test that does it.

use std::{fs, path::Path};

use clap::{Command, CommandFactory as _};
use mcpcodex::{
    cli::args::Cli,
    model::verb::{Noun, Tier, Verb},
    tui::{
        action::{self, Action},
        keymap::{self, EVERY},
    },
};

/// The words of a command that name a subcommand, walked down the tree; answers the last of them.
fn command<'c>(root: &'c Command, words: &str) -> (&'c Command, Vec<String>) {
    let mut found = root;
    let mut rest: Vec<String> = words.split(' ').skip(1).map(str::to_owned).collect();
    while let Some(next) = rest.first().and_then(|word| found.find_subcommand(word)) {
        found = next;
        rest.remove(0);
    }
    (found, rest)
}

#[test]
fn each_verb_is_one_command_with_options_that_there_are() {
    let mut root = Cli::command();
    root.build();
    for verb in Verb::ALL {
        let spec = verb.spec();
        let (found, rest) = command(&root, spec.command);
        assert!(
            !found.has_subcommands(),
            "{} names no command: {}",
            spec.command,
            found.get_name()
        );
        let mut positions = found.get_positionals().count();
        let mut words = rest.iter();
        while let Some(word) = words.next() {
            if let Some(option) = word.strip_prefix("--") {
                let known = found.get_arguments().find(|arg| arg.get_long() == Some(option));
                let known = known.unwrap_or_else(|| panic!("{}: no --{option}", spec.command));
                if known.get_num_args().is_some_and(|number| number.takes_values()) {
                    words.next().unwrap_or_else(|| panic!("{}: {option}", spec.command));
                }
            } else {
                assert!(positions > 0, "{}: nothing takes {word}", spec.command);
                positions -= 1;
            }
        }
    }
}

#[test]
fn each_verb_can_be_pressed_typed_and_explained() {
    for verb in Verb::ALL {
        let spec = verb.spec();
        let run = Action::Run(verb);
        assert!(keymap::key_of(&EVERY, run).is_some(), "{verb:?} has no key");
        let typed = action::candidates(spec.words);
        assert_eq!(typed.first().map(|command| command.action), Some(run), "{verb:?}");
        assert!(run.help().len() > 10 && !spec.label.is_empty(), "{verb:?}");
        assert_ne!(spec.tier, Tier::Look, "{verb:?}");
        if spec.tier == Tier::Reversible {
            let undo = spec.undo.unwrap_or_else(|| panic!("{verb:?} has no undo"));
            assert!(undo.spec().noun == spec.noun, "{verb:?}");
        }
    }
}

/// What a test must say to have seen a verb done: the report of it, or the event that it leaves.
fn trace_of(verb: Verb) -> &'static str {
    match verb {
        Verb::UserLock => "locked out mallory",
        Verb::UserUnlock => "unlocked mallory",
        Verb::SessionRevoke => "ended 1 session of bob",
        Verb::SessionRevokeOfUser => "ended 2 sessions of bob",
        Verb::MfaReset => "removed 1 second factor of alice",
        Verb::MfaLink => "Enrolment link for bob",
        Verb::UserInvite => "Invitation for bob",
        Verb::UserResetLink => "Password reset link for alice",
        Verb::KeyStage => "published a new key",
        Verb::KeyRotate => "signs from now on",
        Verb::KeyRetire => "its tokens are refused",
        Verb::ClientEnable => "Assistant may be used",
        Verb::ClientDisable => "switched Assistant off",
        Verb::UserCreate => "Invitation for carol",
        Verb::UserDelete => "deleted carol",
        Verb::ApiKeyCreate => "Make the API key nightly ?",
        Verb::ApiKeyEdit => "7 uses a minute",
        Verb::ApiKeyRotate => "has ended",
        Verb::ApiKeyRevoke => "revoked ci",
        Verb::AgentDisable => "Shut the agent nightly out ?",
        Verb::AgentEnable => "the keys of nightly work again",
        Verb::ResourceDelete => "removed Notes",
    }
}

#[test]
fn each_verb_is_done_on_a_real_database_by_a_test() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tui");
    let files = ["people.rs", "factors.rs", "keys.rs", "apps.rs", "programs.rs"];
    let texts = files.map(|file| fs::read_to_string(folder.join(file)).unwrap()).concat();
    for verb in Verb::ALL {
        let trace = trace_of(verb);
        assert!(texts.contains(trace), "no test does {verb:?}: {trace:?}");
    }
}

#[test]
fn wide_verbs_want_a_name_typed_and_the_others_a_key() {
    let wide: Vec<Noun> = Verb::ALL
        .into_iter()
        .filter(|verb| verb.spec().tier == Tier::Wide)
        .map(|verb| verb.spec().noun)
        .collect();
    assert_eq!(wide, [Noun::Key, Noun::User, Noun::Resource]);
}
