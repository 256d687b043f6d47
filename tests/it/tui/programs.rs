//! API keys, agents, resources and accounts, on a real database; and the first screen.

use std::time::Duration;

use mcpcodex::{
    model::{
        actor::{Actor, Origin, Via},
        agent::Agent,
        apikey::KeyRow,
        audit::Event,
        user::UserState,
    },
    ops::{
        self,
        apikey::{New, Whose},
    },
    tui::{
        app::{App, Server, Site},
        msg::{Effect, Msg},
    },
};

use super::{
    NOW,
    driver::{Driver, join, sign_in},
    site,
};

/// Somebody who may own keys.
fn with_alice() -> Driver {
    let mut driver = Driver::with(&["alice", "bob"]);
    join(&driver.opened, "alice");
    driver.press("4").see("There is no API key yet.");
    driver
}

/// Makes a key of alice's in a shell; answers its text.
fn key(driver: &Driver, name: &str, agent: Option<&Agent>) -> String {
    let owner = driver.user("alice");
    let new = New {
        name: name.to_owned(),
        agent: agent.map(|agent| agent.id.clone()),
        scopes: vec!["read:models".to_owned()],
        lifetime: Some(Duration::from_secs(90 * 86_400)),
        ..New::default()
    };
    let env = driver.opened.env();
    let made = driver.opened.db.write_blocking(move |tx| {
        ops::apikey::create(tx, &env, &Actor::operator("root", Via::Cli), &owner, &new)
    });
    made.unwrap().text.expose().to_owned()
}

fn keys_of(driver: &Driver) -> Vec<KeyRow> {
    driver.opened.db.read(|r| ops::apikey::list(r, &driver.who, Whose::All, 100)).unwrap()
}

fn is_good(driver: &Driver, text: &str) -> bool {
    driver.opened.db.read(|r| ops::apikey::inspect(r, &driver.opened.env, text)).unwrap().is_ok()
}

fn paste(driver: &mut Driver, text: &str) {
    driver.pressed += 1;
    let effects = driver.app.update(Msg::Paste(text.to_owned()));
    driver.carry_out(effects);
}

#[test]
fn leaked_key_that_is_pasted_is_found_and_rotated_by_seven_keys_and_two() {
    let mut driver = with_alice();
    let leaked = key(&driver, "ci-deploy", None);
    key(&driver, "laptop", None);
    driver.press("1");
    driver.pressed = 0;
    driver.press("4/");
    paste(&mut driver, &format!("  {leaked}\nand the next line of a log"));
    driver.see(&format!("/{}", &leaked[..8])).see("ci-deploy");
    assert!(!driver.screen().contains(&leaked), "{}", driver.screen());
    driver.press("<Enter>R").see("Rotate the API key ci-deploy ?").see("works on for 24 h");
    driver.press("l").see("[x] it leaked").see("end the old key now");
    assert!(is_good(&driver, &leaked), "the question alone does nothing");
    driver.press("y").see("API key ci-deploy").see("has ended");
    assert_eq!(driver.pressed, 7);
    assert!(!is_good(&driver, &leaked));
    driver.press("cd").see("revoked").see("sent to your terminal");
    assert_eq!(driver.pressed, 9);
    let [fresh] = driver.copied.as_slice() else { panic!("{:?}", driver.copied) };
    assert!(is_good(&driver, fresh) && *fresh != leaked);
    assert!(!driver.screen().contains(fresh.as_str()), "{}", driver.screen());
}

#[test]
fn key_that_nobody_has_is_said_and_what_was_typed_behind_it_does_nothing() {
    let mut driver = with_alice();
    let text = key(&driver, "ci", None);
    let mut other = Driver::with(&["alice"]);
    join(&other.opened, "alice");
    key(&other, "another", None);
    other.press("4/");
    paste(&mut other, &text);
    other.see("no such API key").press("<Enter>Ky").see("no row is selected");
    assert!(keys_of(&other)[0].key.revoked_at.is_none());
    driver.beat();
    driver.press(&format!("/{text}")).see(&format!("/{}", &text[..8]));
    assert!(!driver.screen().contains(&text), "a key that is typed is covered as well");
}

#[test]
fn key_is_made_by_a_form_and_shown_once() {
    let mut driver = with_alice();
    driver.press("N").see("New API key").press("<Enter><Enter><Enter><Enter><Enter><Enter>");
    driver.see("owner is needed");
    for words in ["alice", "nightly", "read:models"] {
        driver.press(words).press("<Enter>");
    }
    driver.press("<Enter><Enter><Enter>").see("Make the API key nightly ?").see("ends in 90 d");
    assert!(keys_of(&driver).is_empty(), "the question alone does nothing");
    driver.press("n").see("New API key").press("<Enter>").see("Make the API key nightly ?");
    driver.press("y").see("API key nightly").press("c<Esc>");
    assert!(is_good(&driver, &driver.copied[0]));
    assert_eq!(driver.last_event().0, "api_key.create");
    driver.see("nightly").see("alice");
}

#[test]
fn form_comes_back_with_what_was_refused() {
    let mut driver = with_alice();
    driver.press("N");
    for words in ["nobody", "ci", "read:models", "", "", ""] {
        driver.press(words).press("<Enter>");
    }
    driver.press("y").see("New API key").see("nobody").see("not found");
    assert!(keys_of(&driver).is_empty());
    driver.press("<Esc>").see("nothing was changed");
}

#[test]
fn limits_are_changed_and_a_key_is_revoked() {
    let mut driver = with_alice();
    let text = key(&driver, "ci", None);
    driver.beat();
    driver.press("E").see("Limits of ci");
    driver.press("<C-u>7/m<Enter><C-u>3<Enter>").see("7 uses a minute, 3 at once").press("y");
    let row = keys_of(&driver).remove(0).key;
    assert_eq!((row.requests_per_minute, row.burst_size), (7, 3));
    driver.see("3/3");
    driver.press("K").see("Revoke the API key ci ?").press("y").see("revoked ci");
    assert!(!is_good(&driver, &text));
    driver.press("R").see("is revoked already").press("K").see("is revoked already");
}

#[test]
fn key_that_was_rotated_works_on_and_is_not_rotated_twice() {
    let mut driver = with_alice();
    let old = key(&driver, "ci", None);
    driver.beat();
    driver.press("Ryc").see("works until").press("d");
    assert!(is_good(&driver, &old) && is_good(&driver, &driver.copied[0]));
    driver.press("G").see("ends in 1 d");
    driver.press("R").see("was rotated already");
}

#[test]
fn agent_is_shut_out_and_let_in_from_its_key() {
    let mut driver = with_alice();
    let owner = driver.user("alice");
    let who = driver.who.clone();
    let agent = driver
        .opened
        .db
        .write_blocking(move |tx| ops::agent::create(tx, &who, &owner, "nightly"))
        .unwrap();
    let text = key(&driver, "ci", Some(&agent));
    driver.beat();
    driver.see("nightly (alice)").press("D").see("Shut the agent nightly out ?").press("y");
    assert!(!is_good(&driver, &text));
    driver.press("Ay").see("the keys of nightly work again");
    assert!(is_good(&driver, &text));
    driver.press("gu").see("Users › alice").press("gk").see("API keys").see("nightly (alice)");
}

#[test]
fn resource_is_removed_only_when_its_name_is_typed() {
    let mut driver = Driver::with(&["alice"]);
    driver.press("5<Tab>").see("No MCP server or API is registered yet.");
    let who = driver.who.clone();
    let new = ops::resource::New {
        uri: "https://mcp.example.com/mcp".to_owned(),
        name: "Notes".to_owned(),
        ..ops::resource::New::default()
    };
    driver.opened.db.write_blocking(move |tx| ops::resource::add(tx, &who, new)).unwrap();
    driver.beat();
    driver.see("https://mcp.example.com/mcp").press("D").see("Remove the resource Notes ?");
    driver.press("y<Enter>").see("nothing is done before");
    driver.press("<Esc>DNotes<Enter>").see("removed Notes");
    driver.press("<Tab>").see("Clients");
}

#[test]
fn account_is_made_with_an_invitation_and_removed_by_its_name() {
    let mut driver = Driver::with(&["alice"]);
    driver.press("N").see("New person").press("carol<Enter>carol@example.com<Enter><Enter><Enter>");
    driver.see("Make the account carol ?").press("y").see("Invitation for carol");
    driver.press("c<Esc>");
    assert!(driver.copied[0].contains("/invite?token="));
    assert_eq!(driver.user("carol").state, UserState::Invited);
    driver.press("/carol<Enter>D").see("Delete carol for good ?").press("carol<Enter>");
    driver.see("deleted carol");
    assert!(driver.opened.db.read(|r| ops::user::find(r, "carol")).is_err());
}

/// Somebody at an address gave a wrong password for a person.
fn wrong(driver: &Driver, name: &str) {
    let event = Event::new("sign_in.wrong").user(&driver.user(name).id);
    let origin = Origin { address: "203.0.113.9".to_owned(), user_agent: String::new() };
    driver
        .opened
        .db
        .write_blocking(move |tx| ops::audit::record(tx, &Actor::anonymous(origin), &event))
        .unwrap();
}

#[test]
fn attacker_is_locked_out_from_an_event_by_three_keys_and_let_in_by_two() {
    let mut driver = Driver::with(&["alice", "mallory"]);
    sign_in(&driver.opened, "mallory");
    wrong(&driver, "mallory");
    driver.clock.advance(Duration::from_secs(1));
    let (env, who, alice) = (driver.opened.env(), driver.who.clone(), driver.user("alice").id);
    driver
        .opened
        .db
        .write_blocking(move |tx| ops::user::invite(tx, &env, &who, &alice).map(drop))
        .unwrap();
    let policy = ops::coverage::policy(&driver.opened.env);
    driver.app = App::new(Site { policy, ..site() }, NOW, (100, 30));
    let first = driver.app.start();
    driver.carry_out(first);
    driver.see("Security events").see("wrong password");
    driver.pressed = 0;
    driver.press("jL").see("Lock out mallory ?").see("end 1 session");
    assert_eq!(driver.user("mallory").state, UserState::Invited, "the question alone does nothing");
    driver.press("y").see("locked out mallory");
    assert_eq!((driver.pressed, driver.user("mallory").state), (3, UserState::Locked));
    driver.pressed = 0;
    driver.press("Uy").see("unlocked mallory");
    assert_eq!((driver.pressed, driver.user("mallory").state), (2, UserState::Invited));
    driver.press("gu").see("Users › mallory").press("ga").see("Audit › mallory").see("user.lock");
}

#[test]
fn first_screen_says_whether_a_server_runs_and_what_wants_attention() {
    let mut driver = with_alice();
    key(&driver, "old", None);
    driver.clock.advance(Duration::from_secs(91 * 86_400));
    driver.press("1");
    driver.beat();
    driver.see("API keys ended without a successor").see("→ 4");
    driver.app.update(Msg::Server(Server::Stopped));
    driver.see("○ not running").see("mcpcodex serve").see("server not running");
    driver.app.update(Msg::Server(Server::Running { pid: 4_127, since: Some(NOW) }));
    driver.see("● running").see("4127");
}

#[test]
fn audit_record_is_checked_on_demand_and_says_where_it_is_broken() {
    let mut driver = Driver::with(&["alice"]);
    driver.press("8").see("user.create").see("v checks it");
    driver.press("v").see("chain ✓");
    driver.press("/user.create<Enter><Enter>").see("detail").press("<Esc><Esc>");
    driver.press("<Tab>").see("Attempts");
}

#[test]
fn rows_that_are_held_still_go_on_by_the_same_key() {
    let mut driver = Driver::with(&["alice"]);
    driver.press("3p").see("held still");
    sign_in(&driver.opened, "alice");
    driver.beat();
    driver.see("Nobody is signed in.");
    driver.press("p").see("1 live");
}

#[test]
fn console_that_only_looks_changes_nothing() {
    let mut driver = with_alice();
    key(&driver, "ci", None);
    let policy = ops::coverage::policy(&driver.opened.env);
    let looking = Site { policy, read_only: true, ..site() };
    driver.app = App::new(looking, NOW, (100, 30));
    let first = driver.app.start();
    driver.carry_out(first);
    driver.see("READ-ONLY");
    for script in
        ["2Ly", "2Uy", "2N", "2Py", "3Ky", "4Ry", "4Ky", "4N", "4E", "6<Enter>", "7Ny", "5Dy"]
    {
        let before = driver.opened.db.read(|r| ops::audit::last_id(r, &driver.who)).unwrap();
        driver.press(script);
        let after = driver.opened.db.read(|r| ops::audit::last_id(r, &driver.who)).unwrap();
        assert_eq!((before, driver.app.overlay.is_none()), (after, true), "{script}");
    }
    driver.press("2L").see("this console only looks").press(":user lock bob<Enter>");
    driver.see("this console only looks");
    driver.press(":mfa enable bob<Enter>").see("this console only looks");
    let effects = driver.app.update(Msg::Keys(Vec::new()));
    assert!(effects.iter().all(|effect| !matches!(effect, Effect::Do(_))));
}

#[test]
fn id_of_the_selected_row_is_copied() {
    let mut driver = Driver::with(&["alice"]);
    driver.press("c").see("sent to your terminal");
    assert_eq!(driver.copied, [driver.user("alice").id.to_string()]);
}
