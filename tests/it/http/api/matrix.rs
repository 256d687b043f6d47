//! Every endpoint of the document times everyone who may knock: only the cells that are written down open.
//! An endpoint that is not written down here fails the test, and so does one that is there no more.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use mcpcodex::{model::user::User, ops};
use serde_json::{Value, json};

use super::{ADMINISTER, OWN, Program, key, token};
use crate::support::{TestApp, operator};

/// Who may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum May {
    /// Whoever shows something good.
    Anyone,
    /// The person whose thing it is, by an app of theirs.
    Owner,
    /// An administrator by token, and a key of theirs with the scope.
    Admin,
    /// An administrator by token.
    Person,
}

/// Each endpoint with who may and what to send.
const MATRIX: &[(&str, May, &str)] = &[
    ("GET /api/v1/me", May::Anyone, ""),
    ("GET /api/v1/me/sessions", May::Owner, ""),
    ("POST /api/v1/me/sessions/{id}/revoke", May::Owner, ""),
    ("GET /api/v1/me/api-keys", May::Owner, ""),
    ("POST /api/v1/me/api-keys/{id}/revoke", May::Owner, ""),
    ("GET /api/v1/users", May::Admin, ""),
    ("POST /api/v1/users", May::Admin, r#"{"username":"NEW","email":"NEW@example.com"}"#),
    ("GET /api/v1/users/{id}", May::Admin, ""),
    ("PATCH /api/v1/users/{id}", May::Admin, r#"{"name":"New"}"#),
    ("DELETE /api/v1/users/{id}", May::Admin, ""),
    ("POST /api/v1/users/{id}/lock", May::Admin, ""),
    ("POST /api/v1/users/{id}/unlock", May::Admin, ""),
    ("POST /api/v1/users/{id}/disable", May::Admin, ""),
    ("POST /api/v1/users/{id}/enable", May::Admin, ""),
    ("POST /api/v1/users/{id}/sessions/revoke", May::Admin, ""),
    ("POST /api/v1/users/{id}/password-reset", May::Admin, "{}"),
    ("POST /api/v1/users/{id}/invite", May::Admin, "{}"),
    ("GET /api/v1/users/{id}/mfa", May::Admin, ""),
    ("DELETE /api/v1/users/{id}/mfa", May::Person, ""),
    ("POST /api/v1/users/{id}/mfa/reset", May::Person, "{}"),
    ("GET /api/v1/sessions", May::Admin, ""),
    ("GET /api/v1/sessions/{id}", May::Admin, ""),
    ("POST /api/v1/sessions/{id}/revoke", May::Admin, ""),
    ("POST /api/v1/sessions/revoke", May::Admin, r#"{"ids":[]}"#),
    ("GET /api/v1/api-keys", May::Admin, ""),
    (
        "POST /api/v1/api-keys",
        May::Person,
        r#"{"user":"USER","name":"n","scopes":["read:models"]}"#,
    ),
    ("GET /api/v1/api-keys/{id}", May::Admin, ""),
    ("PATCH /api/v1/api-keys/{id}", May::Person, r#"{"name":"n"}"#),
    ("POST /api/v1/api-keys/{id}/rotate", May::Person, "{}"),
    ("POST /api/v1/api-keys/{id}/revoke", May::Admin, ""),
    ("GET /api/v1/api-keys/{id}/usage", May::Admin, ""),
    ("GET /api/v1/agents", May::Admin, ""),
    ("POST /api/v1/agents", May::Admin, r#"{"name":"NEW","owner":"USER"}"#),
    ("GET /api/v1/agents/{id}", May::Admin, ""),
    ("DELETE /api/v1/agents/{id}", May::Admin, ""),
    ("POST /api/v1/agents/{id}/disable", May::Admin, ""),
    ("POST /api/v1/agents/{id}/enable", May::Admin, ""),
    ("GET /api/v1/clients", May::Admin, ""),
    (
        "POST /api/v1/clients",
        May::Admin,
        r#"{"name":"n","redirect_uris":["https://a.example/cb"]}"#,
    ),
    ("GET /api/v1/clients/{id}", May::Admin, ""),
    ("PATCH /api/v1/clients/{id}", May::Admin, r#"{"name":"m"}"#),
    ("DELETE /api/v1/clients/{id}", May::Admin, ""),
    ("POST /api/v1/clients/{id}/approve", May::Admin, ""),
    ("POST /api/v1/clients/{id}/deny", May::Admin, ""),
    ("POST /api/v1/clients/{id}/enable", May::Admin, ""),
    ("POST /api/v1/clients/{id}/disable", May::Admin, ""),
    ("POST /api/v1/clients/{id}/secret", May::Admin, "{}"),
    ("GET /api/v1/resources", May::Admin, ""),
    ("POST /api/v1/resources", May::Admin, r#"{"uri":"https://NEW.example/mcp"}"#),
    ("GET /api/v1/resources/{id}", May::Admin, ""),
    ("PATCH /api/v1/resources/{id}", May::Admin, r#"{"name":"m"}"#),
    ("DELETE /api/v1/resources/{id}", May::Admin, ""),
    ("GET /api/v1/signing-keys", May::Admin, ""),
    ("POST /api/v1/signing-keys", May::Admin, r#"{"algorithm":"EdDSA"}"#),
    ("GET /api/v1/signing-keys/{kid}", May::Admin, ""),
    ("POST /api/v1/signing-keys/rotate", May::Admin, r#"{"now":true}"#),
    ("POST /api/v1/signing-keys/{kid}/retire", May::Admin, ""),
    ("GET /api/v1/audit-events", May::Admin, ""),
    ("GET /api/v1/audit-events/verify", May::Admin, ""),
    ("GET /api/v1/audit-events/{id}", May::Admin, ""),
    ("GET /api/v1/stats", May::Admin, ""),
];

fn matrix() -> impl Iterator<Item = (&'static str, May, &'static str)> {
    MATRIX.iter().copied()
}

#[test]
fn each_endpoint_of_the_document_is_in_the_matrix_and_the_other_way_round() {
    let server = TestApp::new();
    let document = Program::nobody(&server).get("/api/openapi.json").json();
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys();
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    let described: BTreeSet<String> = operations.collect();
    let written: BTreeSet<String> = matrix().map(|(name, ..)| name.to_owned()).collect();
    assert_eq!(described, written);
}

/// Everybody who knocks, and the things that they knock for.
struct World {
    server: TestApp,
    /// Whose things they are.
    ann: User,
    things: BTreeMap<&'static str, String>,
}

fn world() -> World {
    let server = TestApp::new();
    let (root, ann) = (server.admin("root"), server.user("ann"));
    server.with_totp(&ann);
    let admin = Program::of(&server, &root, ADMINISTER);
    let made = |path: &str, body: Value| admin.good("POST", path, Some(&body));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let agent = made("/api/v1/agents", json!({"name": "bot", "owner": ann.id}));
    let client =
        made("/api/v1/clients", json!({"name": "c", "redirect_uris": ["https://c.example/cb"]}));
    let resource = made("/api/v1/resources", json!({"uri": "https://r.example/mcp"}));
    let keys = admin.good("GET", "/api/v1/signing-keys", None);
    let event = server.audit()[0].id.to_string();
    let things = BTreeMap::from([
        ("users", ann.id.to_string()),
        ("sessions", server.session_of(&ann, false).0.id.to_string()),
        ("api-keys", key(&server, &ann, &["read:models"]).0.key.id.to_string()),
        ("agents", text(&agent["id"])),
        ("clients", text(&client["client_id"])),
        ("resources", text(&resource["id"])),
        ("signing-keys", text(&keys["items"][0]["kid"])),
        ("audit-events", event),
    ]);
    World { server, ann, things }
}

impl World {
    /// The address and the body of an endpoint, about ann's things.
    fn asked(&self, path: &str, body: &str, who: &str) -> (String, Option<Value>) {
        let kind = self.things.keys().find(|kind| path.contains(&format!("/{kind}/{{")));
        let thing = kind.map_or("", |kind| self.things[kind].as_str());
        let body = body.replace("NEW", &format!("new{who}")).replace("USER", self.ann.id.as_str());
        let body = (!body.is_empty()).then(|| serde_json::from_str(&body).unwrap());
        (path.replace("{id}", thing).replace("{kid}", thing), body)
    }
}

/// What `who` gets. Conflicts count as let in: the act was judged by what things are, not by who asks.
fn expected(who: &str, may: May) -> &'static [u16] {
    const IN: &[u16] = &[200, 201, 409];
    match (who, may) {
        ("nobody" | "cookie", _) => &[401],
        (_, May::Anyone)
        | ("admin", May::Admin | May::Person)
        | ("admin-key", May::Admin)
        | ("user", May::Owner) => IN,
        // The lists are their own; the things of others are not there.
        ("other" | "admin", May::Owner) => &[200, 404],
        _ => &[403],
    }
}

#[test]
fn only_the_written_cells_open() {
    let mut wrong = Vec::new();
    let mut known: BTreeMap<&str, Rc<Program>> = BTreeMap::new();
    for who in
        ["nobody", "cookie", "user-bare", "other", "key", "user-key", "user", "admin-key", "admin"]
    {
        for (endpoint, may, body) in matrix() {
            // The things of each cell are fresh: one act must not decide the next.
            let world = shared(who, may);
            let World { server, ann, .. } = &*world;
            let program = if Rc::strong_count(&world) > 1 {
                let one = known.entry(who).or_insert_with(|| Rc::new(program(server, ann, who)));
                Rc::clone(one)
            } else {
                Rc::new(program(server, ann, who))
            };
            let (method, path) = endpoint.split_once(' ').unwrap();
            let (path, body) = world.asked(path, body, who.replace('-', "").as_str());
            let before = server.audit().len();
            let page = program.ask(method, &path, &[], body.as_ref());
            let fine = expected(who, may).contains(&page.status);
            // Whoever is turned away changes nothing.
            let quiet = page.status < 400 || server.audit().len() == before;
            if !fine || !quiet {
                wrong.push(format!("{who}: {endpoint} gave {} ({})", page.status, page.body));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A world of its own for whoever may change it; those who are turned away share one.
fn shared(who: &str, may: May) -> Rc<World> {
    thread_local! {
        static ONE: Rc<World> = Rc::new(world());
    }
    if expected(who, may).contains(&200) { Rc::new(world()) } else { ONE.with(Rc::clone) }
}

fn program(server: &TestApp, ann: &User, who: &str) -> Program {
    let found = |name: &str| server.read(|r| ops::user::find(r, name).map(Some).or(Ok(None)));
    let bob = || found("bob").unwrap_or_else(|| server.user("bob"));
    let root = || found("root").unwrap();
    match who {
        "nobody" => Program::nobody(server),
        // A session of an administrator: what a browser adds by itself must not act.
        "cookie" => {
            let cookie = server.session_of(&root(), false).1;
            let name = &server.config().authentication.session.cookie_name;
            Program::shows(server, "cookie", format!("{name}={cookie}"))
        }
        "user-bare" => Program::of(server, ann, "openid"),
        "user" => Program::of(server, ann, &format!("openid {OWN} {ADMINISTER}")),
        "other" => Program::of(server, &bob(), &format!("openid {OWN}")),
        "user-key" => Program::key(server, ann, &["read:models"]),
        "key" => Program::key(server, &root(), &["read:models"]),
        "admin-key" => Program::key(server, &root(), &[ADMINISTER]),
        "admin" => Program::of(server, &root(), ADMINISTER),
        _ => unreachable!("{who}"),
    }
}

#[test]
fn token_for_a_resource_and_tokens_of_other_kinds_are_not_taken() {
    let server = TestApp::new();
    let root = server.admin("root");
    let access = token(&server, &root, "openid admin:users");
    let cookie = server.session_of(&root, false).1;
    let id_token = {
        let parts: Vec<&str> = access.split('.').collect();
        format!("{}.{}.{}", parts[0], parts[1], "AAAA")
    };
    for other in [
        cookie,
        id_token,
        "x".to_owned(),
        String::new(),
        "mcp_x".to_owned(),
        access.replace('.', ""),
    ] {
        let program = Program::shows(&server, "authorization", format!("Bearer {other}"));
        assert_eq!(super::refusal(&program.get("/api/v1/me")).0, 401, "{other}");
    }
    let resource = ops::resource::New {
        uri: "https://r.example/mcp".to_owned(),
        scopes: vec![mcpcodex::model::resource::ResourceScope::new("notes", "Notes")],
        ..ops::resource::New::default()
    };
    server.write(move |tx| ops::resource::add(tx, &operator(), resource).map(drop));
    // A request that names no resource means the only one with that scope.
    server.write(|tx| {
        let id = mcpcodex::model::id::ClientId::from_text("program");
        let scopes = ["openid", "admin:users", "notes"].map(str::to_owned).to_vec();
        let change = ops::client::Change { scopes: Some(scopes), ..ops::client::Change::default() };
        ops::client::edit(tx, &operator(), &id, change).map(drop)
    });
    let other = token(&server, &root, "openid admin:users notes");
    let program = Program::shows(&server, "authorization", format!("Bearer {other}"));
    assert_eq!(super::refusal(&program.get("/api/v1/me")).0, 401);
}
