//! The rules by which an attempt is refused: what each says, and what mends it.

macro_rules! rules {
    ($($name:ident = $code:literal, $says:literal, $fix:literal;)*) => {
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
        }
    };
}

impl Rule {
    /// Those that are not told in a story: nothing was refused for good, nobody attempted to get a token, or the log tells
    /// more.
    pub const UNTOLD: [Self; 5] =
        [Self::Again, Self::AccessToken, Self::Fault, Self::Busy, Self::Other];

    /// Whether a refusal by it is told in a story.
    pub fn is_told(self) -> bool {
        !Self::UNTOLD.contains(&self)
    }

    /// Reads what [`Rule::code`] wrote.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.code() == code)
    }
}

rules! {
    UnknownClient = "client.unknown", "no client of this id is known here",
        "if the app registered itself, its registration is gone: remove the connection in the app and add it again. \
         Else: mcpcodex client create, with this redirect URI";
    ClientShut = "client.shut", "the client is switched off, or waits for an administrator",
        "mcpcodex client approve ID, if it waits, or client enable ID, if it may be used again";
    ClientUnproved = "client.unproved", "the client did not prove who it is",
        "give the app the client's secret of now (mcpcodex client secret rotate ID), or make it a public client";
    ClientStatement = "client.statement", "the client's signed statement about itself proves nothing",
        "what is wrong stands beside it: the statement is signed with another key, is too old, was used before or is for \
         another server; see the app's clock, its keys and the issuer that it is set to";
    ClientPaused = "client.paused", "too many wrong secrets came for this client from this address",
        "wait, and correct the secret in the app";
    RedirectMissing = "redirect.missing", "the request names no redirect URI",
        "the app must send redirect_uri, letter by letter as it is registered";
    RedirectUnknown = "redirect.unknown", "the redirect URI is not one of the client's",
        "mcpcodex client edit ID --redirect-uri URI, if the address is the app's own; it is compared letter by letter, \
         only the port of an address on this computer may differ";
    Ambiguous = "request.ambiguous", "client_id or redirect_uri came twice",
        "the app must send each once";
    Malformed = "request.malformed", "the request has not the form that this endpoint takes",
        "a defect of the app: the sentence names what is wrong";
    Missing = "request.missing", "a parameter that this grant needs is missing",
        "a defect of the app: the sentence names the parameter";
    TooLong = "request.too_long", "the pushed request is longer than 20480 bytes",
        "the app must send less: a shorter state, no ID token as a hint";
    PushedUnknown = "request.pushed_unknown", "the pushed request is over, was used, or is another client's",
        "start again from the app: a pushed request counts for 90 seconds and once";
    Repeated = "request.repeated", "a parameter came more than once",
        "the app must send each parameter once; only resource may come several times";
    StateTooLong = "state.too_long", "state is longer than 2048 bytes",
        "the app must keep its own data and send a short state";
    NonceTooLong = "nonce.too_long", "nonce is longer than 512 bytes",
        "the app must send a shorter nonce";
    ResponseType = "response_type.unsupported", "the app asks for another response than a code",
        "set the app to the authorization code flow (response_type=code) with PKCE; the implicit flow is not offered";
    ResponseMode = "response_mode.unsupported", "the answer cannot travel in the way the app asks for",
        "leave response_mode out, or send query";
    GrantNotAllowed = "grant.not_allowed", "the client may not use this grant",
        "mcpcodex client edit ID --grant GRANT, if it is meant to";
    GrantOfPublic = "grant.public", "a client without a secret asks for a grant that takes one",
        "make it a client with a secret or keys: mcpcodex client create; a public one cannot prove that it is itself";
    GrantOfNewcomer = "grant.newcomer", "the grant is for clients that an operator has entered, and this one came by itself",
        "enter the app by hand: mcpcodex client create --grant GRANT";
    GrantUnknown = "grant.unknown", "the app asks for a grant type that is not spoken here",
        "set the app to authorization_code; what is spoken stands in the discovery document";
    RequestObject = "request.object", "the request came as a signed object, which is not taken",
        "switch request objects off in the app, or let it push its requests to /par";
    PushRequired = "request.push_required", "this client must push its requests first",
        "let the app use pushed authorization requests, or lift the demand: mcpcodex client edit ID --par-required false";
    PkceMissing = "pkce.missing", "the request has no code_challenge",
        "switch PKCE on in the app, or update it: every client must use it";
    PkceMethod = "pkce.method", "the challenge is not made with S256",
        "set the app's PKCE method to S256; plain protects nothing";
    PkceMalformed = "pkce.malformed", "code_challenge is no SHA-256 in base64url",
        "a defect of the app: 43 characters without padding are expected";
    PromptMixed = "prompt.mixed", "prompt=none came with another value",
        "the app must send none alone";
    MaxAge = "max_age.malformed", "max_age is no number of seconds",
        "a defect of the app";
    Claims = "claims.malformed", "the claims parameter cannot be read",
        "leave claims out of the app's request, or correct it";
    IdTokenHint = "id_token_hint.foreign", "id_token_hint is not an ID token that this client got here",
        "the app holds an ID token of another server or client: sign out in the app and in again";
    DpopKey = "dpop.key", "the key that the request names is no key, or not the one that was proved",
        "a defect of the app's DPoP";
    DpopProof = "dpop.proof", "the proof of a key is not right, or was used before",
        "a defect of the app's DPoP: the sentence names what is wrong";
    DpopMissing = "dpop.missing", "the client must prove a key with each request, and no proof came",
        "switch DPoP on in the app, or lift the demand: mcpcodex client edit ID --dpop-bound false";
    DpopAddress = "dpop.address", "the proof of the key was made for another address",
        "app and server disagree about where the server is: server.public_url must be the address that the app uses";
    DpopClock = "dpop.clock", "the proof of the key is too old, or made in the future",
        "set the clock of the app's computer, or of this one";
    DpopBound = "dpop.bound", "what came is bound to a key that was not proved",
        "the app must prove the key with which it began; one that has lost its key must be connected anew";
    ResourceUnknown = "resource.unknown", "the app asks for a resource that is not registered here, or not for it",
        "mcpcodex resource add URI, with the address that people give their app, or as an alias of one that is there";
    ResourceMalformed = "resource.malformed", "the resource is no absolute URI",
        "the address of the MCP server in the app, or in its resource metadata, is not a full URL";
    ResourceMany = "resource.many", "the request names more resources than one request may",
        "the app must ask for fewer at once, a token for each";
    ResourceNotGranted = "resource.not_granted", "the token is asked for a resource that was not part of the authorization",
        "the app must name the resource when it sends the browser here: connect it anew";
    ResourceGone = "resource.gone", "the resource was removed, or registered anew, after it was allowed",
        "mcpcodex resource list shows what there is; then connect the app anew";
    ResourceOfPerson = "resource.person", "the resource takes a role that the person does not have",
        "mcpcodex user edit NAME --role ROLE, or let more roles use it: mcpcodex resource edit URI --role ROLE";
    ResourceOfClient = "resource.client", "the resource takes a role, and a client in its own name has none",
        "if the client may use it by itself: mcpcodex client edit ID --resource URI";
    ScopeOfClient = "scope.client", "none of the scopes can be had by this client",
        "mcpcodex client edit ID --scope SCOPE, or add the scope to the resource: mcpcodex resource edit URI";
    ScopeOfOwnName = "scope.own_name", "none of the scopes can be had by a client in its own name",
        "mcpcodex client edit ID --scope SCOPE; scopes about a person are never given to a client alone";
    ScopeOfPerson = "scope.person", "none of the scopes can be had by this person",
        "the person lacks a role: mcpcodex user edit NAME --role ROLE";
    ScopeWider = "scope.wider", "a refresh asks for more scopes than were granted",
        "the app must send the browser to /authorize for more; a refresh may only narrow";
    FactorsOff = "mfa.off", "the app wants a second factor, and second factors are switched off",
        "authentication.mfa.enabled: true, or leave acr_values out in the app";
    FactorNeeded = "mfa.needed", "a sensitive scope takes a second factor proved just now, and the app allowed no page",
        "the app must try again without prompt=none";
    LoginRequired = "login.required", "nobody is signed in as the app wants it, and the app allowed no page",
        "the app must try again without prompt=none";
    AnotherPerson = "login.another", "another person signed in than the one the app asks for",
        "sign in as the person that the app expects, or disconnect the app's account and connect it anew";
    ConsentRequired = "consent.required", "the person must be asked, and the app allowed no page",
        "the app must try again without prompt=none";
    SaidNo = "consent.denied", "the person said no",
        "nothing to mend; connect again to be asked again";
    Left = "request.left", "the client was switched off or changed while the person was reading",
        "start again from the app";
    RequestGone = "request.gone", "no such request waits in this browser: it was answered before, is over, or began elsewhere",
        "start again from the app, in one window, and answer within half an hour";
    NotShown = "consent.not_shown", "the answer came from a page that this session was not shown",
        "start again from the app, in one window; the person may have signed in as somebody else in between";
    CodeUnknown = "code.unknown", "the code was not given out here, or so long ago that it is forgotten",
        "start again from the app; if it happens each time, the app mixes up two servers";
    CodeUsed = "code.used", "the code was used a second time, so what it gave was taken back",
        "start again from the app; if it happens each time, the app or a proxy repeats requests to /token";
    CodeExpired = "code.expired", "more than a minute passed between code and exchange",
        "start again from the app; if it happens each time, look at the clock and at what delays the app's request";
    CodeOfAnother = "code.client", "the code was given to another client",
        "the app uses two client ids: give it one";
    RedirectChanged = "redirect.changed", "the exchange names another redirect URI than the authorization request",
        "a defect of the app: both must be the same to the letter, port included";
    Verifier = "pkce.verifier", "code_verifier does not fit the challenge of the request",
        "start again from the app; several windows at once may have mixed up their requests";
    SignInOver = "session.over", "the sign-in behind the code ended before the exchange",
        "sign in again; mcpcodex audit show USER says what ended it";
    RefreshUnknown = "refresh.unknown", "the refresh token was not given out by this server",
        "connect the app anew; if the server was restored from a backup, so must be its master key";
    RefreshForgotten = "refresh.forgotten", "the connection of the refresh token is not, or no longer, in the database",
        "connect the app anew; person or client were deleted, or the database is a copy from before the connection";
    RefreshAhead = "refresh.ahead", "the refresh token is newer than its connection here: the database is an older copy",
        "connect the app anew; a restored database has forgotten what was given after the copy was made";
    RefreshUsed = "refresh.replayed", "a refresh token came a second time, so its family was ended",
        "connect the app anew. If two copies of the app share one login, give each its own, or raise \
         authentication.tokens.refresh_token.retry_window";
    RefreshExpired = "refresh.expired", "the refresh token was not used in time",
        "connect the app anew; authentication.tokens.refresh_token says how long they live";
    RefreshEnded = "refresh.ended", "the connection was ended before",
        "connect the app anew; the timeline below says who ended it";
    RefreshOfAnother = "refresh.client", "the refresh token was given to another client",
        "the app was registered anew and kept its old tokens: remove the connection in the app and add it again";
    PersonShut = "person.shut", "the person is locked, disabled or gone",
        "mcpcodex user unlock NAME, if they may come back";
    DeviceUnknown = "device.unknown", "the device code was not given out here, or so long ago that it is forgotten",
        "start again on the device";
    DeviceExpired = "device.expired", "the person did not answer within the time that a device waits",
        "start again on the device";
    DeviceUsed = "device.used", "the device has its tokens already, and its code came once more",
        "a defect of the app: it must stop asking once it has tokens";
    DeviceOfAnother = "device.client", "the device code was given to another client",
        "the app uses two client ids: give it one";
    DeviceMany = "device.many", "too many devices wait for a person already",
        "wait until some have been answered or have given up; if nobody here uses devices, somebody is asking in their name";
    ExchangeForm = "exchange.form", "the exchange asks for, or brings, a type of token that is not exchanged here",
        "a defect of the client: the sentence names what is taken";
    ExchangeToken = "exchange.token", "a token that was to be exchanged is not, or no longer, good, or speaks for nobody",
        "the client must exchange the access token that it was just called with, before that ends";
    ExchangeTarget = "exchange.target", "an exchange is for one resource, and none or several were named",
        "the client must name one resource";
    ExchangeNotAllowed = "exchange.not_allowed", "nobody has allowed this client to exchange tokens of that resource for that one",
        "mcpcodex client exchange allow, if it is meant to";
    ExchangeActor = "exchange.actor", "the token of whoever acts is not one that this client may show",
        "the client must show a token of its own, got by client_credentials, or none";
    ExchangeChain = "exchange.chain", "the token went through too many hands already",
        "let one server fewer pass it on";
    ExchangeScope = "exchange.scope", "none of the scopes follow from those of the token that was shown",
        "see what may be passed on: mcpcodex client exchange list";
    AssertionIssuer = "assertion.issuer", "the issuer of the assertion is not trusted here",
        "mcpcodex issuer add ISSUER, letter by letter as it stands in the assertion, if it may be";
    AssertionKeys = "assertion.keys", "the keys of the assertion's issuer cannot be had",
        "see that this server reaches their address, or give them by hand: mcpcodex issuer add ISSUER --jwks FILE";
    AssertionToken = "assertion.token", "the assertion itself is not right",
        "what is wrong stands beside it: it was made for another server, is too old, or signed with another key";
    AssertionUsed = "assertion.used", "the assertion was used before",
        "the client must get a new assertion for each token";
    AssertionClient = "assertion.client", "the assertion was given to another client",
        "the id that the other server knows this client by must be the client's id here";
    AssertionPerson = "assertion.person", "the subject of the assertion is nobody who may sign in here",
        "mcpcodex issuer link says who it is; or trust its e-mail addresses: mcpcodex issuer add ISSUER --by-email";
    AssertionFactor = "assertion.factor", "the person must use a second factor, and the assertion names none",
        "let the issuer ask for a second factor and say so in amr";
    AssertionTarget = "assertion.target", "the assertion was made for another resource than is asked for",
        "the client must ask for the resource that the assertion names";
    AssertionScope = "assertion.scope", "none of the scopes were asserted and can be had",
        "let the issuer assert scopes that the resource has: mcpcodex resource show URI";
    IdentityForm = "identity.form", "an assertion for another server is asked for in a way that is not taken",
        "a defect of the client: the sentence names what is wrong";
    IdentityToken = "identity.token", "the ID token is not, or no longer, good, or is another client's",
        "the client must show its own ID token, of a sign-in that stands";
    IdentityAudience = "identity.audience", "this client may take no assertions to that server",
        "mcpcodex issuer audience allow, if it may";
    IdentityScope = "identity.scope", "none of the scopes may be taken to that server",
        "mcpcodex issuer audience list shows which may";
    Document = "client.document", "the app's own document at its URL cannot be had or cannot be taken",
        "what is wrong stands beside it: mend the document, or let this server reach it; \
         authentication.clients says which sites' apps are taken";
    Registration = "registration.refused", "the app's registration says something that cannot be",
        "a defect of the app: the sentence names what is wrong. It can be entered by hand: mcpcodex client create";
    RegistrationOff = "registration.off", "apps do not register themselves here",
        "authentication.clients.dynamic_registration: open or token, or enter the app by hand: mcpcodex client create";
    RegistrationToken = "registration.token", "the token for registering is missing, unknown or used up",
        "mcpcodex client token create makes one; the app must send it as Authorization: Bearer";
    RegistrationFull = "registration.full", "as many apps have registered as may",
        "mcpcodex client prune, or raise authentication.clients.most";
    ProviderOff = "provider.off", "the provider is not, or no longer, one of those that people sign in at",
        "authentication.providers says which there are; start again at /login";
    ProviderState = "provider.state", "the answer of a provider belongs to no sign-in that began in this browser",
        "start again at /login, in one window, and answer within half an hour; cookies must be allowed";
    ProviderMixed = "provider.mixed", "the answer comes from another provider than the one that was asked (RFC 9207)",
        "start again at /login; if it happens each time, see issuer and redirect URI at the provider";
    ProviderSaid = "provider.said", "the provider itself refused",
        "what it said stands beside it; see client, redirect URI and scopes at the provider";
    ProviderReach = "provider.reach", "the provider cannot be reached, or its answer cannot be used",
        "what is wrong stands beside it; see issuer, secret and network";
    ProviderToken = "provider.token", "what the provider said about the person is not to be believed",
        "what is wrong stands beside it; see issuer and client_id, and the clocks of both sides";
    ProviderPerson = "provider.person", "the person is nobody who may sign in here by that provider",
        "what is wrong stands beside it; mcpcodex user links NAME, user link NAME ISSUER SUBJECT, or accounts.create";
    Busy = "server.busy", "this server had too much to do at that moment",
        "try again; if it happens often, see the server's log";
    Fault = "server.fault", "this server failed",
        "see the server's log under the reference that was told";
    Again = "request.again", "the client is to come again, as it should",
        "nothing to mend";
    AccessToken = "token.refused", "the access token does not do",
        "nothing here: the client must refresh it or sign in again";
    Other = "other", "refused",
        "the sentence above is what the app was told";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_rule_has_a_code_of_its_own_a_clause_and_something_that_mends_it() {
        let mut codes = HashSet::new();
        for rule in Rule::ALL.iter().copied() {
            assert!(codes.insert(rule.code()), "{rule:?}");
            assert_eq!(Rule::parse(rule.code()), Some(rule));
            assert!(!rule.says().ends_with('.') && !rule.fix().is_empty(), "{rule:?}");
        }
        assert_eq!(Rule::parse("never written"), None);
    }
}
