//! The rows around every screen: header, tabs, message, key hints.

use ratatui::layout::Rect;

use super::super::{
    action::{Action, Tab},
    app::{App, Overlay},
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
    } else {
        ("● live", Role::Good)
    };
    let pieces = [
        (name.as_str(), Role::Brand),
        ("  ", Role::Text),
        (&title, Role::Text),
        ("  ", Role::Text),
        live,
    ];
    canvas.line(Rect { width: room, ..area }, &pieces);
}

/// The screens by number, and what is selected.
pub fn tabs(canvas: &mut Canvas<'_>, area: Rect, app: &App) {
    let mut rest = canvas.line(area, &[(" ", Role::Text)]);
    for tab in Tab::ALL {
        let words = format!(" {} {} ", tab.number(), tab.title());
        let role = if tab == app.tab { Role::TabOn } else { Role::Muted };
        rest = canvas.line(rest, &[(&words, role), (" ", Role::Text)]);
    }
    if let Some(crumb) = app.crumb() {
        let path = format!("{} › {crumb} ", app.tab.title());
        canvas.text_right(
            Rect { x: rest.x + 1, width: rest.width.saturating_sub(1), ..rest },
            &path,
            Role::Muted,
        );
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
        let refused = |verb| app.overlay.is_none() && app.question(verb).is_err();
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
        (Some(Overlay::Handed(_)), Action::Copy) => "copy the link",
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
