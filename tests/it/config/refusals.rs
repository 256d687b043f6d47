//! Wrong files are refused with line, column, key and what would be right.

use super::load;

const CASES: &str = include_str!("../../fixtures/refusals.txt");

/// Each case of a group of the fixture has the one mistake that stands below it.
fn check(group: &str, count: usize) {
    let (_, rest) = CASES.split_once(&format!("\n## {group}\n")).unwrap();
    let cases: Vec<_> = rest.split("\n## ").next().unwrap().split("\n\n").collect();
    assert_eq!(cases.len(), count, "{group}");
    let wrong: Vec<_> = cases.iter().filter_map(|case| mismatch(case).err()).collect();
    assert!(wrong.is_empty(), "{} of {count} differ\n\n{}", wrong.len(), wrong.join("\n\n"));
}

fn mismatch(case: &str) -> Result<(), String> {
    let (text, expected) = case.trim_matches('\n').split_once("\n=> ").unwrap();
    let Err(problems) = load(text) else { return Err(format!("{text}\nis taken")) };
    let mut each = problems.iter();
    let (Some(problem), None) = (each.next(), each.next()) else {
        return Err(format!("{text}\nhas more than one mistake:\n{problems}"));
    };
    let (line, column) = (problem.line.unwrap_or(0), problem.column.unwrap_or(0));
    let path = if problem.path.is_empty() { "-" } else { &problem.path };
    let found = format!("{line}:{column} {path}: {}", problem.message);
    let here = problem.source.as_deref() == Some("auth.config.yaml");
    if here && found.starts_with(expected.trim_end_matches('\n')) {
        return Ok(());
    }
    Err(format!("{text}\nexpected {expected}\nfound    {found}"))
}

#[test]
fn impossible_yaml_is_refused_where_it_stands() {
    check("impossible_yaml_is_refused_where_it_stands", 14);
}

#[test]
fn unknown_keys_are_refused_with_what_was_meant() {
    check("unknown_keys_are_refused_with_what_was_meant", 9);
}

#[test]
fn wrong_types_are_refused() {
    check("wrong_types_are_refused", 14);
}

#[test]
fn numbers_out_of_bounds_are_refused() {
    check("numbers_out_of_bounds_are_refused", 17);
}

#[test]
fn words_and_texts_that_mean_nothing_are_refused() {
    check("words_and_texts_that_mean_nothing_are_refused", 31);
}

#[test]
fn keys_that_cannot_be_together_are_refused() {
    check("keys_that_cannot_be_together_are_refused", 22);
}

#[test]
fn the_other_key_is_named_when_only_it_is_in_the_file() {
    // `idle` has its default of 3600 and stands in no line; the mistake still names its path.
    let problems = load("authentication: {session: {timeouts: {absolute: 600}}}").unwrap_err();
    let problem = problems.iter().next().unwrap();
    assert_eq!(problem.path, "authentication.session.timeouts.idle");
    assert!(problem.message.contains("3600 seconds against 600"), "{problem}");
    assert_eq!(problem.line, Some(1), "points at `absolute`, which was set: {problem}");
}

#[test]
fn several_mistakes_are_reported_together_in_the_order_of_the_file() {
    let text = "\
server:
  listn: x
authentication:
  tokens:
    access_token:
      lifetime: 0
      algorithm: RS265
  password:
    min_length: 20
    max_length: 10
  api_keys:
    rate_limiting: {burst_size: 0}
loging: {}
";
    let problems = load(text).unwrap_err();
    let found: Vec<_> = problems.iter().map(|p| (p.line.unwrap(), p.path.as_str())).collect();
    assert_eq!(
        found,
        [
            (2, "server.listn"),
            (6, "authentication.tokens.access_token.lifetime"),
            (7, "authentication.tokens.access_token.algorithm"),
            (9, "authentication.password.min_length"),
            (12, "authentication.api_keys.rate_limiting.burst_size"),
            (13, "loging"),
        ]
    );
    assert!(problems.to_string().ends_with("\n\n6 mistakes in the configuration"));
}

#[test]
fn refusal_of_one_key_is_not_repeated_by_a_rule_about_it() {
    let text = "authentication: {session: {timeouts: {idle: 30000, absolute: 0}}}";
    let problems = load(text).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems}");
}

#[test]
fn mistake_is_shown_with_its_line_and_a_caret() {
    let text = "authentication:\n  tokens:\n    access_token:\n      lifetime: 0     # seconds\n";
    let shown = load(text).unwrap_err().to_string();
    assert_eq!(
        shown,
        "\
auth.config.yaml:4:17: authentication.tokens.access_token.lifetime: must be at least 1 second, found 0
  |
4 |       lifetime: 0     # seconds
  |                 ^

1 mistake in the configuration"
    );
}

#[test]
fn mistake_has_a_form_for_programs() {
    let problems = load("logging: {level: loud}").unwrap_err();
    let json = serde_json::to_value(&problems).unwrap();
    assert_eq!(
        json,
        serde_json::json!([{
            "source": "auth.config.yaml",
            "line": 1,
            "column": 18,
            "path": "logging.level",
            "message": "must be one of error, warn, info, debug, trace, found \"loud\"",
        }])
    );
}

#[test]
fn columns_count_characters_and_not_bytes() {
    let text = "mail: {from: \"\u{e4}\u{f6}\u{fc}@x.de\"}\nlogging: {\"l\u{e9}v\u{e9}l\": \"\u{65e5}\u{672c}\", level: 5}";
    let problems = load(text).unwrap_err();
    let places: Vec<_> = problems.iter().map(|p| (p.line, p.column)).collect();
    assert_eq!(places, [(Some(2), Some(11)), (Some(2), Some(33))]);
}

#[test]
fn escape_sequences_do_not_reach_the_terminal() {
    let shown = load("server: {listen: \"\\e[31mred\"} # \u{7f}").unwrap_err().to_string();
    assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
}

fn many_keys(count: usize) -> String {
    (0..count).map(|n| format!("k{n}: 1")).collect::<Vec<_>>().join("\n")
}

#[test]
fn twenty_mistakes_are_shown_and_the_others_counted() {
    let text = many_keys(25);
    let problems = load(&text).unwrap_err();
    assert_eq!(problems.len(), 25);
    let shown = problems.to_string();
    assert_eq!(shown.matches("unknown key").count(), 20);
    assert!(shown.ends_with("… and 5 more\n\n25 mistakes in the configuration"), "{shown}");
}

#[test]
fn hostile_files_are_refused_at_once() {
    let start = std::time::Instant::now();
    let huge = format!("# {}\n", "x".repeat(1024 * 1024));
    let deep = format!("server: {}", "[".repeat(5000));
    let wide = many_keys(20_000);
    let deep_map = format!("server: {}1{}", "{a: ".repeat(500), "}".repeat(500));
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b]\n";
    for (text, message) in [
        (huge.as_str(), "the file is longer than the 1048576 bytes"),
        (&deep, "recursion limit exceeded"),
        (&wide, "holds more than 5000 values"),
        (&deep_map, "nested deeper than 32 levels"),
        (bomb, "anchors, aliases and merge keys"),
    ] {
        let problems = load(text).unwrap_err();
        let shown = problems.to_string();
        assert!(shown.contains(message), "{shown}");
        assert!(shown.len() < 1000, "a refusal of {} bytes", shown.len());
    }
    assert!(start.elapsed().as_secs() < 5);
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auth.config.yaml");
    std::fs::write(&file, b"logging:\n  level: \xff\xfe\n").unwrap();
    let source = mcpcodex::config::Source { file: Some(file), env: super::Environment::default() };
    let problems = mcpcodex::config::load(&source).unwrap_err();
    let problem = problems.iter().next().unwrap();
    assert_eq!((problem.line, problem.column), (Some(2), Some(10)));
}

#[test]
fn nothing_but_comments_and_empty_sections_is_the_default() {
    for text in [
        "",
        "# nothing\n",
        "---\n",
        "server:\nauthentication:\n  tokens:\n",
        "{}",
        "\u{feff}server: {}",
    ] {
        let loaded = load(text).unwrap_or_else(|problems| panic!("{text:?}: {problems}"));
        assert!(loaded.settings.is_empty(), "{text:?}");
    }
}
