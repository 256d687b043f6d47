//! Asks zxcvbn how soon a password would be guessed, and pays no more for the answer than it is worth.
//! What score is enough is the policy's to say.

use zeroize::Zeroizing;
use zxcvbn::{
    Entropy,
    feedback::{Feedback, Suggestion},
};

/// The most that zxcvbn reads.
const MAX_READ: usize = 100;
/// Shorter own words match everywhere and say nothing.
const MIN_INPUT: usize = 3;
/// Ways to read a password as l33t, times the square of its length: some 10 ms of zxcvbn's time.
const BUDGET: usize = 80_000;

/// What zxcvbn takes for each letter. `l` shares its characters with `i` and `t`, and zxcvbn then
/// tries both, so each stands here twice.
const LEET: [&str; 12] = ["4@", "8", "({[<", "3", "69", "1!|", "11||77", "0", "$5", "+7", "%", "2"];

/// Whether a password has this score at least; if not, the score and what to do about it.
pub fn at_least(min: u8, password: &str, own: &[String]) -> Result<(), (u8, String)> {
    if min == 0 {
        return Ok(());
    }
    let entropy = guess(password, own);
    let score = u8::from(entropy.score());
    if score < min { Err((score, hint(entropy.feedback()))) } else { Ok(()) }
}

/// The score of a password.
pub fn score(password: &str, own: &[String]) -> u8 {
    u8::from(guess(password, own).score())
}

fn guess(password: &str, own: &[String]) -> Entropy {
    let head: Zeroizing<String> =
        Zeroizing::new(password.chars().take(affordable(password)).collect());
    let inputs: Vec<&str> =
        own.iter().map(String::as_str).filter(|word| word.chars().count() >= MIN_INPUT).collect();
    zxcvbn::zxcvbn(&head, &inputs)
}

/// How many characters zxcvbn may see. It tries every combination of l33t readings over every part,
/// which takes seconds for a hundred characters made for it. The rest of such a password could only
/// raise its score, so leaving it out lets nothing weak through.
fn affordable(password: &str) -> usize {
    let mut seen: Vec<char> = Vec::new();
    let mut readings = 1_usize;
    for (length, c) in (1_usize..=MAX_READ).zip(password.chars()) {
        if !seen.contains(&c) && LEET.iter().any(|subs| subs.contains(c)) {
            seen.push(c);
            let of = |subs: &&str| subs.chars().filter(|sub| seen.contains(sub)).count().max(1);
            readings = LEET.iter().map(of).product();
        }
        if readings.saturating_mul(length.saturating_mul(length)) > BUDGET {
            return length.saturating_sub(1);
        }
    }
    MAX_READ
}

fn hint(feedback: Option<&Feedback>) -> String {
    let Some(feedback) = feedback else { return String::new() };
    let warning = feedback.warning().map(|warning| warning.to_string());
    let suggestions = feedback
        .suggestions()
        .iter()
        // It would contradict rules that ask for just these.
        .filter(|said| !matches!(said, Suggestion::NoNeedForSymbolsDigitsOrUppercaseLetters))
        .map(ToString::to_string);
    warning.into_iter().chain(suggestions).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_passwords_are_read_in_full() {
        for text in ["correct-Horse7battery-staple", "P@ssw0rd2024!", &"kayak ".repeat(20)] {
            assert_eq!(affordable(text), MAX_READ, "{text}");
        }
    }

    #[test]
    fn a_password_made_of_l33t_is_read_in_part() {
        let made: String = "4@8({[<369%!1|0$5+72".chars().cycle().take(100).collect();
        let read = affordable(&made);
        assert!((12..24).contains(&read), "{read}");
        assert_eq!(at_least(4, &made, &[]), Ok(()));
    }

    #[test]
    fn own_words_weaken() {
        let own = ["vexlorn".to_owned(), "tombrix".to_owned()];
        assert_eq!(at_least(3, "vexlorntombrix", &[]), Ok(()));
        let (score, hint) = at_least(3, "vexlorntombrix", &own).unwrap_err();
        assert!(score < 3 && !hint.is_empty(), "{score} {hint}");
    }
}
