//! Devices that make and use passkeys, and the browser in front of them: one of our own that lies on demand, and
//! the soft one of webauthn-authenticator-rs, which knows nothing of our code.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use mcpcodex::crypto::secret::{b64, random_bytes, sha256, unb64};
use serde_json::{Value, json};
use webauthn_authenticator_rs::{AuthenticatorBackendHashedClientData, softpasskey::SoftPasskey};
use webauthn_rs_proto::{CreationChallengeResponse, RequestChallengeResponse};

/// The origin of a test server's pages.
pub(crate) const ORIGIN: &str = "http://localhost:8420";

/// Someone is there (authenticator data, flag UP).
pub(crate) const PRESENT: u8 = 0x01;
/// The device checked who (UV).
pub(crate) const VERIFIED: u8 = 0x04;
/// The passkey may be copied (BE).
pub(crate) const SYNCABLE: u8 = 0x08;
/// It was (BS).
pub(crate) const BACKED_UP: u8 = 0x10;
const WITH_KEY: u8 = 0x40;

/// The page that asks, as the browser reports it.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) origin: String,
    /// Instead of the right `webauthn.create` or `webauthn.get`.
    pub(crate) kind: Option<&'static str>,
    pub(crate) cross_origin: Option<bool>,
    pub(crate) top_origin: Option<&'static str>,
    /// Instead of the one that was asked.
    pub(crate) challenge: Option<String>,
}

impl Default for Page {
    fn default() -> Self {
        Self {
            origin: ORIGIN.to_owned(),
            kind: None,
            cross_origin: Some(false),
            top_origin: None,
            challenge: None,
        }
    }
}

impl Page {
    /// A page of this origin.
    pub(crate) fn at(origin: &str) -> Self {
        Self { origin: origin.to_owned(), ..Self::default() }
    }

    fn client_data(&self, right: &str, options: &Value) -> Vec<u8> {
        let asked = text(options, "/publicKey/challenge");
        let mut data = json!({
            "type": self.kind.unwrap_or(right),
            "challenge": self.challenge.clone().unwrap_or(asked),
            "origin": self.origin,
        });
        if let Some(cross_origin) = self.cross_origin {
            data["crossOrigin"] = cross_origin.into();
        }
        if let Some(top_origin) = self.top_origin {
            data["topOrigin"] = top_origin.into();
        }
        serde_json::to_vec(&data).unwrap()
    }
}

/// What holds passkeys. Answers are what `PublicKeyCredential.toJSON()` gives.
pub(crate) trait Authenticator {
    /// Makes a passkey.
    fn make(&mut self, page: &Page, options: &Value) -> String;
    /// Uses one that the options allow, the newest first.
    fn answer(&mut self, page: &Page, options: &Value) -> String;
}

fn text(value: &Value, at: &str) -> String {
    value
        .pointer(at)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("no {at} in {value}"))
        .to_owned()
}

fn allowed(options: &Value) -> Vec<Vec<u8>> {
    let list = options.pointer("/publicKey/allowCredentials").and_then(Value::as_array);
    list.into_iter().flatten().map(|one| unb64(&text(one, "/id")).unwrap()).collect()
}

/// One passkey of it.
pub(crate) struct Key {
    id: Vec<u8>,
    handle: Vec<u8>,
    pair: EcdsaKeyPair,
}

/// A device of our own. Its fields are what it will say, true or not.
pub(crate) struct Device {
    pub(crate) keys: Vec<Key>,
    pub(crate) flags: u8,
    pub(crate) counter: u32,
    /// Instead of the RP ID of the options.
    pub(crate) rp_id: Option<&'static str>,
    /// The id of the next passkey, instead of a random one.
    pub(crate) next_id: Option<Vec<u8>>,
    /// The public key as the device encodes it, instead of an ES256 one.
    pub(crate) cose: Option<Vec<u8>>,
    /// The attestation's format, instead of `none`.
    pub(crate) format: &'static str,
}

impl Default for Device {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            flags: PRESENT | VERIFIED | SYNCABLE | BACKED_UP,
            counter: 0,
            rp_id: None,
            next_id: None,
            cose: None,
            format: "none",
        }
    }
}

impl Device {
    /// The id of the newest passkey.
    pub(crate) fn newest(&self) -> Vec<u8> {
        self.keys.last().unwrap().id.clone()
    }

    /// The account of the newest passkey.
    pub(crate) fn handle(&self) -> Vec<u8> {
        self.keys.last().unwrap().handle.clone()
    }

    fn data(&self, rp_id: &str, more: u8) -> Vec<u8> {
        let mut data = sha256(self.rp_id.unwrap_or(rp_id).as_bytes()).to_vec();
        data.push(self.flags | more);
        data.extend(self.counter.to_be_bytes());
        data
    }
}

impl Authenticator for Device {
    fn make(&mut self, page: &Page, options: &Value) -> String {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let id = self.next_id.take().unwrap_or_else(|| random_bytes::<32>().to_vec());
        let mut data = self.data(&text(options, "/publicKey/rp/id"), WITH_KEY);
        data.extend([0; 16]);
        data.extend(u16::try_from(id.len()).unwrap().to_be_bytes());
        data.extend(&id);
        data.extend(self.cose.clone().unwrap_or_else(|| es256(pair.public_key().as_ref())));
        let mut attestation = vec![0xa3];
        attestation.extend(cbor_text("fmt"));
        attestation.extend(cbor_text(self.format));
        attestation.extend(cbor_text("attStmt"));
        attestation.push(0xa0);
        attestation.extend(cbor_text("authData"));
        attestation.extend(cbor_bytes(&data));
        let handle = unb64(&text(options, "/publicKey/user/id")).unwrap();
        let answer = json!({
            "id": b64(&id), "rawId": b64(&id), "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": { "credProps": { "rk": true }, "something": { "new": [1] } },
            "response": {
                "clientDataJSON": b64(&page.client_data("webauthn.create", options)),
                "attestationObject": b64(&attestation),
                "transports": ["internal", "hybrid", "carrier-pigeon"],
            },
        });
        self.keys.push(Key { id, handle, pair });
        answer.to_string()
    }

    fn answer(&mut self, page: &Page, options: &Value) -> String {
        let allowed = allowed(options);
        let fits = |key: &&Key| allowed.is_empty() || allowed.contains(&key.id);
        let key = self.keys.iter().rev().find(fits).expect("the device has no such passkey");
        let client = page.client_data("webauthn.get", options);
        let data = self.data(&text(options, "/publicKey/rpId"), 0);
        let signed = [data.as_slice(), &sha256(&client)].concat();
        let signature = key.pair.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": b64(&key.id), "rawId": b64(&key.id), "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": b64(&client),
                "authenticatorData": b64(&data),
                "signature": b64(signature.as_ref()),
                "userHandle": b64(&key.handle),
            },
        })
        .to_string()
    }
}

/// A key of ES256 in COSE: `{1: 2, 3: -7, -1: 1, -2: x, -3: y}`.
fn es256(point: &[u8]) -> Vec<u8> {
    let mut key = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21];
    key.extend(cbor_bytes(&point[1..33]));
    key.push(0x22);
    key.extend(cbor_bytes(&point[33..65]));
    key
}

/// A key of Ed25519 in COSE, which is not offered: `{1: 1, 3: -8, -1: 6, -2: x}`.
pub(crate) fn ed25519() -> Vec<u8> {
    let mut key = vec![0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21];
    key.extend(cbor_bytes(&random_bytes::<32>()));
    key
}

/// A key on P-256 that says ES512, which is not offered.
pub(crate) fn es512() -> Vec<u8> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let key = es256(pair.public_key().as_ref());
    // -36 in place of -7.
    [&key[..4], &[0x38, 0x23], &key[5..]].concat()
}

fn cbor_text(text: &str) -> Vec<u8> {
    let mut out = vec![0x60 + u8::try_from(text.len()).unwrap()];
    out.extend(text.as_bytes());
    out
}

fn cbor_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut out = if let Ok(short) = u8::try_from(bytes.len()) {
        vec![0x58, short]
    } else {
        let [high, low] = u16::try_from(bytes.len()).unwrap().to_be_bytes();
        vec![0x59, high, low]
    };
    out.extend(bytes);
    out
}

/// The soft device of webauthn-authenticator-rs. It keeps no account names, so the browser adds them here.
pub(crate) struct Soft {
    device: SoftPasskey,
    made: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Default for Soft {
    fn default() -> Self {
        Self { device: SoftPasskey::new(true), made: Vec::new() }
    }
}

impl Authenticator for Soft {
    fn make(&mut self, page: &Page, options: &Value) -> String {
        let client = page.client_data("webauthn.create", options);
        let mut options: CreationChallengeResponse =
            serde_json::from_value(options.clone()).unwrap();
        // It refuses to keep one, and then does.
        if let Some(selection) = &mut options.public_key.authenticator_selection {
            selection.require_resident_key = false;
        }
        let handle = options.public_key.user.id.clone();
        let mut made = AuthenticatorBackendHashedClientData::perform_register(
            &mut self.device,
            sha256(&client).to_vec(),
            options.public_key,
            60_000,
        )
        .unwrap();
        made.response.client_data_json = client;
        self.made.push((made.raw_id.clone(), handle));
        serde_json::to_string(&made).unwrap()
    }

    fn answer(&mut self, page: &Page, options: &Value) -> String {
        let client = page.client_data("webauthn.get", options);
        let mut options = options.clone();
        if allowed(&options).is_empty() {
            let all =
                self.made.iter().map(|(id, _)| json!({ "type": "public-key", "id": b64(id) }));
            options["publicKey"]["allowCredentials"] = all.rev().collect();
        }
        let options: RequestChallengeResponse = serde_json::from_value(options).unwrap();
        let mut used = AuthenticatorBackendHashedClientData::perform_auth(
            &mut self.device,
            sha256(&client).to_vec(),
            options.public_key,
            60_000,
        )
        .unwrap();
        used.response.client_data_json = client;
        let handle = self.made.iter().find(|(id, _)| *id == used.raw_id).map(|(_, handle)| handle);
        used.response.user_handle = handle.cloned();
        serde_json::to_string(&used).unwrap()
    }
}
