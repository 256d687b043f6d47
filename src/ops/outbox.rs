//! The outbox: a message is written in the transaction that decided to send it, and handed to a carrier afterwards by
//! a task of the server's. So nobody who signs in waits for a carrier, and nothing that was decided is lost.
//!
//! Each message is taken by a conditional update before it is sent. A process that dies in between leaves it taken, and
//! it ends as unknown: it is not sent again.

use std::time::Duration;

use super::{
    cap::{self, Wanted},
    env::Env,
};
use crate::{
    config::{
        advice,
        mfa::{EmailProvider, SmsProvider},
        server::MailLanguage,
    },
    crypto::secret::Plain,
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        id::{MessageId, UserId},
        message::{
            Carrier, Kind, MessageRow, Next, Outcome, Outgoing, State,
            mail::Mail,
            text::{self, Lang},
        },
        queue::Due,
    },
    store,
};

/// After this long a message that was taken and not settled is given up. Longer than any try takes.
pub const ABANDONED: Duration = Duration::from_secs(30);

/// A message to be queued.
#[derive(Debug)]
pub struct Message {
    /// What it is about.
    pub kind: Kind,
    /// Who carries it.
    pub carrier: Carrier,
    /// What the carrier gets.
    pub outgoing: Outgoing,
    /// For whom.
    pub user: Option<UserId>,
    /// How long it is of use.
    pub lifetime: Duration,
}

/// A message that this process alone may send now.
#[derive(Debug)]
pub struct Claimed {
    /// Which.
    pub id: MessageId,
    /// Which claim it is; the newest alone may settle.
    pub claim: u32,
    /// Who carries it.
    pub carrier: Carrier,
    /// What the carrier gets.
    pub outgoing: Outgoing,
}

/// Who carries SMS; none when credentials are missing.
pub fn sms_carrier(env: &Env) -> Option<Carrier> {
    let carrier = match env.config.authentication.mfa.providers.sms.provider {
        SmsProvider::Twilio => Carrier::Twilio,
        SmsProvider::Console => Carrier::Console,
    };
    advice::missing_for_sms(&env.config).is_empty().then_some(carrier)
}

/// Who carries mail; none when credentials are missing.
pub fn mail_carrier(env: &Env) -> Option<Carrier> {
    let carrier = match env.config.authentication.mfa.providers.email.provider {
        EmailProvider::Sendgrid => Carrier::Sendgrid,
        EmailProvider::Smtp => Carrier::Smtp,
        EmailProvider::Console => Carrier::Console,
    };
    advice::missing_for_email(&env.config).is_empty().then_some(carrier)
}

/// Queues a message. Whether there may be one is asked by its caller.
pub fn queue(tx: &Write<'_>, env: &Env, message: &Message) -> Result<MessageId> {
    message.outgoing.check()?;
    let id = MessageId::new();
    let sealed = env.keys.vault.seal(&aad(&id), &message.outgoing.pack())?;
    let row = MessageRow {
        id,
        kind: message.kind,
        carrier: message.carrier,
        recipient: message.outgoing.recipient.clone(),
        template: message.outgoing.template.as_ref().map(|template| template.id.clone()),
        state: State::Queued,
        tries: 0,
        next_at: tx.now,
        vendor_id: None,
        vendor_answer: None,
        user_id: message.user.clone(),
        created_at: tx.now,
        expires_at: tx.now.plus(message.lifetime),
        finished_at: None,
    };
    store::message::insert(tx, &row, &sealed)?;
    Ok(row.id)
}

/// Queues a mail about an account, in the installation's language. `None`: nobody carries mail here, or too many were
/// sent already.
pub fn mail(
    tx: &Write<'_>,
    env: &Env,
    to: &str,
    mail: &Mail,
    user: Option<&UserId>,
) -> Result<Option<MessageId>> {
    mail_as(tx, env, &Actor::system(), lang(env), to, mail, user)
}

/// [`mail`], in the language of whoever reads it, and counted against the address that asked for it.
pub fn mail_as(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    lang: Lang,
    to: &str,
    mail: &Mail,
    user: Option<&UserId>,
) -> Result<Option<MessageId>> {
    let Some(carrier) = mail_carrier(env) else { return Ok(None) };
    // Links are ours, whatever a request said its host was.
    if mail.url().is_some_and(|url| !is_ours(env, url)) {
        return Err(Error::internal("a mail was to lead to another site"));
    }
    let wanted = Wanted { kind: mail.kind(), carrier, recipient: to, user };
    if cap::reserve(tx, env, who, wanted)?.is_some() {
        return Ok(None);
    }
    let mut fields = mail.fields();
    fields.push(("site", env.site.host().to_owned()));
    let filled = text::fill(mail.text(), lang, &fields)?;
    let outgoing = Outgoing {
        recipient: to.to_owned(),
        subject: filled.subject,
        text: Plain::new(filled.body),
        template: None,
        hide: mail.hide(),
    };
    let (user, lifetime) = (user.cloned(), mail.lifetime());
    queue(tx, env, &Message { kind: mail.kind(), carrier, outgoing, user, lifetime }).map(Some)
}

fn is_ours(env: &Env, url: &str) -> bool {
    url.strip_prefix(env.site.issuer.as_str()).is_some_and(|rest| rest.starts_with('/'))
}

/// The language of mails that nobody's browser asked for.
pub fn lang(env: &Env) -> Lang {
    match env.config.mail.language {
        MailLanguage::En => Lang::En,
        MailLanguage::De => Lang::De,
    }
}

fn aad(id: &MessageId) -> String {
    format!("messages:body_sealed:{id}")
}

/// Takes up to `limit` messages of a carrier that are due. From then on each is this process's to send, once.
pub fn claim(tx: &Write<'_>, env: &Env, carrier: Carrier, limit: usize) -> Result<Vec<Claimed>> {
    let mut claimed = Vec::new();
    for (row, sealed) in store::message::claim(tx, carrier, limit)? {
        let opened = sealed.and_then(|sealed| env.keys.vault.open(&aad(&row.id), &sealed).ok());
        let read = opened.and_then(|body| Outgoing::unpack(row.recipient.clone(), &body));
        if let Some(outgoing) = read {
            claimed.push(Claimed { id: row.id, claim: row.tries, carrier, outgoing });
        } else {
            let answer = (None, Some("its text cannot be read"));
            store::message::finish(tx, &row.id, row.tries, State::Failed, answer, false)?;
        }
    }
    Ok(claimed)
}

/// Remembers how a try ended. False when the message is no longer this claim's.
pub fn settle(tx: &Write<'_>, id: &MessageId, claim: u32, outcome: &Outcome) -> Result<bool> {
    let Some(row) = store::message::by_id(tx, id)? else { return Ok(false) };
    let answer = outcome.answer();
    match outcome.next(claim, tx.now, row.expires_at) {
        Next::Again(at) => {
            store::message::again(tx, id, claim, at, answer.as_deref().unwrap_or_default())
        }
        Next::Over(state) => {
            let vendor_id = match outcome {
                Outcome::Accepted { vendor_id } => vendor_id.as_deref(),
                Outcome::Rejected { .. } | Outcome::Later { .. } | Outcome::Unknown { .. } => None,
            };
            // What nobody carries away has to stay readable here.
            let keep = row.carrier == Carrier::Console && state == State::Sent;
            store::message::finish(tx, id, claim, state, (vendor_id, answer.as_deref()), keep)
        }
    }
}

/// Gives up what a process that died was sending, and ends what is of no use any more.
pub fn recover(tx: &Write<'_>) -> Result<usize> {
    let abandoned = store::message::abandon(tx, tx.now.minus(ABANDONED))?;
    Ok(abandoned.saturating_add(store::message::expire(tx)?))
}

/// What there is to do now, for these carriers.
pub fn due(r: &Read<'_>, carriers: &[Carrier]) -> Result<Due<Carrier>> {
    let mut busy = Vec::new();
    for carrier in carriers {
        if store::message::is_due(r, *carrier)? {
            busy.push(*carrier);
        }
    }
    Ok(Due {
        to: busy,
        stale: store::message::is_stale(r, r.now.minus(ABANDONED))?,
        next: store::message::next_due(r, ABANDONED)?,
    })
}

/// The newest messages, newest first, without what they say.
pub fn list(r: &Read<'_>, who: &Actor, limit: u32) -> Result<Vec<MessageRow>> {
    who.must_operate()?;
    store::message::newest(r, limit)
}

/// Where a message is on its way.
pub fn state(r: &Read<'_>, id: &MessageId) -> Result<Option<State>> {
    Ok(store::message::by_id(r, id)?.map(|row| row.state))
}

/// What a message says that no carrier took away: for working offline.
pub fn read(r: &Read<'_>, env: &Env, who: &Actor, id: &MessageId) -> Result<Option<Outgoing>> {
    who.must_operate()?;
    let Some(row) = store::message::by_id(r, id)?.filter(|row| row.carrier == Carrier::Console)
    else {
        return Ok(None);
    };
    let Some(sealed) = store::message::body(r, id)?.filter(|_| row.expires_at > r.now) else {
        return Ok(None);
    };
    let body = env.keys.vault.open(&aad(id), &sealed)?;
    Ok(Outgoing::unpack(row.recipient, &body))
}
