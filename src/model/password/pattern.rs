//! Finds what hands and calendars put into passwords: keyboard walks, repeats, sequences, dates.
//! How strong the rest is stays zxcvbn's business.

use std::fmt;

use zeroize::Zeroizing;

/// The share of a password that makes a pattern the whole of it, in per cent.
const MOSTLY: usize = 60;
/// A longer unit that comes twice counts only from its second coming.
const SHORT_UNIT: usize = 12;
/// What a hand does three times is a habit.
const MIN_RUN: usize = 3;

/// A common pattern. `Display` completes "Most of it is …".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Keys side by side: `qwerty`, `1qaz2wsx`.
    Walk,
    /// The same again: `aaaa`, `abcabc`.
    Repeat,
    /// Characters in order: `abcdef`, `987654`.
    Sequence,
    /// A day or a year: `19990101`, `31.12.1999`.
    Date,
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Walk => "a row of keys as on the keyboard, like qwerty or 1qaz2wsx",
            Self::Repeat => "a repetition, like aaaa or abcabc",
            Self::Sequence => "a sequence, like abcdef or 9876",
            Self::Date => "a date or a year, like 31.12.1999",
        })
    }
}

/// The pattern that a password mostly is, if all patterns together cover most of it.
pub fn dominant(password: &str) -> Option<Pattern> {
    let chars: Zeroizing<Vec<char>> =
        Zeroizing::new(password.chars().flat_map(char::to_lowercase).collect());
    // Sequences before walks: 123456 is both, and the plainer word helps more.
    let found = [
        (Pattern::Sequence, sequences(&chars)),
        (Pattern::Repeat, repeats(&chars)),
        (Pattern::Walk, walks(&chars)),
        (Pattern::Date, dates(&chars)),
    ];
    let covered = (0..chars.len())
        .filter(|at| found.iter().any(|(_, mask)| mask.get(*at) == Some(&true)))
        .count();
    if chars.is_empty() || covered.saturating_mul(100) < chars.len().saturating_mul(MOSTLY) {
        return None;
    }
    let size = |mask: &[bool]| mask.iter().filter(|hit| **hit).count();
    // `rev`, because `max_by_key` takes the last of equals.
    found.iter().rev().max_by_key(|(_, mask)| size(mask)).map(|(pattern, _)| *pattern)
}

fn mark(mask: &mut [bool], from: usize, len: usize) {
    for hit in mask.iter_mut().skip(from).take(len) {
        *hit = true;
    }
}

/// Marks each stretch of at least `least` steps of which `same` says that they go on.
fn stretches(mask: &mut [bool], steps: usize, least: usize, same: impl Fn(usize) -> bool) {
    let mut run = 0_usize;
    for at in 0..=steps {
        if at < steps && same(at) {
            run = run.saturating_add(1);
            continue;
        }
        if run >= least {
            // `run` steps join one character more.
            mark(mask, at.saturating_sub(run), run.saturating_add(1));
        }
        run = 0;
    }
}

fn sequences(chars: &[char]) -> Vec<bool> {
    let mut mask = vec![false; chars.len()];
    let codes: Vec<i64> = chars.iter().map(|c| i64::from(u32::from(*c))).collect();
    let step = |at: usize| -> Option<i64> {
        let pair = (chars.get(at)?, chars.get(at.checked_add(1)?)?);
        // After 9 comes 0, on every keyboard and in every head.
        match pair {
            ('9', '0') => return Some(1),
            ('0', '9') => return Some(-1),
            (a, b) if !(a.is_alphanumeric() && b.is_alphanumeric()) => return None,
            _ => {}
        }
        codes.get(at.checked_add(1)?)?.checked_sub(*codes.get(at)?)
    };
    let steps = chars.len().saturating_sub(1);
    for (delta, least) in [(1, 2), (-1, 2), (2, 3), (-2, 3)] {
        stretches(&mut mask, steps, least, |at| step(at) == Some(delta));
    }
    mask
}

fn repeats(chars: &[char]) -> Vec<bool> {
    let mut mask = vec![false; chars.len()];
    for size in 1..=chars.len() / 2 {
        let least = match size {
            1 => 2,
            2 => 4,
            more => more,
        };
        let mut run = 0_usize;
        for at in size..=chars.len() {
            let again =
                chars.get(at).is_some() && chars.get(at) == chars.get(at.saturating_sub(size));
            if again {
                run = run.saturating_add(1);
                continue;
            }
            if run >= least {
                let first = if size <= SHORT_UNIT { size } else { 0 };
                let len = run.saturating_add(first);
                mark(&mut mask, at.saturating_sub(len), len);
            }
            run = 0;
        }
    }
    mask
}

/// Rows of keys with their shifted twins; columns line up as far as a finger cares.
const LAYOUTS: [[(&str, &str); 4]; 3] = [
    [
        ("1234567890-=", "!@#$%^&*()_+"),
        ("qwertyuiop[]", "qwertyuiop{}"),
        ("asdfghjkl;'", "asdfghjkl:\""),
        ("zxcvbnm,./", "zxcvbnm<>?"),
    ],
    [
        ("1234567890ß´", "!\"§$%&/()=?`"),
        ("qwertzuiopü+", "qwertzuiopü*"),
        ("asdfghjklöä#", "asdfghjklöä'"),
        ("yxcvbnm,.-", "yxcvbnm;:_"),
    ],
    [
        ("1234567890)=", "&é\"'(-è_çà°+"),
        ("azertyuiop^$", "azertyuiop¨£"),
        ("qsdfghjklmù*", "qsdfghjklm%µ"),
        ("wxcvbn,;:!", "wxcvbn?./§"),
    ],
];

fn key(layout: &[(&str, &str)], wanted: char) -> Option<(i32, i32)> {
    layout.iter().zip(0_i32..).find_map(|((plain, shifted), row)| {
        let column = |keys: &str| keys.chars().zip(0_i32..).find(|(c, _)| *c == wanted);
        column(plain).or_else(|| column(shifted)).map(|(_, column)| (row, column))
    })
}

/// Straight lines (`asdf`, `1qaz`) and zigzags along two rows (`1q2w3e`).
fn walks(chars: &[char]) -> Vec<bool> {
    let mut mask = vec![false; chars.len()];
    for layout in &LAYOUTS {
        let keys: Vec<Option<(i32, i32)>> = chars.iter().map(|c| key(layout, *c)).collect();
        let between = |a: usize, b: usize| -> Option<(i32, i32)> {
            let ((r1, c1), (r2, c2)) = ((*keys.get(a)?)?, (*keys.get(b)?)?);
            Some((r2.checked_sub(r1)?, c2.checked_sub(c1)?))
        };
        // Each row is shifted by half a key against the one above.
        let near = |step: (i32, i32)| matches!(step, (0, 1 | -1) | (1, 0 | -1) | (-1, 0 | 1));
        let steps = chars.len().saturating_sub(1);
        for direction in [(0, 1), (0, -1), (1, 0), (-1, 0), (1, -1), (-1, 1)] {
            stretches(&mut mask, steps, MIN_RUN - 1, |at| {
                between(at, at.saturating_add(1)) == Some(direction)
            });
        }
        for along in [(0, 1), (0, -1)] {
            let mut pairs = vec![false; chars.len()];
            stretches(&mut pairs, chars.len().saturating_sub(2), MIN_RUN, |at| {
                between(at, at.saturating_add(2)) == Some(along)
                    && between(at, at.saturating_add(1)).is_some_and(near)
            });
            for (at, hit) in pairs.iter().enumerate() {
                // A step here joins a key and the next but one, so one more belongs to it.
                if *hit {
                    mark(&mut mask, at, 2);
                }
            }
        }
    }
    mask
}

/// A calendar form: `y` year of four, `d` day, `m` month, `s` year of two.
const FORMS: [[char; 3]; 6] = [
    ['y', 'm', 'd'],
    ['d', 'm', 'y'],
    ['m', 'd', 'y'],
    ['s', 'm', 'd'],
    ['d', 'm', 's'],
    ['m', 'd', 's'],
];

fn dates(chars: &[char]) -> Vec<bool> {
    let mut mask = vec![false; chars.len()];
    for at in 0..chars.len() {
        let longest = FORMS.iter().filter_map(|form| date(chars, at, form)).max();
        if let Some(len) = longest.or_else(|| part(chars, at, 'y', 4).map(|()| 4)) {
            mark(&mut mask, at, len);
        }
    }
    mask
}

/// How long a date of this form is that begins here: with separators, or as bare full-width digits.
fn date(chars: &[char], from: usize, form: &[char; 3]) -> Option<usize> {
    let mut at = from;
    let mut separator: Option<Option<char>> = None;
    for (index, what) in form.iter().enumerate() {
        if index > 0 {
            let here = chars.get(at).copied().filter(|c| matches!(c, '.' | '-' | '/' | '_' | ' '));
            if *separator.get_or_insert(here) != here {
                return None;
            }
            at = at.saturating_add(usize::from(here.is_some()));
        }
        let bare = matches!(separator, Some(None));
        let widths: &[usize] = match what {
            'y' => &[4],
            's' => &[2],
            _ if bare => &[2],
            _ => &[2, 1],
        };
        let width = widths.iter().find(|width| part(chars, at, *what, **width).is_some())?;
        at = at.saturating_add(*width);
    }
    at.checked_sub(from).filter(|len| *len >= 6)
}

fn part(chars: &[char], at: usize, what: char, width: usize) -> Option<()> {
    let digits = chars.get(at..at.checked_add(width)?)?;
    let number = digits
        .iter()
        .try_fold(0_u32, |sum, c| sum.checked_mul(10)?.checked_add(c.to_digit(10)?))?;
    let possible = match what {
        'y' => 1900..=2099,
        'm' => 1..=12,
        'd' => 1..=31,
        _ => 0..=99,
    };
    possible.contains(&number).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pattern_is_named() {
        for (bad, what) in [
            ("qwertyuiop", Pattern::Walk),
            ("Qwertz!asdfgh", Pattern::Walk),
            ("azertyuiop1", Pattern::Walk),
            ("1qaz2wsx3edc", Pattern::Walk),
            ("!QAZ2wsx#EDC", Pattern::Walk),
            ("1q2w3e4r5t", Pattern::Walk),
            ("zaq12wsxcde3", Pattern::Walk),
            ("!@#$%^&*()", Pattern::Walk),
            ("aaaaaaaaaaaa", Pattern::Repeat),
            ("abzabzabzabz", Pattern::Repeat),
            ("Xk7!Xk7!Xk7!", Pattern::Repeat),
            ("ababababab7!", Pattern::Repeat),
            ("abcdefghijkl", Pattern::Sequence),
            ("Abcdef-123456", Pattern::Sequence),
            ("9876543210ab", Pattern::Sequence),
            ("24681357Aa!", Pattern::Sequence),
            ("19990101", Pattern::Date),
            ("31.12.1999", Pattern::Date),
            ("Jo-31.12.1999", Pattern::Date),
            ("1.1.2001!Ab", Pattern::Date),
            ("12/31/99", Pattern::Date),
            ("311299#ab", Pattern::Date),
        ] {
            assert_eq!(dominant(bad), Some(what), "{bad}");
        }
    }

    #[test]
    fn mixed_patterns_add_up() {
        assert!(dominant("Abc-Xyz-123!").is_some());
        assert!(dominant("aaaa1234asdf").is_some());
    }

    #[test]
    fn a_password_with_a_little_pattern_passes() {
        for good in [
            "correct-Horse7battery-staple",
            "vK7#pQ2!mZ9x",
            "Tr0mbone kettle 1999 violet",
            "seven trees were freed 42",
            "kX9$asdf#Lm2!vT",
            "",
            "x",
        ] {
            assert_eq!(dominant(good), None, "{good}");
        }
    }

    #[test]
    fn a_long_phrase_typed_twice_counts_once() {
        assert_eq!(dominant("violet kettle tromboneviolet kettle trombone"), None);
    }
}
