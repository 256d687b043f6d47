//! Tokens bound to a key: proofs at `/token`, `/par` and `/userinfo`, and what a stolen token is worth.

use mcpcodex::ops::{
    client::{self, New},
    oauth::device as op,
};

use super::caller::{Answer, Caller, FORM, encode, request};
use crate::{
    ops::oauth::fixture::{CALLBACK, VERIFIER, claims, operator, params, query},
    support::dpop::{Key, Proof},
};

const AT: &str = "http://localhost:8420";
const TOKEN: &str = "http://localhost:8420/token";

/// A client with a key, and what it remembers of the server.
struct Holder<'c> {
    caller: &'c Caller,
    key: Key,
}

impl<'c> Holder<'c> {
    fn new(caller: &'c Caller) -> Self {
        Self { caller, key: Key::new() }
    }

    fn about<'a>(&self, method: &'a str, url: &'a str) -> Proof<'a> {
        let iat = self.caller.world.clock.now().secs();
        Proof { method, url, iat, nonce: None, token: None }
    }

    fn proof(&self, nonce: Option<&str>) -> String {
        self.key.proof(&Proof { nonce, ..self.about("POST", TOKEN) })
    }

    /// The nonce of this moment, as a refusal brings it.
    async fn nonce(&self) -> String {
        let id = self.caller.world.client.id.to_string();
        let form = [("grant_type", "refresh_token"), ("client_id", id.as_str())];
        let answer = self.post(&self.proof(None), &form).await;
        assert_eq!(answer.refusal(400), "use_dpop_nonce");
        answer.header("dpop-nonce").unwrap().to_owned()
    }

    async fn post(&self, proof: &str, form: &[(&str, &str)]) -> Answer {
        self.caller.send("/token", &[("dpop", proof)], form).await
    }

    async fn exchange(&self, proof: &str, code: &str) -> Answer {
        self.post(proof, &code_form(self.caller.world.client.id.as_str(), code)).await
    }

    async fn refresh(&self, proof: Option<&str>, token: &str) -> Answer {
        let id = self.caller.world.client.id.to_string();
        let form =
            [("grant_type", "refresh_token"), ("client_id", id.as_str()), ("refresh_token", token)];
        match proof {
            Some(proof) => self.post(proof, &form).await,
            None => self.caller.send("/token", &[], &form).await,
        }
    }

    async fn userinfo(&self, token: &str, proof: Option<&str>) -> Answer {
        let shown = format!("DPoP {token}");
        let mut headers = vec![("authorization", shown.as_str())];
        headers.extend(proof.map(|proof| ("dpop", proof)));
        self.caller.get("/userinfo", &headers).await
    }
}

fn code_form<'a>(client: &'a str, code: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

fn text(answer: &Answer, name: &str) -> String {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()[name].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn key_is_proved_with_a_nonce_and_binds_what_is_given() {
    let caller = Caller::new();
    let holder = Holder::new(&caller);
    let code = caller.world.code(&[]);
    let first = holder.exchange(&holder.proof(None), &code).await;
    assert_eq!(first.refusal(400), "use_dpop_nonce");
    assert_eq!(
        first.header("access-control-expose-headers"),
        Some("WWW-Authenticate, DPoP-Nonce, Retry-After")
    );
    let nonce = first.header("dpop-nonce").unwrap().to_owned();
    // The code was not spent by that.
    let given = holder.exchange(&holder.proof(Some(&nonce)), &code).await;
    assert_eq!(text(&given, "token_type"), "DPoP");
    assert!(given.header("dpop-nonce").is_some());
    let access = text(&given, "access_token");
    assert_eq!(claims(&access)["cnf"]["jkt"], holder.key.jkt.as_str());
    let told = caller.world.introspect(&access);
    assert_eq!(
        (&told["cnf"]["jkt"], &told["token_type"]),
        (&holder.key.jkt.clone().into(), &"DPoP".into())
    );

    let again =
        holder.refresh(Some(&holder.proof(Some(&nonce))), &text(&given, "refresh_token")).await;
    assert_eq!(claims(&text(&again, "access_token"))["cnf"]["jkt"], holder.key.jkt.as_str());
}

#[tokio::test]
async fn stolen_tokens_are_of_no_use_without_the_key() {
    let caller = Caller::new();
    let (holder, thief) = (Holder::new(&caller), Holder::new(&caller));
    let nonce = holder.nonce().await;
    let given = holder.exchange(&holder.proof(Some(&nonce)), &caller.world.code(&[])).await;
    let (access, refresh) = (text(&given, "access_token"), text(&given, "refresh_token"));

    assert_eq!(holder.refresh(None, &refresh).await.refusal(400), "invalid_dpop_proof");
    let theirs = thief.proof(Some(&nonce));
    assert_eq!(thief.refresh(Some(&theirs), &refresh).await.refusal(400), "invalid_grant");
    let bearer = format!("Bearer {access}");
    let shown = caller.get("/userinfo", &[("authorization", &bearer)]).await;
    assert_eq!(shown.refusal(401), "invalid_token");
    let body = encode(&[("access_token", &access)]);
    let in_form = request("POST", "/userinfo", &[("content-type", FORM)], body);
    assert_eq!(caller.call(in_form).await.refusal(401), "invalid_token");
    let about = Proof {
        nonce: Some(&nonce),
        token: Some(&access),
        ..thief.about("GET", "http://localhost:8420/userinfo")
    };
    let shown = thief.userinfo(&access, Some(&thief.key.proof(&about))).await;
    assert_eq!(shown.refusal(401), "invalid_token");

    let mine = holder.userinfo(&access, Some(&holder.key.proof(&about))).await;
    assert_eq!(mine.status, 200, "{}", mine.body);
    // None of it spent what is the holder's.
    let kept = holder.refresh(Some(&holder.proof(Some(&nonce))), &refresh).await;
    assert_eq!(kept.status, 200, "{}", kept.body);
}

#[tokio::test]
async fn proof_counts_once_here_and_now() {
    let caller = Caller::new();
    let holder = Holder::new(&caller);
    let nonce = holder.nonce().await;
    let now = caller.world.clock.now().secs();
    let good = Proof { nonce: Some(&nonce), ..holder.about("POST", TOKEN) };
    for (what, wrong) in [
        ("another method", Proof { method: "GET", ..good }),
        ("another method's case", Proof { method: "post", ..good }),
        ("another path", Proof { url: "http://localhost:8420/par", ..good }),
        ("another host", Proof { url: "http://127.0.0.1:8420/token", ..good }),
        ("another scheme", Proof { url: "https://localhost:8420/token", ..good }),
        ("too old", Proof { iat: now - 301, ..good }),
        ("from the future", Proof { iat: now + 301, ..good }),
    ] {
        let answer = holder.exchange(&holder.key.proof(&wrong), "x").await;
        assert_eq!(answer.refusal(400), "invalid_dpop_proof", "{what}");
    }
    let foreign = Key::new().proof(&good).replace('.', "..");
    for malformed in ["", "x", "a.b.c", foreign.as_str()] {
        let answer = holder.exchange(malformed, "x").await;
        assert_eq!(answer.refusal(400), "invalid_dpop_proof", "{malformed}");
    }
    let form = code_form("c", "x");
    let two = caller.send("/token", &[("dpop", "a.b.c"), ("dpop", "a.b.c")], &form).await;
    assert_eq!(two.refusal(400), "invalid_dpop_proof");

    let proof = holder.key.proof(&Proof { url: "HTTP://LOCALHOST:8420/token?x=1", ..good });
    let code = caller.world.code(&[]);
    assert_eq!(holder.exchange(&proof, &code).await.status, 200);
    let again = holder.exchange(&proof, &caller.world.code(&[])).await;
    assert_eq!(again.refusal(400), "invalid_dpop_proof", "the same proof twice");
    for iat in [now - 299, now + 299] {
        let proof = holder.key.proof(&Proof { iat, ..good });
        assert_eq!(holder.exchange(&proof, &caller.world.code(&[])).await.status, 200);
    }
}

#[tokio::test]
async fn same_proof_sent_at_once_many_times_counts_once() {
    let caller = Caller::new();
    let holder = Holder::new(&caller);
    let nonce = holder.nonce().await;
    let given = holder.exchange(&holder.proof(Some(&nonce)), &caller.world.code(&[])).await;
    let refresh = text(&given, "refresh_token");
    let proof = holder.proof(Some(&nonce));
    let all =
        futures_util::future::join_all((0..50).map(|_| holder.refresh(Some(&proof), &refresh)))
            .await;
    let good = all.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(good, 1, "{:?}", all.iter().map(|answer| answer.status).collect::<Vec<_>>());
}

#[tokio::test]
async fn nonce_is_good_for_two_windows_and_only_ours() {
    let caller = Caller::new();
    let holder = Holder::new(&caller);
    let nonce = holder.nonce().await;
    let tried = async |nonce: &str| {
        let answer = holder.exchange(&holder.proof(Some(nonce)), "x").await;
        answer.refusal(400)
    };
    assert_eq!(tried(&nonce).await, "invalid_grant");
    let other = Caller::new();
    let foreign = Holder::new(&other).nonce().await;
    for not_ours in [foreign.as_str(), "", "x"] {
        assert_eq!(tried(not_ours).await, "use_dpop_nonce", "{not_ours}");
    }
    caller.world.pass(150);
    assert_eq!(tried(&nonce).await, "invalid_grant", "the window after");
    caller.world.pass(150);
    assert_eq!(tried(&nonce).await, "use_dpop_nonce", "two windows after");
}

#[tokio::test]
async fn nonce_can_be_left_out_where_that_is_configured() {
    let caller =
        Caller::with(|config| config.authentication.tokens.dpop.require_nonce = false, |_| {});
    let holder = Holder::new(&caller);
    let given = holder.exchange(&holder.proof(None), &caller.world.code(&[])).await;
    assert_eq!(text(&given, "token_type"), "DPoP");
    let wrong = holder.exchange(&holder.proof(Some("x")), "x").await;
    assert_eq!(wrong.refusal(400), "use_dpop_nonce", "one that is there must be ours");
}

#[tokio::test]
async fn code_that_was_asked_for_with_a_key_needs_that_key() {
    let caller = Caller::new();
    let (holder, thief) = (Holder::new(&caller), Holder::new(&caller));
    let nonce = holder.nonce().await;
    let bound = || caller.world.code(&[("dpop_jkt", &holder.key.jkt)]);
    let code = bound();
    let stolen = thief.exchange(&thief.proof(Some(&nonce)), &code).await;
    assert_eq!(stolen.refusal(400), "invalid_grant");
    let late = holder.exchange(&holder.proof(Some(&nonce)), &code).await;
    assert_eq!(late.refusal(400), "invalid_grant", "the code is burnt");
    let form = code_form(caller.world.client.id.as_str(), "");
    let code = bound();
    let form = form.map(|(name, value)| (name, if name == "code" { code.as_str() } else { value }));
    assert_eq!(caller.send("/token", &[], &form).await.refusal(400), "invalid_grant");
    let given = holder.exchange(&holder.proof(Some(&nonce)), &bound()).await;
    assert_eq!(text(&given, "token_type"), "DPoP");
}

#[tokio::test]
async fn device_is_bound_when_it_fetches_its_tokens_and_not_before() {
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    let caller = Caller::with(|_| {}, |new| new.grant_types = vec![device.to_owned()]);
    let id = caller.world.client.id.to_string();
    let (early, holder) = (Holder::new(&caller), Holder::new(&caller));
    let nonce = holder.nonce().await;
    let begin = async |proof: &str| {
        let form = [("client_id", id.as_str()), ("scope", "openid")];
        let told = caller.send("/device_authorization", &[("dpop", proof)], &form).await;
        assert_eq!(told.status, 200, "{}", told.body);
        assert!(told.header("dpop-nonce").is_none(), "nothing was looked at");
        (text(&told, "device_code"), text(&told, "user_code"))
    };
    let address = "http://localhost:8420/device_authorization";
    let good = early.key.proof(&early.about("POST", address));
    for proof in [good.as_str(), "no proof at all"] {
        let (own, shown) = begin(proof).await;
        let (env, who) = (caller.app.env(), caller.world.signed_in.clone());
        let allowed = caller.world.db.write_blocking(move |tx| {
            let actor = who.actor(mcpcodex::model::actor::Origin::default());
            let asked = (&crate::ops::oauth::fixture::browser(), &who);
            let op::Looked::Question(question) = op::look(tx, &env, &actor, asked, &shown)? else {
                panic!("no question")
            };
            let decision =
                op::Decision { request: &question.request, allow: true, shown: &question.shown };
            op::answer(tx, &env, &actor, &who, decision)
        });
        assert!(matches!(allowed.unwrap(), op::Answered::Allowed(_)));
        let form = [("grant_type", device), ("client_id", &id), ("device_code", &own)];
        let given = holder.post(&holder.proof(Some(&nonce)), &form).await;
        assert_eq!(text(&given, "token_type"), "DPoP", "by whichever key stood there before");
        let claims = claims(&text(&given, "access_token"));
        assert_eq!(claims["cnf"]["jkt"], holder.key.jkt.as_str());
    }
}

#[tokio::test]
async fn proof_with_a_pushed_request_binds_the_code() {
    let caller = Caller::new();
    let holder = Holder::new(&caller);
    caller.world.code(&[]);
    let pairs = params(&caller.world.client, &[]);
    let form: Vec<_> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let at_par = "http://localhost:8420/par";
    let first = holder.key.proof(&holder.about("POST", at_par));
    let asked = caller.send("/par", &[("dpop", &first)], &form).await;
    assert_eq!(asked.refusal(400), "use_dpop_nonce");
    let nonce = asked.header("dpop-nonce").unwrap().to_owned();
    let about = Proof { nonce: Some(&nonce), ..holder.about("POST", at_par) };
    let pushed = caller.send("/par", &[("dpop", &holder.key.proof(&about))], &form).await;
    assert_eq!(pushed.status, 201, "{}", pushed.body);
    let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let id = caller.world.client.id.to_string();
    let open = encode(&[("client_id", id.as_str()), ("request_uri", uri.as_str())]);
    let page = caller.get(&format!("/authorize?{open}"), &[("cookie", &caller.cookies())]).await;
    let code = query(page.location(), "code").unwrap();
    let bare = caller.send("/token", &[], &code_form(&id, &code)).await;
    assert_eq!(bare.refusal(400), "invalid_grant");

    let other = Key::new();
    let mut more = form.clone();
    more.push(("dpop_jkt", other.jkt.as_str()));
    let refused = caller.send("/par", &[("dpop", &holder.key.proof(&about))], &more).await;
    assert_eq!(refused.refusal(400), "invalid_dpop_proof");
}

#[tokio::test]
async fn userinfo_wants_a_proof_about_this_token() {
    let caller = Caller::new();
    let holder = Holder::new(&caller);
    let nonce = holder.nonce().await;
    let given = holder.exchange(&holder.proof(Some(&nonce)), &caller.world.code(&[])).await;
    let access = text(&given, "access_token");
    let url = format!("{AT}/userinfo");
    let good = Proof { nonce: Some(&nonce), token: Some(&access), ..holder.about("GET", &url) };
    let shown =
        async |about: &Proof<'_>| holder.userinfo(&access, Some(&holder.key.proof(about))).await;

    let asked = shown(&Proof { nonce: None, ..good }).await;
    let challenge = asked.header("www-authenticate").unwrap().to_owned();
    assert!(
        challenge.starts_with("DPoP ") && challenge.contains("error=\"use_dpop_nonce\""),
        "{challenge}"
    );
    assert!(challenge.contains("algs=\"ES256 RS256 PS256 EdDSA\""), "{challenge}");
    assert!(asked.header("dpop-nonce").is_some());
    assert_eq!(asked.refusal(401), "use_dpop_nonce");
    for (what, wrong) in [
        ("no token in it", Proof { token: None, ..good }),
        ("another token in it", Proof { token: Some("x"), ..good }),
        ("another method", Proof { method: "POST", ..good }),
        ("another path", Proof { url: TOKEN, ..good }),
    ] {
        assert_eq!(shown(&wrong).await.refusal(401), "invalid_dpop_proof", "{what}");
    }
    let unproved = holder.userinfo(&access, None).await;
    assert_eq!(unproved.refusal(401), "invalid_dpop_proof");
    let proof = holder.key.proof(&good);
    let told = holder.userinfo(&access, Some(&proof)).await;
    assert_eq!(told.json()["sub"], caller.world.user.as_str());
    assert!(told.header("dpop-nonce").is_some());
    assert_eq!(holder.userinfo(&access, Some(&proof)).await.refusal(401), "invalid_dpop_proof");

    // One that is not bound cannot be dressed up.
    let plain = caller.world.tokens(&[]).access_token.expose().to_owned();
    let about = Proof { token: Some(&plain), ..good };
    let dressed = holder.userinfo(&plain, Some(&holder.key.proof(&about))).await;
    assert_eq!(dressed.refusal(401), "invalid_token");
}

#[tokio::test]
async fn client_that_is_bound_to_keys_gets_nothing_without_one() {
    let caller = Caller::with(|_| {}, |new| new.dpop_bound = true);
    let id = caller.world.client.id.to_string();
    let code = caller.world.code(&[]);
    let bare = caller.send("/token", &[], &code_form(&id, &code)).await;
    assert_eq!(bare.refusal(400), "invalid_dpop_proof");
    let holder = Holder::new(&caller);
    let nonce = holder.nonce().await;
    // Nothing was spent by the refusal.
    let given = holder.exchange(&holder.proof(Some(&nonce)), &code).await;
    assert_eq!(text(&given, "token_type"), "DPoP");
}

#[tokio::test]
async fn services_are_bound_in_the_same_place() {
    let caller = Caller::new();
    let new = New {
        name: "Service".to_owned(),
        grant_types: vec!["client_credentials".to_owned()],
        scopes: vec!["read:models".to_owned()],
        ..New::default()
    };
    let made = caller.world.db.write_blocking(move |tx| client::create(tx, &operator(), new));
    let made = made.unwrap();
    let holder = Holder::new(&caller);
    let nonce = holder.nonce().await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", made.client.id.as_str()),
        ("client_secret", made.secret.as_ref().unwrap().expose()),
    ];
    let given = holder.post(&holder.proof(Some(&nonce)), &form).await;
    assert_eq!(claims(&text(&given, "access_token"))["cnf"]["jkt"], holder.key.jkt.as_str());
}

#[tokio::test]
async fn ways_of_signing_are_published() {
    let caller = Caller::new();
    let document = caller.get("/.well-known/oauth-authorization-server", &[]).await.json();
    let algorithms = &document["dpop_signing_alg_values_supported"];
    assert_eq!(*algorithms, serde_json::json!(["ES256", "RS256", "PS256", "EdDSA"]));
    assert_eq!(document["pushed_authorization_request_endpoint"], "http://localhost:8420/par");
    assert_eq!(document["require_pushed_authorization_requests"], false);
    assert_eq!(document["response_modes_supported"], serde_json::json!(["query", "form_post"]));
    assert_eq!(document["claims_parameter_supported"], true);
}
