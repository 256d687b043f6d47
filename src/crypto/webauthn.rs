//! WebAuthn: what a browser is asked, and what its answer proves. Only this names webauthn-rs.
//!
//! The library makes challenges and checks signatures, challenge, type, RP ID and the device's flags. Here stands
//! what it leaves open: discoverable passkeys, and a person who need not be checked by the device; in `answer` the
//! exact origin, and pages inside a frame of another site. Whose challenge it was, and counters, are for
//! `ops/passkey.rs`.

mod answer;

use std::fmt;

use serde_json::{Value, json};
use webauthn_rs::prelude::{
    Credential, DiscoverableAuthentication, Passkey, PasskeyRegistration, Url, Uuid, Webauthn,
    WebauthnBuilder, WebauthnError,
};

pub use self::answer::{Assertion, Fault};
use self::answer::{Registration, fault};
use super::secret::b64;
use crate::error::{Error, Result};

/// Whether the device must check the person, by PIN or finger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// It must.
    Required,
    /// If it can.
    Preferred,
    /// It need not.
    Discouraged,
}

impl Verification {
    fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Preferred => "preferred",
            Self::Discouraged => "discouraged",
        }
    }
}

/// A challenge: what the browser is told, and what has to be remembered until it answers.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// The argument of `navigator.credentials.create` or `.get`, with binary values as base64url.
    pub options: Value,
    /// To be kept by the server.
    pub state: String,
}

/// For whom a passkey is made; the device shows both names.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// A random name of the account.
    pub handle: [u8; 16],
    /// The name to sign in with.
    pub name: &'a str,
    /// The full name.
    pub display_name: &'a str,
}

/// A passkey as browsers are told of it.
#[derive(Clone, Debug)]
pub struct Known {
    /// The device's id of it.
    pub credential: Vec<u8>,
    /// How to reach the device.
    pub transports: Vec<String>,
}

/// A passkey that was just made.
#[derive(Clone, Debug)]
pub struct Made {
    /// The device's id of it.
    pub credential: Vec<u8>,
    /// Its public key, to be kept.
    pub record: String,
    /// Its signature counter.
    pub counter: u32,
    /// Whether it may be copied to other devices.
    pub syncable: bool,
    /// Whether it was.
    pub backed_up: bool,
    /// Whether the device checked the person.
    pub verified: bool,
    /// How to reach the device.
    pub transports: Vec<String>,
}

/// What a use of a passkey says, once its signature was right.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    /// The signature counter, not judged.
    pub counter: u32,
    /// Whether the device checked the person.
    pub verified: bool,
    /// Whether the passkey may be copied to other devices.
    pub syncable: bool,
    /// Whether it was.
    pub backed_up: bool,
}

/// Us, as browsers and devices know us.
pub struct RelyingParty {
    library: Webauthn,
    origin: String,
    verification: Verification,
}

impl fmt::Debug for RelyingParty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelyingParty").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl RelyingParty {
    /// For the pages of `url`; `id` is its host or a domain above it. Browsers know no passkeys for a bare address.
    pub fn new(id: &str, name: &str, url: &Url, verification: Verification) -> Result<Self> {
        let library = WebauthnBuilder::new(id, url)
            .and_then(|builder| builder.rp_name(name).build())
            .map_err(|_| {
                Error::conflict(format!("browsers know no passkeys for \"{id}\" on {url}"))
                    .with_next("give server.public_url a host name, and rp_id that or one above it")
            })?;
        Ok(Self { library, origin: url.origin().ascii_serialization(), verification })
    }

    /// Asks for a new passkey that none of `known` is.
    pub fn begin_registration(&self, owner: &Owner<'_>, known: &[Known]) -> Result<Challenge> {
        let handle = Uuid::from_bytes(owner.handle);
        let (options, state) = self
            .library
            .start_passkey_registration(handle, owner.name, owner.display_name, None)
            .map_err(failed)?;
        let (mut options, mut state) = (to_value(&options)?, to_value(&state)?);
        let required = self.verification == Verification::Required;
        let mut extensions = json!({ "credProps": true });
        if required {
            // The device then shows the passkey to nobody whom it did not check.
            set(&mut extensions, "", "credentialProtectionPolicy", "userVerificationRequired")?;
            set(&mut extensions, "", "enforceCredentialProtectionPolicy", false)?;
        }
        // The library asks for none that signs in without a user name.
        let selection = json!({
            "residentKey": "required",
            "requireResidentKey": true,
            "userVerification": self.verification.as_str(),
        });
        set(&mut options, "/publicKey", "authenticatorSelection", selection)?;
        set(&mut options, "/publicKey", "extensions", extensions)?;
        set(&mut options, "/publicKey", "excludeCredentials", described(known))?;
        set(&mut state, "/rs", "policy", self.verification.as_str())?;
        Ok(Challenge { options, state: state.to_string() })
    }

    /// Checks the answer to [`RelyingParty::begin_registration`].
    pub fn finish_registration(&self, state: &str, answer: &str) -> Result<Result<Made, Fault>> {
        let state: PasskeyRegistration = from_state(state)?;
        let registration = match Registration::read(answer, &self.origin) {
            Ok(registration) => registration,
            Err(fault) => return Ok(Err(fault)),
        };
        match self.library.finish_passkey_registration(&registration.parsed, &state) {
            Ok(passkey) => made(passkey, registration),
            Err(error) => Ok(Err(fault(&error))),
        }
    }

    /// Asks for the use of one of `allowed`; of any, when there is none to name.
    pub fn begin_use(&self, allowed: &[Known]) -> Result<Challenge> {
        let (options, state) = self.library.start_discoverable_authentication().map_err(failed)?;
        let (mut options, mut state) = (to_value(&options)?, to_value(&state)?);
        if let Some(top) = options.as_object_mut() {
            // Whether the browser asks at once or in the list of names is for the page to say.
            top.remove("mediation");
        }
        set(&mut options, "/publicKey", "allowCredentials", described(allowed))?;
        set(&mut options, "/publicKey", "userVerification", self.verification.as_str())?;
        set(&mut options, "/publicKey", "extensions", json!({}))?;
        set(&mut state, "/ast", "policy", self.verification.as_str())?;
        Ok(Challenge { options, state: state.to_string() })
    }

    /// Checks the answer to [`RelyingParty::begin_use`] with the record of the passkey that it names.
    pub fn finish_use(
        &self,
        state: &str,
        assertion: &Assertion,
        record: &str,
    ) -> Result<Result<Used, Fault>> {
        let state: DiscoverableAuthentication = from_state(state)?;
        let passkey: Passkey = serde_json::from_str(record)
            .map_err(|error| Error::internal("a passkey cannot be read").with_source(error))?;
        if let Err(fault) = assertion.check_page(&self.origin) {
            return Ok(Err(fault));
        }
        let answer = &assertion.parsed;
        match self.library.finish_discoverable_authentication_v2(answer, state, &passkey) {
            Ok(used) => Ok(Ok(Used {
                counter: used.counter(),
                verified: used.user_verified(),
                syncable: used.backup_eligible(),
                backed_up: used.backup_state(),
            })),
            Err(error) => Ok(Err(fault(&error))),
        }
    }
}

fn made(passkey: Passkey, registration: Registration) -> Result<Result<Made, Fault>> {
    // The library takes the id that the device vouches for; one that the browser calls otherwise would never be found.
    if *passkey.cred_id() != registration.parsed.raw_id {
        return Ok(Err(Fault::Other));
    }
    let mut record = to_value(&passkey)?;
    // What is asked of a later use is the configuration's to say, and counters are judged where they are kept.
    set(&mut record, "/cred", "registration_policy", "discouraged")?;
    set(&mut record, "/cred", "user_verified", false)?;
    set(&mut record, "/cred", "counter", 0)?;
    let credential = Credential::from(passkey);
    Ok(Ok(Made {
        record: record.to_string(),
        counter: credential.counter,
        syncable: credential.backup_eligible,
        backed_up: credential.backup_state,
        verified: credential.user_verified,
        transports: registration.transports,
        credential: credential.cred_id,
    }))
}

fn described(known: &[Known]) -> Value {
    let one = |known: &Known| {
        let id = b64(&known.credential);
        if known.transports.is_empty() {
            json!({ "type": "public-key", "id": id })
        } else {
            json!({ "type": "public-key", "id": id, "transports": known.transports })
        }
    };
    known.iter().map(one).collect()
}

fn set(value: &mut Value, at: &str, name: &str, to: impl Into<Value>) -> Result<()> {
    let object = value.pointer_mut(at).and_then(Value::as_object_mut);
    let object = object.ok_or_else(|| Error::internal("a WebAuthn message has another form"))?;
    object.insert(name.to_owned(), to.into());
    Ok(())
}

fn to_value(what: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(what)
        .map_err(|error| Error::internal("a WebAuthn message cannot be written").with_source(error))
}

fn from_state<T: serde::de::DeserializeOwned>(state: &str) -> Result<T> {
    serde_json::from_str(state)
        .map_err(|error| Error::internal("a WebAuthn challenge cannot be read").with_source(error))
}

fn failed(error: WebauthnError) -> Error {
    Error::internal("no WebAuthn challenge could be made").with_source(error)
}
