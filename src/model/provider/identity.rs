//! Who somebody is, as a provider says it: its ID token (OpenID Connect Core §3.1.3.7) and what it tells besides.

use serde_json::{Map, Value};

use crate::{
    crypto::{
        claims::left_half,
        jwt::{Header, Refusal},
        secret::{Hashed, equal},
    },
    model::document::KeySet,
    time::Time,
};

/// The longest subject (Core §2).
pub const LONGEST_SUBJECT: usize = 255;
/// How far the provider's clock may be off, in seconds.
const LEEWAY: i64 = 60;
/// The longest life of an ID token that is believed, in seconds: it is used at once.
const OLDEST: i64 = 24 * 3_600;
/// The most values of one claim that are looked at.
const MOST: usize = 500;

/// What an ID token must fit.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Who issues it.
    pub issuer: &'a str,
    /// Our client there.
    pub client_id: &'a str,
    /// The nonce of the request, hashed; none: of a refresh, which needs none.
    pub nonce: Option<&'a Hashed>,
    /// The access token that came beside it.
    pub access_token: &'a str,
    /// The present moment.
    pub now: Time,
}

/// Somebody, as a provider says.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// The provider's name for them.
    pub subject: String,
    /// Its name for its session.
    pub sid: Option<String>,
    /// When they signed in there, if that was told.
    pub auth_time: Option<Time>,
    claims: Map<String, Value>,
}

impl Identity {
    /// Reads an ID token. `Err` says what is wrong with it; a refusal by its key may be mended by newer keys.
    pub fn read(token: &str, keys: &KeySet, expected: &Expected<'_>) -> Result<Self, Wrong> {
        let header = Header::read(token)?;
        // An access token (RFC 9068) or a logout token of the same issuer is none.
        if header.typ.as_deref().is_some_and(|typ| !typ.eq_ignore_ascii_case("jwt")) {
            return Err(Refusal::WrongType.into());
        }
        let Value::Object(claims) = keys.verify(token)? else {
            return Err(Refusal::Malformed.into());
        };
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if text("iss") != Some(expected.issuer) {
            return Err(Refusal::WrongIssuer.into());
        }
        audience(&claims, expected.client_id)?;
        let now = expected.now.secs();
        let ends = seconds(&claims, "exp")?.ok_or(Wrong::Claim("it has no exp"))?;
        if now >= ends.saturating_add(LEEWAY) {
            return Err(Refusal::Expired.into());
        }
        let made = seconds(&claims, "iat")?.ok_or(Wrong::Claim("it has no iat"))?;
        if made > now.saturating_add(LEEWAY) {
            return Err(Refusal::NotYetValid.into());
        }
        if made < now.saturating_sub(OLDEST) {
            return Err(Wrong::Claim("it was made more than a day ago"));
        }
        if seconds(&claims, "nbf")?.is_some_and(|from| from > now.saturating_add(LEEWAY)) {
            return Err(Refusal::NotYetValid.into());
        }
        if let Some(nonce) = expected.nonce {
            let own = text("nonce").ok_or(Wrong::Claim("it has no nonce"))?;
            if !Hashed::of(own).matches(nonce) {
                return Err(Wrong::Claim("its nonce is not that of the request"));
            }
        }
        if let Some(hash) = claims.get("at_hash") {
            let half = left_half(&header.alg, expected.access_token);
            let fits = hash
                .as_str()
                .zip(half)
                .is_some_and(|(said, half)| equal(said.as_bytes(), half.as_bytes()));
            if !fits {
                return Err(Wrong::Claim("its at_hash does not fit the access token"));
            }
        }
        let subject = text("sub").unwrap_or_default();
        let fits = (1..=LONGEST_SUBJECT).contains(&subject.len())
            && !subject.chars().any(char::is_control);
        if !fits {
            return Err(Wrong::Claim("it has no sub of 1 to 255 characters"));
        }
        Ok(Self {
            subject: subject.to_owned(),
            sid: text("sid")
                .filter(|sid| (1..=LONGEST_SUBJECT).contains(&sid.len()))
                .map(str::to_owned),
            auth_time: seconds(&claims, "auth_time")?.map(Time::from_secs),
            claims,
        })
    }

    /// Adds what the provider tells besides. What the ID token says, which is signed, stays (Core §5.3.2: the subject
    /// must be the same).
    pub fn with(mut self, told: &Map<String, Value>) -> Result<Self, Wrong> {
        if told.get("sub").and_then(Value::as_str) != Some(self.subject.as_str()) {
            return Err(Wrong::Claim("the user info is about somebody else (sub)"));
        }
        for (name, value) in told {
            if !self.claims.contains_key(name) {
                self.claims.insert(name.clone(), value.clone());
            }
        }
        Ok(self)
    }

    /// A claim that is a text with something in it.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
    }

    /// Whether it says that the e-mail address was verified. Some write the word instead of the truth.
    pub fn email_is_verified(&self) -> bool {
        match self.claims.get("email_verified") {
            Some(Value::Bool(verified)) => *verified,
            Some(Value::String(word)) => word == "true",
            _ => false,
        }
    }

    /// The values of a claim, a text or a list of them; a dot in `path` leads into an object.
    pub fn values(&self, path: &str) -> Vec<&str> {
        let found = self.claims.get(path).or_else(|| {
            let mut parts = path.split('.');
            let mut at = self.claims.get(parts.next()?)?;
            for part in parts {
                at = at.get(part)?;
            }
            Some(at)
        });
        match found {
            Some(Value::String(one)) => vec![one.as_str()],
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).take(MOST).collect(),
            _ => Vec::new(),
        }
    }
}

/// Why an identity is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Signature, form, type, issuer, audience or time.
    Token(Refusal),
    /// A claim: what is wrong with it.
    Claim(&'static str),
}

impl Wrong {
    /// Whether newer keys of the provider may mend it.
    pub fn is_about_keys(self) -> bool {
        matches!(self, Self::Token(Refusal::UnknownKey | Refusal::BadSignature))
    }
}

impl From<Refusal> for Wrong {
    fn from(refusal: Refusal) -> Self {
        Self::Token(refusal)
    }
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Token(refusal) => refusal.fmt(f),
            Self::Claim(why) => f.write_str(why),
        }
    }
}

/// `aud` must name us, and `azp`, where it is there or there are others, must be us (Core §3.1.3.7, 3 to 5).
fn audience(claims: &Map<String, Value>, own: &str) -> Result<(), Wrong> {
    let wrong = Err(Refusal::WrongAudience.into());
    let several = match claims.get("aud") {
        Some(Value::String(only)) if only == own => false,
        Some(Value::Array(all)) if all.iter().any(|one| one.as_str() == Some(own)) => all.len() > 1,
        _ => return wrong,
    };
    match claims.get("azp") {
        None if several => {
            Err(Wrong::Claim("it is for several clients and does not say for which (azp)"))
        }
        None => Ok(()),
        Some(azp) if azp.as_str() == Some(own) => Ok(()),
        Some(_) => Err(Wrong::Claim("it was made for another client (azp)")),
    }
}

fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, Wrong> {
    let whole = |value: &Value| value.as_i64().ok_or(Wrong::Token(Refusal::Malformed));
    claims.get(name).map(whole).transpose()
}
