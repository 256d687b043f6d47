//! The password's step: what counts as a try, what a wrong one costs, and what nobody can learn from it.

use std::time::Duration;

use mcpcodex::{
    crypto::secret::Hashed,
    error::Kind,
    model::{
        session::{Session, amr},
        sign_in::Stage,
        user::User,
    },
    ops::{
        self,
        login::{Arrival, Begun, Step, Visitor},
    },
};

use crate::support::{OTHER_PASSWORD, PASSWORD, Page, TestApp, browser_of, operator, origin, race};

/// What a try came to.
#[derive(Debug)]
enum Try {
    In(Box<Session>),
    Next(Stage),
    Wrong(Duration),
    NotCompared(Duration),
}

fn arrival() -> Arrival {
    Arrival::new(Visitor::stranger(Hashed::of("a browser")), "/account")
}

/// One try through the ops, as the page makes it.
fn try_from(server: &TestApp, address: &str, name: &str, password: &str) -> Try {
    let (env, from, typed) = (server.app.env(), origin(), name.to_owned());
    let from = mcpcodex::model::actor::Origin { address: address.to_owned(), ..from };
    let begun = server.write(move |tx| ops::login::begin(tx, &env, &from, &typed, None));
    let attempt = match begun {
        Begun::Try(attempt) => attempt,
        Begun::Wait(wait) => return Try::NotCompared(wait),
    };
    let compared = ops::login::verify(&server.app.env, &attempt, password).unwrap();
    let env = server.app.env();
    let finished = server
        .write(move |tx| ops::login::finish(tx, &env, &origin(), &attempt, &compared, &arrival()));
    match finished.step {
        Step::In(entered) => Try::In(Box::new(entered.session)),
        Step::Next(stage) => Try::Next(stage),
        Step::Wrong(wait) => Try::Wrong(wait),
        Step::Gone => panic!("a first step cannot be gone"),
    }
}

fn attempt(server: &TestApp, name: &str, password: &str) -> Try {
    try_from(server, "203.0.113.9", name, password)
}

fn seconds(wait: Duration) -> u64 {
    wait.as_secs()
}

fn lock_out(server: &TestApp, name: &str) {
    for _ in 0..5 {
        match attempt(server, name, "wrong") {
            Try::Wrong(wait) => server.clock.advance(wait),
            other @ (Try::In(_) | Try::Next(_) | Try::NotCompared(_)) => panic!("{other:?}"),
        }
    }
    // The clock went on over the pause; a try right before its end still waits.
    server.clock.set(server.clock.now().minus(Duration::from_secs(900)));
}

#[test]
fn each_wrong_password_costs_a_longer_delay_and_the_fifth_the_pause() {
    let server = TestApp::new();
    server.user("ann");
    for delay in [1, 2, 4, 8, 900] {
        match attempt(&server, "ann", "wrong") {
            Try::Wrong(wait) => assert_eq!(seconds(wait), delay),
            other @ (Try::In(_) | Try::Next(_) | Try::NotCompared(_)) => panic!("{other:?}"),
        }
        server.advance(delay - 1);
        assert!(matches!(attempt(&server, "ann", PASSWORD), Try::NotCompared(_)), "{delay}");
        server.advance(1);
    }
    assert!(matches!(attempt(&server, "ann", PASSWORD), Try::In(_)));
}

#[test]
fn right_password_is_not_looked_at_during_the_pause_and_opens_at_its_very_end() {
    let server = TestApp::new();
    server.user("ann");
    lock_out(&server, "ann");
    assert!(matches!(attempt(&server, "ann", PASSWORD), Try::NotCompared(w) if seconds(w) == 900));
    server.clock.advance(Duration::from_millis(899_999));
    assert!(matches!(attempt(&server, "ann", PASSWORD), Try::NotCompared(_)));
    server.clock.advance(Duration::from_millis(1));
    assert!(matches!(attempt(&server, "ann", PASSWORD), Try::In(_)));
}

#[test]
fn tries_during_the_pause_do_not_prolong_it() {
    let server = TestApp::new();
    server.user("ann");
    lock_out(&server, "ann");
    for _ in 0..50 {
        server.advance(10);
        attempt(&server, "ann", "wrong");
    }
    server.advance(400);
    assert!(matches!(attempt(&server, "ann", PASSWORD), Try::In(_)));
}

#[test]
fn pause_survives_a_restart_to_the_second() {
    let server = TestApp::new();
    server.user("ann");
    lock_out(&server, "ann");
    server.advance(899);
    let server = server.restart();
    assert!(matches!(attempt(&server, "ann", PASSWORD), Try::NotCompared(w) if seconds(w) == 1));
    server.advance(1);
    assert!(matches!(attempt(&server, "ann", PASSWORD), Try::In(_)));
}

#[test]
fn delay_between_tries_survives_a_restart() {
    let server = TestApp::new();
    server.user("ann");
    for delay in [1, 2, 4] {
        assert!(matches!(attempt(&server, "ann", "wrong"), Try::Wrong(w) if seconds(w) == delay));
        server.advance(delay);
    }
    assert!(matches!(attempt(&server, "ann", "wrong"), Try::Wrong(w) if seconds(w) == 8));
    let server = server.restart();
    assert!(matches!(attempt(&server, "ann", PASSWORD), Try::NotCompared(w) if seconds(w) == 8));
    server.advance(8);
    assert!(matches!(attempt(&server, "ann", "wrong"), Try::Wrong(w) if seconds(w) == 900));
}

#[test]
fn two_hundred_parallel_guesses_never_compare_more_than_the_limit() {
    for progressive in [true, false] {
        let server = TestApp::with(|config| {
            config.authentication.password.lockout.progressive_delay = progressive;
            config.limits.sign_in_failures_per_address = 100_000;
        });
        server.user("ann");
        let tries = race(200, |at| attempt(&server, "ann", &format!("guess {at}")));
        let compared = tries.iter().filter(|t| matches!(t, Try::Wrong(_))).count();
        // With the delay, a second guess at the same moment already has to wait.
        assert_eq!(compared, if progressive { 1 } else { 5 }, "progressive: {progressive}");
        assert!(tries.iter().all(|t| matches!(t, Try::Wrong(_) | Try::NotCompared(_))));
    }
}

#[test]
fn parallel_guesses_in_two_processes_share_one_limit() {
    let server = TestApp::with(|config| {
        config.authentication.password.lockout.progressive_delay = false;
    });
    server.user("ann");
    let other = server.another();
    let statuses = race(40, |at| {
        let app = if at % 2 == 0 { &server.app } else { &other };
        let from = mcpcodex::model::actor::Origin { address: format!("192.0.2.{at}"), ..origin() };
        let env = app.env();
        let begun =
            app.db.write_blocking(move |tx| ops::login::begin(tx, &env, &from, "ann", None));
        matches!(begun.unwrap(), Begun::Try(_))
    });
    assert_eq!(statuses.iter().filter(|let_through| **let_through).count(), 5);
}

#[test]
fn guess_that_hangs_up_before_the_answer_has_still_spent_its_try() {
    let server = TestApp::with(|config| {
        config.authentication.password.lockout.progressive_delay = false;
    });
    server.user("ann");
    for _ in 0..5 {
        let env = server.app.env();
        let begun = server.write(move |tx| ops::login::begin(tx, &env, &origin(), "ann", None));
        assert!(matches!(begun, Begun::Try(_)));
    }
    assert!(matches!(attempt(&server, "ann", PASSWORD), Try::NotCompared(_)));
}

#[test]
fn names_that_differ_in_case_or_form_share_one_count() {
    let server = TestApp::with(|config| {
        config.authentication.password.lockout.progressive_delay = false;
    });
    server.user("ann");
    for name in ["ann", "ANN", " ann ", "Ann", "\u{ff41}nn"] {
        assert!(matches!(attempt(&server, name, "wrong"), Try::Wrong(_)), "{name:?}");
    }
    assert!(matches!(attempt(&server, "aNN", PASSWORD), Try::NotCompared(_)));
}

#[test]
fn right_password_clears_the_account_but_not_others_wrong_tries_from_the_address() {
    let server = TestApp::with(|config| {
        config.limits.sign_in_failures_per_address = 10;
        config.authentication.password.lockout.progressive_delay = false;
    });
    server.user("mallory");
    // An attacker with an account of their own cannot wash the address clean with it.
    let mut compared = 0;
    for at in 0..40 {
        if matches!(attempt(&server, &format!("victim{at}"), "wrong"), Try::Wrong(_)) {
            compared += 1;
        }
        attempt(&server, "mallory", PASSWORD);
    }
    assert!(compared <= 10, "{compared} wrong ones from one address");
}

#[test]
fn one_address_is_paused_over_all_names_and_another_is_not() {
    let server = TestApp::with(|config| config.limits.sign_in_failures_per_address = 10);
    server.user("ann");
    for at in 0..10 {
        let tried = try_from(&server, "192.0.2.1", &format!("name{at}"), "wrong");
        assert!(matches!(tried, Try::Wrong(_)), "{at}: {tried:?}");
    }
    assert!(matches!(try_from(&server, "192.0.2.1", "ann", PASSWORD), Try::NotCompared(_)));
    assert!(matches!(try_from(&server, "192.0.2.2", "ann", PASSWORD), Try::In(_)));
    let server = server.restart();
    assert!(matches!(try_from(&server, "192.0.2.1", "ann", PASSWORD), Try::NotCompared(_)));
}

#[test]
fn addresses_of_one_ipv6_network_are_one() {
    let server = TestApp::with(|config| config.limits.sign_in_failures_per_address = 5);
    server.user("ann");
    for at in 0..5 {
        try_from(&server, &format!("2001:db8:1:2::{at}"), &format!("name{at}"), "wrong");
    }
    let same = try_from(&server, "2001:db8:1:2:ffff::1", "ann", PASSWORD);
    assert!(matches!(same, Try::NotCompared(_)), "{same:?}");
    assert!(matches!(try_from(&server, "2001:db8:1:3::1", "ann", PASSWORD), Try::In(_)));
}

#[test]
fn operator_lets_a_paused_person_in_at_once() {
    let server = TestApp::new();
    let ann = server.user("ann");
    lock_out(&server, "ann");
    let id = ann.id.clone();
    server.write(move |tx| ops::user::unlock(tx, &operator(), &id));
    assert!(matches!(attempt(&server, "ann", PASSWORD), Try::In(_)));
}

#[test]
fn password_and_lock_that_arrive_during_the_hash_win_over_it() {
    let server = TestApp::new();
    let (ann, bob) = (server.user("ann"), server.user("bob"));
    let begin = |name: &'static str| {
        let env = server.app.env();
        match server.write(move |tx| ops::login::begin(tx, &env, &origin(), name, None)) {
            Begun::Try(attempt) => attempt,
            Begun::Wait(_) => panic!("nobody tried yet"),
        }
    };
    let (first, second) = (begin("ann"), begin("bob"));
    server.set_password(&ann, OTHER_PASSWORD);
    let id = bob.id.clone();
    server.write(move |tx| ops::user::lock(tx, &operator(), &id));
    for attempt in [first, second] {
        let compared = ops::login::verify(&server.app.env, &attempt, PASSWORD).unwrap();
        let env = server.app.env();
        let finished = server.write(move |tx| {
            ops::login::finish(tx, &env, &origin(), &attempt, &compared, &arrival())
        });
        assert!(matches!(finished.step, Step::Wrong(_)), "{finished:?}");
        assert!(finished.token.is_none());
    }
}

#[test]
fn flood_beyond_the_permits_is_refused_busy_and_costs_no_try() {
    let server = TestApp::with(|config| {
        config.limits.hashing_permits = 1;
        config.limits.hashing_queue = 0;
        config.limits.sign_in_failures_per_address = 10_000;
        // Long enough to be caught at it.
        config.authentication.password.hashing.memory_kib = 16_384;
    });
    for at in 0..8 {
        server.user(&format!("user{at}"));
    }
    let results = race(8, |at| {
        let (env, name) = (server.app.env(), format!("user{at}"));
        let begun = server.write(move |tx| ops::login::begin(tx, &env, &origin(), &name, None));
        let Begun::Try(attempt) = begun else { panic!("user{at} has not tried yet") };
        match ops::login::verify(&server.app.env, &attempt, "wrong") {
            Ok(_) => true,
            Err(busy) => {
                assert_eq!(busy.kind(), Kind::Busy);
                assert!(busy.retry_after().is_some());
                server.write(move |tx| ops::login::abandon(tx, &attempt, &busy));
                false
            }
        }
    });
    let refused: Vec<usize> = (0..8).filter(|at| !results[*at]).collect();
    assert!(!refused.is_empty(), "nobody was refused: {results:?}");
    for at in refused {
        // Not even the delay of a wrong try.
        let tried = try_from(&server, "192.0.2.77", &format!("user{at}"), PASSWORD);
        assert!(matches!(tried, Try::In(_)), "user{at}: {tried:?}");
    }
}

#[test]
fn flood_of_the_page_is_answered_503_with_retry_after() {
    let server = TestApp::with(|config| {
        config.limits.hashing_permits = 1;
        config.limits.hashing_queue = 0;
        config.authentication.password.hashing.memory_kib = 65_536;
    });
    let pages = race(12, |at| server.browser().sign_in(&format!("nobody{at}"), "wrong"));
    let busy: Vec<_> = pages.iter().filter(|page| page.status == 503).collect();
    assert!(!busy.is_empty(), "{:?}", pages.iter().map(|page| page.status).collect::<Vec<_>>());
    for page in busy {
        assert!(page.header("retry-after").parse::<u32>().unwrap() >= 1);
        assert!(page.set_cookies().iter().all(|c| !c.starts_with("mcpcodex_session")), "{page:?}");
    }
    assert!(pages.iter().all(|page| matches!(page.status, 401 | 503)));
}

/// What a browser sees of an answer to a try for `name`, line by line, without what differs in every answer.
fn seen(page: &Page, name: &str) -> Vec<String> {
    let csrf = page.form("/login").unwrap().value("csrf").unwrap().to_owned();
    let body = page.body.replace(&csrf, "CSRF").replace(name, "NAME");
    let mut lines: Vec<String> = page
        .headers
        .iter()
        .map(|(header, value)| (header.as_str(), value.to_str().unwrap()))
        // The page repeats what was typed.
        .map(|(header, value)| match (header, value.parse::<usize>()) {
            ("content-length", Ok(length)) => format!("length {}", length - name.len()),
            _ => format!("{header}: {value}"),
        })
        .collect();
    lines.sort();
    lines.insert(0, page.status.to_string());
    lines.extend(body.lines().map(str::to_owned));
    lines
}

/// The lines in which two answers differ.
fn difference<'l>(one: &'l [String], other: &'l [String]) -> Vec<(&'l String, &'l String)> {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).filter(|(one, other)| one != other).collect()
}

#[test]
fn unknown_name_wrong_password_locked_disabled_and_invited_look_the_same() {
    let server = TestApp::new();
    let (locked, disabled) = (server.user("locked"), server.user("disabled"));
    server.user("annabel");
    server.write(move |tx| {
        ops::user::lock(tx, &operator(), &locked.id)?;
        ops::user::disable(tx, &operator(), &disabled.id)
    });
    let env = server.app.env();
    server.write(move |tx| {
        let new = ops::user::New {
            username: "invited".to_owned(),
            email: "invited@example.com".to_owned(),
            ..ops::user::New::default()
        };
        ops::user::create(tx, &env, &operator(), &new, &ops::user::FirstPassword::Invite)
    });
    let answer = |name: &str, password: &str| {
        let mut browser = server.browser();
        let page = browser.sign_in(name, password);
        assert!(browser.session().is_none() && browser.cookie("mcpcodex_sign_in").is_none());
        seen(&page, name)
    };
    let wrong = answer("annabel", "wrong");
    assert_eq!(wrong[0], "401");
    for (name, password) in
        [("unknown", "wrong"), ("locked", "wrong"), ("disabled", "wrong"), ("invited", "wrong")]
    {
        assert_eq!(difference(&answer(name, password), &wrong), [], "{name}");
        server.advance(900);
    }
    // The right password of someone shut out is no better.
    for name in ["locked", "disabled"] {
        assert_eq!(difference(&answer(name, PASSWORD), &wrong), [], "{name}");
        server.advance(900);
    }
}

#[test]
fn unknown_name_is_paused_after_as_many_tries_as_a_known_one_and_looks_the_same_then() {
    let server = TestApp::new();
    server.user("annabel");
    let pages = ["annabel", "unknown"].map(|name| {
        let mut lines = Vec::new();
        let mut waits = Vec::new();
        for _ in 0..7 {
            let page = server.browser().sign_in(name, "wrong");
            let wait: u64 = page.header("retry-after").parse().unwrap();
            lines.extend(seen(&page, name));
            waits.push(wait);
            if wait < 900 {
                server.advance(wait);
            }
        }
        (lines, waits)
    });
    assert_eq!(pages[0].1, [1, 2, 4, 8, 900, 900, 900]);
    assert_eq!(difference(&pages[0].0, &pages[1].0), []);
}

#[test]
fn unknown_name_takes_as_long_as_a_wrong_password() {
    let server = TestApp::with(|config| {
        // Far above what the two commits around it take.
        config.authentication.password.hashing.memory_kib = 32_768;
        config.authentication.password.lockout.max_attempts = 1_000;
        config.authentication.password.lockout.progressive_delay = false;
        config.limits.sign_in_failures_per_address = 1_000_000;
    });
    server.user("annabel");
    let time = |name: &str| {
        let start = std::time::Instant::now();
        assert!(matches!(attempt(&server, name, "wrong"), Try::Wrong(_)));
        start.elapsed().as_secs_f64()
    };
    let median = |mut samples: Vec<f64>| {
        samples.sort_by(f64::total_cmp);
        samples[samples.len() / 2]
    };
    let mut ratio = 0.0;
    // A machine that is busy elsewhere disturbs one round, not three in a row.
    for _ in 0..3 {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for _ in 0..25 {
            known.push(time("annabel"));
            unknown.push(time("unknown"));
        }
        ratio = median(unknown) / median(known);
        if (0.75..1.33).contains(&ratio) {
            return;
        }
    }
    panic!("unknown names take {ratio:.2} times as long as wrong passwords");
}

#[test]
fn password_typed_in_either_unicode_form_opens() {
    let server = TestApp::new();
    // é and ü as one character each; then as letter and mark.
    let (composed, decomposed) =
        ("Caf\u{e9}-m\u{fc}de 71 Laterne", "Cafe\u{301}-mu\u{308}de 71 Laterne");
    server.person("ann", &["user"], composed);
    server.person("bob", &["user"], decomposed);
    for name in ["ann", "bob"] {
        for typed in [composed, decomposed] {
            assert!(matches!(attempt(&server, name, typed), Try::In(_)), "{name} {typed:?}");
        }
    }
}

#[test]
fn long_password_counts_to_its_last_character() {
    let server = TestApp::new();
    let long = "Quiet-Harbour_71 lantern; velvet compass 38 orchard! brisk Marble (pelican) dusk, tundra 5 wicket & foK";
    assert!(long.len() > 99);
    let cut = &long[..long.len() - 1];
    server.person("ann", &["user"], long);
    assert!(matches!(attempt(&server, "ann", cut), Try::Wrong(_)));
    server.advance(1);
    assert!(matches!(attempt(&server, "ann", &format!("{cut}J")), Try::Wrong(_)));
    server.advance(2);
    assert!(matches!(attempt(&server, "ann", long), Try::In(_)));
}

#[test]
fn weak_hash_is_renewed_by_the_sign_in_that_proves_the_password() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let server = server.restart_with(|config| {
        config.authentication.password.hashing.iterations = 2;
    });
    let hash =
        |ann: &User| server.read(|r| mcpcodex::store::user::password_hash(r, &ann.id)).unwrap();
    assert!(hash(&ann).contains("t=1"));
    assert!(matches!(attempt(&server, "ann", PASSWORD), Try::In(_)));
    assert!(hash(&ann).contains("t=2"));
    assert!(matches!(attempt(&server, "ann", PASSWORD), Try::In(_)));
}

#[test]
fn password_alone_opens_a_session_that_says_so() {
    let server = TestApp::new();
    server.user("ann");
    let Try::In(session) = attempt(&server, "ann", PASSWORD) else { panic!() };
    assert_eq!(session.amr, [amr::PASSWORD]);
    assert!(!session.mfa_verified());
}

#[test]
fn required_factor_may_be_missing_until_the_very_end_of_the_grace_period() {
    let server = TestApp::new();
    server.admin("root");
    // The period begins with the first sign-in, not with the account.
    server.advance(100_000);
    assert!(matches!(attempt(&server, "root", PASSWORD), Try::In(_)));
    server.clock.advance(Duration::from_millis(3_599_999));
    assert!(matches!(attempt(&server, "root", PASSWORD), Try::In(_)));
    server.clock.advance(Duration::from_millis(1));
    assert!(matches!(attempt(&server, "root", PASSWORD), Try::Next(Stage::Enroll)));
    let server = server.restart();
    assert!(matches!(attempt(&server, "root", PASSWORD), Try::Next(Stage::Enroll)));
}

#[test]
fn no_grace_leads_to_enrolment_at_the_first_sign_in() {
    let server = TestApp::with(|config| config.authentication.mfa.grace_period = Duration::ZERO);
    server.admin("root");
    server.user("ann");
    assert!(matches!(attempt(&server, "root", PASSWORD), Try::Next(Stage::Enroll)));
    assert!(matches!(attempt(&server, "ann", PASSWORD), Try::In(_)));
}

#[test]
fn expired_password_is_asked_for_after_the_second_factor_and_not_before() {
    let server = TestApp::new();
    let ann = server.user("ann");
    server.user("bob");
    server.with_totp(&ann);
    server.advance(90 * 86_400 - 1);
    assert!(matches!(attempt(&server, "bob", PASSWORD), Try::In(_)));
    server.advance(1);
    assert!(matches!(attempt(&server, "bob", PASSWORD), Try::Next(Stage::PasswordExpired)));
    assert!(matches!(attempt(&server, "ann", PASSWORD), Try::Next(Stage::SecondFactor)));
}

#[test]
fn sign_in_at_a_second_process_sees_the_same_people_and_pauses() {
    let server = TestApp::new();
    server.user("ann");
    lock_out(&server, "ann");
    let mut browser = browser_of(&server.another()).from("192.0.2.200");
    let page = browser.sign_in("ann", PASSWORD);
    assert_eq!((page.status, page.header("retry-after")), (401, "900"));
}

#[test]
fn person_signs_in_by_e_mail_address_in_any_case() {
    let server = TestApp::new();
    server.user("ann");
    assert!(matches!(attempt(&server, "Ann@Example.com", PASSWORD), Try::In(_)));
    lock_out(&server, "ann@example.com");
    assert!(matches!(attempt(&server, "ann@example.com", PASSWORD), Try::NotCompared(_)));
}

#[test]
fn name_and_address_together_give_no_more_tries_than_one_and_do_not_tell_that_they_belong_together()
{
    let server = TestApp::new();
    let ann = server.user("ann");
    lock_out(&server, "ann@example.com");
    // The name shows no pause, as that of a stranger; yet not even the right password counts.
    assert!(matches!(attempt(&server, "ann", PASSWORD), Try::Wrong(wait) if seconds(wait) == 1));
    server.advance(900);
    assert!(matches!(attempt(&server, "ann", PASSWORD), Try::In(_)));
    lock_out(&server, "ann");
    server.write(move |tx| ops::user::unlock(tx, &operator(), &ann.id));
    assert!(matches!(attempt(&server, "ann@example.com", PASSWORD), Try::In(_)));
}
