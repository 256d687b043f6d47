//! What is refused at the token endpoint to apps of people.

use mcpcodex::{
    model::trace::Rule,
    ops::{
        client::{self, Change},
        resource, user,
    },
};

use super::{Answer, Caller, Seen, confidential, get, hidden, named, post, write};
use crate::{
    ops::oauth::fixture::{CALLBACK, MCP, VERIFIER, minted, operator, refresh_token},
    support::dpop::{Key, Proof},
};

const TOKEN: &str = "http://localhost:8420/token";

/// The form of an exchange, with one thing changed; nothing for a thing leaves it out.
fn exchange(caller: &Caller, code: &str, (name, value): (&str, &str)) -> Answer {
    let id = caller.world.client.id.to_string();
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("client_id", id.as_str()),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    form.retain(|(own, _)| *own != name);
    form.push((name, value));
    post(caller, "/token", &[], &form)
}

fn refresh(caller: &Caller, token: &str, more: &[(&str, &str)]) -> Answer {
    let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
    form.extend(more);
    named(caller, "/token", &form)
}

fn fresh(caller: &Caller) -> String {
    refresh_token(&caller.world.tokens(&[]))
}

/// Who asks, and in which form.
pub(super) fn clients(seen: &mut Seen) {
    let caller = Caller::new();
    let (client, _) = confidential(&caller, "Secretive", &[]);
    let id = client.id.to_string();
    let ask = |id: &str, secret: &str| {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", "mcr_x"),
            ("client_id", id),
            ("client_secret", secret),
        ];
        post(&caller, "/token", &[], &form)
    };
    seen.json(&caller, &ask("c_nobody", ""), 401, Rule::UnknownClient);
    for _ in 0..20 {
        seen.json(&caller, &ask(&id, "wrong"), 401, Rule::ClientUnproved);
    }
    seen.json(&caller, &ask(&id, "wrong"), 429, Rule::ClientPaused);
    let other = caller.world.another_client().id;
    let off = other.clone();
    write(&caller, move |tx| client::disable(tx, &operator(), &off));
    seen.json(&caller, &ask(other.as_str(), ""), 401, Rule::ClientShut);
    for grant in ["password", ""] {
        let answer = named(&caller, "/token", &[("grant_type", grant)]);
        seen.json(&caller, &answer, 400, Rule::GrantUnknown);
    }
    for name in ["authorization_code", "refresh_token"] {
        let answer = named(&caller, "/token", &[("grant_type", name)]);
        seen.json(&caller, &answer, 400, Rule::Missing);
    }
    let twice = [("grant_type", "refresh_token"), ("scope", "a"), ("scope", "b")];
    seen.json(&caller, &named(&caller, "/token", &twice), 400, Rule::Repeated);
    let json = [("content-type", "application/json")];
    let request = super::super::caller::request("POST", "/token", &json, "{}".to_owned());
    let answer = super::RUNTIME.block_on(caller.call(request));
    seen.json(&caller, &answer, 415, Rule::Malformed);
    let mut both = vec![("authorization", "Basic YTpi")];
    let answer = post(&caller, "/token", &both, &[("client_secret", "x"), ("client_id", "a")]);
    seen.json(&caller, &answer, 400, Rule::Malformed);
    both.push(("dpop", "no proof"));
    seen.json(&caller, &post(&caller, "/token", &both, &[]), 400, Rule::DpopProof);
}

/// A code.
pub(super) fn codes(seen: &mut Seen) {
    let caller = Caller::new();
    let other = caller.world.another_client().id.to_string();
    for (over, rule) in [
        (("client_id", other.as_str()), Rule::CodeOfAnother),
        (("redirect_uri", "http://127.0.0.1/cb"), Rule::RedirectChanged),
        (("code_verifier", "another-verifier-of-at-least-43-characters-012345"), Rule::Verifier),
        (("resource", MCP), Rule::ResourceNotGranted),
    ] {
        let code = caller.world.code(&[]);
        seen.json(&caller, &exchange(&caller, &code, over), 400, rule);
        seen.json(&caller, &exchange(&caller, &code, ("x", "")), 400, Rule::CodeUsed);
    }
    seen.json(&caller, &exchange(&caller, "never-given", ("x", "")), 400, Rule::CodeUnknown);
    let late = caller.world.code(&[]);
    caller.world.pass(61);
    seen.json(&caller, &exchange(&caller, &late, ("x", "")), 400, Rule::CodeExpired);
    let over = caller.world.code(&[]);
    caller.world.end_session(&caller.world.signed_in.session.id);
    seen.json(&caller, &exchange(&caller, &over, ("x", "")), 400, Rule::SignInOver);
}

/// A refresh token.
pub(super) fn refreshes(seen: &mut Seen) {
    let caller = Caller::new();
    seen.json(&caller, &refresh(&caller, "mcr_unknown", &[]), 400, Rule::RefreshUnknown);
    let wider = [("scope", "openid admin:users")];
    seen.json(&caller, &refresh(&caller, &fresh(&caller), &wider), 400, Rule::ScopeWider);
    let other = caller.world.another_client().id.to_string();
    let token = fresh(&caller);
    let form =
        [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("client_id", &other)];
    seen.json(&caller, &post(&caller, "/token", &[], &form), 400, Rule::RefreshOfAnother);
    let one = fresh(&caller);
    let first = minted(caller.world.refresh(&one));
    minted(caller.world.refresh(&refresh_token(&first)));
    caller.world.pass(100);
    seen.json(&caller, &refresh(&caller, &one, &[]), 400, Rule::RefreshUsed);
    seen.json(&caller, &refresh(&caller, &one, &[]), 400, Rule::RefreshEnded);
    let kept = refresh_token(&caller.world.tokens(&[("scope", "openid offline_access")]));
    let narrow = write(&caller, {
        let id = caller.world.client.id.clone();
        move |tx| {
            let grant_types = Some(vec!["authorization_code".to_owned()]);
            client::edit(tx, &operator(), &id, Change { grant_types, ..Change::default() })
        }
    });
    assert!(!narrow.may(mcpcodex::model::client::GrantType::RefreshToken));
    seen.json(&caller, &refresh(&caller, &one, &[]), 400, Rule::GrantNotAllowed);
    // Shut out without having been ended: as it is in a file that was restored.
    let person = caller.world.user.clone();
    write(&caller, move |tx| {
        tx.exec(
            "update users set state = 'disabled' where id = ?1",
            mcpcodex::db::params![person.as_str()],
        )
    });
    seen.json(&caller, &refresh(&caller, &kept, &[]), 400, Rule::PersonShut);
    let person = caller.world.user.clone();
    write(&caller, move |tx| user::enable(tx, &operator(), &person));
    caller.world.pass(400 * 86_400);
    seen.json(&caller, &refresh(&caller, &kept, &[]), 400, Rule::RefreshExpired);
    // The file is a copy from before the refresh, and from before the connection.
    let caller = Caller::new();
    let next = refresh_token(&minted(caller.world.refresh(&fresh(&caller))));
    write(&caller, |tx| {
        tx.exec("delete from refresh_tokens where generation > 1", [])?;
        tx.exec("update grants set generation = 1", [])
    });
    seen.json(&caller, &refresh(&caller, &next, &[]), 400, Rule::RefreshAhead);
    write(&caller, |tx| tx.exec("delete from grants", []));
    seen.json(&caller, &refresh(&caller, &next, &[]), 400, Rule::RefreshForgotten);
}

/// What became of the resource meanwhile.
pub(super) fn resources(seen: &mut Seen) {
    let caller = Caller::new();
    let token = refresh_token(&caller.world.tokens(&[("resource", MCP), ("scope", "read:models")]));
    let id = caller.world.db.read(|r| resource::find(r, &operator(), MCP)).unwrap().id;
    write(&caller, move |tx| resource::delete(tx, &operator(), &id));
    seen.json(&caller, &refresh(&caller, &token, &[]), 400, Rule::ResourceGone);
}

/// A key that tokens are bound to.
pub(super) fn keys(seen: &mut Seen) {
    let caller = Caller::with(|_| {}, |new| new.dpop_bound = true);
    let key = Key::new();
    let now = caller.world.clock.now().secs();
    let proof =
        |method, url, iat, nonce| key.proof(&Proof { method, url, iat, nonce, token: None });
    let id = caller.world.client.id.to_string();
    let ask = |proof: Option<&str>| {
        let headers: Vec<(&str, &str)> = proof.map(|proof| ("dpop", proof)).into_iter().collect();
        let form = [("grant_type", "refresh_token"), ("client_id", id.as_str())];
        post(&caller, "/token", &headers, &form)
    };
    seen.json(&caller, &ask(None), 400, Rule::DpopMissing);
    let first = ask(Some(&proof("POST", TOKEN, now, None)));
    assert_eq!(first.refusal(400), "use_dpop_nonce");
    assert!(!first.body.contains("reference"), "to come again is no refusal: {}", first.body);
    let nonce = first.header("dpop-nonce").unwrap().to_owned();
    let nonce = Some(nonce.as_str());
    for (proof, rule) in [
        (proof("GET", TOKEN, now, nonce), Rule::DpopProof),
        (proof("POST", "http://127.0.0.1:8420/token", now, nonce), Rule::DpopAddress),
        (proof("POST", TOKEN, now - 900, nonce), Rule::DpopClock),
    ] {
        seen.json(&caller, &ask(Some(&proof)), 400, rule);
    }
    let used = proof("POST", TOKEN, now, nonce);
    seen.json(&caller, &ask(Some(&used)), 400, Rule::Missing);
    seen.json(&caller, &ask(Some(&used)), 400, Rule::DpopProof);
    // Pushed with one key, and with the name of another.
    let over = [("dpop_jkt", "A".repeat(43))];
    let over: Vec<(&str, &str)> = over.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let pairs = crate::ops::oauth::fixture::params(&caller.world.client, &over);
    let form: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let with = proof("POST", "http://localhost:8420/par", now, nonce);
    seen.json(&caller, &post(&caller, "/par", &[("dpop", &with)], &form), 400, Rule::DpopKey);
    let old = proof("POST", "http://localhost:8420/par", now - 900, nonce);
    seen.json(&caller, &post(&caller, "/par", &[("dpop", &old)], &form), 400, Rule::DpopClock);
    // A code for one key, and another key that comes with it.
    let code = caller.world.code(&[("dpop_jkt", &key.jkt)]);
    let thief = Key::new();
    let theirs = thief.proof(&Proof { method: "POST", url: TOKEN, iat: now, nonce, token: None });
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", id.as_str()),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let answer = post(&caller, "/token", &[("dpop", &theirs)], &form);
    seen.json(&caller, &answer, 400, Rule::DpopBound);
}

struct Device {
    own: String,
    user: String,
}

fn begin(caller: &Caller, scope: &str) -> Device {
    let form = [("scope", scope), ("resource", MCP)];
    let answer = named(caller, "/device_authorization", &form);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let json = answer.json();
    let text = |name: &str| json[name].as_str().unwrap().to_owned();
    Device { own: text("device_code"), user: text("user_code") }
}

/// A device, and the person who is asked about it.
pub(super) fn devices(seen: &mut Seen) {
    const GRANT: (&str, &str) = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
    let without = Caller::new();
    let answer = named(&without, "/device_authorization", &[]);
    seen.json(&without, &answer, 400, Rule::GrantNotAllowed);
    seen.json(&without, &named(&without, "/token", &[GRANT]), 400, Rule::GrantNotAllowed);
    let caller = Caller::with(|_| {}, |new| new.grant_types = vec![GRANT.1.to_owned()]);
    let made_up = [("scope", "unheard:of")];
    let answer = named(&caller, "/device_authorization", &made_up);
    seen.json(&caller, &answer, 400, Rule::ScopeOfClient);
    let unknown = post(&caller, "/device_authorization", &[], &[("client_id", "c_nobody")]);
    seen.json(&caller, &unknown, 401, Rule::UnknownClient);
    let poll =
        |device: &Device| named(&caller, "/token", &[GRANT, ("device_code", device.own.as_str())]);
    let cookies = caller.cookies();
    let csrf = caller.csrf();
    let page = |fields: &[(&str, &str)]| {
        let mut form = vec![("csrf", csrf.as_str())];
        form.extend(fields);
        post(&caller, "/device", &[("cookie", &cookies)], &form)
    };
    let answer = |device: &Device, decision: &str| {
        let asked = page(&[("user_code", &device.user)]);
        let (request, shown) = (hidden(&asked, "request"), hidden(&asked, "shown"));
        let form = [("request", request.as_str()), ("shown", &shown), ("decision", decision)];
        (page(&form), request, shown)
    };
    seen.json(&caller, &named(&caller, "/token", &[GRANT]), 400, Rule::Missing);
    let nothing = Device { own: "never-given".to_owned(), user: String::new() };
    seen.json(&caller, &poll(&nothing), 400, Rule::DeviceUnknown);

    let denied = begin(&caller, "read:models");
    let (_, request, shown) = answer(&denied, "deny");
    seen.json(&caller, &poll(&denied), 400, Rule::SaidNo);
    let again = page(&[("request", &request), ("shown", &shown), ("decision", "allow")]);
    seen.page(&caller, &again, Rule::RequestGone);
    let forged = page(&[("request", &request), ("shown", "x"), ("decision", "allow")]);
    seen.page(&caller, &forged, Rule::NotShown);
    let none = page(&[("request", "dr_none"), ("shown", "x"), ("decision", "allow")]);
    seen.page(&caller, &none, Rule::RequestGone);
    seen.page(&caller, &page(&[("decision", "perhaps")]), Rule::Malformed);

    let given = begin(&caller, "read:models");
    answer(&given, "allow");
    let tokens = poll(&given).json();
    let grant = crate::ops::oauth::fixture::claims(tokens["access_token"].as_str().unwrap());
    let story = caller.world.story(grant["gid"].as_str().unwrap());
    assert!(story.verdict.unwrap().starts_with("it stands"));
    seen.json(&caller, &poll(&given), 400, Rule::DeviceUsed);
    let other = caller.world.another_client().id;
    let id = other.to_string();
    write(&caller, move |tx| {
        let grant_types = Some(vec![GRANT.1.to_owned()]);
        client::edit(tx, &operator(), &other, Change { grant_types, ..Change::default() })
    });
    let form = [GRANT, ("client_id", id.as_str()), ("device_code", &given.own)];
    seen.json(&caller, &post(&caller, "/token", &[], &form), 400, Rule::DeviceOfAnother);

    let beyond = begin(&caller, "admin:models");
    let refused = page(&[("user_code", &beyond.user)]);
    assert!(refused.body.contains("role"), "{}", refused.body);
    seen.page(&caller, &refused, Rule::ScopeOfPerson);
    let shown = get(&caller, &format!("/device?user_code={}", beyond.user), &cookies);
    assert_eq!(shown.status, 200);
    for _ in 0..97 {
        begin(&caller, "read:models");
    }
    let mut full = named(&caller, "/device_authorization", &[]);
    for _ in 0..5 {
        full = named(&caller, "/device_authorization", &[]);
    }
    seen.json(&caller, &full, 429, Rule::DeviceMany);
    caller.world.pass(601);
    seen.json(&caller, &poll(&beyond), 400, Rule::DeviceExpired);
}
