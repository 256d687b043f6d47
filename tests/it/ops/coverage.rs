//! Who has a second factor and who has none: counts by role and method, and the list of those without.

use std::time::Duration;

use mcpcodex::{
    error::Kind,
    model::{
        actor::Actor,
        coverage::Share,
        factor::Method,
        user::{User, UserRow},
    },
    ops::{
        self,
        coverage::Page,
        factor::Which,
        user::{FirstPassword, New},
    },
};

use crate::support::{PASSWORD, TestApp, operator, origin};

fn page(filter: &str) -> Page {
    Page { filter: filter.to_owned(), after: None, limit: 100 }
}

fn without(server: &TestApp, filter: &str) -> Vec<String> {
    let rows = server
        .read(|r| ops::coverage::people(r, &server.app.env, &operator(), &page(filter), true));
    names(&rows)
}

fn names(rows: &[UserRow]) -> Vec<String> {
    rows.iter().map(|row| row.user.username.clone()).collect()
}

fn share(people: u32, covered: u32) -> Share {
    Share { people, covered }
}

fn disable_account(server: &TestApp, user: &User) {
    let id = user.id.clone();
    server.write(move |tx| ops::user::disable(tx, &operator(), &id));
}

#[test]
fn coverage_counts_each_role_and_leaves_out_who_is_put_away() {
    let server = TestApp::new();
    let root = server.admin("root");
    server.person("ann", &["developer", "user"], PASSWORD);
    let bob = server.person("bob", &["developer"], PASSWORD);
    let gone = server.user("gone");
    for user in [&root, &bob, &gone] {
        server.with_totp(user);
    }
    disable_account(&server, &gone);
    let coverage = server.read(|r| ops::coverage::overview(r, &server.app.env, &operator()));
    assert_eq!(coverage.everyone, share(3, 2));
    let role = |name: &str| coverage.roles.iter().find(|(role, _)| role == name).unwrap().1;
    assert_eq!(role("admin"), share(1, 1));
    assert_eq!(role("developer"), share(2, 1));
    assert_eq!(role("user"), share(1, 0));
    assert!(coverage.methods.contains(&(Method::Totp, 2)), "{:?}", coverage.methods);
}

#[test]
fn empty_server_lacks_nothing() {
    let server = TestApp::new();
    let coverage = server.read(|r| ops::coverage::overview(r, &server.app.env, &operator()));
    assert_eq!((coverage.everyone, coverage.roles.len()), (share(0, 0), 0));
    assert_eq!(coverage.everyone.percent(), 100);
}

#[test]
fn factor_that_waits_for_its_first_code_covers_nobody() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let (env, owner) = (server.app.env(), ann.clone());
    server.write(move |tx| ops::factor::enroll_as(tx, &env, &operator(), &owner, Which::New));
    let coverage = server.read(|r| ops::coverage::overview(r, &server.app.env, &operator()));
    assert_eq!(coverage.everyone, share(1, 0));
    assert_eq!(without(&server, ""), ["ann"]);
}

#[test]
fn person_without_recovery_codes_left_is_counted() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let app = server.with_totp(&ann);
    let left =
        || server.read(|r| ops::coverage::overview(r, &server.app.env, &operator())).out_of_codes;
    assert_eq!(left(), 0);
    for code in &app.recovery {
        let mut browser = server.browser();
        browser.sign_in("ann", PASSWORD);
        browser.give_recovery_code(code);
    }
    assert_eq!(left(), 1);
}

#[test]
fn list_of_those_without_a_factor_is_found_by_name_and_by_role() {
    let server = TestApp::new();
    server.admin("root");
    let ann = server.user("ann");
    server.person("dev", &["developer"], PASSWORD);
    server.with_totp(&ann);
    assert_eq!(without(&server, ""), ["dev", "root"]);
    assert_eq!(without(&server, "ADMIN"), ["root"]);
    assert_eq!(without(&server, "dev"), ["dev"]);
    assert_eq!(without(&server, "ann"), Vec::<String>::new());
    let everyone =
        server.read(|r| ops::coverage::people(r, &server.app.env, &operator(), &page(""), false));
    assert_eq!(names(&everyone), ["ann", "dev", "root"]);
    let methods: Vec<_> = everyone.into_iter().map(|row| row.methods).collect();
    assert_eq!(methods, [vec![Method::Totp], vec![], vec![]]);
}

#[test]
fn invited_people_are_in_the_list_and_it_goes_on_behind_a_page() {
    let server = TestApp::new();
    for name in ["cid", "ann", "bob"] {
        let new = New {
            username: name.to_owned(),
            email: format!("{name}@example.com"),
            ..New::default()
        };
        let env = server.app.env();
        server.write(move |tx| {
            ops::user::create(tx, &env, &operator(), &new, &FirstPassword::Invite)
        });
    }
    let first = Page { limit: 2, ..page("") };
    let rows =
        server.read(|r| ops::coverage::people(r, &server.app.env, &operator(), &first, true));
    assert_eq!(names(&rows), ["ann", "bob"]);
    let next = Page { after: Some("bob".to_owned()), ..first };
    let rows = server.read(|r| ops::coverage::people(r, &server.app.env, &operator(), &next, true));
    assert_eq!(names(&rows), ["cid"]);
}

#[test]
fn factor_that_the_configuration_does_not_offer_covers_nobody() {
    let server = TestApp::new();
    let ann = server.user("ann");
    server.with_totp(&ann);
    assert_eq!(without(&server, ""), Vec::<String>::new());
    let server =
        server.restart_with(|config| config.authentication.mfa.providers.totp.enabled = false);
    assert_eq!(without(&server, ""), ["ann"]);
    let coverage = server.read(|r| ops::coverage::overview(r, &server.app.env, &operator()));
    assert_eq!(coverage.everyone, share(1, 0));
    assert!(coverage.methods.contains(&(Method::Totp, 1)), "it is there, and of no use");
}

#[test]
fn only_the_operator_may_look() {
    let server = TestApp::new();
    let anybody = Actor::anonymous(origin());
    let refused =
        server.app.db.read(|r| ops::coverage::overview(r, &server.app.env, &anybody)).unwrap_err();
    assert_eq!(refused.kind(), Kind::Denied);
    let list = server
        .app
        .db
        .read(|r| ops::coverage::people(r, &server.app.env, &anybody, &page(""), true));
    assert_eq!(list.unwrap_err().kind(), Kind::Denied);
}

#[test]
fn policy_is_what_the_configuration_says() {
    let server = TestApp::with(|config| {
        let mfa = &mut config.authentication.mfa;
        mfa.required_for_roles = vec!["admin".to_owned()];
        mfa.grace_period = Duration::from_secs(60);
    });
    let (root, ann) = (server.admin("root"), server.user("ann"));
    let policy = ops::coverage::policy(&server.app.env);
    assert!(policy.requires(&root) && !policy.requires(&ann));
    assert_eq!(policy.grace, Duration::from_secs(60));
    assert!(policy.offers(Method::Totp) && policy.offers(Method::Recovery));
    let off = TestApp::with(|config| config.authentication.mfa.enabled = false);
    let policy = ops::coverage::policy(&off.app.env);
    assert!(!policy.requires(&root) && policy.offered.is_empty());
}
