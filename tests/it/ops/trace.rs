//! "Why was this refused?": each rule leaves a story that names it, and nothing secret is in any.

use std::sync::Arc;

use mcpcodex::{
    error::Kind as Failure,
    model::{
        actor::{Actor, Origin},
        id::TraceId,
        trace::{Kind, Rule, Shown, State, Step, Trace, story::Story},
    },
    ops::{
        client,
        oauth::{
            authorize::Next,
            begin::{Begun, Unsure},
        },
        trace,
    },
};

use super::oauth::fixture::*;

fn trace_of(world: &World, id: &TraceId) -> Trace {
    world.story(id.as_str()).trace.unwrap()
}

fn lines(story: &Story) -> String {
    let lines: Vec<String> =
        story.lines().iter().map(|line| format!("{} {}", line.label, line.words)).collect();
    lines.join("\n")
}

#[test]
fn each_refusal_of_the_front_door_names_client_address_scope_rule_and_what_mends_it() {
    let world = world();
    let also = (("response_type", ""), Rule::ResponseType);
    for (over, rule) in refused_at_the_door().into_iter().chain([also]) {
        let (begun, id) = world.attempt(params(&world.client, &[over]));
        let Begun::Redirect(url) = begun else { panic!("{over:?}: {begun:?}") };
        let told = query(&url, "error_description").unwrap();
        assert!(told.ends_with(&format!("(reference {})", Shown(&id))), "{told}");
        let found = trace_of(&world, &id);
        assert_eq!(found.state, State::Refused, "{over:?}");
        assert_eq!(found.refusal().unwrap().rule, Some(rule), "{over:?}: {told}");
        assert_eq!(found.client.as_deref(), Some(world.client.id.as_str()));
        let text = lines(&world.story(&Shown(&id).to_string()));
        for part in
            ["https://app.example.com/callback?keep=…", rule.code(), rule.fix(), "192.0.2.1"]
        {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        let scope = if over.0 == "scope" { over.1 } else { "openid profile email" };
        assert!(text.contains(scope), "{text}");
    }
    let mut twice = params(&world.client, &[]);
    twice.push(("scope".to_owned(), "openid".to_owned()));
    let (_, id) = world.attempt(twice);
    assert_eq!(trace_of(&world, &id).refusal().unwrap().rule, Some(Rule::Repeated));
}

#[test]
fn each_error_page_of_the_front_door_has_a_story() {
    let world = world();
    let rule = |over: &[(&str, &str)], why: Unsure| {
        let (begun, id) = world.attempt(params(&world.client, over));
        assert_eq!(begun, Begun::Page(why), "{over:?}");
        let found = trace_of(&world, &id);
        let hop = found.refusal().unwrap().clone();
        (hop.rule.unwrap(), hop.hint.unwrap_or_default(), found)
    };
    let (unknown, _, found) = rule(&[("client_id", "c_nobody")], Unsure::UnknownClient);
    assert_eq!(
        (unknown, found.proved, found.client.as_deref()),
        (Rule::UnknownClient, false, Some("c_nobody"))
    );
    assert_eq!(rule(&[("redirect_uri", "")], Unsure::UnknownRedirect).0, Rule::RedirectMissing);
    let wrong = "https://app.example.com/callback/?keep=1";
    let (unknown, hint, found) = rule(&[("redirect_uri", wrong)], Unsure::UnknownRedirect);
    assert_eq!(
        (unknown, found.proved),
        (Rule::RedirectUnknown, false),
        "to name one proves nothing"
    );
    for part in [
        "registered: https://app.example.com/callback?keep=1 http://127.0.0.1/cb",
        "nearest: https://app.example.com/callback?keep=1 (the path differs)",
        &format!("mcpcodex client edit {}", world.client.id),
    ] {
        assert!(hint.contains(part), "{hint}");
    }
    let pushed = [("request_uri", "urn:ietf:params:oauth:request_uri:gone")];
    assert_eq!(rule(&pushed, Unsure::UnknownRequest).0, Rule::PushedUnknown);
    let mut twice = params(&world.client, &[]);
    twice.push(("client_id".to_owned(), "another".to_owned()));
    let (_, id) = world.attempt(twice);
    assert_eq!(trace_of(&world, &id).refusal().unwrap().rule, Some(Rule::Ambiguous));
    let own = world.client.id.clone();
    world.db.write_blocking(move |tx| client::disable(tx, &operator(), &own)).unwrap();
    assert_eq!(rule(&[], Unsure::SwitchedOff).0, Rule::ClientShut);
}

fn waiting(world: &World, over: &[(&str, &str)]) -> (mcpcodex::model::id::RequestId, TraceId) {
    match world.attempt(params(&world.client, over)) {
        (Begun::Waiting(request), id) => (request, id),
        (other, _) => panic!("{other:?}"),
    }
}

fn rule_after(world: &World, id: &TraceId) -> Option<Rule> {
    trace_of(world, id).refusal().and_then(|hop| hop.rule)
}

#[test]
fn each_refusal_before_a_person_is_told_too() {
    let world = world();
    let (request, id) = waiting(&world, &[("prompt", "none")]);
    world.decide(&request, None);
    assert_eq!(rule_after(&world, &id), Some(Rule::LoginRequired));
    let (request, id) = waiting(&world, &[("prompt", "none")]);
    world.decide(&request, Some(&world.signed_in));
    assert_eq!(rule_after(&world, &id), Some(Rule::ConsentRequired));
    let (request, id) = waiting(&world, &[]);
    let no = world.answer(&request, &world.signed_in, false);
    assert_eq!(rule_after(&world, &id), Some(Rule::SaidNo));
    let told = query(&redirect(no), "error_description").unwrap();
    assert!(told.contains(&Shown(&id).to_string()), "{told}");
    let (request, id) = waiting(&world, &[("scope", "admin:models"), ("resource", MCP)]);
    world.decide(&request, Some(&world.signed_in));
    assert_eq!(rule_after(&world, &id), Some(Rule::ScopeOfPerson));
    let (request, id) = waiting(&world, &[]);
    let own = world.client.id.clone();
    world.db.write_blocking(move |tx| client::disable(tx, &operator(), &own)).unwrap();
    assert!(matches!(world.decide(&request, Some(&world.signed_in)), Next::Gone(_)));
    assert_eq!(rule_after(&world, &id), Some(Rule::Left));
}

#[test]
fn attempt_that_succeeds_tells_its_way_and_ends_in_its_connection() {
    let world = world();
    let (request, id) = waiting(&world, &[]);
    assert!(matches!(world.decide(&request, None), Next::SignIn));
    assert!(matches!(world.decide(&request, None), Next::SignIn));
    let url = redirect(world.answer(&request, &world.signed_in, true));
    let steps = |world: &World| -> Vec<Step> {
        trace_of(world, &id).hops.iter().map(|hop| hop.step).collect()
    };
    let way = [Step::Taken, Step::SignIn, Step::Asked, Step::Allowed, Step::Code];
    assert_eq!(steps(&world), way, "said once, however often the page was loaded");
    let code = query(&url, "code").unwrap();
    let (env, client) = (Arc::clone(&world.env), world.client.clone());
    world
        .db
        .write_blocking(move |tx| {
            let ask = ask(&code);
            mcpcodex::ops::oauth::exchange::exchange(tx, &env, &app(), &client, &ask)
        })
        .unwrap();
    let story = world.story(id.as_str());
    let found = story.trace.as_ref().unwrap();
    assert_eq!((found.state, steps(&world).last()), (State::Done, Some(&Step::Exchanged)));
    assert_eq!(found.user.as_deref(), Some(world.user.as_str()));
    assert_eq!(found.grant.as_deref(), story.grant.as_ref().map(|grant| grant.id.as_str()));
    assert!(story.verdict.unwrap().starts_with("it stands"));
}

#[test]
fn connection_tells_its_life_and_why_it_ended() {
    let world = world();
    let tokens = world.tokens(&[]);
    let grant = claims(tokens.access_token.expose())["gid"].as_str().unwrap().to_owned();
    let one = refresh_token(&tokens);
    world.pass(10);
    let two = refresh_token(&minted(world.refresh(&one)));
    minted(world.refresh(&one));
    world.pass(100);
    minted(world.refresh_with(&from("203.0.113.9", "agent/2"), &world.client, refresh_ask(&two)));
    world.pass(100);
    refused(world.refresh(&one));
    let story = world.story(&grant);
    let names: Vec<&str> = story.events.iter().map(|told| told.event.event.as_str()).collect();
    let life =
        ["grant.create", "refresh.rotate", "refresh.again", "refresh.rotate", "refresh.replayed"];
    assert_eq!(names, life);
    assert_eq!(story.events[3].agent.as_deref(), Some("agent/2"));
    let text = lines(&story);
    assert!(text.contains("203.0.113.9 agent/2"), "{text}");
    let last = text.lines().last().unwrap();
    assert!(last.contains("an old refresh token came again"), "{last}");
    // The same by the number of one of its events, and by the person.
    let number = story.events[1].event.id.to_string();
    assert_eq!(world.story(&number).events.len(), 5);
    assert!(lines(&world.story("ann")).contains("an old token came again"));
}

#[test]
fn long_life_is_told_from_its_end_and_says_that_it_is_cut() {
    let world = world();
    let tokens = world.tokens(&[("scope", "openid offline_access")]);
    let grant = claims(tokens.access_token.expose())["gid"].as_str().unwrap().to_owned();
    let mut token = refresh_token(&tokens);
    for _ in 0..150 {
        world.pass(31);
        token = refresh_token(&minted(world.refresh(&token)));
    }
    assert!(!world.story(&grant).cut);
    for _ in 0..60 {
        world.pass(31);
        token = refresh_token(&minted(world.refresh(&token)));
    }
    let story = world.story(&grant);
    assert_eq!((story.cut, story.events.len()), (true, 200));
    assert_eq!(story.events.last().unwrap().event.at, world.db.now());
    let person = world.story("ann");
    assert_eq!((person.cut, person.events.len()), (true, 200));
    let times: Vec<_> = person.events.iter().map(|told| told.event.at).collect();
    assert!(times.is_sorted(), "the newest is told last");
}

#[test]
fn session_tells_who_ended_it() {
    let world = world();
    let id = world.signed_in.session.id.clone();
    let typed = format!("  {id}\n");
    assert!(world.story(&typed).verdict.unwrap().starts_with("signed in"), "as it was pasted");
    world.end_session(&id);
    let verdict = world.story(id.as_str()).verdict.unwrap();
    assert!(verdict.contains("the sign-in was ended by root (cli)"), "{verdict}");

    let world = self::world();
    world.pass(31 * 86_400);
    let verdict = world.story(world.signed_in.session.id.as_str()).verdict.unwrap();
    assert!(verdict.starts_with("over since"), "{verdict}");
}

#[test]
fn what_nobody_knows_is_said_with_how_long_attempts_are_kept() {
    let world = world();
    for typed in ["T7K2-9QXM", "g_0193", "s_0193", "99999", "nobody", "", "'; drop table traces --"]
    {
        let error = world.db.read(|r| trace::story::find(r, &operator(), typed)).unwrap_err();
        assert_eq!(error.kind(), Failure::NotFound, "{typed}");
        assert!(error.next().unwrap().contains("30 days"), "{typed}");
    }
    let stranger = Actor::anonymous(Origin::default());
    let asked = world.db.read(|r| trace::story::find(r, &stranger, "ann"));
    assert_eq!(asked.unwrap_err().kind(), Failure::Denied);
}

#[test]
fn stranger_cannot_drive_the_terminal_or_fill_it() {
    let world = world();
    let big = "A".repeat(65_536);
    for hostile in
        ["a\r\nHTTP/1.1 200", "\u{1b}]52;c;cm0=\u{7}", "\u{202e}nimda", "\u{9b}2J\u{0}", &big]
    {
        let who = from(hostile, hostile);
        let pairs: Vec<(String, String)> =
            ["client_id", "redirect_uri", "scope", "resource", "prompt", hostile]
                .iter()
                .map(|name| ((*name).to_owned(), hostile.to_owned()))
                .collect();
        let env = Arc::clone(&world.env);
        let id = world
            .db
            .write_blocking(move |tx| {
                let id = trace::open(tx, &who, Kind::Authorize, &pairs, false)?;
                mcpcodex::ops::oauth::begin::begin(tx, &env, &who, &browser(), &pairs, Some(&id))?;
                Ok(id)
            })
            .unwrap();
        let story = world.story(id.as_str());
        for line in story.lines() {
            for text in [&line.label, &line.words] {
                assert!(text.chars().count() <= 1_200, "{} characters", text.chars().count());
                let harmful = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
                assert!(!text.chars().any(harmful), "{text:?}");
            }
        }
        assert!(story.lines().len() < 40);
    }
}

/// So many attempts of a kind, each from the address that `address` says, by whoever names this client.
fn flood(world: &World, kind: Kind, count: u32, address: impl Fn(u32) -> String + Send + 'static) {
    let client = world.client.id.to_string();
    world
        .db
        .write_blocking(move |tx| {
            for n in 0..count {
                let pairs = [("client_id".to_owned(), client.clone())];
                trace::open(tx, &from(&address(n), "flood/1"), kind, &pairs, false)?;
            }
            Ok(())
        })
        .unwrap();
}

fn is_told(world: &World, id: &TraceId) -> bool {
    world.db.read(|r| mcpcodex::store::trace::exists(r, id)).unwrap()
}

/// The story of somebody at an address.
fn told_of(world: &World, kind: Kind, address: &'static str, proved: bool) -> TraceId {
    world
        .db
        .write_blocking(move |tx| trace::open(tx, &from(address, "x"), kind, &[], proved))
        .unwrap()
}

#[test]
fn flood_that_names_a_client_pushes_out_nobody_but_strangers_of_its_kind() {
    let world = world();
    let (request, signed_in) = waiting(&world, &[]);
    world.decide(&request, Some(&world.signed_in));
    let proved = told_of(&world, Kind::Token, "198.51.100.7", true);
    let others: Vec<TraceId> = [Kind::Push, Kind::Device, Kind::Token, Kind::Register]
        .map(|kind| told_of(&world, kind, "192.0.2.66", false))
        .to_vec();
    let elsewhere = told_of(&world, Kind::Authorize, "198.51.100.7", false);
    // The oldest of all would be the first to go.
    world.pass(1);
    flood(&world, Kind::Authorize, 3_000, |_| "192.0.2.66".to_owned());
    flood(&world, Kind::Authorize, 3_000, |n| format!("2001:db8::{n:x}"));
    assert!(is_told(&world, &signed_in), "of a person who had signed in");
    assert!(is_told(&world, &proved), "of a client that had proved who it is");
    assert!(others.iter().all(|id| is_told(&world, id)), "of other kinds");
    told_of(&world, Kind::Token, "192.0.2.67", false);
    assert!(others.iter().all(|id| is_told(&world, id)), "each kind is counted by itself");
    assert!(is_told(&world, &elsewhere), "of the same kind, from another address");
    let strangers =
        world.db.read(|r| mcpcodex::store::trace::count_strangers(r, Kind::Authorize)).unwrap();
    assert!((1_000..=2_000).contains(&strangers), "{strangers}");
    // From everywhere at once, the oldest go.
    world.pass(1);
    flood(&world, Kind::Authorize, 3_000, |n| format!("10.0.{}.{}", n / 250, n % 250));
    assert!(!is_told(&world, &elsewhere));
    assert!(is_told(&world, &signed_in) && others.iter().all(|id| is_told(&world, id)));
}

#[test]
fn stories_are_bounded_whoever_makes_them_and_end_with_their_time() {
    let world = world();
    let count = || world.db.read(mcpcodex::store::trace::count).unwrap();
    let first = told_of(&world, Kind::Token, "192.0.2.1", true);
    world.pass(1);
    world
        .db
        .write_blocking(|tx| {
            for _ in 0..10_500 {
                trace::open(tx, &app(), Kind::Token, &[], true)?;
            }
            Ok(())
        })
        .unwrap();
    assert!((9_000..=10_000).contains(&count()), "{}", count());
    assert!(!is_told(&world, &first), "the oldest goes");
    for kind in Kind::ALL {
        flood(&world, kind, 2_500, |_| "192.0.2.66".to_owned());
    }
    assert!(count() <= trace::MOST, "{}", count());
    // A story that is told on and on does not grow for ever, but the last refusal is always in it.
    let (_, own) = waiting(&world, &[]);
    let id = own.clone();
    world
        .db
        .write_blocking(move |tx| {
            for n in 0..2_000 {
                let step = if n % 2 == 0 { Step::SignIn } else { Step::Asked };
                trace::note(tx, Some(&id), step, "again and again")?;
            }
            for rule in [Rule::RefreshExpired, Rule::PersonShut] {
                trace::refuse_page(tx, &id, rule, &trace::Grounds::default())?;
            }
            Ok(())
        })
        .unwrap();
    assert!(trace_of(&world, &own).hops.len() < 200);
    assert_eq!(rule_after(&world, &own), Some(Rule::PersonShut));
    world.pass(31 * 86_400);
    let env = Arc::clone(&world.env);
    world.db.write_blocking(move |tx| mcpcodex::ops::sweep::sweep(tx, &env)).unwrap();
    assert_eq!(count(), 0);
}
