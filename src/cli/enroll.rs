//! `auth mfa enable`: putting a second factor in force, each type in its own way.

use clap::ValueEnum;
use serde_json::{Value, json};

use super::{
    ctx::{Ctx, Desk},
    failure::{Done, Failure},
    handover::{self, By},
    mfa::{print_codes, whose},
    output::put,
    qr,
};
use crate::{
    crypto::secret::Plain,
    error::Error,
    model::{factor::Method, id::ContactId, message::mail::Mail, user::User},
    ops::{
        self,
        code::{Binding, Sent},
        factor::{Enrolled, Enrolment, Which},
    },
};

/// How many wrong codes end the command.
const TRIES: u32 = 3;

/// The sorts of factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Type {
    /// Codes from an authenticator app.
    Totp,
    /// Passkeys and security keys.
    Webauthn,
    /// Codes by SMS.
    Sms,
    /// Codes by e-mail.
    Email,
}

impl Type {
    /// The method it is.
    pub fn method(self) -> Method {
        match self {
            Self::Totp => Method::Totp,
            Self::Webauthn => Method::Passkey,
            Self::Sms => Method::Sms,
            Self::Email => Method::Email,
        }
    }
}

/// `auth mfa enable`.
#[derive(clap::Args, Debug)]
pub struct Enable {
    /// Whose: user name, e-mail address or id
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Which sort of factor: totp, webauthn, sms or email
    #[arg(long = "type", value_name = "TYPE", default_value = "totp", hide_possible_values = true)]
    kind: Type,
    /// For sms: the phone number, as +4915112345678
    #[arg(long, value_name = "NUMBER")]
    phone: Option<String>,
    /// For email: where codes go [default: the person's address]
    #[arg(long, value_name = "ADDRESS")]
    address: Option<String>,
    /// Prove it with this code from the app, the SMS or the mail
    #[arg(long, value_name = "CODE", conflicts_with = "unverified")]
    verify: Option<String>,
    /// Put it in force without a code
    #[arg(long)]
    unverified: bool,
    /// Show no QR code
    #[arg(long)]
    no_qr: bool,
    /// For webauthn: how the link reaches the person.
    #[command(flatten)]
    by: By,
}

/// Runs it.
pub fn run(ctx: &Ctx, args: &Enable) -> Done {
    args.fit()?;
    match args.kind {
        Type::Totp => totp(ctx, args),
        Type::Webauthn => webauthn(ctx, args),
        Type::Sms | Type::Email => contact(ctx, args),
    }
}

impl Enable {
    /// Refuses options of another type.
    fn fit(&self) -> Done {
        let strange = [
            (self.phone.is_some() && self.kind != Type::Sms, "--phone", "sms"),
            (self.address.is_some() && self.kind != Type::Email, "--address", "email"),
            (self.by.mail && self.kind != Type::Webauthn, "--mail", "webauthn"),
        ];
        if let Some((_, flag, kind)) = strange.iter().find(|(wrong, ..)| *wrong) {
            return Err(Failure::usage(format!("{flag} is for --type {kind}")));
        }
        if self.kind == Type::Webauthn && (self.verify.is_some() || self.unverified) {
            return Err(Failure::usage("a passkey is made in the person's browser")
                .with_next("leave --verify and --unverified off: it gives a one-time link"));
        }
        Ok(())
    }
}

/// A passkey is made in a browser, so this gives the link to the page that makes one.
fn webauthn(ctx: &Ctx, args: &Enable) -> Done {
    let (desk, user) = whose(ctx, args.user.as_deref())?;
    if !ops::factor::allowed(desk.env(), Method::Passkey) {
        return Err(Error::conflict("passkeys are switched off in the configuration")
            .with_next("set authentication.mfa.providers.webauthn.enabled: true")
            .into());
    }
    let mail = |url| Mail::Enroll { url };
    let ((), handed) = handover::make(&desk, &user, args.by, mail, |tx, env, who, id| {
        Ok(((), ops::factor::enroll_link(tx, env, who, id)?))
    })?;
    ctx.out.note("A passkey is made in the person's own browser, behind this link:");
    handover::report(ctx, json!({ "type": "webauthn", "state": "pending" }), "enroll_url", &handed)
}

fn totp(ctx: &Ctx, args: &Enable) -> Done {
    let (desk, user) = whose(ctx, args.user.as_deref())?;
    let before = desk.read(|r, _, who| ops::factor::list(r, who, &user.id))?.0.len();
    if before > 0 {
        ctx.out
            .note(&format!("{} has an authenticator already; this adds another.", user.username));
    }
    let owner = user.clone();
    // A code proves what an earlier call showed; without one this call shows something new.
    let which = if args.verify.is_some() { Which::Waiting } else { Which::New };
    let started =
        desk.write(move |tx, env, who| ops::factor::enroll_as(tx, env, who, &owner, which))?;
    let prove = |code: &str| {
        let (id, code) = (user.id.clone(), code.to_owned());
        let proved =
            desk.write(move |tx, env, who| ops::factor::confirm(tx, env, who, &id, &code))?;
        Ok(right(proved))
    };
    let proved = match (&args.verify, args.unverified) {
        (Some(code), _) => Some(prove(code)?.ok_or_else(wrong_code)?),
        (None, true) => {
            let (id, shown) = (user.id.clone(), started.id.clone());
            Some(desk.write(move |tx, env, who| {
                ops::factor::confirm_unverified(tx, env, who, &id, &shown)
            })?)
        }
        (None, false) if ctx.ask.able() && !ctx.out.json() => {
            show(ctx, &started, args.no_qr)?;
            Some(ask_for_code(ctx, "The code that the app shows", prove)?)
        }
        (None, false) => {
            if !ctx.out.json() {
                show(ctx, &started, args.no_qr)?;
            }
            None
        }
    };
    if args.unverified && !ctx.out.json() {
        show(ctx, &started, args.no_qr)?;
    }
    let document = json!({
        "type": "totp",
        "secret": started.secret.expose(),
        "otpauth_uri": started.uri.expose(),
    });
    let said = format!("{} now signs in with a code from the app.", user.username);
    report(ctx, document, &user, args, (proved.as_deref(), &said))
}

/// A number or an address: a code goes there, and giving it back proves it.
fn contact(ctx: &Ctx, args: &Enable) -> Done {
    let (desk, user) = whose(ctx, args.user.as_deref())?;
    let method = args.kind.method();
    let prove = |code: &str| {
        let (id, code) = (user.id.clone(), code.to_owned());
        let proved = desk.write(move |tx, env, who| {
            let binding = Binding::operator(&id);
            ops::contact::confirm(tx, env, who, &id, method, (&code, &binding))
        })?;
        Ok(right(proved))
    };
    if let Some(code) = &args.verify {
        let codes = prove(code)?.ok_or_else(wrong_code)?;
        return contact_report(ctx, args, &user, json!({}), Some(&codes));
    }
    let value = match (args.kind, &args.address) {
        (Type::Email, Some(address)) => address.clone(),
        (Type::Email, None) => user.email.clone(),
        _ => ctx.ask.value(args.phone.as_deref(), "Phone number", "--phone")?,
    };
    let id = user.id.clone();
    let begun = desk.write(move |tx, env, who| {
        let binding = Binding::operator(&id);
        ops::contact::enroll(tx, env, who, &id, method, &value, &binding)
    })?;
    let mut document = json!({ "recipient": begun.contact.value });
    if args.unverified {
        let codes = force(&desk, &user, begun.contact.id)?;
        return contact_report(ctx, args, &user, document, Some(&codes));
    }
    match begun.sent {
        Sent::Queued(message) => put(&mut document, "message_id", json!(message)),
        Sent::Capped(wait) => {
            return Err(Error::limited("too many codes were sent already", wait).into());
        }
        Sent::NotOffered => {
            return Err(Error::conflict(format!("{} is not offered here", method.as_str()))
                .with_next("mcpcodex config check")
                .into());
        }
    }
    ctx.out.note(&format!(
        "A running server sends the code to {} (mcpcodex message list).",
        begun.contact.value
    ));
    let codes = if ctx.ask.able() && !ctx.out.json() {
        Some(ask_for_code(ctx, "The code that arrived", prove)?)
    } else {
        None
    };
    contact_report(ctx, args, &user, document, codes.as_deref())
}

fn force(desk: &Desk, user: &User, contact: ContactId) -> Result<Vec<Plain>, Failure> {
    let id = user.id.clone();
    desk.write(move |tx, env, who| ops::contact::confirm_unverified(tx, env, who, &id, &contact))
}

fn contact_report(
    ctx: &Ctx,
    args: &Enable,
    user: &User,
    mut document: Value,
    proved: Option<&[Plain]>,
) -> Done {
    let (kind, by) = match args.kind {
        Type::Email => ("email", "by e-mail"),
        Type::Sms | Type::Totp | Type::Webauthn => ("sms", "by SMS"),
    };
    put(&mut document, "type", json!(kind));
    let said = format!("{} now signs in with a code {by}.", user.username);
    report(ctx, document, user, args, (proved, &said))
}

fn right(enrolled: Enrolled) -> Option<Vec<Plain>> {
    match enrolled {
        Enrolled::Active(in_force) => Some(in_force.codes),
        Enrolled::Wrong => None,
    }
}

fn wrong_code() -> Error {
    Error::invalid("code", "the code is not the one that counts now")
        .with_next("for an app: check the clocks of phone and server; else use the newest message")
}

fn ask_for_code(
    ctx: &Ctx,
    question: &str,
    prove: impl Fn(&str) -> Result<Option<Vec<Plain>>, Failure>,
) -> Result<Vec<Plain>, Failure> {
    for _ in 0..TRIES {
        let code = ctx.ask.line(question, None)?;
        if let Some(codes) = prove(&code)? {
            return Ok(codes);
        }
        ctx.out.talk("That is not the code that counts now.");
    }
    Err(wrong_code().into())
}

fn show(ctx: &Ctx, started: &Enrolment, no_qr: bool) -> Done {
    ctx.out.talk("Scan this with an authenticator app, or type the secret into it.");
    if !no_qr && ctx.out.terminal {
        ctx.out.text(&qr::draw(started.uri.expose(), ctx.out.color)?)?;
    }
    ctx.out.record(
        &Value::Null,
        &[
            ("account", format!("{} at {}", started.account, started.issuer)),
            ("secret", started.secret.expose().to_owned()),
            ("link", started.uri.expose().to_owned()),
        ],
    )
}

/// Says how far it is: pending, or in force with its recovery codes.
fn report(
    ctx: &Ctx,
    mut document: Value,
    user: &User,
    args: &Enable,
    (proved, said): (Option<&[Plain]>, &str),
) -> Done {
    let codes: Vec<&str> = proved.unwrap_or_default().iter().map(Plain::expose).collect();
    if ctx.out.json() {
        let state = if proved.is_some() { "active" } else { "pending" };
        put(&mut document, "recovery_codes", json!(codes));
        put(&mut document, "state", json!(state));
        return ctx.out.document(&document);
    }
    if proved.is_none() {
        let kind = args.kind.method().as_str();
        ctx.out.note(&format!(
            "Pending: prove it with the code: mcpcodex auth mfa enable --user {} --type {kind} --verify CODE",
            user.username
        ));
        return Ok(());
    }
    ctx.out.note(said);
    if codes.is_empty() {
        ctx.out.note("The recovery codes from before still count.");
        return Ok(());
    }
    print_codes(ctx, &codes)
}
