//! Enrolment, drawn: a QR code beside what is to be typed, else the text alone, then the recovery codes.

use ratatui::layout::Rect;

use super::{
    super::{
        app::App,
        canvas::Canvas,
        enroll::{Codes, Enroll, Scan, Stage},
        layout, text,
        theme::Role,
        toast,
    },
    flow::Flow,
};
use crate::crypto::totp::Algorithm;

/// The least width beside a QR code in which everything can be said.
const BESIDE: u16 = 34;
/// How wide it is when there is room.
const ROOMY: u16 = 48;

/// Draws the overlay over the body of the screen.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect, app: &App, enroll: &Enroll) {
    match &enroll.stage {
        Stage::Begun => {
            let inner = panel(canvas, body, enroll, "");
            Flow::new(canvas, inner).say("Making a secret …", Role::Muted);
        }
        Stage::Refused(problem) => {
            let inner = panel(canvas, body, enroll, "");
            let mut flow = Flow::new(canvas, inner);
            flow.gap();
            flow.say(&format!("▲ {}", toast::sentence(problem)), Role::Danger);
            flow.gap();
            flow.say("Nothing was changed. Esc goes back.", Role::Text);
        }
        Stage::Scan(scan) => draw_scan(canvas, body, app, enroll, scan),
        Stage::Codes(codes) => draw_codes(canvas, body, enroll, codes),
    }
}

fn panel(canvas: &mut Canvas<'_>, area: Rect, enroll: &Enroll, mode: &str) -> Rect {
    let title = format!("Enrol an authenticator app for {}", enroll.name);
    canvas.panel(area, true, &[(&title, Role::Title), (mode, Role::Muted)])
}

/// The part of the body for the QR code, if it fits beside the text.
fn beside(canvas: &Canvas<'_>, body: Rect, enroll: &Enroll) -> Option<Rect> {
    let qr = enroll.qr().filter(|_| !canvas.ascii)?;
    let quiet = qr.fit(body.width.saturating_sub(BESIDE + 4), body.height.saturating_sub(2))?;
    let (width, _) = qr.cells(quiet);
    let least = width + 4;
    let wanted = width + 6;
    let left = wanted.min(body.width.saturating_sub(ROOMY)).max(least);
    Some(Rect { width: left, ..body })
}

fn draw_scan(canvas: &mut Canvas<'_>, body: Rect, app: &App, enroll: &Enroll, scan: &Scan) {
    let Some(left) = beside(canvas, body, enroll) else {
        let mode = if scan.shown.is_some() && !enroll.sight.veiled { "   text mode" } else { "" };
        let inner = panel(canvas, body, enroll, mode);
        let mut flow = Flow::new(canvas, inner);
        if flow.left() < 14 {
            return few_steps(&mut flow, app, enroll, scan);
        }
        if !mode.is_empty() {
            too_small(&mut flow, app, enroll);
        }
        return steps(&mut flow, app, enroll, scan, false);
    };
    let inner = canvas.panel(left, false, &[("Scan with an authenticator app", Role::Title)]);
    if let Some(qr) = enroll.qr() {
        canvas.qr(inner, qr, enroll.sight.inverted);
    }
    let right = Rect { x: left.right(), width: body.width - left.width, ..body };
    let title = format!("Enrol {}", enroll.name);
    let inner = canvas.panel(right, true, &[(&title, Role::Title)]);
    steps(&mut Flow::new(canvas, inner), app, enroll, scan, true);
}

fn too_small(flow: &mut Flow<'_, '_>, app: &App, enroll: &Enroll) {
    let Some(qr) = enroll.qr() else { return };
    let (columns, rows) = qr.cells(2);
    let words = if flow.canvas.ascii {
        "This terminal shows ASCII only, so there is no QR code: type the secret into the app."
            .to_owned()
    } else if app.has_room_for(qr) {
        format!(
            "The QR code needs {columns}×{rows} cells beside this text: f gives it the whole window. Or type the secret into the app."
        )
    } else {
        format!(
            "The QR code needs a window of {columns}×{} cells. Enlarge it, or type the secret into the app.",
            rows + 1
        )
    };
    flow.say(&words, Role::Text);
    flow.gap();
}

/// What cannot be left off where there is hardly any room.
fn few_steps(flow: &mut Flow<'_, '_>, app: &App, enroll: &Enroll, scan: &Scan) {
    flow.fact("account", &scan.account, Role::Text);
    secret(flow, enroll, scan, false);
    field(flow, app, enroll, scan);
    match &scan.notice {
        Some(notice) => flow.say(&format!("▲ {notice}"), Role::Warn),
        None => flow.say("Nothing is in force until a code matches.", Role::Text),
    }
}

/// What is said beside the QR code or in its place; the code's field is never left off.
fn steps(flow: &mut Flow<'_, '_>, app: &App, enroll: &Enroll, scan: &Scan, beside: bool) {
    let totp = app.site.policy.totp;
    let roomy = flow.left() >= 22;
    flow.pieces(&[("Step 1 of 2   ", Role::Strong), ("scan, then prove it", Role::Text)]);
    if roomy {
        flow.gap();
    }
    flow.fact("account", &scan.account, Role::Text);
    flow.fact("issuer", &scan.issuer, Role::Text);
    let hash = match totp.algorithm {
        Algorithm::Sha1 => "SHA1",
        Algorithm::Sha256 => "SHA256",
        Algorithm::Sha512 => "SHA512",
    };
    let kind = format!("TOTP · {hash} · {} digits · {} s", totp.digits, totp.period);
    flow.fact("type", &kind, Role::Text);
    flow.gap();
    secret(flow, enroll, scan, beside);
    if roomy {
        flow.gap();
    }
    field(flow, app, enroll, scan);
    flow.gap();
    match &scan.notice {
        Some(notice) => flow.say(&format!("▲ {notice}"), Role::Warn),
        None => flow.say("Nothing is in force until a code matches.", Role::Text),
    }
    let clock = app.now.rfc3339();
    let clock = clock.get(11..19).unwrap_or_default();
    flow.say(&format!("Server clock {clock}Z: when it is wrong, codes fail."), Role::Muted);
    if scan.shown.is_some() && flow.left() >= 3 {
        flow.gap();
        flow.say("▲ This is a live secret. It goes after 2 minutes without a key.", Role::Warn);
    }
}

fn secret(flow: &mut Flow<'_, '_>, enroll: &Enroll, scan: &Scan, beside: bool) {
    let Some((shown, _)) = &scan.shown else {
        flow.say("The secret was hidden after 2 minutes. A code from an app that has it still counts; w makes a new secret.", Role::Warn);
        return;
    };
    if enroll.sight.veiled {
        flow.say("The secret is covered: t shows it.", Role::Muted);
        return;
    }
    let words = if beside { "Cannot scan? Type this secret:" } else { "Secret, base32:" };
    flow.say(words, Role::Text);
    // Four groups a line: easy to follow with a finger.
    let groups: Vec<&str> = shown.typed.expose().split(' ').collect();
    let wide = flow.left() < 12;
    for line in groups.chunks(if wide { 8 } else { 4 }) {
        flow.say_within(&line.join(" "), Role::Strong, 2);
    }
}

/// The code so far, with a place for each digit.
fn digits(app: &App, scan: &Scan) -> String {
    let digits = usize::from(app.site.policy.totp.digits);
    let typed = scan.code.chars().map(String::from).chain(std::iter::repeat("_".to_owned()));
    typed.take(digits).collect::<Vec<_>>().join(" ")
}

fn seconds_left(app: &App) -> u32 {
    let period = app.site.policy.totp.period.max(1);
    let gone = app.now.secs().rem_euclid(i64::from(period));
    period - u32::try_from(gone).unwrap_or(0)
}

fn field(flow: &mut Flow<'_, '_>, app: &App, enroll: &Enroll, scan: &Scan) {
    let typed = digits(app, scan);
    flow.say("Code from the app:", Role::Text);
    let line = flow.line();
    let boxed = format!("[ {typed} ]");
    let start = Rect { x: line.x.saturating_add(2), width: line.width.saturating_sub(2), ..line };
    let rest = flow.canvas.line(start, &[(&boxed, Role::Strong), ("   ", Role::Text)]);
    let at =
        u16::try_from(scan.code.len()).unwrap_or(0).min(u16::from(app.site.policy.totp.digits));
    let x = start.x.saturating_add(2).saturating_add(at * 2);
    if enroll.waiting.is_some() {
        flow.canvas.text(rest, "checking …", Role::Muted);
        return;
    }
    let left = seconds_left(app);
    let rest = flow.canvas.line(rest, &[(&format!("{left:>2} s "), Role::Muted)]);
    let bar = Rect { width: rest.width.min(15), ..rest };
    let role = if left <= 5 { Role::Warn } else { Role::Good };
    flow.canvas.bar(bar, left, app.site.policy.totp.period, role);
    flow.canvas.put_cursor(Rect { x, width: 1, ..line });
}

/// The QR code over the whole window, with the field for its code under it.
pub fn draw_full(canvas: &mut Canvas<'_>, area: Rect, app: &App, enroll: &Enroll) {
    let (Some(qr), Stage::Scan(scan)) = (enroll.qr(), &enroll.stage) else { return };
    let above = Rect { height: area.height.saturating_sub(1), ..area };
    if qr.fit(above.width, above.height).is_none() || canvas.ascii {
        return;
    }
    canvas.clear(area);
    canvas.qr(above, qr, enroll.sight.inverted);
    let last = Rect { y: above.bottom(), height: 1, ..area };
    let typed = digits(app, scan);
    let end = match &scan.notice {
        Some(_) => "▲ not that code".to_owned(),
        None if enroll.waiting.is_some() => "checking …".to_owned(),
        None => format!("{} s", seconds_left(app)),
    };
    let pieces = [
        (" Code: ", Role::Text),
        (&*format!("[ {typed} ]"), Role::Strong),
        (&*format!("  {end}   "), Role::Muted),
        ("f", Role::Key),
        (" back  ", Role::Text),
        ("i", Role::Key),
        (" invert", Role::Text),
    ];
    canvas.line(last, &pieces);
    let at = u16::try_from(scan.code.len()).unwrap_or(0);
    canvas.put_cursor(Rect { x: last.x.saturating_add(9 + at * 2), width: 1, ..last });
}

fn draw_codes(canvas: &mut Canvas<'_>, body: Rect, enroll: &Enroll, codes: &Codes) {
    let title = format!("Recovery codes of {}", enroll.name);
    let inner = canvas.panel(body, true, &[(&title, Role::Title)]);
    let mut flow = Flow::new(canvas, inner);
    flow.pieces(&[
        ("✓ ", Role::Good),
        ("Step 2 of 2   ", Role::Strong),
        ("the app is in force; sessions from before have ended", Role::Text),
    ]);
    flow.gap();
    if codes.shown.as_ref().is_some_and(Vec::is_empty) {
        flow.say("The recovery codes from before still count; there are no new ones.", Role::Text);
        return;
    }
    flow.say("Each code signs in once, for when the app is lost. They are not shown again: hand them over now.", Role::Text);
    flow.gap();
    match &codes.shown {
        None => flow.say("The codes were hidden after 2 minutes without a key. New ones: mcpcodex mfa codes --user NAME", Role::Warn),
        Some(_) if enroll.sight.veiled => flow.say("The codes are covered: t shows them.", Role::Muted),
        Some(shown) => {
            let half = shown.len().div_ceil(2);
            let (left, right) = shown.split_at(half.min(shown.len()));
            for (index, code) in left.iter().enumerate() {
                let other = right.get(index).map_or("", |code| code.expose());
                flow.pieces(&[("   ", Role::Text), (code.expose(), Role::Strong), ("     ", Role::Text), (other, Role::Strong)]);
            }
            flow.gap();
            flow.say("▲ They go after 2 minutes without a key.", Role::Warn);
        }
    }
    let cursor = layout::inner(body);
    canvas.put_cursor(Rect { width: 1, height: 1, ..cursor });
    canvas.foot(body, &text::clean("Esc closes, and asks once if nothing was copied", 60));
}
