//! What is done leaves its row: also when it happens on the way to something else.

use mcpcodex::{
    crypto::secret::Hashed,
    model::actor::Actor,
    ops::{
        self,
        factor::Enrolled,
        login::{Arrival, Begun, Step, Visitor},
    },
};

use crate::support::{PASSWORD, TestApp, origin};

fn ends(server: &TestApp) -> usize {
    server.events().iter().filter(|event| *event == "session.end").count()
}

#[test]
fn session_replaced_by_a_new_sign_in_has_its_end_on_record() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let (old, _) = server.session_of(&ann, false);
    let env = server.app.env();
    let begun = server.write(move |tx| ops::login::begin(tx, &env, &origin(), "ann", None));
    let Begun::Try(attempt) = begun else { panic!("ann has to wait") };
    let compared = ops::login::verify(&server.app.env, &attempt, PASSWORD).unwrap();
    let (env, previous) = (server.app.env(), old.id.clone());
    let finished = server.write(move |tx| {
        let visitor =
            Visitor { previous: Some(previous), ..Visitor::stranger(Hashed::of("a browser")) };
        let arrival = Arrival::new(visitor, "/account");
        ops::login::finish(tx, &env, &origin(), &attempt, &compared, &arrival)
    });
    assert!(matches!(finished.step, Step::In(..)));
    assert_eq!(ends(&server), 1);
}

#[test]
fn sessions_ended_by_a_new_second_factor_have_their_ends_on_record() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let (here, _) = server.session_of(&ann, false);
    server.session_of(&ann, false);
    let (env, owner) = (server.app.env(), ann.clone());
    let enrolment = server.write(move |tx| ops::factor::enroll(tx, &env, &owner));
    let app = crate::support::Totp::from_base32(
        enrolment.secret.expose(),
        server.app.env.totp_settings(),
    );
    let (env, code) = (server.app.env(), server.code(&app));
    let who = Actor::person(ann.id.clone(), here.id.clone(), origin());
    let enrolled = server.write(move |tx| ops::factor::confirm(tx, &env, &who, &ann.id, &code));
    assert!(matches!(enrolled, Enrolled::Active(_)));
    assert_eq!(ends(&server), 1);
}
