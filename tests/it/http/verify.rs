//! Forward-auth on the wire: who is let through with which headers, and how everybody else is told what to do.

mod browsers;
mod fixture;
mod keys;

use mcpcodex::ops::{
    client,
    oauth::{Outcome, exchange},
    resource,
};

use self::fixture::{ASK, Place, challenge, identity};
use crate::{
    ops::oauth::fixture::{MCP, ask, minted, operator},
    support::dpop::Key,
};

#[tokio::test]
async fn token_for_the_resource_is_let_through_with_what_its_scopes_tell() {
    let place = Place::new();
    let user = place.caller.world.user.to_string();
    let client = place.caller.world.client.id.to_string();
    let plain = place.token("openid read:models");
    let answer = place.bearer(ASK, &plain).await;
    assert_eq!(identity(&answer), [&user, "", "", "user", "openid read:models", &client]);
    assert_eq!((answer.body.as_str(), answer.header("set-cookie")), ("", None));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let named = place.token("openid profile email read:models");
    let answer = place.bearer(ASK, &named).await;
    let scopes = "openid profile email read:models";
    assert_eq!(identity(&answer), [&user, "ann", "ann@example.com", "user", scopes, &client]);
    let service = place.service_token();
    let answer = place.bearer(ASK, &service.0).await;
    assert_eq!(identity(&answer), [&service.1, "", "", "", "read:models", &service.1]);
}

#[tokio::test]
async fn every_method_gets_the_same_answer() {
    let place = Place::new();
    let token = place.token("openid read:models");
    let bearer = format!("Bearer {token}");
    let odd = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "PROPFIND", "get"];
    for method in odd {
        let none = place.ask(method, ASK, &[]).await;
        assert_eq!(
            (none.status.as_u16(), none.header("www-authenticate")),
            (401, Some(challenge().as_str())),
            "{method}"
        );
        // As a browser asks beforehand: that it carries no credential opens nothing.
        let preflight =
            [("origin", "https://inspector.example"), ("access-control-request-method", "POST")];
        assert_eq!(place.ask(method, ASK, &preflight).await.status, 401, "{method}");
        for other in ["GET", "OPTIONS", "HEAD"] {
            let override_it = [
                ("x-http-method-override", other),
                ("x-forwarded-method", other),
                ("x-original-method", other),
            ];
            assert_eq!(
                place.ask(method, ASK, &override_it).await.status,
                401,
                "{method} as {other}"
            );
        }
        let good = place.ask(method, ASK, &[("authorization", &bearer)]).await;
        assert_eq!(
            (good.status.as_u16(), good.header("x-auth-scopes")),
            (200, Some("openid read:models")),
            "{method}"
        );
    }
}

#[tokio::test]
async fn who_shows_nothing_hears_where_to_learn_who_issues_tokens_and_no_error() {
    let place = Place::new();
    let answer = place.get(ASK, &[]).await;
    assert_eq!(answer.status, 401);
    let metadata =
        "http://localhost:8420/.well-known/oauth-protected-resource/https/mcp.example.com/mcp";
    let expected = format!("Bearer resource_metadata=\"{metadata}\", scope=\"read:models\"");
    assert_eq!(answer.header("www-authenticate"), Some(expected.as_str()));
    assert_eq!(answer.json()["error"], "unauthorized");
    assert!(answer.header("location").is_none() && answer.header("x-auth-subject").is_none());
    let document = place.get(metadata.strip_prefix("http://localhost:8420").unwrap(), &[]).await;
    assert_eq!(document.json()["resource"], MCP);
    let scoped = place.get(&format!("{ASK}&scope=profile+read:models"), &[]).await;
    let expected =
        format!("Bearer resource_metadata=\"{metadata}\", scope=\"profile read:models\"");
    assert_eq!(scoped.header("www-authenticate"), Some(expected.as_str()));
    let bare = place.get("/auth/verify", &[]).await;
    assert_eq!(
        (bare.status.as_u16(), bare.header("www-authenticate")),
        (401, Some("Bearer realm=\"mcpcodex\""))
    );
}

#[tokio::test]
async fn what_is_no_good_token_for_the_resource_is_401_and_says_so() {
    let place = Place::new();
    let world = &place.caller.world;
    let good = place.token("openid read:models");
    let signature = good.rfind('.').unwrap() + 5;
    let mut tampered = good.clone();
    tampered.replace_range(
        signature..=signature,
        if &good[signature..=signature] == "A" { "B" } else { "A" },
    );
    let tokens = world.tokens(&[("resource", MCP), ("scope", "openid read:models offline_access")]);
    let elsewhere = place.token_for("https://other.example.com/mcp", "openid read:other");
    let own = world.tokens(&[("scope", "openid")]).access_token.expose().to_owned();
    let cookie = mcpcodex::ops::session::cookie(&world.env, &world.signed_in.session).unwrap();
    let bad = [
        "x",
        "a.b.c",
        "mcpat_nonsense",
        "mcp_nonsense",
        &tampered,
        tokens.refresh_token.as_ref().unwrap().expose(),
        tokens.id_token.as_ref().unwrap().expose(),
        &elsewhere,
        &own,
        &cookie,
        &"x".repeat(20_000),
    ];
    for token in bad {
        let answer = place.bearer(ASK, token).await;
        assert_eq!(answer.refusal(401), "invalid_token", "{token:.20}");
        let told = answer.header("www-authenticate").unwrap();
        let start = format!("{}, error=\"invalid_token\", error_description=\"", challenge());
        assert!(told.starts_with(&start), "{told}");
        assert!(answer.header("x-auth-subject").is_none());
        // A good cookie beside it does not help.
        let bearer = format!("Bearer {token}");
        let both = [("authorization", bearer.as_str()), ("cookie", &place.caller.cookies())];
        assert_eq!(place.get(ASK, &both).await.status, 401, "{token:.20}");
    }
    // Each is good where it belongs.
    assert_eq!(
        place
            .bearer("/auth/verify?resource=https://other.example.com/mcp", &elsewhere)
            .await
            .status,
        200
    );
    assert_eq!(place.bearer("/auth/verify", &own).await.status, 200);
    assert_eq!(place.bearer("/auth/verify", &good).await.status, 401);
    world.clock.advance(std::time::Duration::from_secs(100_000));
    assert_eq!(place.bearer(ASK, &good).await.refusal(401), "invalid_token");
}

#[tokio::test]
async fn token_that_was_taken_back_or_whose_owner_is_locked_lets_nobody_through() {
    let place = Place::new();
    let world = &place.caller.world;
    let (first, second) = (place.token("openid read:models"), place.token("openid read:models"));
    let form = [("token", first.as_str()), ("client_id", world.client.id.as_str())];
    assert_eq!(place.caller.send("/revoke", &[], &form).await.status, 200);
    assert_eq!(place.bearer(ASK, &first).await.refusal(401), "invalid_token");
    assert_eq!(place.bearer(ASK, &second).await.status, 200);
    let user = world.user.clone();
    world.db.write_blocking(move |tx| mcpcodex::ops::user::lock(tx, &operator(), &user)).unwrap();
    assert_eq!(place.bearer(ASK, &second).await.refusal(401), "invalid_token");
    assert_eq!(place.get(ASK, &[("cookie", &place.caller.cookies())]).await.status, 401);
}

#[tokio::test]
async fn token_that_is_bound_to_a_key_counts_neither_without_nor_with_its_proof() {
    let place = Place::new();
    let world = &place.caller.world;
    let key = Key::new();
    let over = [("resource", MCP), ("scope", "openid read:models"), ("dpop_jkt", key.jkt.as_str())];
    let code = world.code(&over);
    let bound = exchange::Ask { jkt: Some(key.jkt.clone()), ..ask(&code) };
    let Outcome::Minted(minted_) = world.exchange(bound) else { panic!("no tokens") };
    let token = minted(Outcome::Minted(minted_)).access_token;
    for scheme in ["Bearer", "DPoP"] {
        let shown = format!("{scheme} {}", token.expose());
        let answer = place.get(ASK, &[("authorization", &shown), ("dpop", "x.y.z")]).await;
        assert_eq!(answer.refusal(401), "invalid_token", "{scheme}");
        let told = answer.header("www-authenticate").unwrap();
        assert!(told.contains("bound to a key (DPoP)"), "{told}");
    }
}

#[tokio::test]
async fn two_credentials_are_one_too_many_and_another_scheme_is_none() {
    let place = Place::new();
    let good = format!("Bearer {}", place.token("openid read:models"));
    let key = [("authorization", good.as_str()), ("x-api-key", "mcp_x")];
    let twice = [("authorization", good.as_str()), ("authorization", good.as_str())];
    for headers in [key, twice] {
        let answer = place.get(ASK, &headers).await;
        assert_eq!(answer.refusal(401), "invalid_request");
    }
    for other in ["Basic eDp5", "Bearer", "Bearer  ", "Negotiate abc", ""] {
        let headers = [("authorization", other), ("cookie", &place.caller.cookies())];
        assert_ne!(place.get(ASK, &headers).await.status, 200, "{other:?}");
    }
    // Not where logs keep it.
    let in_url = format!("{ASK}&access_token={}", &good[7..]);
    assert_eq!(place.get(&in_url, &[]).await.status, 400);
}

#[tokio::test]
async fn scope_that_is_missing_is_403_and_names_all_that_is_needed_and_there() {
    let place = Place::new();
    let token = place.token("openid read:models");
    let answer = place.bearer(&format!("{ASK}&scope=read:models%20write:models"), &token).await;
    assert_eq!(answer.refusal(403), "insufficient_scope");
    let told = answer.header("www-authenticate").unwrap();
    let expected = "scope=\"read:models write:models openid\", error=\"insufficient_scope\"";
    assert!(told.starts_with("Bearer resource_metadata=\"") && told.contains(expected), "{told}");
    assert_eq!(place.bearer(&format!("{ASK}&scope=read:models"), &token).await.status, 200);
    // What belongs to another resource of the same token counts for nothing here.
    let both = place.token_for_both("openid read:models read:other");
    let answer = place.bearer(ASK, &both).await;
    assert_eq!(answer.header("x-auth-scopes"), Some("openid read:models"));
    assert_eq!(place.bearer(&format!("{ASK}&scope=read:other"), &both).await.status, 403);
}

#[tokio::test]
async fn slip_in_the_proxys_configuration_lets_nobody_through() {
    let place = Place::new();
    let bearer = format!("Bearer {}", place.token("openid read:models"));
    let headers = [("authorization", bearer.as_str()), ("cookie", &place.caller.cookies())];
    for query in [
        "?resource=https://unknown.example/mcp",
        "?resource=https://mcp.example.com/mcp/",
        "?resource=https://mcp.example.com/mcp%2f",
        "?resource=mcp.example.com/mcp",
        "?resource=",
        "?resource=https://mcp.example.com/mcp&resource=https://other.example.com/mcp",
        "?resource=https://mcp.example.com/mcp&resource=https://mcp.example.com/mcp",
        "?resource=https://mcp.example.com/mcp&scopes=read:models",
        "?resource=https://mcp.example.com/mcp&scope=read:models&scope=x",
        "?resource=https://mcp.example.com/mcp&scope=a%22b",
        "?resource=https://mcp.example.com/mcp&scope=a%0d%0ab",
        "?Resource=https://mcp.example.com/mcp",
        "?https://mcp.example.com/mcp",
    ] {
        let answer = place.get(&format!("/auth/verify{query}"), &headers).await;
        assert!([400, 404].contains(&answer.status.as_u16()), "{query}: {}", answer.status);
        assert!(
            answer.header("x-auth-subject").is_none()
                && answer.header("www-authenticate").is_none()
        );
        assert!(!answer.json()["error"]["message"].as_str().unwrap().is_empty());
    }
    let many = (0..70).map(|n| format!("s{n}")).collect::<Vec<_>>().join("+");
    assert_eq!(place.get(&format!("{ASK}&scope={many}"), &headers).await.status, 400);
}

#[tokio::test]
async fn path_is_one_and_no_other_spelling_of_it_is_200() {
    let place = Place::new();
    let bearer = format!("Bearer {}", place.token("openid read:models"));
    for path in [
        "//auth/verify",
        "/auth//verify",
        "/auth/verify/",
        "/auth/verify%2f",
        "/auth%2fverify",
        "/AUTH/verify",
        "/x/..;/auth/verify",
        "/auth/verify;x",
        "/x/../auth/verify",
        "/auth/./verify",
        "/auth/verify/..",
    ] {
        let path = format!("{path}?resource={MCP}");
        let answer = place.get(&path, &[("authorization", &bearer)]).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.header("x-auth-subject").is_none());
    }
}

#[tokio::test]
async fn nothing_that_a_request_says_of_itself_chooses_the_resource() {
    let place = Place::new();
    let elsewhere = place.token_for("https://other.example.com/mcp", "openid read:other");
    let bearer = format!("Bearer {elsewhere}");
    let other = "https://other.example.com/mcp";
    for (name, value) in [
        ("x-original-url", other),
        ("x-original-uri", "/auth/verify?resource=https://other.example.com/mcp"),
        ("x-forwarded-host", "other.example.com"),
        ("x-forwarded-uri", "/mcp?resource=https://other.example.com/mcp&scope="),
        ("x-forwarded-prefix", "/mcp"),
        ("x-rewrite-url", "/auth/verify?resource=https://other.example.com/mcp"),
        ("forwarded", "host=other.example.com;proto=https"),
        ("x-auth-subject", "u_admin"),
        ("x-auth-scopes", "read:models"),
        ("referer", other),
    ] {
        let answer = place.get(ASK, &[("authorization", &bearer), (name, value)]).await;
        assert_eq!(answer.refusal(401), "invalid_token", "{name}");
    }
}

#[tokio::test]
async fn resource_for_certain_roles_is_403_for_others_and_asks_for_no_token() {
    let place = Place::new();
    let world = &place.caller.world;
    let cookies = place.caller.cookies();
    assert_eq!(place.get(ASK, &[("cookie", &cookies)]).await.status, 200);
    let found = world.db.read(|r| resource::find(r, &operator(), MCP)).unwrap();
    let change =
        resource::Change { roles: Some(vec!["developer".to_owned()]), ..Default::default() };
    world.db.write_blocking(move |tx| resource::edit(tx, &operator(), &found.id, change)).unwrap();
    let answer = place.get(ASK, &[("cookie", &cookies)]).await;
    assert_eq!(answer.refusal(403), "access_denied");
    assert!(answer.header("www-authenticate").is_none());
}

#[tokio::test]
async fn client_that_was_switched_off_gets_nothing_through() {
    let place = Place::new();
    let token = place.token("openid read:models");
    let id = place.caller.world.client.id.clone();
    place.caller.world.db.write_blocking(move |tx| client::disable(tx, &operator(), &id)).unwrap();
    assert_eq!(place.bearer(ASK, &token).await.refusal(401), "invalid_token");
}
