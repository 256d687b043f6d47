//! `doctor mcp`, the real program, against servers of ours: one that is right, one for each way of being wrong, and our
//! own authorization server from the first challenge to the refresh race.

mod site;

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Stdio},
};

use serde_json::{Value, json};
use url::Url;

use self::site::{RESOURCE, SERVER, Site, json_page, preflight};
use super::{Place, Ran};
use crate::support::{RUNTIME, TestApp};

fn examine(url: &str, more: &[&str]) -> (i32, Value) {
    let args = [&["doctor", "mcp", url], more, &["--json"]].concat();
    let ran = Place::new().run(&args);
    (ran.code, ran.document())
}

/// The steps that did not go well, with what was seen and what is to be done, in one text.
fn troubles(report: &Value) -> Vec<(String, String, String)> {
    let text = |check: &Value, name: &str| check[name].as_str().unwrap().to_owned();
    let checks = report["checks"].as_array().unwrap().iter();
    let not_good = checks.filter(|check| check["verdict"] != "ok");
    not_good
        .map(|check| {
            let fix = check["fix"].to_string();
            (text(check, "step"), text(check, "verdict"), format!("{} {fix}", text(check, "saw")))
        })
        .collect()
}

#[test]
fn right_server_has_nothing_but_good_steps_and_the_visit_leaves_nothing() {
    let site = Site::good();
    let (code, report) = examine(&site.url(), &[]);
    assert_eq!((code, &report["ok"]), (0, &json!(true)), "{report}");
    assert!(troubles(&report).is_empty(), "{report}");
    let asked = site.asked();
    assert_eq!(asked.last().unwrap(), "DELETE /register/c_1");
    assert!(asked.contains(&"GET /authorize".to_owned()), "{asked:?}");
    let ran = Place::new().run(&["doctor", "mcp", &site.url()]);
    assert_eq!(ran.code, 0);
    assert!(ran.out.lines().all(|line| line.starts_with('✓')), "{}", ran.out);
}

/// Puts something wrong and says what the doctor must find: the step, its verdict, and words of it.
fn finds(wrong: impl FnOnce(&Site), step: &str, verdict: &str, words: &[&str]) {
    let site = Site::good();
    wrong(&site);
    let (code, report) = examine(&site.url(), &[]);
    assert_eq!(code, if verdict == "problem" { 6 } else { 0 }, "{report}");
    let troubles = troubles(&report);
    let found = troubles.iter().find(|one| one.0 == step && one.1 == verdict);
    let (_, _, text) = found.unwrap_or_else(|| panic!("no {verdict} at {step}: {report}"));
    for word in words {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[test]
fn challenge_that_clients_do_not_understand_is_named() {
    let challenge = |status, value: &'static str| {
        let headers =
            if value.is_empty() { vec![] } else { vec![("www-authenticate", value.to_owned())] };
        move |site: &Site| site.put("POST /mcp", (status, headers, String::new()))
    };
    finds(challenge(200, ""), "challenge", "problem", &["works without a token"]);
    finds(challenge(403, ""), "challenge", "problem", &["403", "401"]);
    finds(challenge(404, ""), "challenge", "problem", &["is the path right"]);
    finds(challenge(500, ""), "challenge", "problem", &["log"]);
    finds(challenge(401, ""), "challenge", "problem", &["without a Bearer challenge"]);
    finds(challenge(401, "Bearer"), "challenge", "warning", &["resource_metadata"]);
    finds(challenge(401, "Basic realm=\"x\", Bearer"), "challenge", "warning", &["not first"]);
    finds(challenge(401, "Bearer error=\"invalid_token\""), "challenge", "warning", &["error"]);
    let moved = |site: &Site| {
        let place = vec![("location", format!("{}/mcp/", site.base))];
        site.put("POST /mcp", (307, place, String::new()));
    };
    finds(moved, "challenge", "problem", &["redirect", "/mcp/"]);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, report) = examine(&format!("http://{nobody}/mcp"), &[]);
    assert_eq!(code, 6);
    assert!(report["checks"][0]["saw"].as_str().unwrap().contains("no answer"), "{report}");
}

#[test]
fn documents_in_the_wrong_place_or_form_are_named() {
    let resource = format!("GET {RESOURCE}");
    let html = || (200, vec![("content-type", "text/html".to_owned())], "<p>app</p>".to_owned());
    finds(
        |site| site.drop(&resource),
        "resource metadata",
        "problem",
        &["404", "at the MCP server"],
    );
    finds(|site| site.put(&resource, html()), "resource metadata", "problem", &["web page"]);
    let server = format!("GET {SERVER}");
    finds(
        |site| site.drop(&server),
        "authorization server",
        "problem",
        &["404", "openid-configuration"],
    );
    finds(|site| site.put(&server, html()), "authorization server", "problem", &["web page"]);
    // Not here, and with a page that says so, for a machine that wants JSON.
    let missing = || (404, vec![("content-type", "text/html".to_owned())], "<p>?</p>".to_owned());
    finds(|site| site.put(&resource, missing()), "resource metadata", "problem", &["404"]);
    finds(|site| site.put(&server, missing()), "authorization server", "problem", &["404"]);
    let text = |site: &Site| {
        let kind = vec![("content-type", "text/plain".to_owned())];
        site.put(&format!("GET {RESOURCE}"), (200, kind, site.resource().to_string()));
    };
    finds(text, "resource metadata", "warning", &["text/plain"]);
    let null = |site: &Site| site.change(SERVER, "op_policy_uri", Value::Null);
    finds(null, "authorization server", "warning", &["op_policy_uri", "null"]);
    let file = |site: &Site| {
        let challenge = "Bearer resource_metadata=\"file:///etc/passwd\"".to_owned();
        site.put("POST /mcp", (401, vec![("www-authenticate", challenge)], String::new()));
    };
    finds(file, "resource metadata", "problem", &["absolute http or https"]);
}

#[test]
fn addresses_that_should_be_the_same_are_compared_to_the_letter() {
    let slash =
        |site: &Site| site.change(RESOURCE, "resource", json!(format!("{}/mcp/", site.base)));
    finds(slash, "resource", "problem", &["a slash at the end"]);
    let origin = |site: &Site| site.change(RESOURCE, "resource", json!(site.base));
    finds(origin, "resource", "problem", &["the path"]);
    // A URL type of the resource server adds the slash: the issuer then is another text.
    let any = |site: &Site| {
        site.change(RESOURCE, "authorization_servers", json!([format!("{}/", site.base)]));
    };
    finds(
        any,
        "authorization server",
        "problem",
        &["a slash at the end", "AnyHttpUrl", "give the issuer a path"],
    );
    let other = |site: &Site| site.change(SERVER, "issuer", json!("https://elsewhere.example"));
    finds(other, "authorization server", "problem", &["the host"]);
    for bad in [json!([]), json!("x"), json!(["javascript:alert(1)"]), json!("gone")] {
        finds(
            |site| site.change(RESOURCE, "authorization_servers", bad),
            "resource",
            "problem",
            &["authorization_servers"],
        );
    }
    let offline = json!(["read:models", "offline_access"]);
    finds(
        |site| site.change(RESOURCE, "scopes_supported", offline),
        "resource",
        "warning",
        &["offline_access"],
    );
}

#[test]
fn challenge_with_a_relative_address_is_named() {
    for named in ["/.well-known/oauth-protected-resource/mcp", "mcp.example.com/x", ""] {
        let challenge = format!("Bearer resource_metadata=\"{named}\"");
        let relative = move |site: &Site| {
            site.put("POST /mcp", (401, vec![("www-authenticate", challenge)], String::new()));
        };
        finds(relative, "resource metadata", "problem", &["absolute http or https"]);
    }
}

#[test]
fn proxy_that_ends_tls_is_suspected_where_http_stands_for_https() {
    let secure = |site: &Site| site.base.replacen("http:", "https:", 1);
    let resource = |site: &Site| site.change(RESOURCE, "resource", json!(secure(site) + "/mcp"));
    finds(resource, "resource", "problem", &["http and https", "at the MCP server: if a proxy"]);
    let issuer = |site: &Site| site.change(SERVER, "issuer", json!(secure(site)));
    finds(
        issuer,
        "authorization server",
        "problem",
        &["http and https", "at the authorization server: if a proxy", "server.public_url"],
    );
    finds(issuer, "endpoints", "problem", &["though the issuer is https", "if a proxy"]);
}

#[test]
fn what_keeps_apps_in_a_browser_out_is_named() {
    for path in [RESOURCE, SERVER] {
        let step = if path == RESOURCE { "resource metadata" } else { "authorization server" };
        let closed = |site: &Site| {
            site.change(path, "x", json!(1));
            site.close(&format!("GET {path}"));
        };
        finds(closed, step, "warning", &["CORS", "Access-Control-Allow-Origin"]);
    }
    finds(|site| site.drop("OPTIONS /token"), "CORS", "warning", &["token_endpoint", "404"]);
    finds(
        |site| site.put("OPTIONS /register", preflight("content-type")),
        "CORS",
        "warning",
        &["registration_endpoint", "MCP-Protocol-Version"],
    );
}

#[test]
fn what_the_authorization_server_lacks_is_named() {
    finds(
        |site| site.change(SERVER, "code_challenge_methods_supported", json!("gone")),
        "PKCE",
        "problem",
        &["S256"],
    );
    for bad in [json!("gone"), json!("javascript:alert(1)"), json!("--flag"), json!("$(id)")] {
        finds(
            |site| site.change(SERVER, "authorization_endpoint", bad),
            "endpoints",
            "problem",
            &["authorization_endpoint"],
        );
    }
    finds(
        |site| site.change(SERVER, "registration_endpoint", json!("gone")),
        "registration",
        "problem",
        &["neither"],
    );
    let closed = json_page(403, &json!({ "error": "access_denied" }));
    finds(
        |site| site.put("POST /register", closed),
        "registration",
        "problem",
        &["403 access_denied", "dynamic_registration"],
    );
    let bare = json_page(201, &json!({ "client_id": "c_1" }));
    finds(|site| site.put("POST /register", bare), "registration", "problem", &["redirect_uris"]);
    let null = json!({ "client_id": "c_1", "redirect_uris": [], "client_uri": null });
    finds(
        |site| site.put("POST /register", json_page(201, &null)),
        "registration",
        "problem",
        &["client_uri"],
    );
    finds(|site| site.drop("DELETE /register/c_1"), "clean-up", "warning", &["404", "c_1"]);
    finds(|site| site.drop("GET /authorize"), "authorization endpoint", "problem", &["404"]);
    let refused = |site: &Site| {
        let place =
            "http://127.0.0.1:33418/callback?error=invalid_target&error_description=no".to_owned();
        site.put("GET /authorize", (302, vec![("location", place)], String::new()));
    };
    finds(refused, "authorization endpoint", "problem", &["invalid_target: no"]);
    // With documents a closed registration is but a pity.
    let documents = |site: &Site| {
        site.change(SERVER, "client_id_metadata_document_supported", json!(true));
        site.drop("POST /register");
    };
    finds(documents, "registration", "warning", &["404"]);
}

#[test]
fn words_of_a_server_do_not_act_on_the_terminal() {
    let site = Site::good();
    site.change(RESOURCE, "resource", json!("https://h/\u{1b}[31m\u{7}\nevil"));
    let ran = Place::new().run(&["doctor", "mcp", &site.url()]);
    assert_eq!(ran.code, 6);
    assert!(!ran.out.contains(['\u{1b}', '\u{7}']), "{:?}", ran.out);
    for bad in
        ["javascript:alert(1)", "file:///etc/passwd", "mcp.example.com/mcp", "https://u:p@h/mcp"]
    {
        assert_eq!(Place::new().run(&["doctor", "mcp", bad]).code, 2, "{bad}");
    }
}

#[test]
fn token_on_stdin_lists_the_tools_or_says_why_not() {
    let site = Site::good();
    let args = ["doctor", "mcp", &site.url(), "--token-stdin", "--json"];
    let ran = Place::new().feed(&args, "good");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("1 tools"), "{}", ran.out);
    let ran = Place::new().feed(&args, "bad");
    assert_eq!(ran.code, 6);
    assert!(ran.out.contains("must take tokens of this issuer whose aud is"), "{}", ran.out);
    assert!(!ran.out.contains("bad\""), "{}", ran.out);
}

/// A doctor that waits for somebody to sign in, and where.
struct Waiting {
    child: Child,
    url: Url,
    _place: Place,
}

impl Waiting {
    fn at(url: &str) -> Self {
        let place = Place::new();
        let args = ["doctor", "mcp", url, "--sign-in", "--no-browser", "--wait", "60", "--json"];
        let mut command = place.command(&args);
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("sign in at: ").unwrap_or_else(|| panic!("{line}"));
        Self { child, url: Url::parse(url).unwrap(), _place: place }
    }

    fn parameter(&self, name: &str) -> String {
        let pair = self.url.query_pairs().find(|(own, _)| own == name);
        pair.map(|(_, value)| value.into_owned()).unwrap_or_default()
    }

    fn end(self) -> (i32, Value) {
        let output = self.child.wait_with_output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        let ran = Ran { code: output.status.code().unwrap(), out, err: String::new() };
        (ran.code, ran.document())
    }

    /// As a browser that is sent back.
    fn back(to: &str) {
        let url = Url::parse(to).unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", url.port().unwrap())).unwrap();
        let query = url.query().unwrap_or_default();
        write!(stream, "GET {}?{query} HTTP/1.1\r\nhost: x\r\n\r\n", url.path()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains("You may close this page"), "{answer}");
    }

    fn back_with(&self, site: &Site, state: &str) {
        let mut url = Url::parse(&self.parameter("redirect_uri")).unwrap();
        url.query_pairs_mut()
            .append_pair("code", "c")
            .append_pair("state", state)
            .append_pair("iss", &site.base);
        Self::back(url.as_str());
    }
}

#[test]
fn sign_in_goes_on_to_the_tools_and_the_refresh_race() {
    let site = Site::good();
    let waiting = Waiting::at(&site.url());
    assert_eq!(waiting.parameter("resource"), site.url());
    assert_eq!(waiting.parameter("scope"), "read:models");
    assert_eq!(waiting.parameter("code_challenge_method"), "S256");
    waiting.back_with(&site, &waiting.parameter("state"));
    let (code, report) = waiting.end();
    assert_eq!(code, 0, "{report}");
    assert!(troubles(&report).is_empty(), "{report}");
    let tokens = site.asked().iter().filter(|name| *name == "POST /token").count();
    assert_eq!(tokens, 7, "the code, five at once, and one after them");
    assert!(site.asked().contains(&"POST /revoke".to_owned()));
}

#[test]
fn server_that_takes_a_refresh_token_once_fails_the_race() {
    let site = Site::start(true);
    let waiting = Waiting::at(&site.url());
    waiting.back_with(&site, &waiting.parameter("state"));
    let (code, report) = waiting.end();
    assert_eq!(code, 6);
    let troubles = troubles(&report);
    assert_eq!(troubles.len(), 1, "{report}");
    assert_eq!(troubles[0].0, "refresh race");
    assert!(troubles[0].2.contains("1 of 5") && troubles[0].2.contains("retry_window"), "{report}");
}

#[test]
fn answer_with_another_state_or_issuer_is_not_taken_for_good() {
    let site = Site::good();
    let waiting = Waiting::at(&site.url());
    waiting.back_with(&site, "another");
    let (code, report) = waiting.end();
    assert_eq!(code, 6);
    assert!(troubles(&report)[0].2.contains("state"), "{report}");
    assert!(!site.asked().contains(&"POST /token".to_owned()), "the code is not used");
    // Its document promises iss, and none comes, or another's.
    for (iss, words) in [(None, "iss is missing"), (Some("https://elsewhere.example"), "the host")]
    {
        let waiting = Waiting::at(&site.url());
        let mut url = Url::parse(&waiting.parameter("redirect_uri")).unwrap();
        url.query_pairs_mut()
            .append_pair("code", "c")
            .append_pair("state", &waiting.parameter("state"))
            .extend_pairs(iss.map(|iss| ("iss", iss)));
        Waiting::back(url.as_str());
        let (code, report) = waiting.end();
        let troubles = troubles(&report);
        assert_eq!((code, troubles[0].0.as_str()), (6, "sign-in"), "{report}");
        assert!(troubles[0].2.contains(words), "{report}");
    }
}

#[test]
fn token_that_is_not_given_or_not_taken_ends_the_way_there() {
    let refused = json_page(400, &json!({ "error": "invalid_grant", "error_description": "no" }));
    for (name, page, step, words) in [
        ("POST /token", refused, "token", "400 invalid_grant no"),
        ("MCP initialize", (401, vec![], String::new()), "tools/list", "must take tokens"),
    ] {
        let site = Site::good();
        site.put(name, page);
        let waiting = Waiting::at(&site.url());
        waiting.back_with(&site, &waiting.parameter("state"));
        let (code, report) = waiting.end();
        let troubles = troubles(&report);
        assert_eq!((code, troubles.len(), troubles[0].0.as_str()), (6, 1, step), "{report}");
        assert!(troubles[0].2.contains(words), "{report}");
    }
}

/// What stands first on PATH in place of the opener of browsers: it writes down each argument on a line of its own.
#[cfg(target_os = "linux")]
fn opener(place: &Place) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = place.path("bin");
    std::fs::create_dir(&folder).unwrap();
    let (program, log) = (folder.join("xdg-open"), place.path("opened"));
    let script = format!("#!/bin/sh\nfor a in \"$@\"; do echo \"$a\" >> {}; done\n", log.display());
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

#[cfg(target_os = "linux")]
#[test]
fn address_of_a_hostile_server_is_one_argument_of_the_browser_and_nothing_else() {
    for (evil, opened) in [
        ("{base}/authorize?x=$(touch HERE/pwned)", true),
        ("{base}/authorize?x=`touch HERE/pwned`;touch${IFS}HERE/pwned", true),
        ("{base}/authorize?a=1&b=2|id>HERE/pwned", true),
        ("{base}/authorize?--flag", true),
        ("--flag", false),
        ("-x={base}/authorize", false),
        ("file:///etc/passwd", false),
        ("javascript:alert(1)", false),
        ("$(touch HERE/pwned)", false),
        ("", false),
    ] {
        let site = Site::good();
        let place = Place::new();
        let folder = opener(&place);
        let here = place.path("").display().to_string();
        let address =
            evil.replace("{base}", &site.base).replace("HERE", here.trim_end_matches('/'));
        site.change(SERVER, "authorization_endpoint", json!(address));
        let url = site.url();
        let mut command =
            place.command(&["doctor", "mcp", &url, "--sign-in", "--wait", "1", "--json"]);
        command.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
        let ran = Ran::of(command, "");
        assert!(!place.path("pwned").exists(), "{evil}: a shell read it: {}", ran.err);
        let log = || std::fs::read_to_string(place.path("opened")).unwrap_or_default();
        if opened {
            // The browser is not waited for.
            let until = std::time::Instant::now() + std::time::Duration::from_secs(5);
            while !log().ends_with('\n') && std::time::Instant::now() < until {
                std::thread::yield_now();
            }
            let told = log();
            assert_eq!(told.lines().count(), 1, "{evil}: {told}");
            assert!(told.starts_with(&format!("{}/authorize?", site.base)), "{evil}: {told}");
            assert!(Url::parse(told.trim()).is_ok(), "{evil}: {told}");
        } else {
            assert_eq!(log(), "", "{evil} was opened");
            assert_ne!(ran.code, 0, "{evil}: {}", ran.out);
        }
    }
}

/// Our own server behind an MCP server: everything by the pages, as a person does it.
#[test]
fn our_own_server_passes_from_the_challenge_to_the_refresh_race() {
    let site = Site::good();
    let listener = RUNTIME.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let issuer = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let public = Url::parse(&issuer).unwrap();
    let server = TestApp::with(|config| config.server.public_url = Some(public));
    let new = mcpcodex::ops::resource::New {
        uri: site.url(),
        name: "Models".to_owned(),
        scopes: vec![mcpcodex::model::resource::ResourceScope::new("read:models", "Read models")],
        ..mcpcodex::ops::resource::New::default()
    };
    server.write(move |tx| mcpcodex::ops::resource::add(tx, &crate::support::operator(), new));
    server.user("ann");
    let routes = mcpcodex::http::router::routes(server.app.clone());
    RUNTIME.spawn(async move {
        let service = routes.into_make_service_with_connect_info::<std::net::SocketAddr>();
        axum::serve(listener, service).await.unwrap();
    });
    site.change(RESOURCE, "authorization_servers", json!([issuer]));
    site.put("ANY TOKEN", (200, vec![], String::new()));

    let waiting = Waiting::at(&site.url());
    assert!(waiting.url.as_str().starts_with(&format!("{issuer}/authorize?")), "{}", waiting.url);
    let mut browser = server.login("ann");
    let path = format!("/authorize?{}", waiting.url.query().unwrap());
    let consent = browser.visit(&path);
    let answer = browser.submit(&consent, "/consent", &[("decision", "allow")]);
    Waiting::back(answer.location());
    let (code, report) = waiting.end();
    assert_eq!(code, 0, "{report}");
    assert!(troubles(&report).is_empty(), "{report}");
    let steps: Vec<&str> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["step"].as_str().unwrap())
        .collect();
    assert!(steps.contains(&"refresh race") && steps.contains(&"clean-up"), "{report}");
}
