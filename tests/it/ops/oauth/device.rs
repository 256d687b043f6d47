//! A device waits, a person answers elsewhere, and the device has its tokens once.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use mcpcodex::{
    config::Config,
    model::{
        client::{Client, GrantType},
        id::DeviceRequestId,
        trace::Rule,
    },
    ops::{
        client,
        oauth::{
            Code, Outcome,
            device::{
                self, Answered, Ask, Authorization, Begun, Decision, Looked, PollAsk, Question,
            },
        },
        session::SignedIn,
    },
};

use super::fixture::*;
use crate::support::race;

/// A world whose client may use device codes.
pub(super) fn devices() -> World {
    devices_with(|_| {})
}

fn devices_with(configure: impl FnOnce(&mut Config)) -> World {
    world_with(configure, |new| {
        new.grant_types = [GrantType::DeviceCode, GrantType::RefreshToken]
            .map(|grant| grant.as_str().to_owned())
            .to_vec();
    })
}

impl World {
    fn try_device(&self, client: &Client, ask: Ask) -> mcpcodex::error::Result<Begun> {
        let (env, client) = (Arc::clone(&self.env), client.clone());
        self.db.write_blocking(move |tx| device::begin(tx, &env, &app(), &client, &ask))
    }

    pub(super) fn device(&self, scope: &str) -> Authorization {
        let ask = Ask {
            scope: Some(scope.to_owned()),
            resources: vec![MCP.to_owned()],
            ..Ask::default()
        };
        match self.try_device(&self.client, ask).unwrap() {
            Begun::Waiting(authorization) => *authorization,
            Begun::Refused(refusal) => panic!("{refusal}"),
        }
    }

    fn poll_as(&self, client: &Client, code: &str) -> Outcome {
        let (env, client) = (Arc::clone(&self.env), client.clone());
        let ask = PollAsk { device_code: Some(code.to_owned()), resources: Vec::new(), jkt: None };
        self.db.write_blocking(move |tx| device::poll(tx, &env, &app(), &client, &ask)).unwrap()
    }

    pub(super) fn poll(&self, waiting: &Authorization) -> Outcome {
        self.poll_as(&self.client, waiting.device_code.expose())
    }

    fn look_as(&self, who: &SignedIn, typed: &str) -> Looked {
        let (env, who, typed) = (Arc::clone(&self.env), who.clone(), typed.to_owned());
        let actor = who.actor(app().origin);
        self.db
            .write_blocking(move |tx| device::look(tx, &env, &actor, (&browser(), &who), &typed))
            .unwrap()
    }

    fn look(&self, typed: &str) -> Looked {
        self.look_as(&self.signed_in, typed)
    }

    pub(super) fn question(&self, waiting: &Authorization) -> Question {
        match self.look(waiting.user_code.expose()) {
            Looked::Question(question) => *question,
            other @ (Looked::Wrong
            | Looked::Wait(_)
            | Looked::StepUp(_)
            | Looked::Enrol
            | Looked::Nothing(_)) => panic!("{other:?}"),
        }
    }

    pub(super) fn decide_on(&self, question: &Question, allow: bool) -> Answered {
        self.try_decide(&self.signed_in, &question.request, &question.shown, allow).unwrap()
    }

    fn try_decide(
        &self,
        who: &SignedIn,
        request: &DeviceRequestId,
        shown: &str,
        allow: bool,
    ) -> mcpcodex::error::Result<Answered> {
        let (env, who) = (Arc::clone(&self.env), who.clone());
        let (request, shown) = (request.clone(), shown.to_owned());
        let actor = who.actor(app().origin);
        self.db.write_blocking(move |tx| {
            let decision = Decision { request: &request, allow, shown: &shown };
            device::answer(tx, &env, &actor, &who, decision)
        })
    }

    pub(super) fn allow(&self, waiting: &Authorization) {
        let question = self.question(waiting);
        assert_eq!(self.decide_on(&question, true), Answered::Allowed("App".to_owned()));
    }
}

#[test]
fn device_waits_until_the_person_allows_it_and_gets_its_tokens_once() {
    let world = devices();
    let waiting = world.device("openid read:models offline_access");
    assert_eq!(waiting.verification_uri, "http://localhost:8420/device");
    let complete = format!("{}?user_code={}", waiting.verification_uri, waiting.user_code.expose());
    assert_eq!(waiting.verification_uri_complete, complete);
    assert!(waiting.lifetime <= Duration::from_secs(600));
    assert_eq!(refused(world.poll(&waiting)), Code::AuthorizationPending);
    let question = world.question(&waiting);
    assert_eq!(question.code.expose(), waiting.user_code.expose());
    assert_eq!((question.client_name.as_str(), question.address.as_str()), ("App", "192.0.2.1"));
    assert_eq!(question.resources, [("Models".to_owned(), MCP.to_owned())]);
    assert_eq!(question.scopes.len(), 3);
    // To look is not to allow.
    world.pass(5);
    assert_eq!(refused(world.poll(&waiting)), Code::AuthorizationPending);
    assert_eq!(world.decide_on(&question, true), Answered::Allowed("App".to_owned()));
    let tokens = minted(world.poll(&waiting));
    let claims = claims(tokens.access_token.expose());
    assert_eq!((&claims["sub"], &claims["aud"]), (&world.user.as_str().into(), &MCP.into()));
    assert_eq!(tokens.scope, "openid read:models offline_access");
    assert!(tokens.id_token.is_some());
    minted(world.refresh(&refresh_token(&tokens)));
    assert_eq!(refused(world.poll(&waiting)), Code::InvalidGrant);
    assert!(world.is_active(tokens.access_token.expose()), "a second poll is no theft");
    let events = world.events();
    for event in ["device.begin", "device.allow", "grant.create", "device.replayed"] {
        assert!(events.contains(&event.to_owned()), "{event}: {events:?}");
    }
}

#[test]
fn tokens_of_a_device_name_the_resource_as_the_device_did() {
    let world = devices();
    let loud = "HTTPS://MCP.example.com:443/mcp";
    let both = serde_json::json!([MCP, loud]);
    for (asked, now, first, next) in [
        (loud, vec![], &both, &both),
        (loud, vec![loud.to_owned()], &both, &both),
        (MCP, vec![loud.to_owned()], &both, &both),
        (MCP, vec![], &MCP.into(), &MCP.into()),
    ] {
        let scope = Some("read:models".to_owned());
        let ask = Ask { scope, resources: vec![asked.to_owned()], trace: None };
        let Begun::Waiting(waiting) = world.try_device(&world.client, ask).unwrap() else {
            panic!("{asked}")
        };
        world.allow(&waiting);
        let code = waiting.device_code.expose().to_owned();
        let ask = PollAsk { device_code: Some(code), resources: now, jkt: None };
        let (env, client) = (Arc::clone(&world.env), world.client.clone());
        let polled =
            world.db.write_blocking(move |tx| device::poll(tx, &env, &app(), &client, &ask));
        let tokens = minted(polled.unwrap());
        assert_eq!(&claims(tokens.access_token.expose())["aud"], first, "{asked}");
        let again = minted(world.refresh(&refresh_token(&tokens)));
        assert_eq!(&claims(again.access_token.expose())["aud"], next, "{asked}");
    }
}

#[test]
fn device_that_polls_too_fast_waits_five_seconds_longer_each_time() {
    let world = devices();
    let waiting = world.device("openid");
    assert_eq!(refused(world.poll(&waiting)), Code::AuthorizationPending);
    world.pass(4);
    assert_eq!(refused(world.poll(&waiting)), Code::SlowDown);
    // Five seconds are no longer enough, and to ask too early again makes it fifteen.
    world.pass(5);
    assert_eq!(refused(world.poll(&waiting)), Code::SlowDown);
    world.pass(10);
    assert_eq!(refused(world.poll(&waiting)), Code::SlowDown);
    world.pass(20);
    assert_eq!(refused(world.poll(&waiting)), Code::AuthorizationPending);
    world.pass(20);
    assert_eq!(refused(world.poll(&waiting)), Code::AuthorizationPending);
    // Who is answered is given the answer at once.
    world.allow(&waiting);
    minted(world.poll(&waiting));
}

#[test]
fn denial_and_expiry_are_told_apart_and_final() {
    let world = devices();
    let denied = world.device("openid");
    let question = world.question(&denied);
    assert_eq!(world.decide_on(&question, false), Answered::Denied("App".to_owned()));
    assert_eq!(refused(world.poll(&denied)), Code::AccessDenied);
    assert!(matches!(world.decide_on(&question, true), Answered::Gone(_)));
    assert_eq!(refused(world.poll(&denied)), Code::AccessDenied);
    assert!(matches!(world.look(denied.user_code.expose()), Looked::Wrong));

    let (late, allowed) = (world.device("openid"), world.device("openid"));
    let question = world.question(&late);
    world.allow(&allowed);
    world.pass(599);
    assert_eq!(refused(world.poll(&late)), Code::AuthorizationPending);
    world.pass(1);
    assert_eq!(refused(world.poll(&late)), Code::ExpiredToken);
    assert_eq!(refused(world.poll(&allowed)), Code::ExpiredToken);
    assert!(matches!(world.decide_on(&question, true), Answered::Gone(_)));
    assert!(matches!(world.look(late.user_code.expose()), Looked::Wrong));
}

#[test]
fn code_is_bound_to_its_client_and_the_grant_must_be_the_clients() {
    let world = devices();
    let waiting = world.device("openid");
    world.allow(&waiting);
    let mut other = world.another_client();
    let code = waiting.device_code.expose();
    assert_eq!(refused(world.poll_as(&other, code)), Code::UnauthorizedClient);
    let begun = world.try_device(&other, Ask::default()).unwrap();
    assert!(matches!(begun, Begun::Refused(refusal) if refusal.code == Code::UnauthorizedClient));
    other.grant_types = vec![GrantType::DeviceCode];
    assert_eq!(refused(world.poll_as(&other, code)), Code::InvalidGrant);
    assert!(world.events().contains(&"device.wrong_client".to_owned()));
    for wrong in ["", "x", waiting.user_code.expose()] {
        assert_eq!(refused(world.poll_as(&world.client, wrong)), Code::InvalidGrant, "{wrong}");
    }
    minted(world.poll(&waiting));
}

#[test]
fn what_cannot_be_had_is_dropped_or_refused() {
    let world = devices();
    let waiting = world.device("read:models admin:models made-up");
    let question = world.question(&waiting);
    let shown: Vec<_> = question.scopes.iter().map(|line| line.scope.as_str()).collect();
    assert_eq!(shown, ["read:models"], "ann is no administrator");
    world.decide_on(&question, true);
    assert_eq!(minted(world.poll(&waiting)).scope, "read:models");
    for (scope, resource, code) in [
        ("made-up", MCP, Code::InvalidScope),
        ("openid", "https://elsewhere.example", Code::InvalidTarget),
    ] {
        let ask = Ask {
            scope: Some(scope.to_owned()),
            resources: vec![resource.to_owned()],
            ..Ask::default()
        };
        let begun = world.try_device(&world.client, ask).unwrap();
        assert!(matches!(begun, Begun::Refused(refusal) if refusal.code == code), "{scope}");
    }
    let only_admin = world.device("admin:models");
    let (env, who) = (Arc::clone(&world.env), world.signed_in.clone());
    let typed = only_admin.user_code.expose().to_owned();
    let looked = world.db.write_blocking(move |tx| {
        device::look(tx, &env, &who.actor(app().origin), (&browser(), &who), &typed)
    });
    let Looked::Nothing(story) = looked.unwrap() else { panic!("something was offered") };
    let told = world.story(story.as_str()).trace.unwrap();
    assert_eq!(told.refusal().unwrap().rule, Some(Rule::ScopeOfPerson));
}

#[test]
fn only_the_session_that_was_asked_can_answer() {
    let world = devices();
    let waiting = world.device("openid");
    let question = world.question(&waiting);
    let mallory = person(&world.db, "mallory", "user");
    let other = sign_in(&world.db, &world.env, &mallory);
    for (who, shown) in [
        (&other, question.shown.as_str()),
        (&world.signed_in, ""),
        (&world.signed_in, "x"),
        (&other, ""),
    ] {
        let answered = world.try_decide(who, &question.request, shown, true);
        assert_eq!(answered.unwrap_err().code(), "invalid", "{shown}");
    }
    assert_eq!(refused(world.poll(&waiting)), Code::AuthorizationPending);
}

#[test]
fn answer_of_a_session_that_ended_counts_for_nothing() {
    let world = devices();
    let (asked, allowed) = (world.device("openid"), world.device("openid"));
    let question = world.question(&asked);
    world.allow(&allowed);
    world.end_session(&world.signed_in.session.id);
    let answered = world.try_decide(&world.signed_in, &question.request, &question.shown, true);
    assert_eq!(answered.unwrap_err().code(), "denied");
    // Allowed before, fetched after: the sign-in behind it is over.
    assert_eq!(refused(world.poll(&allowed)), Code::InvalidGrant);
    assert_eq!(refused(world.poll(&allowed)), Code::InvalidGrant);
}

#[test]
fn switched_off_client_is_neither_shown_nor_served() {
    let world = devices();
    let waiting = world.device("openid");
    let question = world.question(&waiting);
    let id = world.client.id.clone();
    world.db.write_blocking(move |tx| client::disable(tx, &operator(), &id)).unwrap();
    assert!(matches!(world.decide_on(&question, true), Answered::Gone(_)));
    assert!(matches!(world.look(waiting.user_code.expose()), Looked::Wrong));
}

#[test]
fn ten_wrong_codes_pause_the_person_and_the_right_one_must_wait_too() {
    let world = devices();
    let waiting = world.device("openid");
    for _ in 0..10 {
        assert!(matches!(world.look("ZZZZ-ZZZZ"), Looked::Wrong));
        // A right one in between gives no more tries.
        if let Looked::Question(_) = world.look(waiting.user_code.expose()) {}
    }
    let Looked::Wait(wait) = world.look(waiting.user_code.expose()) else { panic!("no pause") };
    assert!(wait > Duration::from_secs(800), "{wait:?}");
    // Another session of the same person has no tries of its own.
    let again = sign_in(&world.db, &world.env, &world.user);
    assert!(matches!(world.look_as(&again, "ZZZZ-ZZZZ"), Looked::Wait(_)));
    world.pass(901);
    assert!(matches!(world.look("ZZZZ-ZZZZ"), Looked::Wrong));
}

#[test]
fn ten_thousand_guesses_from_many_people_end_in_a_pause_for_all() {
    let world = devices();
    let waiting = world.device("openid");
    let people: Vec<_> = (0..200)
        .map(|n| sign_in(&world.db, &world.env, &person(&world.db, &format!("p{n}"), "user")))
        .collect();
    let (mut wrong, mut paused) = (0, 0);
    for n in 0..10_000 {
        match world.look_as(&people[n % people.len()], "ZZZZ-ZZZZ") {
            Looked::Wrong => wrong += 1,
            Looked::Wait(_) => paused += 1,
            Looked::Question(_) | Looked::StepUp(_) | Looked::Enrol | Looked::Nothing(_) => {
                panic!("a guess was right")
            }
        }
    }
    assert_eq!((wrong, paused), (500, 9_500));
    assert!(world.events().contains(&"device.codes_paused".to_owned()));
    assert!(matches!(world.look(waiting.user_code.expose()), Looked::Wait(_)));
    world.pass(3_600);
    let fresh = world.device("openid");
    world.question(&fresh);
}

#[test]
fn table_of_waiting_devices_is_bounded() {
    let world = devices();
    for _ in 0..100 {
        world.device("openid");
    }
    let more = world.try_device(&world.client, Ask::default());
    let error = more.unwrap_err();
    assert_eq!(error.code(), "limited");
    assert!(error.retry_after().is_some());
    world.pass(601);
    world.device("openid");
}

#[test]
fn hundred_polls_of_one_allowed_code_give_one_set_of_tokens() {
    let world = devices();
    for _ in 0..10 {
        let waiting = world.device("openid");
        world.allow(&waiting);
        let outcomes = race(100, |_| world.poll(&waiting));
        let (given, refusals): (Vec<_>, Vec<_>) =
            outcomes.into_iter().partition(|outcome| matches!(outcome, Outcome::Minted(_)));
        assert_eq!(given.len(), 1);
        assert!(refusals.into_iter().all(|outcome| refused(outcome) == Code::InvalidGrant));
    }
}

#[test]
fn of_answers_at_the_same_moment_one_counts() {
    let world = devices();
    for _ in 0..10 {
        let waiting = world.device("openid");
        let question = world.question(&waiting);
        let answers = race(20, |at| world.decide_on(&question, at % 2 == 0));
        let counted: Vec<_> =
            answers.iter().filter(|answer| !matches!(answer, Answered::Gone(_))).collect();
        let [one] = counted.as_slice() else { panic!("{counted:?}") };
        match one {
            Answered::Allowed(_) => drop(minted(world.poll(&waiting))),
            Answered::Denied(_) => {
                assert_eq!(refused(world.poll(&waiting)), Code::AccessDenied);
            }
            Answered::Gone(_) | Answered::Stale => unreachable!(),
        }
    }
}

#[test]
fn parallel_guesses_of_one_person_get_ten_answers() {
    let world = devices();
    let wrong = AtomicUsize::new(0);
    race(100, |_| {
        if let Looked::Wrong = world.look("ZZZZ-ZZZZ") {
            wrong.fetch_add(1, Ordering::SeqCst);
        }
    });
    assert_eq!(wrong.into_inner(), 10);
}

#[test]
fn codes_differ_and_are_kept_as_hashes_alone() {
    let world = devices();
    let all: Vec<_> = (0..50).map(|_| world.device("openid")).collect();
    let codes: HashSet<_> = all.iter().map(|one| one.user_code.expose()).collect();
    assert_eq!(codes.len(), 50);
    let bytes = std::fs::read(world.db.path()).unwrap();
    let wal = std::fs::read(world.db.path().with_extension("db-wal")).unwrap_or_default();
    let on_disk = [bytes, wal].concat();
    assert!(on_disk.len() > 10_000);
    for one in &all {
        for secret in [one.user_code.expose(), one.device_code.expose()] {
            let found = on_disk.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{secret} stands in the database");
        }
    }
}
