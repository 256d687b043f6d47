//! What `docs/clients/servers.md` shows is what the tests run, word for word.

use std::{fs, path::Path};

/// The part of a file between the two comments that mark it.
fn marked(text: &str) -> &str {
    let (_, after) = text.split_once("documented: begin\n").unwrap();
    let (part, _) = after.split_once("documented: end").unwrap();
    part.rsplit_once('\n').unwrap().0.trim()
}

#[test]
fn code_in_the_documentation_is_the_code_that_is_tested() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/clients/servers.md")).unwrap();
    let mut shown = 0;
    for block in page.split("\n<!-- ").skip(1) {
        let (path, rest) = block.split_once(" -->\n```").unwrap();
        let (_, code) = rest.split_once('\n').unwrap();
        let (code, _) = code.split_once("\n```").unwrap();
        let tested = fs::read_to_string(root.join(path)).unwrap();
        assert_eq!(code, marked(&tested), "docs/clients/servers.md shows another {path}");
        shown += 1;
    }
    assert_eq!(shown, 4);
}
