//! What the shell and `man` want to know about the command line.

use std::{fs, path::PathBuf};

use clap::Command;
use clap_complete::{
    Shell,
    env::{EnvCompleter, Shells},
};
use clap_mangen::Man as Page;

use super::{
    args::tree,
    complete::VARIABLE,
    ctx::Ctx,
    failure::{Done, Failure},
};
use crate::error::Error;

/// `completion`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "The script asks mcpcodex each time Tab is pressed, so that it knows the names of people, apps, sessions and keys. It reads
the database as it lies there, and says nothing where there is none or it may not be read.

Examples:
  mcpcodex completion bash > /etc/bash_completion.d/mcpcodex
  mcpcodex completion zsh > ~/.zfunc/_mcpcodex
  mcpcodex completion fish > ~/.config/fish/completions/mcpcodex.fish"
)]
pub struct Completion {
    /// Which shell
    shell: Shell,
    /// Make a script that never asks mcpcodex: commands and options only
    #[arg(long = "static")]
    fixed: bool,
}

/// `man`.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mcpcodex man | man -l -
  mcpcodex man --out /usr/local/share/man/man1")]
pub struct Man {
    /// Write a page for every command into this folder [default: the main page on stdout]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints completions.
pub fn completion(ctx: &Ctx, args: &Completion) -> Done {
    let mut script = Vec::new();
    let shells = Shells::builtins();
    match shells.completer(&args.shell.to_string()) {
        Some(asking) if !args.fixed => register(asking, &mut script)?,
        Some(_) | None => {
            clap_complete::generate(args.shell, &mut tree(), "mcpcodex", &mut script);
        }
    }
    ctx.out.text(&String::from_utf8_lossy(&script))
}

fn register(shell: &dyn EnvCompleter, script: &mut Vec<u8>) -> Done {
    Ok(shell.write_registration(VARIABLE, "mcpcodex", "mcpcodex", "mcpcodex", script)?)
}

/// Prints or writes the manual.
pub fn man(ctx: &Ctx, args: &Man) -> Done {
    let mut command = tree();
    command.build();
    let Some(folder) = &args.out else {
        let mut page = Vec::new();
        Page::new(command).render(&mut page)?;
        return ctx.out.text(&String::from_utf8_lossy(&page));
    };
    ctx.plan(|| format!("write a page for every command into {}", folder.display()))?;
    let failed = |error: std::io::Error| {
        Failure::from(
            Error::internal(format!("{} cannot be written: {}", folder.display(), error.kind()))
                .with_source(error),
        )
    };
    fs::create_dir_all(folder).map_err(failed)?;
    let mut written = 0_usize;
    for (name, command) in pages(&command) {
        let mut page = Vec::new();
        Page::new(command.name(name.clone())).render(&mut page)?;
        fs::write(folder.join(format!("{name}.1")), page).map_err(failed)?;
        written += 1;
    }
    ctx.out.note(&format!("{written} pages in {}", folder.display()));
    Ok(())
}

fn pages(command: &Command) -> Vec<(String, Command)> {
    let mut pages = vec![(command.get_name().to_owned(), command.clone())];
    let mut at = 0;
    while let Some((name, command)) = pages.get(at).cloned() {
        for sub in command.get_subcommands() {
            pages.push((format!("{name}-{}", sub.get_name()), sub.clone()));
        }
        at += 1;
    }
    pages
}
