//! The rules for passwords in words, and what a password breaks of them.
//! The rules are `model`'s.

use super::{Lang, Text, core};
use crate::{
    model::password::{Pattern, Policy, Violation},
    ops::password::Unfit,
};

/// Every rule of a policy, a sentence each.
pub fn rules(lang: Lang, policy: &Policy) -> Vec<String> {
    let length = lang
        .t("password-rule-length")
        .with("min", policy.min_length)
        .with("max", policy.max_length);
    let kinds = [
        (policy.require_uppercase, "password-kind-upper"),
        (policy.require_lowercase, "password-kind-lower"),
        (policy.require_numbers, "password-kind-digit"),
        (policy.require_symbols, "password-kind-symbol"),
    ];
    let kinds: Vec<String> =
        kinds.into_iter().filter(|(on, _)| *on).map(|(_, key)| lang.t(key).into()).collect();
    let kinds = list(lang, &kinds).map(|kinds| lang.t("password-rule-kinds").with("kinds", kinds));
    let score = policy.min_score.min(4);
    let strength = (score > 0).then(|| lang.t("password-rule-strength").with("score", score));
    let listed = policy.dictionary_check.then(|| lang.t("password-rule-listed"));
    let pattern = (!policy.common_patterns_allowed).then(|| lang.t("password-rule-pattern"));
    let all = [Some(length), kinds, strength, listed, pattern, Some(lang.t("password-rule-own"))];
    all.into_iter().flatten().map(String::from).collect()
}

/// "a, b and c".
fn list(lang: Lang, words: &[String]) -> Option<String> {
    let (last, rest) = words.split_last()?;
    if rest.is_empty() {
        return Some(last.clone());
    }
    Some(lang.t("list-and").with("rest", rest.join(", ")).with("last", last).into())
}

/// Why a password does not do.
pub fn unfit(lang: Lang, reason: &Unfit) -> String {
    match reason {
        Unfit::Rule(violation) => broken(lang, violation).into(),
        Unfit::Reused(last) => lang.t("password-reused").with("n", *last).into(),
    }
}

fn broken(lang: Lang, violation: &Violation) -> Text {
    match violation {
        Violation::TooShort { min } => lang.t("password-too-short").with("min", *min),
        Violation::TooLong { max } => lang.t("password-too-long").with("max", *max),
        Violation::NoUppercase => lang.t("password-no-upper"),
        Violation::NoLowercase => lang.t("password-no-lower"),
        Violation::NoNumber => lang.t("password-no-digit"),
        Violation::NoSymbol => lang.t("password-no-symbol"),
        Violation::TooWeak { score, min, hint } => lang
            .t("password-too-weak")
            .with("score", *score)
            .with("min", *min)
            .with("hint", core::hints(lang, hint)),
        Violation::Listed => lang.t("password-listed"),
        Violation::Pattern { what } => {
            let pattern = match what {
                Pattern::Walk => lang.t("password-pattern-walk"),
                Pattern::Repeat => lang.t("password-pattern-repeat"),
                Pattern::Sequence => lang.t("password-pattern-sequence"),
                Pattern::Date => lang.t("password-pattern-date"),
            };
            lang.t("password-pattern").with("what", pattern)
        }
        Violation::ContainsOwnWords => lang.t("password-own-words"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENIENT: Policy = Policy {
        min_length: 8,
        max_length: 64,
        require_uppercase: false,
        require_lowercase: false,
        require_numbers: false,
        require_symbols: false,
        min_score: 0,
        dictionary_check: false,
        common_patterns_allowed: true,
    };

    #[test]
    fn rules_are_described_as_configured() {
        let strict = Policy {
            min_length: 12,
            max_length: 128,
            require_uppercase: true,
            require_numbers: true,
            require_symbols: true,
            min_score: 3,
            dictionary_check: true,
            common_patterns_allowed: false,
            ..LENIENT
        };
        let said = rules(Lang::En, &strict).join("\n");
        for words in [
            "12 to 128",
            "With an upper-case letter, a digit and a symbol or space.",
            "3 of 4",
            "leaked",
            "keyboard",
            "your name",
        ] {
            assert!(said.contains(words), "{words} in {said}");
        }
        let said = rules(Lang::De, &strict).join("\n");
        assert!(said.contains("Mit einem Großbuchstaben, einer Ziffer und einem"), "{said}");
        let said = rules(Lang::En, &Policy { require_uppercase: true, ..LENIENT }).join("\n");
        assert!(said.contains("With an upper-case letter.") && !said.contains("leaked"), "{said}");
    }

    #[test]
    fn english_pages_say_about_a_password_what_the_command_line_says() {
        for violation in [
            Violation::TooShort { min: 12 },
            Violation::TooLong { max: 128 },
            Violation::NoUppercase,
            Violation::NoLowercase,
            Violation::NoNumber,
            Violation::NoSymbol,
            Violation::TooWeak { score: 1, min: 3, hint: "Avoid sequences.".to_owned() },
            Violation::TooWeak { score: 1, min: 3, hint: String::new() },
            Violation::Listed,
            Violation::Pattern { what: Pattern::Walk },
            Violation::Pattern { what: Pattern::Repeat },
            Violation::Pattern { what: Pattern::Sequence },
            Violation::Pattern { what: Pattern::Date },
            Violation::ContainsOwnWords,
        ] {
            let said = unfit(Lang::En, &Unfit::Rule(violation.clone()));
            assert_eq!(said, violation.to_string());
            assert_ne!(said, unfit(Lang::De, &Unfit::Rule(violation)));
        }
    }
}
