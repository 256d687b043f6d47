//! The embedded list of leaked passwords and base words, and how a password is held against it.
//! The list itself, its sources and their licences are in `assets/passwords`.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use zeroize::Zeroizing;

/// Sorted by byte, one a line: searched as it lies, so that starting costs nothing.
static LIST: &str = include_str!("../../../assets/passwords/common.txt");

/// Shorter words are in everything.
const MIN_WORD: usize = 4;
/// More digits and symbols than this around a word are a secret of their own; zxcvbn judges those.
const MAX_DECORATION: usize = 12;

/// Whether this is a listed word or leaked password, as it stands or behind case, accents, l33t
/// spelling, separators, doubling, reversal, or digits and symbols at its ends.
pub fn is_listed(password: &str) -> bool {
    let plain: Zeroizing<Vec<char>> = Zeroizing::new(plain(password).collect());
    let joined: Zeroizing<Vec<char>> =
        Zeroizing::new(plain.iter().copied().filter(|c| c.is_alphanumeric()).collect());
    decorated(&plain) || (joined.len() < plain.len() && decorated(&joined))
}

/// Lower case, compatibility forms resolved, accents gone.
pub(super) fn plain(text: &str) -> impl Iterator<Item = char> + '_ {
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase)
}

/// The letter that a digit or symbol stands in for; `one` is what `1` and its likes mean.
pub(super) fn unleet(c: char, one: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' | '|' => one,
        '2' => 'z',
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '6' | '9' => 'g',
        '7' | '+' => 't',
        '8' => 'b',
        '(' => 'c',
        other => other,
    }
}

/// Tries every way to take digits and symbols off both ends: `$ecret1!` needs its first one kept.
fn decorated(chars: &[char]) -> bool {
    let loose = |c: &&char| !c.is_alphabetic();
    let lead = chars.iter().take_while(loose).count();
    let trail = chars.iter().rev().take_while(loose).count();
    for front in 0..=lead.min(MAX_DECORATION) {
        for back in 0..=trail.min(MAX_DECORATION.saturating_sub(front)) {
            let end = chars.len().saturating_sub(back);
            let Some(core) = chars.get(front..end).filter(|core| core.len() >= MIN_WORD) else {
                continue;
            };
            // A number in the middle of other digits is chance unless it is most of them.
            let numeric = !core.iter().any(|c| c.is_alphabetic());
            if numeric && front.saturating_add(back).saturating_mul(2) > core.len() {
                continue;
            }
            if known(core, numeric) {
                return true;
            }
        }
    }
    false
}

fn known(core: &[char], numeric: bool) -> bool {
    let unit = core.get(..period(core)).unwrap_or(core);
    let word = |map: &dyn Fn(char) -> char| -> bool {
        let forward: Zeroizing<String> = Zeroizing::new(unit.iter().copied().map(map).collect());
        let backward: Zeroizing<String> = Zeroizing::new(forward.chars().rev().collect());
        contains(&forward) || contains(&backward)
    };
    word(&|c| c) || (!numeric && (word(&|c| unleet(c, 'i')) || word(&|c| unleet(c, 'l'))))
}

/// The length of the unit that the whole repeats, at least a word long; the whole when there is none.
fn period(chars: &[char]) -> usize {
    (MIN_WORD..=chars.len() / 2)
        .filter(|size| chars.len().is_multiple_of(*size))
        .find(|size| chars.iter().zip(chars.iter().skip(*size)).all(|(a, b)| a == b))
        .unwrap_or(chars.len())
}

/// Binary search over the lines of the list.
fn contains(word: &str) -> bool {
    if word.len() < MIN_WORD {
        return false;
    }
    let mut rest = LIST;
    while !rest.is_empty() {
        let Some((head, tail)) = rest.split_at_checked(rest.len() / 2) else { return false };
        let start = head.rfind('\n').map_or(0, |at| at.saturating_add(1));
        let end = tail.find('\n').map_or(rest.len(), |at| head.len().saturating_add(at));
        let Some(line) = rest.get(start..end) else { return false };
        rest = match word.cmp(line) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => rest.get(..start).unwrap_or(""),
            std::cmp::Ordering::Greater => rest.get(end.saturating_add(1)..).unwrap_or(""),
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_is_sorted_and_clean() {
        let lines: Vec<&str> = LIST.lines().collect();
        assert!(lines.windows(2).all(|pair| pair[0] < pair[1]), "not sorted, or a line twice");
        assert!(lines.iter().all(|l| l.is_ascii() && l.len() >= MIN_WORD), "not plain ASCII words");
        assert!(lines.len() >= 30_000 && LIST.len() <= 600 * 1024);
    }

    #[test]
    fn every_line_is_found_and_its_neighbours_are_not() {
        for line in LIST.lines() {
            assert!(contains(line), "{line}");
            assert!(!contains(&format!("{line}\u{1}")), "{line} and more");
        }
        for absent in ["", "\n", "\u{1}\u{1}\u{1}\u{1}", "zzzzzzzzzzzz~", "password\nabc"] {
            assert!(!contains(absent), "{absent:?}");
        }
    }

    #[test]
    fn decorated_words_are_listed() {
        for bad in [
            "password",
            "Password1234!",
            "Welcome2024!!",
            "Qwerty123456!",
            "P@ssw0rd!",
            "!!Passw0rd!!",
            "$ecret2024!!",
            "Dr@g0n1987!!",
            "1Monkey1!",
            "Pássword12!",
            "Ｐassword12!",
            "P-a-s-s-w-o-r-d-1",
            "i-love-you-2024",
            "DrowssaP2024!",
            "PasswordPassword1!",
            "January2026!!",
            "Changeme#2026",
            "123456789",
        ] {
            assert!(is_listed(bad), "{bad}");
        }
    }

    #[test]
    fn phrases_and_random_ones_are_not_listed() {
        for good in [
            "correct-Horse7battery-staple",
            "Tr0mbone kettle 9 violet",
            "password manager of my aunt 7",
            "vK7#pQ2!mZ9x",
            "83719264550172",
            "9#kW!27$4&xq",
            "Überraschung im Gartenhaus 7",
            "",
            "!!!",
        ] {
            assert!(!is_listed(good), "{good}");
        }
    }
}
