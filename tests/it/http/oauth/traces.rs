//! Whoever is refused gets a reference; asked for it, the server tells why. Nothing that unlocks anything is kept.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mcpcodex::{
    model::trace::{Rule, Trace},
    ops::{client, session, user},
};
use serde_json::Value;

use super::caller::{Answer, Caller, browser_cookie};
use crate::ops::oauth::fixture::{CALLBACK, VERIFIER, operator, params, query, refresh_token};

/// The reference in a sentence.
fn reference(text: &str) -> String {
    let (_, rest) =
        text.split_once("(reference ").unwrap_or_else(|| panic!("no reference: {text}"));
    rest.chars().take(9).collect()
}

fn told(caller: &Caller, answer: &Answer) -> Trace {
    let description = answer.json()["error_description"].as_str().unwrap().to_owned();
    caller.world.story(&reference(&description)).trace.unwrap()
}

fn rule(caller: &Caller, answer: &Answer) -> Rule {
    told(caller, answer).refusal().unwrap().rule.unwrap()
}

/// The pair of a name and a value in place of the one that is there.
fn with<'a>(form: &[(&'a str, &'a str)], name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    form.iter().copied().filter(|(own, _)| *own != name).chain([(name, value)]).collect()
}

/// A code that came by the front door, and where its story is told.
async fn code(caller: &Caller) -> String {
    let cookies = caller.cookies();
    let path = format!("/authorize?{}", super::caller::encode(&params(&caller.world.client, &[])));
    let page = caller.get(&path, &[("cookie", &cookies)]).await;
    let body = if page.status == 303 {
        return query(page.location(), "code").unwrap();
    } else {
        page.body
    };
    let hidden = |name: &str| {
        let marker = format!("name=\"{name}\" value=\"");
        body.split_once(&marker).unwrap().1.split('"').next().unwrap().to_owned()
    };
    let form = [
        ("csrf", hidden("csrf")),
        ("request", hidden("request")),
        ("shown", hidden("shown")),
        ("decision", "allow".to_owned()),
    ];
    let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let headers = [("cookie", cookies.as_str()), ("origin", "http://localhost:8420")];
    let answer = caller.send("/consent", &headers, &form).await;
    query(answer.location(), "code").unwrap()
}

#[tokio::test]
async fn each_refusal_of_a_code_is_told_under_the_attempt_that_made_it() {
    let caller = Caller::new();
    let id = caller.world.client.id.to_string();
    let other = caller.world.another_client().id.to_string();
    for (name, value, expected) in [
        ("client_id", other.as_str(), Rule::CodeOfAnother),
        ("redirect_uri", "http://127.0.0.1/cb", Rule::RedirectChanged),
        ("code_verifier", "another-verifier-of-at-least-43-characters-012345", Rule::Verifier),
        ("resource", "https://elsewhere.example/", Rule::ResourceUnknown),
    ] {
        let code = code(&caller).await;
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", id.as_str()),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let answer = caller.send("/token", &[], &with(&form, name, value)).await;
        let found = told(&caller, &answer);
        assert_eq!(found.refusal().unwrap().rule, Some(expected), "{name}");
        assert_eq!(
            found.client.as_deref(),
            Some(id.as_str()),
            "of the attempt, not of the exchange"
        );
        assert!(found.asked("redirect_uri").is_some() && found.asked("scope").is_some());
        // The code is spent by now.
        let again = caller.send("/token", &[], &form).await;
        assert_eq!(rule(&caller, &again), Rule::CodeUsed, "{name}");
    }
    let late = code(&caller).await;
    caller.world.pass(61);
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", id.as_str()),
        ("code", late.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(rule(&caller, &caller.send("/token", &[], &form).await), Rule::CodeExpired);
    let unknown = with(&form, "code", "never-given");
    assert_eq!(rule(&caller, &caller.send("/token", &[], &unknown).await), Rule::CodeUnknown);
    let over = code(&caller).await;
    caller.world.end_session(&caller.world.signed_in.session.id);
    let form = with(&form, "code", &over);
    assert_eq!(rule(&caller, &caller.send("/token", &[], &form).await), Rule::SignInOver);
}

#[tokio::test]
async fn each_refusal_of_a_refresh_is_told() {
    let caller = Caller::new();
    let id = caller.world.client.id.to_string();
    let ask = async |token: &str, more: &[(&str, &str)]| {
        let mut form = vec![
            ("grant_type", "refresh_token"),
            ("client_id", id.as_str()),
            ("refresh_token", token),
        ];
        for (name, value) in more {
            form.retain(|(own, _)| own != name);
            form.push((name, value));
        }
        rule(&caller, &caller.send("/token", &[], &form).await)
    };
    let fresh = || refresh_token(&caller.world.tokens(&[]));
    assert_eq!(ask("mcr_unknown", &[]).await, Rule::RefreshUnknown);
    assert_eq!(ask(&fresh(), &[("scope", "openid admin:users")]).await, Rule::ScopeWider);
    let other = caller.world.another_client().id.to_string();
    assert_eq!(ask(&fresh(), &[("client_id", &other)]).await, Rule::RefreshOfAnother);
    let elsewhere = [("resource", "https://elsewhere.example/")];
    assert_eq!(ask(&fresh(), &elsewhere).await, Rule::ResourceUnknown);
    let one = fresh();
    let first = crate::ops::oauth::fixture::minted(caller.world.refresh(&one));
    crate::ops::oauth::fixture::minted(caller.world.refresh(&refresh_token(&first)));
    caller.world.pass(100);
    assert_eq!(ask(&one, &[]).await, Rule::RefreshUsed);
    let late = fresh();
    let locked = fresh();
    caller.world.pass(86_400);
    assert_eq!(ask(&late, &[]).await, Rule::RefreshExpired);
    let person = caller.world.user.clone();
    caller.world.db.write_blocking(move |tx| user::lock(tx, &operator(), &person)).unwrap();
    assert_eq!(ask(&locked, &[]).await, Rule::RefreshEnded);
}

#[tokio::test]
async fn client_that_proves_nothing_is_told_apart_for_the_operator_alone() {
    let caller = Caller::new();
    let new = client::New {
        name: "Secretive".to_owned(),
        redirect_uris: vec![CALLBACK.to_owned()],
        ..client::New::default()
    };
    let made =
        caller.world.db.write_blocking(move |tx| client::create(tx, &operator(), new)).unwrap();
    let id = made.client.id.to_string();
    let ask = async |id: &str, secret: Option<&str>| {
        let mut form =
            vec![("grant_type", "refresh_token"), ("refresh_token", "mcr_x"), ("client_id", id)];
        form.extend(secret.map(|secret| ("client_secret", secret)));
        let answer = caller.send("/token", &[], &form).await;
        assert_eq!(answer.status, 401);
        let text = answer.json()["error_description"].as_str().unwrap().to_owned();
        let hop = told(&caller, &answer).refusal().unwrap().clone();
        (
            text.split(" (reference").next().unwrap().to_owned(),
            hop.rule.unwrap(),
            hop.hint.unwrap_or_default(),
        )
    };
    let (said, rule, _) = ask("c_nobody", None).await;
    assert_eq!(rule, Rule::UnknownClient);
    for (secret, hint) in [
        (Some("wrong"), "the secret that came is not the client's"),
        (None, "the client has a secret, and none came"),
    ] {
        let (same, rule, found) = ask(&id, secret).await;
        assert_eq!((rule, found.as_str()), (Rule::ClientUnproved, hint));
        assert_eq!(same, said, "the caller learns no difference");
    }
    let basic = format!("Basic {}", STANDARD.encode(format!("{id}:wrong")));
    let form = [("grant_type", "refresh_token"), ("refresh_token", "mcr_x")];
    let answer = caller.send("/token", &[("authorization", &basic)], &form).await;
    assert_eq!(told(&caller, &answer).client.as_deref(), Some(id.as_str()));
    for grant in ["password", ""] {
        let form = [("grant_type", grant), ("client_id", id.as_str())];
        let answer = caller.send("/token", &[], &form).await;
        assert_eq!(self::rule(&caller, &answer), Rule::GrantUnknown);
    }
}

#[tokio::test]
async fn error_page_shows_its_reference_and_nothing_of_the_request() {
    let caller = Caller::new();
    let path = format!(
        "/authorize?{}",
        super::caller::encode(&params(
            &caller.world.client,
            &[("redirect_uri", "https://evil.example/x")]
        ))
    );
    let page = caller.get(&path, &[("cookie", &browser_cookie())]).await;
    assert_eq!(page.status, 400);
    assert!(!page.body.contains("evil.example"));
    let (_, rest) = page.body.split_once("id=\"reference\">").unwrap();
    let shown = rest.split('<').next().unwrap();
    let found = caller.world.story(shown).trace.unwrap();
    assert_eq!(found.refusal().unwrap().rule, Some(Rule::RedirectUnknown));
    assert_eq!(found.asked("redirect_uri"), Some("https://evil.example/x"));
}

/// Everything that the file keeps of attempts.
fn kept(caller: &Caller) -> String {
    let rows = caller.world.db.read(|r| {
        r.all("select * from traces", [], |row| {
            let columns = [0, 1, 2, 4, 5, 6, 7, 8, 9, 10];
            columns
                .iter()
                .map(|at| row.get::<_, Option<String>>(*at).map(Option::unwrap_or_default))
                .collect::<Result<Vec<_>, _>>()
        })
    });
    rows.unwrap().concat().concat()
}

#[tokio::test]
async fn nothing_that_unlocks_anything_is_kept() {
    let caller = Caller::new();
    let id = caller.world.client.id.to_string();
    let code = code(&caller).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", id.as_str()),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let tokens: Value = caller.send("/token", &[], &form).await.json();
    caller.send("/token", &[], &form).await.refusal(400);
    let token = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let refresh = token("refresh_token");
    let tries: [Vec<(&str, &str)>; 4] = [
        vec![("grant_type", "refresh_token"), ("client_id", &id), ("refresh_token", &refresh)],
        vec![
            ("grant_type", "refresh_token"),
            ("client_id", "c_x"),
            ("client_secret", "canary-secret"),
            ("refresh_token", &refresh),
        ],
        vec![
            ("grant_type", "authorization_code"),
            ("client_id", &id),
            ("code", "canary-code"),
            ("canary-name", "canary-value"),
        ],
        vec![
            ("grant_type", "refresh_token"),
            ("client_id", "c_x"),
            ("client_assertion", "canary-assertion"),
        ],
    ];
    for form in tries {
        assert!(caller.send("/token", &[], &form).await.status.is_client_error());
    }
    let over = [
        ("prompt", "none"),
        ("state", "canary-state"),
        ("nonce", "canary-nonce"),
        ("login_hint", "canary@example.com"),
        ("id_token_hint", "canary.id.token"),
        ("redirect_uri", "https://evil.example/cb?session=canary-query#canary-fragment"),
    ];
    let path =
        format!("/authorize?{}", super::caller::encode(&params(&caller.world.client, &over)));
    caller.get(&path, &[("cookie", &caller.cookies())]).await;
    let cookie = session::cookie(&caller.app.env, &caller.world.signed_in.session).unwrap();
    let kept = kept(&caller);
    assert!(kept.contains("evil.example") && kept.contains("code.used"), "{kept}");
    for secret in [
        &code,
        VERIFIER,
        &token("access_token"),
        &token("id_token"),
        &refresh,
        &cookie,
        "canary",
        "st&te=1",
        "n-1\"",
    ] {
        assert!(!kept.contains(secret), "{secret} in {kept}");
    }
}
