//! One line about each parameter and claim that the demo shows.
//! What a whole step is about stands in `show`.

/// What a parameter of a request or an answer is for.
pub fn parameter(name: &str) -> &'static str {
    match name {
        "response_type" => "Asks for an authorization code, the only kind that OAuth 2.1 keeps.",
        "client_id" => "Which app is asking. This one has no secret: PKCE stands in for it.",
        "redirect_uri" => {
            "Where the answer goes; compared letter by letter with what was registered."
        }
        "scope" => {
            "What the app wants: who you are, your profile, your e-mail, and access while you are away."
        }
        "state" => "Random. Comes back with the answer and ties it to this browser.",
        "nonce" => "Random. Comes back inside the ID token and ties it to this request.",
        "code_challenge" => {
            "SHA-256 of a secret, the verifier, that the app keeps until it redeems the code."
        }
        "code_challenge_method" => "How the challenge was made; nothing weaker is accepted.",
        "code" => "Good once, for a minute, and only together with the verifier.",
        "iss" => "Which server answered, so that no other one can pass its code off (RFC 9207).",
        "error" => "Why there is no code.",
        "error_description" => "The same for the app's developer.",
        "grant_type" => "What is traded for tokens.",
        "code_verifier" => {
            "The secret behind the challenge: whoever only saw the code cannot use it."
        }
        "refresh_token" => "Spent by this request: its successor comes with the answer.",
        "token" => "The token in question.",
        "token_type_hint" => "Which kind of token it is.",
        "access_token" => "Shown to APIs with every request.",
        "token_type" => "Whoever bears it may use it.",
        "expires_in" => "Seconds until the access token ends.",
        "id_token" => "Who signed in, for the app itself.",
        _ => "",
    }
}

/// What a claim says.
pub fn claim(name: &str) -> &'static str {
    match name {
        "iss" => "Who issued it.",
        "sub" => "Whom it is about; never changes, whatever becomes of name and e-mail.",
        "aud" => "Whom it is for. Anybody else must refuse it.",
        "exp" => "When it ends.",
        "iat" => "When it was issued.",
        "auth_time" => "When the person really signed in.",
        "client_id" | "azp" => "Which app it was issued to.",
        "scope" => "What it allows.",
        "amr" => "How the person proved who they are: pwd a password, otp a code, mfa both.",
        "acr" => "How strong that was.",
        "roles" => "The person's roles.",
        "nonce" => "The one of the request: this token answers it and no other.",
        "at_hash" => "Ties the ID token to the access token beside it.",
        "sid" => "The session at the server.",
        "jti" => "The number of this token.",
        _ => "",
    }
}
