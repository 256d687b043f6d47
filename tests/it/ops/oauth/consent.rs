//! Whom an earlier yes still counts for: not for an app of which nobody can say that it is the same.

use std::sync::Arc;

use mcpcodex::{
    model::{
        client::{AuthMethod, Client, ClientOrigin, ClientState},
        id::ClientId,
        redirect::RedirectUri,
    },
    ops::{
        client,
        client::newcomer,
        oauth::authorize::{self, Next},
    },
    store,
};

use super::fixture::{World, browser, operator, query, redirect, world};

const LOCAL: &str = "http://127.0.0.1/cb";
const PORT: &str = "http://127.0.0.1:41999/cb";
const SCHEME: &str = "cursor://anysphere.cursor-mcp/oauth/callback";
const WEB: &str = "https://app.example.com/cb";

/// An app that came by itself, or not, with one redirect URI.
fn app(world: &World, origin: ClientOrigin, method: AuthMethod, uri: &str) -> Client {
    let id = match origin {
        ClientOrigin::Document => format!("https://apps.example.com/{uri}"),
        ClientOrigin::BuiltIn | ClientOrigin::Static | ClientOrigin::Dynamic => {
            ClientId::new().to_string()
        }
    };
    let client = Client {
        origin,
        auth_method: method,
        redirect_uris: vec![RedirectUri::parse(uri).unwrap()],
        ..Client::new(ClientId::from_text(id), "Reader".to_owned(), world.db.now())
    };
    let row = client.clone();
    world.db.write_blocking(move |tx| store::client::insert(tx, &row, None)).unwrap();
    client
}

/// What comes after the request of an app whose every wish was allowed before.
fn second(world: &World, client: &Client, uri: &str, more: &[(&str, &str)]) -> Next {
    let id = client.id.to_string();
    let usual = [("client_id", id.as_str()), ("redirect_uri", uri), ("scope", "openid email")];
    let first = world.waiting(&usual);
    redirect(world.answer(&first, &world.signed_in, true));
    let all = [&usual[..], more].concat();
    world.decide(&world.waiting(&all), Some(&world.signed_in))
}

fn is_asked_again(next: &Next) -> bool {
    match next {
        Next::Consent(question) => {
            assert!(question.again && question.scopes.iter().all(|line| !line.new));
            true
        }
        Next::Redirect(url) => {
            assert!(query(url, "code").is_some(), "{url}");
            false
        }
        Next::SignIn
        | Next::SignInAgain
        | Next::StepUp(_)
        | Next::Post(_)
        | Next::Held(_)
        | Next::Gone(_) => {
            panic!("{next:?}")
        }
    }
}

#[test]
fn app_that_nobody_knows_is_asked_about_each_time_when_its_answer_stays_on_the_device() {
    use AuthMethod::{None, PrivateKeyJwt};
    use ClientOrigin::{Document, Dynamic, Static};
    let world = world();
    for (origin, method, uri, at, asked) in [
        (Dynamic, None, LOCAL, LOCAL, true),
        (Dynamic, None, LOCAL, PORT, true),
        (Dynamic, None, "http://localhost:3118/cb", "http://localhost:3118/cb", true),
        (Dynamic, None, SCHEME, SCHEME, true),
        (Document, None, LOCAL, PORT, true),
        (Document, None, SCHEME, SCHEME, true),
        // Where its answer goes to a site, whoever else began it gets nothing.
        (Dynamic, None, WEB, WEB, false),
        (Document, None, WEB, WEB, false),
        // It proves itself before it gets a token.
        (Dynamic, PrivateKeyJwt, LOCAL, PORT, false),
        // An operator wrote down that it is what it says.
        (Static, None, LOCAL, PORT, false),
        (Static, None, SCHEME, SCHEME, false),
    ] {
        let client = app(&world, origin, method, uri);
        let next = second(&world, &client, at, &[]);
        assert_eq!(is_asked_again(&next), asked, "{origin:?} {method:?} {at}");
    }
}

#[test]
fn silent_request_of_such_an_app_is_told_that_the_person_must_be_asked() {
    let world = world();
    let stranger = app(&world, ClientOrigin::Dynamic, AuthMethod::None, LOCAL);
    let url = redirect(second(&world, &stranger, PORT, &[("prompt", "none")]));
    assert_eq!(query(&url, "error").as_deref(), Some("consent_required"));
    let known = app(&world, ClientOrigin::Static, AuthMethod::None, LOCAL);
    let url = redirect(second(&world, &known, PORT, &[("prompt", "none")]));
    assert!(query(&url, "code").is_some(), "{url}");
}

#[test]
fn administrator_who_approves_it_ends_the_questions_also_when_it_is_in_use_already() {
    let world = world();
    let stranger = app(&world, ClientOrigin::Dynamic, AuthMethod::None, LOCAL);
    assert!(is_asked_again(&second(&world, &stranger, PORT, &[])));
    let approve = |id: &ClientId| {
        let id = id.clone();
        world.db.write_blocking(move |tx| newcomer::approve(tx, &operator(), &id))
    };
    assert_eq!(approve(&stranger.id).unwrap().state, ClientState::Active);
    assert!(!is_asked_again(&second(&world, &stranger, PORT, &[])));
    assert!(world.events().contains(&"client.approve".to_owned()));
    assert_eq!(approve(&stranger.id).unwrap_err().code(), "conflict", "approved already");
    assert_eq!(approve(&world.client.id).unwrap_err().code(), "conflict", "it did not come");
    let off = app(&world, ClientOrigin::Dynamic, AuthMethod::None, SCHEME);
    let id = off.id.clone();
    world.db.write_blocking(move |tx| client::disable(tx, &operator(), &id)).unwrap();
    assert_eq!(approve(&off.id).unwrap_err().code(), "conflict", "switched off");
}

#[test]
fn question_about_something_new_does_not_say_that_it_was_asked_before() {
    let world = world();
    let stranger = app(&world, ClientOrigin::Dynamic, AuthMethod::None, LOCAL);
    let next = second(&world, &stranger, PORT, &[("scope", "openid email profile")]);
    let Next::Consent(question) = next else { panic!("{next:?}") };
    assert!(!question.again && question.scopes.iter().any(|line| line.new));
    let env = Arc::clone(&world.env);
    let (request, who) = (question.request.clone(), world.signed_in.clone());
    let answered = world.db.write_blocking(move |tx| {
        let browser = browser();
        let visit =
            authorize::Visit { browser: &browser, request: &request, signed_in: Some(&who) };
        let decision = authorize::Decision { allow: true, shown: &question.shown };
        authorize::answer(tx, &env, &super::fixture::app(), visit, decision)
    });
    assert!(query(&redirect(answered.unwrap()), "code").is_some());
}
