//! API keys: how one is written, so that a typing error or a scanner needs no database.
//! Shape: the configured prefix, random letters and digits, and six more that check those before.

use zeroize::Zeroizing;

use super::{
    id::{ApiKeyId, UserId},
    scope::ScopeSet,
};
use crate::{
    crypto::secret::{self, Hashed, Plain},
    time::Time,
};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Characters of the checksum at the end.
pub const CHECKSUM: usize = 6;

/// A key's row, without the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its public half.
    pub id: ApiKeyId,
    /// Whose it is.
    pub user_id: UserId,
    /// What the owner calls it.
    pub name: String,
    /// How it begins, for people to recognise it.
    pub hint: String,
    /// What it may do.
    pub scopes: ScopeSet,
    /// Its refill per minute.
    pub requests_per_minute: u32,
    /// Its depth.
    pub burst_size: u32,
    /// When it was made.
    pub created_at: Time,
    /// When it ends, if ever.
    pub expires_at: Option<Time>,
    /// When it should have been rotated.
    pub rotation_due_at: Option<Time>,
    /// When it was last used.
    pub last_used_at: Option<Time>,
    /// When it was taken back.
    pub revoked_at: Option<Time>,
}

impl ApiKey {
    /// The state in one word: `active`, `expired` or `revoked`.
    pub fn state(&self, now: Time) -> &'static str {
        if self.revoked_at.is_some() {
            "revoked"
        } else if self.expires_at.is_some_and(|end| now >= end) {
            "expired"
        } else {
            "active"
        }
    }
}

/// Makes a key of `length` characters after the prefix, checksum included.
pub fn generate(prefix: &str, length: usize) -> Plain {
    let mut key = Zeroizing::new(String::with_capacity(prefix.len() + length));
    key.push_str(prefix);
    let random = length.saturating_sub(CHECKSUM);
    let mut made = 0;
    while made < random {
        // Bytes from 248 on would favour the first letters.
        for byte in secret::random_bytes::<32>().into_iter().filter(|byte| *byte < 248) {
            if made == random {
                break;
            }
            key.push(letter(u64::from(byte)));
            made += 1;
        }
    }
    let sum = checksum(&key);
    key.push_str(&sum);
    Plain::new(key.to_string())
}

/// Whether the text has the shape of a key with this prefix and length and its checksum holds.
pub fn is_well_formed(text: &str, prefix: &str, length: usize) -> bool {
    let Some(body) = text.strip_prefix(prefix) else { return false };
    if body.len() != length || !body.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return false;
    }
    text.split_at_checked(text.len() - CHECKSUM).is_some_and(|(head, sum)| checksum(head) == sum)
}

fn checksum(head: &str) -> String {
    let digest = Hashed::of(head);
    let mut n = digest.as_bytes().iter().take(4).fold(0_u64, |n, byte| (n << 8) | u64::from(*byte));
    (0..CHECKSUM)
        .map(|_| {
            let c = letter(n);
            n /= 62;
            c
        })
        .collect()
}

fn letter(n: u64) -> char {
    usize::try_from(n % 62).ok().and_then(|at| ALPHABET.get(at)).map_or('0', |b| char::from(*b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_single_typing_error_is_noticed() {
        let key = generate("mcp_", 32);
        let text = key.expose();
        assert_eq!(text.len(), 36);
        assert!(is_well_formed(text, "mcp_", 32));
        for at in 4..text.len() {
            let mut wrong = text.as_bytes().to_vec();
            wrong[at] = if wrong[at] == b'x' { b'y' } else { b'x' };
            assert!(!is_well_formed(std::str::from_utf8(&wrong).unwrap(), "mcp_", 32), "at {at}");
        }
    }

    #[test]
    fn shape_is_checked_before_anything_else() {
        for bad in ["", "mcp_", "mcp_é", "abc_00000000000000000000000000000000"] {
            assert!(!is_well_formed(bad, "mcp_", 32), "{bad}");
        }
    }
}
