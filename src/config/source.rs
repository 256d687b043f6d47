//! The settings that were found, each with its origin, and the reading of one key from them.
//! Where they come from is left to `load`.

use std::collections::BTreeMap;

use super::{
    keys::{Leaf, Spec},
    problem::Problem,
    tree::{self, Data, Node, Place},
};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nothing set it.
    Default,
    /// The configuration file.
    File(Place),
    /// A variable of the environment, by name.
    Environment(String),
}

/// A value that was set, and by whom.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The value, before it was given its type.
    pub node: Node,
    /// Who set it.
    pub origin: Origin,
}

/// What was found, and what is wrong with it.
pub struct Values<'a> {
    /// Name of the file, for messages.
    pub file: &'a str,
    /// What was set, by path.
    pub settings: BTreeMap<&'static str, Setting>,
    /// Each mistake so far.
    pub problems: Vec<Problem>,
}

impl<'a> Values<'a> {
    /// Begins with nothing set.
    pub fn new(file: &'a str) -> Self {
        Self { file, settings: BTreeMap::new(), problems: Vec::new() }
    }

    /// Notes a mistake at a key, or at the place the problem already has.
    pub fn refuse(&mut self, path: &'static str, problem: Problem) {
        self.refuse_with(path, &[], problem);
    }

    /// The same for a mistake that lies between several keys: when `path` itself was not set, it is
    /// shown at the first of the `others` that was.
    pub fn refuse_with(&mut self, path: &'static str, others: &[&str], problem: Problem) {
        let problem = problem.on(path);
        let mut paths = std::iter::once(&path).chain(others);
        let set = paths.find_map(|path| self.settings.get(*path));
        let problem = match set.map(|setting| &setting.origin) {
            Some(Origin::File(place)) => {
                let problem = if problem.line.is_none() { problem.at(*place) } else { problem };
                problem.from_source(self.file)
            }
            Some(Origin::Environment(name)) => problem.from_source(name.as_str()),
            Some(Origin::Default) | None => problem,
        };
        self.problems.push(problem);
    }

    /// Whether something is wrong with the key itself, so that a rule about it would only repeat it.
    pub fn is_refused(&self, path: &str) -> bool {
        self.problems.iter().any(|problem| problem.path == path)
    }

    /// Reads one key. A wrong value is noted and the default stands in, so that reading goes on and
    /// finds the other mistakes.
    pub fn read_leaf<T: Leaf>(&mut self, path: &'static str, spec: &Spec) -> Option<T> {
        if let Some(setting) = self.settings.get(path) {
            match T::parse(&setting.node, spec) {
                Ok(value) => return Some(value),
                Err(problem) => self.refuse(path, or_default(problem, &setting.node, spec)),
            }
        }
        T::parse(&default_node(spec), spec).ok()
    }
}

/// Someone who wrote nothing after the colon wants to know that the key can be left out.
fn or_default(mut problem: Problem, node: &Node, spec: &Spec) -> Problem {
    if node.data == Data::Null {
        problem.message = format!("{}; leave the key out for {}", problem.message, spec.default);
    }
    problem
}

/// A key's default as a value.
pub fn default_node(spec: &Spec) -> Node {
    let parsed = tree::parse(spec.default, &|_| Ok(None));
    parsed.ok().flatten().unwrap_or_else(|| Node::placeless(Data::Null))
}
