//! Agents: principals of their own, whose keys end where they or their owners do.

use mcpcodex::{
    error::Kind,
    model::{actor::Actor, agent::Agent, user::User},
    ops::{
        self,
        apikey::{BadKey, Made, New, Whose},
    },
};

use crate::support::{TestApp, operator, origin};

fn agent(server: &TestApp, owner: &User, name: &str) -> mcpcodex::error::Result<Agent> {
    let (owner, name) = (owner.clone(), name.to_owned());
    server.app.db.write_blocking(move |tx| ops::agent::create(tx, &operator(), &owner, &name))
}

fn key(server: &TestApp, owner: &User, agent: &Agent) -> mcpcodex::error::Result<Made> {
    let (env, owner) = (server.app.env(), owner.clone());
    let new = New {
        name: "ci".to_owned(),
        agent: Some(agent.id.clone()),
        scopes: vec!["read:models".to_owned()],
        ..New::default()
    };
    server.app.db.write_blocking(move |tx| ops::apikey::create(tx, &env, &operator(), &owner, &new))
}

fn bad(server: &TestApp, made: &Made) -> Option<BadKey> {
    let text = made.text.expose();
    server.read(|r| ops::apikey::inspect(r, &server.app.env, text)).err().map(|(bad, _)| bad)
}

#[test]
fn agent_acts_in_its_own_name_and_its_id_can_be_nobody_elses() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let robot = agent(&server, &ann, "nightly").unwrap();
    assert!(robot.id.as_str().starts_with("a_"));
    let made = key(&server, &ann, &robot).unwrap();
    let good = server.read(|r| ops::apikey::inspect(r, &server.app.env, made.text.expose()));
    let good = good.unwrap();
    assert_eq!((good.subject(), good.subject_name()), (robot.id.as_str(), "nightly"));
    assert_eq!(good.user.id, ann.id);
    let rows = server.read(|r| ops::apikey::list(r, &operator(), Whose::Agent(&robot.id), 9));
    assert_eq!((rows.len(), rows[0].agent.as_deref()), (1, Some("nightly")));
    let rows = server.read(|r| ops::apikey::list(r, &operator(), Whose::User(&ann.id), 9));
    assert_eq!(rows.len(), 1);
}

#[test]
fn key_of_an_agent_is_refused_while_the_agent_or_its_owner_is_shut_and_goes_with_either() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let robot = agent(&server, &ann, "nightly").unwrap();
    let made = key(&server, &ann, &robot).unwrap();
    let id = robot.id.clone();
    server.write(move |tx| ops::agent::disable(tx, &operator(), &id));
    assert_eq!(bad(&server, &made), Some(BadKey::AgentShut));
    let refused = key(&server, &ann, &robot).unwrap_err();
    assert_eq!(refused.kind(), Kind::Conflict);
    let id = robot.id.clone();
    server.write(move |tx| ops::agent::enable(tx, &operator(), &id));
    assert_eq!(bad(&server, &made), None);
    let id = ann.id.clone();
    server.write(move |tx| ops::user::disable(tx, &operator(), &id));
    assert_eq!(bad(&server, &made), Some(BadKey::OwnerShut));
    let id = ann.id.clone();
    server.write(move |tx| ops::user::enable(tx, &operator(), &id));
    assert_eq!(bad(&server, &made), None);
    let id = robot.id.clone();
    server.write(move |tx| ops::agent::delete(tx, &operator(), &id));
    assert_eq!(bad(&server, &made), Some(BadKey::Unknown));
    let other = agent(&server, &ann, "weekly").unwrap();
    let made = key(&server, &ann, &other).unwrap();
    server.write(move |tx| ops::user::delete(tx, &operator(), &ann.id));
    assert_eq!(bad(&server, &made), Some(BadKey::Unknown));
    assert!(server.read(|r| ops::agent::list(r, &operator(), None, 9)).is_empty());
}

#[test]
fn agent_of_somebody_else_gets_no_key() {
    let server = TestApp::new();
    let (ann, bob) = (server.user("ann"), server.user("bob"));
    let robot = agent(&server, &ann, "nightly").unwrap();
    assert_eq!(key(&server, &bob, &robot).unwrap_err().kind(), Kind::Denied);
}

#[test]
fn names_that_look_alike_are_one_agents() {
    let server = TestApp::new();
    let ann = server.user("ann");
    agent(&server, &ann, "nightly").unwrap();
    for (name, kind) in [
        ("nightly", Kind::Conflict),
        ("NIGHTLY", Kind::Conflict),
        ("night1y", Kind::Conflict),
        ("", Kind::Invalid),
        ("two words", Kind::Invalid),
        ("a\u{202e}b", Kind::Invalid),
    ] {
        assert_eq!(agent(&server, &ann, name).unwrap_err().kind(), kind, "{name:?}");
    }
    assert_eq!(server.read(|r| ops::agent::find(r, &operator(), "Nightly")).0.name, "nightly");
}

#[test]
fn only_the_operator_makes_and_ends_agents_and_each_act_is_remembered() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let robot = agent(&server, &ann, "nightly").unwrap();
    let (session, _) = server.session_of(&ann, false);
    let who = Actor::person(ann.id.clone(), session.id, origin());
    let (owner, id) = (ann.clone(), robot.id.clone());
    let kinds = server.write(move |tx| {
        Ok([
            ops::agent::create(tx, &who, &owner, "x").err(),
            ops::agent::disable(tx, &who, &id).err(),
            ops::agent::delete(tx, &who, &id).err(),
            ops::agent::list(tx, &who, None, 9).err(),
        ]
        .map(|error| error.map(|error| error.kind())))
    });
    assert_eq!(kinds, [Some(Kind::Denied); 4]);
    let id = robot.id.clone();
    server.write(move |tx| ops::agent::disable(tx, &operator(), &id));
    let id = robot.id.clone();
    let twice = server.app.db.write_blocking(move |tx| ops::agent::disable(tx, &operator(), &id));
    assert_eq!(twice.unwrap_err().kind(), Kind::Conflict);
    let id = robot.id.clone();
    server.write(move |tx| ops::agent::enable(tx, &operator(), &id));
    server.write(move |tx| ops::agent::delete(tx, &operator(), &robot.id));
    let events = server.events();
    let own: Vec<_> = events.iter().filter(|event| event.starts_with("agent.")).collect();
    assert_eq!(own, ["agent.delete", "agent.enable", "agent.disable", "agent.create"]);
}
