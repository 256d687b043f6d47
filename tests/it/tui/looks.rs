//! How the first screen and those of programs look, as pictures; times and ids stand still.

use mcpcodex::{
    model::{
        apikey::{ApiKey, DayOfUse, Due, KeyRow},
        audit::{EventRow, chain::Link},
        dashboard::{Counts, Minute, Notice, Overview, Severity},
        id::{AgentId, ApiKeyId, ResourceId, UserId},
        resource::{Resource, ResourceScope, ResourceUri, Risk},
        scope::ScopeSet,
    },
    ops::{apikey::standing::Standing, audit::chain::Checked},
    tui::{
        app::Server,
        msg::{Msg, Query, Reply},
    },
};

use super::{NOW, Stage, ago, coverage, screens::picture};

fn notice(first: i64, secs: u64, severity: Severity, event: &str, user: Option<&str>) -> Notice {
    Notice {
        first,
        last: first,
        at: ago(secs),
        severity,
        event: event.to_owned(),
        user: user.map(|name| (UserId::from_text(format!("u_{name}")), Some(name.to_owned()))),
        people: 1,
        times: 1,
        address: Some("198.51.100.23".to_owned()),
        actor: "root".to_owned(),
    }
}

fn overview() -> Overview {
    let spray = Notice {
        people: 61,
        times: 240,
        address: Some("203.0.113.9".to_owned()),
        actor: String::new(),
        ..notice(90, 13, Severity::High, "sign_in.wrong", None)
    };
    Overview {
        minutes: (0..60)
            .map(|n| Minute {
                minute: i64::from(n),
                good: 20 + (n * 7) % 38,
                wrong: if n > 50 { (n - 50) * 2 } else { u32::from(n % 9 == 0) },
            })
            .collect(),
        counts: Counts {
            sessions: 1_204,
            connections: 310,
            keys: 46,
            keys_expired: 1,
            keys_due: 9,
            locked: 3,
            paused: 1,
            clients_waiting: 2,
            clients_unused: 7,
            messages_failed: 0,
        },
        notices: vec![
            spray,
            notice(80, 46, Severity::High, "refresh.replayed", Some("mallory")),
            Notice { times: 3, ..notice(70, 300, Severity::Medium, "factor.wrong", Some("alice")) },
            notice(60, 4_000, Severity::Low, "client.register", None),
            notice(50, 9_000, Severity::Low, "user.create", Some("evil\u{1b}[2J\u{202e}name")),
        ],
        torn: false,
        events: 18_911,
    }
}

fn dashboard(width: u16, height: u16, server: Server, overview: Overview) -> Stage {
    let mut stage = Stage::at_the_dashboard(width, height);
    stage.send(Msg::Server(server));
    let counts = Ok(Reply::Coverage(Box::new(coverage())));
    stage.answer(|query| matches!(query, Query::Coverage), counts);
    let found = Ok(Reply::Dashboard(Box::new(overview)));
    stage.answer(|query| matches!(query, Query::Dashboard), found);
    stage
}

#[test]
fn first_screen() {
    let running = Server::Running { pid: 4_127, since: Some(ago(12 * 86_400)) };
    picture("dashboard", |width, height| {
        let mut stage = dashboard(width, height, running, overview());
        stage.press("j");
        stage
    });
}

#[test]
fn first_screen_before_the_first_answer() {
    picture("dashboard_loading", Stage::at_the_dashboard);
}

#[test]
fn first_screen_of_a_quiet_house_without_a_server() {
    picture("dashboard_quiet", |width, height| {
        dashboard(width, height, Server::Stopped, Overview::default())
    });
}

#[test]
fn first_screen_when_the_record_was_tampered_with() {
    let overview = Overview { torn: true, ..overview() };
    let stage = dashboard(100, 30, Server::Unknown, overview);
    let screen = stage.screen(100, 30);
    assert!(screen.contains("the audit record was tampered with"), "{screen}");
}

fn key(name: &str, agent: Option<&str>, state: &'static str, due: Due) -> Standing {
    let key = ApiKey {
        id: ApiKeyId::from_text(format!("ak_{name}")),
        user_id: UserId::from_text("u_alice"),
        agent_id: agent.map(AgentId::from_text),
        name: name.to_owned(),
        hint: format!("mcp_{}", name.chars().take(4).collect::<String>()),
        scopes: ScopeSet::from_words(["read:models", "write:data"]),
        requests_per_minute: 100,
        burst_size: 20,
        created_at: ago(84 * 86_400),
        expires_at: None,
        rotation_due_at: due.at().or(Some(NOW.plus(std::time::Duration::from_secs(86_400 * 60)))),
        last_used_at: Some(ago(90)),
        last_used_address: Some("192.0.2.77".to_owned()),
        revoked_at: (state == "revoked").then(|| ago(86_400)),
        revoke_reason: (state == "revoked").then(|| "leaked".to_owned()),
        replaces: None,
        replaced_by: None,
        overlap_until: None,
    };
    let row = KeyRow { key, username: "alice".to_owned(), agent: agent.map(str::to_owned) };
    let today = DayOfUse { day: DayOfUse::day_of(NOW), used: 82, limited: 0 };
    Standing { row, state, due, ends_at: None, left: 20, today }
}

pub(crate) fn api_keys() -> Vec<Standing> {
    let mut expired = key("backup", None, "expired", Due::No);
    expired.ends_at = Some(ago(3 * 86_400));
    let mut limited = key("ci-deploy", Some("nightly"), "active", Due::Over(ago(86_400)));
    (limited.left, limited.today.limited) = (0, 17);
    let soon = Due::Soon(NOW.plus(std::time::Duration::from_secs(6 * 86_400)));
    let mut ending = key("grafana", None, "active", Due::No);
    ending.ends_at = Some(NOW.plus(std::time::Duration::from_secs(61 * 86_400)));
    let mut never = key("evil\u{1b}]52;c;x\u{7}\u{202e}key", None, "active", Due::No);
    never.row.key.last_used_at = None;
    vec![
        expired,
        limited,
        key("metrics", None, "active", soon),
        ending,
        never,
        key("old", None, "revoked", Due::No),
    ]
}

fn with_api_keys(width: u16, height: u16, rows: Vec<Standing>) -> Stage {
    let mut stage = Stage::open(width, height);
    stage.press("4");
    stage.answer(|query| matches!(query, Query::ApiKeys), Ok(Reply::ApiKeys(rows)));
    let use_of = |query: &Query| matches!(query, Query::KeyUse(_));
    if let Some((_, Query::KeyUse(id))) = stage.asked(use_of) {
        let today = DayOfUse::day_of(NOW);
        let days = (0_u8..20).map(|n| DayOfUse {
            day: today - i64::from(n),
            used: u32::from(n) * 13 % 90,
            limited: 0,
        });
        stage.answer(use_of, Ok(Reply::KeyUse(id, days.collect())));
    }
    stage
}

#[test]
fn api_keys_that_want_something_first() {
    picture("apikeys", |width, height| with_api_keys(width, height, api_keys()));
}

#[test]
fn api_keys_before_there_is_one() {
    picture("apikeys_empty", |width, height| with_api_keys(width, height, Vec::new()));
}

#[test]
fn api_key_rotation_question() {
    picture("apikeys_rotate", |width, height| {
        let mut stage = with_api_keys(width, height, api_keys());
        stage.press("jRl");
        stage
    });
}

#[test]
fn api_key_form() {
    picture("apikeys_form", |width, height| {
        let mut stage = with_api_keys(width, height, api_keys());
        stage.press("Nalice<Enter>ci<Enter><Enter><Enter><Enter><Enter>");
        stage
    });
}

fn resources() -> Vec<Resource> {
    let uri = |text: &str| ResourceUri::from_text(text.to_owned());
    let mut notes = Resource::new(uri("https://mcp.example.com/mcp"), "Notes".to_owned());
    notes.id = ResourceId::from_text("res_1");
    notes.created_at = ago(40 * 86_400);
    notes.aliases = vec![uri("https://notes.example.com/mcp")];
    notes.roles = vec!["developer".to_owned()];
    notes.scopes = vec![
        ResourceScope::new("notes:read", "Read your notes"),
        ResourceScope {
            risk: Risk::Sensitive,
            is_default: false,
            ..ResourceScope::new("notes:delete", "Delete your notes")
        },
    ];
    let mut bare = Resource::new(uri("https://api.example.com"), String::new());
    bare.id = ResourceId::from_text("res_2");
    bare.created_at = ago(300);
    vec![notes, bare]
}

fn with_resources(width: u16, height: u16, rows: Vec<Resource>) -> Stage {
    let mut stage = Stage::open(width, height);
    stage.press("5<Tab>");
    stage.answer(|query| matches!(query, Query::Resources), Ok(Reply::Resources(rows)));
    stage
}

#[test]
fn resources_with_their_scopes() {
    picture("resources", |width, height| with_resources(width, height, resources()));
}

#[test]
fn resources_before_there_is_one() {
    picture("resources_empty", |width, height| with_resources(width, height, Vec::new()));
}

fn record() -> Vec<EventRow> {
    let event = |id: i64, secs, event: &str, actor: &str, user: Option<&str>| EventRow {
        id,
        at: ago(secs),
        event: event.to_owned(),
        actor: actor.to_owned(),
        via: "tui".to_owned(),
        user_id: user.map(str::to_owned),
        client_id: None,
        session_id: None,
        grant_id: None,
        address: Some("198.51.100.23".to_owned()),
        detail: "{\"sessions\":3}".to_owned(),
    };
    vec![
        event(18_911, 13, "user.lock", "root", Some("u_0193f2a1b7c87d12a3mallory")),
        event(18_910, 40, "sign_in.wrong", "anonymous", Some("u_0193f2a1b7c87d12a3mallory")),
        event(18_909, 46, "refresh.replayed", "c_41ab", None),
    ]
}

fn with_record(width: u16, height: u16, rows: Vec<EventRow>) -> Stage {
    let mut stage = Stage::open(width, height);
    stage.press("8");
    stage.answer(|query| matches!(query, Query::Events(_)), Ok(Reply::Events(rows)));
    stage
}

#[test]
fn audit_record_that_was_checked() {
    picture("record", |width, height| {
        let mut stage = with_record(width, height, record());
        stage.press("v");
        let checked = Checked { events: 18_911, flaw: None, last: Link::default() };
        let found = Ok(Reply::Verified(Box::new(checked)));
        stage.answer(|query| matches!(query, Query::Verify), found);
        stage
    });
}

#[test]
fn audit_record_that_is_empty() {
    picture("record_empty", |width, height| with_record(width, height, Vec::new()));
}
