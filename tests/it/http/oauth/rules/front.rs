//! What is refused before there is a code: to the app, and to the person.

use mcpcodex::{
    model::{
        resource::{ResourceScope, Risk},
        trace::Rule,
    },
    ops::{client, resource},
};

use super::{Caller, Seen, authorize, confidential, get, hidden, named, post, press, write};
use crate::ops::oauth::fixture::{
    MCP, operator, params, person, query, refused_at_the_door, sign_in,
};

/// What an authorization request says.
pub(super) fn requests(seen: &mut Seen) {
    let caller = Caller::new();
    let stranger = super::super::caller::browser_cookie();
    let also = (("prompt", "none"), Rule::LoginRequired);
    for (over, rule) in refused_at_the_door().into_iter().chain([also]) {
        seen.back(&caller, &authorize(&caller, &stranger, &[over]), rule);
    }
    let mut many = params(&caller.world.client, &[]);
    many.extend((0..9).map(|n| ("resource".to_owned(), format!("https://{n}.example/"))));
    let path = format!("/authorize?{}", super::encode(&many));
    seen.back(&caller, &get(&caller, &path, &stranger), Rule::ResourceMany);
    let path = format!("{}&scope=openid", path.split("&resource").next().unwrap());
    seen.back(&caller, &get(&caller, &path, &stranger), Rule::Repeated);
    let pushing = Caller::with(|_| {}, |new| new.par_required = true);
    seen.back(&pushing, &authorize(&pushing, &stranger, &[]), Rule::PushRequired);
    let alone = Caller::with(|_| {}, |new| new.grant_types = vec![client::NO_GRANT.to_owned()]);
    seen.back(&alone, &authorize(&alone, &stranger, &[]), Rule::GrantNotAllowed);
    let off = Caller::with(|config| config.authentication.mfa.enabled = false, |_| {});
    let mfa = [("claims", r#"{"id_token":{"acr":{"essential":true,"value":"urn:mcpcodex:mfa"}}}"#)];
    let asked = authorize(&off, &stranger, &[("acr_values", mcpcodex::model::session::ACR_MFA)]);
    seen.back(&off, &asked, Rule::FactorsOff);
    seen.back(&off, &authorize(&off, &stranger, &mfa), Rule::Claims);
}

/// What ends with a page, since it is not certain whom to tell.
pub(super) fn pages(seen: &mut Seen) {
    let caller = Caller::new();
    let cookies = caller.cookies();
    let mut at = |over: &[(&str, &str)], rule| {
        seen.page(&caller, &authorize(&caller, &cookies, over), rule);
    };
    at(&[("client_id", "c_nobody")], Rule::UnknownClient);
    at(&[("redirect_uri", "")], Rule::RedirectMissing);
    at(&[("redirect_uri", "https://app.example.com/other")], Rule::RedirectUnknown);
    at(&[("request_uri", "urn:ietf:params:oauth:request_uri:gone")], Rule::PushedUnknown);
    let twice =
        format!("/authorize?{}&client_id=x", super::encode(&params(&caller.world.client, &[])));
    seen.page(&caller, &get(&caller, &twice, &cookies), Rule::Ambiguous);
    let gone = get(&caller, "/authorize/continue?request=r_none", &cookies);
    seen.page(&caller, &gone, Rule::RequestGone);
    seen.page(&caller, &get(&caller, "/consent?request=r_none", &cookies), Rule::RequestGone);
    let json = [("content-type", "application/json")];
    let request = super::super::caller::request("POST", "/authorize", &json, "{}".to_owned());
    let refused = super::RUNTIME.block_on(caller.call(request));
    seen.page(&caller, &refused, Rule::Malformed);
    // The answer to a question that somebody else was shown, and none at all.
    let page = authorize(&caller, &cookies, &[]);
    let form = |shown: &str, decision: &str| {
        let form = [
            ("csrf", hidden(&page, "csrf")),
            ("request", hidden(&page, "request")),
            ("shown", shown.to_owned()),
            ("decision", decision.to_owned()),
        ];
        let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
        post(&caller, "/consent", &[("cookie", &cookies)], &form)
    };
    seen.page(&caller, &form("forged", "allow"), Rule::NotShown);
    seen.page(&caller, &form(&hidden(&page, "shown"), "perhaps"), Rule::Malformed);
    // Switched off while the person was reading, and after.
    let own = caller.world.client.id.clone();
    write(&caller, move |tx| client::disable(tx, &operator(), &own));
    seen.page(&caller, &press(&caller, &page, "allow"), Rule::Left);
    seen.page(&caller, &authorize(&caller, &cookies, &[]), Rule::ClientShut);
    let pages = [press(&caller, &page, "allow"), gone];
    for page in pages {
        assert!(page.body.contains("start again there"), "{}", page.body);
    }
}

/// What depends on who is there.
pub(super) fn people(seen: &mut Seen) {
    let caller = Caller::new();
    let cookies = caller.cookies();
    let none = ("prompt", "none");
    seen.back(&caller, &authorize(&caller, &cookies, &[none]), Rule::ConsentRequired);
    let page = authorize(&caller, &cookies, &[]);
    seen.back(&caller, &press(&caller, &page, "deny"), Rule::SaidNo);
    let admin = [("scope", "admin:models"), ("resource", MCP)];
    seen.back(&caller, &authorize(&caller, &cookies, &admin), Rule::ScopeOfPerson);
    // Somebody else is meant, and whoever signed in for it is not that one.
    let bob = person(&caller.world.db, "bob", "user");
    let claims = format!(r#"{{"id_token":{{"sub":{{"value":"{bob}"}}}}}}"#);
    let asked = authorize(&caller, &cookies, &[("claims", claims.as_str())]);
    let request = query(asked.location(), "request").unwrap();
    caller.world.pass(1);
    let ann = sign_in(&caller.world.db, &caller.world.env, &caller.world.user);
    let cookie = mcpcodex::ops::session::cookie(&caller.app.env, &ann.session).unwrap();
    let name = &caller.app.env.config.authentication.session.cookie_name;
    let fresh = format!("{name}={cookie}; {}", super::super::caller::browser_cookie());
    let back = get(&caller, &format!("/authorize/continue?request={request}"), &fresh);
    seen.back(&caller, &back, Rule::AnotherPerson);
    // A resource for others, and one whose scope takes a second factor.
    let closed = resource::New {
        uri: "https://closed.example/mcp".to_owned(),
        settings: resource::Change {
            roles: Some(vec!["admin".to_owned()]),
            ..resource::Change::default()
        },
        ..resource::New::default()
    };
    let vault = resource::New {
        uri: "https://vault.example/mcp".to_owned(),
        scopes: vec![ResourceScope::new("vault:open", "Open it")],
        settings: resource::Change {
            risks: vec![("vault:open".to_owned(), Risk::Sensitive)],
            defaults: vec![("vault:open".to_owned(), false)],
            ..resource::Change::default()
        },
        ..resource::New::default()
    };
    write(&caller, move |tx| {
        resource::add(tx, &operator(), closed)?;
        resource::add(tx, &operator(), vault)
    });
    let over = [("resource", "https://closed.example/mcp")];
    seen.back(&caller, &authorize(&caller, &cookies, &over), Rule::ResourceOfPerson);
    let over = [("resource", "https://vault.example/mcp"), ("scope", "vault:open"), none];
    seen.back(&caller, &authorize(&caller, &cookies, &over), Rule::FactorNeeded);
}

/// What is refused when a request is pushed.
pub(super) fn pushed(seen: &mut Seen) {
    let caller = Caller::new();
    let (client, basic) = confidential(&caller, "Pusher", &[]);
    let send = |over: &[(&str, &str)]| {
        let pairs = params(&client, over);
        let form: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        post(&caller, "/par", &[("authorization", &basic)], &form)
    };
    let long = "x".repeat(21_000);
    for (over, rule) in [
        (("login_hint", long.as_str()), Rule::TooLong),
        (("request_uri", "urn:x"), Rule::RequestObject),
        (("redirect_uri", ""), Rule::RedirectMissing),
        (("redirect_uri", "https://app.example.com/other"), Rule::RedirectUnknown),
        (("code_challenge_method", "plain"), Rule::PkceMethod),
    ] {
        seen.json(&caller, &send(&[over]), 400, rule);
    }
    let wrong = post(&caller, "/par", &[("authorization", "Basic YTpi")], &[]);
    seen.json(&caller, &wrong, 401, Rule::UnknownClient);
    let id = client.id.to_string();
    let silent = post(&caller, "/par", &[], &[("client_id", &id)]);
    seen.json(&caller, &silent, 401, Rule::ClientUnproved);
    seen.json(&caller, &post(&caller, "/par", &[], &[]), 401, Rule::ClientUnproved);
    seen.json(&caller, &named(&caller, "/par?client_id=x", &[]), 400, Rule::Malformed);
    // What was pushed is told where the browser brings it.
    let pushed = send(&[("scope", "openid email")]);
    let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let over = [("client_id", id.as_str()), ("request_uri", uri.as_str())];
    let path = format!("/authorize?{}", super::encode(&over));
    let page = get(&caller, &path, &caller.cookies());
    let no = press(&caller, &page, "deny");
    let told = query(no.location(), "error_description").unwrap();
    let story = caller.world.story(&super::reference(&told)).trace.unwrap();
    assert_eq!(story.asked("scope"), Some("openid email"));
    assert_eq!(story.asked("redirect_uri"), Some("https://app.example.com/callback?keep=…"));
    assert!(story.proved);
}
