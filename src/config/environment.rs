//! The environment as a value, taken once at start and handed in, so that nothing reads it midway.
//! Which variable sets which key is said at the key.

use std::{collections::BTreeMap, fmt};

/// The variables of the environment.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Takes the variables of this process.
    pub fn from_process() -> Self {
        let text = |os: std::ffi::OsString| os.to_string_lossy().into_owned();
        Self(std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect())
    }

    /// Takes these pairs and nothing else.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// The value of a variable. An empty one counts as unset, which is what an empty line in a
    /// compose file means.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Each variable that begins with `prefix`.
    pub(super) fn with_prefix<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let named = self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        named.filter(move |(name, _)| name.starts_with(prefix))
    }

    /// Replaces `${NAME}` and `${NAME:-default}` in a text of the file; `$${` stands for `${`.
    /// `None` when there is nothing to replace.
    pub(super) fn expand(&self, text: &str) -> Result<Option<String>, String> {
        if !text.contains("${") {
            return Ok(None);
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            if let Some(before) = before.strip_suffix('$') {
                out.push_str(before);
                out.push_str("${");
                rest = after;
                continue;
            }
            out.push_str(before);
            let Some((inside, after)) = after.split_once('}') else {
                return Err(
                    "`${` is never closed; write `${NAME}`, or `$${` for the characters".into()
                );
            };
            let (name, default) =
                inside.split_once(":-").map_or((inside, None), |(n, d)| (n, Some(d)));
            if !is_name(name) {
                return Err(format!(
                    "`${{{inside}}}` is no variable; write `${{NAME}}` or `${{NAME:-default}}`"
                ));
            }
            match self.get(name).or(default) {
                Some(value) => out.push_str(value),
                None => {
                    return Err(format!(
                        "the environment has no {name}; set it, or write `${{{name}:-default}}`"
                    ));
                }
            }
            rest = after;
        }
        out.push_str(rest);
        Ok(Some(out))
    }
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values are secrets as often as not.
        f.debug_set().entries(self.0.keys()).finish()
    }
}
