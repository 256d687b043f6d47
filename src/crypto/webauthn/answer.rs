//! What a browser sends back, read before it is trusted, and what can be wrong with it.

use serde::Deserialize;
use serde_json::{Value, json};
use webauthn_rs::prelude::{PublicKeyCredential, RegisterPublicKeyCredential, WebauthnError};

use crate::crypto::secret::unb64;

/// Longer answers are refused unread; a real one has one or two thousand characters.
const MAX_ANSWER: usize = 32_768;
/// Ways to reach a device that are kept, so that the browser can name the right one (WebAuthn §5.8.4).
const TRANSPORTS: [&str; 6] = ["usb", "nfc", "ble", "smart-card", "hybrid", "internal"];

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It cannot be read.
    Unreadable,
    /// A registration where a use was asked for, or the other way round.
    Kind,
    /// Not the challenge that was given out.
    Challenge,
    /// Made on a page of another origin.
    Origin,
    /// Made on a page of ours inside a page of another origin.
    Framed,
    /// Made for another RP ID.
    RelyingParty,
    /// Nobody touched the device.
    NotPresent,
    /// The device did not check the person, which is required.
    NotVerified,
    /// A kind of key that was not offered.
    Algorithm,
    /// Not signed by this passkey.
    Signature,
    /// What the device says of copies contradicts itself or what it said before.
    Backup,
    /// An attestation that is wrong in itself, or another contradiction.
    Other,
}

impl Fault {
    /// The word in audit rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Kind => "wrong kind of answer",
            Self::Challenge => "wrong challenge",
            Self::Origin => "wrong origin",
            Self::Framed => "inside another site",
            Self::RelyingParty => "wrong RP ID",
            Self::NotPresent => "nobody present",
            Self::NotVerified => "person not checked",
            Self::Algorithm => "algorithm not offered",
            Self::Signature => "wrong signature",
            Self::Backup => "backup flags",
            Self::Other => "refused",
        }
    }
}

/// The answer of `navigator.credentials.get`, not checked yet.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// The device's id of the passkey.
    pub credential: Vec<u8>,
    /// The account that the device says it belongs to.
    pub handle: Option<Vec<u8>>,
    pub(super) parsed: PublicKeyCredential,
    client_data: String,
}

/// The answer of `navigator.credentials.create`, not checked yet.
pub(super) struct Registration {
    /// For the library.
    pub(super) parsed: RegisterPublicKeyCredential,
    /// How to reach the device.
    pub(super) transports: Vec<String>,
}

/// The answer's outer form, as `PublicKeyCredential.toJSON()` gives it.
#[derive(Deserialize)]
struct Outer {
    id: String,
    #[serde(rename = "rawId")]
    raw_id: String,
    #[serde(rename = "type")]
    kind: String,
    response: Inner,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inner {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    attestation_object: Option<String>,
    authenticator_data: Option<String>,
    signature: Option<String>,
    user_handle: Option<String>,
    transports: Option<Vec<String>>,
}

/// What the browser says of the page; the device signs it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    origin: String,
    cross_origin: Option<bool>,
    top_origin: Option<String>,
}

impl Outer {
    fn read(answer: &str) -> Result<Self, Fault> {
        if answer.len() > MAX_ANSWER {
            return Err(Fault::Unreadable);
        }
        let outer: Self = serde_json::from_str(answer).map_err(|_| Fault::Unreadable)?;
        if outer.kind != "public-key" || outer.id != outer.raw_id {
            return Err(Fault::Unreadable);
        }
        Ok(outer)
    }
}

/// The answer for the library, rebuilt from what is known: what a browser adds one day must not break the reading.
fn rebuilt<T: serde::de::DeserializeOwned>(raw_id: &str, response: &Value) -> Result<T, Fault> {
    let clean = json!({
        "id": raw_id, "rawId": raw_id, "type": "public-key", "extensions": {}, "response": response,
    });
    serde_json::from_value(clean).map_err(|_| Fault::Unreadable)
}

impl Assertion {
    /// Reads an answer.
    pub fn read(answer: &str) -> Result<Self, Fault> {
        let outer = Outer::read(answer)?;
        let inner = outer.response;
        let response = json!({
            "clientDataJSON": inner.client_data,
            "authenticatorData": inner.authenticator_data.ok_or(Fault::Kind)?,
            "signature": inner.signature.ok_or(Fault::Kind)?,
            "userHandle": inner.user_handle.filter(|handle| !handle.is_empty()),
        });
        let parsed: PublicKeyCredential = rebuilt(&outer.raw_id, &response)?;
        Ok(Self {
            credential: parsed.get_credential_id().to_vec(),
            handle: parsed.get_user_unique_id().map(<[u8]>::to_vec),
            parsed,
            client_data: inner.client_data,
        })
    }

    /// Refuses what was made on another page.
    pub(super) fn check_page(&self, origin: &str) -> Result<(), Fault> {
        check_page(&self.client_data, "webauthn.get", origin)
    }
}

impl Registration {
    /// Reads an answer that was made on a page of `origin`.
    pub(super) fn read(answer: &str, origin: &str) -> Result<Self, Fault> {
        let outer = Outer::read(answer)?;
        let inner = outer.response;
        check_page(&inner.client_data, "webauthn.create", origin)?;
        let response = json!({
            "clientDataJSON": inner.client_data,
            "attestationObject": inner.attestation_object.ok_or(Fault::Kind)?,
        });
        let mut transports = inner.transports.unwrap_or_default();
        transports.retain(|transport| TRANSPORTS.contains(&transport.as_str()));
        transports.sort_unstable();
        transports.dedup();
        Ok(Self { parsed: rebuilt(&outer.raw_id, &response)?, transports })
    }
}

/// The page that asked: one of ours to the letter, and not inside another site's (WebAuthn §13.4.2).
fn check_page(client_data: &str, kind: &str, origin: &str) -> Result<(), Fault> {
    let bytes = unb64(client_data).ok_or(Fault::Unreadable)?;
    let page: ClientData = serde_json::from_slice(&bytes).map_err(|_| Fault::Unreadable)?;
    if page.kind != kind {
        Err(Fault::Kind)
    } else if page.origin != origin {
        Err(Fault::Origin)
    } else if page.cross_origin == Some(true) || page.top_origin.is_some() {
        Err(Fault::Framed)
    } else {
        Ok(())
    }
}

/// The library's refusal in our words.
#[expect(clippy::wildcard_enum_match_arm, reason = "most of the eighty are about attestation")]
pub(super) fn fault(error: &WebauthnError) -> Fault {
    use WebauthnError as E;
    match error {
        E::InvalidClientDataType => Fault::Kind,
        E::MismatchedChallenge => Fault::Challenge,
        E::InvalidRPOrigin => Fault::Origin,
        E::CredentialCrossOrigin => Fault::Framed,
        E::InvalidRPIDHash => Fault::RelyingParty,
        E::UserNotPresent => Fault::NotPresent,
        E::UserNotVerified => Fault::NotVerified,
        E::CredentialAlteredAlgFromRequest
        | E::COSEKeyInvalidAlgorithm
        | E::COSEKeyInvalidType
        | E::COSEKeyEDUnsupported
        | E::SshPublicKeyEDUnsupported
        | E::COSEKeyECDSAInvalidCurve
        | E::COSEKeyEDDSAInvalidCurve
        | E::CredentialInsecureCryptography => Fault::Algorithm,
        E::AuthenticationFailure | E::SignatureInvalid => Fault::Signature,
        E::CredentialBackupEligibilityInconsistent | E::CredentialMayNotBeHardwareBound => {
            Fault::Backup
        }
        E::ParseBase64Failure(_)
        | E::ParseCBORFailure(_)
        | E::ParseJSONFailure(_)
        | E::ParseNOMFailure
        | E::ParseInsufficientBytesAvailable
        | E::COSEKeyInvalidCBORValue => Fault::Unreadable,
        _ => Fault::Other,
    }
}
