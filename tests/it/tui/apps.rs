//! Acts on apps, stories of attempts and messages, on a real database.

use std::{sync::Arc, time::Duration};

use mcpcodex::{
    crypto::secret::Plain,
    model::{
        actor::{Actor, Origin},
        client::{Client, ClientState},
        id::ClientId,
        message::{Carrier, Kind, Outgoing},
        registration::Metadata,
    },
    ops::{self, outbox::Message},
    store,
    tui::msg::Msg,
};

use super::driver::{Driver, sign_in};

#[test]
fn message_is_listed_with_its_state_and_read_only_where_nobody_carries_it() {
    let mut driver = Driver::with(&["alice"]);
    driver.press("9").see("No message was sent yet.");
    let alice = driver.user("alice");
    let carried = |carrier: Carrier, kind: Kind, text: &str| Message {
        kind,
        carrier,
        outgoing: Outgoing {
            recipient: "alice@example.com".to_owned(),
            subject: "A subject".to_owned(),
            text: Plain::new(text.to_owned()),
            template: None,
            hide: Vec::new(),
        },
        user: Some(alice.id.clone()),
        lifetime: Duration::from_secs(600),
    };
    let (by_mail, offline) = (
        carried(Carrier::Smtp, Kind::EmailCode, "the code is 135790"),
        carried(Carrier::Console, Kind::Reset, "the link is https://auth.example.com/reset"),
    );
    let env = driver.opened.env();
    driver
        .opened
        .db
        .write_blocking(move |tx| {
            ops::outbox::queue(tx, &env, &by_mail)?;
            ops::outbox::queue(tx, &env, &offline)
        })
        .unwrap();
    driver.beat();
    driver.see("Messages   2").see("smtp").see("queued").press("/smtp<Enter><Enter>");
    driver.see("for its recipient alone");
    assert!(!driver.screen().contains("135790"), "{}", driver.screen());
    driver.press("<Esc><Esc>/console<Enter>");
    assert!(!driver.screen().contains("the link is"), "only when it is opened");
    driver.press("<Enter>").see("the link is https://auth.example.com/reset").press("<Esc>");
    assert!(!driver.screen().contains("the link is"));
}

#[test]
fn reference_typed_or_pasted_after_a_colon_tells_why() {
    let mut driver = Driver::with(&["alice"]);
    let env = Arc::clone(&driver.opened.env);
    let id = driver
        .opened
        .db
        .write_blocking(move |tx| {
            let who = Actor::anonymous(Origin::default());
            let pairs = [("client_id".to_owned(), "c_nobody\u{1b}[2J".to_owned())];
            let id =
                ops::trace::open(tx, &who, mcpcodex::model::trace::Kind::Authorize, &pairs, false)?;
            let browser = mcpcodex::crypto::secret::Hashed::of("x");
            ops::oauth::begin::begin(tx, &env, &who, &browser, &pairs, Some(&id))?;
            Ok(id)
        })
        .unwrap();
    let shown = mcpcodex::model::trace::Shown(&id).to_string();
    driver.press(":").app.update(Msg::Paste(shown.clone()));
    driver.press("<Enter>").see("no client of this id is known here").see("client.unknown");
    driver.see("c_nobody[2J").press("<Esc>").press("8<Tab>").see(&shown).see("client.unknown");
    driver.press("<Enter>").see("What came in").press("<Esc>");
    driver.press(":T7K2-2222<Enter>").see("not found").see("30 days");
    sign_in(&driver.opened, "alice");
    driver.press("3").see("1 live").press("w").see("signed in, until");
    driver.press("<Esc>2w").see("What happened").see("user.create");
}

#[test]
fn app_that_waits_is_let_in_switched_off_and_let_in_again_by_two_keys_each() {
    let mut driver = Driver::with(&["alice"]);
    let (id, metadata) = waiting_app(&driver);
    driver.press("5").see("waiting 1").see("WAITS").see("A lets it in");
    driver.press("A").see("Let Assistant in ?").press("n").see("nothing was changed");
    assert_eq!(driver.client(&id).state, ClientState::Pending);
    driver.press("Ay").see("Assistant may be used");
    assert_eq!(driver.client(&id).state, ClientState::Active);
    let (event, ..) = driver.last_event();
    assert_eq!(event, "client.approve");
    driver.press("A").see("is in use already");
    driver.press("Dy").see("switched Assistant off");
    // What was switched off stays so when it comes again.
    let env = Arc::clone(&driver.opened.env);
    driver
        .opened
        .db
        .write_blocking(move |tx| {
            let who = Actor::anonymous(Origin::default());
            ops::registration::register(tx, &env, &who, &metadata, None)
        })
        .unwrap();
    assert_eq!(driver.client(&id).state, ClientState::Disabled);
    driver
        .press("D")
        .see("is off already")
        .press("A")
        .see("Switch Assistant on again ?")
        .press("y");
    assert_eq!(driver.client(&id).state, ClientState::Active);
    driver.press("<Enter>").see("cursor://anysphere.cursor-mcp/oauth/callback").press("<Esc>");
    driver.press(":user lock<Enter>").see("go to the person for that: 2");
    driver.press("/nothing-like-it<Enter>").see("holds “nothing-like-it”").press("<Esc>");
    driver.press("2:client disable<Enter>").see("go to the clients for that: 5");
}

/// An app that registered itself where an administrator agrees to each.
fn waiting_app(driver: &Driver) -> (ClientId, Metadata) {
    let metadata = serde_json::json!({
        "client_name": "Assistant",
        "redirect_uris": ["cursor://anysphere.cursor-mcp/oauth/callback"],
        "token_endpoint_auth_method": "none",
    });
    let metadata = Metadata::read(metadata.as_object().unwrap()).unwrap();
    let (env, given) = (Arc::clone(&driver.opened.env), metadata.clone());
    let id = driver
        .opened
        .db
        .write_blocking(move |tx| {
            let who = Actor::anonymous(Origin::default());
            let answer = ops::registration::register(tx, &env, &who, &given, None)?;
            let ops::registration::Answer::Registered(made) = answer else { panic!("{answer:?}") };
            let id = made.client.id;
            store::client::set_state(tx, &id, ClientState::Pending)?;
            Ok(id)
        })
        .unwrap();
    (id, metadata)
}

impl Driver {
    fn client(&self, id: &ClientId) -> Client {
        self.opened.db.read(|r| ops::client::find(r, &self.who, id.as_str())).unwrap()
    }
}
