//! What the endpoints to which clients post add to the story of a code, a device or a connection, or the story of its own
//! that they begin when what came has none.

use super::{Grounds, belongs, open, refuse};
use crate::{
    crypto::secret::Hashed,
    db::{Read, Write},
    error::Result,
    model::{
        actor::Actor,
        authorization::AuthorizationCode,
        client::{AuthMethod, Client},
        device_request::DeviceRequest,
        grant::Grant,
        id::{ClientId, GrantId, TraceId, UserId},
        trace::{Kind, Rule},
    },
    ops::{
        client::Presented,
        env::Env,
        oauth::{Outcome, Refusal, refresh_token},
    },
    store,
};

/// What came to an endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Brought<'a> {
    kind: Kind,
    pairs: &'a [(String, String)],
}

impl<'a> Brought<'a> {
    /// Every parameter, and what was attempted with them.
    pub fn new(kind: Kind, pairs: &'a [(String, String)]) -> Self {
        Self { kind, pairs }
    }

    /// A parameter by which something is known again; elsewhere than at the token endpoint nothing is.
    fn secret(&self, name: &str) -> Option<&'a str> {
        let found = self.pairs.iter().find(|(own, value)| own == name && !value.is_empty());
        found.filter(|_| self.kind == Kind::Token).map(|(_, value)| value.as_str())
    }
}

/// What is known of what came.
#[derive(Default)]
struct Known {
    code: Option<AuthorizationCode>,
    device: Option<DeviceRequest>,
    grant: Option<Grant>,
    /// The connection that a refresh token of ours names, whether there is one or not.
    named: Option<GrantId>,
}

impl Known {
    fn of(r: &Read<'_>, env: &Env, came: &Brought<'_>) -> Result<Self> {
        let code = match came.secret("code") {
            Some(code) => store::authorization::code(r, &Hashed::of(code))?,
            None => None,
        };
        let device = match came.secret("device_code") {
            Some(code) => store::device_request::by_device_code(r, &Hashed::of(code))?,
            None => None,
        };
        let shown = came.secret("refresh_token");
        let read = shown.and_then(|text| refresh_token::read(&env.keys.vault, text));
        let named = read.map(|(id, _)| id);
        let grant = match &named {
            Some(id) => store::grant::by_id(r, id)?,
            None => None,
        };
        Ok(Self { code, device, grant, named })
    }

    /// Whether something came that this server gave out: who shows it is no stranger.
    fn any(&self) -> bool {
        self.code.is_some() || self.device.is_some() || self.named.is_some()
    }

    /// Whose it is, and what it became.
    fn owner(&self) -> (Option<&UserId>, Option<&GrantId>) {
        let user = self.code.as_ref().map(|code| &code.user_id);
        let user = user.or_else(|| self.device.as_ref().and_then(|device| device.user_id.as_ref()));
        let user = user.or_else(|| self.grant.as_ref().map(|grant| &grant.user_id));
        let grant = self.code.as_ref().and_then(|code| code.grant_id.as_ref());
        (user, grant.or(self.named.as_ref()))
    }

    /// Its story: the one that it has, as long as that is kept, else a new one.
    fn story(
        &self,
        tx: &Write<'_>,
        who: &Actor,
        came: &Brought<'_>,
        client: Option<&Client>,
    ) -> Result<TraceId> {
        let own = self.code.as_ref().and_then(|code| code.trace.as_ref());
        let own = own.or_else(|| self.device.as_ref().and_then(|device| device.trace.as_ref()));
        let own = own.or_else(|| self.grant.as_ref().and_then(|grant| grant.trace.as_ref()));
        if let Some(own) = own
            && store::trace::exists(tx, own)?
        {
            return Ok(own.clone());
        }
        let proved = self.any() || client.is_some_and(|client| !client.is_public());
        let id = open(tx, who, came.kind, came.pairs, proved)?;
        if self.any() {
            let (user, grant) = self.owner();
            belongs(tx, Some(&id), user, grant)?;
        }
        Ok(id)
    }
}

/// Tells why a client got no token; a refusal comes back with the name of its story.
pub fn at_token(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    client: Option<&Client>,
    came: &Brought<'_>,
    outcome: Outcome,
) -> Result<Outcome> {
    let refusal = match outcome {
        Outcome::Minted(_) | Outcome::Assertion(_) => return Ok(outcome),
        Outcome::Refused(refusal) if !refusal.rule.is_told() => {
            return Ok(Outcome::Refused(refusal));
        }
        Outcome::Refused(refusal) => refusal,
    };
    let known = Known::of(tx, env, came)?;
    let hint = explained(tx, &known, client, refusal.rule)?;
    let id = known.story(tx, who, came, client)?;
    let grounds = Grounds { client, pairs: came.pairs, hint: hint.as_deref() };
    refuse(tx, Some(&id), refusal, &grounds).map(Outcome::Refused)
}

/// What is known besides of why something is not, or no longer, good.
fn explained(
    r: &Read<'_>,
    known: &Known,
    client: Option<&Client>,
    rule: Rule,
) -> Result<Option<String>> {
    let shown_by = client.map(|client| client.id.as_str()).unwrap_or_default();
    let of_another = |owner: &ClientId| format!("it belongs to {owner}, {shown_by} showed it");
    let grant = known.grant.as_ref();
    // Some rules have something to tell.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others say all there is")]
    Ok(match rule {
        Rule::RefreshOfAnother => grant.map(|grant| of_another(&grant.client_id)),
        Rule::CodeOfAnother => known.code.as_ref().map(|code| of_another(&code.client_id)),
        Rule::DeviceOfAnother => known.device.as_ref().map(|one| of_another(&one.client_id)),
        Rule::RefreshUsed | Rule::RefreshEnded => {
            let ended = grant.and_then(|grant| grant.revoked.as_ref());
            ended.map(|(at, why)| format!("ended {at}: {why}"))
        }
        Rule::PersonShut => {
            let user = match known.owner().0 {
                Some(user) => store::user::by_id(r, user)?,
                None => None,
            };
            user.map(|user| format!("{} is {}", user.username, user.state.as_str()))
        }
        _ => None,
    })
}

/// Where a secret should have come.
fn misplaced(client: &Client) -> &'static str {
    if client.auth_method == AuthMethod::Basic {
        "the secret came in the form, and the client is registered with client_secret_basic"
    } else {
        "the secret came in the Authorization header, and the client is registered with client_secret_post"
    }
}

/// Tells of a client that did not prove who it is, under the story of what it brought if that is known.
pub fn unproved(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    shown: &Presented,
    came: &Brought<'_>,
    refusal: Refusal,
) -> Result<Refusal> {
    let known = Known::of(tx, env, came)?;
    let named = shown.readings.first().map(|(id, _)| id.as_str()).unwrap_or_default();
    let mut pairs = came.pairs.to_vec();
    if !named.is_empty() && !pairs.iter().any(|(name, _)| name == "client_id") {
        pairs.push(("client_id".to_owned(), named.to_owned()));
    }
    let id = known.story(tx, who, &Brought { pairs: &pairs, ..*came }, None)?;
    let mut found = None;
    for (id, _) in &shown.readings {
        if let Some(client) = store::client::by_id(tx, &ClientId::from_text(id.as_str()))? {
            found = Some(client);
            break;
        }
    }
    let (rule, hint) = if refusal.rule == Rule::ClientUnproved {
        why(found.as_ref(), shown)
    } else {
        (refusal.rule, None)
    };
    let grounds = Grounds { client: found.as_ref(), pairs: came.pairs, hint };
    refuse(tx, Some(&id), Refusal { rule, ..refusal }, &grounds)
}

/// Why a client is not who it says, which it is not told itself.
fn why(found: Option<&Client>, shown: &Presented) -> (Rule, Option<&'static str>) {
    let secret = shown
        .readings
        .iter()
        .any(|(_, secret)| secret.as_ref().is_some_and(|s| !s.expose().is_empty()));
    match found {
        None => (Rule::UnknownClient, None),
        Some(client) if !client.is_active() => (Rule::ClientShut, None),
        Some(client)
            if client.auth_method == AuthMethod::PrivateKeyJwt && shown.proof.is_some() =>
        {
            (Rule::ClientStatement, Some("the statement was used before"))
        }
        Some(client) if client.auth_method == AuthMethod::PrivateKeyJwt => (
            Rule::ClientUnproved,
            Some("the client proves itself by a signed statement, and none came"),
        ),
        Some(client) if client.is_public() && secret => {
            (Rule::ClientUnproved, Some("the client is public, and a secret came"))
        }
        Some(client) if secret && !client.shows_secret_by(shown.way()) => {
            (Rule::ClientUnproved, Some(misplaced(client)))
        }
        Some(_) if secret => {
            (Rule::ClientUnproved, Some("the secret that came is not the client's"))
        }
        Some(_) => (Rule::ClientUnproved, Some("the client has a secret, and none came")),
    }
}
