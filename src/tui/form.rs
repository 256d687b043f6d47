//! Forms: what must be typed before a question can be asked. What is wrong is said beside its field; a form that was
//! answered with no comes back as it was.

use std::time::Duration;

use tui_input::{Input, InputRequest};

use super::{
    confirm::{Confirm, Fate, Step},
    msg::{Change, Target},
    text,
};
use crate::{
    model::{id::ApiKeyId, span, verb::Verb},
    ops::apikey::standing::Standing,
};

/// The longest line in characters.
const LONGEST: usize = 200;

/// A form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// What it is for.
    pub verb: Verb,
    /// Its heading.
    pub title: String,
    /// Its fields.
    pub fields: Vec<Field>,
    /// Which field has the focus.
    pub focus: usize,
    /// What is wrong, in words.
    pub trouble: Option<String>,
    /// The key that is changed, if one is.
    pub key: Option<(ApiKeyId, String)>,
}

/// A field.
#[derive(Clone, Debug)]
pub struct Field {
    /// What it is called.
    pub label: &'static str,
    /// What may stand there.
    pub hint: String,
    input: Input,
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.label == other.label && self.input.value() == other.input.value()
    }
}

impl Eq for Field {}

impl Field {
    fn new(label: &'static str, hint: impl Into<String>, typed: impl Into<String>) -> Self {
        Self { label, hint: hint.into(), input: Input::new(typed.into()) }
    }

    /// What was typed.
    pub fn value(&self) -> &str {
        self.input.value()
    }

    /// Where the cursor stands, in cells.
    pub fn cursor(&self) -> usize {
        self.input.visual_cursor()
    }
}

/// A key to be made, as typed and read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// Whose: a user name, or an agent's.
    pub owner: String,
    /// What to call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// How long it lives; none: until revoked.
    pub lifetime: Option<Duration>,
    /// Refill per minute; none: as configured.
    pub rate: Option<u32>,
    /// Depth; none: as configured.
    pub burst: Option<u32>,
}

/// What of a key changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What to call it.
    pub name: String,
    /// Refill per minute.
    pub rate: u32,
    /// Depth.
    pub burst: u32,
}

/// An account to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    /// User name.
    pub username: String,
    /// Address.
    pub email: String,
    /// Full name.
    pub name: String,
    /// Roles.
    pub roles: Vec<String>,
}

/// Which field is wrong, and why.
type Wrong = (usize, String);

impl Form {
    fn new(verb: Verb, title: impl Into<String>, fields: Vec<Field>) -> Self {
        Self { verb, title: title.into(), fields, focus: 0, trouble: None, key: None }
    }

    /// For a new API key; `scopes` are those that keys may have.
    pub fn new_key(owner: &str, scopes: &[String]) -> Self {
        let known = scopes.join(" ");
        let fields = vec![
            Field::new("owner", "user name, or an agent's name", owner),
            Field::new("name", "what to call it: ci-deploy", ""),
            Field::new("scopes", format!("of: {known}"), ""),
            Field::new("expires", "90d, 12h; empty: until it is revoked", "90d"),
            Field::new("rate", "100/m; empty: as configured", ""),
            Field::new("burst", "how many at once; empty: as configured", ""),
        ];
        let mut form = Self::new(Verb::ApiKeyCreate, "New API key", fields);
        form.focus = usize::from(!owner.is_empty());
        form
    }

    /// For the limits of a key.
    pub fn edit_key(row: &Standing) -> Self {
        let key = &row.row.key;
        let fields = vec![
            Field::new("name", "what to call it", key.name.clone()),
            Field::new("rate", "uses a minute: 100/m", format!("{}/m", key.requests_per_minute)),
            Field::new("burst", "how many at once", key.burst_size.to_string()),
        ];
        let name = text::clean(&key.name, 32);
        let mut form = Self::new(Verb::ApiKeyEdit, format!("Limits of {name}"), fields);
        form.key = Some((key.id.clone(), name));
        form.focus = 1;
        form
    }

    /// For a new account.
    pub fn new_user() -> Self {
        let fields = vec![
            Field::new("user name", "letters, digits, . - _", ""),
            Field::new("e-mail", "where messages go", ""),
            Field::new("full name", "may be empty", ""),
            Field::new("roles", "empty: user", ""),
        ];
        Self::new(Verb::UserCreate, "New person", fields)
    }

    fn at(&self, index: usize) -> &str {
        self.fields.get(index).map_or("", |field| field.value().trim())
    }

    /// Changes what stands in the field with the focus.
    pub fn edit(&mut self, request: InputRequest) {
        self.trouble = None;
        let Some(field) = self.fields.get_mut(self.focus) else { return };
        let grows = matches!(request, InputRequest::InsertChar(_));
        if !grows || field.value().chars().count() < LONGEST {
            field.input.handle(request);
        }
    }

    /// Adds the first line of pasted text to the field with the focus.
    pub fn paste(&mut self, pasted: &str) {
        let first = pasted.lines().next().unwrap_or_default().trim();
        for c in text::clean(first, LONGEST).chars() {
            self.edit(InputRequest::InsertChar(c));
        }
    }

    /// Moves the focus.
    pub fn step(&mut self, forward: bool) {
        let fields = self.fields.len().max(1);
        let step = if forward { 1 } else { fields - 1 };
        self.focus = (self.focus + step) % fields;
    }

    /// The question that follows, or which field is wrong.
    pub fn question(&self) -> Result<Confirm, Wrong> {
        let (target, title, steps) = match &self.key {
            Some((id, name)) => self.limits(id, name)?,
            None if self.verb == Verb::UserCreate => self.user()?,
            None => self.key_made()?,
        };
        let change = Change { verb: self.verb, target };
        let question = Confirm::new(change, title, steps);
        Ok(Confirm { back: Some(Box::new(self.clone())), ..question })
    }

    fn needed(&self, index: usize) -> Result<String, Wrong> {
        let label = self.fields.get(index).map_or("", |field| field.label);
        match self.at(index) {
            "" => Err((index, format!("{label} is needed"))),
            typed => Ok(typed.to_owned()),
        }
    }

    /// What a field says, read; none where it is empty.
    fn read<T>(
        &self,
        index: usize,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Wrong> {
        match self.at(index) {
            "" => Ok(None),
            typed => read(typed).map(Some).map_err(|why| (index, why)),
        }
    }

    fn limits(&self, id: &ApiKeyId, old: &str) -> Result<(Target, String, Vec<Step>), Wrong> {
        let rate = self.read(1, span::per_minute)?.ok_or((1, "a rate is needed".to_owned()))?;
        let burst = self.read(2, number)?.ok_or((2, "a burst is needed".to_owned()))?;
        let limits = Limits { name: self.needed(0)?, rate, burst };
        let name = text::clean(&limits.name, 32);
        let mut steps = vec![again(format!("{rate} uses a minute, {burst} at once, from now on"))];
        if name != old {
            steps.insert(0, again(format!("call it {name}")));
        }
        let target = Target::Limits { id: id.clone(), name: old.to_owned(), limits };
        Ok((target, format!("Change {old} ?"), steps))
    }

    fn key_made(&self) -> Result<(Target, String, Vec<Step>), Wrong> {
        let (owner, name, scopes) = (self.needed(0)?, self.needed(1)?, self.needed(2)?);
        let new = NewKey {
            owner,
            name,
            scopes: scopes.split_whitespace().map(str::to_owned).collect(),
            lifetime: self.read(3, span::duration)?,
            rate: self.read(4, span::per_minute)?,
            burst: self.read(5, number)?,
        };
        let (name, owner) = (text::clean(&new.name, 32), text::clean(&new.owner, 32));
        let scopes = text::clean(&new.scopes.join(" "), 44);
        let end = match new.lifetime {
            Some(span) => format!("it ends in {}", text::brief(span)),
            None => "it has no end but rotation".to_owned(),
        };
        let steps = vec![
            Step {
                what: format!("make a key of {owner} for {scopes}"),
                fate: Fate::Undo(Verb::ApiKeyRevoke),
            },
            Step { what: end, fate: Fate::Said },
            Step { what: "show it once".to_owned(), fate: Fate::Said },
        ];
        Ok((Target::NewKey(Box::new(new)), format!("Make the API key {name} ?"), steps))
    }

    fn user(&self) -> Result<(Target, String, Vec<Step>), Wrong> {
        let new = NewUser {
            username: self.needed(0)?,
            email: self.needed(1)?,
            name: self.at(2).to_owned(),
            roles: self
                .at(3)
                .split([' ', ','])
                .filter(|r| !r.is_empty())
                .map(str::to_owned)
                .collect(),
        };
        let name = text::clean(&new.username, 32);
        let roles = if new.roles.is_empty() { "user".to_owned() } else { new.roles.join(", ") };
        let steps = vec![
            Step {
                what: format!("make the account {name} with the role {}", text::clean(&roles, 30)),
                fate: Fate::Said,
            },
            Step {
                what: "show a link to choose the first password, once".to_owned(),
                fate: Fate::Said,
            },
        ];
        Ok((Target::NewUser(Box::new(new)), format!("Make the account {name} ?"), steps))
    }
}

fn again(what: String) -> Step {
    Step { what, fate: Fate::Undo(Verb::ApiKeyEdit) }
}

fn number(typed: &str) -> Result<u32, String> {
    typed.parse().map_err(|_| format!("\"{typed}\" is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_in(form: &mut Form, words: &str) {
        form.paste(words);
        form.step(true);
    }

    #[test]
    fn form_says_which_field_is_wrong_and_asks_once_all_are_right() {
        let mut form = Form::new_key("", &["read:models".to_owned()]);
        assert_eq!(form.question().unwrap_err(), (0, "owner is needed".to_owned()));
        for words in ["alice", "ci", "read:models", "x", "", ""] {
            type_in(&mut form, words);
        }
        let (field, why) = form.question().unwrap_err();
        assert!(field == 3 && why.contains("90dx"), "{why}");
        form.step(false);
        form.step(false);
        form.step(false);
        form.edit(InputRequest::DeletePrevChar);
        let question = form.question().unwrap();
        assert_eq!(question.title, "Make the API key ci ?");
        let Target::NewKey(new) = question.change.target else { panic!() };
        assert_eq!(new.lifetime, Some(Duration::from_secs(90 * 86_400)));
    }

    #[test]
    fn only_the_first_line_of_a_paste_is_taken() {
        let mut form = Form::new_user();
        form.paste("mallory\nrm -rf");
        assert_eq!(form.fields[0].value(), "mallory");
    }
}
