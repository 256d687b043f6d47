//! `/api/v1/users` and `/api/v1/sessions`: what they do, and that the ops' rules hold.

use mcpcodex::{
    config::mfa::EmailProvider,
    error::Kind,
    ops::{self, user::Edit},
};
use serde_json::json;

use super::{ADMINISTER, Program, refusal};
use crate::support::{TestApp, operator, race};

#[test]
fn person_is_made_shown_changed_and_removed_and_the_record_says_by_whom() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    let made = admin.post(
        "/api/v1/users",
        &json!({"username": "ann", "email": "ann@example.com", "name": "Ann", "roles": ["developer"]}),
    );
    assert_eq!(made.status, 201, "{made:?}");
    let body = made.json();
    assert_eq!((&body["state"], &body["roles"]), (&json!("invited"), &json!(["developer"])));
    let link = body["invite_url"].as_str().unwrap();
    assert_eq!(server.browser().open(link).status, 200);
    let place = made.location().to_owned();
    assert_eq!(place, format!("/api/v1/users/{}", body["id"].as_str().unwrap()));
    let changed = admin.good("PATCH", &place, Some(&json!({"email": "ann@new.example"})));
    assert_eq!((&changed["email"], &changed["name"]), (&json!("ann@new.example"), &json!("Ann")));
    let event = server.audit().into_iter().find(|row| row.event == "user.edit").unwrap();
    let root = server.read(|r| ops::user::find(r, "root"));
    assert_eq!((event.actor.as_str(), event.via.as_str()), (root.id.as_str(), "api"));
    assert_eq!(event.address.as_deref(), Some(crate::support::ADDRESS));
    let gone = admin.good("DELETE", &place, None);
    assert_eq!(gone["username"], "ann");
    assert_eq!(refusal(&admin.get(&place)), (404, "not_found".to_owned()));
    assert_eq!(refusal(&admin.delete(&place)), (404, "not_found".to_owned()));
}

#[test]
fn first_password_may_come_along_and_must_be_fit() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    let ask = |password: &str| {
        let body = json!({"username": "bob", "email": "bob@example.com", "password": password});
        admin.post("/api/v1/users", &body)
    };
    let page = ask("bob");
    assert_eq!(refusal(&page), (400, "invalid".to_owned()));
    assert_eq!(page.json()["errors"][0]["pointer"], "#/password");
    let page = ask("Vexing-Otter7-Quilt");
    assert_eq!((page.status, &page.json()["state"]), (201, &json!("active")), "{page:?}");
    assert!(!page.body.contains("Vexing"));
    let mut browser = server.browser();
    assert_eq!(browser.sign_in("bob", "Vexing-Otter7-Quilt").status, 303);
}

#[test]
fn lock_ends_sessions_and_tokens_and_the_next_request_is_401() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    let ann = server.user("ann");
    let own = Program::of(&server, &ann, "openid mcpcodex:api");
    let by_key = Program::key(&server, &ann, &["read:models"]);
    assert_eq!([own.get("/api/v1/me").status, by_key.get("/api/v1/me").status], [200, 200]);
    let place = format!("/api/v1/users/{}", ann.id);
    for (act, state) in [("lock", "locked"), ("unlock", "active"), ("disable", "disabled")] {
        let body = admin.good("POST", &format!("{place}/{act}"), None);
        assert_eq!(body["state"], json!(state));
        if act == "lock" {
            assert_eq!((&body["sessions_ended"], &body["grants_revoked"]), (&json!(1), &json!(1)));
        }
    }
    for program in [own, by_key] {
        assert_eq!(refusal(&program.get("/api/v1/me")), (401, "unauthenticated".to_owned()));
    }
    assert_eq!(refusal(&admin.act(&format!("{place}/lock"))).0, 409);
    assert_eq!(admin.good("POST", &format!("{place}/enable"), None)["state"], "active");
}

#[test]
fn last_administrator_stays_however_they_are_to_go() {
    let server = TestApp::new();
    let root = server.admin("root");
    let admin = Program::of(&server, &root, ADMINISTER);
    let place = format!("/api/v1/users/{}", root.id);
    for act in ["lock", "disable"] {
        assert_eq!(refusal(&admin.act(&format!("{place}/{act}"))), (409, "conflict".to_owned()));
    }
    let demoted = admin.patch(&place, &json!({"roles": ["user"]}));
    assert_eq!(refusal(&demoted), (409, "conflict".to_owned()));
    assert_eq!(refusal(&admin.delete(&place)), (409, "conflict".to_owned()));
    assert_eq!(admin.get("/api/v1/me").status, 200);
}

#[test]
fn two_administrators_who_put_each_other_away_by_api_and_command_leave_one() {
    for _ in 0..10 {
        let server = TestApp::new();
        let [one, two] = ["one", "two"].map(|name| server.admin(name));
        let program = Program::of(&server, &one, ADMINISTER);
        let (process, demote) =
            (server.another(), Edit { roles: Some(vec!["user".to_owned()]), ..Edit::default() });
        let done = race(2, |at| {
            if at == 0 {
                return program.act(&format!("/api/v1/users/{}/disable", two.id)).status;
            }
            let (env, id, edit) = (process.env(), one.id.clone(), demote.clone());
            let job = process
                .db
                .write_blocking(move |tx| ops::user::edit(tx, &env, &operator(), &id, &edit));
            match job {
                Ok(_) => 200,
                Err(error) if error.kind() == Kind::Conflict => 409,
                Err(error) => panic!("{error}"),
            }
        });
        // Who lost the race is told that they are the last, or, demoted meanwhile, no longer asked.
        assert!(matches!(done[..], [200, 409] | [409 | 401 | 403, 200]), "{done:?}");
        let left = server.read(|r| Ok([ops::user::get(r, &one.id)?, ops::user::get(r, &two.id)?]));
        let works = |user: &&mcpcodex::model::user::User| {
            user.has_role("admin") && user.state == mcpcodex::model::user::UserState::Active
        };
        assert_eq!(left.iter().filter(works).count(), 1);
    }
}

#[test]
fn links_and_second_factors_are_given_and_taken() {
    let server = TestApp::with(|config| {
        config.authentication.mfa.providers.email.provider = EmailProvider::Console;
    });
    let admin = Program::admin(&server);
    let ann = server.user("ann");
    server.with_totp(&ann);
    let place = format!("/api/v1/users/{}", ann.id);
    let factors = admin.good("GET", &format!("{place}/mfa"), None);
    assert_eq!((&factors["user"], &factors["factors"][0]["type"]), (&json!("ann"), &json!("totp")));
    let reset = admin.good("POST", &format!("{place}/mfa/reset"), Some(&json!({})));
    assert_eq!(reset["removed"], 1);
    assert!(reset["enroll_url"].as_str().unwrap().contains("/enroll?token="));
    assert_eq!(admin.good("GET", &format!("{place}/mfa"), None)["factors"], json!([]));
    let link = admin.good("POST", &format!("{place}/password-reset"), Some(&json!({})));
    assert_eq!(server.browser().open(link["reset_url"].as_str().unwrap()).status, 200);
    assert_eq!(refusal(&admin.post(&format!("{place}/invite"), &json!({}))).0, 409);
    let mailed =
        admin.good("POST", &format!("{place}/password-reset"), Some(&json!({"mail": true})));
    assert_eq!(mailed["mailed_to"], json!(ann.email));
    assert!(mailed.get("reset_url").is_none() && mailed["message_id"].is_string());
}

#[test]
fn sessions_are_listed_shown_and_ended_one_by_one_and_together() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    let (ann, bob) = (server.user("ann"), server.user("bob"));
    let first = server.session_of(&ann, false).0;
    server.session_of(&ann, false);
    server.session_of(&bob, false);
    let of = |user: &str| admin.good("GET", &format!("/api/v1/sessions?user={user}"), None);
    assert_eq!(of(ann.id.as_str())["items"].as_array().unwrap().len(), 2);
    let place = format!("/api/v1/sessions/{}", first.id);
    assert_eq!(admin.good("GET", &place, None)["user"], "ann");
    assert_eq!(admin.good("POST", &format!("{place}/revoke"), None), json!({"revoked": 1}));
    assert_eq!(refusal(&admin.get(&place)).0, 404);
    let all = admin.good("POST", "/api/v1/sessions/revoke", Some(&json!({"user": ann.id})));
    assert_eq!(all, json!({"revoked": 1}));
    assert_eq!(of(ann.id.as_str())["items"], json!([]));
    for none in [json!({}), json!({"user": ann.id, "all": true}), json!({"all": false})] {
        assert_eq!(refusal(&admin.post("/api/v1/sessions/revoke", &none)).0, 400, "{none}");
    }
    let many = json!({"ids": [server.session_of(&bob, false).0.id]});
    assert_eq!(admin.good("POST", "/api/v1/sessions/revoke", Some(&many)), json!({"revoked": 1}));
    // Everything ends: the administrator's own token too.
    let all = admin.good("POST", "/api/v1/sessions/revoke", Some(&json!({"all": true})));
    assert!(all["revoked"].as_u64().unwrap() >= 2);
    assert_eq!(admin.get("/api/v1/me").status, 401);
}

#[test]
fn own_things_are_seen_and_ended_and_nobody_elses() {
    let server = TestApp::new();
    let (ann, bob) = (server.user("ann"), server.user("bob"));
    let other = server.session_of(&bob, false).0;
    let key = super::key(&server, &bob, &["read:models"]).0.key.id;
    let program = Program::of(&server, &ann, "openid mcpcodex:api");
    let own = program.good("GET", "/api/v1/me/sessions", None);
    assert_eq!(own["items"].as_array().unwrap().len(), 1);
    assert_eq!(own["items"][0]["user"], "ann");
    for foreign in [
        format!("/api/v1/me/sessions/{}/revoke", other.id),
        format!("/api/v1/me/api-keys/{key}/revoke"),
    ] {
        assert_eq!(refusal(&program.act(&foreign)), (404, "not_found".to_owned()));
    }
    let mine = super::key(&server, &ann, &["read:models"]).0.key.id;
    let body = program.good("GET", "/api/v1/me/api-keys", None);
    assert_eq!(
        (body["items"].as_array().unwrap().len(), &body["items"][0]["id"]),
        (1, &json!(mine))
    );
    let gone = program.good("POST", &format!("/api/v1/me/api-keys/{mine}/revoke"), None);
    assert_eq!(gone["state"], "revoked");
    let session = own["items"][0]["id"].as_str().unwrap();
    program.good("POST", &format!("/api/v1/me/sessions/{session}/revoke"), None);
    assert_eq!(program.get("/api/v1/me").status, 401, "the token went with its session");
    // An administrator's token does no more at these paths.
    let admin = Program::admin(&server);
    let page = admin.act(&format!("/api/v1/me/sessions/{}/revoke", other.id));
    assert_eq!(refusal(&page).0, 404);
}
