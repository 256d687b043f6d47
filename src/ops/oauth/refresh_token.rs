//! The text of refresh tokens: `mcr_` and a keyed hash over family and generation.
//! Nothing of it is stored, so the database holds nothing to steal and a successor can be given out again.

use crate::{
    crypto::{
        seal::Vault,
        secret::{Plain, b64, equal, unb64},
    },
    model::id::GrantId,
};

/// How every refresh token begins, for people and secret scanners.
pub const PREFIX: &str = "mcr_";
const PURPOSE: &str = "refresh";
const GRANT_PREFIX: &str = "g_";
const HEAD: usize = 20;
const LONGEST: usize = 128;

/// The token of a generation; `None` for a grant id that this program did not make.
pub fn write(vault: &Vault, grant: &GrantId, generation: u32) -> Option<Plain> {
    let id = grant.as_str().strip_prefix(GRANT_PREFIX)?;
    let id = uuid::Uuid::try_parse(id).ok()?;
    let mut bytes = Vec::with_capacity(HEAD + 32);
    bytes.extend_from_slice(id.as_bytes());
    bytes.extend_from_slice(&generation.to_be_bytes());
    let mac = vault.mac(PURPOSE, &bytes);
    bytes.extend_from_slice(&mac);
    Some(Plain::new(format!("{PREFIX}{}", b64(&bytes))))
}

/// Reads a token that [`write()`] made with the same vault. No database is asked about any other text.
pub fn read(vault: &Vault, token: &str) -> Option<(GrantId, u32)> {
    if token.len() > LONGEST {
        return None;
    }
    let bytes = unb64(token.strip_prefix(PREFIX)?)?;
    let (head, mac) = bytes.split_at_checked(HEAD)?;
    if !equal(&vault.mac(PURPOSE, head), mac) {
        return None;
    }
    let (id, generation) = head.split_first_chunk::<16>()?;
    let id = uuid::Uuid::from_bytes(*id).simple().to_string();
    let generation = u32::from_be_bytes(generation.try_into().ok()?);
    Some((GrantId::from_text(format!("{GRANT_PREFIX}{id}")), generation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::seal::MasterKey;

    #[test]
    fn token_names_its_family_and_generation_again() {
        let vault = Vault::new(&MasterKey::generate()).unwrap();
        let grant = GrantId::new();
        let token = write(&vault, &grant, 7).unwrap();
        assert!(token.expose().starts_with("mcr_"));
        assert_eq!(read(&vault, token.expose()), Some((grant.clone(), 7)));
        assert_eq!(write(&vault, &grant, 7).unwrap().expose(), token.expose());
    }

    #[test]
    fn every_changed_character_and_another_master_key_are_refused() {
        let vault = Vault::new(&MasterKey::generate()).unwrap();
        let token = write(&vault, &GrantId::new(), 1).unwrap().expose().to_owned();
        for at in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            assert!(read(&vault, &other).is_none(), "{other}");
        }
        assert!(read(&vault, &token[..token.len() - 1]).is_none());
        assert!(read(&vault, &format!("{token}A")).is_none());
        assert!(read(&vault, &"x".repeat(1_000_000)).is_none());
        let other = Vault::new(&MasterKey::generate()).unwrap();
        assert!(read(&other, &token).is_none());
    }
}
