//! The code that a device shows and a person types (RFC 8628 §6.1): eight letters out of twenty, `BCDF-GHJK`.
//! How long one lives and how often it may be guessed at is for its owner to say.

use super::secret::{Plain, random_bytes};

/// Consonants alone: no code spells a word, and none is taken for a digit.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// 20^8 are 25,600,000,000 codes.
const LENGTH: usize = 8;
/// More than anybody types; what is longer is not looked at.
const LONGEST: usize = 64;

/// A new code, all of them equally likely.
pub fn make() -> Plain {
    let mut letters = String::with_capacity(LENGTH);
    while letters.len() < LENGTH {
        let [byte] = random_bytes::<1>();
        // 240 is a multiple of twenty: what is above would make some letters likelier.
        if byte < 240 {
            letters.extend(LETTERS.get(usize::from(byte % 20)).map(|letter| char::from(*letter)));
        }
    }
    Plain::new(grouped(&letters))
}

/// Reads a code as people type it: any case, with dashes and blanks anywhere. `None` when it cannot be one; otherwise as
/// [`make`] writes it.
pub fn read(typed: &str) -> Option<Plain> {
    if typed.len() > LONGEST {
        return None;
    }
    let mut letters = String::with_capacity(LENGTH);
    let marks =
        |c: &char| c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '_' | '.');
    for typed in typed.chars().filter(|c| !marks(c)) {
        let letter = typed.to_ascii_uppercase();
        if letters.len() == LENGTH || !LETTERS.iter().any(|known| char::from(*known) == letter) {
            return None;
        }
        letters.push(letter);
    }
    (letters.len() == LENGTH).then(|| Plain::new(grouped(&letters)))
}

fn grouped(letters: &str) -> String {
    let (one, two) = letters.split_at_checked(LENGTH / 2).unwrap_or((letters, ""));
    format!("{one}-{two}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn code_is_two_groups_of_four_letters_all_alike() {
        let mut seen = BTreeMap::new();
        for _ in 0..2_500 {
            let code = make();
            let (one, two) = code.expose().split_once('-').unwrap();
            assert_eq!((one.len(), two.len()), (4, 4), "{}", code.expose());
            for letter in one.chars().chain(two.chars()) {
                *seen.entry(letter).or_insert(0_u32) += 1;
            }
        }
        // 20,000 letters, each of twenty 1,000 times give or take 31; six deviations off is no chance.
        assert_eq!(seen.len(), 20);
        assert!(!seen.keys().any(|letter| "AEIOUY0123456789".contains(*letter)));
        assert!(seen.values().all(|count| (800..1_200).contains(count)), "{seen:?}");
    }

    #[test]
    fn code_is_read_in_any_case_and_with_dashes_anywhere() {
        let read = |typed: &str| read(typed).map(|code| code.expose().to_owned());
        for typed in
            ["BCDF-GHJK", "bcdfghjk", " bc df-gh jk ", "B-C-D-F-G-H-J-K", "bcdf\u{2013}ghjk"]
        {
            assert_eq!(read(typed).as_deref(), Some("BCDF-GHJK"), "{typed}");
        }
        let code = make();
        assert_eq!(read(code.expose()).as_deref(), Some(code.expose()));
        let long = "B".repeat(1_000_000);
        for wrong in ["", "BCDF-GHJ", "BCDF-GHJKL", "BCDF-GHJA", "BCDF-GHJ0", "ＢCDF-GHJK", &long]
        {
            assert_eq!(read(wrong), None);
        }
    }
}
