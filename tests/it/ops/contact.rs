//! Phone numbers and addresses as second factors: proved by a code, in force once, shown masked.

use mcpcodex::{
    config::Config,
    error::Kind,
    model::{
        actor::Actor, contact::Contact, factor::Method, message::State, session::Session,
        user::User,
    },
    ops::{
        self,
        code::{Binding, Sent},
        contact,
        factor::Enrolled,
    },
};

use super::code::{PHONE, code_in, offline};
use crate::support::{TestApp, operator, origin};

fn server(change: impl FnOnce(&mut Config)) -> (TestApp, User, Session) {
    let server = TestApp::with(|config| {
        offline(config);
        change(config);
    });
    let ann = server.user("ann");
    let (session, _) = server.session_of(&ann, false);
    (server, ann, session)
}

fn who(user: &User, session: &Session) -> Actor {
    Actor::person(user.id.clone(), session.id.clone(), origin())
}

fn enroll(
    server: &TestApp,
    user: &User,
    session: &Session,
    value: &str,
) -> mcpcodex::error::Result<String> {
    let (env, user, session, value) =
        (server.app.env(), user.clone(), session.clone(), value.to_owned());
    let begun = server.app.db.write_blocking(move |tx| {
        let method = if value.contains('@') { Method::Email } else { Method::Sms };
        let binding = Binding::session(&session.id);
        contact::enroll(tx, &env, &who(&user, &session), &user.id, method, &value, &binding)
    })?;
    match begun.sent {
        Sent::Queued(id) => Ok(code_in(server, &id)),
        Sent::Capped(_) | Sent::NotOffered => panic!("{begun:?}"),
    }
}

fn confirm(
    server: &TestApp,
    user: &User,
    session: &Session,
    method: Method,
    typed: &str,
) -> Enrolled {
    let (env, user, session, typed) =
        (server.app.env(), user.clone(), session.clone(), typed.to_owned());
    server.write(move |tx| {
        let (who, binding) = (who(&user, &session), Binding::session(&session.id));
        let proof = (typed.as_str(), &binding);
        contact::confirm(tx, &env, &who, &user.id, method, proof)
    })
}

/// Confirms, and goes on in the session that takes the place of the one before; with the new recovery codes.
fn confirmed(
    server: &TestApp,
    user: &User,
    session: &Session,
    method: Method,
    typed: &str,
) -> (Session, usize) {
    match confirm(server, user, session, method, typed) {
        Enrolled::Active(in_force) => (*in_force.session.unwrap(), in_force.codes.len()),
        Enrolled::Wrong => panic!("the code is right"),
    }
}

fn active(server: &TestApp, user: &User) -> Vec<Contact> {
    server.read(|r| contact::active(r, &user.id))
}

#[test]
fn number_is_in_force_when_its_code_comes_back_and_not_before() {
    let (server, ann, session) = server(|_| ());
    let (other, _) = server.session_of(&ann, false);
    let code = enroll(&server, &ann, &session, "0049 151 2345678").unwrap();
    assert!(active(&server, &ann).is_empty());
    let wrong = confirm(&server, &ann, &session, Method::Sms, "000000x");
    assert!(matches!(wrong, Enrolled::Wrong));
    let (session, codes) = confirmed(&server, &ann, &session, Method::Sms, &code);
    assert_eq!(codes, 10, "recovery codes, as there were none");
    assert!(session.mfa_verified());
    let contacts = active(&server, &ann);
    assert_eq!(
        (contacts[0].value.as_str(), contacts[0].masked().as_str()),
        (PHONE, "+49 ••• ••78")
    );
    // The other session was opened without the factor.
    let live = server.read(|r| ops::session::list(r, &operator(), Some(&ann.id), 10));
    let ids: Vec<_> = live.iter().map(|row| &row.session.id).collect();
    assert!(ids.contains(&&session.id) && !ids.contains(&&other.id), "{ids:?}");
    let row = server.audit().into_iter().find(|row| row.event == "factor.enroll").unwrap();
    assert!(!row.detail.contains(PHONE), "{}", row.detail);

    let code = enroll(&server, &ann, &session, "ann@example.org").unwrap();
    let (_, codes) = confirmed(&server, &ann, &session, Method::Email, &code);
    assert_eq!(codes, 0, "the codes on paper stay good");
    assert_eq!(active(&server, &ann).len(), 2);
}

#[test]
fn code_of_an_enrolment_confirms_nothing_but_what_it_went_to() {
    let (server, ann, session) = server(|_| ());
    let (other, _) = server.session_of(&ann, false);
    let code = enroll(&server, &ann, &session, PHONE).unwrap();
    // In another session of the same person.
    assert!(matches!(confirm(&server, &ann, &other, Method::Sms, &code), Enrolled::Wrong));
    // For another number, which took the place of the first.
    let newer = enroll(&server, &ann, &session, "+436641234567").unwrap();
    if newer != code {
        assert!(matches!(confirm(&server, &ann, &session, Method::Sms, &code), Enrolled::Wrong));
    }
    // As the second step of a sign-in.
    let (env, id) = (server.app.env(), ann.id.clone());
    let bound = Binding::session(&session.id);
    let typed = newer.clone();
    let right =
        server.write(move |tx| ops::code::spend(tx, &env, &bound, &id, Method::Sms, &typed));
    assert!(!right);
    confirmed(&server, &ann, &session, Method::Sms, &newer);
}

#[test]
fn new_number_takes_the_place_of_the_old_one() {
    let (server, ann, mut session) = server(|_| ());
    for number in [PHONE, "+436641234567"] {
        let code = enroll(&server, &ann, &session, number).unwrap();
        (session, _) = confirmed(&server, &ann, &session, Method::Sms, &code);
    }
    let values: Vec<_> = active(&server, &ann).into_iter().map(|contact| contact.value).collect();
    assert_eq!(values, ["+436641234567"]);
    // A number that was mistyped is not written to any more.
    enroll(&server, &ann, &session, "+491512345670").unwrap();
    enroll(&server, &ann, &session, "+491512345671").unwrap();
    let all = server.read(|r| ops::outbox::list(r, &operator(), 100));
    let state = |to: &str| all.iter().find(|row| row.recipient == to).unwrap().state;
    assert_eq!(state("+491512345670"), State::Expired);
    assert_eq!(state("+491512345671"), State::Queued);
}

#[test]
fn what_cannot_be_written_to_is_refused() {
    let (first, ann, session) = server(|config| {
        config.authentication.mfa.providers.sms.allowed_prefixes = vec!["+49".to_owned()];
    });
    for value in ["12345", "+436641234567", "a@b@c", "ann@example.org\r\nBcc: x@example.org"] {
        let error = enroll(&first, &ann, &session, value).unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid, "{value}");
    }
    assert!(enroll(&first, &ann, &session, PHONE).is_ok());

    let (off, ann, session) =
        server(|config| config.authentication.mfa.providers.sms.enabled = false);
    let error = enroll(&off, &ann, &session, PHONE).unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict);
    assert!(error.next().is_some());
}

#[test]
fn nobody_enrols_confirms_lists_or_removes_for_somebody_else() {
    let (server, ann, session) = server(|_| ());
    let eve = server.user("eve");
    let (hers, _) = server.session_of(&eve, false);
    let code = enroll(&server, &ann, &session, PHONE).unwrap();
    confirm(&server, &ann, &session, Method::Sms, &code);
    let contact = active(&server, &ann).remove(0);
    let denied = |kind| assert_eq!(kind, Kind::Denied);
    let (env, user) = (server.app.env(), ann.id.clone());
    let (actor, bound) = (who(&eve, &hers), Binding::session(&hers.id));
    let tried = server.app.db.write_blocking(move |tx| {
        contact::enroll(tx, &env, &actor, &user, Method::Sms, PHONE, &bound)
    });
    denied(tried.unwrap_err().kind());
    let listed = server.app.db.read(|r| contact::list(r, &who(&eve, &hers), &ann.id));
    denied(listed.unwrap_err().kind());
    let (actor, user, id) = (who(&eve, &hers), ann.id.clone(), contact.id.clone());
    let env = server.app.env();
    let removed =
        server.app.db.write_blocking(move |tx| contact::remove(tx, &env, &actor, &user, &id));
    denied(removed.unwrap_err().kind());
    let (actor, user, id) = (who(&eve, &hers), eve.id.clone(), contact.id);
    let env = server.app.env();
    assert!(!server.write(move |tx| contact::remove(tx, &env, &actor, &user, &id)), "not hers");
    assert_eq!(active(&server, &ann).len(), 1);
}

#[test]
fn removed_number_takes_its_codes_and_the_sessions_with_it() {
    let (server, ann, session) = server(|_| ());
    let code = enroll(&server, &ann, &session, PHONE).unwrap();
    let (session, _) = confirmed(&server, &ann, &session, Method::Sms, &code);
    let bound = super::code::binding("one");
    let (env, id, here) = (server.app.env(), ann.id.clone(), bound.clone());
    let sent =
        server.write(move |tx| ops::code::send(tx, &env, &origin(), &id, Method::Sms, &here));
    let Sent::Queued(message) = sent else { panic!("{sent:?}") };
    let code = code_in(&server, &message);
    let (other, _) = server.session_of(&ann, false);
    let contact = active(&server, &ann).remove(0);
    let (env, actor, user) = (server.app.env(), who(&ann, &session), ann.id.clone());
    assert!(server.write(move |tx| contact::remove(tx, &env, &actor, &user, &contact.id)));
    assert!(active(&server, &ann).is_empty());
    let live = server.read(|r| ops::session::list(r, &operator(), Some(&ann.id), 10));
    assert!(live.iter().all(|row| row.session.id != other.id) && live.len() == 1);
    // Enrolled again, the old code opens nothing.
    super::code::enroll(&server, &ann, Method::Sms, PHONE);
    let (env, id) = (server.app.env(), ann.id.clone());
    assert!(!server.write(move |tx| ops::code::spend(tx, &env, &bound, &id, Method::Sms, &code)));
}
