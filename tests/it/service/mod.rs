//! The authentication service as a program of others uses it: no router, no browser of ours unless a person needs one.

#[expect(dead_code, reason = "its main is for whoever runs it alone")]
#[path = "../../../examples/embedding.rs"]
mod embedding;
mod refusals;
mod sign_in;

use mcpcodex::{
    AuthenticationService,
    service::{
        authentication::{AuthError, AuthSession, Authentication, MfaRequired, Refusal},
        provider::Providers,
    },
};

use crate::support::{
    RUNTIME, TestApp,
    idp::{CLIENT, Idp, SECRET},
};

#[test]
fn program_of_the_documentation_runs() {
    let folder = tempfile::tempdir().unwrap();
    wait(embedding::run(folder.path().join("data"))).unwrap();
}

/// A server whose primary provider is another one.
fn elsewhere() -> (TestApp, Idp, AuthenticationService) {
    let idp = Idp::new();
    let issuer = idp.issuer().to_owned();
    let server = TestApp::with(|config| {
        config.server.public_url = Some("http://localhost:8420".parse().unwrap());
        config.authentication.primary.issuer = Some(issuer);
        config.authentication.primary.client_id = CLIENT.to_owned();
        config.credentials.client_secret = Some(mcpcodex::config::Secret::new(SECRET));
        config.authentication.primary.accounts.create = Some(true);
    });
    idp.follow(&server.clock);
    let service = service(&server);
    (server, idp, service)
}

fn service(server: &TestApp) -> AuthenticationService {
    AuthenticationService::new(server.app.clone(), Providers::default())
}

/// Waits for an answer.
fn wait<T>(answer: impl Future<Output = T>) -> T {
    RUNTIME.block_on(answer)
}

/// Goes to the provider and comes back: what stands in the query then.
fn query(service: &AuthenticationService, idp: &Idp) -> String {
    let request = wait(service.initiate_auth(None)).unwrap();
    let back = idp.answer(&request.url);
    back.split_once('?').unwrap().1.to_owned()
}

fn field(query: &str, name: &str) -> String {
    let mut found = form_urlencoded::parse(query.as_bytes()).filter(|(own, _)| own == name);
    found.next().unwrap().1.into_owned()
}

fn complete(service: &AuthenticationService, query: &str) -> Result<Authentication, AuthError> {
    wait(service.complete_auth(&field(query, "code"), &field(query, "state")))
}

fn session(done: Result<Authentication, AuthError>) -> AuthSession {
    match done.unwrap() {
        Authentication::Session(session) => *session,
        other @ (Authentication::RequiresMfa(_) | Authentication::RequiresPage { .. }) => {
            panic!("no session: {other:?}")
        }
    }
}

fn mfa(done: Result<Authentication, AuthError>) -> MfaRequired {
    match done.unwrap() {
        Authentication::RequiresMfa(mfa) => *mfa,
        other @ (Authentication::Session(_) | Authentication::RequiresPage { .. }) => {
            panic!("no second factor: {other:?}")
        }
    }
}

fn refusal<T: std::fmt::Debug>(done: Result<T, AuthError>) -> Refusal {
    match done.unwrap_err() {
        AuthError::Refused(refusal) => refusal,
        AuthError::Failed(error) => panic!("failed: {error}"),
    }
}
