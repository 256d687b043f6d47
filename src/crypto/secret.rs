//! Randomness, the types of secrets, and the only comparison that secrets may meet.
//! What a secret is for, and how long it lives, is for its owner to say.

use std::fmt;

use aws_lc_rs::{constant_time, digest, rand};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// Digits and letters that cannot be taken for one another: no i, l, o or u (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const CODE_GROUPS: usize = 4;
const CODE_GROUP: usize = 4;

/// A secret in the clear: wiped when dropped, never printed, never serialised.
#[derive(Clone)]
pub struct Plain(Zeroizing<String>);

impl Plain {
    /// Takes charge of a secret.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret itself; each call is a place where it may leak.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The SHA-256 of a secret of high entropy, as the database keeps it.
///
/// There is no `==`: [`Hashed::matches`] takes the same time whatever it finds. Passwords are not
/// hashed so, but by [`super::password`].
#[derive(Clone)]
pub struct Hashed([u8; 32]);

impl Hashed {
    /// Hashes a secret.
    pub fn of(secret: &str) -> Self {
        Self(sha256(secret.as_bytes()))
    }

    /// The digest, for its column.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A digest from its column; `None` unless it has 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Compares in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        equal(&self.0, &other.0)
    }
}

impl fmt::Debug for Hashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hashed")
    }
}

/// `N` random bytes from the operating system's generator.
///
/// # Panics
///
/// When the machine gives no randomness: nothing that follows could be trusted.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

/// A random secret of so many bytes, as base64url.
pub fn random_token(bytes: usize) -> Plain {
    let mut buffer = Zeroizing::new(vec![0; bytes]);
    fill(&mut buffer);
    Plain::new(b64(&buffer))
}

/// A recovery code to write down, `abcd-efgh-jkmn-pqrs`: 80 random bits.
pub fn random_code() -> Plain {
    let raw = Zeroizing::new(random_bytes::<{ CODE_GROUPS * CODE_GROUP }>());
    // 32 letters divide 256, so that taking five bits of a byte prefers none of them.
    let letters = raw.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 31)).copied());
    grouped(letters.map(char::from))
}

/// A code of so many digits, all of them equally likely.
pub fn random_digits(length: usize) -> Plain {
    let mut code = String::with_capacity(length);
    while code.len() < length {
        let [byte] = random_bytes::<1>();
        // 250 is a multiple of ten: what is above would make small digits likelier.
        if byte < 250 {
            code.push(char::from(b'0'.saturating_add(byte % 10)));
        }
    }
    Plain::new(code)
}

/// Reads a recovery code as people type it: any case, spaces or hyphens anywhere, `o` for `0`, and
/// `i` or `l` for `1`. `None` when it cannot be one; otherwise as [`random_code`] writes it.
pub fn read_code(typed: &str) -> Option<Plain> {
    // Far more than a code with blanks between all its letters, and still nothing to work through.
    if typed.len() > 64 {
        return None;
    }
    let mut letters = Zeroizing::new(String::with_capacity(CODE_GROUPS * CODE_GROUP));
    for typed in typed.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        let letter = match typed.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        };
        let known = ALPHABET.iter().any(|known| char::from(*known) == letter);
        if !known || letters.len() == CODE_GROUPS * CODE_GROUP {
            return None;
        }
        letters.push(letter);
    }
    (letters.len() == CODE_GROUPS * CODE_GROUP).then(|| grouped(letters.chars()))
}

/// Bytes as base64url without padding, the form of everything in JOSE and OAuth.
pub fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of a base64url text; `None` for any other alphabet, for padding and for stray bits.
pub fn unb64(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Compares in a time that depends on the lengths alone.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// The SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

fn fill(bytes: &mut [u8]) {
    assert!(rand::fill(bytes).is_ok(), "the operating system gives no random bytes");
}

fn grouped(letters: impl Iterator<Item = char>) -> Plain {
    // Room for all of it at once: a string that grows leaves its old self in memory.
    let mut code = String::with_capacity(CODE_GROUPS * (CODE_GROUP + 1));
    for (at, letter) in letters.enumerate() {
        if at > 0 && at.is_multiple_of(CODE_GROUP) {
            code.push('-');
        }
        code.push(letter);
    }
    Plain::new(code)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", Plain::new("tell-nobody".to_owned())), "***");
        assert_eq!(format!("{:?}", Hashed::of("tell-nobody")), "Hashed");
        assert_eq!(
            format!("{:#?}", Some(Plain::new("tell-nobody".to_owned()))),
            "Some(\n    ***,\n)"
        );
    }

    #[test]
    fn hashed_is_sha256_and_matches_only_itself() {
        let hashed = Hashed::of("abc");
        // FIPS 180-2, appendix B.1.
        assert_eq!(b64(hashed.as_bytes()), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
        assert!(hashed.matches(&Hashed::of("abc")));
        assert!(!hashed.matches(&Hashed::of("abd")));
        assert!(Hashed::from_bytes(hashed.as_bytes()).is_some_and(|back| back.matches(&hashed)));
        assert!(Hashed::from_bytes(&[0; 31]).is_none());
        assert!(Hashed::from_bytes(&[0; 33]).is_none());
    }

    #[test]
    fn equal_needs_the_same_length_and_bytes() {
        assert!(equal(b"", b""));
        assert!(equal(b"same", b"same"));
        assert!(!equal(b"same", b"samf"));
        assert!(!equal(b"same", b"sam"));
    }

    #[test]
    fn base64url_is_strict() {
        assert_eq!(b64(&[0xfb, 0xff]), "-_8");
        assert_eq!(unb64("-_8"), Some(vec![0xfb, 0xff]));
        for wrong in ["-_8=", "+/8", "-_9", "-_8\n", " -_8", "-"] {
            assert_eq!(unb64(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn random_token_has_the_entropy_asked_for() {
        let tokens: BTreeSet<String> =
            (0..200).map(|_| random_token(32).expose().to_owned()).collect();
        assert_eq!(tokens.len(), 200);
        assert!(tokens.iter().all(|token| unb64(token).is_some_and(|bytes| bytes.len() == 32)));
    }

    #[test]
    fn recovery_code_uses_every_letter_of_the_alphabet_alike() {
        let mut seen = BTreeMap::new();
        for _ in 0..2000 {
            let code = random_code();
            let groups: Vec<&str> = code.expose().split('-').collect();
            assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [4, 4, 4, 4]);
            for letter in groups.concat().chars() {
                *seen.entry(letter).or_insert(0_u32) += 1;
            }
        }
        // 16 letters of 5 bits each are 80 bits, if all 32 letters come equally often: 1000 times
        // each here, give or take 31. Six deviations off is no chance.
        assert_eq!(seen.len(), 32);
        assert!(!seen.keys().any(|letter| "ilou".contains(*letter)));
        assert!(seen.values().all(|count| (800..1200).contains(count)), "{seen:?}");
    }

    #[test]
    fn random_digits_are_all_equally_likely() {
        let mut seen = BTreeMap::new();
        for _ in 0..2000 {
            let code = random_digits(5);
            assert_eq!(code.expose().len(), 5);
            for digit in code.expose().chars() {
                *seen.entry(digit).or_insert(0_u32) += 1;
            }
        }
        assert!(seen.keys().all(char::is_ascii_digit) && seen.len() == 10);
        assert!(seen.values().all(|count| (800..1200).contains(count)), "{seen:?}");
    }

    #[test]
    fn recovery_code_is_read_as_people_type_it() {
        let read = |typed: &str| read_code(typed).map(|code| code.expose().to_owned());
        assert_eq!(read(" 01AB cdef-ghjk MNPQ ").as_deref(), Some("01ab-cdef-ghjk-mnpq"));
        assert_eq!(read("oiab-cdef-ghjk-lnpq").as_deref(), Some("01ab-cdef-ghjk-1npq"));
        let code = random_code();
        assert_eq!(read(code.expose()).as_deref(), Some(code.expose()));
        let long = "0".repeat(1_000_000);
        for wrong in ["", "01ab-cdef-ghjk", "01ab-cdef-ghjk-mnpq-r", "01ab-cdef-ghjk-mnpu", &long] {
            assert_eq!(read(wrong), None);
        }
    }
}
