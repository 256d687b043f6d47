//! The documents of resources (RFC 9728) as clients find them.

use mcpcodex::{
    model::resource::ResourceScope,
    ops::resource::{self, Change, New, document},
};
use serde_json::{Value, json};

use super::caller::Caller;
use crate::ops::oauth::fixture::operator;

const PREFIX: &str = "/.well-known/oauth-protected-resource";

fn add(caller: &Caller, uri: &str, aliases: &[&str]) -> mcpcodex::model::resource::Resource {
    let settings = Change {
        aliases: aliases.iter().map(|&alias| alias.to_owned()).collect(),
        ..Change::default()
    };
    let new = New {
        uri: uri.to_owned(),
        name: "Notes".to_owned(),
        scopes: vec![ResourceScope::new("notes:read", "Read your notes")],
        settings,
    };
    caller.world.db.write_blocking(move |tx| resource::add(tx, &operator(), new)).unwrap()
}

fn at(public_url: &str) -> Caller {
    let public = url::Url::parse(public_url).unwrap();
    Caller::with(|config| config.server.public_url = Some(public), |_| {})
}

async fn named(caller: &Caller, path: &str) -> Option<String> {
    let answer = caller.get(&format!("{PREFIX}{path}"), &[]).await;
    match answer.status.as_u16() {
        200 => Some(answer.json()["resource"].as_str().unwrap().to_owned()),
        404 => {
            answer.json();
            None
        }
        other => panic!("{other}: {}", answer.body),
    }
}

/// The published address without what stands before its path.
fn path_of(caller: &Caller, resource: &mcpcodex::model::resource::Resource) -> String {
    let address = url::Url::parse(&document::address(&caller.app.env, resource).unwrap()).unwrap();
    assert_eq!(address.origin(), caller.app.env.site.public_url.origin());
    let query = address.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}{query}", address.path())
}

#[tokio::test]
async fn document_says_what_a_client_must_know_and_nothing_empty() {
    let caller = Caller::new();
    let answer = caller.get(&format!("{PREFIX}/https/mcp.example.com/mcp"), &[]).await;
    assert_eq!(
        answer.json(),
        json!({
            "resource": "https://mcp.example.com/mcp",
            "authorization_servers": ["http://localhost:8420"],
            // What takes a role is not for everyone to ask.
            "scopes_supported": ["read:models"],
            "bearer_methods_supported": ["header"],
            "resource_name": "Models",
        })
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
}

#[tokio::test]
async fn only_ordinary_scopes_are_published() {
    let caller = Caller::new();
    let notes = add(&caller, "https://notes.example/mcp", &[]);
    let said = |name: &str| (name.to_owned(), "Something".to_owned());
    let change = Change {
        scopes: vec![said("notes:write"), said("notes:delete")],
        defaults: vec![("notes:write".to_owned(), false)],
        risks: vec![("notes:delete".to_owned(), mcpcodex::model::resource::Risk::Sensitive)],
        ..Change::default()
    };
    caller
        .world
        .db
        .write_blocking(move |tx| resource::edit(tx, &operator(), &notes.id, change))
        .unwrap();
    let document = caller.get(&format!("{PREFIX}/https/notes.example/mcp"), &[]).await.json();
    assert_eq!(document["scopes_supported"], json!(["notes:read"]));
}

#[tokio::test]
async fn without_an_ordinary_scope_none_are_published() {
    let caller = Caller::new();
    let new = New { uri: "https://bare.example/mcp".to_owned(), ..New::default() };
    caller.world.db.write_blocking(move |tx| resource::add(tx, &operator(), new)).unwrap();
    let document = caller.get(&format!("{PREFIX}/https/bare.example/mcp"), &[]).await.json();
    assert_eq!(document.get("scopes_supported"), None);
    assert_eq!(document["resource_name"], "https://bare.example/mcp");
}

#[tokio::test]
async fn published_address_is_the_one_that_works_for_every_kind_of_resource() {
    for public_url in ["http://localhost:8420", "http://localhost:8420/id"] {
        let caller = at(public_url);
        for uri in [
            "http://localhost:8420",
            "http://localhost:8420/mcp",
            "http://localhost:8420/id/mcp",
            "http://localhost:8420/a%2Fb/mcp",
            "http://localhost:8420/mcp?tenant=1&x=%20",
            "https://notes.example",
            "https://notes.example/mcp",
            "https://notes.example:8443/mcp/deep",
            "https://notes.example/mcp?tenant=a/b",
            "https://xn--bcher-kva.example/mcp",
            "http://192.0.2.7:3000/mcp",
            "urn:example:notes",
        ] {
            let resource = add(&caller, uri, &[]);
            let path = path_of(&caller, &resource);
            let answer = caller.get(&path, &[]).await;
            assert_eq!(answer.status, 200, "{uri}: {path}");
            assert_eq!(answer.json()["resource"], uri, "{path}");
            assert_eq!(answer.json()["authorization_servers"], json!([public_url]));
        }
    }
}

#[tokio::test]
async fn resource_on_our_own_origin_is_where_rfc_9728_wants_it() {
    let caller = at("https://auth.example/id");
    let own = add(&caller, "https://auth.example/mcp", &[]);
    let url = document::address(&caller.app.env, &own).unwrap();
    assert_eq!(url, "https://auth.example/.well-known/oauth-protected-resource/mcp");
    let other = add(&caller, "https://other.example/mcp", &[]);
    let url = document::address(&caller.app.env, &other).unwrap();
    let below =
        "https://auth.example/id/.well-known/oauth-protected-resource/https/other.example/mcp";
    assert_eq!(url, below);
    let challenge = document::challenge(&caller.app.env, &other).unwrap();
    assert_eq!(challenge, format!("Bearer resource_metadata=\"{below}\", scope=\"notes:read\""));
}

#[tokio::test]
async fn document_below_the_path_of_the_issuer_is_found_as_well() {
    let caller = at("http://localhost:8420/id");
    add(&caller, "http://localhost:8420/mcp", &[]);
    add(&caller, "http://localhost:8420/id/tools", &[]);
    for path in [format!("{PREFIX}/mcp"), format!("/id{PREFIX}/mcp")] {
        let document = caller.get(&path, &[]).await.json();
        assert_eq!(document["resource"], "http://localhost:8420/mcp", "{path}");
    }
    for path in [format!("{PREFIX}/id/tools"), format!("/id{PREFIX}/tools")] {
        let document = caller.get(&path, &[]).await.json();
        assert_eq!(document["resource"], "http://localhost:8420/id/tools", "{path}");
    }
}

#[tokio::test]
async fn other_spellings_find_the_document_and_an_alias_is_named_as_it_is() {
    let caller = Caller::new();
    let own = "http://localhost:8420";
    add(&caller, &format!("{own}/mcp"), &[&format!("{own}/sse/"), "https://old.example/x"]);
    assert_eq!(named(&caller, "/mcp").await, Some(format!("{own}/mcp")));
    assert_eq!(named(&caller, "/mcp/").await, Some(format!("{own}/mcp")), "a slash at the end");
    assert_eq!(named(&caller, "/%6dcp").await, Some(format!("{own}/mcp")), "encoded without need");
    assert_eq!(named(&caller, "/mcp?x=1").await, Some(format!("{own}/mcp")), "a query of its own");
    assert_eq!(named(&caller, "/sse/").await, Some(format!("{own}/sse/")), "an alias");
    assert_eq!(
        named(&caller, "/https/old.example/x").await.as_deref(),
        Some("https://old.example/x")
    );
    assert_eq!(
        named(&caller, "/HTTPS/OLD.example:443/x").await.as_deref(),
        Some("https://old.example/x")
    );
    for other in
        ["/MCP", "/mcp/other", "/sse", "/https/old.example/", "/https", "/https/", "/x/y/z"]
    {
        assert_eq!(named(&caller, other).await, None, "{other}");
    }
}

#[tokio::test]
async fn root_means_the_origin_itself_or_the_only_resource_on_it() {
    let caller = Caller::new();
    // The fixture's own resource is on another host, so nothing is meant.
    assert_eq!(named(&caller, "").await, None);
    let other = caller.world.db.read(|r| resource::list(r, &operator())).unwrap().remove(0).id;
    caller.world.db.write_blocking(move |tx| resource::delete(tx, &operator(), &other)).unwrap();
    add(&caller, "http://localhost:8420/mcp", &[]);
    for path in ["", "/", "?x=1"] {
        assert_eq!(named(&caller, path).await.as_deref(), Some("http://localhost:8420/mcp"));
    }
    add(&caller, "http://localhost:8420/two", &[]);
    assert_eq!(named(&caller, "").await, None, "two of them");
    add(&caller, "http://localhost:8420", &[]);
    for path in ["", "/"] {
        assert_eq!(named(&caller, path).await.as_deref(), Some("http://localhost:8420"));
    }
}

#[tokio::test]
async fn hostile_paths_find_nothing_and_break_nothing() {
    let caller = Caller::new();
    for path in [
        "/https/mcp.example.com%2Fmcp",
        "/https/user@mcp.example.com/mcp",
        "/https/mcp.example.com/mcp%23x",
        "/https/mcp.example.com/x/..%2fmcp",
        "/javascript/alert(1)",
        "/%00",
        "/%ff%fe",
        "/%",
        "/https/[::1/mcp",
        &format!("/https/{}", "a".repeat(5_000)),
        &"/x".repeat(2_000),
    ] {
        assert_eq!(named(&caller, path).await, None, "{path}");
    }
    let answer = caller.get(&format!("{PREFIX}/https/mcp.example.com/mcp"), &[]).await;
    assert!(!answer.json().as_object().unwrap().values().any(Value::is_null));
}
