//! The policy as a whole, on the reference configuration.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn reference() -> Policy {
    Policy {
        min_length: 12,
        max_length: 128,
        require_uppercase: true,
        require_lowercase: true,
        require_numbers: true,
        require_symbols: true,
        min_score: 3,
        dictionary_check: true,
        common_patterns_allowed: false,
    }
}

fn anna() -> About<'static> {
    About {
        username: "anna.berg",
        email: "a.bergmann@lindenhof.example",
        display_name: "Anna Maria Bergmann",
        words: &["mcpcodex"],
    }
}

fn broken(candidate: &str) -> Vec<Violation> {
    check(&reference(), candidate, &anna()).err().unwrap_or_default()
}

#[test]
fn good_passwords_pass() {
    for good in [
        "correct-Horse7battery-staple",
        "Tr0mbone kettle 9 violet",
        "vK7#pQ2!mZ9x",
        "Ünser Gärtner zählt 7 Äpfel",
        "kayak Zebra 🦓 moon 42",
        // A generator's, with all that zxcvbn might read as l33t.
        "4k@8({w[<3)69Qe!1|0$m5+7%2T&4vR8(p{[<36%x9&!1|0$n5+7Zj",
    ] {
        assert_eq!(broken(good), [], "{good}");
    }
}

#[test]
fn every_broken_rule_is_named_at_once() {
    let found = broken("");
    for wanted in [
        Violation::TooShort { min: 12 },
        Violation::NoUppercase,
        Violation::NoLowercase,
        Violation::NoNumber,
        Violation::NoSymbol,
    ] {
        assert!(found.contains(&wanted), "{wanted:?} in {found:?}");
    }
    let found = broken("aaaaaaaaaaaaaaa");
    assert!(found.contains(&Violation::Pattern { what: Pattern::Repeat }), "{found:?}");
    assert!(found.iter().any(|v| matches!(v, Violation::TooWeak { min: 3, .. })), "{found:?}");
}

#[test]
fn decorated_words_are_refused_as_listed() {
    for bad in ["Password1234!", "Welcome2024!!", "Qwerty123456!", "P@ssw0rd2024!"] {
        assert!(broken(bad).contains(&Violation::Listed), "{bad}");
    }
    let lax = Policy { dictionary_check: false, ..reference() };
    // zxcvbn alone would let it through.
    assert_eq!(check(&lax, "Welcome2024!!", &anna()), Ok(()));
}

#[test]
fn own_words_are_refused_through_case_and_leet() {
    for bad in [
        "xk!9 Bergmann vT2 kayak",
        "xk!9 b3rgm4nn vT2 kayak",
        "xk!9 ANNABERG vT2 kayak",
        "xk!9 Lindenhof vT2 kayak",
        "xk!9 mcp-Codex vT2 kayak",
        "xk!9 MAR1A vT2 kayak",
    ] {
        assert_eq!(broken(bad), [Violation::ContainsOwnWords], "{bad}");
    }
    assert!(
        !own_words(&anna()).contains(&"example".to_owned()),
        "the top-level domain is nobody's"
    );
    assert_eq!(check(&reference(), "xk!9 Bergmann vT2 kayak", &About::default()), Ok(()));
}

#[test]
fn length_counts_characters_after_composition() {
    let policy = Policy { min_length: 4, max_length: 4, ..lenient() };
    assert_eq!(check(&policy, "äöüß", &About::default()), Ok(()));
    assert_eq!(check(&policy, "a\u{308}o\u{308}u\u{308}ß", &About::default()), Ok(()));
    assert_eq!(check(&policy, "äöü", &About::default()), Err(vec![Violation::TooShort { min: 4 }]));
    assert_eq!(
        check(&policy, "äöüßx", &About::default()),
        Err(vec![Violation::TooLong { max: 4 }])
    );
    assert_eq!(check(&policy, "🦓🦓🦓🦓", &About::default()), Ok(()));
}

#[test]
fn long_but_allowed_passwords_are_read_to_their_end() {
    let fits = "Zq7! kayak violet trombone garden lamp seldom quarry foggy timber anchor willow \
                copper dentist hamlet lunar mosaic nettle orbit pistachio";
    let fits: String = fits.chars().cycle().take(128).collect();
    assert_eq!(broken(&fits), []);
    assert_eq!(broken(&format!("{fits}x")), [Violation::TooLong { max: 128 }]);
}

#[test]
fn switches_switch() {
    let policy = lenient();
    assert_eq!(check(&policy, "x", &About::default()), Ok(()));
    let strict = Policy { min_score: 4, ..lenient() };
    let Err(found) = check(&strict, "kayak1", &About::default()) else { panic!("kayak1 is weak") };
    assert!(
        matches!(found.as_slice(), [Violation::TooWeak { min: 4, hint, .. }] if !hint.is_empty())
    );
    assert!(refusal(&found).to_string().contains("at least 4 is asked for"));
    assert_eq!(refusal(&found).field(), Some("password"));
}

#[test]
fn worst_inputs_cost_less_than_50_ms() {
    let cut = |text: &str| -> String { text.chars().cycle().take(128).collect() };
    let own: String = "4@8({[</369&%!1|0$5+7%2".chars().cycle().take(200).collect();
    let about = About { username: &own, email: &own, display_name: &own, words: &["mcpcodex"] };
    // The first check fills zxcvbn's own tables, once in a process.
    assert!(check(&reference(), "x", &about).is_err());
    for bad in [
        cut("4@8({[<369%!1|0$5+72"),
        cut("4@({1|!$5+769"),
        format!("{}{}", cut("a").get(..80).unwrap(), cut("4@8({[<369%!1|0$5+72")),
        cut("a"),
        cut("ab"),
        cut("4@8({[</369&%!1|0$5+7%2"),
        cut("p4$$w0rdp@55w0rd"),
        cut("1qaz2wsx"),
        cut("31.12.1999"),
        cut("1"),
        cut("!"),
        cut("🦓"),
        cut("\u{1d160}"),
        "a\u{301}".repeat(340),
        "ﷺ".repeat(341),
        "x".repeat(1_000_000),
    ] {
        // Another process may take the core for a moment: once below the limit is below it.
        let quick = (0..20).any(|_| {
            let start = Instant::now();
            assert!(check(&reference(), &bad, &about).is_err());
            start.elapsed() < Duration::from_millis(50)
        });
        let head: String = bad.chars().take(24).collect();
        assert!(quick, "{head}…");
    }
}

fn lenient() -> Policy {
    Policy {
        min_length: 1,
        max_length: 128,
        require_uppercase: false,
        require_lowercase: false,
        require_numbers: false,
        require_symbols: false,
        min_score: 0,
        dictionary_check: false,
        common_patterns_allowed: true,
    }
}

proptest! {
    #[test]
    fn normalise_is_idempotent_and_joins_both_forms(text in "\\PC{0,64}") {
        let once = normalise(&text);
        prop_assert_eq!(&*normalise(&once), &*once);
        let taken_apart: String = text.nfd().collect();
        prop_assert_eq!(&*normalise(&taken_apart), &*once);
    }

    #[test]
    fn check_never_panics(text in ".{0,140}", name in ".{0,20}") {
        let about = About { username: &name, email: &text, display_name: &name, words: &[] };
        drop(check(&reference(), &text, &about));
    }
}
