//! Refusals as they stand on the wire: status, headers, and that nothing was kept.

use axum::http::HeaderValue;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use mcpcodex::{
    model::client::GrantType,
    ops::client::{self, New},
};

use super::caller::{Answer, Caller, FORM, browser_cookie, encode, request};
use crate::{
    ops::oauth::fixture::{CALLBACK, MCP, VERIFIER, operator, params, query, refresh_token},
    support::rows::NOTHING,
};

fn server_of(caller: &Caller, resources: &[&str]) -> String {
    let new = New {
        name: "Server".to_owned(),
        grant_types: vec!["client_credentials".to_owned()],
        resources: resources.iter().map(|uri| (*uri).to_owned()).collect(),
        ..New::default()
    };
    let made = caller.world.db.write_blocking(|tx| client::create(tx, &operator(), new)).unwrap();
    let pair = format!("{}:{}", made.client.id, made.secret.unwrap().expose());
    format!("Basic {}", STANDARD.encode(pair))
}

fn code_form<'a>(id: &'a str, code: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("grant_type", "authorization_code"),
        ("client_id", id),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

/// A page of ours that leads nowhere and keeps nothing.
fn is_page(what: &str, answer: &Answer) {
    assert_eq!(answer.status, 400, "{what}: {}", answer.body);
    assert!(answer.header("location").is_none(), "{what}");
    assert!(answer.header("content-type").unwrap().starts_with("text/html"), "{what}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
    let cookies = answer.headers.get_all("set-cookie").iter();
    let session = |cookie: &&HeaderValue| cookie.to_str().unwrap().contains("session");
    assert_eq!(cookies.filter(session).count(), 0, "{what}");
}

#[tokio::test]
async fn uncertain_request_is_a_page_by_every_method_signed_in_or_not() {
    let caller = Caller::new();
    let off = New {
        name: "Off".to_owned(),
        redirect_uris: vec![CALLBACK.to_owned()],
        public: true,
        ..New::default()
    };
    let off = caller.world.db.write_blocking(|tx| {
        let made = client::create(tx, &operator(), off)?.client;
        client::disable(tx, &operator(), &made.id)?;
        Ok(made.id.to_string())
    });
    let off = off.unwrap();
    let good = params(&caller.world.client, &[]);
    let with = |over: &[(&str, &str)]| params(&caller.world.client, over);
    let twice = |name: &str, value: &str| {
        let mut all = good.clone();
        all.push((name.to_owned(), value.to_owned()));
        all
    };
    let id = caller.world.client.id.to_string();
    let cases = [
        ("no client", with(&[("client_id", "")])),
        ("unknown client", with(&[("client_id", "c_dead")])),
        ("client that is off", with(&[("client_id", &off)])),
        ("no address", with(&[("redirect_uri", "")])),
        ("another's address", with(&[("redirect_uri", "https://evil.example/")])),
        ("client twice", twice("client_id", &id)),
        ("another client beside it", twice("client_id", "c_other")),
        ("address twice", twice("redirect_uri", CALLBACK)),
        ("another address beside it", twice("redirect_uri", "https://evil.example/")),
    ];
    let before = caller.world.rows();
    for (what, pairs) in &cases {
        for more in [("", ""), ("prompt", "none"), ("response_mode", "form_post")] {
            let mut pairs = pairs.clone();
            if !more.0.is_empty() {
                pairs.push((more.0.to_owned(), more.1.to_owned()));
            }
            for cookies in [browser_cookie(), caller.cookies()] {
                let path = format!("/authorize?{}", encode(&pairs));
                let headers = [("cookie", cookies.as_str())];
                is_page(what, &caller.get(&path, &headers).await);
                let form: Vec<_> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                is_page(what, &caller.send("/authorize", &headers, &form).await);
            }
        }
    }
    // Split over address and form, they came twice all the same.
    let form: Vec<_> = good.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    for (name, value) in [("client_id", id.as_str()), ("redirect_uri", CALLBACK)] {
        let path = format!("/authorize?{}", encode(&[(name, value)]));
        is_page(name, &caller.send(&path, &[], &form).await);
    }
    let change = before.since(&caller.world.db);
    assert!(change.tables.is_empty(), "{change:?}");
}

#[tokio::test]
async fn answers_to_the_client_name_the_issuer_and_are_kept_by_nobody() {
    let caller = Caller::with(
        |config| {
            config.authentication.tokens.access_token.issuer = Some("tokens.example".to_owned());
        },
        |_| {},
    );
    let metadata = caller.get("/.well-known/oauth-authorization-server", &[]).await.json();
    let issuer = metadata["issuer"].as_str().unwrap().to_owned();
    caller.world.code(&[]);
    for over in [&[][..], &[("scope", "made-up")], &[("code_challenge", "")]] {
        let path = format!("/authorize?{}", encode(&params(&caller.world.client, over)));
        let answer = caller.get(&path, &[("cookie", &caller.cookies())]).await;
        let url = answer.location();
        assert_eq!(query(url, "iss").as_deref(), Some(issuer.as_str()), "{url}");
        assert_eq!(query(url, "code").is_some(), over.is_empty(), "{url}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    }
}

#[tokio::test]
async fn code_that_comes_twice_makes_its_tokens_inactive_everywhere() {
    let caller = Caller::new();
    let auth = server_of(&caller, &[MCP]);
    let auth = [("authorization", auth.as_str())];
    let id = caller.world.client.id.to_string();
    let code = caller.world.code(&[("resource", MCP), ("scope", "openid read:models")]);
    let first = caller.send("/token", &[], &code_form(&id, &code)).await.json();
    let text = |name: &str| first[name].as_str().unwrap().to_owned();
    let (access, refresh) = (text("access_token"), text("refresh_token"));
    let told = caller.send("/introspect", &auth, &[("token", &access)]).await.json();
    assert_eq!(told["active"], true);
    let again = caller.send("/token", &[], &code_form(&id, &code)).await;
    assert_eq!(again.refusal(400), "invalid_grant");
    let told = caller.send("/introspect", &auth, &[("token", &access)]).await.json();
    assert_eq!(told, serde_json::json!({ "active": false }));
    let bearer = format!("Bearer {access}");
    let shown = caller.get("/userinfo", &[("authorization", &bearer)]).await;
    assert_eq!(shown.refusal(401), "invalid_token");
    let form = [("grant_type", "refresh_token"), ("client_id", &id), ("refresh_token", &refresh)];
    assert_eq!(caller.send("/token", &[], &form).await.refusal(400), "invalid_grant");
}

#[tokio::test]
async fn stranger_gives_back_nobodys_token() {
    let caller = Caller::new();
    let other = caller.world.another_client().id.to_string();
    let tokens = caller.world.tokens(&[]);
    let (access, refresh) = (tokens.access_token.expose(), refresh_token(&tokens));
    let before = caller.world.rows();
    for token in [access, &refresh, "unknown", "mcpat_unknown", "mcr_unknown"] {
        for hint in ["", "access_token", "refresh_token", "made_up"] {
            let form = [("token", token), ("client_id", &other), ("token_type_hint", hint)];
            let answer = caller.send("/revoke", &[], &form).await;
            assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, ""), "{token}");
        }
    }
    assert_eq!(before.since(&caller.world.db), NOTHING);
    assert!(caller.world.is_active(access) && caller.world.is_active(&refresh));
}

#[tokio::test]
async fn refused_wishes_keep_their_codes_on_the_wire_and_spend_nothing() {
    let caller = Caller::new();
    let id = caller.world.client.id.to_string();
    let granted = [("resource", MCP), ("scope", "openid read:models")];
    let refresh = refresh_token(&caller.world.tokens(&granted));
    let usual =
        [("grant_type", "refresh_token"), ("client_id", id.as_str()), ("refresh_token", &refresh)];
    let before = caller.world.rows();
    for (name, value, code) in [
        ("scope", "openid profile", "invalid_scope"),
        ("scope", "made-up", "invalid_scope"),
        ("resource", "https://other.example/", "invalid_target"),
        ("resource", "relative", "invalid_target"),
        ("resource", "https://mcp.example.com/mcp#x", "invalid_target"),
    ] {
        let form = [&usual[..], &[(name, value)]].concat();
        assert_eq!(caller.send("/token", &[], &form).await.refusal(400), code, "{value}");
    }
    let nine: Vec<_> = (0..9).map(|n| format!("https://{n}.example/")).collect();
    let mut form = usual.to_vec();
    form.extend(nine.iter().map(|uri| ("resource", uri.as_str())));
    assert_eq!(caller.send("/token", &[], &form).await.refusal(400), "invalid_target");
    assert!(before.since(&caller.world.db).tables.is_empty());
    assert_eq!(caller.send("/token", &[], &usual).await.status, 200);
}

#[tokio::test]
async fn password_of_a_person_buys_nothing_here() {
    let caller = Caller::new();
    let auth = server_of(&caller, &[]);
    let before = caller.world.rows();
    for headers in [&[("authorization", auth.as_str())][..], &[]] {
        let id = caller.world.client.id.to_string();
        let mut form =
            vec![("grant_type", "password"), ("username", "ann"), ("password", "secret")];
        if headers.is_empty() {
            form.push(("client_id", &id));
        }
        let answer = caller.send("/token", headers, &form).await;
        assert_eq!(answer.refusal(400), "unsupported_grant_type");
    }
    assert_eq!(before.since(&caller.world.db), NOTHING);
}

#[tokio::test]
async fn device_is_told_that_its_time_is_over_and_that_it_was_too_late_twice() {
    let grant = GrantType::DeviceCode.as_str();
    let caller = Caller::with(|_| {}, |new| new.grant_types = vec![grant.to_owned()]);
    let id = caller.world.client.id.to_string();
    let own = [("client_id", id.as_str()), ("scope", "openid")];
    let json = caller.send("/device_authorization", &[], &own).await.json();
    let code = json["device_code"].as_str().unwrap();
    caller.world.pass(600);
    let form = [("grant_type", grant), ("client_id", &id), ("device_code", code)];
    for _ in 0..2 {
        let answer = caller.send("/token", &[], &form).await;
        assert_eq!(answer.refusal(400), "expired_token");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn address_with_a_code_tells_no_more_about_a_right_one_than_about_a_wrong_one() {
    let grant = GrantType::DeviceCode.as_str();
    let caller = Caller::with(|_| {}, |new| new.grant_types = vec![grant.to_owned()]);
    let id = caller.world.client.id.to_string();
    let own = [("client_id", id.as_str()), ("scope", "openid")];
    let json = caller.send("/device_authorization", &[], &own).await.json();
    let right = json["user_code"].as_str().unwrap().to_owned();
    let cookies = caller.cookies();
    let before = caller.world.rows();
    let mut pages = Vec::new();
    for code in [right.as_str(), "BBBB-BBBB"] {
        let path = format!("/device?user_code={code}");
        let page = caller.get(&path, &[("cookie", &cookies)]).await;
        assert_eq!(page.status, 200);
        pages.push(page.body.replace(code, "CODE"));
    }
    assert_eq!(pages[0], pages[1]);
    assert_eq!(before.since(&caller.world.db), NOTHING);
}

#[tokio::test]
async fn other_methods_and_headers_twice_are_refused() {
    let caller = Caller::new();
    let id = caller.world.client.id.to_string();
    for path in ["/token", "/revoke", "/introspect", "/par", "/device_authorization"] {
        for method in ["GET", "PUT", "DELETE", "PATCH"] {
            let answer = caller.call(request(method, path, &[], String::new())).await;
            assert_eq!(answer.refusal(405), "invalid_request", "{method} {path}");
            assert_eq!(answer.header("allow"), Some("POST"), "{method} {path}");
        }
    }
    let body = encode(&[("grant_type", "refresh_token"), ("client_id", &id)]);
    for media in [
        "application/x-www-form-urlencoded; charset=utf-16",
        "application/x-www-form-urlencoded, text/plain",
        "multipart/form-data; boundary=x",
        "",
    ] {
        let headers = [("content-type", media)];
        let answer = caller.call(request("POST", "/token", &headers, body.clone())).await;
        assert_eq!(answer.refusal(415), "invalid_request", "{media}");
    }
    let one = format!("Basic {}", STANDARD.encode("a:b"));
    let headers =
        [("content-type", FORM), ("authorization", one.as_str()), ("authorization", one.as_str())];
    let answer = caller.call(request("POST", "/token", &headers, body)).await;
    assert!(matches!(answer.status.as_u16(), 400 | 401), "{}", answer.body);
    answer.json();
}

#[tokio::test]
async fn challenge_comes_with_each_401_to_basic_credentials() {
    let caller = Caller::new();
    let header = format!("Basic {}", STANDARD.encode("c_unknown:guess"));
    let form = [("token", "x"), ("grant_type", "refresh_token")];
    for path in ["/token", "/introspect", "/revoke", "/par", "/device_authorization"] {
        let headers = [("authorization", header.as_str())];
        let answer = caller.send(path, &headers, &form).await;
        assert_eq!(answer.refusal(401), "invalid_client", "{path}");
        assert!(answer.header("www-authenticate").unwrap().starts_with("Basic "), "{path}");
    }
}
