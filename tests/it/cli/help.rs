//! What the program says about itself.

use std::fmt::Write as _;

use clap::{Command, CommandFactory as _, Parser as _};
use mcpcodex::{cli::args::Cli, model::verb::Verb};

use super::Place;

fn tree(command: &Command, path: &str, text: &mut String) {
    for sub in command.get_subcommands() {
        let path = format!("{path} {}", sub.get_name());
        let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
        let own = sub.get_arguments().filter(|arg| !arg.is_global_set() && arg.get_id() != "help");
        let args: Vec<String> = own.map(ToString::to_string).collect();
        writeln!(text, "{path} {}\n    {about}", args.join(" ")).unwrap();
        tree(sub, &path, text);
    }
}

#[test]
fn tree_of_commands_is_what_others_rely_upon() {
    let mut text = String::new();
    let mut command = Cli::command();
    command.build();
    tree(&command, "mcpcodex", &mut text);
    insta::assert_snapshot!(text);
}

#[test]
fn main_help_leads_with_what_to_do_first() {
    let place = Place::bare();
    let ran = place.run(&["--help"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn every_command_has_help_and_the_definition_is_sound() {
    Cli::command().debug_assert();
    let place = Place::bare();
    for topic in
        ["user create", "auth setup oauth2", "auth validate", "serve", "exit-codes", "environment"]
    {
        let words: Vec<&str> = ["help"].into_iter().chain(topic.split(' ')).collect();
        let ran = place.run(&words);
        assert_eq!(ran.code, 0, "{topic}");
        assert!(ran.out.len() > 200, "{topic}: {}", ran.out);
    }
    let ran = place.run(&["help", "usr"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("did you mean user?"), "{}", ran.err);
    assert_eq!(place.run(&[]).code, 2);
    assert_eq!(
        place.run(&["--version"]).out.trim(),
        format!("mcpcodex {}", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn completions_and_manual_pages_name_every_command() {
    let place = Place::bare();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let ran = place.run(&["completion", shell, "--static"]);
        assert_eq!(ran.code, 0, "{shell}");
        assert!(ran.out.contains("validate"), "{shell}");
        let asking = place.run(&["completion", shell]);
        assert_eq!(asking.code, 0, "{shell}");
        assert!(asking.out.contains("MCPCODEX_COMPLETE"), "{shell}: {}", asking.out);
    }
    assert!(place.run(&["man"]).out.contains(".TH mcpcodex 1"));
    assert_eq!(place.run(&["man", "--out", "pages"]).code, 0);
    for page in ["mcpcodex.1", "mcpcodex-auth-apikey-create.1", "mcpcodex-client-secret-rotate.1"] {
        assert!(place.path("pages").join(page).exists(), "{page}");
    }
}

#[test]
fn every_verb_of_the_console_is_a_command() {
    for verb in Verb::ALL {
        let command = verb.spec().command;
        let words = command.split(' ').map(|word| match word {
            "NAME" => "alice",
            "ID" => "s_1",
            "KID" => "dGhpcyBp",
            word => word,
        });
        let parsed = Cli::try_parse_from(words);
        assert!(parsed.is_ok(), "{command}: {parsed:?}");
    }
}
