//! The rules by which an attempt is refused: what each says, and what mends it.

macro_rules! rules {
    ($($name:ident = $code:literal, $says:literal, [$($told:literal),*], $fix:literal;)*) => {
        /// A rule by which an attempt was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Rule {
            $(#[doc = concat!("`", $code, "`")] $name),*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The word in the database and in JSON.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// What was wrong, in a clause for the operator.
            pub fn says(self) -> &'static str {
                match self { $(Self::$name => $says),* }
            }

            /// What mends it.
            pub fn fix(self) -> &'static str {
                match self { $(Self::$name => $fix),* }
            }

            /// The sentences with which apps are told of it.
            pub fn told(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($told),*]),* }
            }
        }
    };
}

impl Rule {
    /// Reads what [`Rule::code`] wrote.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.code() == code)
    }

    /// The rule of which an app is told with this sentence; [`Rule::Other`] when no rule has it for its own.
    pub fn of(sentence: &str) -> Self {
        Self::ALL
            .iter()
            .copied()
            .find(|rule| rule.told().contains(&sentence))
            .unwrap_or(Self::Other)
    }
}

rules! {
    UnknownClient = "client.unknown", "no client of this id is known here",
        [],
        "if the app registered itself, its registration is gone: remove the connection in the app and add it again. \
         Else: mcpcodex client create, with this redirect URI";
    ClientShut = "client.shut", "the client is switched off, or waits for an administrator",
        [],
        "mcpcodex client approve ID, if it waits, or client enable ID, if it may be used again";
    ClientUnproved = "client.unproved", "the client did not prove who it is",
        ["the client is unknown, disabled, or did not prove itself"],
        "give the app the client's secret of now (mcpcodex client secret rotate ID), or make it a public client";
    ClientPaused = "client.paused", "too many wrong secrets came for this client from this address",
        ["too many wrong secrets for this client; wait before the next try"],
        "wait, and correct the secret in the app";
    RedirectMissing = "redirect.missing", "the request names no redirect URI",
        [],
        "the app must send redirect_uri, letter by letter as it is registered";
    RedirectUnknown = "redirect.unknown", "the redirect URI is not one of the client's",
        ["redirect_uri is missing or not registered for this client"],
        "mcpcodex client edit ID --redirect-uri URI, if the address is the app's own; it is compared letter by letter, \
         only the port of an address on this computer may differ";
    Ambiguous = "request.ambiguous", "client_id or redirect_uri came twice",
        [],
        "the app must send each once";
    PushedUnknown = "request.pushed_unknown", "the pushed request is over, was used, or is another client's",
        [],
        "start again from the app: a pushed request counts for 90 seconds and once";
    Repeated = "request.repeated", "a parameter came more than once",
        ["a parameter came more than once"],
        "the app must send each parameter once; only resource may come several times";
    StateTooLong = "state.too_long", "state is longer than 2048 bytes",
        ["state may have at most 2048 bytes"],
        "the app must keep its own data and send a short state";
    NonceTooLong = "nonce.too_long", "nonce is longer than 512 bytes",
        ["nonce may have at most 512 bytes"],
        "the app must send a shorter nonce";
    ResponseType = "response_type.unsupported", "the app asks for another response than a code",
        ["only response_type=code is supported", "response_type is missing"],
        "set the app to the authorization code flow (response_type=code) with PKCE; the implicit flow is not offered";
    ResponseMode = "response_mode.unsupported", "the answer cannot travel in the way the app asks for",
        ["only response_mode=query is supported", "only response_mode=query and form_post are supported",
         "form_post goes to http or https only, with a state without control characters"],
        "leave response_mode out, or send query";
    GrantNotAllowed = "grant.not_allowed", "the client may not use this grant",
        ["this client may not use the authorization code grant", "this client may not use codes",
         "this client may not refresh", "this client may not use device codes", "this client was not given this grant",
         "a client that proves nothing may not use this grant", "this grant is for clients that an operator has entered"],
        "mcpcodex client edit ID --grant GRANT, if it is meant to";
    GrantUnknown = "grant.unknown", "the app asks for a grant type that is not spoken here",
        ["grant_type is missing", "this server does not know that grant type", "this server does not speak that grant type yet"],
        "set the app to authorization_code; what is spoken stands in the discovery document";
    RequestObject = "request.object", "the request came as a signed object, which is not taken",
        ["the request parameter is not supported", "the request_uri parameter is not supported",
         "only a request_uri of this server's own /par is supported"],
        "switch request objects off in the app, or let it push its requests to /par";
    PushRequired = "request.push_required", "this client must push its requests first",
        ["this client must push its requests to /par first (RFC 9126)"],
        "let the app use pushed authorization requests, or lift the demand: mcpcodex client edit ID";
    PkceMissing = "pkce.missing", "the request has no code_challenge",
        ["code_challenge is missing: PKCE is required (RFC 7636)"],
        "switch PKCE on in the app, or update it: every client must use it";
    PkceMethod = "pkce.method", "the challenge is not made with S256",
        ["code_challenge_method must be S256"],
        "set the app's PKCE method to S256; plain protects nothing";
    PkceMalformed = "pkce.malformed", "code_challenge is no SHA-256 in base64url",
        ["code_challenge must be the base64url of a SHA-256"],
        "a defect of the app: 43 characters without padding are expected";
    PromptMixed = "prompt.mixed", "prompt=none came with another value",
        ["prompt=none cannot be combined"],
        "the app must send none alone";
    MaxAge = "max_age.malformed", "max_age is no number of seconds",
        ["max_age must be a number of seconds"],
        "a defect of the app";
    Claims = "claims.malformed", "the claims parameter cannot be read",
        ["a claim must be null or have essential, value and values of the right types",
         "claims ask for more than one person", "claims may have at most 4096 bytes", "claims must be a JSON object",
         "id_token and userinfo in claims must be objects", "none of the essential acr values can be reached here"],
        "leave claims out of the app's request, or correct it";
    IdTokenHint = "id_token_hint.foreign", "id_token_hint is not an ID token that this client got here",
        ["id_token_hint is not an ID token that this server gave to this client",
         "id_token_hint and claims ask for different people"],
        "the app holds an ID token of another server or client: sign out in the app and in again";
    DpopKey = "dpop.key", "the key that the code is to be bound to is not the one that was proved",
        ["dpop_jkt must be the base64url of a SHA-256", "dpop_jkt is not the key of the DPoP proof"],
        "a defect of the app's DPoP";
    DpopProof = "dpop.proof", "the key that tokens are bound to was not proved, or not in the right way",
        ["the token is bound to another key", "the token is bound to a key, which must be proved (DPoP)",
         "the code is bound to a key that was not proved (dpop_jkt)",
         "this client must prove a key with each request (DPoP)", "the DPoP proof was used before",
         "the DPoP proof was made for another method", "the DPoP proof was made for another address",
         "the DPoP proof is too old, or made in the future: check the clock",
         "the DPoP header came more than once"],
        "a defect of the app's DPoP, or a clock that is wrong; an app that has lost its key must be connected anew";
    ResourceUnknown = "resource.unknown", "the app asks for a resource that is not registered here, or not for it",
        ["this resource is not registered here, or not for this client",
         "the resource of this grant is no longer registered"],
        "mcpcodex resource add URI, with the address that people give their app, or as an alias of one that is there";
    ResourceMalformed = "resource.malformed", "the resource is no absolute URI",
        ["a resource must be an absolute URI without a fragment", "too many resources in one request"],
        "the address of the MCP server in the app, or in its resource metadata, is not a full URL";
    ResourceNotGranted = "resource.not_granted", "the token is asked for a resource that was not part of the authorization",
        ["this resource was not granted"],
        "the app must name the resource when it sends the browser here: connect it anew";
    ScopeOfClient = "scope.client", "none of the scopes can be had by this client",
        ["none of the scopes can be had by this client", "none of the scopes can be had by a client in its own name"],
        "mcpcodex client edit ID --scope SCOPE, or add the scope to the resource: mcpcodex resource edit URI";
    ScopeOfPerson = "scope.person", "none of the scopes can be had by this person",
        ["none of the scopes can be had by this person", "none of the scopes can be had any more",
         "nothing of what this device asks for can be had by you"],
        "the person lacks a role: mcpcodex user edit NAME --role ROLE";
    ScopeWider = "scope.wider", "a refresh asks for more scopes than were granted",
        ["more scopes than were granted"],
        "the app must send the browser to /authorize for more; a refresh may only narrow";
    FactorsOff = "mfa.off", "the app wants a second factor, and second factors are switched off",
        ["second factors are switched off here"],
        "authentication.mfa.enabled: true, or leave acr_values out in the app";
    LoginRequired = "login.required", "nobody fitting is signed in, and the app allowed no page",
        ["nobody fitting is signed in"],
        "the app must try again without prompt=none";
    ConsentRequired = "consent.required", "the person must be asked, and the app allowed no page",
        ["the person must be asked first"],
        "the app must try again without prompt=none";
    SaidNo = "consent.denied", "the person said no",
        ["the person said no"],
        "nothing to mend; connect again to be asked again";
    Left = "request.left", "the client was switched off or changed while the person was reading",
        [],
        "start again from the app";
    CodeUnknown = "code.unknown", "the code was not given out here, or so long ago that it is forgotten",
        ["code is missing"],
        "start again from the app; if it happens each time, the app mixes up two servers";
    CodeUsed = "code.used", "the code was used a second time, so what it gave was taken back",
        [],
        "start again from the app; if it happens each time, the app or a proxy repeats requests to /token";
    CodeExpired = "code.expired", "more than a minute passed between code and exchange",
        ["the code has expired"],
        "start again from the app; if it happens each time, look at the clock and at what delays the app's request";
    CodeOfAnother = "code.client", "the code was given to another client",
        ["the code was given to another client"],
        "the app uses two client ids: give it one";
    RedirectChanged = "redirect.changed", "the exchange names another redirect URI than the authorization request",
        ["redirect_uri is not that of the authorization request"],
        "a defect of the app: both must be the same to the letter, port included";
    Verifier = "pkce.verifier", "code_verifier does not fit the challenge of the request",
        ["code_verifier does not fit the code_challenge"],
        "start again from the app; several windows at once may have mixed up their requests";
    SignInOver = "session.over", "the sign-in behind the code ended before the exchange",
        ["the sign-in behind the code is over", "the sign-in that allowed this device is over"],
        "sign in again; mcpcodex audit show USER says what ended it";
    RefreshUnknown = "refresh.unknown", "the refresh token was not given out here, or its connection is forgotten",
        ["refresh_token is missing"],
        "connect the app anew; if it was restored from a backup, so must be the master key";
    RefreshUsed = "refresh.replayed", "a refresh token came a second time, so its family was ended",
        [],
        "connect the app anew. If two copies of the app share one login, give each its own, or raise \
         authentication.tokens.refresh_token.retry_window";
    RefreshExpired = "refresh.expired", "the refresh token was not used in time",
        ["the refresh token has expired"],
        "connect the app anew; authentication.tokens.refresh_token says how long they live";
    RefreshEnded = "refresh.ended", "the connection was ended before",
        [],
        "connect the app anew; the timeline below says who ended it";
    RefreshOfAnother = "refresh.client", "the refresh token was given to another client",
        [],
        "the app was registered anew and kept its old tokens: remove the connection in the app and add it again";
    PersonShut = "person.shut", "the person is locked, disabled or gone",
        [],
        "mcpcodex user unlock NAME, if they may come back";
    DeviceUnknown = "device.unknown", "the device code is not, or no longer, good",
        ["the device code is not, or no longer, good", "device_code is missing", "the person did not answer in time"],
        "start again on the device";
    Document = "client.document", "the app's own document at its URL cannot be had or cannot be taken",
        [],
        "what is wrong stands beside it: mend the document, or let this server reach it; \
         authentication.clients says which sites' apps are taken";
    Registration = "registration.refused", "the app's registration says something that cannot be",
        [],
        "a defect of the app: the sentence names what is wrong. It can be entered by hand: mcpcodex client create";
    Other = "other", "refused",
        [],
        "the sentence above is what the app was told";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_rule_has_a_code_of_its_own_a_clause_and_something_that_mends_it() {
        let mut codes = HashSet::new();
        let mut told = HashSet::new();
        for rule in Rule::ALL.iter().copied() {
            assert!(codes.insert(rule.code()), "{rule:?}");
            assert_eq!(Rule::parse(rule.code()), Some(rule));
            assert!(!rule.says().ends_with('.') && !rule.fix().is_empty(), "{rule:?}");
            for sentence in rule.told() {
                assert!(told.insert(*sentence), "two rules say: {sentence}");
                assert_eq!(Rule::of(sentence), rule);
            }
        }
        assert_eq!(Rule::of("never said"), Rule::Other);
    }
}
