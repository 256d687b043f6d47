//! One-time codes: six digits, ten minutes, once, five tries, newest only, bound; and how many may go out.

use mcpcodex::{
    config::{
        Config,
        mfa::{EmailProvider, SmsProvider},
    },
    crypto::secret::Hashed,
    model::{
        actor::Origin,
        factor::Method,
        id::{MessageId, SessionId},
        message::State,
        user::User,
    },
    ops::{
        self,
        code::{self, Binding, Sent},
        outbox,
    },
};

use crate::support::{TestApp, operator, origin, race};

pub(super) const PHONE: &str = "+491512345678";

pub(super) fn offline(config: &mut Config) {
    let providers = &mut config.authentication.mfa.providers;
    (providers.sms.enabled, providers.sms.provider) = (true, SmsProvider::Console);
    (providers.email.enabled, providers.email.provider) = (true, EmailProvider::Console);
}

/// Someone with both a number and an address in force, and hardly any caps.
fn with_contacts(change: impl FnOnce(&mut Config)) -> (TestApp, User) {
    let server = TestApp::with(|config| {
        offline(config);
        let limits = &mut config.limits.messages;
        (limits.per_recipient, limits.per_person) = (1_000, 1_000);
        change(config);
    });
    let ann = server.user("ann");
    enroll(&server, &ann, Method::Sms, PHONE);
    enroll(&server, &ann, Method::Email, "ann@example.org");
    (server, ann)
}

pub(super) fn enroll(server: &TestApp, user: &User, method: Method, value: &str) {
    let (env, id, value) = (server.app.env(), user.id.clone(), value.to_owned());
    server.write(move |tx| {
        let binding = Binding::operator(&id);
        let begun = ops::contact::enroll(tx, &env, &operator(), &id, method, &value, &binding)?;
        ops::contact::confirm_unverified(tx, &env, &operator(), &id, &begun.contact.id)
    });
}

pub(super) fn binding(name: &str) -> Binding {
    Binding::sign_in(&Hashed::of(name))
}

fn send(server: &TestApp, user: &User, method: Method, bound: &Binding) -> Sent {
    let (env, id, bound) = (server.app.env(), user.id.clone(), bound.clone());
    server.write(move |tx| code::send(tx, &env, &origin(), &id, method, &bound))
}

fn spend(server: &TestApp, user: &User, method: Method, bound: &Binding, typed: &str) -> bool {
    let (env, id, bound) = (server.app.env(), user.id.clone(), bound.clone());
    let typed = typed.to_owned();
    server.write(move |tx| code::spend(tx, &env, &bound, &id, method, &typed))
}

fn queued(sent: Sent) -> MessageId {
    match sent {
        Sent::Queued(id) => id,
        Sent::Capped(_) | Sent::NotOffered => panic!("{sent:?}"),
    }
}

/// The code that a message carries. Read before it is sent, as its carrier would.
pub(super) fn code_in(server: &TestApp, id: &MessageId) -> String {
    let text = server.read(|r| outbox::read(r, &server.app.env, &operator(), id)).unwrap();
    let digits: Vec<&str> = text
        .text
        .expose()
        .split(|c: char| !c.is_ascii_digit())
        .filter(|run| run.len() == 6)
        .collect();
    assert_eq!(digits.len(), 1, "{}", text.text.expose());
    digits[0].to_owned()
}

fn sent_code(server: &TestApp, user: &User, method: Method, bound: &Binding) -> String {
    code_in(server, &queued(send(server, user, method, bound)))
}

fn another(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[test]
fn code_works_once_however_it_is_spaced() {
    let (server, ann) = with_contacts(|_| ());
    for method in [Method::Sms, Method::Email] {
        let bound = binding("one");
        let code = sent_code(&server, &ann, method, &bound);
        let spaced = format!(" {} {} ", &code[..3], &code[3..]);
        assert!(spend(&server, &ann, method, &bound, &spaced));
        assert!(!spend(&server, &ann, method, &bound, &code), "used up");
    }
}

#[test]
fn code_is_worth_nothing_elsewhere() {
    let (server, ann) = with_contacts(|_| ());
    let bob = server.user("bob");
    enroll(&server, &bob, Method::Sms, "+491702345678");
    let bound = binding("one");
    let code = sent_code(&server, &ann, Method::Sms, &bound);
    assert!(!spend(&server, &ann, Method::Sms, &binding("two"), &code), "another sign-in");
    let session = Binding::session(&SessionId::from_text("one"));
    assert!(!spend(&server, &ann, Method::Sms, &session, &code), "a session");
    assert!(!spend(&server, &ann, Method::Email, &bound, &code), "another method");
    assert!(!spend(&server, &bob, Method::Sms, &bound, &code), "another person");
    assert!(spend(&server, &ann, Method::Sms, &bound, &code));
}

#[test]
fn code_lasts_ten_minutes_and_not_a_moment_longer() {
    let (server, ann) = with_contacts(|_| ());
    let bound = binding("one");
    let code = sent_code(&server, &ann, Method::Sms, &bound);
    server.advance(600);
    assert!(!spend(&server, &ann, Method::Sms, &bound, &code));
    let code = sent_code(&server, &ann, Method::Sms, &bound);
    server.clock.advance(std::time::Duration::from_millis(599_999));
    assert!(spend(&server, &ann, Method::Sms, &bound, &code));
}

#[test]
fn newest_code_alone_counts_and_the_older_message_is_not_sent_any_more() {
    let (server, ann) = with_contacts(|_| ());
    let bound = binding("one");
    let first = queued(send(&server, &ann, Method::Sms, &bound));
    let old = code_in(&server, &first);
    let new = sent_code(&server, &ann, Method::Sms, &bound);
    assert_eq!(server.read(|r| outbox::state(r, &first)), Some(State::Expired));
    if old != new {
        assert!(!spend(&server, &ann, Method::Sms, &bound, &old));
    }
    assert!(spend(&server, &ann, Method::Sms, &bound, &new));

    // Someone else's sign-in does not take it away.
    let code = sent_code(&server, &ann, Method::Sms, &bound);
    sent_code(&server, &ann, Method::Sms, &binding("two"));
    assert!(spend(&server, &ann, Method::Sms, &bound, &code));
}

#[test]
fn five_wrong_tries_use_a_code_up() {
    let (server, ann) = with_contacts(|_| ());
    let bound = binding("one");
    let code = sent_code(&server, &ann, Method::Sms, &bound);
    for typed in [another(&code).as_str(), "", "12345", "1234567", "not a code"] {
        assert!(!spend(&server, &ann, Method::Sms, &bound, typed));
    }
    assert!(!spend(&server, &ann, Method::Sms, &bound, &code));
    let code = sent_code(&server, &ann, Method::Sms, &bound);
    for _ in 0..4 {
        assert!(!spend(&server, &ann, Method::Sms, &bound, &another(&code)));
    }
    assert!(spend(&server, &ann, Method::Sms, &bound, &code));
}

#[test]
fn raced_guesses_get_five_tries_and_a_raced_code_works_once() {
    let (server, ann) = with_contacts(|_| ());
    let second = server.another();
    let bound = binding("one");
    let code = sent_code(&server, &ann, Method::Sms, &bound);
    let right = race(16, |at| {
        let app = if at % 2 == 0 { &server.app } else { &second };
        let (env, id, bound, code) = (app.env(), ann.id.clone(), bound.clone(), code.clone());
        let job = move |tx: &mcpcodex::db::Write<'_>| {
            code::spend(tx, &env, &bound, &id, Method::Sms, &code)
        };
        app.db.write_blocking(job).unwrap()
    });
    assert_eq!(right.into_iter().filter(|right| *right).count(), 1);

    let code = sent_code(&server, &ann, Method::Sms, &bound);
    let wrong = another(&code);
    race(16, |_| spend(&server, &ann, Method::Sms, &bound, &wrong));
    assert!(!spend(&server, &ann, Method::Sms, &bound, &code), "no try is left");
}

#[test]
fn what_is_kept_of_a_code_cannot_be_made_without_the_key() {
    let (server, ann) = with_contacts(|_| ());
    let codes: Vec<String> = (0..20)
        .map(|at| sent_code(&server, &ann, Method::Email, &binding(&format!("b{at}"))))
        .collect();
    let kept: Vec<Vec<u8>> = server.read(|r| {
        r.all("select code_hash from one_time_codes where purpose = 'sign_in'", [], |row| {
            row.get(0)
        })
    });
    assert_eq!(kept.len(), codes.len());
    for code in &codes {
        assert!(!kept.iter().any(|hash| hash.as_slice() == Hashed::of(code).as_bytes()));
    }
}

#[test]
fn nothing_is_offered_that_is_off_forbidden_without_credentials_or_not_enrolled() {
    let off = |change: fn(&mut Config)| {
        let (server, ann) = with_contacts(|_| ());
        let server = server.restart_with(change);
        let bound = binding("one");
        assert_eq!(send(&server, &ann, Method::Sms, &bound), Sent::NotOffered);
        assert!(
            !code::is_offered(&server.app.env, Method::Sms) || {
                // Offered as such, but not to this number.
                !server.app.env.config.authentication.mfa.providers.sms.allowed_prefixes.is_empty()
            }
        );
    };
    off(|config| config.authentication.mfa.enabled = false);
    off(|config| config.authentication.mfa.allow_weak = false);
    off(|config| config.authentication.mfa.providers.sms.enabled = false);
    off(|config| config.authentication.mfa.providers.sms.provider = SmsProvider::Twilio);
    off(|config| {
        config.authentication.mfa.providers.sms.allowed_prefixes = vec!["+43".to_owned()];
    });
    let (server, _) = with_contacts(|_| ());
    let bob = server.user("bob");
    assert_eq!(send(&server, &bob, Method::Sms, &binding("one")), Sent::NotOffered);
    for method in [Method::Totp, Method::Passkey, Method::Recovery] {
        assert_eq!(send(&server, &bob, method, &binding("one")), Sent::NotOffered);
    }
}

#[test]
fn code_that_was_sent_is_not_taken_once_weak_methods_are_forbidden() {
    let (server, ann) = with_contacts(|_| ());
    let bound = binding("one");
    let code = sent_code(&server, &ann, Method::Sms, &bound);
    let server = server.restart_with(|config| config.authentication.mfa.allow_weak = false);
    assert!(!spend(&server, &ann, Method::Sms, &bound, &code));
}

#[test]
fn words_around_the_code_are_as_configured() {
    let text = |change: fn(&mut Config), method| {
        let (server, ann) = with_contacts(change);
        let id = queued(send(&server, &ann, method, &binding("one")));
        let text = server.read(|r| outbox::read(r, &server.app.env, &operator(), &id)).unwrap();
        let code = code_in(&server, &id);
        (text.subject.clone(), text.text.expose().replace(&code, "CODE"), text.template.is_some())
    };
    let (subject, said, _) = text(|_| (), Method::Sms);
    assert_eq!((subject.as_str(), said.as_str()), ("", "Your MCPCodex code: CODE"));
    let (_, said, _) = text(
        |config| config.authentication.mfa.providers.sms.template = "sms-code".to_owned(),
        Method::Sms,
    );
    assert!(said.starts_with("Your code for localhost: CODE."), "{said}");
    let (subject, said, _) = text(|_| (), Method::Email);
    assert_eq!(subject, "Your code for localhost");
    assert!(said.contains("\n    CODE\n") && said.contains("http://localhost:"), "{said}");
    let (subject, said, template) = text(
        |config| {
            config.authentication.mfa.providers.email.template = "{x} {code} $".to_owned();
        },
        Method::Email,
    );
    assert_eq!(
        (subject.as_str(), said.as_str(), template),
        ("Your code for localhost", "{x} CODE $", false)
    );
}

/// Sends codes to so many people as are told, and counts how many were let through.
fn let_through(server: &TestApp, people: &[(User, Origin)], method: Method) -> usize {
    let sent = people.iter().enumerate().filter(|(at, (user, origin))| {
        let (env, id, origin) = (server.app.env(), user.id.clone(), origin.clone());
        let bound = binding(&format!("b{at}"));
        let sent = server.write(move |tx| code::send(tx, &env, &origin, &id, method, &bound));
        matches!(sent, Sent::Queued(_))
    });
    sent.count()
}

/// People with numbers of their own, each asking from an address of their own.
fn crowd(server: &TestApp, count: usize, number: impl Fn(usize) -> String) -> Vec<(User, Origin)> {
    (0..count)
        .map(|at| {
            let user = server.user(&format!("p{at}"));
            enroll(server, &user, Method::Sms, &number(at));
            (user, Origin { address: format!("198.51.{at}.7"), user_agent: String::new() })
        })
        .collect()
}

fn capped_by(server: &TestApp) -> String {
    let row = server.audit().into_iter().find(|row| row.event == "message.capped").unwrap();
    assert!(!row.detail.contains(PHONE), "the number is masked: {}", row.detail);
    let detail: serde_json::Value = serde_json::from_str(&row.detail).unwrap();
    detail["cap"].as_str().unwrap().to_owned()
}

fn limited(change: impl FnOnce(&mut mcpcodex::config::server::MessageLimits)) -> TestApp {
    TestApp::with(|config| {
        offline(config);
        let limits = &mut config.limits.messages;
        (limits.per_recipient, limits.per_person, limits.per_address) = (1_000, 1_000, 1_000);
        (limits.per_prefix, limits.sms_per_day) = (1_000, 1_000);
        change(limits);
    })
}

#[test]
fn one_number_gets_so_many_messages_an_hour_whoever_asks() {
    // Enrolling costs one message as well.
    let server = limited(|limits| limits.per_recipient = 5);
    let ann = server.user("ann");
    enroll(&server, &ann, Method::Sms, PHONE);
    let asking: Vec<_> = (0..9)
        .map(|at| (ann.clone(), Origin { address: format!("198.51.100.{at}"), ..origin() }))
        .collect();
    assert_eq!(let_through(&server, &asking, Method::Sms), 4);
    assert_eq!(capped_by(&server), "recipient");
    let wait = send(&server, &ann, Method::Sms, &binding("x"));
    let Sent::Capped(wait) = wait else { panic!("{wait:?}") };
    server.clock.advance(wait);
    assert!(matches!(send(&server, &ann, Method::Sms, &binding("x")), Sent::Queued(_)));
}

#[test]
fn one_person_gets_so_many_messages_an_hour_wherever_they_go() {
    let server = limited(|limits| limits.per_person = 6);
    let ann = server.user("ann");
    enroll(&server, &ann, Method::Sms, PHONE);
    enroll(&server, &ann, Method::Email, "ann@example.org");
    let people = vec![(ann, origin()); 3];
    assert_eq!(let_through(&server, &people, Method::Sms), 3);
    assert_eq!(let_through(&server, &people, Method::Email), 1);
    assert_eq!(capped_by(&server), "person");
}

#[test]
fn one_address_asks_for_so_many_messages_an_hour_whosever_they_are() {
    let server = limited(|limits| limits.per_address = 3);
    let people: Vec<_> = crowd(&server, 5, |at| format!("+49151{at}345678"))
        .into_iter()
        .map(|(user, _)| (user, origin()))
        .collect();
    assert_eq!(let_through(&server, &people, Method::Sms), 3);
    assert_eq!(capped_by(&server), "address");
}

#[test]
fn one_block_of_numbers_gets_so_many_messages_an_hour_over_all_people() {
    let server = limited(|limits| limits.per_prefix = 8);
    let people = crowd(&server, 5, |at| format!("+4915123450{at}0"));
    assert_eq!(let_through(&server, &people, Method::Sms), 3);
    assert_eq!(capped_by(&server), "prefix");
    let elsewhere = crowd_of_one(&server);
    assert_eq!(let_through(&server, &elsewhere, Method::Sms), 1);
}

fn crowd_of_one(server: &TestApp) -> Vec<(User, Origin)> {
    let zoe = server.user("zoe");
    enroll(server, &zoe, Method::Sms, "+436641234567");
    vec![(zoe, origin())]
}

#[test]
fn a_day_costs_so_many_messages_at_most() {
    let server = limited(|limits| limits.sms_per_day = 7);
    let people = crowd(&server, 5, |at| format!("+49{at}5123450{at}0"));
    assert_eq!(let_through(&server, &people, Method::Sms), 2);
    assert_eq!(capped_by(&server), "sms_day");
    // Mail has its own.
    enroll(&server, &people[0].0, Method::Email, "p0@example.org");
}

#[test]
fn raced_requests_do_not_overrun_a_cap() {
    let server = limited(|limits| limits.per_recipient = 5);
    let ann = server.user("ann");
    enroll(&server, &ann, Method::Sms, PHONE);
    let second = server.another();
    let sent = race(24, |at| {
        let app = if at % 2 == 0 { &server.app } else { &second };
        let (env, id, bound) = (app.env(), ann.id.clone(), binding(&format!("b{at}")));
        let job = move |tx: &mcpcodex::db::Write<'_>| {
            code::send(tx, &env, &origin(), &id, Method::Sms, &bound)
        };
        matches!(app.db.write_blocking(job).unwrap(), Sent::Queued(_))
    });
    assert_eq!(sent.into_iter().filter(|sent| *sent).count(), 4);
}
