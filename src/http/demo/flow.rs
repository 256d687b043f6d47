//! The demo app as a client of OAuth and OpenID Connect: what any careful app does, in the same order.
//! Each step also writes down what was sent; how that is put into words is `show`.

use serde_json::Value;

use super::{
    DemoApp,
    call::{Answer, Call},
    show,
};
use crate::{
    crypto::{
        jwt::{Check, VerifyingKey, peek},
        pkce,
        secret::{self, Hashed, Plain, equal, random_token},
    },
    error::{Error, Result},
    http::{fields::Fields, view::Step},
    ops::{
        demo::{API, APP, CALLBACK, api_address},
        oauth::token::ID_TYP,
    },
};

/// Seconds that the clocks of app and server may differ.
const LEEWAY: i64 = 5;

/// A request that waits for its answer.
#[derive(Clone)]
pub struct Waiting {
    /// The secret behind the challenge.
    pub verifier: Plain,
    /// What must come back with the answer.
    pub state: String,
    /// What must come back in the ID token.
    pub nonce: String,
    /// What happened so far.
    pub steps: Vec<Step>,
}

/// A flow that ended without tokens.
#[derive(Clone)]
pub struct Refused {
    /// Why, in a sentence.
    pub why: String,
    /// What happened until then.
    pub steps: Vec<Step>,
}

/// The tokens as they are now.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// For APIs.
    pub access: Plain,
    /// The newest of its family.
    pub refresh: Option<Plain>,
    /// The one that was spent for it.
    pub spent: Option<Plain>,
}

/// A flow that went well.
#[derive(Clone)]
pub struct SignedIn {
    /// Who signed in.
    pub who: String,
    /// What happened.
    pub steps: Vec<Step>,
    /// What the app holds.
    pub tokens: Tokens,
    /// The refresh, as far as it was tried.
    pub refresh: Step,
    /// The API's question, as far as it was tried.
    pub introspect: Step,
    /// The end of the tokens, as far as it was tried.
    pub revoke: Step,
}

/// What became of an answer.
pub enum Outcome {
    /// No tokens.
    Refused(Refused),
    /// Tokens.
    SignedIn(Box<SignedIn>),
}

/// Makes a request and the address that the browser is sent to.
pub fn begin(demo: &DemoApp) -> (Waiting, String) {
    let verifier = random_token(32);
    let state = random_token(16).expose().to_owned();
    let nonce = random_token(16).expose().to_owned();
    let parameters = [
        ("response_type", "code".to_owned()),
        ("client_id", APP.to_owned()),
        ("redirect_uri", demo.address(CALLBACK)),
        ("scope", "openid profile email offline_access".to_owned()),
        ("resource", api_address(&demo.app.env)),
        ("state", state.clone()),
        ("nonce", nonce.clone()),
        ("code_challenge", pkce::challenge_s256(verifier.expose())),
        ("code_challenge_method", "S256".to_owned()),
    ];
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(&parameters);
    let url = format!("{}?{}", demo.address("/authorize"), query.finish());
    let steps = vec![show::request(&parameters, &url)];
    (Waiting { verifier, state, nonce, steps }, url)
}

/// Takes the answer to a request whose `state` was right.
pub async fn finish(demo: &DemoApp, waiting: Waiting, answer: &Fields) -> Result<Outcome> {
    let Waiting { verifier, nonce, mut steps, .. } = waiting;
    steps.push(show::answer(&demo.address(CALLBACK), answer));
    let refuse = |why: String, steps| Ok(Outcome::Refused(Refused { why, steps }));
    if answer.get("iss") != Some(demo.app.env.site.issuer.as_str()) {
        return refuse(
            "The answer does not come from the server that was asked.".to_owned(),
            steps,
        );
    }
    if let Some(error) = answer.get("error") {
        return refuse(show::denied(error), steps);
    }
    let form = vec![
        ("grant_type", "authorization_code".to_owned()),
        ("code", answer.text("code").to_owned()),
        ("redirect_uri", demo.address(CALLBACK)),
        ("client_id", APP.to_owned()),
        ("code_verifier", verifier.expose().to_owned()),
    ];
    let exchanged = Call::post("/token", form.clone()).send(demo).await?;
    steps.push(show::exchange(&form, &exchanged));
    let (Some(access), Some(id)) = (exchanged.token("access_token"), exchanged.token("id_token"))
    else {
        return refuse("The server gave no tokens for the code.".to_owned(), steps);
    };
    steps.push(show::access_token(access.expose()));
    let keys = Call::get("/.well-known/jwks.json").send(demo).await?;
    let claims = match check_id_token(demo, &keys.json, &id, &nonce, &access) {
        Ok((claims, kid)) => {
            steps.push(show::id_token(id.expose(), &claims, &kid));
            claims
        }
        Err(error) => return refuse(format!("The ID token is not good: {error}."), steps),
    };
    let info = Call::get("/userinfo").bearer(access.clone()).send(demo).await?;
    steps.push(show::user_info(&info));
    if info.text("sub").is_none() || info.json.get("sub") != claims.get("sub") {
        return refuse("The user info is about somebody else.".to_owned(), steps);
    }
    let who = info.text("preferred_username").or(info.text("sub")).unwrap_or_default().to_owned();
    let tokens = Tokens { access, refresh: exchanged.token("refresh_token"), spent: None };
    Ok(Outcome::SignedIn(Box::new(SignedIn {
        who,
        steps,
        refresh: show::refresh(&tokens, None),
        introspect: show::introspect(None),
        revoke: show::revoke(None),
        tokens,
    })))
}

/// The checks of OpenID Connect Core §3.1.3.7; gives the claims and the key that signed them.
fn check_id_token(
    demo: &DemoApp,
    keys: &Value,
    id: &Plain,
    nonce: &str,
    access: &Plain,
) -> Result<(Value, String)> {
    let refuse = |why: &str| Error::denied(why.to_owned());
    let header = peek(id.expose()).ok_or_else(|| refuse("it cannot be read"))?;
    let kid = header.kid.as_deref().ok_or_else(|| refuse("it names no key"))?;
    let known = keys.get("keys").and_then(Value::as_array).into_iter().flatten();
    let jwk = known
        .into_iter()
        .find(|jwk| jwk.get("kid").and_then(Value::as_str) == Some(kid))
        .ok_or_else(|| refuse("its key is not among those that the server publishes"))?;
    let key = VerifyingKey::from_jwk(jwk)?;
    let (header, claims) = key.verify(id.expose()).map_err(|why| refuse(&why.to_string()))?;
    let check = Check {
        issuer: &demo.app.env.site.issuer,
        audience: Some(APP),
        typ: ID_TYP,
        now: demo.app.db.now(),
        leeway_secs: LEEWAY,
    };
    check.apply(&header, &claims).map_err(|why| refuse(&why.to_string()))?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if !text("nonce").is_some_and(|own| equal(own.as_bytes(), nonce.as_bytes())) {
        return Err(refuse("its nonce is not the one of the request"));
    }
    let digest = Hashed::of(access.expose());
    let expected = digest.as_bytes().get(..16).map(secret::b64);
    if text("at_hash").is_some_and(|own| Some(own) != expected.as_deref()) {
        return Err(refuse("it belongs to another access token"));
    }
    Ok((claims, kid.to_owned()))
}

/// Trades the refresh token for its successor.
pub async fn refresh(demo: &DemoApp, signed_in: &mut SignedIn) -> Result<()> {
    let Some(current) = signed_in.tokens.refresh.clone() else { return Ok(()) };
    let answer = redeem(demo, &current).await?;
    if let Some(access) = answer.token("access_token") {
        let next = answer.token("refresh_token").unwrap_or_else(|| current.clone());
        signed_in.tokens = Tokens { access, refresh: Some(next), spent: Some(current) };
    }
    signed_in.refresh = show::refresh(&signed_in.tokens, Some(&answer));
    Ok(())
}

/// Sends the last refresh once more, as an app does whose connection broke before the answer came.
pub async fn repeat(demo: &DemoApp, signed_in: &mut SignedIn) -> Result<()> {
    let Some(spent) = signed_in.tokens.spent.clone() else { return Ok(()) };
    let answer = redeem(demo, &spent).await?;
    signed_in.refresh = show::repeated(&signed_in.tokens, &answer);
    if let Some(access) = answer.token("access_token") {
        signed_in.tokens.access = access;
    }
    Ok(())
}

async fn redeem(demo: &DemoApp, token: &Plain) -> Result<Answer> {
    let form = vec![
        ("grant_type", "refresh_token".to_owned()),
        ("refresh_token", token.expose().to_owned()),
        ("client_id", APP.to_owned()),
    ];
    Call::post("/token", form).send(demo).await
}

/// Asks about the access token, as an API would that was shown it.
pub async fn introspect(demo: &DemoApp, signed_in: &mut SignedIn) -> Result<()> {
    let token = signed_in.tokens.access.expose().to_owned();
    let call = Call::post("/introspect", vec![("token", token)]);
    let answer = call.basic(API, &demo.data.api_secret).send(demo).await?;
    signed_in.introspect = show::introspect(Some(&answer));
    Ok(())
}

/// Gives the tokens back.
pub async fn revoke(demo: &DemoApp, signed_in: &mut SignedIn) -> Result<()> {
    let tokens = &signed_in.tokens;
    let (token, hint) = match &tokens.refresh {
        Some(refresh) => (refresh, "refresh_token"),
        None => (&tokens.access, "access_token"),
    };
    let form = vec![
        ("token", token.expose().to_owned()),
        ("token_type_hint", hint.to_owned()),
        ("client_id", APP.to_owned()),
    ];
    let answer = Call::post("/revoke", form).send(demo).await?;
    signed_in.revoke = show::revoke(Some(&answer));
    Ok(())
}
