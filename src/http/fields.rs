//! Form fields and query parameters as they came, with repeats visible.

use std::{collections::HashSet, fmt};

/// Names and values in order.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

/// The names alone: values may be passwords, codes and tokens.
impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Fields {
    /// Reads `application/x-www-form-urlencoded`.
    pub fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// The first value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The first value of a field, or nothing.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// The name of a field that came twice, unless it is one of `repeatable` (RFC 6749 §3.1).
    pub fn repeated(&self, repeatable: &[&str]) -> Option<&str> {
        // A set, since a large body may hold tens of thousands of names.
        let mut seen = HashSet::with_capacity(self.0.len());
        let names = self.0.iter().map(|(name, _)| name.as_str());
        names.filter(|name| !repeatable.contains(name)).find(|name| !seen.insert(*name))
    }

    /// All of them.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// Adds those of another place, for example the query before the body.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_a_form_are_not_printed() {
        let shown = format!("{:?}", Fields::parse(b"password=hunter2&code=123456"));
        assert_eq!(shown, r#"{"password", "code"}"#);
    }
}
