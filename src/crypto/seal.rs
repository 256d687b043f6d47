//! The master key and what is sealed with it: values that must rest in the database and yet be read again.
//! Where the master key lies, and who may read that place, is the business of whoever starts the program.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    hkdf, hmac,
};
use base64::{Engine as _, alphabet, engine};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::secret::{Plain, b64, random_bytes};
use crate::error::{Error, Result};

/// The first byte of everything sealed: AES-256-GCM, random nonce of 12 bytes, tag of 16.
const VERSION: u8 = 1;

/// The one secret that the operator keeps: 32 random bytes from which every other key is derived.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// Makes a new one.
    pub fn generate() -> Self {
        Self(random_bytes())
    }

    /// Reads 32 bytes as 64 hex digits or as base64, of either alphabet, padded or not.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let bytes = Zeroizing::new(
            if text.len() == 64 { unhex(text) } else { any_base64(text) }.unwrap_or_default(),
        );
        let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| {
            Error::invalid("master key", "the master key must be 32 bytes in hex or base64")
                .with_next("make one with: openssl rand -hex 32")
        })?;
        let key = Self(key);
        // The placeholder that somebody forgot to replace: all bytes the same.
        if key.0.windows(2).all(|pair| pair.first() == pair.last()) {
            return Err(Error::invalid("master key", "the master key is not random")
                .with_next("make one with: openssl rand -hex 32"));
        }
        Ok(key)
    }

    /// The key as text that [`MasterKey::parse`] reads.
    pub fn encode(&self) -> Plain {
        Plain::new(b64(&self.0))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey")
    }
}

/// Seals and opens values at rest, and derives one MAC key for each purpose.
pub struct Vault {
    sealing: RandomizedNonceKey,
    root: hkdf::Prk,
}

impl Vault {
    /// Derives the keys (HKDF-SHA256, RFC 5869).
    pub fn new(master: &MasterKey) -> Result<Self> {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"mcpcodex").extract(&master.0);
        let key = derive(&root, &[b"seal ", &[VERSION]]);
        let sealing = RandomizedNonceKey::new(&AES_256_GCM, key.as_slice())
            .map_err(|source| Error::internal("no sealing key").with_source(source))?;
        Ok(Self { sealing, root })
    }

    /// Seals a value. `aad` names its place, as `table:column:id`: moved elsewhere it does not open.
    pub fn seal(&self, aad: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let head = 1 + NONCE_LEN;
        // Room for all of it at once: a vector that grows leaves the plain value behind in memory.
        let mut body = Vec::with_capacity(plain.len() + AES_256_GCM.tag_len());
        body.extend_from_slice(plain);
        let nonce = self
            .sealing
            .seal_in_place_append_tag(Aad::from(aad.as_bytes()), &mut body)
            .map_err(|source| Error::internal("a value could not be sealed").with_source(source))?;
        let mut sealed = Vec::with_capacity(head + body.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(nonce.as_ref());
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Opens what [`Vault::seal`] made for the same place with the same master key.
    pub fn open(&self, aad: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let (version, rest) = sealed.split_first().ok_or_else(unopened)?;
        if *version != VERSION {
            return Err(Error::internal(format!("sealed value of unknown version {version}"))
                .with_next("open this database with the program that wrote it last"));
        }
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or_else(unopened)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| unopened())?;
        let mut buffer = Zeroizing::new(body.to_vec());
        let length = self
            .sealing
            .open_in_place(nonce, Aad::from(aad.as_bytes()), &mut buffer)
            .map_err(|_| unopened())?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }

    /// HMAC-SHA256 under a key of this purpose alone, so that no MAC can stand in for another's.
    pub fn mac(&self, purpose: &str, data: &[u8]) -> [u8; 32] {
        self.mac_key(purpose).mac(data)
    }

    /// The key of [`Vault::mac`] for one purpose, derived once for many uses.
    pub fn mac_key(&self, purpose: &str) -> MacKey {
        let key = derive(&self.root, &[b"mac ", purpose.as_bytes()]);
        MacKey(hmac::Key::new(hmac::HMAC_SHA256, key.as_slice()))
    }
}

/// A key that makes MACs for one purpose.
#[derive(Clone, Debug)]
pub struct MacKey(hmac::Key);

impl MacKey {
    /// HMAC-SHA256 of these bytes.
    pub fn mac(&self, data: &[u8]) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(hmac::sign(&self.0, data).as_ref());
        out
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}

fn derive(root: &hkdf::Prk, info: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    let filled = root.expand(info, hkdf::HKDF_SHA256).and_then(|okm| okm.fill(out.as_mut_slice()));
    // HKDF refuses only more than 255 times 32 bytes; a key of zeros must never pass for one.
    assert!(filled.is_ok(), "32 bytes were derived");
    out
}

fn unopened() -> Error {
    Error::internal("a sealed value does not open: wrong master key, or the value was changed")
        .with_next("start with the master key that this database was created with")
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
    text.as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect()
}

fn any_base64(text: &str) -> Option<Vec<u8>> {
    let config = engine::GeneralPurposeConfig::new()
        .with_decode_padding_mode(engine::DecodePaddingMode::Indifferent);
    [alphabet::URL_SAFE, alphabet::STANDARD]
        .into_iter()
        .find_map(|letters| engine::GeneralPurpose::new(&letters, config).decode(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(seed: u8) -> Vault {
        let mut key = [seed; 32];
        key[0] = 0;
        Vault::new(&MasterKey(key)).unwrap()
    }

    #[test]
    fn sealed_value_opens_with_the_same_key_and_place() {
        let sealed = vault(1).seal("user:totp:u_1", b"seed").unwrap();
        assert_eq!(sealed.len(), 1 + 12 + 4 + 16);
        assert_eq!(vault(1).open("user:totp:u_1", &sealed).unwrap().as_slice(), b"seed");
        let empty = vault(1).seal("a", b"").unwrap();
        assert!(vault(1).open("a", &empty).unwrap().is_empty());
    }

    #[test]
    fn sealing_twice_gives_different_bytes() {
        let vault = vault(1);
        assert_ne!(vault.seal("a", b"same").unwrap(), vault.seal("a", b"same").unwrap());
    }

    #[test]
    fn other_place_or_key_does_not_open_it() {
        let sealed = vault(1).seal("user:totp:u_1", b"seed").unwrap();
        assert!(vault(1).open("user:totp:u_2", &sealed).is_err());
        let wrong = vault(2).open("user:totp:u_1", &sealed).unwrap_err();
        assert!(wrong.to_string().contains("wrong master key"), "{wrong}");
        assert!(wrong.next().is_some());
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let vault = vault(1);
        let sealed = vault.seal("a", b"seed").unwrap();
        for at in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[at / 8] ^= 1 << (at % 8);
            assert!(vault.open("a", &changed).is_err(), "bit {at}");
        }
        for length in 0..sealed.len() {
            assert!(vault.open("a", &sealed[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn mac_depends_on_key_purpose_and_data() {
        let mac = |vault: &Vault, purpose, data: &[u8]| vault.mac(purpose, data);
        let (one, two) = (vault(1), vault(2));
        assert_eq!(mac(&one, "cursor", b"x"), mac(&one, "cursor", b"x"));
        assert_ne!(mac(&one, "cursor", b"x"), mac(&two, "cursor", b"x"));
        assert_ne!(mac(&one, "cursor", b"x"), mac(&one, "session", b"x"));
        assert_ne!(mac(&one, "cursor", b"x"), mac(&one, "cursor", b"y"));
    }

    #[test]
    fn derivation_never_changes_by_accident() {
        // A change here makes every database in the field unreadable. Both values were made by
        // another program (HKDF, HMAC and AES-GCM of Python).
        let vault =
            Vault::new(&MasterKey(std::array::from_fn(|i| u8::try_from(i).unwrap()))).unwrap();
        assert_eq!(
            b64(&vault.mac("pinned", b"data")),
            "aiT-trzC_r21v-50Lk9OBSZCl2wgKCZzm2_Bzy2qc-Q"
        );
        let sealed =
            super::super::secret::unb64("AQABAgMEBQYHCAkKC-XE5QsYSIsXYJx8PN76PiZFw67D").unwrap();
        assert_eq!(vault.open("pinned", &sealed).unwrap().as_slice(), b"seed");
    }

    #[test]
    fn master_key_is_read_as_hex_and_as_any_base64() {
        let key = MasterKey(std::array::from_fn(|i| 0xf8 ^ u8::try_from(i).unwrap()));
        let standard = engine::general_purpose::STANDARD.encode(key.0);
        assert!(standard.contains(['+', '/']) && standard.ends_with('='));
        let hex = key.0.map(|byte| format!("{byte:02x}")).concat();
        for text in [
            hex.as_str(),
            &hex.to_uppercase(),
            &format!(" {hex}\n"),
            &standard,
            standard.trim_end_matches('='),
            key.encode().expose(),
        ] {
            assert_eq!(MasterKey::parse(text).unwrap().0, key.0, "{text}");
        }
    }

    #[test]
    fn wrong_master_key_is_refused_without_being_repeated() {
        let short = "3f".repeat(31);
        let not_hex = "zz".repeat(32);
        for text in ["", "hunter2", &short, &not_hex, &"3f".repeat(33), &"00".repeat(32)] {
            let error = MasterKey::parse(text).unwrap_err();
            assert_eq!(error.kind(), crate::error::Kind::Invalid);
            assert!(text.is_empty() || !format!("{error} {error:?}").contains(text));
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let key = MasterKey::generate();
        assert_eq!(format!("{key:?} {:?}", Vault::new(&key).unwrap()), "MasterKey Vault");
        assert!(!MasterKey::generate().0.iter().all(|byte| *byte == 0));
    }
}
