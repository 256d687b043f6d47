//! Apps that a person let in: shown to them, and out when they say so.

use mcpcodex::{
    model::{actor::Actor, id::ClientId},
    ops::{
        oauth::{authorize::Next, connected},
        session::SignedIn,
    },
};

use super::fixture::{MCP, World, app, world};

fn person(signed_in: &SignedIn) -> Actor {
    signed_in.actor(app().origin)
}

fn disconnect(world: &World, who: &Actor, client: &ClientId) -> mcpcodex::error::Result<usize> {
    let (who, user, client) = (who.clone(), world.user.clone(), client.clone());
    world.db.write_blocking(move |tx| connected::disconnect(tx, &who, &user, &client))
}

#[test]
fn app_that_was_let_in_is_listed_and_after_its_end_has_nothing_and_asks_again() {
    let world = world();
    let who = person(&world.signed_in);
    let list = || world.db.read(|r| connected::list(r, &who, &world.user)).unwrap();
    assert!(list().is_empty());
    let tokens = world.tokens(&[("resource", MCP), ("scope", "openid offline_access")]);
    let apps = list();
    assert_eq!(apps.len(), 1);
    let one = apps.first().unwrap();
    assert_eq!(
        (one.client_id.clone(), one.resources.clone()),
        (world.client.id.clone(), vec![MCP.to_owned()])
    );
    assert!(one.last_used_at.is_some());
    assert!(one.scopes.to_string().contains("openid"));

    assert_eq!(disconnect(&world, &who, &world.client.id).unwrap(), 1);
    assert!(list().is_empty());
    let refused = world.refresh(tokens.refresh_token.as_ref().unwrap().expose());
    assert!(matches!(refused, mcpcodex::ops::oauth::Outcome::Refused(_)), "{refused:?}");
    assert_eq!(world.introspect(tokens.access_token.expose())["active"], false);
    let next = world.decide(&world.waiting(&[]), Some(&world.signed_in));
    assert!(matches!(next, Next::Consent(_)), "{next:?}");
    assert!(disconnect(&world, &who, &world.client.id).is_err(), "twice");
}

#[test]
fn nobody_disconnects_the_apps_of_another() {
    let world = world();
    world.tokens(&[]);
    let stranger = Actor::person(
        mcpcodex::model::id::UserId::new(),
        world.signed_in.session.id.clone(),
        app().origin,
    );
    assert!(disconnect(&world, &stranger, &world.client.id).is_err());
    assert!(world.db.read(|r| connected::list(r, &stranger, &world.user)).is_err());
}
