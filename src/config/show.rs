//! Showing a configuration: each value with its origin, and the whole as YAML that loads again.
//! Secrets are shown as `***`; the schema and the reference page are left to `reference`.

use serde_yaml::{Mapping, Value};

use super::{
    load::{Loaded, keys},
    providers::SECRET,
    source::{Origin, default_node},
    tree::{Data, Node},
};

/// One key as `config show --origin` prints it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Row {
    /// The key.
    pub path: &'static str,
    /// Its value as YAML on one line; `***` for a secret.
    pub value: String,
    /// `default`, `FILE:LINE` or `environment NAME`.
    pub origin: String,
}

/// Every key with its value and where that came from.
pub fn rows(loaded: &Loaded) -> Vec<Row> {
    let name = loaded.file.as_deref().map_or_else(String::new, |file| file.display().to_string());
    let row = |key: super::keys::Key| {
        let setting = loaded.settings.get(key.path);
        let node = setting.map_or_else(|| default_node(&key.spec), |s| s.node.clone());
        let hide = key.is_secret() && node.data != Data::Null;
        let value = if hide { "***".to_owned() } else { masked(&node).display() };
        let origin = match setting.map(|setting| &setting.origin) {
            Some(Origin::File(place)) => format!("{name}:{}", place.line),
            Some(Origin::Environment(variable)) => format!("environment {variable}"),
            Some(Origin::Default) | None => "default".to_owned(),
        };
        Row { path: key.path, value, origin }
    };
    keys().into_iter().map(row).collect()
}

/// A value without the secrets that stand somewhere in it.
fn masked(node: &Node) -> Node {
    let mut shown = node.clone();
    if let Data::Map(pairs) = &mut shown.data {
        for pair in pairs {
            pair.value = if pair.key == SECRET {
                Node::placeless(Data::Text("***".to_owned()))
            } else {
                masked(&pair.value)
            };
        }
    }
    shown
}

/// The whole as YAML, every default written out; secrets are left out, as the file may hold none.
pub fn yaml(loaded: &Loaded) -> String {
    let mut root = Mapping::new();
    for key in keys().into_iter().filter(|key| !key.is_env_only()) {
        let node = loaded
            .settings
            .get(key.path)
            .map_or_else(|| default_node(&key.spec), |s| s.node.clone());
        insert(&mut root, key.path, value(&node));
    }
    serde_yaml::to_string(&root).unwrap_or_default()
}

fn insert(map: &mut Mapping, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            map.insert(path.into(), value);
        }
        Some((section, rest)) => {
            let inner = map.entry(section.into()).or_insert_with(|| Value::Mapping(Mapping::new()));
            if let Value::Mapping(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

fn value(node: &Node) -> Value {
    match &node.data {
        Data::Null => Value::Null,
        Data::Map(pairs) => {
            let shown = pairs.iter().filter(|pair| pair.key != SECRET);
            let pairs = shown.map(|pair| (pair.key.as_str().into(), value(&pair.value)));
            Value::Mapping(pairs.collect())
        }
        Data::Bool(value) => (*value).into(),
        Data::Integer(value) => (*value).into(),
        Data::Fraction(text) | Data::Text(text) => {
            // `${` would be taken for a variable when this is loaded again.
            text.replace("${", "$${").into()
        }
        Data::List(items) => Value::Sequence(items.iter().map(value).collect()),
    }
}
