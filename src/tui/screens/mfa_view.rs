//! How the screen of second factors looks: who has none, the counts, what the configuration asks for.

use ratatui::layout::Rect;

use super::{
    super::{
        app::App,
        canvas::Canvas,
        layout, text,
        theme::Role,
        widgets::{
            flow::Flow,
            table::{Cell, Column},
        },
    },
    frame::{self, Frame, Words},
    users_view,
};
use crate::{
    model::{
        coverage::{Coverage, Share},
        factor::Method,
        user::{UserRow, UserState},
    },
    ops::coverage::Policy,
    time::Time,
};

const COLUMNS: [Column; 6] = [
    Column { title: "user", min: 12, max: 24, rank: 9 },
    Column { title: "state", min: 8, max: 8, rank: 6 },
    Column { title: "second factor", min: 14, max: 30, rank: 8 },
    Column { title: "roles", min: 10, max: 24, rank: 5 },
    Column { title: "e-mail", min: 18, max: 34, rank: 2 },
    Column { title: "signed in", min: 9, max: 9, rank: 4 },
];

/// Draws the screen.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect, app: &App) {
    let parts = layout::mfa(body);
    frame(app).draw(canvas, parts.list, app);
    if let Some(area) = parts.coverage {
        let inner = canvas.panel(area, false, &[("Coverage", Role::Title)]);
        match &app.mfa.coverage {
            Some(coverage) => {
                coverage_lines(&mut Flow::new(canvas, inner), coverage, &app.site.policy);
            }
            None => Flow::new(canvas, inner).say("loading …", Role::Muted),
        }
    }
    if let Some(area) = parts.policy {
        let inner = canvas.panel(area, false, &[("Policy", Role::Title)]);
        policy_lines(&mut Flow::new(canvas, inner), &app.site.policy);
    }
}

/// The list and what stands around it.
pub(in crate::tui) fn frame(app: &App) -> Frame<'_, UserRow> {
    let mfa = &app.mfa;
    let people = &mfa.people;
    let rows = people.list.rows().len();
    let more = if people.more() || people.before() > 0 { "+" } else { "" };
    let count = match (&mfa.coverage, people.search.text().is_empty()) {
        _ if !people.list.wait.loaded() => String::new(),
        (Some(coverage), true) if !mfa.everyone => {
            let missing = usize::try_from(coverage.everyone.missing()).unwrap_or(usize::MAX);
            format!("{} · {} % have one", text::grouped(missing), coverage.everyone.percent())
        }
        _ => format!("{}{more}", text::grouped(people.before() + rows)),
    };
    Frame {
        title: if mfa.everyone { "People and factors" } else { "Without a second factor" },
        search: &people.search,
        list: &people.list,
        counts: vec![(count, Role::Muted)],
        columns: &COLUMNS,
        cells: Box::new(|row, now| cells(row, &app.site.policy, now)),
        nothing: nothing(app),
        empty: none_lacks(app),
        foot: Some(people.place()),
    }
}

fn nothing(app: &App) -> [Words; 2] {
    let search = &app.mfa.people.search;
    if app.mfa.everyone {
        return frame::nothing("no name, address or role", search);
    }
    let typed = search.text();
    [
        (format!("nobody without a second factor has “{typed}” in a name or role"), Role::Text),
        ("a looks among all people · Esc clears the filter".to_owned(), Role::Muted),
    ]
}

fn none_lacks(app: &App) -> [Words; 2] {
    if app.mfa.coverage.as_ref().is_none_or(|coverage| coverage.everyone.people == 0) {
        return users_view::nobody();
    }
    [
        ("✓ Everybody has a second factor.".to_owned(), Role::Good),
        ("a shows all people and their factors".to_owned(), Role::Muted),
    ]
}

/// What a person has, in a word or two; what is not offered any more is said to be off.
pub fn word(row: &UserRow, policy: &Policy) -> String {
    let name = |method: &Method| {
        let off = if policy.offers(*method) { "" } else { " (off)" };
        format!("{}{off}", text::method(*method))
    };
    let methods: Vec<String> = row.methods.iter().map(name).collect();
    if methods.is_empty() { "no second factor".to_owned() } else { methods.join(", ") }
}

fn cells(row: &UserRow, policy: &Policy, now: Time) -> Vec<Cell> {
    let user = &row.user;
    let of_use = |method: &&Method| policy.offers(**method);
    let weak = row.methods.iter().filter(of_use).all(|method| method.is_weak());
    let has = row.methods.iter().any(|method| policy.offers(*method));
    let factor = match (has, policy.requires(user), row.mfa()) {
        (true, ..) => (word(row, policy), if weak { Role::Warn } else { Role::Good }),
        (false, true, _) => (missing(row, policy, now), Role::Danger),
        (false, false, true) => (word(row, policy), Role::Warn),
        (false, false, false) => ("none".to_owned(), Role::Warn),
    };
    let (state, state_role) = match user.state {
        UserState::Active => ("active", Role::Good),
        UserState::Invited => ("invited", Role::Muted),
        UserState::Locked => ("locked", Role::Danger),
        UserState::Disabled => ("disabled", Role::Muted),
    };
    let signed_in = user.last_login_at.map_or_else(|| "never".to_owned(), |at| text::ago(now, at));
    vec![
        (user.username.clone(), Role::Strong),
        (state.to_owned(), state_role),
        factor,
        (user.roles.join(", "), Role::Text),
        (user.email.clone(), Role::Text),
        (signed_in, Role::Muted),
    ]
}

/// Who must have a factor and has none: how long that may go on.
fn missing(row: &UserRow, policy: &Policy, now: Time) -> String {
    match row.user.mfa_grace_from.map(|from| from.plus(policy.grace)) {
        Some(ends) if ends > now => format!("due in {}", text::brief(ends.since(now))),
        Some(_) => "overdue".to_owned(),
        None => "required".to_owned(),
    }
}

fn coverage_lines(flow: &mut Flow<'_, '_>, coverage: &Coverage, policy: &Policy) {
    share(flow, "everyone", coverage.everyone, false);
    for (role, of) in &coverage.roles {
        // Two lines for what has the method and what has no recovery codes; roles give way.
        if flow.left() <= 2 {
            break;
        }
        share(flow, role, *of, policy.required_for.contains(role));
    }
    let roomy = flow.left() >= 8;
    if roomy {
        flow.gap();
        flow.say("By method", Role::Title);
        for (method, count) in &coverage.methods {
            by_method(flow, *method, *count, coverage.everyone.people, policy);
        }
        none(flow, coverage.everyone);
        flow.gap();
    }
    if coverage.out_of_codes > 0 {
        let people = text::count(usize::try_from(coverage.out_of_codes).unwrap_or(0), "person");
        let people = people.replace("persons", "people");
        let verb = if coverage.out_of_codes == 1 { "has" } else { "have" };
        flow.say(&format!("{people} {verb} a factor but no recovery codes"), Role::Warn);
    }
}

const LABEL: u16 = 11;
const NUMBERS: u16 = 17;

fn share(flow: &mut Flow<'_, '_>, label: &str, of: Share, required: bool) {
    let line = flow.line();
    let full = of.missing() == 0;
    flow.canvas.text(Rect { width: line.width.min(LABEL - 1), ..line }, label, Role::Text);
    let bar = Rect { x: line.x + LABEL, width: line.width.saturating_sub(LABEL + NUMBERS), ..line };
    let role = match (full, required) {
        (true, _) => Role::Good,
        (false, true) => Role::Danger,
        (false, false) => Role::Warn,
    };
    if line.height > 0 {
        flow.canvas.bar(bar, of.covered, of.people, role);
    }
    let mark = if required { if full { " ✓" } else { " !" } } else { "  " };
    let numbers =
        format!("{:>3} % {:>8}{mark}", of.percent(), format!("{}/{}", of.covered, of.people));
    flow.canvas.text_right(line, &numbers, role);
}

fn by_method(flow: &mut Flow<'_, '_>, method: Method, count: u32, people: u32, policy: &Policy) {
    let off = !policy.offers(method);
    if off && count == 0 {
        return;
    }
    let mark = match (off, method.is_weak()) {
        (true, _) => "off",
        (false, true) => "weak",
        (false, false) => "",
    };
    counted(flow, text::method(method), count, people, mark);
}

fn none(flow: &mut Flow<'_, '_>, of: Share) {
    counted(flow, "none", of.missing(), of.people, "");
}

fn counted(flow: &mut Flow<'_, '_>, name: &str, count: u32, people: u32, mark: &str) {
    let line = flow.line();
    flow.canvas.text(Rect { width: line.width.min(LABEL - 1), ..line }, name, Role::Text);
    let bar = Rect { x: line.x + LABEL, width: line.width.saturating_sub(LABEL + NUMBERS), ..line };
    if line.height > 0 {
        flow.canvas.bar(bar, count, people, Role::Text);
    }
    flow.canvas.text_right(line, &format!("{count:>9}  {mark:<5}"), Role::Muted);
}

fn policy_lines(flow: &mut Flow<'_, '_>, policy: &Policy) {
    if !policy.enabled {
        flow.say("Second factors are switched off.", Role::Danger);
        return;
    }
    let required = if policy.required_for.is_empty() {
        "nobody".to_owned()
    } else {
        policy.required_for.join(", ")
    };
    flow.fact("required", &required, Role::Text);
    let grace = if policy.grace.is_zero() { "none".to_owned() } else { text::brief(policy.grace) };
    flow.fact("grace", &format!("{grace} after the first sign-in"), Role::Text);
    let methods = |weak: bool| {
        let offered = policy.offered.iter().copied().filter(|method| method.is_weak() == weak);
        offered.map(text::method).collect::<Vec<_>>().join(", ")
    };
    flow.fact("methods", &methods(false), Role::Text);
    let weak = methods(true);
    if weak.is_empty() {
        flow.fact("weak", "SMS and e-mail are off", Role::Muted);
    } else {
        flow.fact("weak", &weak, Role::Warn);
    }
}
