//! A real browser and other people's libraries against the real binary; the scripts are in `tests/e2e`.

use std::{path::Path, process::Command};

use crate::support::packages;

fn run(script: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e");
    packages(&folder);
    let output = Command::new("node")
        .arg(script)
        .current_dir(&folder)
        .env("MCPCODEX_BIN", env!("CARGO_BIN_EXE_mcpcodex"))
        .output()
        .expect("node runs");
    assert!(
        output.status.success(),
        "{script} failed (it needs chromium)\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn person_signs_in_by_browser_and_openid_client_verifies_the_tokens() {
    run("sign-in.mjs");
}
