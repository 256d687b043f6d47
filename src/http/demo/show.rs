//! The steps of the flow in words: what was sent, what came back, and why it is so.
//! Numbers and buttons are added where the page is put together.

use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::{
    call::{Answer, cut, pretty},
    explain,
    flow::Tokens,
};
use crate::{
    crypto::secret::{Plain, unb64},
    http::{
        fields::Fields,
        view::{Block, Step},
    },
    time::Time,
};

type Row = (String, String, String);

fn row(name: &str, value: &str, about: &str) -> Row {
    (name.to_owned(), value.to_owned(), about.to_owned())
}

fn block(label: &str, text: &str) -> Block {
    Block { label: label.to_owned(), text: text.to_owned(), folded: false }
}

fn folded(label: &str, text: &str) -> Block {
    Block { folded: true, ..block(label, text) }
}

fn step(title: &str, explain: &str, rows: Vec<Row>, blocks: Vec<Block>) -> Step {
    let (title, explain) = (title.to_owned(), explain.to_owned());
    Step { title, explain, rows, blocks, ..Step::default() }
}

fn messages(answer: &Answer) -> Vec<Block> {
    vec![block("Sent", &answer.request), block("Answer", &answer.response)]
}

/// The authorization request.
pub fn request(parameters: &[(&str, String)], url: &str) -> Step {
    let rows = parameters.iter().map(|(name, value)| row(name, value, explain::parameter(name)));
    step(
        "The app sends you to the server",
        "The app made a random verifier, kept it, and sent your browser to /authorize with these parameters. \
         Your password and your code were typed there; the app never saw them.",
        rows.collect(),
        vec![folded("The whole address", url)],
    )
}

/// The answer, as the browser brought it.
pub fn answer(callback: &str, fields: &Fields) -> Step {
    let rows = fields.pairs().iter().map(|(name, value)| {
        let about = match name.as_str() {
            "state" => "The same as in the request, so the answer belongs to this browser.",
            name => explain::parameter(name),
        };
        row(name, &cut(value), about)
    });
    let about = if fields.get("error").is_some() {
        "In place of a code it holds the reason why there is none."
    } else {
        "It holds a code, not a token: addresses end up in histories and logs."
    };
    step(
        "The server sends you back",
        &format!("The answer came by redirect to {callback}. {about}"),
        rows.collect(),
        Vec::new(),
    )
}

/// An answer whose `state` is not that of a request from this browser.
pub fn foreign_answer(fields: &Fields) -> Step {
    let state = fields.get("state").unwrap_or("(none)");
    step(
        "An answer to another request",
        "The app compared the state with the one that it gave this browser, and stopped there. Nothing was sent to \
         the server. Without this check an attacker could sign you in as somebody else.",
        vec![row(
            "state",
            &cut(state),
            "Not the one this browser waits for, or it was answered already.",
        )],
        Vec::new(),
    )
}

/// Why there is no code, for the person.
pub fn denied(error: &str) -> String {
    match error {
        "access_denied" => "You pressed Deny, so the app was given nothing.".to_owned(),
        _ => "The server refused the request. Its reason is below.".to_owned(),
    }
}

/// The code for tokens.
pub fn exchange(form: &[(&'static str, String)], answer: &Answer) -> Step {
    let rows = form.iter().map(|(name, value)| row(name, value, explain::parameter(name)));
    step(
        "The app redeems the code",
        "From here on your browser is not involved: the app asks the server itself. Long tokens are cut here; the \
         whole ones follow.",
        rows.collect(),
        messages(answer),
    )
}

/// The access token, opened.
pub fn access_token(token: &str) -> Step {
    let (header, claims) = decode(token);
    step(
        "The access token, decoded",
        "A signed JWT (RFC 9068). The app passes it on unread; APIs check its signature, issuer, audience and time.",
        claim_rows(&claims, &["iss", "sub", "aud", "client_id", "scope", "exp", "amr"]),
        vec![
            block("Header", &header),
            block("Claims", &pretty(&claims)),
            folded("Raw token", token),
        ],
    )
}

/// The ID token, opened, after it passed.
pub fn id_token(token: &str, claims: &Value, kid: &str) -> Step {
    let (header, _) = decode(token);
    let mut rows = vec![row(
        "signature",
        "good",
        &format!("Made with the key {kid}, one of those at /.well-known/jwks.json."),
    )];
    rows.extend(claim_rows(claims, &["iss", "aud", "exp", "nonce", "at_hash", "auth_time", "acr"]));
    step(
        "The ID token, checked and decoded",
        "It tells the app who signed in. The app checked each of these before it believed the rest.",
        rows,
        vec![
            block("Header", &header),
            block("Claims", &pretty(claims)),
            folded("Raw token", token),
        ],
    )
}

/// The person, as the server describes them.
pub fn user_info(answer: &Answer) -> Step {
    step(
        "User info",
        "The same person, asked with the access token: always as they are now, while a token says how they were.",
        Vec::new(),
        messages(answer),
    )
}

/// A refresh, or the offer of one.
pub fn refresh(tokens: &Tokens, answer: Option<&Answer>) -> Step {
    let title = "Refresh";
    match (answer, &tokens.refresh, &tokens.spent) {
        (None, Some(current), _) => step(
            title,
            "When the access token ends, the app trades its refresh token for new ones. You need not be there.",
            vec![row("refresh_token", current.expose(), "What the app holds now.")],
            Vec::new(),
        ),
        (Some(answer), Some(current), Some(spent)) if answer.status.is_success() => step(
            title,
            "The old refresh token is spent, and there is one successor.",
            vec![
                row(
                    "before",
                    spent.expose(),
                    "Spent. Shown again much later, or from elsewhere, it is taken for stolen and ends them all.",
                ),
                row("now", current.expose(), "Its only successor."),
            ],
            messages(answer),
        ),
        (Some(answer), ..) => step(
            title,
            "The server refused. Once tokens are revoked, or a spent one was shown too late, none of the family works any more.",
            Vec::new(),
            messages(answer),
        ),
        (None, None, _) => step(
            title,
            "The server gave no refresh token, so there is nothing to refresh.",
            Vec::new(),
            Vec::new(),
        ),
    }
}

/// The same refresh once more.
pub fn repeated(tokens: &Tokens, answer: &Answer) -> Step {
    if !answer.status.is_success() {
        return refresh(tokens, Some(answer));
    }
    let current = tokens.refresh.as_ref().map(Plain::expose);
    let got = answer.text("refresh_token");
    let (verdict, about) = if got.is_some() && got == current {
        (
            "the same",
            "No second successor came to be: one token, however often the request is repeated.",
        )
    } else {
        ("another", "A spent token must never yield a second successor.")
    };
    let spent = tokens.spent.as_ref().map_or("", |token| token.expose());
    step(
        "Refresh, repeated",
        "As if the answer had been lost on the way: the app sent the spent token again, within the retry window.",
        vec![
            row("sent again", spent, "Spent already."),
            row("successor", got.unwrap_or_default(), "From this answer."),
            row("compared", verdict, about),
        ],
        messages(answer),
    )
}

/// What an API learns about the access token.
pub fn introspect(answer: Option<&Answer>) -> Step {
    let title = "An API asks whether the token is good";
    let Some(answer) = answer else {
        return step(
            title,
            "An API can check the signature by itself, or ask the server (RFC 7662), which also knows what was revoked \
             a moment ago.",
            Vec::new(),
            Vec::new(),
        );
    };
    let active = answer.json.get("active").and_then(Value::as_bool).unwrap_or_default();
    let (value, about) = if active {
        ("true", "The token is good at this moment.")
    } else {
        ("false", "It is not, and nobody is told why: it may be revoked, ended or made up.")
    };
    step(
        title,
        "The demo API asked with its own secret, as RFC 7662 wants it.",
        vec![row("active", value, about)],
        messages(answer),
    )
}

/// The end of the tokens, or the offer of it.
pub fn revoke(answer: Option<&Answer>) -> Step {
    let title = "Revoke";
    match answer {
        None => step(
            title,
            "An app that is disconnected gives its tokens back (RFC 7009). With the refresh token the access token ends \
             too: ask again above afterwards.",
            Vec::new(),
            Vec::new(),
        ),
        Some(answer) if answer.status == StatusCode::OK => step(
            title,
            "Done. Refresh now, or let the API ask again, to see that both tokens have ended.",
            Vec::new(),
            messages(answer),
        ),
        Some(answer) => step(title, "The server refused.", Vec::new(), messages(answer)),
    }
}

/// Header and claims of a token, unchecked.
fn decode(token: &str) -> (String, Value) {
    let part = |at: usize| {
        let bytes = token.split('.').nth(at).and_then(unb64).unwrap_or_default();
        serde_json::from_slice::<Value>(&bytes).unwrap_or_else(|_| Value::Object(Map::new()))
    };
    (pretty(&part(0)), part(1))
}

fn claim_rows(claims: &Value, names: &[&str]) -> Vec<Row> {
    let of = |name: &&str| {
        claims.get(*name).map(|value| row(name, &readable(name, value), explain::claim(name)))
    };
    names.iter().filter_map(of).collect()
}

fn readable(name: &str, value: &Value) -> String {
    match (name, value) {
        ("exp" | "iat" | "auth_time", Value::Number(secs)) => {
            secs.as_i64().map_or_else(|| secs.to_string(), |secs| Time::from_secs(secs).rfc3339())
        }
        (_, Value::String(text)) => text.clone(),
        (_, Value::Array(items)) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        }
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undecodable_token_shows_nothing_instead_of_failing() {
        for token in ["", "a", "a.b.c", "..", "e30.!!.x"] {
            assert_eq!(decode(token).1, Value::Object(Map::new()), "{token}");
        }
    }

    #[test]
    fn claims_are_shown_as_people_read_them() {
        let claims = serde_json::json!({"exp": 0, "aud": ["a", "b"], "iss": "i"});
        let rows = claim_rows(&claims, &["iss", "aud", "exp", "nonce"]);
        let values: Vec<_> = rows.iter().map(|(_, value, _)| value.as_str()).collect();
        assert_eq!(values, ["i", "a b", "1970-01-01T00:00:00Z"]);
    }
}
