//! A real browser and other people's libraries and programs against the real binary; the scripts are in `tests/e2e`.

use std::{ffi::OsStr, path::Path, process::Command};

use crate::support::{TestApp, node, packages};

fn run(script: &str, env: &[(&str, &OsStr)]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e");
    packages(&folder);
    let output = Command::new(node(&folder))
        .arg(script)
        .current_dir(&folder)
        .env("MCPCODEX_BIN", env!("CARGO_BIN_EXE_mcpcodex"))
        .envs(env.iter().copied())
        .output()
        .expect("node runs");
    assert!(
        output.status.success(),
        "{script} failed\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn person_signs_in_by_browser_and_openid_client_verifies_the_tokens() {
    run("sign-in.mjs", &[]);
}

#[test]
fn app_pushes_proves_a_key_and_signs_out_by_openid_client() {
    run("openid.mjs", &[]);
}

#[test]
fn every_page_is_accessible_small_and_fits_in_both_languages_and_schemes() {
    // The clock of the tests stands in the past: what is chosen now has expired long ago.
    let past = TestApp::new();
    past.person("otto", &["user"], "Vexing-Otter7-Quilt");
    run("pages.mjs", &[("MCPCODEX_E2E_DATA", past.data_dir().as_os_str())]);
}

#[test]
fn person_makes_uses_and_removes_passkeys_in_a_browser() {
    run("passkey.mjs", &[]);
}

#[test]
fn conformance_tool_of_mcp_is_content_with_every_revision() {
    run("clients/conformance.mjs", &[]);
}

#[test]
fn typescript_sdks_sign_in_and_renew() {
    run("clients/typescript.mjs", &[]);
}

#[test]
fn python_sdk_signs_in_and_renews_at_a_fastmcp_server() {
    run("clients/python.mjs", &[]);
}

#[test]
fn agents_that_share_a_refresh_token_all_stay_signed_in() {
    run("clients/refresh-race.mjs", &[]);
}

#[test]
fn clients_go_on_after_the_server_was_ended_at_any_step() {
    run("clients/restart.mjs", &[]);
}

#[test]
fn agents_and_tools_of_others_connect_the_first_time() {
    run("clients/agents.mjs", &[]);
}

#[test]
fn web_page_of_the_inspector_connects_signs_in_and_asks_for_more() {
    run("clients/inspector.mjs", &[]);
}

#[test]
fn nginx_with_the_documented_configuration_leads_clients_here() {
    run("clients/nginx.mjs", &[]);
}

#[test]
fn nginx_and_caddy_with_the_documented_configuration_protect_an_app_that_knows_nothing_of_sign_in()
{
    run("clients/forward-auth.mjs", &[]);
}

#[test]
fn what_clients_trip_over_elsewhere_is_right_here() {
    run("clients/rules.mjs", &[]);
}

#[test]
fn programs_register_themselves_as_they_are_seen_to() {
    run("clients/registration.mjs", &[]);
}

#[test]
fn page_on_another_origin_may_do_what_its_program_needs_and_no_more() {
    run("clients/browser.mjs", &[]);
}

#[test]
fn openid_client_walks_every_part_of_openid_connect_that_there_is() {
    run("clients/openid.mjs", &[]);
}

#[test]
fn api_does_what_its_description_says_whatever_is_asked() {
    run("clients/api.mjs", &[]);
}

#[test]
fn people_sign_in_at_a_provider_of_others_and_at_another_of_our_own() {
    run("provider.mjs", &[]);
}
