//! The parameter `claims` (OpenID Connect Core §5.5), as far as it changes anything here: whose answer it must be, and
//! how surely they signed in. What an ID token and `/userinfo` tell of a person follows from scopes and configuration
//! alone; `auth_time` and `acr` are in every ID token. A wish for any other claim is heard and adds nothing.

use serde_json::{Map, Value};

use super::{Code, Refusal};
use crate::model::{
    session::{ACR_MFA, ACR_PASSWORD},
    trace::Rule,
};

/// A real request has some hundred bytes. Depth is bounded by the reader.
const LONGEST: usize = 4_096;

/// What a client wants of the sign-in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    /// Two factors.
    pub(super) mfa: bool,
    /// This person.
    pub(super) subject: Option<String>,
}

/// Reads the parameter, or says which rule it breaks.
pub(super) fn read(text: &str) -> Result<Wishes, Refusal> {
    let malformed = |why: &'static str| Refusal::new(Code::InvalidRequest, Rule::Claims, why);
    if text.len() > LONGEST {
        return Err(malformed("claims may have at most 4096 bytes"));
    }
    let Ok(Value::Object(request)) = serde_json::from_str(text) else {
        return Err(malformed("claims must be a JSON object"));
    };
    let empty = Map::new();
    let mut wishes = Wishes::default();
    for place in ["id_token", "userinfo"] {
        let claims = match request.get(place) {
            None | Some(Value::Null) => &empty,
            Some(Value::Object(claims)) => claims,
            Some(_) => return Err(malformed("id_token and userinfo in claims must be objects")),
        };
        for (name, wish) in claims {
            let wish = Wish::read(wish).ok_or_else(|| {
                malformed(
                    "a claim must be null or have essential, value and values of the right types",
                )
            })?;
            match name.as_str() {
                "sub" => wish.subject(&mut wishes)?,
                "acr" if place == "id_token" => wish.acr(&mut wishes)?,
                _ => {}
            }
        }
    }
    Ok(wishes)
}

/// What is wished of one claim (OpenID Connect Core §5.5.1).
struct Wish<'v> {
    essential: bool,
    /// `value`, or each of `values`; anything but text can be no value of ours.
    wanted: Vec<Option<&'v str>>,
}

impl<'v> Wish<'v> {
    fn read(wish: &'v Value) -> Option<Self> {
        let members = match wish {
            Value::Null => return Some(Self { essential: false, wanted: Vec::new() }),
            Value::Object(members) => members,
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => return None,
        };
        let essential = members.get("essential").map_or(Some(false), Value::as_bool)?;
        let several = match members.get("values") {
            None => &[][..],
            Some(Value::Array(values)) => values.as_slice(),
            Some(_) => return None,
        };
        let wanted = members.get("value").into_iter().chain(several).map(Value::as_str).collect();
        Some(Self { essential, wanted })
    }

    /// No answer for anybody else, whether essential or not (§5.5.1).
    fn subject(&self, wishes: &mut Wishes) -> Result<(), Refusal> {
        for wanted in &self.wanted {
            let one = wanted.unwrap_or_default();
            if wishes.subject.as_deref().is_some_and(|before| before != one) {
                let why = "claims ask for more than one person";
                return Err(Refusal::new(Code::InvalidRequest, Rule::Claims, why));
            }
            wishes.subject = Some(one.to_owned());
        }
        Ok(())
    }

    /// As in `acr_values`, values that nobody here knows count for nothing, unless they are essential and alone
    /// (§5.5.1.1).
    fn acr(&self, wishes: &mut Wishes) -> Result<(), Refusal> {
        let wants = |value| self.wanted.contains(&Some(value));
        let (mfa, password) = (wants(ACR_MFA), wants(ACR_PASSWORD));
        if self.essential && !self.wanted.is_empty() && !mfa && !password {
            let why = "none of the essential acr values can be reached here";
            let code = Code::UnmetAuthenticationRequirements;
            return Err(Refusal::new(code, Rule::Claims, why));
        }
        wishes.mfa = mfa && !password;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Code {
        read(text).unwrap_err().code
    }

    #[test]
    fn two_factors_and_a_person_are_heard() {
        let wishes = |text: &str| {
            let read = read(text).unwrap();
            (read.mfa, read.subject)
        };
        let mfa = r#"{"id_token":{"acr":{"essential":true,"values":["urn:mcpcodex:acr:mfa"]}}}"#;
        assert_eq!(wishes(mfa), (true, None));
        let wish = r#"{"id_token":{"acr":{"value":"urn:mcpcodex:acr:mfa"},"sub":{"value":"u_1"}}}"#;
        assert_eq!(wishes(wish), (true, Some("u_1".to_owned())));
        let userinfo =
            r#"{"userinfo":{"sub":{"value":"u_1"},"acr":{"value":"urn:mcpcodex:acr:mfa"}}}"#;
        assert_eq!(wishes(userinfo), (false, Some("u_1".to_owned())));
        let either = r#"{"id_token":{"acr":{"essential":true,
            "values":["urn:mcpcodex:acr:password","urn:mcpcodex:acr:mfa"]}}}"#;
        assert_eq!(wishes(either), (false, None));
        for idle in [
            "{}",
            r#"{"id_token":null}"#,
            r#"{"unheard":[1]}"#,
            r#"{"id_token":{"auth_time":{"essential":true},"email":null}}"#,
            r#"{"id_token":{"acr":{"value":"urn:other:gold"}}}"#,
            r#"{"id_token":{"acr":{"essential":true}}}"#,
            r#"{"userinfo":{"https://example.com/x":{"value":[1]}}}"#,
        ] {
            assert_eq!(wishes(idle), (false, None), "{idle}");
        }
    }

    #[test]
    fn essential_acr_that_nobody_here_knows_is_unmet() {
        for text in [
            r#"{"id_token":{"acr":{"essential":true,"value":"urn:other:gold"}}}"#,
            r#"{"id_token":{"acr":{"essential":true,"values":["urn:other:gold",7]}}}"#,
        ] {
            assert_eq!(code(text), Code::UnmetAuthenticationRequirements);
        }
    }

    #[test]
    fn malformed_huge_and_deep_requests_are_refused() {
        let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(2_000), "]".repeat(2_000));
        let huge = format!(r#"{{"x":"{}"}}"#, "x".repeat(5_000));
        for text in [
            "",
            "null",
            "[]",
            "{",
            "{}{}",
            "\u{0}",
            r#"{"id_token":[]}"#,
            r#"{"userinfo":"email"}"#,
            r#"{"id_token":{"email":true}}"#,
            r#"{"id_token":{"acr":{"essential":"true"}}}"#,
            r#"{"id_token":{"acr":{"values":"urn:mcpcodex:acr:mfa"}}}"#,
            r#"{"id_token":{"sub":{"values":["u_1","u_2"]}}}"#,
            r#"{"id_token":{"sub":{"value":"u_1"}},"userinfo":{"sub":{"value":"u_2"}}}"#,
            &deep,
            &huge,
        ] {
            assert_eq!(code(text), Code::InvalidRequest, "{text}");
        }
    }
}
