//! API keys at forward-auth: counted like any other use, and good where one of their scopes belongs.

use mcpcodex::{
    model::user::User,
    ops::{
        self,
        apikey::{Made, New},
    },
};

use super::fixture::{ASK, OTHER, Place, challenge, identity};
use crate::ops::oauth::fixture::operator;

fn key(place: &Place, change: impl FnOnce(&mut New)) -> Made {
    let world = &place.caller.world;
    let mut new =
        New { name: "ci".to_owned(), scopes: vec!["read:models".to_owned()], ..New::default() };
    change(&mut new);
    let env = std::sync::Arc::clone(&world.env);
    let owner: User = world.signed_in.user.clone();
    world
        .db
        .write_blocking(move |tx| ops::apikey::create(tx, &env, &operator(), &owner, &new))
        .unwrap()
}

#[tokio::test]
async fn key_in_either_header_tells_whose_it_is_and_what_is_left_of_its_limit() {
    let place = Place::new();
    let made = key(&place, |new| new.burst_size = Some(3));
    let (text, user) = (made.text.expose(), place.caller.world.user.to_string());
    let bearer = format!("Bearer {text}");
    for (left, header) in [("2", ("x-api-key", text)), ("1", ("authorization", bearer.as_str()))] {
        let answer = place.get(ASK, &[header]).await;
        // No roles: what a key may do is in its scopes.
        assert_eq!(identity(&answer), [&user, "ann", "ann@example.com", "", "read:models", ""]);
        assert_eq!(answer.header("ratelimit-remaining"), Some(left));
        assert_eq!(answer.header("ratelimit-limit"), Some("3"));
    }
    // A use that is refused for its scope is a use.
    let lacking = place.get(&format!("{ASK}&scope=write:models"), &[("x-api-key", text)]).await;
    assert_eq!(lacking.refusal(403), "insufficient_scope");
    assert_eq!(lacking.header("ratelimit-remaining"), Some("0"));
    let limited = place.get(ASK, &[("x-api-key", text)]).await;
    assert_eq!(limited.status, 429);
    assert!(limited.header("retry-after").is_some() && limited.header("x-auth-subject").is_none());
    place.caller.world.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(place.get(ASK, &[("x-api-key", text)]).await.status, 200);
}

#[tokio::test]
async fn use_is_noted_with_the_day_and_the_address() {
    let place = Place::new();
    let made = key(&place, |_| ());
    for _ in 0..3 {
        assert_eq!(place.get(ASK, &[("x-api-key", made.text.expose())]).await.status, 200);
    }
    let app = &place.caller.app;
    let marks = app.seen.take();
    app.db.write_blocking(move |tx| ops::seen::write(tx, &marks)).unwrap();
    let found =
        app.db.read(|r| ops::apikey::find(r, &app.env, &operator(), made.text.expose())).unwrap();
    assert_eq!(found.key.last_used_at, Some(place.caller.world.clock.now()));
}

#[tokio::test]
async fn key_is_no_good_where_none_of_its_scopes_belongs() {
    let place = Place::new();
    let made = key(&place, |new| {
        new.scopes = vec!["read:models".to_owned(), "read:contexts".to_owned()];
    });
    let headers = [("x-api-key", made.text.expose())];
    let other = format!("/auth/verify?resource={OTHER}");
    assert_eq!(place.get(&other, &headers).await.refusal(403), "insufficient_scope");
    assert_eq!(place.get(ASK, &headers).await.status, 200);
    // Without a resource it is for nothing in particular, and all of it counts.
    let bare = place.get("/auth/verify?scope=read:contexts", &headers).await;
    assert_eq!(bare.header("x-auth-scopes"), Some("read:models read:contexts"));
    assert_eq!(place.get("/auth/verify?scope=write:models", &headers).await.status, 403);
}

#[tokio::test]
async fn right_that_the_owner_lacks_is_no_right_of_the_key() {
    let place = Place::new();
    let made = key(&place, |_| ());
    let text = made.text.expose();
    let found = place.caller.world.db.read(|r| ops::resource::find(r, &operator(), super::MCP));
    let id = found.unwrap().id;
    let change =
        ops::resource::Change { roles: Some(vec!["developer".to_owned()]), ..Default::default() };
    let db = &place.caller.world.db;
    db.write_blocking(move |tx| ops::resource::edit(tx, &operator(), &id, change)).unwrap();
    assert_eq!(place.get(ASK, &[("x-api-key", text)]).await.refusal(403), "access_denied");
}

#[tokio::test]
async fn bad_key_is_401_with_the_challenge_and_asks_no_second_question() {
    let place = Place::new();
    let made = key(&place, |_| ());
    let good = made.text.expose().to_owned();
    let id = made.key.id.clone();
    let typo = format!("{}x", &good[..good.len() - 1]);
    for wrong in ["", "mcp_", "nonsense", typo.as_str(), &"mcp_".repeat(3_000)] {
        let headers = [("x-api-key", wrong), ("cookie", &place.caller.cookies())];
        let answer = place.get(ASK, &headers).await;
        assert_eq!(answer.refusal(401), "invalid_token", "{wrong:.20}");
        let told = answer.header("www-authenticate").unwrap();
        assert!(told.starts_with(&format!("{}, error=\"invalid_token\"", challenge())), "{told}");
        assert!(answer.header("ratelimit").is_none());
    }
    place
        .caller
        .world
        .db
        .write_blocking(move |tx| ops::apikey::revoke(tx, &operator(), &id))
        .unwrap();
    assert_eq!(place.get(ASK, &[("x-api-key", &good)]).await.refusal(401), "invalid_token");
}
