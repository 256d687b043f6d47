//! Secrets on the screen: what is shown, for how long, and what it takes to lose it.

use std::time::Duration;

use mcpcodex::{
    crypto::secret::Plain,
    model::{id::UserId, verb::Verb},
    ops::link::Printed,
    time::Time,
    tui::{
        app::Overlay,
        enroll::{Given, Shown, Stage as Step, Wanted},
        msg::{Change, Effect, Msg, Outcome, Problem, Query, Reply, Target, Ticket},
        secret::Secret,
        theme::Theme,
    },
};
use ratatui::style::Color;

use super::{NOW, Stage, ago, coverage, lacking, people};

const URI: &str = "otpauth://totp/mcpcodex:alice@example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=mcpcodex";
const LINK: &str = "https://auth.example.com/invite?token=Zm9vYmFyYmF6cXV4Zm9vYg.c29tZS1tYWMtb2YtdGhpcnR5LXR3by1ieXRlcw";

pub(super) fn shown() -> Shown {
    Shown {
        uri: Secret::new(URI.to_owned()),
        typed: Secret::new("JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP".to_owned()),
        account: "alice@example.com".to_owned(),
        issuer: "mcpcodex".to_owned(),
    }
}

impl Stage {
    /// The newest wish of an enrolment.
    fn wanted(&self) -> Option<(Ticket, Wanted)> {
        self.wishes.iter().rev().find_map(|wish| match wish {
            Effect::Enroll(ticket, wanted) => Some((*ticket, wanted.clone())),
            Effect::Ask(..)
            | Effect::Do(_)
            | Effect::Copy(_)
            | Effect::Suspend
            | Effect::Mouse(_)
            | Effect::Repaint
            | Effect::Quit => None,
        })
    }

    pub(super) fn give(&mut self, given: Result<Given, Problem>) {
        let (ticket, _) = self.wanted().expect("nothing is wanted");
        self.wishes.retain(|wish| !matches!(wish, Effect::Enroll(..)));
        self.send(Msg::Enrolled { ticket, now: NOW, given });
    }

    /// A console that shows a secret for the first person of the list.
    pub(super) fn enrolling(width: u16, height: u16) -> Self {
        // In a window of one line nothing is begun, but one may become so small later.
        let mut stage = Self::with_factors(100, 30, lacking());
        stage.press("<Enter>");
        stage.give(Ok(Given::Begun(Box::new(shown()))));
        stage.send(Msg::Resize(width, height));
        stage
    }

    /// A console that shows recovery codes.
    pub(super) fn with_codes(width: u16, height: u16) -> Self {
        let mut stage = Self::enrolling(100, 30);
        stage.press("123456");
        let code = |n: u32| Plain::new(format!("AAAA-BBBB-CCCC-{n:04}"));
        stage.give(Ok(Given::Right((1..=10).map(code).collect())));
        stage.send(Msg::Resize(width, height));
        stage
    }

    /// A console that shows a link.
    pub(super) fn with_link(width: u16, height: u16) -> Self {
        let mut stage = Self::with_people(100, 30, people());
        stage.press("jjIy");
        let change = match stage.changes().first() {
            Some(Effect::Do(change)) => change.clone(),
            other => panic!("no change: {other:?}"),
        };
        let link =
            Printed { url: LINK.to_owned(), expires_at: NOW.plus(Duration::from_secs(72 * 3_600)) };
        let outcome = Ok(Outcome { link: Some(link), ..Outcome::default() });
        stage.send(Msg::Done { change, now: NOW, outcome });
        stage.send(Msg::Resize(width, height));
        stage
    }

    fn pass(&mut self, seconds: u64) {
        self.send(Msg::Beat {
            now: self.app.now.plus(Duration::from_secs(seconds)),
            changed: false,
        });
    }

    fn copied(&self) -> Vec<&str> {
        let copies = self.wishes.iter().filter_map(|wish| match wish {
            Effect::Copy(text) => Some(text.expose()),
            Effect::Ask(..)
            | Effect::Do(_)
            | Effect::Enroll(..)
            | Effect::Suspend
            | Effect::Mouse(_)
            | Effect::Repaint
            | Effect::Quit => None,
        });
        copies.collect()
    }
}

/// Whether the modules of a QR code are on the screen: black and white of our own choosing.
fn has_qr(stage: &Stage, width: u16, height: u16) -> bool {
    let buffer = stage.paint(width, height, Theme::Dark);
    buffer.content.iter().filter(|cell| cell.bg == Color::Indexed(231)).count() > 700
}

#[test]
fn secret_is_asked_for_once_and_shown_as_code_and_as_text() {
    let mut stage = Stage::with_factors(100, 30, lacking());
    stage.press("<Enter>");
    let bob = UserId::from_text("u_bob");
    assert_eq!(stage.wanted().map(|(_, wanted)| wanted), Some(Wanted::Begin(bob)));
    assert!(stage.changes().is_empty(), "nothing is in force yet");
    stage.give(Ok(Given::Begun(Box::new(shown()))));
    let screen = stage.screen(100, 30);
    assert!(screen.contains("JBSW Y3DP EHPK 3PXP"), "{screen}");
    assert!(has_qr(&stage, 100, 30), "{screen}");
}

#[test]
fn last_digit_sends_the_code_and_another_does_not() {
    let mut stage = Stage::enrolling(100, 30);
    stage.press("12345");
    assert!(stage.wanted().is_none());
    stage.press("6");
    let bob = UserId::from_text("u_bob");
    let code = Secret::new("123456".to_owned());
    assert_eq!(stage.wanted().map(|(_, wanted)| wanted), Some(Wanted::Prove(bob, code)));
    stage.press("7<Enter>");
    let sent = stage.wishes.iter().filter(|wish| matches!(wish, Effect::Enroll(..))).count();
    assert_eq!(sent, 1, "one at a time");
}

#[test]
fn wrong_code_is_said_and_the_next_one_can_be_typed() {
    let mut stage = Stage::enrolling(100, 30);
    stage.press("000000");
    stage.give(Ok(Given::Wrong));
    let screen = stage.screen(100, 30);
    assert!(screen.contains("That is not the code") && screen.contains("_ _ _ _ _ _"), "{screen}");
    stage.press("12345");
    assert!(!stage.screen(100, 30).contains("That is not the code"));
}

#[test]
fn pasted_code_counts_and_what_is_no_digit_does_not() {
    let mut stage = Stage::enrolling(100, 30);
    stage.send(Msg::Paste("12 34-56\n".to_owned()));
    let code = Secret::new("123456".to_owned());
    assert!(matches!(stage.wanted(), Some((_, Wanted::Prove(_, sent))) if sent == code));
}

#[test]
fn answer_to_an_enrolment_that_was_left_changes_nothing() {
    let mut stage = Stage::with_factors(100, 30, lacking());
    stage.press("<Enter>");
    let (ticket, _) = stage.wanted().unwrap();
    stage.press("<Esc>j<Enter>");
    let given = Ok(Given::Begun(Box::new(shown())));
    stage.send(Msg::Enrolled { ticket, now: NOW, given });
    assert!(!stage.screen(100, 30).contains("JBSW"), "the secret of somebody else");
}

#[test]
fn secret_goes_after_two_minutes_without_a_key_and_the_code_still_counts() {
    let mut stage = Stage::enrolling(100, 30);
    stage.pass(119);
    assert!(stage.screen(100, 30).contains("JBSW"));
    stage.press("1");
    stage.pass(119);
    assert!(stage.screen(100, 30).contains("JBSW"), "a key begins the two minutes anew");
    stage.pass(1);
    let screen = stage.screen(100, 30);
    assert!(!screen.contains("JBSW") && screen.contains("was hidden after 2 minutes"), "{screen}");
    assert!(!has_qr(&stage, 100, 30));
    stage.press("tfcu");
    let screen = stage.screen(100, 30);
    assert!(!screen.contains("JBSW") && stage.copied().is_empty(), "gone for good: {screen}");
    stage.press("23456");
    assert!(matches!(stage.wanted(), Some((_, Wanted::Prove(..)))));
}

#[test]
fn secret_is_not_in_memory_that_is_printed() {
    let stage = Stage::enrolling(100, 30);
    let all = format!("{:?}", stage.app);
    assert!(!all.contains("JBSW") && !all.contains("otpauth"));
    let stage = Stage::with_link(100, 30);
    assert!(!format!("{:?}", stage.app).contains("token="));
}

#[test]
fn keys_cover_invert_and_copy_the_secret() {
    let mut stage = Stage::enrolling(100, 30);
    stage.press("t");
    let screen = stage.screen(100, 30);
    assert!(!screen.contains("JBSW") && screen.contains("t shows it"), "{screen}");
    assert!(!has_qr(&stage, 100, 30));
    stage.press("ti");
    assert!(stage.screen(100, 30).contains("JBSW"));
    let buffer = stage.paint(100, 30, Theme::Dark);
    assert!(buffer.content.iter().any(|cell| cell.bg == Color::Indexed(16)));
    stage.press("cu");
    assert_eq!(stage.copied(), ["JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP", URI]);
    assert!(stage.screen(100, 30).contains("not every terminal takes it"));
}

#[test]
fn small_window_shows_text_and_the_code_on_the_whole_window_on_demand() {
    let mut stage = Stage::enrolling(80, 24);
    let screen = stage.screen(80, 24);
    assert!(screen.contains("text mode") && screen.contains("f gives it the"));
    assert!(!has_qr(&stage, 80, 24));
    stage.press("f12");
    assert!(has_qr(&stage, 80, 24));
    let screen = stage.screen(80, 24);
    assert!(screen.lines().last().unwrap().contains("[ 1 2 _ _ _ _ ]"), "{screen}");
    stage.press("<Esc>");
    assert!(stage.screen(80, 24).contains("text mode"), "back from the code, not out of the flow");
    let mut tiny = Stage::enrolling(70, 20);
    tiny.press("f");
    assert!(tiny.screen(70, 20).contains("needs a window of 41×22 cells"));
}

#[test]
fn nothing_is_checked_in_a_window_in_which_nothing_is_read() {
    let mut stage = Stage::enrolling(100, 30);
    stage.send(Msg::Resize(40, 10));
    stage.press("123456");
    assert!(stage.wanted().is_none());
    assert!(stage.screen(40, 10).contains("enrolling bob"));
}

#[test]
fn recovery_codes_are_shown_once_and_escape_asks_once() {
    let mut stage = Stage::with_codes(100, 30);
    let screen = stage.screen(100, 30);
    assert!(screen.contains("AAAA-BBBB-CCCC-0001") && screen.contains("AAAA-BBBB-CCCC-0010"));
    stage.press("<Esc>");
    assert!(stage.screen(100, 30).contains("not copied: Esc again"));
    assert!(stage.screen(100, 30).contains("AAAA-BBBB-CCCC-0001"));
    stage.press("<Esc>");
    assert!(!stage.screen(100, 30).contains("AAAA-BBBB"));
    assert!(stage.app.overlay.is_none());
}

#[test]
fn copied_codes_are_closed_by_one_escape() {
    let mut stage = Stage::with_codes(100, 30);
    stage.press("c<Esc>");
    assert_eq!(stage.copied()[0].lines().count(), 10);
    assert!(stage.app.overlay.is_none());
}

#[test]
fn second_app_leaves_the_recovery_codes_as_they_are() {
    let mut stage = Stage::enrolling(100, 30);
    stage.press("123456");
    stage.give(Ok(Given::Right(Vec::new())));
    assert!(stage.screen(100, 30).contains("recovery codes from before still count"));
    stage.press("c<Esc>");
    assert!(stage.copied().is_empty() && stage.app.overlay.is_none());
}

#[test]
fn enrolment_that_cannot_begin_says_why() {
    let mut stage = Stage::with_factors(100, 30, lacking());
    stage.press("<Enter>");
    let problem = Problem { text: "the database is busy".to_owned(), next: None, busy: true };
    stage.give(Err(problem));
    assert!(stage.screen(100, 30).contains("the database is busy"));
    stage.press("<Esc>");
    stage.app.site.policy.offered.clear();
    stage.press("<Enter>");
    assert!(stage.wanted().is_none());
    assert!(stage.screen(100, 30).contains("switched off"));
}

#[test]
fn link_is_shown_once_in_full_and_as_a_code() {
    let mut stage = Stage::with_link(100, 30);
    let screen = stage.screen(100, 30);
    assert!(screen.contains("Invitation for carol"), "{screen}");
    assert!(has_qr(&stage, 100, 30));
    let letters: String = screen.chars().filter(|c| !c.is_whitespace() && *c != '║').collect();
    let start = &LINK[..30];
    assert!(letters.contains(start) || screen.contains(start), "{screen}");
    stage.press("c");
    assert_eq!(stage.copied(), [LINK]);
    stage.press("<Esc>");
    assert!(stage.app.overlay.is_none(), "it was copied");
}

#[test]
fn link_that_was_not_copied_asks_once_and_goes_after_two_minutes() {
    let mut stage = Stage::with_link(100, 30);
    stage.press("<Enter><Enter>");
    assert!(stage.app.overlay.is_some(), "Enter closes nothing");
    stage.press("<Esc>");
    assert!(stage.app.overlay.is_some());
    stage.pass(120);
    let screen = stage.screen(100, 30);
    assert!(!screen.contains("token=") && screen.contains("hidden after 2 minutes"), "{screen}");
    stage.press("<Esc>");
    assert!(stage.app.overlay.is_none(), "there is nothing left to lose");
}

#[test]
fn link_comes_up_whatever_was_opened_meanwhile() {
    let mut stage = Stage::with_people(100, 30, people());
    stage.press("jjIy?");
    let id = UserId::from_text("u_carol");
    let target = Target::User { id, name: "carol".to_owned() };
    let change = Change { verb: Verb::UserInvite, target };
    assert_eq!(stage.changes(), [&Effect::Do(change.clone())]);
    let link = Printed { url: LINK.to_owned(), expires_at: NOW };
    let outcome = Ok(Outcome { link: Some(link), ..Outcome::default() });
    stage.send(Msg::Done { change, now: NOW, outcome });
    assert!(matches!(stage.app.overlay, Some(Overlay::Handed(_))));
}

#[test]
fn each_link_is_for_those_who_can_use_it() {
    for (keys, words) in [
        ("I", "alice has a password already: P gives a reset link"),
        ("jjP", "carol has no password yet: I gives an invitation"),
        ("jjM", "carol has no password yet"),
        ("jjE", "carol has no password yet"),
    ] {
        let mut stage = Stage::with_people(100, 30, people());
        stage.press(keys);
        let screen = stage.screen(100, 30);
        assert!(screen.contains(words), "{keys}: {screen}");
        stage.press("y");
        assert!(stage.changes().is_empty(), "{keys}");
    }
}

#[test]
fn reset_says_what_goes_and_what_comes() {
    let mut stage = Stage::with_people(100, 30, people());
    stage.press("M");
    let screen = stage.screen(100, 30);
    for words in [
        "Reset the second factors of alice ?",
        "remove every second factor: app",
        "end 8 recovery codes",
        "end 1 session",
        "show a link to enrol anew, once",
    ] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
}

#[test]
fn list_turns_to_all_people_and_back() {
    let mut stage = Stage::with_factors(100, 30, lacking());
    assert!(stage.screen(100, 30).contains("Without a second factor"));
    stage.press("a");
    let lacks = |stage: &Stage| match stage.asked(|query| matches!(query, Query::Factors { .. })) {
        Some((_, Query::Factors { lacking, .. })) => lacking,
        other => panic!("{other:?}"),
    };
    assert!(!lacks(&stage));
    stage.press("a");
    assert!(lacks(&stage));
}

#[test]
fn many_people_are_not_counted_anew_at_every_change() {
    let mut stage = Stage::with_factors(100, 30, lacking());
    let mut many = coverage();
    many.everyone.people = 100_000;
    stage.app.mfa.coverage = Some(many);
    let counts = |query: &Query| matches!(query, Query::Coverage);
    stage.send(Msg::Beat { now: NOW.plus(Duration::from_secs(1)), changed: true });
    assert!(stage.asked(counts).is_none());
    stage.answer(|query| matches!(query, Query::Factors { .. }), Ok(Reply::Users(lacking())));
    stage.send(Msg::Beat { now: NOW.plus(Duration::from_secs(11)), changed: true });
    assert!(stage.asked(counts).is_some());
}

#[test]
fn countdown_is_drawn_each_second_while_an_enrolment_is_open_and_not_else() {
    let mut stage = Stage::enrolling(100, 30);
    stage.app.take_dirty();
    stage.pass(1);
    assert!(stage.app.take_dirty());
    let Some(Overlay::Enroll(open)) = &stage.app.overlay else { panic!("closed") };
    assert!(matches!(open.stage, Step::Scan(_)));
    stage.press("<Esc>");
    stage.app.take_dirty();
    stage.send(Msg::Beat { now: Time::from_secs(stage.app.now.secs() + 1), changed: false });
    assert!(!stage.app.take_dirty());
    assert!(ago(0) == NOW);
}
