//! Who may answer a request: hints, `claims`, and the rest of `prompt`.

use std::sync::Arc;

use mcpcodex::ops::oauth::{authorize::Next, backchannel, begin::Begun};

use super::fixture::*;

const NOBODY: &str = "u_00000000000000000000000000000000";

fn error(begun: Begun) -> String {
    let Begun::Redirect(url) = begun else { panic!("no redirect: {begun:?}") };
    query(&url, "error").unwrap()
}

fn told(next: Next) -> String {
    query(&redirect(next), "error").unwrap()
}

fn id_token(world: &World) -> String {
    world.tokens(&[]).id_token.unwrap().expose().to_owned()
}

fn sub(id: &str) -> String {
    format!(r#"{{"id_token":{{"sub":{{"value":"{id}"}}}}}}"#)
}

#[test]
fn person_who_was_asked_for_answers_and_nobody_else() {
    let world = world();
    let hint = id_token(&world);
    let bob = person(&world.db, "bob", "user");
    let claims = sub(world.user.as_str());
    for over in [("id_token_hint", hint.as_str()), ("claims", claims.as_str())] {
        let ask = |prompt| world.waiting(&[over, ("prompt", prompt)]);
        let mine = world.decide(&ask("none"), Some(&world.signed_in));
        assert!(query(&redirect(mine), "code").is_some(), "{}", over.0);
        let theirs = sign_in(&world.db, &world.env, &bob);
        assert_eq!(told(world.decide(&ask("none"), Some(&theirs))), "login_required");
        assert_eq!(told(world.decide(&ask("none"), None)), "login_required");

        // With pages, whoever was there before signs in anew; somebody else who did is not asked for ever.
        let id = ask("");
        assert!(matches!(world.decide(&id, Some(&theirs)), Next::SignInAgain));
        assert!(matches!(world.answer(&id, &theirs, true), Next::SignInAgain));
        world.pass(1);
        let again = sign_in(&world.db, &world.env, &bob);
        assert_eq!(told(world.answer(&id, &again, true)), "login_required");
        let id = ask("");
        world.pass(1);
        let me = sign_in(&world.db, &world.env, &world.user);
        assert!(query(&redirect(world.decide(&id, Some(&me))), "code").is_some());
    }
    let id = world.waiting(&[("claims", &sub(NOBODY)), ("prompt", "none")]);
    assert_eq!(told(world.decide(&id, Some(&world.signed_in))), "login_required");
}

#[test]
fn hint_counts_however_old_and_only_as_an_id_token_of_ours_for_this_client() {
    let world = world();
    let tokens = world.tokens(&[]);
    let hint = tokens.id_token.unwrap().expose().to_owned();
    world.pass(90 * 86_400);
    world.waiting(&[("id_token_hint", &hint)]);

    let other = world_with(|_| {}, |_| {});
    let foreign = id_token(&other);
    let access = tokens.access_token.expose().to_owned();
    // Somebody else in the place of ann, under the old signature.
    let payload = hint.split('.').nth(1).unwrap();
    let text = String::from_utf8(mcpcodex::crypto::secret::unb64(payload).unwrap()).unwrap();
    let other = text.replace(world.user.as_str(), NOBODY);
    assert_ne!(text, other);
    let changed = hint.replace(payload, &mcpcodex::crypto::secret::b64(other.as_bytes()));
    let cookie = mcpcodex::ops::session::cookie(&world.env, &world.signed_in.session).unwrap();
    for bad in [&foreign, &access, &changed, &cookie, "x", "a.b.c", &"x".repeat(100_000)] {
        assert_eq!(error(world.begin(&[("id_token_hint", bad)])), "invalid_request", "{bad:.40}");
    }
    let mut theirs = super::fixture::world();
    let given_to_another = id_token(&theirs);
    theirs.client = theirs.another_client();
    assert_eq!(error(theirs.begin(&[("id_token_hint", &given_to_another)])), "invalid_request");
    let both = [("id_token_hint", hint.as_str()), ("claims", &sub(NOBODY))];
    assert_eq!(error(world.begin(&both)), "invalid_request");
}

#[test]
fn logout_token_is_no_hint_although_it_names_client_and_person() {
    let uri = Some("https://app.example.com/ended".to_owned());
    let world = world_with(|_| {}, |new| new.backchannel_logout_uri = uri);
    world.tokens(&[]);
    world.end_session(&world.signed_in.session.id);
    let (env, id) = (Arc::clone(&world.env), world.client.id.clone());
    let told = world.db.write_blocking(move |tx| backchannel::claim(tx, &env, &id, 1)).unwrap();
    let token = told[0].token().unwrap();
    assert_eq!(claims(&token)["aud"], world.client.id.as_str());
    assert_eq!(error(world.begin(&[("id_token_hint", &token)])), "invalid_request");
}

#[test]
fn essential_acr_wants_two_factors_or_tells_that_it_cannot_be() {
    let mfa = r#"{"id_token":{"acr":{"essential":true,"values":["urn:mcpcodex:acr:mfa"]}}}"#;
    let world = world();
    let id = world.waiting(&[("claims", mfa)]);
    assert!(matches!(world.decide(&id, Some(&world.signed_in)), Next::SignInAgain));
    let id = world.waiting(&[("claims", mfa), ("prompt", "none")]);
    assert_eq!(told(world.decide(&id, Some(&world.signed_in))), "login_required");
    let gold = r#"{"id_token":{"acr":{"essential":true,"value":"urn:other:gold"}}}"#;
    assert_eq!(error(world.begin(&[("claims", gold)])), "unmet_authentication_requirements");
    assert_eq!(error(world.begin(&[("claims", "[]")])), "invalid_request");
    let off = world_with(|config| config.authentication.mfa.enabled = false, |_| {});
    let id = off.waiting(&[("claims", mfa)]);
    assert_eq!(told(off.decide(&id, None)), "unmet_authentication_requirements");
}

#[test]
fn claims_that_are_wished_for_add_nothing_beyond_the_scopes() {
    let world = world();
    let wish = r#"{"userinfo":{"email":{"essential":true},"roles":null},
                   "id_token":{"auth_time":{"essential":true},"email":{"essential":true},"name":null}}"#;
    let tokens = world.tokens(&[("scope", "openid"), ("claims", wish)]);
    let id = claims(tokens.id_token.unwrap().expose());
    assert_eq!(id["auth_time"], world.signed_in.session.auth_time.secs());
    for absent in ["email", "name", "roles"] {
        assert!(id.get(absent).is_none(), "{absent} without its scope");
    }
}

#[test]
fn prompt_select_account_wants_a_choice_made_after_the_request() {
    let world = world();
    world.code(&[]);
    let id = world.waiting(&[("prompt", "select_account")]);
    assert!(matches!(world.decide(&id, Some(&world.signed_in)), Next::SignInAgain));
    world.pass(1);
    let bob = person(&world.db, "bob", "user");
    let chosen = sign_in(&world.db, &world.env, &bob);
    assert!(matches!(world.decide(&id, Some(&chosen)), Next::Consent(_)));
    let all = world.waiting(&[("prompt", "login consent select_account")]);
    assert!(matches!(world.decide(&all, Some(&world.signed_in)), Next::SignInAgain));
    for mixed in ["none select_account", "none consent", "login none", "none none"] {
        assert_eq!(error(world.begin(&[("prompt", mixed)])), "invalid_request", "{mixed}");
    }
}
