//! What a token's claims must say before it counts: type, issuer, audience and time (RFC 8725 §3.8 to §3.11).
//! That its signature fits was shown before; whether it was revoked is for the database to know.

use serde_json::Value;

use aws_lc_rs::digest;

use super::{
    jwt::{Header, Refusal, same_type},
    secret::b64,
};
use crate::time::Time;

/// What to demand of a token.
#[derive(Clone, Copy, Debug)]
pub struct Check<'a> {
    /// Who must have issued it: `iss`, letter by letter.
    pub issuer: &'a str,
    /// Whom it must be meant for: a value of `aud`. `None` asks nothing.
    pub audience: Option<&'a str>,
    /// Its type: `typ` of the header.
    pub typ: &'a str,
    /// The present moment.
    pub now: Time,
    /// How many seconds the issuer's clock may differ.
    pub leeway_secs: i64,
}

impl Check<'_> {
    /// Passes a token, or says the first reason why not.
    pub fn apply(&self, header: &Header, claims: &Value) -> Result<(), Refusal> {
        if !header.typ.as_deref().is_some_and(|typ| same_type(typ, self.typ)) {
            return Err(Refusal::WrongType);
        }
        if claims.get("iss").and_then(Value::as_str) != Some(self.issuer) {
            return Err(Refusal::WrongIssuer);
        }
        if self.audience.is_some_and(|wanted| !is_meant_for(claims, wanted)) {
            return Err(Refusal::WrongAudience);
        }
        let now = self.now.secs();
        let expires = moment(claims, "exp")?.ok_or(Refusal::Malformed)?;
        // RFC 7519 §4.1.4: "on or after which" it must not be accepted.
        if now >= expires.saturating_add(self.leeway_secs) {
            return Err(Refusal::Expired);
        }
        let starts = moment(claims, "nbf")?.unwrap_or(i64::MIN);
        if now.saturating_add(self.leeway_secs) < starts {
            return Err(Refusal::NotYetValid);
        }
        Ok(())
    }
}

/// The left half of a token's hash, as `at_hash` has it (OpenID Connect Core §3.1.3.6): by the hash of the algorithm
/// that signs the ID token; none for an algorithm that is not known.
pub fn left_half(algorithm: &str, token: &str) -> Option<String> {
    let hash = match algorithm {
        "RS256" | "PS256" | "ES256" => &digest::SHA256,
        "ES384" => &digest::SHA384,
        "EdDSA" => &digest::SHA512,
        _ => return None,
    };
    let whole = digest::digest(hash, token.as_bytes());
    let whole = whole.as_ref();
    whole.get(..whole.len() / 2).map(b64)
}

/// `aud` is one text or a list of texts (RFC 7519 §4.1.3).
fn is_meant_for(claims: &Value, wanted: &str) -> bool {
    match claims.get("aud") {
        Some(Value::String(only)) => only == wanted,
        Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(wanted)),
        _ => false,
    }
}

/// A time claim, if it is there; whole seconds only, as everyone writes them.
fn moment(claims: &Value, name: &str) -> Result<Option<i64>, Refusal> {
    claims.get(name).map(|value| value.as_i64().ok_or(Refusal::Malformed)).transpose()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CHECK: Check<'_> = Check {
        issuer: "https://as.example",
        audience: Some("https://mcp.example"),
        typ: "at+jwt",
        now: Time::from_secs(1000),
        leeway_secs: 5,
    };

    fn claims() -> Value {
        json!({"iss": "https://as.example", "aud": "https://mcp.example", "exp": 1100, "nbf": 900})
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[name] = value;
        claims
    }

    fn apply(claims: &Value) -> Result<(), Refusal> {
        let header = Header { typ: Some("at+jwt".to_owned()), alg: "RS256".to_owned(), kid: None };
        CHECK.apply(&header, claims)
    }

    #[test]
    fn good_token_passes() {
        assert_eq!(apply(&claims()), Ok(()));
        let listed = with("aud", json!(["https://other.example", "https://mcp.example"]));
        assert_eq!(apply(&listed), Ok(()));
    }

    #[test]
    fn wrong_type_is_refused() {
        for typ in [None, Some("JWT"), Some("id+jwt"), Some("at+jwt ")] {
            let header = Header { typ: typ.map(str::to_owned), alg: "RS256".to_owned(), kid: None };
            assert_eq!(CHECK.apply(&header, &claims()), Err(Refusal::WrongType), "{typ:?}");
        }
    }

    #[test]
    fn wrong_issuer_is_refused() {
        for iss in [
            json!("https://as.example/"),
            json!("https://AS.example"),
            json!(null),
            json!(["https://as.example"]),
        ] {
            assert_eq!(apply(&with("iss", iss.clone())), Err(Refusal::WrongIssuer), "{iss}");
        }
    }

    #[test]
    fn wrong_audience_is_refused_when_one_is_asked_for() {
        for aud in [
            json!("https://mcp.example/x"),
            json!([]),
            json!(null),
            json!([["https://mcp.example"]]),
        ] {
            let claims = with("aud", aud.clone());
            assert_eq!(apply(&claims), Err(Refusal::WrongAudience), "{aud}");
            let header =
                Header { typ: Some("at+jwt".to_owned()), alg: "RS256".to_owned(), kid: None };
            assert_eq!(Check { audience: None, ..CHECK }.apply(&header, &claims), Ok(()));
        }
    }

    #[test]
    fn time_bounds_hold_to_the_second() {
        let cases = [
            ("exp", 996, Ok(())),
            ("exp", 995, Err(Refusal::Expired)),
            ("exp", i64::MAX, Ok(())),
            ("exp", i64::MIN, Err(Refusal::Expired)),
            ("nbf", 1005, Ok(())),
            ("nbf", 1006, Err(Refusal::NotYetValid)),
            ("nbf", i64::MAX, Err(Refusal::NotYetValid)),
        ];
        for (name, value, expected) in cases {
            assert_eq!(apply(&with(name, json!(value))), expected, "{name} {value}");
        }
    }

    #[test]
    fn token_without_a_readable_end_is_malformed() {
        let mut endless = claims();
        endless.as_object_mut().unwrap().remove("exp");
        assert_eq!(apply(&endless), Err(Refusal::Malformed));
        for (name, value) in [
            ("exp", json!("1100")),
            ("exp", json!(null)),
            ("exp", json!(u64::MAX)),
            ("exp", json!(1e300)),
            ("nbf", json!("900")),
        ] {
            assert_eq!(
                apply(&with(name, value.clone())),
                Err(Refusal::Malformed),
                "{name} {value}"
            );
        }
    }
}
