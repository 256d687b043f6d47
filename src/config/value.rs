//! What a key can hold: how each type is read from the tree, and how a refusal is worded.
//! Which key holds what is said in the section files.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use ipnet::IpNet;
use url::Url;

use super::{
    keys::{Kind, Leaf, Spec},
    problem::Problem,
    secret::Secret,
    tree::{Data, Node},
};
use crate::model::colour::Colour;

/// Declares an enum of words: the configuration takes exactly these.
macro_rules! words {
    ($(#[doc = $about:literal])+ $name:ident {
        $($(#[doc = $doc:literal])+ $variant:ident = $word:literal),* $(,)?
    }) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[doc = $doc])+ $variant),*
        }

        impl $name {
            /// All the words, in the order of the reference.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word of the configuration.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::config::keys::Leaf for $name {
            fn kind() -> $crate::config::keys::Kind {
                $crate::config::keys::Kind::Choice(Self::WORDS)
            }
            fn parse(
                node: &$crate::config::tree::Node,
                _: &$crate::config::keys::Spec,
            ) -> Result<Self, $crate::config::problem::Problem> {
                match &node.data {
                    $($crate::config::tree::Data::Text(text) if text == $word => Ok(Self::$variant),)*
                    _ => Err($crate::config::value::not_a_word(node, Self::WORDS)),
                }
            }
        }
    };
}
pub(crate) use words;

/// The refusal of a word that is not in the list, with the nearest one.
pub fn not_a_word(node: &Node, words: &[&str]) -> Problem {
    let list = words.join(", ");
    let must = if words.len() == 1 { "must be" } else { "must be one of" };
    let Data::Text(text) = &node.data else {
        return wrong(node, &format!("{must} {list}"));
    };
    let near = nearest(text, words.iter().copied());
    let hint = near.map(|word| format!("; did you mean {word}?")).unwrap_or_default();
    Problem::new(format!("{must} {list}, found \"{text}\"{hint}")).at(node.place)
}

/// The word most like `text`, when one is like it at all.
pub fn nearest<'a>(text: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = text.to_lowercase();
    words
        .map(|word| (strsim::jaro_winkler(&lower, &word.to_lowercase()), word))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}

fn wrong(node: &Node, must: &str) -> Problem {
    let found = match &node.data {
        Data::Null => "nothing".to_owned(),
        Data::Bool(value) => value.to_string(),
        Data::Integer(value) => format!("the number {value}"),
        Data::Fraction(text) => format!("the number {text}"),
        Data::Text(text) => format!("the text \"{text}\""),
        Data::List(_) => "a list".to_owned(),
        Data::Map(_) => "a mapping".to_owned(),
    };
    Problem::new(format!("{must}, found {found}")).at(node.place)
}

fn text<'a>(node: &'a Node, what: &str) -> Result<&'a str, Problem> {
    match &node.data {
        Data::Text(text) => Ok(text),
        Data::Bool(_) | Data::Integer(_) | Data::Fraction(_) => {
            Err(wrong(node, &format!("must be {what} in quotes")))
        }
        Data::Null | Data::List(_) | Data::Map(_) => Err(wrong(node, &format!("must be {what}"))),
    }
}

fn checked<'a>(node: &'a Node, spec: &Spec, what: &str) -> Result<&'a str, Problem> {
    let text = text(node, what)?;
    if text.chars().any(char::is_control) {
        return Err(Problem::new("must not contain control characters").at(node.place));
    }
    spec.check
        .map_or(Ok(()), |check| check(text))
        .map_err(|message| Problem::new(message).at(node.place))?;
    Ok(text)
}

/// A number with what it counts: `1 second`, `0 days`, `128`.
pub fn counted(number: i64, unit: &str) -> String {
    match (unit, number) {
        ("", _) => number.to_string(),
        (_, 1) => format!("1 {unit}"),
        _ => format!("{number} {unit}s"),
    }
}

fn integer(node: &Node, spec: &Spec) -> Result<i64, Problem> {
    let Data::Integer(number) = node.data else {
        let must = match spec.unit {
            "" => "must be a whole number".to_owned(),
            unit => format!("must be a whole number of {unit}s"),
        };
        return Err(wrong(node, &must));
    };
    let bound = if number < spec.min {
        ("at least", spec.min)
    } else if number > spec.max {
        ("at most", spec.max)
    } else {
        return Ok(number);
    };
    let message = format!("must be {} {}, found {number}", bound.0, counted(bound.1, spec.unit));
    Err(Problem::new(message).at(node.place))
}

macro_rules! integers {
    ($($ty:ty),*) => {$(
        impl Leaf for $ty {
            fn kind() -> Kind { Kind::Integer }
            fn parse(node: &Node, spec: &Spec) -> Result<Self, Problem> {
                let number = integer(node, spec)?;
                Self::try_from(number)
                    .map_err(|_| Problem::new(format!("must be at most {}, found {number}", Self::MAX)).at(node.place))
            }
        }
    )*};
}
integers!(u8, u16, u32, u64, usize);

impl Leaf for Duration {
    fn kind() -> Kind {
        Kind::Integer
    }
    fn parse(node: &Node, spec: &Spec) -> Result<Self, Problem> {
        Ok(Self::from_secs(u64::parse(node, spec)?))
    }
}

impl Leaf for bool {
    fn kind() -> Kind {
        Kind::Bool
    }
    fn parse(node: &Node, _: &Spec) -> Result<Self, Problem> {
        let Data::Bool(value) = node.data else {
            return Err(wrong(node, "must be true or false"));
        };
        Ok(value)
    }
}

impl Leaf for String {
    fn kind() -> Kind {
        Kind::Text("text")
    }
    fn parse(node: &Node, spec: &Spec) -> Result<Self, Problem> {
        checked(node, spec, "text").map(ToOwned::to_owned)
    }
}

impl Leaf for Secret {
    fn kind() -> Kind {
        Kind::Secret
    }
    fn parse(node: &Node, spec: &Spec) -> Result<Self, Problem> {
        checked(node, spec, "text").map(Self::new)
    }
}

impl Leaf for PathBuf {
    fn kind() -> Kind {
        Kind::Text("a path")
    }
    fn parse(node: &Node, spec: &Spec) -> Result<Self, Problem> {
        let path = checked(node, spec, "a path")?;
        if path.is_empty() {
            return Err(wrong(node, "must be a path"));
        }
        Ok(Self::from(path))
    }
}

impl Leaf for Colour {
    fn kind() -> Kind {
        Kind::Text("a colour")
    }
    fn parse(node: &Node, spec: &Spec) -> Result<Self, Problem> {
        let text = checked(node, spec, "a colour")?;
        text.parse().map_err(|_| wrong(node, "must be a colour such as \"#4353d6\""))
    }
}

impl Leaf for Url {
    fn kind() -> Kind {
        Kind::Text("a URL")
    }
    fn parse(node: &Node, spec: &Spec) -> Result<Self, Problem> {
        let text = checked(node, spec, "a URL")?;
        Self::parse(text).map_err(|error| {
            let message = format!(
                "must be a URL such as https://auth.example.com, found \"{text}\" ({error})"
            );
            Problem::new(message).at(node.place)
        })
    }
}

impl Leaf for SocketAddr {
    fn kind() -> Kind {
        Kind::Text("an address and a port")
    }
    fn parse(node: &Node, spec: &Spec) -> Result<Self, Problem> {
        let must = "must be an address and a port such as 127.0.0.1:8420 or [::1]:8420";
        let text = checked(node, spec, "an address and a port")?;
        // The name everyone types for this machine; no other name is looked up.
        let port = text.strip_prefix("localhost:");
        let text = port.map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
        text.parse().map_err(|_| wrong(node, must))
    }
}

impl Leaf for IpNet {
    fn kind() -> Kind {
        Kind::Text("a network")
    }
    fn parse(node: &Node, spec: &Spec) -> Result<Self, Problem> {
        let text = checked(node, spec, "a network")?;
        let one_address = || text.parse().map(|address: std::net::IpAddr| Self::from(address));
        text.parse()
            .or_else(|_| one_address())
            .map_err(|_| wrong(node, "must be a network such as 10.0.0.0/8 or an address"))
    }
}

impl<T: Leaf> Leaf for Option<T> {
    fn kind() -> Kind {
        Kind::Optional(Box::new(T::kind()))
    }
    fn parse(node: &Node, spec: &Spec) -> Result<Self, Problem> {
        if node.data == Data::Null { Ok(None) } else { T::parse(node, spec).map(Some) }
    }
}

impl<T: Leaf> Leaf for Vec<T> {
    fn kind() -> Kind {
        Kind::List(Box::new(T::kind()))
    }
    fn parse(node: &Node, spec: &Spec) -> Result<Self, Problem> {
        let Data::List(items) = &node.data else {
            return Err(wrong(node, "must be a list such as [\"a\", \"b\"]"));
        };
        for (at, item) in items.iter().enumerate() {
            if items.iter().take(at).any(|earlier| earlier == item) {
                let message = format!("{} is given twice", item.display());
                return Err(Problem::new(message).at(item.place));
            }
        }
        items.iter().map(|item| T::parse(item, spec)).collect()
    }
}
