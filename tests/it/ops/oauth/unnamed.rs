//! Requests that name no resource (clients from before RFC 8707): for the one that they can only mean.

use mcpcodex::ops::oauth::Code;
use serde_json::json;

use super::{
    fixture::*,
    rights::{OTHER, add_other, roles},
};

fn given(world: &World, with: &[(&str, &str)]) -> (serde_json::Value, String) {
    let tokens = world.tokens(with);
    (claims(tokens.access_token.expose())["aud"].clone(), tokens.scope)
}

#[test]
fn scope_that_one_resource_alone_offers_names_it() {
    let world = world();
    add_other(&world);
    let own = json!("mcpcodex-api");
    assert_eq!(given(&world, &[("scope", "openid email")]), (own.clone(), "openid email".into()));
    assert_eq!(given(&world, &[("scope", "")]).0, own, "no scope is no wish for a resource");
    assert_eq!(
        given(&world, &[("scope", "openid read:models")]),
        (json!(MCP), "openid read:models".into())
    );
    assert_eq!(given(&world, &[("scope", "other:use")]).0, json!(OTHER));
    // Several of one resource name it once.
    let (aud, scope) = given(&world, &[("scope", "openid read:models admin:models")]);
    assert_eq!((aud, scope.as_str()), (json!(MCP), "openid read:models"), "she is no admin");
    // Of two nobody knows which is meant.
    let (aud, scope) = given(&world, &[("scope", "openid read:models other:use")]);
    assert_eq!((aud, scope.as_str()), (own, "openid"));
    // What was found once stays: the refresh is for it too.
    let tokens = world.tokens(&[("scope", "read:models offline_access")]);
    let renewed = minted(world.refresh(&refresh_token(&tokens)));
    assert_eq!(claims(renewed.access_token.expose())["aud"], json!(MCP));
}

#[test]
fn client_that_is_registered_for_one_resource_means_that_one() {
    let world = world_with(|_| {}, |new| new.resources = vec![MCP.to_owned()]);
    add_other(&world);
    let (aud, scope) = given(&world, &[("scope", "")]);
    assert_eq!(aud, json!(MCP));
    assert!(scope.contains("read:models"), "{scope}");
    assert_eq!(given(&world, &[("scope", "openid")]).0, json!("mcpcodex-api"), "signing in alone");
    // Another's scope is not had by the back door.
    let (aud, scope) = given(&world, &[("scope", "openid other:use")]);
    assert_eq!((aud, scope.as_str()), (json!("mcpcodex-api"), "openid"));
}

#[test]
fn client_that_is_registered_for_two_resources_means_neither_by_naming_none() {
    let both = |new: &mut mcpcodex::ops::client::New| {
        new.resources = vec![MCP.to_owned()];
    };
    let world = world_with(|_| {}, both);
    add_other(&world);
    let id = world.client.id.clone();
    let change = mcpcodex::ops::client::Change {
        resources: Some(vec![MCP.to_owned(), OTHER.to_owned()]),
        ..mcpcodex::ops::client::Change::default()
    };
    world
        .db
        .write_blocking(move |tx| mcpcodex::ops::client::edit(tx, &operator(), &id, change))
        .unwrap();
    let (aud, scope) = given(&world, &[("scope", "")]);
    assert_eq!((aud, scope.as_str()), (json!("mcpcodex-api"), "openid profile email"));
    assert_eq!(given(&world, &[("scope", "read:models")]).0, json!(MCP), "its scope says which");
}

#[test]
fn role_and_registration_hold_as_if_it_had_been_named() {
    let world = world();
    roles(&world, &["admin"]);
    let id = world.waiting(&[("scope", "read:models")]);
    let url = redirect(world.decide(&id, Some(&world.signed_in)));
    assert_eq!(query(&url, "error").as_deref(), Some("access_denied"));
    let code = world.code(&[("scope", "openid")]);
    let mut wide = ask(&code);
    wide.resources = vec![MCP.to_owned()];
    assert_eq!(refused(world.exchange(wide)), Code::InvalidTarget);
}
