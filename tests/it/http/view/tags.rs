//! Just enough reading of HTML and CSS to check our own pages: tags, attributes, colours.

use std::collections::BTreeMap;

/// An opening tag.
pub(super) struct Tag {
    pub(super) name: String,
    pub(super) attributes: BTreeMap<String, String>,
}

impl Tag {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.attributes.contains_key(name)
    }

    /// What it is, without what it says.
    pub(super) fn shape(self) -> (String, Vec<String>) {
        (self.name, self.attributes.into_keys().collect())
    }
}

/// All opening tags, read as a browser would: a quote ends a value, `>` outside of quotes ends a tag.
pub(super) fn all(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    for piece in html.split('<').skip(1) {
        if piece.starts_with(['/', '!']) {
            continue;
        }
        let end = piece.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(piece.len());
        let (name, mut rest) = piece.split_at(end);
        let mut attributes = BTreeMap::new();
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
            if rest.is_empty() || rest.starts_with('>') {
                break;
            }
            let end = rest
                .find(|c: char| c == '=' || c == '>' || c.is_whitespace())
                .unwrap_or(rest.len());
            let (key, after) = rest.split_at(end);
            let value = if let Some(after) = after.strip_prefix("=\"") {
                let (value, after) = after.split_once('"').expect("value is closed");
                rest = after;
                value
            } else {
                assert!(!after.starts_with('='), "unquoted value in <{piece}");
                rest = after;
                ""
            };
            attributes.insert(key.to_owned(), value.to_owned());
        }
        tags.push(Tag { name: name.to_owned(), attributes });
    }
    tags
}

/// The value of the variable `--name` in a piece of the stylesheet, as red, green and blue.
pub(super) fn colour(css: &str, name: &str) -> [f64; 3] {
    let (_, value) = css.split_once(&format!("--{name}: #")).expect(name);
    let hex: Vec<char> = value.chars().take_while(char::is_ascii_hexdigit).collect();
    let pair = |at: usize| {
        if hex.len() == 3 { [hex[at], hex[at]] } else { [hex[2 * at], hex[2 * at + 1]] }
    };
    [0, 1, 2].map(|at| {
        f64::from(u8::from_str_radix(&pair(at).iter().collect::<String>(), 16).unwrap()) / 255.0
    })
}

/// The contrast of two colours by WCAG 2.
pub(super) fn contrast(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    let light = |rgb: &[f64; 3]| {
        let [r, g, b] =
            rgb.map(|v| if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (a, b) = (light(a), light(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}
