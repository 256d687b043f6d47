//! A certificate of our own, as the operator meets it: what is refused, in which words, and what the first line says.

use std::fs;

use serde_json::json;

use super::{Place, serve::Server};
use crate::support::publisher::Authority;

const CONFIG: &str = "\
server: { tls: { certificate: chain.pem, key: key.pem } }
authentication: { tokens: { access_token: { algorithm: ES256 } } }
";

fn place(certificate: &str, key: &str) -> Place {
    let place = Place::bare();
    place.write("auth.config.yaml", CONFIG);
    place.write("chain.pem", certificate);
    place.write("key.pem", key);
    place
}

#[test]
fn certificate_and_key_that_cannot_serve_are_refused_at_start_with_what_to_do() {
    let authority = Authority::new();
    let (good, key) = authority.certificate(&["localhost"], (2026, 2090));
    let (_, other) = authority.certificate(&["localhost"], (2026, 2090));
    let (ended, its) = authority.certificate(&["localhost"], (2020, 2021));
    let locked =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let broken = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let nonsense = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
    for (certificate, key, field, words) in [
        (good.as_str(), other.as_str(), "server.tls.key", "does not belong"),
        (good.as_str(), "nothing", "server.tls.key", "holds no private key"),
        (good.as_str(), good.as_str(), "server.tls.key", "holds no private key"),
        (good.as_str(), locked, "server.tls.key", "has a passphrase"),
        (good.as_str(), nonsense, "server.tls.key", "cannot be used"),
        ("nothing", key.as_str(), "server.tls.certificate", "holds no certificate"),
        (key.as_str(), key.as_str(), "server.tls.certificate", "holds no certificate"),
        (broken, key.as_str(), "server.tls.certificate", "cannot be read"),
        (ended.as_str(), its.as_str(), "server.tls.certificate", "ended 2021-01-01"),
    ] {
        let place = place(certificate, key);
        let (code, error) = place.error(&["serve", "--listen", "127.0.0.1:0"]);
        assert_eq!((code, &error["field"]), (2, &json!(field)), "{error}");
        assert!(error["message"].as_str().unwrap().contains(words), "{error}");
        assert!(error["next"].is_string(), "{error}");
        assert!(!place.path("mcpcodex-data").exists(), "nothing was made");
        let checked = place.run(&["config", "check", "--json"]);
        assert_eq!(checked.code, 6, "{}", checked.out);
        assert!(checked.out.contains(words), "{}", checked.out);
    }
    let place = place(&good, &key);
    fs::remove_file(place.path("key.pem")).unwrap();
    let (code, error) = place.error(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(code, 2);
    assert!(error["message"].as_str().unwrap().contains("key.pem cannot be read"), "{error}");
}

#[test]
fn certificate_for_another_host_or_near_its_end_is_6_at_the_check_and_serves_all_the_same() {
    let authority = Authority::new();
    let (good, key) = authority.certificate(&["localhost"], (2026, 2090));
    let fine = place(&good, &key).run(&["config", "check"]);
    assert_eq!(fine.code, 0, "{}", fine.out);
    assert!(!fine.out.contains("not active"), "{}", fine.out);
    let (foreign, key) = authority.certificate(&["elsewhere.example"], (2026, 2090));
    let place = place(&foreign, &key);
    let checked = place.run(&["config", "check"]);
    assert_eq!(checked.code, 6);
    assert!(checked.out.contains("is not for localhost"), "{}", checked.out);
    let (server, first) = Server::start(&place);
    let port = first["url"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
    assert_eq!(first["url"], format!("https://127.0.0.1:{port}"));
    assert_eq!(first["issuer"], format!("https://localhost:{port}"));
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn curl_speaks_with_it_when_it_trusts_the_authority_and_else_does_not() {
    let authority = Authority::new();
    let (good, key) = authority.certificate(&["localhost"], (2026, 2090));
    let place = place(&good, &key);
    place.write("ca.pem", &authority.pem);
    let (server, first) = Server::start(&place);
    let port = first["url"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
    let curl = |more: &[&str]| {
        let mut command = std::process::Command::new("curl");
        command.current_dir(place.path("")).args(["--silent", "--max-time", "20"]).args(more);
        let output = command.arg(format!("https://localhost:{port}/healthz")).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let version = ["--write-out", "%{http_version}", "--cacert", "ca.pem"];
    assert_eq!(curl(&version), (Some(0), "ok\n2".to_owned()));
    assert_eq!(curl(&[&version[..], &["--http1.1"]].concat()), (Some(0), "ok\n1.1".to_owned()));
    assert_eq!(
        curl(&[&version[..], &["--tls-max", "1.2"]].concat()),
        (Some(0), "ok\n2".to_owned())
    );
    assert_eq!(curl(&[&version[..], &["--tls-max", "1.1"]].concat()).0, Some(35));
    assert_eq!(curl(&[]).0, Some(60), "nobody vouches for it");
    assert_eq!(server.stop(), Some(0));
}
