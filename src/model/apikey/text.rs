//! How a key is written, so that a typing error or a scanner needs no database.
//! Shape: the configured prefix, random letters and digits, and six more: the CRC-32 of everything before them, in base
//! 62, most significant digit first.

use zeroize::Zeroizing;

use crate::crypto::secret::{self, Hashed, Plain};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Characters of the checksum at the end.
pub const CHECKSUM: usize = 6;
/// Characters after the prefix: at least, and at most. Keys of another length than the configured one are older.
pub const LENGTHS: std::ops::RangeInclusive<usize> = 24..=128;

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
            key.push(letter(u32::from(byte)));
            made += 1;
        }
    }
    let sum = checksum(&key);
    key.push_str(&sum);
    Plain::new(key.to_string())
}

/// Whether the text has the shape of a key with this prefix and its checksum holds.
pub fn is_well_formed(text: &str, prefix: &str) -> bool {
    let Some(body) = text.strip_prefix(prefix) else { return false };
    if !LENGTHS.contains(&body.len()) || !body.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return false;
    }
    text.split_at_checked(text.len() - CHECKSUM)
        .is_some_and(|(head, sum)| checksum(head) == sum || first_checksum(head) == sum)
}

fn checksum(head: &str) -> String {
    let mut n = crc32fast::hash(head.as_bytes());
    let mut digits = ['0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = letter(n);
        n /= 62;
    }
    digits.iter().collect()
}

/// The checksum of keys that were made before there was [`checksum`]: they go on working.
fn first_checksum(head: &str) -> String {
    let digest = Hashed::of(head);
    let mut n = digest.as_bytes().iter().take(4).fold(0_u32, |n, byte| (n << 8) | u32::from(*byte));
    let digits = (0..CHECKSUM).map(|_| {
        let digit = letter(n);
        n /= 62;
        digit
    });
    digits.collect()
}

fn letter(n: u32) -> char {
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
        assert!(is_well_formed(text, "mcp_"));
        for at in 4..text.len() {
            for letter in ALPHABET.iter().filter(|letter| text.as_bytes()[at] != **letter) {
                let mut wrong = text.as_bytes().to_vec();
                wrong[at] = *letter;
                assert!(!is_well_formed(std::str::from_utf8(&wrong).unwrap(), "mcp_"), "at {at}");
            }
        }
    }

    #[test]
    fn letters_that_changed_places_are_noticed() {
        let key = generate("mcp_", 32);
        for at in 4..key.expose().len() - 1 {
            let mut wrong = key.expose().as_bytes().to_vec();
            wrong.swap(at, at + 1);
            let wrong = String::from_utf8(wrong).unwrap();
            assert!(wrong == key.expose() || !is_well_formed(&wrong, "mcp_"), "at {at}");
        }
    }

    #[test]
    fn checksum_is_what_others_can_compute() {
        // python3 -c 'import zlib; print(zlib.crc32(b"mcp_00000000000000000000000000"))'
        let key = "mcp_00000000000000000000000000";
        assert_eq!(crc32fast::hash(key.as_bytes()), 3_696_136_877);
        assert_eq!(checksum(key), "428c2v");
        assert!(is_well_formed(&format!("{key}428c2v"), "mcp_"));
    }

    #[test]
    fn key_with_the_first_sort_of_checksum_is_still_one() {
        let head = "mcp_AbCdEfGhIjKlMnOpQrStUvWxYz";
        assert!(is_well_formed(&format!("{head}{}", first_checksum(head)), "mcp_"));
    }

    #[test]
    fn shape_is_checked_before_anything_else() {
        let long = format!("mcp_{}", "0".repeat(100_000));
        let few = format!("mcp_{}", checksum("mcp_"));
        for bad in ["", "mcp_", "mcp_é", "abc_00000000000000000000000000000000", &long, &few] {
            assert!(!is_well_formed(bad, "mcp_"), "{bad:.40}");
        }
    }
}
