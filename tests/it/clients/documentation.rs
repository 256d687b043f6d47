//! What the pages about clients show is what the tests run: code word for word, commands as they stand there.

use std::{fs, path::Path};

use crate::cli::Place;

/// The part of a file between the two comments that mark it.
fn marked(text: &str) -> &str {
    let (_, after) = text.split_once("documented: begin\n").unwrap();
    let (part, _) = after.split_once("documented: end").unwrap();
    part.rsplit_once('\n').unwrap().0.trim()
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Name and text of every page in `docs/clients`, and of the one about proxies.
fn pages() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/clients");
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let page = |name: std::ffi::OsString| {
        let name = name.into_string().unwrap();
        let text = read(&format!("docs/clients/{name}"));
        (name, text)
    };
    let mut pages: Vec<_> = names.map(page).collect();
    pages.push(("forward-auth".to_owned(), read("docs/forward-auth.md")));
    pages
}

/// The blocks of one language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let opened = format!("```{language}\n");
    let after = page.split(&opened).skip(1);
    after.map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect()
}

/// The commands in the shell blocks of a page, each with its words.
fn commands(page: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for block in blocks(page, "sh") {
        let whole = block.replace("\\\n", " ");
        for command in whole.lines().flat_map(|line| line.split("&&")) {
            let words = words(command);
            if !words.is_empty() {
                all.push(words);
            }
        }
    }
    all
}

/// The words of a command as a shell reads it: quotes hold a word together, `#` begins a comment.
fn words(command: &str) -> Vec<String> {
    let command = command.split(" #").next().unwrap();
    let mut all: Vec<String> = Vec::new();
    for (at, part) in command.split('"').enumerate() {
        if at % 2 == 1 {
            all.push(part.to_owned());
        } else {
            all.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    all
}

#[test]
fn code_in_the_documentation_is_the_code_that_is_tested() {
    for (page, count) in [("docs/clients/servers.md", 4), ("docs/forward-auth.md", 2)] {
        let mut shown = 0;
        for block in read(page).split("\n<!-- ").skip(1) {
            let (path, rest) = block.split_once(" -->\n```").unwrap();
            let (_, code) = rest.split_once('\n').unwrap();
            let (code, _) = code.split_once("\n```").unwrap();
            let tested = read(path);
            assert_eq!(code, marked(&tested), "{page} shows another {path}");
            shown += 1;
        }
        assert_eq!(shown, count, "{page}");
    }
    let nginx = read("tests/e2e/servers/nginx.conf");
    let tested = nginx.replace("\n    ", "\n");
    for block in blocks(&read("docs/resources.md"), "nginx") {
        assert!(tested.contains(&block), "docs/resources.md shows another nginx.conf");
    }
}

#[test]
fn commands_of_ours_in_the_pages_work_as_they_stand_there() {
    let mut ran = 0;
    for (name, page) in pages() {
        let place = Place::new();
        for command in commands(&page).iter().filter(|words| words[0] == "mcpcodex") {
            let words: Vec<&str> = command.iter().skip(1).map(String::as_str).collect();
            let end = place.run(&words);
            assert_eq!(end.code, 0, "{name}: {command:?}: {}", end.err);
            ran += 1;
        }
    }
    assert!(ran >= 7, "only {ran} were found");
}

#[test]
fn commands_of_ours_that_the_pages_mention_exist_with_their_options() {
    let mut found = 0;
    for (name, page) in pages() {
        let place = Place::new();
        let mentioned = page.split('`').filter(|span| span.starts_with("mcpcodex "));
        for span in mentioned.map(|span| span.replace('\n', " ")) {
            let words = words(&span);
            let plain = |word: &&String| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            let verbs = words.iter().skip(1).take_while(plain);
            let verbs: Vec<&str> =
                verbs.map(String::as_str).take_while(|word| !word.starts_with('-')).collect();
            let help = place.run(&[&verbs[..], &["--help"]].concat());
            assert_eq!(help.code, 0, "{name}: {span}: {}", help.err);
            for option in words.iter().filter(|word| word.starts_with("--")) {
                assert!(help.out.contains(option.as_str()), "{name}: {span}: no {option}");
            }
            found += 1;
        }
    }
    assert!(found >= 10, "only {found} were found");
}

/// Where a command of somebody else's is run, and by which words.
const RUN: &[(&str, &str, &str)] = &[
    (
        "claude mcp add --transport http notes",
        "agents",
        r#"["mcp", "add", "--transport", "http", "notes", url"#,
    ),
    ("claude mcp login notes", "agents", r#"["mcp", "login", "notes"]"#),
    ("codex mcp add notes --url", "agents", r#"agent("codex")"#),
    (
        "opencode mcp add notes --url",
        "agents",
        r#"(agent("opencode"), ["mcp", "add", "notes", "--url", url]"#,
    ),
    ("opencode mcp auth notes", "agents", r#"["mcp", "auth", "notes"]"#),
    ("npx mcp-remote", "agents", r#"tool("mcp-remote");"#),
    ("npx @modelcontextprotocol/inspector --cli", "agents", r#"tool("mcp-inspector"), ["--cli""#),
    ("npx @modelcontextprotocol/inspector", "inspector", r#"tool("mcp-inspector");"#),
];

#[test]
fn commands_of_others_in_the_pages_are_run_by_a_test() {
    for (name, page) in pages() {
        for command in commands(&page).iter().filter(|words| words[0] != "mcpcodex") {
            let command = command.join(" ");
            let known = RUN.iter().find(|(start, ..)| command.starts_with(start));
            let (_, script, words) = known.unwrap_or_else(|| panic!("{name}: {command}"));
            let script = read(&format!("tests/e2e/clients/{script}.mjs"));
            assert!(script.contains(words), "{name}: {command} is run nowhere");
        }
    }
}

#[test]
fn page_of_each_client_has_its_template_and_says_what_was_tried_and_what_was_not() {
    for (page, template) in [
        ("claude", "claude"),
        ("claude-code", "claude-code"),
        ("chatgpt", "chatgpt"),
        ("vscode", "vscode"),
        ("cursor", "cursor"),
        ("inspector", "inspector"),
    ] {
        let text = read(&format!("docs/clients/{page}.md"));
        let create = format!("mcpcodex client create --template {template}");
        let used = |line: &&str| line.split(" --redirect-uri").next() == Some(&create);
        assert_eq!(text.lines().filter(used).count(), 1, "{page}: {create}");
        let (_, end) = text.split_once("\n## How this was tried\n\nTried, ").unwrap();
        assert!(end.contains("\n\nFrom ") && end.contains("not tried"), "{page}");
    }
}

#[test]
fn configuration_in_the_pages_is_taken() {
    let mut checked = 0;
    for (name, page) in pages() {
        let ours = |block: &String| !block.starts_with("http:\n");
        for block in blocks(&page, "yaml").into_iter().filter(ours) {
            let place = Place::bare();
            place.write("auth.config.yaml", &block);
            let found = place.run(&["config", "check", "--json"]).document();
            assert_eq!(found["problems"].as_array().unwrap().len(), 0, "{name}: {block}: {found}");
            checked += 1;
        }
    }
    assert_eq!(checked, 3);
}
