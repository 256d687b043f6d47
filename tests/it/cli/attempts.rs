//! `audit show` and `audit attempts`, beside a server that runs.

use mcpcodex::{
    app::App,
    config::{self, Source},
    crypto::secret::Hashed,
    db::Clock,
    model::{
        actor::{Actor, Origin},
        trace::{Kind, Shown},
    },
    ops::{oauth::begin, trace},
};
use serde_json::json;

use super::Place;

#[test]
fn reference_is_told_however_it_is_typed_and_what_is_unknown_says_how_long_it_is_kept() {
    let place = Place::new();
    assert_eq!(place.run(&["key", "list"]).code, 0);
    let source = Source { file: Some(place.path("auth.config.yaml")), ..Source::default() };
    let mut config = config::load(&source).unwrap().config;
    config.storage.data_dir = place.path("mcpcodex-data");
    let server = App::open(config, None, Clock::system()).unwrap();
    let env = server.env();
    let id = server
        .db
        .write_blocking(move |tx| {
            let agent = "\u{1b}]52;c;cm0=\u{7}evil\u{202e}".to_owned();
            let origin = Origin { address: "198.51.100.9".to_owned(), user_agent: agent };
            let pairs: Vec<_> = [
                ("client_id", "c_nobody\u{1b}[2J\r\nx"),
                ("redirect_uri", "https://app.example/cb?key=canary"),
                ("scope", "openid"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
            let who = Actor::anonymous(origin);
            let id = trace::open(tx, &who, Kind::Authorize, &pairs, false)?;
            begin::begin(tx, &env, &who, &Hashed::of("b"), &pairs, Some(&id))?;
            Ok(id)
        })
        .unwrap();
    let shown = Shown(&id).to_string();
    for typed in [shown.clone(), shown.to_lowercase(), id.to_string()] {
        let ran = place.run(&["audit", "show", &typed]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        for part in
            ["c_nobody[2J x", "https://app.example/cb?key=…", "openid", "client.unknown", "to mend"]
        {
            assert!(ran.out.contains(part), "{part} is missing in\n{}", ran.out);
        }
        assert!(!ran.out.contains(['\u{1b}', '\u{7}', '\u{202e}', '\r']), "{:?}", ran.out);
        assert!(!ran.out.contains("canary"));
    }
    let told = place.json(&["audit", "show", &shown]);
    assert_eq!(told["attempt"]["refusal"]["rule"], "client.unknown");
    assert_eq!(told["attempt"]["address"], "198.51.100.9");
    assert!(told["attempt"]["refusal"]["fix"].as_str().unwrap().contains("mcpcodex client create"));
    let listed = place.json(&["audit", "attempts", "--refused"]);
    assert_eq!((&listed[0]["reference"], &listed[0]["state"]), (&json!(shown), &json!("refused")));
    assert_eq!(place.run(&["audit", "attempts"]).code, 0);
    let (code, error) = place.error(&["audit", "show", "T2222222"]);
    assert_eq!((code, error["code"].as_str()), (3, Some("not_found")));
    assert!(error["next"].as_str().unwrap().contains("30 days"), "{error}");
}
