//! How the screens look, as pictures; times and ids stand still.

use mcpcodex::{
    model::{
        id::MessageId,
        message::{Carrier, Kind, MessageRow, State},
        trace::story::Story,
        user::UserRow,
    },
    tui::{
        enroll::Given,
        layout::Room,
        msg::{Msg, Problem, Query, Reply},
        secret::Secret,
        theme::Theme,
    },
};
use ratatui::style::Modifier;

use super::{NOW, Stage, ago, attempts, clients, lacking, live, people, signing_keys, user};

const SIZES: [(u16, u16); 5] = [(40, 12), (60, 16), (80, 24), (100, 30), (200, 50)];

pub(crate) fn picture(name: &str, make: impl Fn(u16, u16) -> Stage) {
    for (width, height) in SIZES {
        let screen = make(width, height).screen(width, height);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen);
    }
}

fn on_mallory(width: u16, height: u16) -> Stage {
    let mut stage = Stage::with_people(width, height, people());
    stage.press("G");
    if stage.asked(|query| matches!(query, Query::Detail(_))).is_some() {
        stage.answer_detail();
    }
    stage
}

#[test]
fn users() {
    picture("users", on_mallory);
}

#[test]
fn users_empty() {
    picture("users_empty", |width, height| Stage::with_people(width, height, Vec::new()));
}

#[test]
fn users_before_the_first_answer() {
    picture("users_loading", Stage::open);
}

#[test]
fn users_filtered_to_nothing() {
    picture("users_nothing", |width, height| {
        let mut stage = Stage::with_people(width, height, people());
        stage.press("/zzz");
        if stage.asked(|query| matches!(query, Query::Users { .. })).is_some() {
            stage.answer_users(Vec::new());
        }
        stage
    });
}

#[test]
fn users_error() {
    picture("users_error", |width, height| {
        let mut stage = Stage::open(width, height);
        let busy = Problem {
            text: "the database is busy: another process holds the write lock".to_owned(),
            next: None,
            busy: true,
        };
        stage.answer(|query| matches!(query, Query::Users { .. }), Err(busy));
        stage
    });
}

fn long_names() -> Vec<UserRow> {
    let mut wide = user("日本語の長い利用者名前がここに続きます日本語の長い利用者名前");
    wide.user.name = "ゲスト".repeat(20);
    let mut emoji = user("family");
    emoji.user.name = String::from("👩‍👩‍👧‍👦 family 🏳️‍🌈 Ünïcödé e\u{301}e\u{301}");
    let mut hostile = user("evil\u{1b}]52;c;cm0gLXJm\u{7}\u{202e}nimda");
    hostile.user.name = String::from("\u{9b}2J\u{200b}\u{2066}admin");
    hostile.user.roles = vec!["x".repeat(200)];
    vec![hostile, wide, emoji]
}

#[test]
fn users_with_long_and_foreign_names() {
    picture("users_unicode", |width, height| Stage::with_people(width, height, long_names()));
}

#[test]
fn users_question() {
    picture("users_confirm", |width, height| {
        let mut stage = on_mallory(width, height);
        stage.press("L");
        stage
    });
}

#[test]
fn users_help() {
    picture("users_help", |width, height| {
        let mut stage = on_mallory(width, height);
        stage.press("?");
        stage
    });
}

#[test]
fn users_palette() {
    picture("users_palette", |width, height| {
        let mut stage = on_mallory(width, height);
        stage.press(":lock mal");
        stage
    });
}

#[test]
fn users_page() {
    picture("users_page", |width, height| {
        let mut stage = on_mallory(width, height);
        stage.press("<Enter>");
        stage.answer_detail();
        stage
    });
}

#[test]
fn sessions() {
    picture("sessions", |width, height| Stage::with_sessions(width, height, live()));
}

#[test]
fn sessions_empty() {
    picture("sessions_empty", |width, height| Stage::with_sessions(width, height, Vec::new()));
}

#[test]
fn sessions_question() {
    picture("sessions_confirm", |width, height| {
        let mut stage = Stage::with_sessions(width, height, live());
        stage.press("jK");
        stage
    });
}

#[test]
fn sessions_of_one_person_filtered() {
    picture("sessions_filtered", |width, height| {
        let mut stage = Stage::with_sessions(width, height, live());
        stage.press("/claude<Enter>");
        stage
    });
}

#[test]
fn factors() {
    picture("mfa", |width, height| Stage::with_factors(width, height, lacking()));
}

#[test]
fn factors_of_everybody() {
    picture("mfa_everyone", |width, height| {
        let mut stage = Stage::with_factors(100, 30, lacking());
        stage.press("a");
        stage.answer(|query| matches!(query, Query::Factors { .. }), Ok(Reply::Users(people())));
        stage.send(Msg::Resize(width, height));
        stage
    });
}

#[test]
fn factors_of_a_server_where_all_have_one() {
    picture("mfa_full", |width, height| Stage::with_factors(width, height, Vec::new()));
}

#[test]
fn factors_help() {
    picture("mfa_help", |width, height| {
        let mut stage = Stage::with_factors(width, height, lacking());
        stage.press("?");
        stage
    });
}

#[test]
fn factors_reset_question() {
    picture("mfa_reset", |width, height| {
        let mut stage = Stage::with_people(width, height, people());
        stage.press("M");
        stage
    });
}

#[test]
fn enrolment() {
    picture("enroll", Stage::enrolling);
}

#[test]
fn enrolment_after_a_wrong_code() {
    picture("enroll_wrong", |width, height| {
        let mut stage = Stage::enrolling(width, height);
        stage.press("000000");
        if stage.app.room() != Room::Line {
            stage.give(Ok(Given::Wrong));
        }
        stage
    });
}

#[test]
fn enrolment_on_the_whole_window() {
    picture("enroll_full", |width, height| {
        let mut stage = Stage::enrolling(width, height);
        stage.press("f492");
        stage
    });
}

#[test]
fn enrolment_of_which_the_secret_is_hidden() {
    picture("enroll_hidden", |width, height| {
        let mut stage = Stage::enrolling(width, height);
        let now = NOW.plus(std::time::Duration::from_secs(121));
        stage.send(Msg::Beat { now, changed: false });
        stage
    });
}

#[test]
fn recovery_codes() {
    picture("enroll_codes", Stage::with_codes);
}

#[test]
fn link_to_hand_on() {
    picture("handed", Stage::with_link);
}

fn outbox() -> Vec<MessageRow> {
    let row = |n: u32, kind: Kind, carrier: Carrier, to: &str, state: State| MessageRow {
        id: MessageId::from_text(format!("m_0193f2a1b7c87d12a{n:04}")),
        kind,
        carrier,
        recipient: to.to_owned(),
        template: None,
        state,
        tries: 1,
        next_at: NOW,
        vendor_id: None,
        vendor_answer: None,
        user_id: None,
        created_at: ago(u64::from(n) * 90),
        expires_at: NOW.plus(std::time::Duration::from_secs(600)),
        finished_at: None,
    };
    let sent = MessageRow {
        vendor_id: Some("SM5f0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e".to_owned()),
        finished_at: Some(ago(85)),
        ..row(1, Kind::SmsCode, Carrier::Twilio, "+4915123456789", State::Sent)
    };
    let failed = MessageRow {
        vendor_answer: Some("21610 Attempt to send to unsubscribed recipient".to_owned()),
        ..row(2, Kind::SmsCode, Carrier::Twilio, "+15005550004", State::Failed)
    };
    let waits = MessageRow {
        tries: 3,
        vendor_answer: Some("429 too many requests".to_owned()),
        next_at: NOW.plus(std::time::Duration::from_secs(40)),
        ..row(3, Kind::Reset, Carrier::Smtp, "alice@example.com", State::Queued)
    };
    let lost = row(4, Kind::EmailCode, Carrier::Sendgrid, "bob@example.com", State::Unknown);
    let offline = row(5, Kind::Invite, Carrier::Console, "carol@example.com", State::Queued);
    vec![failed, sent, waits, lost, offline]
}

fn with_messages(width: u16, height: u16, rows: Vec<MessageRow>) -> Stage {
    let mut stage = Stage::with_people(width, height, people());
    stage.press("9");
    stage.answer(|query| matches!(query, Query::Messages), Ok(Reply::Messages(rows)));
    stage
}

#[test]
fn messages() {
    picture("messages", |width, height| with_messages(width, height, outbox()));
}

#[test]
fn messages_empty() {
    picture("messages_empty", |width, height| with_messages(width, height, Vec::new()));
}

#[test]
fn message_that_nobody_carries_is_read_here() {
    picture("messages_page", |width, height| {
        let mut stage = with_messages(100, 30, outbox());
        stage.press("G<Enter>");
        let id = outbox().pop().unwrap().id;
        let text = Secret::new(
            "Hello Carol,\n\nchoose your password here:\nhttps://auth.example.com/invite?token=x\n"
                .to_owned(),
        );
        stage
            .answer(|query| matches!(query, Query::Message(_)), Ok(Reply::Message(id, Some(text))));
        stage.send(Msg::Resize(width, height));
        stage
    });
}

#[test]
fn selected_row_is_reversed_in_colour_and_without() {
    for theme in [Theme::Dark, Theme::Mono] {
        let stage = on_mallory(80, 24);
        let buffer = stage.paint(80, 24, theme);
        let row = (0..24).find(|y| buffer[(1, *y)].symbol() == "▌").expect("no mark");
        for x in 1..79 {
            let cell = &buffer[(x, row)];
            assert!(cell.modifier.contains(Modifier::REVERSED), "{theme:?} column {x}");
        }
        assert!(!buffer[(3, row - 1)].modifier.contains(Modifier::REVERSED));
    }
}

#[test]
fn without_colour_no_cell_has_one() {
    let mut stage = on_mallory(100, 30);
    stage.press("L");
    let buffer = stage.paint(100, 30, Theme::Mono);
    let plain = |cell: &ratatui::buffer::Cell| {
        cell.fg == ratatui::style::Color::Reset && cell.bg == cell.fg
    };
    assert!(buffer.content.iter().all(plain));
}

#[test]
fn cancel_has_the_focus_when_a_question_opens() {
    let mut stage = on_mallory(80, 24);
    stage.press("L");
    let buffer = stage.paint(80, 24, Theme::Mono);
    let reversed = |words: &str| {
        let rows = super::text(&buffer);
        let (y, line) =
            rows.lines().enumerate().find(|(_, line)| line.contains(words)).expect("no button");
        let x = line.split(words).next().map_or(0, |before| before.chars().count());
        let spot = (u16::try_from(x).unwrap(), u16::try_from(y).unwrap());
        buffer[spot].modifier.contains(Modifier::REVERSED)
    };
    assert!(reversed("[n] Cancel"));
    assert!(!reversed("[y] Lock out"));
}

#[test]
fn hostile_names_reach_the_screen_without_what_makes_them_hostile() {
    for (width, height) in SIZES {
        let mut stage = Stage::with_people(width, height, long_names());
        stage.press("L");
        for screen in [stage.screen(width, height), {
            stage.press("n<Enter>");
            stage.screen(width, height)
        }] {
            let bad = |c: char| {
                (c.is_control() && c != '\n')
                    || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}')
            };
            assert!(!screen.contains(bad), "{screen:?}");
        }
    }
}

#[test]
fn signing_keys_of_every_state() {
    picture("keys", |width, height| {
        let mut stage = Stage::with_keys(width, height, signing_keys());
        stage.press("j");
        stage
    });
}

#[test]
fn staged_key_says_when_it_signs() {
    picture("keys_staged", |width, height| Stage::with_keys(width, height, signing_keys()));
}

#[test]
fn signing_key_as_a_page() {
    picture("keys_page", |width, height| {
        let mut stage = Stage::with_keys(width, height, signing_keys());
        stage.press("jj<Enter>");
        stage
    });
}

#[test]
fn signing_key_retire_question() {
    picture("keys_retire", |width, height| {
        let mut stage = Stage::with_keys(width, height, signing_keys());
        stage.press("jTaCtv2");
        stage
    });
}

#[test]
fn signing_key_rotate_question() {
    picture("keys_rotate", |width, height| {
        let mut stage = Stage::with_keys(width, height, signing_keys());
        stage.press("R");
        stage
    });
}

#[test]
fn clients_of_every_state() {
    picture("clients", |width, height| Stage::with_clients(width, height, clients()));
}

#[test]
fn clients_before_there_is_one() {
    picture("clients_empty", |width, height| Stage::with_clients(width, height, Vec::new()));
}

#[test]
fn client_as_a_page() {
    picture("clients_page", |width, height| {
        let mut stage = Stage::with_clients(width, height, clients());
        stage.press("j<Enter>");
        stage
    });
}

#[test]
fn client_let_in_question() {
    picture("clients_let_in", |width, height| {
        let mut stage = Stage::with_clients(width, height, clients());
        stage.press("A");
        stage
    });
}

#[test]
fn attempts_with_refused_ones_first() {
    picture("audit", |width, height| Stage::with_attempts(width, height, attempts()));
}

#[test]
fn attempts_before_there_is_one() {
    picture("audit_empty", |width, height| Stage::with_attempts(width, height, Vec::new()));
}

#[test]
fn story_of_an_attempt() {
    picture("story", |width, height| {
        let mut stage = Stage::with_attempts(width, height, attempts());
        stage.press(":t7k2-9qxm<Enter>");
        let trace = attempts().pop();
        let story = Story { title: "attempt T7K2-9QXM".to_owned(), trace, ..Story::default() };
        let is_story = |query: &Query| *query == Query::Story("t7k2-9qxm".to_owned());
        if stage.asked(is_story).is_some() {
            stage.answer(is_story, Ok(Reply::Story(Box::new(story))));
        }
        stage
    });
}
