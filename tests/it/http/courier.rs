//! The task that empties the outbox: a hanging carrier holds up nobody else, two processes send once, a killed one
//! leaves what it was sending as unknown.

use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use mcpcodex::{
    app::App,
    config::{Config, Secret, mfa::SmsProvider, tokens::SigningAlgorithm},
    crypto::secret::Plain,
    db::Clock,
    http::courier,
    model::{
        id::MessageId,
        message::{Carrier, Kind, Outgoing, State},
    },
    ops::outbox::{self, ABANDONED, Message},
};
use tokio::{sync::oneshot, task::JoinHandle};

use crate::support::{
    RUNTIME, TestApp, operator,
    vendors::{ACCOUNT, FROM, KEY, Reply, TOKEN, Vendor, until},
};

fn carriers(config: &mut Config, sms: &Vendor, mail: &Vendor) {
    let credentials = &mut config.credentials;
    credentials.twilio.account_sid = Some(ACCOUNT.to_owned());
    credentials.twilio.auth_token = Some(Secret::new(TOKEN));
    credentials.twilio.from = Some(FROM.to_owned());
    credentials.twilio.base_url = Some(sms.url.clone());
    credentials.sendgrid.api_key = Some(Secret::new(KEY));
    credentials.sendgrid.base_url = Some(mail.url.clone());
    config.mail.from = Some("auth@example.com".to_owned());
    config.authentication.mfa.providers.sms.provider = SmsProvider::Twilio;
}

fn server(sms: &Vendor, mail: &Vendor) -> TestApp {
    TestApp::with(|config| carriers(config, sms, mail))
}

/// A running task; it ends when this goes.
struct Running {
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl Running {
    fn start(app: &App) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let task = RUNTIME.spawn(courier::run(app.clone(), async move { drop(stopped.await) }));
        Self { stop: Some(stop), task: Some(task) }
    }

    /// Asks it to stop and waits for what it has in hand.
    fn stop(mut self) {
        drop(self.stop.take());
        RUNTIME.block_on(self.task.take().unwrap()).unwrap();
    }
}

fn queue_in(app: &App, carrier: Carrier, to: &str) -> MessageId {
    let env = app.env();
    let outgoing = Outgoing {
        recipient: to.to_owned(),
        subject: "Hello".to_owned(),
        text: Plain::new("It is 493817.".to_owned()),
        template: None,
        hide: vec![Plain::new("493817".to_owned())],
    };
    let lifetime = Duration::from_secs(600);
    let message = Message { kind: Kind::SmsCode, carrier, outgoing, user: None, lifetime };
    app.db.write_blocking(move |tx| outbox::queue(tx, &env, &message)).unwrap()
}

fn queue(server: &TestApp, carrier: Carrier) -> MessageId {
    let to = if carrier == Carrier::Twilio { "+491512345678" } else { "a@example.com" };
    queue_in(&server.app, carrier, to)
}

fn state(app: &App, id: &MessageId) -> State {
    app.db.read(|r| outbox::state(r, id)).unwrap().unwrap()
}

fn wait_for(app: &App, id: &MessageId, wanted: State) {
    until(wanted.as_str(), || (state(app, id) == wanted).then_some(()));
}

#[test]
fn message_is_sent_soon_after_it_was_queued_in_this_process_or_another() {
    let (sms, mail) = (Vendor::sms(), Vendor::mail());
    let server = server(&sms, &mail);
    let running = Running::start(&server.app);
    let first = queue(&server, Carrier::Twilio);
    wait_for(&server.app, &first, State::Sent);
    let beside = server.another();
    let start = Instant::now();
    let second = queue_in(&beside, Carrier::Sendgrid, "a@example.com");
    wait_for(&beside, &second, State::Sent);
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!((sms.taken().len(), mail.taken().len()), (1, 1));
    running.stop();
}

#[test]
fn hanging_carrier_holds_up_neither_the_other_nor_all_of_its_own() {
    let (sms, mail) = (Vendor::sms(), Vendor::mail());
    let server = server(&sms, &mail);
    sms.script(vec![Reply::Hang; 4]);
    let running = Running::start(&server.app);
    let hanging: Vec<_> = (0..4).map(|_| queue(&server, Carrier::Twilio)).collect();
    sms.wait_for(4);
    let start = Instant::now();
    let sms_id = queue(&server, Carrier::Twilio);
    let mail_id = queue(&server, Carrier::Sendgrid);
    wait_for(&server.app, &sms_id, State::Sent);
    wait_for(&server.app, &mail_id, State::Sent);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    // And what hung is not tried again.
    for id in &hanging {
        wait_for(&server.app, id, State::Unknown);
    }
    assert_eq!(sms.taken().len(), 5);
    running.stop();
}

#[test]
fn refusals_for_later_are_tried_again_and_final_ones_are_not() {
    let (sms, mail) = (Vendor::sms(), Vendor::mail());
    let server = server(&sms, &mail);
    let busy = Reply::Answer(503, Vec::new(), String::new());
    sms.script([busy.clone(), busy]);
    mail.script([Reply::Answer(
        400,
        Vec::new(),
        r#"{"errors":[{"message":"no: 493817"}]}"#.into(),
    )]);
    let running = Running::start(&server.app);
    let (sms_id, mail_id) = (queue(&server, Carrier::Twilio), queue(&server, Carrier::Sendgrid));
    wait_for(&server.app, &mail_id, State::Failed);
    // Each pause passes when the clock says so.
    sms.wait_for(1);
    let id = sms_id.clone();
    until("the second pause's end", || {
        server.advance(1);
        (state(&server.app, &id) == State::Sent).then_some(())
    });
    assert_eq!((sms.taken().len(), mail.taken().len()), (3, 1));
    running.stop();
    let all = server.read(|r| outbox::list(r, &operator(), 10));
    let refused = all.iter().find(|row| row.id == mail_id).unwrap();
    assert_eq!(refused.vendor_answer.as_deref(), Some("400: no: •••"));
}

#[test]
fn two_processes_send_each_message_once() {
    let (sms, mail) = (Vendor::sms(), Vendor::mail());
    let server = server(&sms, &mail);
    let second = server.another();
    let running = [Running::start(&server.app), Running::start(&second)];
    let ids: Vec<_> = (0..60)
        .map(|at| {
            let app = if at % 2 == 0 { &server.app } else { &second };
            queue_in(app, Carrier::Twilio, &format!("+4915123456{at:02}"))
        })
        .collect();
    for id in &ids {
        wait_for(&server.app, id, State::Sent);
    }
    let mut to: Vec<_> = sms.taken().into_iter().map(|taken| taken.to).collect();
    assert_eq!(to.len(), 60);
    to.sort();
    to.dedup();
    assert_eq!(to.len(), 60);
    running.into_iter().for_each(Running::stop);
}

#[test]
fn what_is_under_way_when_the_server_stops_is_brought_to_its_end() {
    let (sms, mail) = (Vendor::sms(), Vendor::mail());
    let server = server(&sms, &mail);
    sms.script([Reply::Hang]);
    let running = Running::start(&server.app);
    let id = queue(&server, Carrier::Twilio);
    sms.wait_for(1);
    running.stop();
    assert_eq!(state(&server.app, &id), State::Unknown);
}

/// The real server on this folder, with these vendors.
fn serve(folder: &std::path::Path, sms: &Vendor) -> Child {
    Command::new(env!("CARGO_BIN_EXE_mcpcodex"))
        .args(["serve", "--listen", "127.0.0.1:0", "--quiet", "--data-dir"])
        .arg(folder)
        .env_clear()
        .env("MCPCODEX__AUTHENTICATION__TOKENS__ACCESS_TOKEN__ALGORITHM", "ES256")
        .env("TWILIO_ACCOUNT_SID", ACCOUNT)
        .env("TWILIO_AUTH_TOKEN", TOKEN)
        .env("TWILIO_FROM", FROM)
        .env("TWILIO_BASE_URL", sms.url.as_str())
        .current_dir(folder.parent().unwrap())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn killed_server_loses_nothing_that_waits_and_sends_nothing_twice() {
    let (sms, mail) = (Vendor::sms(), Vendor::mail());
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("data");
    let mut config = Config::default();
    carriers(&mut config, &sms, &mail);
    config.storage.data_dir.clone_from(&folder);
    config.authentication.tokens.access_token.algorithm = SigningAlgorithm::Es256;
    let app = App::open(config.clone(), None, Clock::system()).unwrap();
    sms.script([Reply::Hang]);
    let cut = queue_in(&app, Carrier::Twilio, "+491512345601");
    let mut server = serve(&folder, &sms);
    sms.wait_for(1);
    assert_eq!(state(&app, &cut), State::Sending);
    // Between the claim and its settling.
    server.kill().unwrap();
    server.wait().unwrap();
    let waiting = queue_in(&app, Carrier::Twilio, "+491512345602");

    let mut server = serve(&folder, &sms);
    wait_for(&app, &waiting, State::Sent);
    assert_eq!(state(&app, &cut), State::Sending, "its process might live still");
    server.kill().unwrap();
    server.wait().unwrap();
    drop(app);

    // Later, as a server of then would see it.
    let later = Clock::manual(Clock::system().now().plus(ABANDONED));
    let app = App::open(config, None, later).unwrap();
    let running = Running::start(&app);
    wait_for(&app, &cut, State::Unknown);
    running.stop();
    let to: Vec<_> = sms.taken().into_iter().map(|taken| taken.to).collect();
    assert_eq!(to, ["+491512345601", "+491512345602"]);
}
