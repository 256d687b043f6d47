//! As much of HTML as a test needs to fill in a form. The pages are ours and well-formed; what they look like is
//! tested in `http/view`.

/// A form of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// Where it posts to.
    pub(crate) action: String,
    /// Names and values of its inputs as they stand; boxes that are not ticked are left out.
    pub(crate) fields: Vec<(String, String)>,
}

impl Form {
    /// The value of an input.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// What the browser sends when a person has filled in `fields`.
    pub(crate) fn filled(&self, fields: &[(&str, &str)]) -> Vec<(String, String)> {
        let typed = |name: &str| fields.iter().any(|(own, _)| *own == name);
        let mut sent: Vec<(String, String)> =
            self.fields.iter().filter(|(name, _)| !typed(name)).cloned().collect();
        sent.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        sent
    }
}

/// Every form of a page.
pub(crate) fn forms(html: &str) -> Vec<Form> {
    html.split("<form ")
        .skip(1)
        .map(|rest| {
            let (inside, _) = rest.split_once("</form>").unwrap_or((rest, ""));
            let (head, body) = inside.split_once('>').unwrap();
            let inputs = body.split("<input ").skip(1).filter_map(|rest| {
                let (tag, _) = rest.split_once('>')?;
                let unticked =
                    attribute(tag, "type").as_deref() == Some("checkbox") && !has(tag, "checked");
                let name = attribute(tag, "name").filter(|_| !unticked)?;
                Some((name, attribute(tag, "value").unwrap_or_default()))
            });
            Form { action: attribute(head, "action").unwrap(), fields: inputs.collect() }
        })
        .collect()
}

fn has(tag: &str, word: &str) -> bool {
    tag.split_ascii_whitespace().any(|own| own.trim_end_matches('/') == word)
}

/// An attribute's value, unescaped.
pub(crate) fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = format!("{name}=\"");
    let at = tag
        .match_indices(&start)
        .map(|(at, _)| at)
        .find(|at| *at == 0 || tag.as_bytes().get(at - 1).is_some_and(u8::is_ascii_whitespace))?;
    let (value, _) = tag.get(at + start.len()..)?.split_once('"')?;
    Some(unescape(value))
}

/// The text inside the element with this id, without the tags in it.
pub(crate) fn text_of(html: &str, id: &str) -> Option<String> {
    let (before, rest) = html.split_once(&format!("id=\"{id}\""))?;
    let (_, element) = before.rsplit_once('<')?;
    let element = element.split_ascii_whitespace().next()?;
    let (_, rest) = rest.split_once('>')?;
    let (inside, _) = rest.split_once(&format!("</{element}>"))?;
    let mut text = String::new();
    let mut within = false;
    for c in inside.chars() {
        match c {
            '<' => within = true,
            '>' if within => within = false,
            c if !within => text.push(c),
            _ => {}
        }
    }
    Some(unescape(text.trim()))
}

/// Undoes the escaping of the templates.
pub(crate) fn unescape(text: &str) -> String {
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (entity, rest) = part.split_once(';').unwrap_or((part, ""));
        let c = match entity {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            _ => entity.strip_prefix("#x").map_or_else(
                || entity.strip_prefix('#').and_then(|n| n.parse().ok()).and_then(char::from_u32),
                |hex| u32::from_str_radix(hex, 16).ok().and_then(char::from_u32),
            ),
        };
        if let Some(c) = c {
            out.push(c);
            out.push_str(rest);
        } else {
            out.push('&');
            out.push_str(part);
        }
    }
    out
}

#[test]
fn form_is_read_with_hidden_fields_and_without_boxes_that_are_not_ticked() {
    let html = r#"<form method="post" action="/login" id="x"><input type="hidden" name="csrf" value="a&#38;b">
        <input id="username" name="username" value=""><input name="remember_me" type="checkbox" value="true">
        <input name="kept" type="checkbox" value="1" checked></form><p id="said">Hi <b>you</b> &#60;</p>"#;
    let form = forms(html).remove(0);
    assert_eq!(form.action, "/login");
    let fields = [("csrf", "a&b"), ("username", ""), ("kept", "1")];
    assert_eq!(form.fields, fields.map(|(n, v)| (n.to_owned(), v.to_owned())));
    assert_eq!(form.filled(&[("username", "ann")]).last().unwrap().1, "ann");
    assert_eq!(text_of(html, "said").unwrap(), "Hi you <");
}
