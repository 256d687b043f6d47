//! The files of texts against each other, against the templates and code that use them, and against the core whose
//! sentences they translate.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use mcpcodex::http::lang::Lang;

/// Key and text of each message of a file; a text of several lines is joined by spaces.
fn messages(lang: Lang) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut last = String::new();
    for line in lang.file().lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if line.starts_with([' ', '}']) {
            let text = found.get_mut(&last).expect("a text before its continuation");
            text.push(' ');
            text.push_str(line.trim());
        } else {
            let (key, text) = line.split_once(" = ").unwrap_or_else(|| panic!("{line}"));
            last = key.to_owned();
            let before = found.insert(last.clone(), text.to_owned());
            assert!(before.is_none(), "{} has {key} twice", lang.code());
        }
    }
    found
}

/// The names of the gaps in a text.
fn gaps(text: &str) -> BTreeSet<&str> {
    let names = text.split('$').skip(1);
    names.filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next()).collect()
}

fn below(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            below(&path, extension, found);
        } else if path.extension().is_some_and(|own| own == extension) {
            found.push(path);
        }
    }
}

fn files(folder: &str, extension: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    below(&root.join(folder), extension, &mut paths);
    assert!(!paths.is_empty(), "nothing in {folder}");
    let name = |path: &Path| path.strip_prefix(root).unwrap().display().to_string();
    paths.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

/// The templates, and the code of the pages without its tests.
fn users() -> Vec<(String, String)> {
    let code = files("src/http", "rs").into_iter().map(|(name, text)| {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        (name, code)
    });
    code.chain(files("assets/templates", "html")).collect()
}

/// The keys in calls of `t`, `rich` and `title`.
fn asked(text: &str) -> BTreeSet<String> {
    [".t(\"", ".rich(\"", ".title(\""]
        .iter()
        .flat_map(|call| text.match_indices(call).map(|(at, call)| &text[at + call.len()..]))
        .filter_map(|rest| rest.split('"').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn each_language_has_the_same_texts_with_the_same_gaps() {
    let english = messages(Lang::En);
    for lang in Lang::ALL {
        let own = messages(lang);
        let (keys, theirs): (Vec<_>, Vec<_>) = (own.keys().collect(), english.keys().collect());
        assert_eq!(keys, theirs, "{}", lang.code());
        for (key, text) in &own {
            assert_eq!(gaps(text), gaps(&english[key]), "{key} in {}", lang.code());
        }
    }
}

#[test]
fn every_text_that_is_asked_for_exists_and_every_text_is_asked_for() {
    let english = messages(Lang::En);
    let users = users();
    for (name, text) in &users {
        for key in asked(text) {
            assert!(english.contains_key(&key), "{name} asks for {key}, which is in no file");
        }
    }
    for key in english.keys().filter(|key| !key.starts_with("core-") && !key.starts_with("hint-")) {
        let quoted = format!("\"{key}\"");
        let used = users.iter().any(|(_, text)| text.contains(&quoted));
        assert!(used, "nothing asks for {key}");
    }
}

#[test]
fn gaps_of_a_text_are_filled_where_it_is_shown() {
    for (name, text) in files("assets/templates", "html") {
        for call in text.split("shell.").skip(1) {
            let Some((_, rest)) = call.split_once("(\"") else { continue };
            let (key, rest) = rest.split_once('"').unwrap();
            let Some(wanted) = messages(Lang::En).remove(key) else { continue };
            let rest = rest.split("}}").next().unwrap();
            for gap in gaps(&wanted) {
                let filled = rest.contains(&format!(".with(\"{gap}\""));
                assert!(filled, "{name} shows {key} without {gap}");
            }
        }
    }
}

#[test]
fn only_texts_shown_as_markup_have_some_and_it_is_emphasis() {
    let shown: Vec<String> = users().into_iter().map(|(_, text)| text).collect();
    for lang in Lang::ALL {
        for (key, text) in messages(lang) {
            let rich = shown.iter().any(|text| text.contains(&format!(".rich(\"{key}\")")));
            let bare = text.replace("<b>", "").replace("</b>", "");
            let emphasised = bare != text;
            assert!(!bare.contains('<'), "{key} in {}: {text}", lang.code());
            assert!(rich || !emphasised, "{key} in {} is plain: {text}", lang.code());
            assert!(!rich || !bare.replace("->", "").contains(['&', '>']), "{key}: {text}");
            assert_eq!(text.matches("<b>").count(), text.matches("</b>").count(), "{key}: {text}");
        }
    }
}

#[test]
fn templates_say_nothing_by_themselves() {
    for (name, text) in files("assets/templates", "html") {
        // For developers, in English.
        if name.contains("demo_") {
            continue;
        }
        let mut said = without(&text, "{% block kind %}", "{% endblock %}");
        for (open, close) in [("{#", "#}"), ("{%", "%}"), ("{{", "}}")] {
            said = without(&said, open, close);
        }
        for attribute in ["aria-label", "title", "placeholder", "alt"] {
            for rest in said.split(&format!(" {attribute}=\"")).skip(1) {
                let value = rest.split('"').next().unwrap();
                assert!(!value.contains(char::is_alphabetic), "{name}: {attribute}=\"{value}\"");
            }
        }
        let said = without(&said, "<", ">");
        assert!(!said.contains(char::is_alphabetic), "{name} says {:?}", said.trim());
    }
}

fn without(text: &str, open: &str, close: &str) -> String {
    let mut parts = text.split(open);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(part.split_once(close).map_or("", |(_, rest)| rest));
    }
    out
}

/// A sentence as its words around the gaps.
fn words(text: &str) -> Vec<String> {
    without(&text.replace("{ $", "\u{0}{ $"), "{ $", " }")
        .split('\u{0}')
        .map(str::to_owned)
        .collect()
}

/// Whether the source has this sentence, as the core writes it: with a small first letter and no full stop.
fn says(source: &str, sentence: &str) -> bool {
    let mut words = words(sentence.trim_end_matches('.'));
    let first = words.remove(0);
    let mut letters = first.chars();
    let small: String = letters.next().unwrap().to_lowercase().chain(letters).collect();
    [first, small].iter().any(|first| {
        source.match_indices(first.as_str()).any(|(at, first)| {
            let mut rest = &source[at + first.len()..];
            for word in &words {
                let Some(after) = rest.strip_prefix('{').and_then(|gap| gap.split_once('}')) else {
                    return false;
                };
                let Some(left) = after.1.strip_prefix(word.as_str()) else { return false };
                rest = left;
            }
            true
        })
    })
}

#[test]
fn each_sentence_of_the_core_is_one_that_the_core_says() {
    let source: String = files("src", "rs").into_iter().map(|(_, text)| text).collect();
    // Escaped quotes, and texts that go on in the next line.
    let source = source.replace("\\\"", "\"");
    let source: String = source
        .split("\\\n")
        .enumerate()
        .map(|(at, part)| if at == 0 { part } else { part.trim_start() })
        .collect();
    for (key, text) in messages(Lang::En).iter().filter(|(key, _)| key.starts_with("core-")) {
        assert!(says(&source, text), "nothing says \"{text}\" ({key})");
    }
    assert!(!says(&source, "The user name \"{ $name }\" is token."));
}

#[test]
fn every_advice_about_a_password_has_a_text() {
    use zxcvbn::feedback::{Suggestion as S, Warning as W};
    let warnings = [
        W::StraightRowsOfKeysAreEasyToGuess,
        W::ShortKeyboardPatternsAreEasyToGuess,
        W::RepeatsLikeAaaAreEasyToGuess,
        W::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess,
        W::ThisIsATop10Password,
        W::ThisIsATop100Password,
        W::ThisIsACommonPassword,
        W::ThisIsSimilarToACommonlyUsedPassword,
        W::SequencesLikeAbcAreEasyToGuess,
        W::RecentYearsAreEasyToGuess,
        W::AWordByItselfIsEasyToGuess,
        W::DatesAreOftenEasyToGuess,
        W::NamesAndSurnamesByThemselvesAreEasyToGuess,
        W::CommonNamesAndSurnamesAreEasyToGuess,
    ];
    let suggestions = [
        S::UseAFewWordsAvoidCommonPhrases,
        S::AddAnotherWordOrTwo,
        S::CapitalizationDoesntHelpVeryMuch,
        S::AllUppercaseIsAlmostAsEasyToGuessAsAllLowercase,
        S::ReversedWordsArentMuchHarderToGuess,
        S::PredictableSubstitutionsDontHelpVeryMuch,
        S::UseALongerKeyboardPatternWithMoreTurns,
        S::AvoidRepeatedWordsAndCharacters,
        S::AvoidSequences,
        S::AvoidRecentYears,
        S::AvoidYearsThatAreAssociatedWithYou,
        S::AvoidDatesAndYearsThatAreAssociatedWithYou,
    ];
    let said: BTreeSet<String> = warnings
        .iter()
        .map(ToString::to_string)
        .chain(suggestions.iter().map(ToString::to_string))
        .collect();
    let hints = messages(Lang::En).into_iter().filter(|(key, _)| key.starts_with("hint-"));
    assert_eq!(hints.map(|(_, text)| text).collect::<BTreeSet<_>>(), said);
}
