//! Signing keys in the course of time: who signs, who is believed, what a missing key costs.

use std::{sync::Arc, time::Duration};

use mcpcodex::{
    config::Config,
    crypto::jwt::{Algorithm, SigningKey},
    db::Write,
    error::{Kind, Result},
    model::{
        actor::{Actor, Origin},
        key::{KeyStanding, KeyState},
    },
    ops::{
        env::Env,
        key::{
            self,
            rotation::{self, Order},
        },
        oauth::token,
        sweep,
    },
    store,
};
use serde_json::{Value, json};

use super::oauth::fixture::{self, MCP, World, claims, minted, operator, refresh_token};
use crate::support::{TestApp, race};

const HOUR: u64 = 3_600;

/// Keys sign for four hours and are published one hour before.
fn brisk(config: &mut Config) {
    let keys = &mut config.authentication.tokens.signing_keys;
    keys.rotate_after = Duration::from_secs(4 * HOUR);
    keys.publish_ahead = Duration::from_secs(HOUR);
}

fn world() -> World {
    fixture::world_with(brisk, |_| {})
}

fn fresh() -> SigningKey {
    SigningKey::generate(Algorithm::ES256).unwrap()
}

/// What is told about a world's keys, and done to them.
trait Keys {
    fn keys(&self) -> Vec<KeyStanding>;
    fn jwks(&self) -> Vec<String>;
    fn turn(&self) -> usize;
    fn act<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Write<'_>, &Env, &Actor) -> Result<T> + Send + 'static,
    ) -> Result<T>;
    fn signing(&self) -> String;
    fn state(&self, kid: &str) -> KeyState;
}

impl Keys for World {
    fn keys(&self) -> Vec<KeyStanding> {
        self.db.read(|r| key::list(r, &self.env, &operator())).unwrap()
    }

    fn jwks(&self) -> Vec<String> {
        let jwks = self.db.read(key::jwks).unwrap();
        let kids = jwks["keys"].as_array().unwrap().iter();
        kids.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }

    fn turn(&self) -> usize {
        rotation::turn(&self.db, &self.env).unwrap()
    }

    fn act<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Write<'_>, &Env, &Actor) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let env = Arc::clone(&self.env);
        self.db.write_blocking(move |tx| job(tx, &env, &operator()))
    }

    fn signing(&self) -> String {
        let signer = self.db.read(|r| key::signer(r, &self.env, Algorithm::ES256)).unwrap();
        signer.kid().to_owned()
    }

    fn state(&self, kid: &str) -> KeyState {
        self.db.read(|r| store::key::by_kid(r, kid)).unwrap().unwrap().state
    }
}

/// Whether the server believes these claims, signed with this key.
fn believed(world: &World, signer: &SigningKey, claims: &Value) -> bool {
    let token = signer.sign("at+jwt", claims).unwrap();
    world.db.read(|r| token::access(r, &world.env, &token)).unwrap().is_ok()
}

#[test]
fn key_is_published_then_signs_then_is_believed_and_then_is_history() {
    let world = world();
    let first = world.signing();
    let signer = world.db.read(|r| key::signer(r, &world.env, Algorithm::ES256)).unwrap();
    let tokens = world.tokens(&[]);
    // Claims that would outlive every limit, so that only the key decides.
    let mut lasting = claims(tokens.access_token.expose());
    lasting["exp"] = json!(fixture::START.secs() + 1_000_000);
    world.pass(3 * HOUR - 1);
    assert_eq!(world.turn(), 0);
    assert_eq!(world.jwks(), std::slice::from_ref(&first));

    world.pass(1);
    assert_eq!(world.turn(), 1, "an hour before its turn");
    let second = world.jwks().pop().unwrap();
    assert_eq!(world.jwks(), [first.clone(), second.clone()], "the one that signs stands first");
    assert_eq!((world.signing(), world.state(&second)), (first.clone(), KeyState::Next));
    world.pass(HOUR - 1);
    assert_eq!((world.turn(), world.signing()), (0, first.clone()));

    world.pass(1);
    assert_eq!(world.turn(), 1);
    assert_eq!((world.signing(), world.state(&first)), (second.clone(), KeyState::Retired));
    assert_eq!(world.jwks(), [second.clone(), first.clone()]);
    let rotated = minted(world.refresh(&refresh_token(&tokens)));
    assert_eq!(fixture::part(rotated.access_token.expose(), 0)["kid"], second.as_str());
    assert!(world.is_active(rotated.access_token.expose()));

    // ID tokens live an hour, longer than access tokens.
    world.pass(HOUR - 1);
    assert!(believed(&world, &signer, &lasting));
    {
        let env = Arc::clone(&world.env);
        world.db.write_blocking(move |tx| sweep::sweep(tx, &env)).unwrap();
    }
    assert!(world.db.read(|r| store::key::sealed(r, &first)).unwrap().is_some());
    world.pass(1);
    assert!(!believed(&world, &signer, &lasting), "its last token has ended");
    assert_eq!(world.jwks(), [second]);
    {
        let env = Arc::clone(&world.env);
        world.db.write_blocking(move |tx| sweep::sweep(tx, &env)).unwrap();
    }
    assert!(world.db.read(|r| store::key::sealed(r, &first)).unwrap().is_none(), "wiped");
    assert_eq!(world.keys().len(), 2, "the row stays");
    let life = ["key.create", "key.stage", "key.rotate", "key.wipe"];
    let events = world.events();
    let told: Vec<&str> =
        events.iter().map(String::as_str).filter(|event| event.starts_with("key.")).collect();
    assert_eq!(told, life);
}

#[test]
fn jwks_holds_no_private_member_in_any_state() {
    let world = world();
    world.act(|tx, env, who| rotation::stage(tx, env, who, &fresh())).unwrap();
    world.pass(HOUR);
    world.act(|tx, env, who| rotation::rotate(tx, env, who, &Order::default())).unwrap();
    let rsa = || SigningKey::generate(Algorithm::RS256).unwrap();
    world.act(move |tx, env, who| rotation::stage(tx, env, who, &rsa())).unwrap();
    let jwks = world.db.read(key::jwks).unwrap();
    assert_eq!(jwks["keys"].as_array().unwrap().len(), 3);
    for key in jwks["keys"].as_array().unwrap() {
        for (member, _) in key.as_object().unwrap() {
            assert!(
                ["kty", "crv", "x", "y", "n", "e", "use", "alg", "kid"].contains(&member.as_str()),
                "{member}"
            );
        }
    }
}

#[test]
fn key_that_nobody_can_know_yet_signs_only_when_that_is_said() {
    let world = world();
    let first = world.signing();
    let rotate = |now: bool| {
        world.act(move |tx, env, who| {
            rotation::rotate(tx, env, who, &Order { now, ..Order::default() })
        })
    };
    let none = rotate(false).unwrap_err();
    assert_eq!(none.kind(), Kind::Conflict);
    assert!(none.next().unwrap().contains("key stage"), "{none:?}");
    world.act(|tx, env, who| rotation::stage(tx, env, who, &fresh())).unwrap();
    let twice = world.act(|tx, env, who| rotation::stage(tx, env, who, &fresh())).unwrap_err();
    assert_eq!(twice.kind(), Kind::Conflict);
    world.pass(HOUR - 1);
    let early = rotate(false).unwrap_err();
    assert_eq!(early.kind(), Kind::Conflict);
    assert!(early.next().unwrap().contains("--now"), "{early:?}");
    assert_eq!(world.signing(), first);

    let turned = rotate(true).unwrap();
    assert!(!turned.ready);
    assert_eq!(turned.before.unwrap().kid, first);
    assert_eq!(world.signing(), turned.signs.kid);
    assert_eq!(rotate(true).unwrap_err().kind(), Kind::Conflict, "nothing is staged");
    let made = world
        .act(|tx, env, who| {
            let fresh = fresh();
            let order = Order { now: true, fresh: Some(&fresh), ..Order::default() };
            rotation::rotate(tx, env, who, &order)
        })
        .unwrap();
    assert_eq!(world.signing(), made.signs.kid);
}

#[test]
fn retired_key_is_refused_at_once_and_families_go_on() {
    let world = world();
    let first = world.signing();
    let tokens = world.tokens(&[]);
    assert!(world.is_active(tokens.access_token.expose()));
    let kid = first.clone();
    let lacks = world.db.read(|r| rotation::lacks(r, &world.env, Some(&first))).unwrap();
    assert_eq!(lacks, Some(Algorithm::ES256));
    let without = {
        let kid = kid.clone();
        world.act(move |tx, env, who| rotation::retire(tx, env, who, &kid, None))
    };
    assert_eq!(without.unwrap_err().kind(), Kind::Busy, "somebody must sign");
    assert_eq!(world.signing(), first);

    let done = world
        .act(move |tx, env, who| rotation::retire(tx, env, who, &kid, Some(&fresh())))
        .unwrap();
    assert_eq!(done.key.verifies_until, Some(world.clock.now()));
    assert_eq!(world.signing(), done.instead.unwrap().kid);
    assert!(!world.is_active(tokens.access_token.expose()));
    assert!(!world.jwks().contains(&first));
    let next = minted(world.refresh(&refresh_token(&tokens)));
    assert!(world.is_active(next.access_token.expose()), "nobody has to sign in again");
    let again = world.act(move |tx, env, who| rotation::retire(tx, env, who, &first, None));
    assert_eq!(again.unwrap_err().kind(), Kind::Conflict);
}

#[test]
fn staged_key_takes_the_place_of_one_that_is_retired() {
    let world = world();
    let (first, staged) = (
        world.signing(),
        world.act(|tx, env, who| rotation::stage(tx, env, who, &fresh())).unwrap().kid,
    );
    assert_eq!(world.db.read(|r| rotation::lacks(r, &world.env, Some(&first))).unwrap(), None);
    world.act(move |tx, env, who| rotation::retire(tx, env, who, &first, None)).unwrap();
    assert_eq!(world.signing(), staged);
    let next = world.act(|tx, env, who| rotation::stage(tx, env, who, &fresh())).unwrap().kid;
    let kid = next.clone();
    world.act(move |tx, env, who| rotation::retire(tx, env, who, &kid, None)).unwrap();
    assert_eq!((world.signing(), world.jwks().contains(&next)), (staged, false));
}

#[test]
fn algorithms_of_resources_have_keys_and_turns_of_their_own() {
    let world = world();
    let es256 = world.signing();
    world
        .db
        .write_blocking(|tx| {
            let uri = mcpcodex::model::resource::ResourceUri::parse(MCP)?;
            let mut resource = store::resource::by_uri(tx, &uri)?.unwrap();
            resource.algorithm = Some(Algorithm::EdDSA);
            resource.token_lifetime = Some(Duration::from_secs(2 * HOUR));
            store::resource::update(tx, &resource)
        })
        .unwrap();
    assert!(world.db.read(|r| key::signer(r, &world.env, Algorithm::EdDSA)).is_err());
    assert_eq!(world.turn(), 1);
    let eddsa = world.db.read(|r| key::signer(r, &world.env, Algorithm::EdDSA)).unwrap();
    assert_eq!((world.signing(), world.jwks().len()), (es256.clone(), 2));
    world.pass(3 * HOUR);
    assert_eq!(world.turn(), 2, "each has a next one");
    world.pass(HOUR);
    assert_eq!(world.turn(), 2);
    assert_ne!(world.signing(), es256);
    for old in [es256.as_str(), eddsa.kid()] {
        let row = world.db.read(|r| store::key::by_kid(r, old)).unwrap().unwrap();
        let until = world.clock.now().plus(Duration::from_secs(2 * HOUR));
        assert_eq!(row.verifies_until, Some(until), "the longest of all lifetimes");
    }
}

#[test]
fn key_outlives_tokens_of_a_lifetime_that_was_shortened_since() {
    let test = TestApp::with(|config| {
        config.authentication.tokens.access_token.lifetime = Duration::from_secs(3 * HOUR);
    });
    let other = test.another_with(|config| {
        config.authentication.tokens.access_token.lifetime = Duration::from_secs(60);
    });
    let env = other.env();
    let turned = test.write(move |tx| {
        let fresh = fresh();
        let order = Order { now: true, fresh: Some(&fresh), ..Order::default() };
        rotation::rotate(tx, &env, &operator(), &order)
    });
    let until = test.clock.now().plus(Duration::from_secs(3 * HOUR));
    assert_eq!(turned.before.unwrap().verifies_until, Some(until));
}

#[test]
fn without_a_schedule_nothing_turns_by_itself() {
    let world = fixture::world_with(
        |config| {
            config.authentication.tokens.signing_keys.rotate_after = Duration::ZERO;
        },
        |_| {},
    );
    let first = world.signing();
    world.act(|tx, env, who| rotation::stage(tx, env, who, &fresh())).unwrap();
    world.pass(10 * 365 * 24 * HOUR);
    assert_eq!((world.turn(), world.signing()), (0, first));
}

#[test]
fn staged_key_begins_when_its_algorithm_is_configured() {
    let test = TestApp::new();
    let staged = {
        let env = test.app.env();
        test.write(move |tx| {
            let fresh = SigningKey::generate(Algorithm::EdDSA)?;
            rotation::stage(tx, &env, &operator(), &fresh)
        })
    };
    let other = test.another_with(|config| {
        config.authentication.tokens.access_token.algorithm =
            mcpcodex::config::tokens::SigningAlgorithm::EdDsa;
    });
    let signer = other.db.read(|r| key::signer(r, &other.env, Algorithm::EdDSA)).unwrap();
    assert_eq!(signer.kid(), staged.kid, "what is known already is not made anew");
}

#[test]
fn processes_that_come_at_once_make_one_key_and_one_turn() {
    let test = TestApp::with(brisk);
    let apps: Vec<_> = (0..6).map(|_| test.another()).collect();
    for round in 0..4 {
        for (wait, what) in [(3 * HOUR, "staged"), (HOUR, "turned")] {
            test.advance(wait);
            let steps = race(apps.len(), |at| rotation::turn(&apps[at].db, &apps[at].env).unwrap());
            assert_eq!(steps.into_iter().sum::<usize>(), 1, "{what} in round {round}");
        }
        let keys = test.read(|r| key::list(r, &test.app.env, &operator()));
        let count = |state| keys.iter().filter(|row| row.key.state == state).count();
        assert_eq!((count(KeyState::Active), count(KeyState::Next)), (1, 0), "round {round}");
    }
    let events = test.events();
    let count = |name: &str| events.iter().filter(|event| *event == name).count();
    assert_eq!((count("key.stage"), count("key.rotate")), (4, 4));
}

#[test]
fn only_the_operator_touches_keys_and_only_by_a_name_that_is_clear() {
    let world = world();
    let stranger = Actor::anonymous(Origin::default());
    let env = Arc::clone(&world.env);
    let kid = world.signing();
    let denied = world.db.write_blocking(move |tx| {
        let refused = |kind: Option<Kind>| assert_eq!(kind, Some(Kind::Denied));
        refused(rotation::stage(tx, &env, &stranger, &fresh()).err().map(|e| e.kind()));
        let order = Order { now: true, ..Order::default() };
        refused(rotation::rotate(tx, &env, &stranger, &order).err().map(|e| e.kind()));
        refused(rotation::retire(tx, &env, &stranger, &kid, None).err().map(|e| e.kind()));
        refused(key::list(tx, &env, &stranger).err().map(|e| e.kind()));
        Ok(())
    });
    denied.unwrap();
    let kid = world.signing();
    let find = |typed: &str| world.db.read(|r| key::find(r, typed)).map(|key| key.kid);
    assert_eq!(find(&kid[..6]).unwrap(), kid);
    for wrong in [&kid[..5], "", "unknown-key", "%", "______"] {
        assert_eq!(find(wrong).unwrap_err().kind(), Kind::NotFound, "{wrong}");
    }
}

#[test]
fn apps_are_counted_for_the_key_that_signed_their_newest_token() {
    let world = world();
    let first = world.signing();
    let tokens = world.tokens(&[]);
    world.tokens(&[]);
    let apps = |kid: &str| world.keys().iter().find(|row| row.key.kid == kid).unwrap().apps;
    assert_eq!(apps(&first), 2);
    world.pass(60);
    let turned = world
        .act(|tx, env, who| {
            let fresh = fresh();
            let order = Order { now: true, fresh: Some(&fresh), ..Order::default() };
            rotation::rotate(tx, env, who, &order)
        })
        .unwrap();
    world.pass(60);
    minted(world.refresh(&refresh_token(&tokens)));
    assert_eq!((apps(&first), apps(&turned.signs.kid)), (1, 1));
    world.pass(2 * HOUR);
    assert_eq!((apps(&first), apps(&turned.signs.kid)), (0, 0), "none of them is alive");
}
