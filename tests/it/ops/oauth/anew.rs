//! An app that came by itself and changes what it is: nobody's yes to what it was counts for what it has become.

use mcpcodex::{
    config::authentication::Approval,
    model::{
        client::{Client, ClientState},
        document::DocumentUrl,
        fetch::Fetched,
        id::ClientId,
        registration::Metadata,
    },
    ops::{
        document,
        oauth::Code,
        registration::{self, Answer, Managed, Registered},
    },
    store,
};
use serde_json::{Value, json};

use super::fixture::*;

const URL: &str = "https://app.example.com/client.json";

fn waiting_world() -> World {
    world_with(|config| config.authentication.clients.approval = Approval::FirstSeen, |_| {})
}

fn client(world: &World, id: &ClientId) -> Client {
    world.db.read(|r| store::client::by_id(r, id)).unwrap().unwrap()
}

/// An administrator lets it in, and a person; answers the refresh token it then holds.
fn let_in(world: &World, id: &ClientId) -> String {
    let own = id.clone();
    let approve = move |tx: &mcpcodex::db::Write<'_>| {
        mcpcodex::ops::client::newcomer::approve(tx, &operator(), &own).map(|_| ())
    };
    world.db.write_blocking(approve).unwrap();
    let code = world.code(&[("client_id", id.as_str())]);
    refresh_token(&minted(world.exchange_as(&client(world, id), ask(&code))))
}

/// Whether an administrator's yes counts, a person's yes counts, and the app is let in.
fn standing(world: &World, id: &ClientId) -> (bool, bool, ClientState) {
    let user = world.user.clone();
    let approved = world.db.read(|r| store::registration::is_approved(r, id)).unwrap();
    let allowed = world.db.read(|r| store::consent::get(r, &user, id, "")).unwrap();
    (approved, !allowed.is_empty(), client(world, id).state)
}

const LET_IN: (bool, bool, ClientState) = (true, true, ClientState::Active);
const ANEW: (bool, bool, ClientState) = (false, false, ClientState::Pending);

fn usual() -> Value {
    json!({
        "client_name": "Tool",
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "client_secret_post",
        "grant_types": ["authorization_code", "refresh_token"],
        "client_uri": "https://app.example.com/",
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut all = usual();
    all[name] = value;
    all
}

fn metadata(value: &Value) -> Metadata {
    Metadata::read(value.as_object().unwrap()).unwrap()
}

fn register(world: &World) -> Registered {
    let (env, metadata) = (std::sync::Arc::clone(&world.env), metadata(&usual()));
    let answer = world
        .db
        .write_blocking(move |tx| registration::register(tx, &env, &app(), &metadata, None))
        .unwrap();
    match answer {
        Answer::Registered(registered) => *registered,
        other @ (Answer::NoToken | Answer::Off) => panic!("{other:?}"),
    }
}

fn change(world: &World, made: &Registered, to: &Value) {
    let (env, metadata) = (std::sync::Arc::clone(&world.env), metadata(to));
    let (id, token) = (made.client.id.clone(), made.token.clone().unwrap());
    let done = world
        .db
        .write_blocking(move |tx| {
            registration::update(tx, &env, &app(), &id, token.expose(), &metadata)
        })
        .unwrap();
    assert!(matches!(done, Managed::Done(_)), "{done:?}");
}

#[test]
fn registration_that_says_the_same_again_changes_nothing() {
    let world = waiting_world();
    let made = register(&world);
    let token = let_in(&world, &made.client.id);
    change(&world, &made, &with("software_version", json!("2")));
    assert_eq!(standing(&world, &made.client.id), LET_IN);
    minted(world.refresh_with(&app(), &client(&world, &made.client.id), refresh_ask(&token)));
}

#[test]
fn each_change_that_matters_forgets_who_let_it_in_and_ends_what_it_holds() {
    for (name, value) in [
        ("client_name", json!("Bank")),
        ("redirect_uris", json!([CALLBACK, "https://other.example/cb"])),
        ("grant_types", json!(["authorization_code", "refresh_token", DEVICE_CODE])),
        ("client_uri", json!("https://bank.example/")),
        ("post_logout_redirect_uris", json!(["https://bank.example/bye"])),
        ("backchannel_logout_uri", json!("https://app.example.com/logout")),
    ] {
        let world = waiting_world();
        let made = register(&world);
        let id = &made.client.id;
        let token = let_in(&world, id);
        assert_eq!(standing(&world, id), LET_IN);
        change(&world, &made, &with(name, value));
        assert_eq!(standing(&world, id), ANEW, "{name}");
        let again = Client { state: ClientState::Active, ..client(&world, id) };
        let refused = refused(world.refresh_with(&app(), &again, refresh_ask(&token)));
        assert_eq!(refused, Code::InvalidGrant, "{name}");
    }
}

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

fn keep(world: &World, document: &Value) {
    let (env, url) = (std::sync::Arc::clone(&world.env), DocumentUrl::parse(URL).unwrap());
    let bytes = document.to_string().into_bytes();
    let fetched = Fetched::Body { bytes, etag: None, fresh: None };
    world
        .db
        .write_blocking(move |tx| document::keep(tx, &env, &app(), &url, &fetched))
        .unwrap()
        .unwrap();
}

fn published() -> Value {
    json!({ "client_id": URL, "client_name": "Paper", "redirect_uris": [CALLBACK] })
}

#[test]
fn changed_document_forgets_who_let_the_app_in_and_leaves_what_it_holds() {
    let id = ClientId::from_text(URL);
    for (name, value) in [
        ("client_name", json!("Bank")),
        ("redirect_uris", json!([CALLBACK, "https://other.example/cb"])),
        ("client_uri", json!("https://app.example.com/new")),
    ] {
        let world = waiting_world();
        keep(&world, &published());
        let token = let_in(&world, &id);
        // Other bytes that say the same are no change.
        let mut same = published();
        same["software_version"] = json!("2");
        keep(&world, &same);
        assert_eq!(standing(&world, &id), LET_IN);
        let mut other = published();
        other[name] = value;
        keep(&world, &other);
        assert_eq!(standing(&world, &id), ANEW, "{name}");
        let again = Client { state: ClientState::Active, ..client(&world, &id) };
        minted(world.refresh_with(&app(), &again, refresh_ask(&token)));
    }
}

#[test]
fn app_that_was_switched_off_stays_off_whatever_its_document_says() {
    let (world, id) = (world(), ClientId::from_text(URL));
    keep(&world, &published());
    let own = id.clone();
    world
        .db
        .write_blocking(move |tx| mcpcodex::ops::client::disable(tx, &operator(), &own))
        .unwrap();
    let mut other = published();
    other["client_name"] = json!("Bank");
    keep(&world, &other);
    assert_eq!(client(&world, &id).state, ClientState::Disabled);
}
