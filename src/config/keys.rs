//! The shape of the configuration: `section!` declares a section once and yields its struct, its
//! place in the key table, its defaults and its reader, so that none of them can disagree.
//! The sections themselves stand in one file per topic.

use super::{problem::Problem, source::Values, tree::Node};

/// Says what is wrong with a text, if anything is.
pub type Check = fn(&str) -> Result<(), String>;

/// What is known of a key besides its name, type and sentence.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// The value when nothing is set, written as YAML.
    pub default: &'static str,
    /// Smallest number allowed.
    pub min: i64,
    /// Largest number allowed.
    pub max: i64,
    /// What a number counts: `second`, `day` …
    pub unit: &'static str,
    /// The variable of the environment that sets it, besides `MCPCODEX__…`.
    pub env: Option<&'static str>,
    /// The feature that the key waits for: it is checked already and has no effect yet.
    pub waits_for: Option<&'static str>,
    /// Says what is wrong with one text of this key.
    pub check: Option<Check>,
}

/// Begins a key with its default, written as YAML.
pub const fn key(default: &'static str) -> Spec {
    Spec { default, min: 0, max: i64::MAX, unit: "", env: None, waits_for: None, check: None }
}

/// A key that nothing is set for by default.
pub const UNSET: Spec = key("~");

impl Spec {
    /// Bounds a number or, for the kinds that take text, does nothing.
    #[must_use]
    pub const fn between(mut self, min: i64, max: i64) -> Self {
        self.min = min;
        self.max = max;
        self
    }

    /// Bounds a span of time to at least one second and at most ten years.
    #[must_use]
    pub const fn some_seconds(self) -> Self {
        self.between(1, 315_360_000).counting("second")
    }

    /// Bounds a span of time that may be nothing.
    #[must_use]
    pub const fn maybe_seconds(self) -> Self {
        self.between(0, 315_360_000).counting("second")
    }

    /// Names what a number counts.
    #[must_use]
    pub const fn counting(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    /// Names the environment variable that sets it.
    #[must_use]
    pub const fn env(mut self, name: &'static str) -> Self {
        self.env = Some(name);
        self
    }

    /// Marks the key as checked already but without effect until `feature` is there.
    #[must_use]
    pub const fn waits_for(mut self, feature: &'static str) -> Self {
        self.waits_for = Some(feature);
        self
    }

    /// Adds a rule for each text of the key.
    #[must_use]
    pub const fn check(mut self, check: Check) -> Self {
        self.check = Some(check);
        self
    }
}

/// What a key takes; from it come the messages, the schema and the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Integer,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Text; the word says of what sort, for example `a URL`.
    Text(&'static str),
    /// Text that is never shown.
    Secret,
    /// A list of one kind.
    List(Box<Kind>),
    /// Providers by name, each with keys of its own.
    Named,
    /// The same, or nothing.
    Optional(Box<Kind>),
}

impl Kind {
    /// The kind without `Optional` around it.
    pub fn inner(&self) -> &Self {
        if let Self::Optional(kind) = self { kind } else { self }
    }
}

/// One line of the key table.
#[derive(Clone, Debug)]
pub struct Key {
    /// For example `authentication.tokens.access_token.lifetime`.
    pub path: &'static str,
    /// What it does, in a sentence or two.
    pub doc: String,
    /// What it takes.
    pub kind: Kind,
    /// Default, bounds, environment and activity.
    pub spec: Spec,
}

impl Key {
    /// Whether the key may only come from the environment, never from the file.
    pub fn is_env_only(&self) -> bool {
        self.path.starts_with("credentials.")
    }

    /// Whether its value must never be shown.
    pub fn is_secret(&self) -> bool {
        *self.kind.inner() == Kind::Secret
    }

    /// The variable that overrides this key whatever its name: `MCPCODEX__A__B`.
    pub fn override_name(&self) -> String {
        format!("MCPCODEX__{}", self.path.replace('.', "__").to_uppercase())
    }
}

/// A section or a key, in the order of the file.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A section and what it is about.
    Section {
        /// Its path; empty for the whole.
        path: &'static str,
        /// What it is about.
        doc: String,
    },
    /// A key.
    Key(Key),
}

/// A type that can stand in the configuration: a section, or what a key holds.
pub trait Shape: Sized {
    /// Adds its lines to the key table.
    fn describe(table: &mut Vec<Entry>, path: &'static str, doc: &[&str], spec: Spec);
    /// Reads it, noting each mistake; `None` only when even the default cannot be read.
    fn read(values: &mut Values<'_>, path: &'static str, spec: Spec) -> Option<Self>;
}

/// What a key holds.
pub trait Leaf: Sized {
    /// What it takes.
    fn kind() -> Kind;
    /// Reads one value.
    fn parse(node: &Node, spec: &Spec) -> Result<Self, Problem>;
}

impl<T: Leaf> Shape for T {
    fn describe(table: &mut Vec<Entry>, path: &'static str, doc: &[&str], spec: Spec) {
        let doc = doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
        table.push(Entry::Key(Key { path, doc, kind: T::kind(), spec }));
    }

    fn read(values: &mut Values<'_>, path: &'static str, spec: Spec) -> Option<Self> {
        values.read_leaf(path, &spec)
    }
}

/// Joins a path and a name, once for each key and for the life of the process.
pub fn join(path: &str, name: &str) -> &'static str {
    use std::{
        collections::BTreeMap,
        sync::{LazyLock, Mutex, PoisonError},
    };
    static PATHS: LazyLock<Mutex<BTreeMap<String, &'static str>>> = LazyLock::new(Mutex::default);
    let full = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let mut paths = PATHS.lock().unwrap_or_else(PoisonError::into_inner);
    paths.entry(full).or_insert_with_key(|full| full.clone().leak())
}

/// Declares a section: its struct, and how it is described and read. A field with `= key(…)` is a
/// key, one without is a section.
macro_rules! section {
    ($(#[doc = $about:literal])+ $name:ident {
        $($(#[doc = $doc:literal])+ $field:ident : $ty:ty $(= $spec:expr)?),* $(,)?
    }) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $field: $ty),*
        }

        impl $crate::config::keys::Shape for $name {
            fn describe(
                table: &mut Vec<$crate::config::keys::Entry>,
                path: &'static str,
                doc: &[&str],
                _: $crate::config::keys::Spec,
            ) {
                let own = [$($about),+];
                let doc = if doc.is_empty() { own.as_slice() } else { doc };
                let doc = doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
                table.push($crate::config::keys::Entry::Section { path, doc });
                $(<$ty as $crate::config::keys::Shape>::describe(
                    table,
                    $crate::config::keys::join(path, stringify!($field)),
                    &[$($doc),+],
                    $crate::config::keys::section!(@spec $($spec)?),
                );)*
            }

            fn read(
                values: &mut $crate::config::source::Values<'_>,
                path: &'static str,
                _: $crate::config::keys::Spec,
            ) -> Option<Self> {
                $(let $field = <$ty as $crate::config::keys::Shape>::read(
                    values,
                    $crate::config::keys::join(path, stringify!($field)),
                    $crate::config::keys::section!(@spec $($spec)?),
                );)*
                Some(Self { $($field: $field?),* })
            }
        }
    };
    (@spec $spec:expr) => { $spec };
    (@spec) => { $crate::config::keys::UNSET };
}
pub(crate) use section;
