//! The filter of a list: what is applied, and the field in which another one is typed.
//! What is found is for the screens.

use tui_input::{Input, InputRequest};
use zeroize::Zeroize as _;

use super::text;

/// The longest filter in characters; longer text is not a name.
const LONGEST: usize = 64;

/// The filter of a list.
#[derive(Clone, Debug, Default)]
pub struct Search {
    text: String,
    field: Option<Field>,
}

#[derive(Clone, Debug)]
struct Field {
    input: Input,
    before: String,
}

impl Search {
    /// What the list is filtered by.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the field is open.
    pub fn is_open(&self) -> bool {
        self.field.is_some()
    }

    /// The field's text and where its cursor stands, in cells.
    pub fn field(&self) -> Option<(&str, usize)> {
        self.field.as_ref().map(|field| (field.input.value(), field.input.visual_cursor()))
    }

    /// Sets the filter without a field.
    pub fn set(&mut self, text: String) {
        self.field = None;
        self.text = text;
    }

    /// Opens an empty field; the list stays as it is until something is typed.
    pub fn open(&mut self) {
        self.field = Some(Field { input: Input::default(), before: self.text.clone() });
    }

    /// Changes the text in the field; answers whether the filter is another now.
    pub fn edit(&mut self, request: InputRequest) -> bool {
        let Some(field) = &mut self.field else { return false };
        let grows = matches!(request, InputRequest::InsertChar(_));
        if grows && field.input.value().chars().count() >= LONGEST {
            return false;
        }
        field.input.handle(request);
        self.apply()
    }

    /// Puts the first line of pasted text into the field; answers whether the filter is another now.
    pub fn paste(&mut self, pasted: &str) -> bool {
        let first = pasted.lines().next().unwrap_or_default().trim();
        let Some(field) = &mut self.field else { return false };
        let room = LONGEST.saturating_sub(field.input.value().chars().count());
        for c in text::clean(first, LONGEST).chars().take(room) {
            field.input.handle(InputRequest::InsertChar(c));
        }
        self.apply()
    }

    /// Puts other text in the place of what was typed, which is wiped as far as it is ours.
    pub fn replace(&mut self, text: &str) {
        self.text.zeroize();
        text.clone_into(&mut self.text);
        if let Some(field) = &mut self.field {
            field.input = Input::new(text.to_owned());
        }
    }

    fn apply(&mut self) -> bool {
        let Some(field) = &self.field else { return false };
        let typed = field.input.value().trim().to_owned();
        let other = typed != self.text;
        self.text = typed;
        other
    }

    /// Closes the field and keeps what was typed; answers whether the filter is another now.
    pub fn accept(&mut self) -> bool {
        let other = self.apply();
        self.field = None;
        other
    }

    /// Closes the field and goes back to the filter before; answers whether that is another one.
    pub fn cancel(&mut self) -> bool {
        let Some(field) = self.field.take() else { return false };
        let other = field.before != self.text;
        self.text = field.before;
        other
    }

    /// Drops the filter; answers whether there was one.
    pub fn clear(&mut self) -> bool {
        self.field = None;
        !std::mem::take(&mut self.text).is_empty()
    }
}
