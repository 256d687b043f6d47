//! Where things stand for a size of the terminal: breakpoints, and how many rows fit.
//! Both `update`, which pages and scrolls, and `view` measure with this.

use ratatui::layout::Rect;

use super::action::Tab;

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Room {
    /// Below 60×16: one line.
    Line,
    /// Up to 99 columns: list or page.
    Narrow,
    /// From 100 columns: list beside page.
    Wide,
}

impl Room {
    /// The room a size gives.
    pub const fn of(width: u16, height: u16) -> Self {
        match (width, height) {
            (..60, _) | (_, ..16) => Self::Line,
            (60..100, _) => Self::Narrow,
            _ => Self::Wide,
        }
    }
}

/// The parts of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The product, the site, who works here, the time.
    pub header: Rect,
    /// The screens.
    pub tabs: Rect,
    /// The screen that is shown.
    pub body: Rect,
    /// What happened last.
    pub toast: Rect,
    /// The keys.
    pub footer: Rect,
}

impl Parts {
    /// The parts of a whole screen that is not [`Room::Line`].
    pub fn of(area: Rect) -> Self {
        let line =
            |y: u16| Rect { y: area.y.saturating_add(y), height: 1, ..area }.intersection(area);
        let height = area.height;
        Self {
            header: line(0),
            tabs: line(1),
            body: Rect { y: area.y + 2, height: height.saturating_sub(4), ..area }
                .intersection(area),
            toast: line(height.saturating_sub(2)),
            footer: line(height.saturating_sub(1)),
        }
    }
}

/// The body of the people's screen: list and, when there is room, the person beside it.
pub fn users(body: Rect) -> (Rect, Option<Rect>) {
    if body.width < 100 {
        return (body, None);
    }
    // The list grows to what its columns can use; beyond that the detail has more to show.
    let left = (body.width * 57 / 100).min(110);
    let list = Rect { width: left, ..body };
    let detail = Rect { x: body.x + left, width: body.width - left, ..body };
    (list, Some(detail))
}

/// The parts of the first screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DashboardParts {
    /// Whether the server runs, when there is room.
    pub server: Option<Rect>,
    /// How much signs in, when there is room.
    pub sign_ins: Option<Rect>,
    /// Who has a second factor, when there is room.
    pub coverage: Option<Rect>,
    /// The events.
    pub events: Rect,
    /// What wants attention, when there is room.
    pub attention: Option<Rect>,
    /// What goes on, when there is room.
    pub active: Option<Rect>,
}

/// The height of the panels above the events.
const ABOVE: u16 = 8;
/// The height of the panels under them, and what little room leaves of it.
const UNDER: u16 = 6;
const UNDER_LITTLE: u16 = 5;

/// The body of the first screen: panels above the events and under them, as far as there is room for both and some events.
pub fn dashboard(body: Rect) -> DashboardParts {
    let row = |above: u16, height: u16| Rect { y: body.y + above, height, ..body };
    let part = |row: Rect, from: u16, to: u16| {
        let (from, to) = (row.width * from / 12, row.width * to / 12);
        Some(Rect { x: row.x + from, width: to - from, ..row })
    };
    let under = if body.height >= 22 { UNDER } else { UNDER_LITTLE };
    if body.height < under + 6 {
        let events = body;
        return DashboardParts {
            server: None,
            sign_ins: None,
            coverage: None,
            events,
            attention: None,
            active: None,
        };
    }
    let last = row(body.height - under, under);
    let (attention, active) =
        if body.width >= 80 { (part(last, 0, 6), part(last, 6, 12)) } else { (Some(last), None) };
    if body.height < ABOVE + under + 6 {
        let events = row(0, body.height - under);
        return DashboardParts {
            server: None,
            sign_ins: None,
            coverage: None,
            events,
            attention,
            active,
        };
    }
    let first = row(0, ABOVE);
    let (server, sign_ins, coverage) = if body.width >= 100 {
        (part(first, 0, 4), part(first, 4, 8), part(first, 8, 12))
    } else {
        (part(first, 0, 6), part(first, 6, 12), None)
    };
    let events = row(ABOVE, body.height - ABOVE - under);
    DashboardParts { server, sign_ins, coverage, events, attention, active }
}

/// The height of the panel under the lists of API keys and resources.
const KEY_INSPECTOR: u16 = 10;

/// The body of the screens of API keys and of resources: list and, when there is room, the inspector under it.
pub fn apikeys(body: Rect) -> (Rect, Option<Rect>) {
    if body.height < KEY_INSPECTOR + 9 {
        return (body, None);
    }
    let list = Rect { height: body.height - KEY_INSPECTOR, ..body };
    let inspector = Rect { y: body.y + list.height, height: KEY_INSPECTOR, ..body };
    (list, Some(inspector))
}

/// The height of the panel under the list of sessions.
const INSPECTOR: u16 = 8;

/// The body of the sessions' screen: list and, when there is room, the inspector under it.
pub fn sessions(body: Rect) -> (Rect, Option<Rect>) {
    if body.height < INSPECTOR + 10 {
        return (body, None);
    }
    let list = Rect { height: body.height - INSPECTOR, ..body };
    let inspector = Rect { y: body.y + list.height, height: INSPECTOR, ..body };
    (list, Some(inspector))
}

/// The parts of the screen of second factors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MfaParts {
    /// The people.
    pub list: Rect,
    /// The counts, when there is room.
    pub coverage: Option<Rect>,
    /// What the configuration says, when there is room.
    pub policy: Option<Rect>,
}

/// The height of the panel that shows the configuration.
const POLICY: u16 = 9;
/// The height of the counts above the list.
const SUMMARY: u16 = 8;

/// The body of the screen of second factors: the counts beside the list, else above it, else only in its heading.
pub fn mfa(body: Rect) -> MfaParts {
    if body.width >= 100 {
        let (list, beside) = users(body);
        let beside = beside.unwrap_or_default();
        let policy = POLICY.min(beside.height / 2);
        let coverage = Rect { height: beside.height - policy, ..beside };
        let policy = Rect { y: coverage.bottom(), height: policy, ..beside };
        return MfaParts { list, coverage: Some(coverage), policy: Some(policy) };
    }
    if body.height < SUMMARY + 10 {
        return MfaParts { list: body, coverage: None, policy: None };
    }
    let half = body.width / 2;
    let coverage = Rect { width: half, height: SUMMARY, ..body };
    let policy = Rect { x: body.x + half, width: body.width - half, height: SUMMARY, ..body };
    let list = Rect { y: body.y + SUMMARY, height: body.height - SUMMARY, ..body };
    MfaParts { list, coverage: Some(coverage), policy: Some(policy) }
}

/// The parts of the screen of signing keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeysParts {
    /// The keys.
    pub list: Rect,
    /// When each was published, signed and was believed, when there is room.
    pub timeline: Option<Rect>,
    /// What is to be said of the selected one, when there is room.
    pub why: Option<Rect>,
}

/// The height of the panel with the lives of the keys.
const TIMELINE: u16 = 8;
/// The height of the panel that explains a key.
const WHY: u16 = 8;

/// The body of the screen of signing keys, from above: list, lives, explanation.
pub fn keys(body: Rect) -> KeysParts {
    let part = |above: u16, height: u16| Rect { y: body.y + above, height, ..body };
    if body.height >= TIMELINE + WHY + 8 {
        let list = body.height - TIMELINE - WHY;
        let timeline = Some(part(list, TIMELINE));
        return KeysParts { list: part(0, list), timeline, why: Some(part(list + TIMELINE, WHY)) };
    }
    if body.height >= WHY + 7 {
        let list = body.height - WHY;
        return KeysParts { list: part(0, list), timeline: None, why: Some(part(list, WHY)) };
    }
    KeysParts { list: body, timeline: None, why: None }
}

/// The part of a list's panel that holds rows: inside the frame, under heading and rule.
pub fn rows(panel: Rect) -> Rect {
    let inner = inner(panel);
    Rect { y: inner.y.saturating_add(2), height: inner.height.saturating_sub(2), ..inner }
}

/// The inside of a framed panel.
pub fn inner(panel: Rect) -> Rect {
    Rect {
        x: panel.x.saturating_add(1),
        y: panel.y.saturating_add(1),
        width: panel.width.saturating_sub(2),
        height: panel.height.saturating_sub(2),
    }
}

/// Where the list of a screen stands.
pub fn list(tab: Tab, width: u16, height: u16) -> Rect {
    let body = Parts::of(Rect::new(0, 0, width, height)).body;
    let (list, _) = match tab {
        Tab::Users => users(body),
        Tab::Sessions | Tab::Clients | Tab::Messages | Tab::Audit | Tab::Attempts => sessions(body),
        Tab::ApiKeys | Tab::Resources => apikeys(body),
        Tab::Dashboard => (dashboard(body).events, None),
        Tab::Keys => {
            let parts = keys(body);
            (parts.list, None)
        }
        Tab::Mfa => {
            let parts = mfa(body);
            (parts.list, None)
        }
    };
    list
}

/// How many rows of a screen's list are seen at once.
pub fn page(tab: Tab, width: u16, height: u16) -> usize {
    usize::from(rows(list(tab, width, height)).height)
}

/// A rectangle of this size in the middle of an area, or as much of it as there is.
pub fn middle(area: Rect, width: u16, height: u16) -> Rect {
    let width = width.min(area.width);
    let height = height.min(area.height);
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}
