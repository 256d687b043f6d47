//! The configuration as an operator meets it: files, variables, refusals, advice.
#![cfg(test)]

mod advice;
mod environment;
mod providers;
mod reference;
mod refusals;
mod shipped;

use mcpcodex::config::{Environment, Loaded, Problems, load::from_text};

/// Loads a text as if it were `auth.config.yaml`, with an empty environment.
fn load(text: &str) -> Result<Loaded, Problems> {
    load_with(text, &[])
}

/// The same with these variables.
fn load_with(text: &str, env: &[(&str, &str)]) -> Result<Loaded, Problems> {
    from_text(text, "auth.config.yaml", &Environment::from_pairs(env.iter().copied()))
}
