//! The rows around every screen: header, tabs, message, key hints.

use ratatui::layout::Rect;

use super::super::{
    action::{Action, Tab},
    app::{App, Overlay, Server},
    canvas::{Canvas, Piece},
    enroll::Stage,
    keymap::{self, BINDINGS, Binding},
    text,
    theme::Role,
    toast::Tone,
};

/// The product, the site, whether what is shown is live, who works here, the time.
pub fn header(canvas: &mut Canvas<'_>, area: Rect, app: &App) {
    let right = format!("{}  {} ", text::clean(&app.site.account, 24), text::clock(app.now));
    canvas.text_right(area, &right, Role::Muted);
    let room = area.width.saturating_sub(text::width(&right) + 2);
    let name = format!(" mcpcodex {}", app.site.version);
    let title = text::clean(&app.site.title, 40);
    let live: Piece<'_> = if app.is_working() {
        ("● at work", Role::Warn)
    } else if app.trouble().is_some() {
        ("▲ not up to date", Role::Danger)
    } else if app.paused {
        ("‖ held still", Role::Warn)
    } else {
        ("● live", Role::Good)
    };
    let server: Piece<'_> = match app.server {
        Server::Stopped => ("  ○ server not running", Role::Warn),
        Server::Running { .. } | Server::Unknown => ("", Role::Text),
    };
    let badge: Piece<'_> =
        if app.site.read_only { ("  READ-ONLY", Role::Warn) } else { ("", Role::Text) };
    let pieces = [
        (name.as_str(), Role::Brand),
        ("  ", Role::Text),
        (&title, Role::Text),
        ("  ", Role::Text),
        live,
        server,
        badge,
    ];
    canvas.line(Rect { width: room, ..area }, &pieces);
}

/// What the tab row says of each screen: full names where there is room for them, else short ones, else the name of this
/// one alone.
fn tab_words(app: &App, width: u16) -> Vec<(Tab, String)> {
    let here = |tab: Tab| is_here(app, tab);
    let firsts = || Tab::ALL.into_iter().filter(|tab| tab.is_first());
    let named = |tab: Tab| if here(tab) { app.tab } else { tab };
    let long = |tab: Tab| format!(" {} {} ", tab.number(), named(tab).title());
    let short = |tab: Tab| format!(" {} {} ", tab.number(), named(tab).short());
    let bare = |tab: Tab| if here(tab) { long(tab) } else { format!(" {} ", tab.number()) };
    let all = |words: &dyn Fn(Tab) -> String| -> Vec<(Tab, String)> {
        firsts().map(|tab| (tab, words(tab))).collect()
    };
    let room = |words: &[(Tab, String)]| {
        width.checked_sub(words.iter().map(|(_, words)| text::width(words)).sum())
    };
    let crumb = crumb(app).map_or(0, |path| text::width(&path) + 1);
    let ways = [all(&long), all(&short), all(&bare)];
    // Names of screens go for nobody's sake but the screen's own.
    let whole = ways.iter().take(2).position(|words| room(words).is_some_and(|room| room > crumb));
    let bare = ways.iter().position(|words| room(words).is_some_and(|room| room > 0));
    let chosen = whole.or(bare).unwrap_or(2);
    ways.into_iter().nth(chosen).unwrap_or_default()
}

/// The screen and what is selected in it.
fn crumb(app: &App) -> Option<String> {
    app.crumb().map(|crumb| format!("{} › {crumb} ", app.tab.title()))
}

fn is_here(app: &App, tab: Tab) -> bool {
    tab == app.tab || Some(tab) == app.tab.beside()
}

/// The screen whose name stands in a column of the tab row.
pub fn tab_at(app: &App, width: u16, column: u16) -> Option<Tab> {
    let mut end: u16 = 0;
    tab_words(app, width).into_iter().find_map(|(tab, words)| {
        end = end.saturating_add(text::width(&words));
        (column < end).then_some(tab)
    })
}

/// The screens by number, and what is selected.
pub fn tabs(canvas: &mut Canvas<'_>, area: Rect, app: &App) {
    let mut rest = area;
    for (tab, words) in tab_words(app, area.width) {
        let role = if is_here(app, tab) { Role::TabOn } else { Role::Muted };
        rest = canvas.line(rest, &[(&words, role)]);
    }
    if let Some(path) = crumb(app) {
        let rest = Rect { x: rest.x + 1, width: rest.width.saturating_sub(1), ..rest };
        // Half a name says nothing.
        if text::width(&path) <= rest.width {
            canvas.text_right(rest, &path, Role::Muted);
        }
    }
}

/// What happened last.
pub fn toast(canvas: &mut Canvas<'_>, area: Rect, app: &App) {
    let (mark, words, role) = match (&app.toast, app.trouble()) {
        (Some(toast), _) => match toast.tone {
            Tone::Good => ("✓", toast.text.clone(), Role::Good),
            Tone::Plain => ("·", toast.text.clone(), Role::Text),
            Tone::Bad => ("▲", toast.text.clone(), Role::Warn),
        },
        (None, Some(problem)) => ("▲", format!("{} · r tries again", problem.text), Role::Warn),
        (None, None) => return,
    };
    canvas.line(area, &[(" ", Role::Text), (mark, role), (" ", Role::Text), (&words, role)]);
}

/// The keys that matter here, dimmed where they would be refused; help and the way out are never left off.
pub fn footer(canvas: &mut Canvas<'_>, area: Rect, app: &App) {
    let places = app.places();
    let mut hints: Vec<&Binding> =
        BINDINGS.iter().filter(|b| b.hint.is_some() && places.contains(&b.place)).collect();
    hints.sort_by_key(|binding| binding.hint);
    let is_last = |b: &&&Binding| matches!(b.action, Action::Help | Action::Quit | Action::Cancel);
    let last: u16 = hints.iter().filter(is_last).map(|b| cells(b, app)).sum();
    let mut room = area.width.saturating_sub(last + 1);
    let mut rest = canvas.line(area, &[(" ", Role::Text)]);
    for binding in hints {
        let wide = cells(binding, app);
        if !is_last(&&binding) {
            if wide > room {
                room = 0;
                continue;
            }
            room -= wide;
        }
        let refused = |verb| app.overlay.is_none() && app.refuses(verb);
        if binding.action == Action::Toggle && !offers(app) {
            continue;
        }
        let allowed = !matches!(binding.action, Action::Run(verb) if refused(verb));
        // On a page, Enter has done what it can, and the way back takes its place.
        let opened = binding.action == Action::Open && app.page();
        let back = || keymap::key_of(&keymap::EVERY, Action::Back).unwrap_or_default();
        let key = if opened { back() } else { key(binding) };
        let label = format!(" {}  ", label(binding, app));
        let (key_role, role) =
            if allowed { (Role::Key, Role::Text) } else { (Role::Muted, Role::Muted) };
        rest = canvas.line(rest, &[(&key, key_role), (&label, role)]);
    }
}

/// Whether the question offers something besides.
fn offers(app: &App) -> bool {
    matches!(&app.overlay, Some(Overlay::Confirm(question)) if question.option.is_some())
}

fn key(binding: &Binding) -> String {
    binding.keys.first().map(ToString::to_string).unwrap_or_default()
}

fn label(binding: &Binding, app: &App) -> &'static str {
    match (&app.overlay, binding.action) {
        (Some(Overlay::Confirm(question)), Action::Press) if question.word.is_some() => {
            question.change.verb.spec().label
        }
        (Some(Overlay::Confirm(question)), Action::Press) if !question.armed => "presses Cancel",
        (Some(Overlay::Confirm(question)), Action::Yes) => question.change.verb.spec().label,
        (Some(Overlay::Help(_) | Overlay::Story(_)), Action::Move(_)) => "scroll",
        (Some(Overlay::Palette(_)), Action::Move(_)) => "choose",
        (Some(Overlay::Enroll(open)), Action::Accept) if open.waiting.is_some() => "checking …",
        (Some(Overlay::Enroll(_)), Action::Accept) => "check the code",
        (Some(Overlay::Enroll(open)), Action::Copy) => match open.stage {
            Stage::Scan(_) => "copy secret",
            Stage::Begun | Stage::Refused(_) | Stage::Codes(_) => "copy all",
        },
        (Some(Overlay::Enroll(open)), Action::Cancel) => match open.stage {
            Stage::Scan(_) => "cancel",
            Stage::Begun | Stage::Refused(_) | Stage::Codes(_) => "close",
        },
        (Some(Overlay::Handed(open)), Action::Copy) if open.noun == "key" => "copy the key",
        (Some(Overlay::Handed(_)), Action::Copy) => "copy the link",
        (Some(Overlay::Confirm(_)), Action::Toggle) => "it leaked",
        (Some(Overlay::Leave), Action::Yes) => "stop the server and leave",
        (Some(Overlay::Leave), Action::Cancel) => "stay",
        (Some(Overlay::Form(_)), Action::Accept) => "next, ask",
        (Some(Overlay::Form(_)), Action::Cancel) => "cancel",
        (Some(_), Action::Cancel) => "close",
        (Some(_), Action::Accept) => "run",
        (None, Action::Accept) => "to the list",
        (None, Action::Open) if app.page() => "back",
        (None, Action::Everyone) if app.mfa.everyone => "only without",
        (None, Action::Everyone) => "everybody",
        (_, action) => action.label(),
    }
}

fn cells(binding: &Binding, app: &App) -> u16 {
    text::width(&key(binding)) + text::width(label(binding, app)) + 3
}
