//! A provider that lies, an answer that belongs elsewhere, a browser that is not the one: nobody gets in.

use mcpcodex::{
    crypto::{
        jwt::{Algorithm, SigningKey},
        secret::b64,
    },
    model::trace::Rule,
    ops::trace::story,
};
use serde_json::{Map, Value, json};

use super::{LOGIN, through, world};
use crate::support::{
    Browser, PASSWORD, Page, TestApp, forge,
    idp::{Idp, Instead, providers},
    operator,
};

/// Nobody is in, and the page's reference names this rule.
fn refused(server: &TestApp, browser: &mut Browser, page: &Page, rule: Rule) -> String {
    assert!(page.status >= 400 && page.status < 500, "{rule:?}: {page:?}");
    assert!(!browser.is_in(), "{rule:?}: {page:?}");
    let reference = page.text_of("reference").unwrap_or_else(|| panic!("no reference: {page:?}"));
    let story = server.read(|r| story::find(r, &operator(), &reference));
    let hop = story.trace.unwrap().refusal().unwrap().clone();
    assert_eq!(hop.rule, Some(rule), "{hop:?}");
    hop.hint.unwrap_or_default()
}

fn users(server: &TestApp) -> u32 {
    server.read(|r| mcpcodex::ops::user::count(r, &operator()))
}

/// Every rule about providers, broken by a real answer: the server, the page, the rule.
pub(in crate::http) fn broken() -> Vec<(TestApp, String, Rule)> {
    let mut all = Vec::new();
    let mut case = |rule, act: &dyn Fn(&mut Browser, &Idp) -> Page| {
        let (server, idp) = world("");
        let mut browser = server.browser();
        let page = act(&mut browser, &idp);
        refused(&server, &mut browser, &page, rule);
        all.push((server, page.body, rule));
    };
    case(Rule::ProviderState, &|browser, _| browser.open("/auth/callback/corp?state=x&code=y"));
    case(Rule::ProviderMixed, &|browser, idp| {
        let back = idp.answer(browser.open(LOGIN).location());
        browser.open(&back.replace("&iss=", "&iss=x"))
    });
    case(Rule::ProviderSaid, &|browser, idp| {
        let back = idp.answer(browser.open(LOGIN).location());
        browser.open(&back.replace("code=", "error=access_denied&code="))
    });
    case(Rule::ProviderReach, &|browser, idp| {
        idp.instead("/keys", Instead::Json(404, String::new()));
        browser.open(LOGIN)
    });
    case(Rule::ProviderToken, &|browser, idp| {
        idp.twist(|claims| drop(claims.remove("exp")));
        through(browser, idp, LOGIN)
    });
    case(Rule::ProviderPerson, &|browser, idp| {
        idp.person(json!({ "sub": "nobody" }));
        through(browser, idp, LOGIN)
    });
    let (server, idp) = world("");
    let mut browser = server.browser();
    let back = idp.answer(browser.open(LOGIN).location());
    let later = server.another_with(|config| config.authentication.providers.0.clear());
    let mut there = crate::support::browser_of(&later);
    there.cookies = browser.cookies.clone();
    let page = there.open(&back);
    all.push((server, page.body, Rule::ProviderOff));
    all
}

type Claims = Map<String, Value>;
type Change = fn(&mut Claims);
type Forge = fn(&SigningKey, &Claims) -> String;

#[test]
fn id_token_with_a_wrong_claim_lets_nobody_in() {
    let (server, idp) = world("");
    let cases: [(&str, Change); 27] = [
        ("iss of another", |c| drop(c.insert("iss".into(), "https://evil.example".into()))),
        ("iss with a slash more", |c| {
            let iss = format!("{}/", c["iss"].as_str().unwrap());
            c.insert("iss".into(), iss.into());
        }),
        ("no iss", |c| drop(c.remove("iss"))),
        ("aud of another", |c| drop(c.insert("aud".into(), "another".into()))),
        ("no aud", |c| drop(c.remove("aud"))),
        ("empty aud", |c| drop(c.insert("aud".into(), json!([])))),
        ("aud of several without azp", |c| {
            let own = c["aud"].clone();
            c.insert("aud".into(), json!([own, "another"]));
        }),
        ("azp of another", |c| drop(c.insert("azp".into(), "another".into()))),
        ("azp of another beside several", |c| {
            let own = c["aud"].clone();
            c.insert("aud".into(), json!([own, "another"]));
            c.insert("azp".into(), "another".into());
        }),
        ("azp that is no text", |c| drop(c.insert("azp".into(), json!(["x"])))),
        ("no exp", |c| drop(c.remove("exp"))),
        ("exp long ago", |c| drop(c.insert("exp".into(), json!(1_000)))),
        ("exp as text", |c| drop(c.insert("exp".into(), "4000000000".into()))),
        ("no iat", |c| drop(c.remove("iat"))),
        ("iat in the future", |c| drop(c.insert("iat".into(), json!(4_000_000_000_i64)))),
        ("iat of last week", |c| {
            let iat = c["iat"].as_i64().unwrap() - 7 * 86_400;
            c.insert("iat".into(), iat.into());
        }),
        ("nbf in the future", |c| drop(c.insert("nbf".into(), json!(4_000_000_000_i64)))),
        ("no nonce", |c| drop(c.remove("nonce"))),
        ("another nonce", |c| drop(c.insert("nonce".into(), "another".into()))),
        ("empty nonce", |c| drop(c.insert("nonce".into(), "".into()))),
        ("nonce that is no text", |c| drop(c.insert("nonce".into(), json!(7)))),
        ("no sub", |c| drop(c.remove("sub"))),
        ("empty sub", |c| drop(c.insert("sub".into(), "".into()))),
        ("sub that is a number", |c| drop(c.insert("sub".into(), json!(7)))),
        ("endless sub", |c| drop(c.insert("sub".into(), "s".repeat(256).into()))),
        ("sub with a line break", |c| drop(c.insert("sub".into(), "a\nb".into()))),
        ("at_hash of another token", |c| {
            c.insert("at_hash".into(), b64(&[7; 16]).into());
        }),
    ];
    for (what, change) in cases {
        idp.twist(change);
        let mut browser = server.browser();
        let page = through(&mut browser, &idp, LOGIN);
        let hint = refused(&server, &mut browser, &page, Rule::ProviderToken);
        assert!(hint.starts_with("corp: "), "{what}: {hint}");
    }
    assert_eq!(users(&server), 0);
    // What was found wrong was the change alone.
    idp.honest();
    assert_eq!(through(&mut server.browser(), &idp, LOGIN).location(), "/account");
    // Allowed: several audiences, with ourselves as the one that it was made for; no at_hash.
    idp.twist(|claims| {
        let own = claims["aud"].clone();
        claims.insert("azp".into(), own.clone());
        claims.insert("aud".into(), json!(["another", own]));
        claims.remove("at_hash");
    });
    assert_eq!(through(&mut server.browser(), &idp, LOGIN).location(), "/account");
}

/// A token of these claims that says something else in its header.
fn with_header(header: &Value, claims: &Claims, signature: &[u8]) -> String {
    let payload = b64(Value::Object(claims.clone()).to_string().as_bytes());
    format!("{}.{payload}.{}", b64(header.to_string().as_bytes()), b64(signature))
}

#[test]
fn id_token_that_the_provider_did_not_sign_lets_nobody_in() {
    let (server, idp) = world("");
    let cases: [(&str, Forge); 9] = [
        ("alg none", |_, claims| with_header(&json!({ "alg": "none" }), claims, b"")),
        ("alg None", |_, claims| with_header(&json!({ "alg": "None", "typ": "JWT" }), claims, b"")),
        ("no signature", |key, claims| {
            with_header(&json!({ "alg": "ES256", "kid": key.kid() }), claims, b"")
        }),
        ("zeros for a signature", |key, claims| {
            with_header(&json!({ "alg": "ES256", "kid": key.kid() }), claims, &[0; 64])
        }),
        ("another's key under its name", |key, claims| {
            let other = SigningKey::generate(Algorithm::ES256).unwrap();
            let token = other.sign("JWT", claims).unwrap();
            let signature = token.rsplit('.').next().unwrap();
            let header = json!({ "alg": "ES256", "kid": key.kid(), "typ": "JWT" });
            let unsigned = with_header(&header, claims, b"");
            format!("{unsigned}{signature}")
        }),
        ("another's key under its own name", |_, claims| {
            SigningKey::generate(Algorithm::ES256).unwrap().sign("JWT", claims).unwrap()
        }),
        ("its key in the header", |_, claims| {
            let other = SigningKey::generate(Algorithm::ES256).unwrap();
            with_header(&json!({ "alg": "ES256", "jwk": other.jwk() }), claims, &[1; 64])
        }),
        ("an access token", |key, claims| key.sign("at+jwt", claims).unwrap()),
        ("no token at all", |_, _| "garbage".to_owned()),
    ];
    for (what, forge) in cases {
        idp.forge(forge);
        let mut browser = server.browser();
        let page = through(&mut browser, &idp, LOGIN);
        let hint = refused(&server, &mut browser, &page, Rule::ProviderToken);
        assert!(!hint.is_empty(), "{what}");
    }
    // A MAC under the public key, in every form in which that can be written.
    idp.forge(|key, claims| {
        let good = key.sign("JWT", claims).unwrap();
        let all = forge::keyed_with_what_is_public(&good, &key.jwk());
        let pick = usize::try_from(claims["iat"].as_u64().unwrap()).unwrap() % all.len();
        all[pick].1.clone()
    });
    for _ in 0..40 {
        server.advance(1);
        let mut browser = server.browser();
        let page = through(&mut browser, &idp, LOGIN);
        refused(&server, &mut browser, &page, Rule::ProviderToken);
    }
    assert_eq!(users(&server), 0);
}

#[test]
fn answer_counts_once_with_its_state_in_its_browser_and_at_its_callback() {
    let (server, idp) = world("");
    let mut browser = server.browser();
    let begin = |browser: &mut Browser| idp.answer(browser.open(LOGIN).location());
    let state = |path: &str, to: &str| {
        let (before, rest) = path.split_once("state=").unwrap();
        let after = rest.split_once('&').map_or("", |(_, after)| after);
        format!("{before}state={to}&{after}")
    };
    let good = begin(&mut browser);
    // Of another browser, with and without cookies.
    for mut other in [server.browser(), {
        let mut it = server.browser();
        it.open("/login");
        it
    }] {
        let page = other.open(&good);
        refused(&server, &mut other, &page, Rule::ProviderState);
    }
    // Absent, empty, made up, twice.
    for wrong in [
        good.replace("state=", "other="),
        state(&good, ""),
        state(&good, &"a".repeat(43)),
        format!("{good}&state=x"),
        "/auth/callback/corp".to_owned(),
        format!("/auth/callback/corp?code={}", "x".repeat(5_000)),
    ] {
        let page = browser.open(&wrong);
        refused(&server, &mut browser, &page, Rule::ProviderState);
    }
    // None of that has spent it; the second use has nothing to spend.
    assert_eq!(browser.open(&good).location(), "/account");
    let mut same = server.browser();
    same.cookies = browser.cookies.clone();
    same.cookies.remove("mcpcodex_session");
    let page = same.open(&good);
    refused(&server, &mut same, &page, Rule::ProviderState);
    // Too late.
    let mut browser = server.browser();
    let late = begin(&mut browser);
    server.advance(31 * 60);
    let page = browser.open(&late);
    refused(&server, &mut browser, &page, Rule::ProviderState);
}

#[test]
fn answer_without_iss_or_with_another_is_refused_where_the_provider_promises_it() {
    let (server, idp) = world("");
    let answer = |browser: &mut Browser| {
        let back = idp.answer(browser.open(LOGIN).location());
        let (before, _) = back.split_once("&iss=").unwrap();
        before.to_owned()
    };
    for iss in ["", "&iss=https%3A%2F%2Fevil.example", "&iss="] {
        let mut browser = server.browser();
        let path = format!("{}{iss}", answer(&mut browser));
        let page = browser.open(&path);
        refused(&server, &mut browser, &page, Rule::ProviderMixed);
    }
    let (silent, idp) = world("");
    idp.metadata("authorization_response_iss_parameter_supported", Value::Null);
    let mut browser = silent.browser();
    let back = idp.answer(browser.open(LOGIN).location());
    let (without, _) = back.split_once("&iss=").unwrap();
    assert_eq!(browser.open(without).location(), "/account");
    // A wrong one is wrong all the same.
    let mut browser = silent.browser();
    let back = idp.answer(browser.open(LOGIN).location());
    let (without, _) = back.split_once("&iss=").unwrap();
    let page = browser.open(&format!("{without}&iss=https%3A%2F%2Fevil.example"));
    refused(&silent, &mut browser, &page, Rule::ProviderMixed);
}

#[test]
fn answer_of_one_provider_never_counts_as_another_s() {
    let (honest, attacker) = (Idp::new(), Idp::new());
    let more = "      accounts: { create: true }\n";
    let yaml = [honest.yaml("honest", more), attacker.yaml("attacker", more)];
    let server = TestApp::with(|config| providers(config, &yaml));
    honest.follow(&server.clock);
    attacker.follow(&server.clock);
    for promises in [true, false] {
        if !promises {
            let none = || Value::Null;
            honest.metadata("authorization_response_iss_parameter_supported", none());
            attacker.metadata("authorization_response_iss_parameter_supported", none());
        }
        // The person chose the attacker, who sends them on to the honest one with the state of the first request: the
        // honest code must not be taken to the attacker's token endpoint.
        let mut browser = server.browser();
        let asked = attacker.asked(browser.open("/auth/login?provider=attacker").location());
        let state = asked.parameters["state"].clone();
        let code = honest.code(asked);
        let before = attacker.seen("/token").len();
        let page = browser.open(&format!("/auth/callback/honest?code={code}&state={state}"));
        refused(&server, &mut browser, &page, Rule::ProviderMixed);
        assert_eq!(attacker.seen("/token").len(), before);
        assert_eq!(honest.seen("/token").len(), 0);
    }
}

#[test]
fn provider_that_is_switched_off_or_changed_meanwhile_lets_nobody_in() {
    let (server, idp) = world("");
    let changes: [fn(&mut mcpcodex::config::Config); 4] = [
        |config| config.authentication.providers.0.clear(),
        |config| config.authentication.providers.0.get_mut("corp").unwrap().enabled = false,
        |config| {
            let corp = config.authentication.providers.0.get_mut("corp").unwrap();
            corp.issuer = Some("https://other.example".to_owned());
        },
        |config| {
            let corp = config.authentication.providers.0.get_mut("corp").unwrap();
            corp.client_id = Some("another".to_owned());
        },
    ];
    for change in changes {
        let mut browser = server.browser();
        let back = idp.answer(browser.open(LOGIN).location());
        let later = server.another_with(change);
        let mut there = crate::support::browser_of(&later);
        there.cookies = browser.cookies.clone();
        let page = there.open(&back);
        refused(&server, &mut there, &page, Rule::ProviderOff);
        assert!(!browser.is_in());
    }
    let mut browser = server.browser();
    for path in ["/auth/login?provider=nobody", "/auth/login?provider=corp%00"] {
        assert_eq!(browser.open(path).status, 404, "{path}");
    }
}

#[test]
fn address_of_somebody_here_opens_nothing_verified_or_not() {
    let (server, idp) = world("");
    let ann = server.person("ann", &["user"], PASSWORD);
    for verified in [json!(true), json!(false), json!("true"), Value::Null] {
        idp.person(json!({ "sub": "eve", "email": ann.email, "email_verified": verified }));
        let mut browser = server.browser();
        let page = through(&mut browser, &idp, LOGIN);
        let hint = refused(&server, &mut browser, &page, Rule::ProviderPerson);
        // Whose address it is gets known to those alone who have it.
        let proved = verified == json!(true) || verified == json!("true");
        assert_eq!(hint.contains("exists here"), proved, "{verified}: {hint}");
        assert_eq!(page.body.contains("exists here"), proved, "{verified}");
    }
    assert_eq!(users(&server), 1);
    // In another spelling it is the same address.
    idp.person(json!({ "sub": "eve", "email": ann.email.to_uppercase(), "email_verified": true }));
    let mut browser = server.browser();
    let page = through(&mut browser, &idp, LOGIN);
    refused(&server, &mut browser, &page, Rule::ProviderPerson);
}

#[test]
fn provider_that_makes_no_accounts_lets_in_only_who_is_linked_and_nobody_who_is_shut_out() {
    let (server, idp) = world("      accounts: { create: false }\n");
    let mut browser = server.browser();
    let page = through(&mut browser, &idp, LOGIN);
    refused(&server, &mut browser, &page, Rule::ProviderPerson);
    assert_eq!(users(&server), 0);
    let ann = server.person("ann", &["user"], PASSWORD);
    let (env, issuer) = (server.app.env(), idp.issuer().to_owned());
    server.write(move |tx| {
        mcpcodex::ops::provider::link::link(tx, &env, &operator(), "ann", (&issuer, "pia-at-corp"))
    });
    assert_eq!(through(&mut server.browser(), &idp, LOGIN).location(), "/account");
    for shut in [mcpcodex::ops::user::lock, mcpcodex::ops::user::disable] {
        let id = ann.id.clone();
        server.write(move |tx| shut(tx, &operator(), &id));
        let mut browser = server.browser();
        let page = through(&mut browser, &idp, LOGIN);
        refused(&server, &mut browser, &page, Rule::ProviderPerson);
    }
}

#[test]
fn account_is_made_only_of_an_address_that_can_be_one() {
    let (server, idp) = world("");
    for (email, verified) in [
        (Value::Null, json!(true)),
        (json!(""), json!(true)),
        (json!("no address"), json!(true)),
        (json!("a@b@c.example"), json!(true)),
        (json!(["a@corp.example"]), json!(true)),
        (json!("new@corp.example"), json!(false)),
        (json!("new@corp.example"), json!(1)),
    ] {
        idp.person(json!({ "sub": "new", "email": email, "email_verified": verified }));
        let mut browser = server.browser();
        let page = through(&mut browser, &idp, LOGIN);
        refused(&server, &mut browser, &page, Rule::ProviderPerson);
    }
    assert_eq!(users(&server), 0);
    let lenient = server.restart_with(|config| {
        let corp = config.authentication.providers.0.get_mut("corp").unwrap();
        corp.accounts.unverified_email = true;
    });
    idp.person(json!({ "sub": "new", "email": "new@corp.example" }));
    assert_eq!(through(&mut lenient.browser(), &idp, LOGIN).location(), "/account");
}

#[test]
fn hostile_names_make_harmless_accounts_and_namesakes_get_names_of_their_own() {
    let (server, idp) = world("");
    server.person("root", &["user"], PASSWORD);
    let names =
        ["root", "ROOT", "<script>alert(1)</script>", "../../etc", "\u{202e}evil", "   ", "a b"];
    for (n, name) in names.iter().enumerate() {
        idp.person(json!({
            "sub": format!("sub-{n}"),
            "email": format!("p{n}@corp.example"),
            "email_verified": true,
            "preferred_username": name,
            "name": "\u{202e}<b>x</b>\n",
        }));
        let mut browser = server.browser();
        assert_eq!(through(&mut browser, &idp, LOGIN).location(), "/account", "{name:?}");
        let session = browser.open("/auth/session").json();
        let made = session["user"]["username"].as_str().unwrap().to_owned();
        assert!(made != "root" && !made.eq_ignore_ascii_case("root"), "{made}");
        assert!(made.chars().all(|c| c.is_alphanumeric() || "._-".contains(c)), "{made}");
        assert!(!browser.open("/account").body.contains("<b>x</b>"), "{name:?}");
    }
}

#[test]
fn user_info_about_somebody_else_lets_nobody_in() {
    let (server, idp) = world("");
    for told in [
        json!({ "sub": "ceo-at-corp", "email": "ceo@corp.example", "email_verified": true }),
        json!({ "email": "pia@corp.example" }),
        json!({ "sub": ["pia-at-corp"] }),
    ] {
        idp.tells(told);
        let mut browser = server.browser();
        let page = through(&mut browser, &idp, LOGIN);
        refused(&server, &mut browser, &page, Rule::ProviderToken);
    }
    // What was signed stays, whatever is told besides.
    idp.tells(json!({ "sub": "pia-at-corp", "email": "ceo@corp.example", "nickname": "P" }));
    let mut browser = server.browser();
    through(&mut browser, &idp, LOGIN);
    assert_eq!(browser.open("/auth/session").json()["user"]["email"], "pia@corp.example");
}

#[test]
fn answers_that_are_huge_or_lead_elsewhere_or_mean_nothing_are_refused_in_time() {
    for path in ["/token", "/userinfo"] {
        let (server, idp) = world("");
        let evil = Instead::Redirect("http://127.0.0.1:1/".to_owned());
        for instead in [
            Instead::Flood,
            evil.clone(),
            Instead::Json(200, "<html>".to_owned()),
            Instead::Json(200, "[]".to_owned()),
            Instead::Json(200, "{\"a\":".to_owned() + &"[".repeat(100_000)),
            Instead::Json(200, "{}".to_owned()),
            Instead::Json(500, "{\"error\":\"invalid_grant\"}".to_owned()),
            Instead::Json(400, "{\"error\":\"\\u001b[31m<b>\"}".to_owned()),
        ] {
            idp.instead(path, instead);
            let mut browser = server.browser();
            let page = through(&mut browser, &idp, LOGIN);
            assert!(!browser.is_in());
            assert!((400..500).contains(&page.status), "{path}: {page:?}");
            assert!(!page.body.contains('\u{1b}'), "{}", page.body);
        }
    }
    // What is wrong with metadata and keys is found out before anybody is sent there.
    for path in ["/.well-known/openid-configuration", "/keys"] {
        for instead in [
            Instead::Flood,
            Instead::Redirect("/elsewhere".to_owned()),
            Instead::Json(200, "[]".to_owned()),
            Instead::Json(200, "{}".to_owned()),
            Instead::Json(404, "{}".to_owned()),
        ] {
            let (server, idp) = world("");
            idp.instead(path, instead);
            let mut browser = server.browser();
            let page = browser.open(LOGIN);
            refused(&server, &mut browser, &page, Rule::ProviderReach);
            // It is asked again, and not remembered as broken.
            idp.honest();
            assert_eq!(browser.open(LOGIN).status, 303);
        }
    }
}

#[test]
fn provider_that_never_answers_holds_a_request_for_seconds_and_no_longer() {
    let (server, idp) = world("");
    let mut browser = server.browser();
    let back = idp.answer(browser.open(LOGIN).location());
    idp.instead("/token", Instead::Hang);
    let began = std::time::Instant::now();
    let page = browser.open(&back);
    refused(&server, &mut browser, &page, Rule::ProviderReach);
    let took = began.elapsed();
    assert!(took < std::time::Duration::from_secs(9), "{took:?}");
}

#[test]
fn refusal_of_the_provider_and_a_code_that_it_does_not_know_are_told() {
    let (server, idp) = world("");
    for (error, status) in [("access_denied", 403), ("server_error", 403), ("<script>", 403)] {
        let mut browser = server.browser();
        let asked = idp.asked(browser.open(LOGIN).location());
        let state = &asked.parameters["state"];
        let error: String = form_urlencoded::byte_serialize(error.as_bytes()).collect();
        let page = browser.open(&format!(
            "/auth/callback/corp?error={error}&state={state}&iss={}",
            form_urlencoded::byte_serialize(idp.issuer().as_bytes()).collect::<String>()
        ));
        assert_eq!(page.status, status);
        refused(&server, &mut browser, &page, Rule::ProviderSaid);
        assert!(!page.body.contains("<script>alert"), "{}", page.body);
    }
    // Code injected or replayed: the provider knows it no more.
    let mut browser = server.browser();
    let back = idp.answer(browser.open(LOGIN).location());
    let (before, rest) = back.split_once("code=").unwrap();
    let after = rest.split_once('&').unwrap().1;
    let page = browser.open(&format!("{before}code=stolen&{after}"));
    let hint = refused(&server, &mut browser, &page, Rule::ProviderReach);
    assert!(hint.contains("invalid_grant"), "{hint}");
    let mut browser = server.browser();
    let back = idp.answer(browser.open(LOGIN).location()).replace("code=", "code=&other=");
    let page = browser.open(&back);
    refused(&server, &mut browser, &page, Rule::ProviderReach);
}

#[test]
fn code_of_another_s_request_does_not_fit_the_verifier() {
    let (server, idp) = world("");
    let (mut eve, mut pia) = (server.browser(), server.browser());
    let of_eve = idp.answer(eve.open(LOGIN).location());
    let of_pia = idp.answer(pia.open(LOGIN).location());
    let code =
        |path: &str| path.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let page = pia.open(&of_pia.replace(&code(&of_pia), &code(&of_eve)));
    refused(&server, &mut pia, &page, Rule::ProviderReach);
}

#[test]
fn new_keys_are_fetched_once_for_a_token_that_fits_none() {
    let (server, idp) = world("");
    // One process: what it knows is its own.
    let mut browser = server.browser();
    let again = |browser: &mut Browser| {
        browser.cookies.clear();
        through(browser, &idp, LOGIN)
    };
    assert_eq!(again(&mut browser).location(), "/account");
    assert_eq!(idp.seen("/keys").len(), 1);
    again(&mut browser);
    assert_eq!(idp.seen("/keys").len(), 1, "known keys are not fetched again");
    idp.rotate();
    assert_eq!(again(&mut browser).location(), "/account");
    assert_eq!(idp.seen("/keys").len(), 2);
    // At the wish of whoever sends tokens of unknown keys it is not asked again and again.
    idp.forge(|_, claims| {
        SigningKey::generate(Algorithm::ES256).unwrap().sign("JWT", claims).unwrap()
    });
    for _ in 0..5 {
        let page = again(&mut browser);
        refused(&server, &mut browser, &page, Rule::ProviderToken);
    }
    assert_eq!(idp.seen("/keys").len(), 2);
}

#[test]
fn metadata_of_another_issuer_or_with_an_open_endpoint_is_not_used() {
    for (name, value) in [
        ("issuer", json!("https://evil.example")),
        ("issuer", Value::Null),
        ("token_endpoint", json!("http://10.0.0.1/token")),
        ("token_endpoint", Value::Null),
        ("jwks_uri", json!("file:///etc/passwd")),
        ("code_challenge_methods_supported", json!(["plain"])),
    ] {
        let (server, idp) = world("");
        idp.metadata(name, value.clone());
        let mut browser = server.browser();
        let page = browser.open(LOGIN);
        refused(&server, &mut browser, &page, Rule::ProviderReach);
        assert!(page.location().is_empty(), "{name} {value}");
    }
}
