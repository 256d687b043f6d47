//! How the first screen looks. Every number that wants something says which key leads there.

use ratatui::layout::Rect;

use super::{
    super::{
        app::{App, Server},
        canvas::{Canvas, Piece},
        layout, text,
        theme::Role,
        widgets::{
            flow::Flow,
            table::{Cell, Column},
        },
    },
    dashboard::name,
    frame::{self, Frame},
};
use crate::{
    model::{
        coverage::{Coverage, Share},
        dashboard::{Notice, Overview, Severity},
    },
    time::Time,
};

const COLUMNS: [Column; 6] = [
    Column { title: "when", min: 5, max: 5, rank: 6 },
    Column { title: "sev", min: 4, max: 4, rank: 8 },
    Column { title: "what", min: 24, max: 60, rank: 9 },
    Column { title: "user", min: 10, max: 20, rank: 7 },
    Column { title: "from", min: 15, max: 24, rank: 4 },
    Column { title: "by", min: 8, max: 16, rank: 2 },
];

/// Draws the screen.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect, app: &App) {
    let parts = layout::dashboard(body);
    if let Some(panel) = parts.server {
        server(canvas, panel, app);
    }
    if let Some(panel) = parts.sign_ins {
        sign_ins(canvas, panel, app);
    }
    if let Some(panel) = parts.coverage {
        coverage(canvas, panel, app);
    }
    frame(app).draw(canvas, parts.events, app);
    if let Some(panel) = parts.attention {
        attention(canvas, panel, app);
    }
    if let Some(panel) = parts.active {
        active(canvas, panel, app);
    }
}

/// The list of events and what stands around it.
pub(in crate::tui) fn frame(app: &App) -> Frame<'_, Notice> {
    let rows = &app.dashboard.rows;
    let shown = frame::shown_of(&rows.list, rows.all().len(), usize::MAX, "");
    Frame {
        title: "Security events",
        search: &rows.search,
        list: &rows.list,
        counts: vec![("newest first   ".to_owned(), Role::Muted), shown],
        columns: &COLUMNS,
        cells: Box::new(cells),
        nothing: frame::nothing("no event, user or address", &rows.search),
        empty: frame::empty(
            "Nothing to see: no refusal and no change was recorded lately.",
            "Wrong passwords, refused apps and changes appear here as they happen.",
        ),
        foot: None,
    }
}

fn severity(severity: Severity) -> Role {
    match severity {
        Severity::High => Role::Danger,
        Severity::Medium => Role::Warn,
        Severity::Low => Role::Muted,
    }
}

fn user(row: &Notice) -> String {
    match (&row.user, name(row)) {
        (_, Some(name)) => name.to_owned(),
        (Some((id, _)), None) => text::short_id(id.as_str()),
        (None, None) => "–".to_owned(),
    }
}

fn by(row: &Notice) -> String {
    match name(row) {
        Some(name) if row.user.as_ref().is_some_and(|(id, _)| id.as_str() == row.actor) => {
            name.to_owned()
        }
        _ if row.actor.starts_with("u_") || row.actor.starts_with("ak_") => {
            text::short_id(&row.actor)
        }
        _ => row.actor.clone(),
    }
}

fn cells(row: &Notice, now: Time) -> Vec<Cell> {
    let role = severity(row.severity);
    vec![
        (text::ago(now, row.at), Role::Muted),
        (row.severity.as_str().to_owned(), role),
        (row.words(), if row.severity == Severity::High { Role::Strong } else { Role::Text }),
        (user(row), Role::Strong),
        (row.address.clone().unwrap_or_else(|| "–".to_owned()), Role::Text),
        (by(row), Role::Muted),
    ]
}

/// A word for the one line of a window that is too small for more.
pub fn word(app: &App) -> String {
    match (&app.server, app.dashboard.rows.list.selected()) {
        (Server::Stopped, _) => "server not running".to_owned(),
        (_, Some(row)) => format!("{} {} {}", row.severity.as_str(), row.words(), user(row)),
        (_, None) => "no event".to_owned(),
    }
}

fn server(canvas: &mut Canvas<'_>, panel: Rect, app: &App) {
    let inner = canvas.panel(panel, false, &[("Server", Role::Title)]);
    let now = canvas.now;
    let mut flow = Flow::new(canvas, inner);
    let site = &app.site;
    match &app.server {
        Server::Unknown => flow.fact("state", "…", Role::Muted),
        Server::Running { pid, since } => {
            let up = since.map_or_else(String::new, |since| {
                format!(" · up {}", text::brief(now.since(since)))
            });
            flow.fact("state", &format!("● running{up}"), Role::Good);
            flow.fact("process", &pid.to_string(), Role::Text);
        }
        Server::Stopped => {
            flow.fact("state", "○ not running", Role::Warn);
            flow.fact("start it", "mcpcodex serve", Role::Text);
        }
    }
    let listen = site.listen.as_deref().unwrap_or("never seen");
    flow.fact("listen", listen, Role::Text);
    flow.fact("issuer", &site.title, Role::Text);
    flow.fact("version", &format!("{} · schema {}", site.version, site.schema), Role::Text);
    let record = match &app.dashboard.overview {
        Some(overview) if overview.torn => ("tampered with ▲  v on 8".to_owned(), Role::Danger),
        Some(overview) => {
            let events = usize::try_from(overview.events).unwrap_or(0);
            (text::count(events, "event"), Role::Text)
        }
        None => ("…".to_owned(), Role::Muted),
    };
    flow.fact("audit", &record.0, record.1);
}

fn sign_ins(canvas: &mut Canvas<'_>, panel: Rect, app: &App) {
    let inner = canvas.panel(
        panel,
        false,
        &[("Sign-ins / min", Role::Title), ("   last 60 min", Role::Muted)],
    );
    let Some(overview) = &app.dashboard.overview else {
        Flow::new(canvas, inner).say("loading …", Role::Muted);
        return;
    };
    let good: Vec<u32> = overview.minutes.iter().map(|minute| minute.good).collect();
    let wrong: Vec<u32> = overview.minutes.iter().map(|minute| minute.wrong).collect();
    let (now, _, unusual) = overview.wrong();
    let line = |label: &str, values: &[u32], now: u32| {
        let peak = values.iter().max().copied().unwrap_or(0);
        format!("{label:<6}{now}/min  peak {peak}")
    };
    let latest = good.iter().rev().take(2).max().copied().unwrap_or(0);
    let mut flow = Flow::new(canvas, inner);
    let roomy = flow.left() >= 5;
    flow.say(&line("ok", &good, latest), Role::Text);
    let at = flow.line();
    flow.canvas.spark(at, &good, Role::Good);
    if roomy {
        flow.gap();
    }
    let unusually = format!("wrong {now}/min  ");
    if unusual {
        flow.pieces(&[(&unusually, Role::Text), ("▲ unusual", Role::Danger)]);
    } else {
        flow.say(&line("wrong", &wrong, now), Role::Text);
    }
    let at = flow.line();
    flow.canvas.spark(at, &wrong, if unusual { Role::Danger } else { Role::Warn });
}

fn coverage(canvas: &mut Canvas<'_>, panel: Rect, app: &App) {
    let inner = canvas.panel(panel, false, &[("MFA coverage", Role::Title)]);
    let Some(found) = &app.mfa.coverage else {
        Flow::new(canvas, inner).say("loading …", Role::Muted);
        return;
    };
    let mut flow = Flow::new(canvas, inner);
    let all = found.everyone;
    let line = flow.line();
    let bar = Rect { width: line.width.saturating_sub(6), ..line };
    flow.canvas.bar(bar, all.covered, all.people, Role::Good);
    flow.canvas.text_right(line, &format!("{} %", all.percent()), Role::Strong);
    for (method, count) in &found.methods {
        if *count > 0 && flow.left() > 2 {
            numbers(&mut flow, text::method(*method), *count, Role::Text);
        }
    }
    numbers(&mut flow, "none", all.missing(), Role::Text);
    let (words, role) = admins(found);
    flow.say(&words, role);
}

/// Who may do everything and has no second factor.
fn admins(found: &Coverage) -> (String, Role) {
    let share = found.roles.iter().find(|(role, _)| role == "admin").map(|(_, share)| *share);
    match share.map_or(0, Share::missing) {
        0 => ("admins without MFA  0  ✓".to_owned(), Role::Good),
        n => (format!("admins without MFA  {n}  ▲ → 6"), Role::Danger),
    }
}

fn numbers(flow: &mut Flow<'_, '_>, label: &str, count: u32, role: Role) {
    let line = flow.line();
    flow.canvas.text(line, label, Role::Muted);
    let count = text::grouped(usize::try_from(count).unwrap_or(0));
    flow.canvas.text(
        Rect { x: line.x.saturating_add(10), ..line }.intersection(line),
        &count,
        role,
    );
}

/// What wants attention: how many, what, which key leads there.
fn wants(overview: &Overview) -> Vec<(u32, &'static str, &'static str)> {
    let counts = overview.counts;
    vec![
        (counts.keys_expired, "API keys ended without a successor", "4"),
        (counts.keys_due, "API keys are due for rotation", "4"),
        (counts.clients_waiting, "apps wait for an administrator", "5"),
        (counts.paused, "accounts are paused after wrong tries", "2"),
        (counts.locked, "accounts are locked", "2"),
        (counts.messages_failed, "messages did not go out in 24 h", "9"),
        (counts.clients_unused, "apps never used since they registered", "5"),
    ]
}

/// What the screen says besides its events, in lines.
pub(super) fn lines(app: &App) -> Vec<String> {
    let server = match &app.server {
        Server::Unknown => "Server: not looked for.".to_owned(),
        Server::Running { pid, .. } => format!("Server: running, process {pid}."),
        Server::Stopped => "Server: not running. mcpcodex serve starts it.".to_owned(),
    };
    let Some(overview) = &app.dashboard.overview else { return vec![server] };
    let mut lines = vec![server];
    if overview.torn {
        lines.push("The audit record was tampered with.".to_owned());
    }
    let wanted = wants(overview).into_iter().filter(|(count, ..)| *count > 0);
    lines.extend(wanted.map(|(count, what, key)| format!("{count} {what}; screen {key}.")));
    let counts = overview.counts;
    lines.push(format!(
        "{} sessions, {} token families of apps, {} API keys in force.",
        counts.sessions, counts.connections, counts.keys
    ));
    lines
}

fn attention(canvas: &mut Canvas<'_>, panel: Rect, app: &App) {
    let inner = canvas.panel(panel, false, &[("Needs attention", Role::Title)]);
    let Some(overview) = &app.dashboard.overview else {
        Flow::new(canvas, inner).say("loading …", Role::Muted);
        return;
    };
    let mut flow = Flow::new(canvas, inner);
    if overview.torn {
        pointed(&mut flow, "▲ the audit record was tampered with", "8", Role::Danger);
    }
    let mut calm = !overview.torn;
    for (count, what, key) in wants(overview).into_iter().filter(|(count, ..)| *count > 0) {
        calm = false;
        let count = text::grouped(usize::try_from(count).unwrap_or(0));
        pointed(&mut flow, &format!("{count:>4}  {what}"), key, Role::Warn);
    }
    if calm {
        flow.say("✓ nothing: no key is due and nobody waits", Role::Good);
    }
}

fn pointed(flow: &mut Flow<'_, '_>, words: &str, key: &str, role: Role) {
    let line = flow.line();
    let width = line.width.saturating_sub(5);
    flow.canvas.text(Rect { width, ..line }, words, role);
    flow.canvas.text_right(line, &format!("→ {key}"), Role::Key);
}

fn active(canvas: &mut Canvas<'_>, panel: Rect, app: &App) {
    let inner = canvas.panel(panel, false, &[("Active now", Role::Title)]);
    let Some(overview) = &app.dashboard.overview else {
        Flow::new(canvas, inner).say("loading …", Role::Muted);
        return;
    };
    let mut flow = Flow::new(canvas, inner);
    let counts = overview.counts;
    let replayed = app
        .dashboard
        .rows
        .all()
        .iter()
        .filter(|notice| notice.event == "refresh.replayed")
        .map(|notice| notice.times)
        .sum::<u32>();
    let lines: [(&str, u32, &str); 3] = [
        ("sessions of people", counts.sessions, "3"),
        ("token families of apps", counts.connections, "5"),
        ("API keys in force", counts.keys, "4"),
    ];
    for (what, count, key) in lines {
        let count = text::grouped(usize::try_from(count).unwrap_or(0));
        pointed(&mut flow, &format!("{count:>5}  {what}"), key, Role::Text);
    }
    let reused: Piece<'_> = if replayed == 0 {
        ("    0  refresh tokens reused lately  ✓", Role::Good)
    } else {
        ("▲ refresh tokens were reused lately: see above", Role::Danger)
    };
    flow.pieces(&[reused]);
}
