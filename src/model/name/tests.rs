//! Names that are taken, names that are refused, and names that must be one and the same.

use proptest::prelude::*;

use super::*;

fn parsed(text: &str) -> Username {
    Username::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

#[test]
fn usual_names_are_taken() {
    for (typed, display, key) in [
        ("anna", "anna", "anna"),
        ("  Anna.Berg-2 ", "Anna.Berg-2", "anna.berg-2"),
        ("Ａｎｎａ", "Anna", "anna"),
        ("Straße", "Straße", "strasse"),
        ("ΟΔΥΣΣΕΥΣ", "ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),
        ("Οδυσσευς", "Οδυσσευς", "οδυσσευσ"),
        ("Zoe\u{308}", "Zoë", "zoë"),
        ("ciagent_7", "ciagent_7", "ciagent_7"),
        ("山田たろう", "山田たろう", "山田たろう"),
        ("Иван", "Иван", "иван"),
        ("مریم", "مریم", "مریم"),
    ] {
        let name = parsed(typed);
        assert_eq!((name.display(), name.key()), (display, key));
        assert_eq!(Username::lookup_key(typed).as_deref(), Some(key));
        assert_eq!(name.to_string(), display);
    }
    assert!(Username::parse(&"a".repeat(64)).is_ok());
}

#[test]
fn names_that_deceive_or_break_are_refused() {
    for bad in [
        "",
        "   ",
        "an na",
        "an\u{a0}na",
        "ann@example.com",
        ".anna",
        "anna.",
        "-anna",
        "anna_",
        "an\u{0}na",
        "anna\n",
        "\u{1b}[31manna",
        "an\u{200b}na",
        "an\u{200d}na",
        "an\u{ad}na",
        "anna\u{202e}",
        "\u{2066}anna",
        "\u{feff}anna",
        "an\u{e000}na",
        "an\u{378}na",
        "an\u{ffff}na",
        "an\u{e0061}na",
        "аdmin",
        "аnna",
        "anna<script>",
        "a/b",
        "a:b",
        "a'b",
        "anna🦓",
        "\u{301}anna",
        "a\u{328}\u{331}\u{330}\u{303}\u{301}nna",
        "ВОВ",
        &"a".repeat(65),
        &"a".repeat(64 * 1024),
    ] {
        let error = Username::parse(bad).unwrap_err();
        assert_eq!(error.field(), Some("username"), "{bad:?}");
        assert!(!error.to_string().chars().any(clean::is_hidden), "{bad:?} is repeated");
    }
}

#[test]
fn look_alikes_share_a_skeleton_but_no_key() {
    for (one, other) in
        [("oca", "оса"), ("paypal1", "paypall"), ("modern", "modem"), ("agent0", "agentO")]
    {
        let (one, other) = (parsed(one), parsed(other));
        assert_eq!(one.skeleton(), other.skeleton());
        assert_ne!(one.key(), other.key());
    }
    // Mixed scripts are refused before that; the skeleton would catch them all the same.
    assert_eq!(fold(&skeleton("аdmin").collect::<String>()), parsed("admin").skeleton());
    assert_ne!(parsed("anna").skeleton(), parsed("anne").skeleton());
    assert_ne!(parsed("zoe").skeleton(), parsed("zoë").skeleton());
}

#[test]
fn lookup_is_bounded_and_never_says_why() {
    assert_eq!(Username::lookup_key(" \t"), None);
    assert_eq!(Username::lookup_key(&"a".repeat(64 * 1024)), None);
    assert_eq!(Username::lookup_key("аdmin").as_deref(), Some("аdmin"));
}

#[test]
fn display_names_are_free_but_visible() {
    for (typed, kept) in [
        (" Anna Maria O'Neil ", "Anna Maria O'Neil"),
        ("Zoe\u{308} 🦓", "Zoë 🦓"),
        ("love ❤\u{fe0f}", "love ❤"),
        ("<b>", "<b>"),
    ] {
        assert_eq!(DisplayName::parse(typed).unwrap().as_str(), kept);
    }
    let tower = format!("a{}", "\u{338}".repeat(40));
    for bad in
        ["", " ", "a\nb", "a\u{202e}b", "a\u{200b}b", "a\u{0}", "\u{1b}c", &"ä".repeat(201), &tower]
    {
        assert_eq!(DisplayName::parse(bad).unwrap_err().field(), Some("name"), "{bad:?}");
    }
    assert!(DisplayName::parse(&"ä".repeat(200)).is_ok());
    assert!(DisplayName::parse(&"漢".repeat(200)).is_ok());
}

#[test]
fn roles_are_one_plain_word() {
    for good in ["admin", "user", "0", "ml-ops_2", &"r".repeat(32)] {
        assert_eq!(Role::parse(good).unwrap().as_str(), good);
    }
    for bad in ["", "Admin", "-a", "_a", "a b", "a.b", "rôle", "a\n", &"r".repeat(33)] {
        assert_eq!(Role::parse(bad).unwrap_err().field(), Some("role"), "{bad:?}");
    }
    assert_eq!(Role::parse("admin").unwrap(), Role::ADMIN);
    assert!(Role::DEVELOPER.is_built_in() && !Role::from_text("ops").is_built_in());
}

/// Names near the rules: several scripts, marks, full width, separators.
fn likely() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9._-]{1,20}",
        "[a-zA-Zà-öø-ÿĀ-ſ\u{300}-\u{308}ａ-ｚＡ-Ｚ0-9]{1,20}",
        "[α-ωΑ-Ωά-ώ]{1,20}",
        "[а-яА-Я]{1,20}",
        "\\PC{1,12}",
    ]
}

proptest! {
    #[test]
    fn both_unicode_forms_have_one_key(text in likely()) {
        let composed: String = text.nfc().collect();
        let apart: String = text.nfd().collect();
        prop_assert_eq!(fold(&composed), fold(&apart));
        prop_assert_eq!(Username::lookup_key(&composed), Username::lookup_key(&apart));
    }

    #[test]
    fn fold_is_idempotent_and_forgets_case(text in likely()) {
        let key = fold(&text);
        prop_assert_eq!(&fold(&key), &key);
        prop_assert_eq!(&fold(&text.to_uppercase()), &key);
        prop_assert_eq!(&fold(&text.to_lowercase()), &key);
    }

    #[test]
    fn case_changes_neither_key_nor_skeleton(text in likely()) {
        if let (Ok(one), Ok(other)) = (Username::parse(&text), Username::parse(&text.to_uppercase())) {
            prop_assert_eq!(one.key(), other.key());
            prop_assert_eq!(one.skeleton(), other.skeleton());
        }
    }

    #[test]
    fn what_is_taken_is_visible_and_found_again(text in likely()) {
        if let Ok(name) = Username::parse(&text) {
            prop_assert!(!name.display().chars().any(|c| clean::is_hidden(c) || c.is_whitespace()));
            for typed in [name.display(), name.key()] {
                let found = Username::lookup_key(typed);
                prop_assert_eq!(found.as_deref(), Some(name.key()));
            }
            prop_assert_eq!(Username::parse(name.display()).unwrap(), name);
        }
    }
}
