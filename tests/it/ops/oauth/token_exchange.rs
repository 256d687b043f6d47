//! A token for one resource becomes one for the next: by the operator's table alone, and never with more.

use std::sync::Arc;

use mcpcodex::{
    error::Result,
    model::{
        client::{AuthMethod, Client, ClientOrigin, GrantType},
        id::ClientId,
        resource::ResourceScope,
    },
    ops::{
        client,
        exchange_policy::{self, Allowance},
        oauth::{
            Code, Outcome, client_credentials,
            token::Tokens,
            token_exchange::{self, Ask, kind},
        },
        resource, session, user,
    },
};
use serde_json::json;

use super::fixture::*;

pub(super) const DB: &str = "https://db.example.com/";
pub(super) const FAR: &str = "https://far.example.com/";

/// A world with three resources in a row, and a server in front of each of the first two.
pub(super) struct Chain {
    pub(super) world: World,
    pub(super) notes: Client,
    pub(super) db: Client,
}

pub(super) fn chain() -> Chain {
    let world = world();
    for (uri, scopes) in [(DB, ["db:read", "admin:db"]), (FAR, ["far:read", "far:write"])] {
        let new = resource::New {
            uri: uri.to_owned(),
            name: "Down the line".to_owned(),
            scopes: scopes.map(|name| ResourceScope::new(name, "Do it")).to_vec(),
            ..resource::New::default()
        };
        world.db.write_blocking(move |tx| resource::add(tx, &operator(), new)).unwrap();
    }
    let (notes, db) = (server(&world, "Notes server"), server(&world, "Database"));
    let chain = Chain { world, notes, db };
    chain.allow(&chain.notes, MCP, DB, &["read:models=db:read", "admin:models=admin:db"]).unwrap();
    chain.allow(&chain.db, DB, FAR, &["db:read=far:read"]).unwrap();
    chain
}

fn server(world: &World, name: &str) -> Client {
    let new = client::New {
        name: name.to_owned(),
        grant_types: [GrantType::TokenExchange, GrantType::ClientCredentials]
            .map(|grant| grant.as_str().to_owned())
            .to_vec(),
        ..client::New::default()
    };
    world.db.write_blocking(move |tx| client::create(tx, &operator(), new)).unwrap().client
}

impl Chain {
    fn allow(&self, client: &Client, from: &str, to: &str, scopes: &[&str]) -> Result<()> {
        let new = Allowance {
            client: client.id.to_string(),
            from: from.to_owned(),
            to: to.to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        };
        let job = move |tx: &mcpcodex::db::Write<'_>| exchange_policy::allow(tx, &operator(), &new);
        self.world.db.write_blocking(job).map(drop)
    }

    /// A token of the person for the first resource.
    fn first(&self, scope: &str) -> String {
        let tokens = self.world.tokens(&[("resource", MCP), ("scope", scope)]);
        tokens.access_token.expose().to_owned()
    }

    pub(super) fn exchange_as(&self, client: &Client, ask: Ask) -> Outcome {
        let (env, client) = (Arc::clone(&self.world.env), client.clone());
        self.world
            .db
            .write_blocking(move |tx| token_exchange::exchange(tx, &env, &app(), &client, &ask))
            .unwrap()
    }

    pub(super) fn given(&self, client: &Client, token: &str, to: &str) -> Tokens {
        minted(self.exchange_as(client, ask(token, to)))
    }

    fn own_token(&self, client: &Client, resource: &str) -> String {
        let ask = client_credentials::Ask {
            resources: vec![resource.to_owned()],
            ..client_credentials::Ask::default()
        };
        let (env, client) = (Arc::clone(&self.world.env), client.clone());
        let outcome = self
            .world
            .db
            .write_blocking(move |tx| client_credentials::give(tx, &env, &app(), &client, &ask));
        minted(outcome.unwrap()).access_token.expose().to_owned()
    }

    fn disable(&self, id: &ClientId) {
        let id = id.clone();
        self.world.db.write_blocking(move |tx| client::disable(tx, &operator(), &id)).unwrap();
    }
}

pub(super) fn ask(token: &str, to: &str) -> Ask {
    Ask {
        subject_token: Some(token.to_owned()),
        subject_type: Some(kind::ACCESS_TOKEN.to_owned()),
        resources: vec![to.to_owned()],
        ..Ask::default()
    }
}

pub(super) fn text(tokens: &Tokens) -> String {
    tokens.access_token.expose().to_owned()
}

#[test]
fn token_goes_down_the_line_and_says_through_whose_hands() {
    let chain = chain();
    let tokens = chain.given(&chain.notes, &chain.first("openid profile read:models"), DB);
    assert!(tokens.refresh_token.is_none() && tokens.id_token.is_none());
    assert_eq!(tokens.scope, "db:read");
    let second = claims(&text(&tokens));
    assert_eq!(second["sub"], chain.world.user.as_str());
    // The one and the other spelling, as anywhere.
    assert_eq!(second["aud"], json!([DB.trim_end_matches('/'), DB]));
    assert_eq!(second["client_id"], chain.notes.id.as_str());
    let notes = json!({ "sub": chain.notes.id, "client_id": chain.notes.id });
    assert_eq!(second["act"], notes);

    let third = claims(&text(&chain.given(&chain.db, &text(&tokens), FAR)));
    assert_eq!((&third["sub"], &third["scope"]), (&second["sub"], &json!("far:read")));
    assert_eq!(third["act"]["sub"], chain.db.id.as_str());
    assert_eq!(third["act"]["act"], notes);
    let told = chain.world.introspect_as(&chain.notes, &text(&tokens));
    assert_eq!((&told["active"], &told["act"]), (&json!(true), &notes));
    let events = chain.world.events();
    assert_eq!(events.iter().filter(|event| *event == "token.exchange").count(), 2);
}

#[test]
fn nothing_is_exchanged_without_a_row_for_exactly_that() {
    let chain = chain();
    let token = chain.first("read:models");
    // Another client, and the right one for a resource that it may not reach.
    let outcome = chain.exchange_as(&chain.db, ask(&token, FAR));
    assert_eq!(refused(outcome), Code::UnauthorizedClient);
    for to in [FAR, MCP, "https://nowhere.example"] {
        assert_eq!(
            refused(chain.exchange_as(&chain.notes, ask(&token, to))),
            Code::InvalidTarget,
            "{to}"
        );
    }
    let both = Ask { resources: vec![DB.to_owned(), FAR.to_owned()], ..ask(&token, DB) };
    assert_eq!(refused(chain.exchange_as(&chain.notes, both)), Code::InvalidTarget);
    let beside = Ask { audiences: vec![FAR.to_owned()], ..ask(&token, DB) };
    assert_eq!(refused(chain.exchange_as(&chain.notes, beside)), Code::InvalidTarget);
    let by_name = Ask { audiences: vec![DB.to_owned()], resources: Vec::new(), ..ask(&token, DB) };
    minted(chain.exchange_as(&chain.notes, by_name));
    let nowhere = Ask { resources: Vec::new(), ..ask(&token, DB) };
    assert_eq!(refused(chain.exchange_as(&chain.notes, nowhere)), Code::InvalidRequest);
    // A token that was made for this server alone.
    let plain = chain.world.tokens(&[]);
    let outcome = chain.exchange_as(&chain.notes, ask(&text(&plain), DB));
    assert_eq!(refused(outcome), Code::UnauthorizedClient);
    // And what was allowed is taken back.
    let id = chain.notes.id.to_string();
    chain
        .world
        .db
        .write_blocking(move |tx| exchange_policy::revoke(tx, &operator(), &id, MCP, DB))
        .unwrap();
    let outcome = chain.exchange_as(&chain.notes, ask(&token, DB));
    assert_eq!(refused(outcome), Code::UnauthorizedClient);
    assert!(chain.world.events().contains(&"token.exchange_refused".to_owned()));
}

#[test]
fn scopes_never_grow() {
    let chain = chain();
    let token = chain.first("openid email read:models");
    let scope = |scope: &str| {
        chain.exchange_as(&chain.notes, Ask { scope: Some(scope.to_owned()), ..ask(&token, DB) })
    };
    assert_eq!(minted(scope("db:read")).scope, "db:read");
    assert_eq!(minted(scope("db:read admin:db openid")).scope, "db:read");
    for nothing in ["admin:db", "openid", "read:models", "far:read"] {
        assert_eq!(refused(scope(nothing)), Code::InvalidScope, "{nothing}");
    }
    // A token without what the row starts from.
    let bare = chain.first("openid");
    assert_eq!(refused(chain.exchange_as(&chain.notes, ask(&bare, DB))), Code::InvalidScope);
    // A client that was registered with some scopes alone.
    let narrow = Client {
        scopes: mcpcodex::model::scope::ScopeSet::parse("openid admin:db"),
        ..chain.notes.clone()
    };
    assert_eq!(refused(chain.exchange_as(&narrow, ask(&token, DB))), Code::InvalidScope);
}

#[test]
fn only_good_tokens_of_people_are_exchanged() {
    let chain = chain();
    let good = chain.first("read:models");
    let tokens = chain.world.tokens(&[("resource", MCP), ("scope", "openid read:models")]);
    let (id, refresh) = (tokens.id_token.as_ref().unwrap().expose(), refresh_token(&tokens));
    let own = chain.own_token(&chain.notes, MCP);
    for (why, token) in [
        ("nothing", ""),
        ("an ID token", id),
        ("a refresh token", refresh.as_str()),
        ("a token of a client", own.as_str()),
        ("a cut token", &good[..good.len() - 3]),
    ] {
        let outcome = chain.exchange_as(&chain.notes, ask(token, DB));
        assert_eq!(refused(outcome), Code::InvalidRequest, "{why}");
    }
    for typ in [kind::ID_TOKEN, kind::ID_JAG, "urn:ietf:params:oauth:token-type:saml2", ""] {
        let ask = Ask { subject_type: Some(typ.to_owned()), ..ask(&good, DB) };
        assert_eq!(refused(chain.exchange_as(&chain.notes, ask)), Code::InvalidRequest, "{typ}");
    }
    for ask in [
        Ask { subject_token: None, ..ask(&good, DB) },
        Ask { subject_type: None, ..ask(&good, DB) },
        Ask { requested_type: Some(kind::ID_TOKEN.to_owned()), ..ask(&good, DB) },
        Ask { actor_token: Some(good.clone()), ..ask(&good, DB) },
        Ask { actor_type: Some(kind::ACCESS_TOKEN.to_owned()), ..ask(&good, DB) },
    ] {
        assert_eq!(
            refused(chain.exchange_as(&chain.notes, ask.clone())),
            Code::InvalidRequest,
            "{ask:?}"
        );
    }
    let as_jwt = Ask { subject_type: Some(kind::JWT.to_owned()), ..ask(&good, DB) };
    minted(chain.exchange_as(&chain.notes, as_jwt));
    chain.world.pass(900);
    let late = chain.exchange_as(&chain.notes, ask(&good, DB));
    assert_eq!(refused(late), Code::InvalidRequest, "an expired token was exchanged");
}

#[test]
fn new_token_ends_no_later_than_the_old_one() {
    let chain = chain();
    let token = chain.first("read:models");
    chain.world.pass(600);
    let tokens = chain.given(&chain.notes, &token, DB);
    assert!(tokens.expires_in <= 300, "{}", tokens.expires_in);
    assert_eq!(claims(&text(&tokens))["exp"], claims(&token)["exp"]);
}

#[test]
fn client_that_may_not_or_cannot_prove_itself_is_refused() {
    let chain = chain();
    let token = chain.first("read:models");
    for client in [
        Client { grant_types: GrantType::USUAL.to_vec(), ..chain.notes.clone() },
        Client { auth_method: AuthMethod::None, ..chain.notes.clone() },
        Client { origin: ClientOrigin::Dynamic, ..chain.notes.clone() },
    ] {
        let outcome = chain.exchange_as(&client, ask(&token, DB));
        assert_eq!(refused(outcome), Code::UnauthorizedClient);
    }
}

#[test]
fn actor_may_be_another_client_whose_token_was_meant_for_this_one() {
    let chain = chain();
    let agent = server(&chain.world, "Agent");
    let acting = |actor: String| Ask {
        actor_token: Some(actor),
        actor_type: Some(kind::ACCESS_TOKEN.to_owned()),
        ..ask(&chain.first("read:models"), DB)
    };
    let token = minted(chain.exchange_as(&chain.notes, acting(chain.own_token(&agent, MCP))));
    assert_eq!(claims(&text(&token))["act"]["sub"], agent.id.as_str());
    let own = minted(chain.exchange_as(&chain.notes, acting(chain.own_token(&chain.notes, FAR))));
    assert_eq!(claims(&text(&own))["act"]["sub"], chain.notes.id.as_str());
    for (why, actor) in [
        ("made for another resource", chain.own_token(&agent, FAR)),
        ("a person's", chain.first("read:models")),
        ("no token", "x".to_owned()),
    ] {
        let outcome = chain.exchange_as(&chain.notes, acting(actor));
        assert_eq!(refused(outcome), Code::InvalidRequest, "{why}");
    }
    // A disabled agent takes what it acted for along.
    chain.disable(&agent.id);
    assert!(!chain.world.is_active(&text(&token)));
    assert!(chain.world.is_active(&text(&own)));
}

#[test]
fn chain_of_more_than_five_hands_is_refused() {
    let chain = chain();
    chain.allow(&chain.notes, DB, MCP, &["db:read=read:models"]).unwrap();
    let mut token = chain.first("read:models");
    for (at, to) in [DB, MCP, DB, MCP, DB].into_iter().enumerate() {
        token = text(&chain.given(&chain.notes, &token, to));
        assert_eq!(claims(&token)["act"].to_string().matches("\"sub\"").count(), at + 1);
    }
    let outcome = chain.exchange_as(&chain.notes, ask(&token, MCP));
    assert_eq!(refused(outcome), Code::InvalidRequest);
}

#[test]
fn exchanged_token_ends_with_the_grant_the_person_and_each_client_in_the_chain() {
    let exchanged = |chain: &Chain| {
        let second = text(&chain.given(&chain.notes, &chain.first("read:models"), DB));
        text(&chain.given(&chain.db, &second, FAR))
    };
    let ends = |why: &str, end: &dyn Fn(&Chain)| {
        let chain = chain();
        let token = exchanged(&chain);
        assert!(chain.world.is_active(&token));
        end(&chain);
        assert!(!chain.world.is_active(&token), "it outlived {why}");
    };
    ends("the first client", &|chain| chain.disable(&chain.world.client.id));
    ends("the client in the middle", &|chain| chain.disable(&chain.notes.id));
    ends("the last client", &|chain| chain.disable(&chain.db.id));
    ends("the person", &|chain| {
        let id = chain.world.user.clone();
        chain.world.db.write_blocking(move |tx| user::disable(tx, &operator(), &id)).unwrap();
    });
    ends("the grant", &|chain| {
        let id = chain.world.user.clone();
        chain
            .world
            .db
            .write_blocking(move |tx| session::revoke_of_user(tx, &operator(), &id))
            .unwrap();
    });
}

#[test]
fn table_takes_only_what_can_be_meant() {
    let chain = chain();
    let refusal = |client: &Client, from: &str, to: &str, scopes: &[&str]| {
        chain.allow(client, from, to, scopes).unwrap_err().code()
    };
    assert_eq!(refusal(&chain.world.client, MCP, DB, &["read:models"]), "conflict");
    assert_eq!(refusal(&chain.notes, MCP, MCP, &["read:models"]), "invalid");
    assert_eq!(refusal(&chain.notes, MCP, DB, &[]), "invalid");
    assert_eq!(refusal(&chain.notes, MCP, DB, &["read:models=openid"]), "invalid");
    assert_eq!(refusal(&chain.notes, MCP, DB, &["made-up=db:read"]), "not_found");
    assert_eq!(refusal(&chain.notes, MCP, DB, &["read:models=made-up"]), "not_found");
    assert_eq!(refusal(&chain.notes, "https://nowhere.example", DB, &["x"]), "not_found");
    let person = person(&chain.world.db, "mallory", "user");
    let mallory = sign_in(&chain.world.db, &chain.world.env, &person).actor(app().origin);
    let new = Allowance::default();
    let by_person = chain.world.db.write_blocking({
        let mallory = mallory.clone();
        move |tx| exchange_policy::allow(tx, &mallory, &new)
    });
    assert_eq!(by_person.unwrap_err().code(), "denied");
    let listed = chain.world.db.read(|r| exchange_policy::list(r, &operator(), None)).unwrap();
    assert_eq!(listed.len(), 2);
    assert!(chain.world.db.read(|r| exchange_policy::list(r, &mallory, None)).is_err());
}
