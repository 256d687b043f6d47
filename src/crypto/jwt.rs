//! The outside of a JSON Web Token: its three parts, its header, and why it may be refused.
//! Keys and signatures are in `keys` and `session`, what the claims must say in `claims`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::IgnoredAny};
use serde_json::Value;

use super::secret::{b64, unb64};
use crate::error::{Error, Result};

pub use super::{
    claims::Check,
    keys::{Algorithm, SigningKey, VerifyingKey},
    session::SessionSigner,
};

/// The longest token that is looked at. What is longer costs one comparison of lengths.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Why a token is not acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not a token, or lacks what a token must have.
    Malformed,
    /// It is longer than [`MAX_TOKEN_BYTES`].
    TooLarge,
    /// It names a key that is not ours.
    UnknownKey,
    /// Its signature does not fit.
    BadSignature,
    /// It names another algorithm than its key's.
    WrongAlgorithm,
    /// It is a token for something else.
    WrongType,
    /// Somebody else issued it.
    WrongIssuer,
    /// It is meant for somebody else.
    WrongAudience,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// Its header demands what we do not do, or brings a key along.
    Critical,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "this is not a well-formed signed token",
            Self::TooLarge => "the token is longer than 16 KiB",
            Self::UnknownKey => "the token was signed with a key that this server does not know",
            Self::BadSignature => "the token's signature does not fit its contents and key",
            Self::WrongAlgorithm => "the token names an algorithm that its key is not for",
            Self::WrongType => "this is a token of another type",
            Self::WrongIssuer => "the token was issued by somebody else",
            Self::WrongAudience => "the token is meant for another audience",
            Self::Expired => "the token has expired",
            Self::NotYetValid => "the token is not valid yet",
            Self::Critical => {
                "the token's header brings its own key or demands an extension; neither is honoured"
            }
        })
    }
}

impl std::error::Error for Refusal {}

/// What a token's header says; nothing of it is true before its signature was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The type of token, such as `at+jwt`.
    pub typ: Option<String>,
    /// The algorithm it claims. Never a choice: it must be the one of the key.
    pub alg: String,
    /// The key it names: a word to look up, never a path or an address.
    pub kid: Option<String>,
}

impl Header {
    /// Reads the header of a token without believing it.
    pub fn read(token: &str) -> Result<Self, Refusal> {
        Parts::of(token).map(|parts| parts.header)
    }
}

/// Reads the header of a token without believing it; `None` for anything that will be refused anyway.
pub fn peek(token: &str) -> Option<Header> {
    Header::read(token).ok()
}

/// A claim that is a text, without believing it: only to look for the key that may prove it.
pub fn unproven(token: &str, claim: &str) -> Option<String> {
    let claims = Parts::of(token).ok()?.claims().ok()?;
    claims.get(claim)?.as_str().map(str::to_owned)
}

/// A token taken apart.
pub(super) struct Parts<'t> {
    pub(super) header: Header,
    /// What the signature covers.
    pub(super) signed: &'t str,
    pub(super) signature: Vec<u8>,
    payload: &'t str,
}

impl<'t> Parts<'t> {
    /// Takes a token apart and reads its header; its payload stays closed until it is verified.
    pub(super) fn of(token: &'t str) -> Result<Self, Refusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Refusal::TooLarge);
        }
        // Split at the two outer dots only: 10,000 dots make no list of 10,000 parts.
        let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Refusal::Malformed)?;
        if payload.contains('.') {
            return Err(Refusal::Malformed);
        }
        let raw: RawHeader = json(header)?;
        if raw.demands() {
            return Err(Refusal::Critical);
        }
        let signature = unb64(signature).ok_or(Refusal::Malformed)?;
        let header = Header { typ: raw.typ, alg: raw.alg, kid: raw.kid };
        Ok(Self { header, signed, signature, payload })
    }

    /// The claims. Call it once the signature was verified.
    pub(super) fn claims(&self) -> Result<Value, Refusal> {
        json(self.payload).and_then(|claims: Value| {
            if claims.is_object() { Ok(claims) } else { Err(Refusal::Malformed) }
        })
    }
}

/// Writes header and claims as the text that is to be signed.
pub(super) fn unsigned(
    typ: &str,
    alg: &str,
    kid: Option<&str>,
    claims: &impl Serialize,
) -> Result<String> {
    #[derive(Serialize)]
    struct Written<'a> {
        typ: &'a str,
        alg: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        kid: Option<&'a str>,
    }
    let fault = |source| Error::internal("a token could not be written").with_source(source);
    let header = serde_json::to_vec(&Written { typ, alg, kid }).map_err(fault)?;
    let claims = serde_json::to_vec(claims).map_err(fault)?;
    Ok(format!("{}.{}", b64(&header), b64(&claims)))
}

/// Adds the signature; refuses to make a token that nobody here would accept.
pub(super) fn signed(mut text: String, signature: &[u8]) -> Result<String> {
    text.push('.');
    text.push_str(&b64(signature));
    if text.len() > MAX_TOKEN_BYTES {
        return Err(Error::internal("a token came out longer than 16 KiB"));
    }
    Ok(text)
}

/// Whether two types are the same one: case and a leading `application/` do not count (RFC 7515 §4.1.9).
pub(super) fn same_type(one: &str, other: &str) -> bool {
    let bare = |typ: &str| {
        let lower = typ.to_ascii_lowercase();
        lower.strip_prefix("application/").map(str::to_owned).unwrap_or(lower)
    };
    bare(one) == bare(other)
}

/// Reads base64url of JSON. The depth is bounded by `serde_json` (128), the size by the token's.
fn json<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, Refusal> {
    let bytes = unb64(part).ok_or(Refusal::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| Refusal::Malformed)
}

/// The header as it came. A member that comes twice is refused by the reader, so that no two
/// readers can take two different values from it.
#[derive(Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "one for each member that must not be there")]
struct RawHeader {
    #[serde(default)]
    typ: Option<String>,
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
    #[serde(default, deserialize_with = "present")]
    b64: bool,
    #[serde(default, deserialize_with = "present")]
    zip: bool,
    #[serde(default, deserialize_with = "present")]
    jwk: bool,
    #[serde(default, deserialize_with = "present")]
    jku: bool,
    #[serde(default, deserialize_with = "present")]
    x5u: bool,
    #[serde(default, deserialize_with = "present")]
    x5c: bool,
}

impl RawHeader {
    fn demands(&self) -> bool {
        self.crit || self.b64 || self.zip || self.jwk || self.jku || self.x5u || self.x5c
    }
}

fn present<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(value).map(|_| true)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn token(header: &str) -> String {
        format!("{}.{}.AA", b64(header.as_bytes()), b64(b"{}"))
    }

    #[test]
    fn peek_reads_type_algorithm_and_key() {
        let header = peek(&token(r#"{"typ":"at+jwt","alg":"RS256","kid":"k1","x":[1]}"#)).unwrap();
        assert_eq!(header.typ.as_deref(), Some("at+jwt"));
        assert_eq!(header.alg, "RS256");
        assert_eq!(header.kid.as_deref(), Some("k1"));
    }

    #[test]
    fn header_that_demands_or_brings_a_key_is_refused() {
        for member in [
            r#""crit":["exp"]"#,
            r#""crit":[]"#,
            r#""crit":null"#,
            r#""b64":false"#,
            r#""zip":"DEF""#,
            r#""jwk":{"kty":"RSA"}"#,
            r#""jku":"https://evil.example/jwks""#,
            r#""x5u":"https://evil.example/cert""#,
            r#""x5c":["MIIB"]"#,
        ] {
            let token = token(&format!(r#"{{"alg":"RS256",{member}}}"#));
            assert_eq!(Header::read(&token), Err(Refusal::Critical), "{member}");
        }
    }

    #[test]
    fn malformed_tokens_are_refused() {
        let good = token(r#"{"alg":"RS256"}"#);
        assert!(peek(&good).is_some());
        let (head, _) = good.split_once('.').unwrap();
        for wrong in [
            String::new(),
            "..".to_owned(),
            ".".to_owned(),
            "a.b.c".to_owned(),
            format!("{head}.e30"),
            format!("{head}.e30.AA.AA"),
            format!("{head}.e30.AA.AA.AA"),
            format!("{head}=.e30.AA"),
            format!("{head}.e30.AA="),
            format!("{head}.e30.A A"),
            format!(" {good}"),
            format!("{good}\n"),
            token(r#"{"alg":null}"#),
            token(r#"{"typ":"JWT"}"#),
            token(r#"{"alg":["RS256"]}"#),
            token(r#"{"alg":"RS256","kid":7}"#),
            token(r#"{"alg":"RS256","alg":"none"}"#),
            token(r#"["RS256"]"#),
            token(r#"{"alg":"RS256"} x"#),
        ] {
            assert_eq!(Header::read(&wrong), Err(Refusal::Malformed), "{wrong}");
        }
    }

    #[test]
    fn hostile_sizes_cost_nothing() {
        let deep = |name: &str, n: usize| {
            format!(r#"{{"alg":"RS256","{name}":{}{}}}"#, "[".repeat(n), "]".repeat(n))
        };
        let cases = [
            ("x".repeat(1 << 20), Some(Refusal::TooLarge)),
            (".".repeat(100_000), Some(Refusal::TooLarge)),
            (".".repeat(MAX_TOKEN_BYTES), Some(Refusal::Malformed)),
            (token(&deep("kid", 10_000)), Some(Refusal::TooLarge)),
            (token(&deep("kid", 5_000)), Some(Refusal::Malformed)),
            (token(&deep("unknown", 5_000)), None),
            (
                token(&format!(r#"{{"alg":"RS256","kid":"{}"}}"#, "k".repeat(1 << 20))),
                Some(Refusal::TooLarge),
            ),
        ];
        for (token, refusal) in cases {
            // The best of five: a busy machine may take the processor away, but not each time.
            let best = (0..5).map(|_| {
                let began = Instant::now();
                assert_eq!(Header::read(&token).err(), refusal);
                began.elapsed()
            });
            assert!(best.min() < Some(Duration::from_millis(10)));
        }
    }

    #[test]
    fn longest_token_is_still_read() {
        let head = b64(br#"{"alg":"RS256"}"#);
        let fill = |n: usize| format!("{head}.{}.AA", "A".repeat(n - head.len() - 4));
        assert!(peek(&fill(MAX_TOKEN_BYTES)).is_some());
        assert_eq!(Header::read(&fill(MAX_TOKEN_BYTES + 1)), Err(Refusal::TooLarge));
    }

    #[test]
    fn claims_must_be_an_object() {
        let head = b64(br#"{"alg":"RS256"}"#);
        let claims = |payload: &str| {
            let token = format!("{head}.{}.AA", b64(payload.as_bytes()));
            Parts::of(&token).and_then(|parts| parts.claims())
        };
        assert_eq!(claims("{}"), Ok(serde_json::json!({})));
        let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(200), "]".repeat(200));
        for wrong in ["", "[]", "1", "null", "\"{}\"", "{}{}", &deep] {
            assert_eq!(claims(wrong), Err(Refusal::Malformed), "{wrong}");
        }
    }

    #[test]
    fn token_too_long_for_us_is_not_made() {
        assert!(signed("x".repeat(MAX_TOKEN_BYTES - 3), &[0]).is_ok());
        assert!(signed("x".repeat(MAX_TOKEN_BYTES - 2), &[0]).is_err());
    }

    #[test]
    fn types_differ_by_more_than_case_and_prefix() {
        assert!(same_type("at+jwt", "AT+JWT"));
        assert!(same_type("at+jwt", "application/at+jwt"));
        assert!(!same_type("at+jwt", "jwt"));
        assert!(!same_type("at+jwt", ""));
    }
}
