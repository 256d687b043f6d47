//! Codes of six digits by SMS or e-mail: ten minutes, once, five tries, the newest only, and bound to the sign-in or
//! session that asked. What is stored is a keyed hash: six digits alone could be tried out.

use std::time::Duration;

use super::{
    cap::{self, Wanted},
    env::Env,
    outbox::{self, Message},
};
use crate::{
    config::mfa::EmailProvider,
    crypto::secret::{self, Hashed, Plain},
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::{Actor, Origin},
        contact::{Code, Contact, Phone, Purpose},
        factor::Method,
        id::{ContactId, MessageId, SessionId, UserId},
        message::{
            Carrier, Kind, Outgoing, Template,
            text::{self, Filled, Lang},
        },
    },
    store::{self, code::Slot},
};

/// How long a code lasts.
pub const LIFETIME: Duration = Duration::from_secs(600);
/// How many times a code may be tried.
const TRIES: u32 = 5;
const DIGITS: usize = 6;

/// What a code belongs to: nowhere else is it worth anything.
#[derive(Clone, Debug)]
pub struct Binding(Hashed);

impl Binding {
    /// A sign-in, by the hash of its token.
    pub fn sign_in(token: &Hashed) -> Self {
        Self(Hashed::of(&format!("sign_in:{}", secret::b64(token.as_bytes()))))
    }

    /// A session.
    pub fn session(session: &SessionId) -> Self {
        Self(Hashed::of(&format!("session:{session}")))
    }

    /// The operator, who enrols somebody.
    pub fn operator(user: &UserId) -> Self {
        Self(Hashed::of(&format!("operator:{user}")))
    }
}

/// What became of the wish for a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It is on its way; `outbox::state` says how far.
    Queued(MessageId),
    /// Too many were sent; none before this long.
    Capped(Duration),
    /// The method is off, nobody carries its messages, or the person has not enrolled it.
    NotOffered,
}

/// Whether codes can go out by this method at all: it is on, allowed, and somebody carries its messages.
pub fn is_offered(env: &Env, method: Method) -> bool {
    let mfa = &env.config.authentication.mfa;
    let on = match method {
        Method::Sms => mfa.providers.sms.enabled && outbox::sms_carrier(env).is_some(),
        Method::Email => mfa.providers.email.enabled && outbox::mail_carrier(env).is_some(),
        Method::Passkey | Method::Totp | Method::Recovery => false,
    };
    on && mfa.enabled && (mfa.allow_weak || !method.is_weak())
}

/// Sends a code for the second step of a sign-in, in place of any before it.
pub fn send(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    user: &UserId,
    method: Method,
    binding: &Binding,
) -> Result<Sent> {
    if !is_offered(env, method) {
        return Ok(Sent::NotOffered);
    }
    match store::contact::active(tx, user, method)? {
        Some(contact) if is_reachable(env, &contact) => {
            let who = Actor::anonymous(origin.clone());
            dispatch(tx, env, &who, &contact, Purpose::SignIn, binding)
        }
        Some(_) | None => Ok(Sent::NotOffered),
    }
}

/// Whether messages may go where this contact is: the list of countries may have changed since it was enrolled.
pub(super) fn is_reachable(env: &Env, contact: &Contact) -> bool {
    let prefixes = &env.config.authentication.mfa.providers.sms.allowed_prefixes;
    match contact.method {
        Method::Sms => Phone::parse(&contact.value).is_ok_and(|phone| phone.is_within(prefixes)),
        Method::Email => true,
        Method::Passkey | Method::Totp | Method::Recovery => false,
    }
}

/// Makes a code and queues its message.
pub(super) fn dispatch(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    contact: &Contact,
    purpose: Purpose,
    binding: &Binding,
) -> Result<Sent> {
    let (kind, carrier) = match contact.method {
        Method::Sms => (Kind::SmsCode, outbox::sms_carrier(env)),
        Method::Email => (Kind::EmailCode, outbox::mail_carrier(env)),
        Method::Passkey | Method::Totp | Method::Recovery => return Ok(Sent::NotOffered),
    };
    let Some(carrier) = carrier else { return Ok(Sent::NotOffered) };
    let user = &contact.user_id;
    let wanted = Wanted { kind, carrier, recipient: &contact.value, user: Some(user) };
    if let Some(wait) = cap::reserve(tx, env, who, wanted)? {
        return Ok(Sent::Capped(wait));
    }
    let slot = Slot { user, purpose, contact: &contact.id, binding: &binding.0 };
    if let Some(older) = store::code::replace(tx, slot)? {
        store::message::cancel(tx, &older)?;
    }
    let code = secret::random_digits(DIGITS);
    let outgoing = write(env, outbox::lang(env), contact, &code)?;
    let message = Message { kind, carrier, outgoing, user: Some(user.clone()), lifetime: LIFETIME };
    let message = outbox::queue(tx, env, &message)?;
    let id = secret::b64(&secret::random_bytes::<16>());
    let hash = mac(env, &id, &code)?;
    let expires_at = tx.now.plus(LIFETIME);
    store::code::insert(tx, slot, &Code { id, hash }, message.as_str(), expires_at)?;
    Ok(Sent::Queued(message))
}

/// Keyed, and by the id as well: two equal codes look different.
fn mac(env: &Env, id: &str, code: &Plain) -> Result<Hashed> {
    let mac = env.keys.vault.mac("one-time code", format!("{id}:{}", code.expose()).as_bytes());
    Hashed::from_bytes(&mac).ok_or_else(|| Error::internal("a MAC has 32 bytes"))
}

/// The words around the code, as configured: text, one of our own texts, or a template at the carrier.
fn write(env: &Env, lang: Lang, contact: &Contact, code: &Plain) -> Result<Outgoing> {
    let providers = &env.config.authentication.mfa.providers;
    let (usual, chosen) = match contact.method {
        Method::Email => ("mfa-code", providers.email.template.as_str()),
        Method::Sms | Method::Passkey | Method::Totp | Method::Recovery => {
            ("sms-code", providers.sms.template.as_str())
        }
    };
    let minutes = LIFETIME.as_secs().div_euclid(60).to_string();
    let fields = [
        ("code", code.expose().to_owned()),
        ("minutes", minutes),
        ("site", env.site.host().to_owned()),
        ("url", format!("{}/account", env.site.issuer)),
    ];
    let at_carrier = contact.method == Method::Email
        && providers.email.provider == EmailProvider::Sendgrid
        && chosen.starts_with("d-");
    let template = at_carrier.then(|| Template {
        id: chosen.to_owned(),
        data: fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_str().into()))
            .collect(),
    });
    let filled = if chosen.contains("{code}") {
        // Only the code: other braces in the operator's words are theirs.
        let body = chosen.replace("{code}", code.expose());
        Filled { body, ..text::fill(usual, lang, &fields)? }
    } else {
        text::fill(if template.is_some() { usual } else { chosen }, lang, &fields)?
    };
    let is_mail = contact.method == Method::Email;
    Ok(Outgoing {
        recipient: contact.value.clone(),
        subject: if is_mail { filled.subject } else { String::new() },
        text: Plain::new(if is_mail { filled.body } else { filled.body.trim_end().to_owned() }),
        template,
        hide: vec![code.clone()],
    })
}

/// Checks a code for the second step of a sign-in. Right: it is used up. Each call costs one of the code's tries, so
/// parallel ones cannot overrun them.
pub fn spend(
    tx: &Write<'_>,
    env: &Env,
    binding: &Binding,
    user: &UserId,
    method: Method,
    typed: &str,
) -> Result<bool> {
    if !is_offered(env, method) {
        return Ok(false);
    }
    let Some(contact) = store::contact::active(tx, user, method)? else { return Ok(false) };
    let right = take(tx, env, user, &contact.id, Purpose::SignIn, (binding, typed))?;
    if right {
        store::contact::mark_used(tx, &contact.id)?;
    }
    Ok(right)
}

/// Takes one try of the code that went to a contact, and uses the code up if it is right.
pub(super) fn take(
    tx: &Write<'_>,
    env: &Env,
    user: &UserId,
    contact: &ContactId,
    purpose: Purpose,
    (binding, typed): (&Binding, &str),
) -> Result<bool> {
    let digits: String = typed.chars().filter(|c| !c.is_whitespace()).take(16).collect();
    let slot = Slot { user, purpose, contact, binding: &binding.0 };
    let Some(code) = store::code::take_try(tx, slot, TRIES)? else { return Ok(false) };
    if !mac(env, &code.id, &Plain::new(digits))?.matches(&code.hash) {
        return Ok(false);
    }
    store::code::spend(tx, &code.id)
}

/// The message that carries the newest code of a sign-in or session, to tell whether it goes anywhere.
pub fn message(r: &Read<'_>, user: &UserId, binding: &Binding) -> Result<Option<MessageId>> {
    Ok(store::code::message_of(r, user, &binding.0)?.map(MessageId::from_text))
}

/// The message that carries the live code that a sign-in was sent to a contact.
pub(super) fn message_to(
    r: &Read<'_>,
    contact: &Contact,
    binding: &Binding,
) -> Result<Option<MessageId>> {
    let slot = Slot {
        user: &contact.user_id,
        purpose: Purpose::SignIn,
        contact: &contact.id,
        binding: &binding.0,
    };
    Ok(store::code::message_in(r, slot)?.map(MessageId::from_text))
}

/// Who carries codes of a method.
pub fn carrier(env: &Env, method: Method) -> Option<Carrier> {
    match method {
        Method::Sms => outbox::sms_carrier(env),
        Method::Email => outbox::mail_carrier(env),
        Method::Passkey | Method::Totp | Method::Recovery => None,
    }
}
