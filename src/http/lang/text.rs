//! A text in its language, with what is put into it.
//! What texts there are is said by the files; a test holds them against the code.

use std::{fmt, sync::LazyLock};

use askama::filters::{Escaper as _, Html, HtmlSafe};
use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};

use super::Lang;

type Bundle = FluentBundle<FluentResource>;

static BUNDLES: LazyLock<Vec<(Lang, Bundle)>> =
    LazyLock::new(|| Lang::ALL.into_iter().map(|lang| (lang, bundle(lang))).collect());

fn bundle(lang: Lang) -> Bundle {
    let resource =
        FluentResource::try_new(lang.file().to_owned()).unwrap_or_else(|(read, errors)| {
            tracing::error!(lang = lang.code(), ?errors, "a file of texts has mistakes");
            read
        });
    let mut bundle = Bundle::new_concurrent(lang.code().parse().into_iter().collect());
    // Names are isolated by <bdi>, which also looks right where Unicode's own marks draw boxes.
    bundle.set_use_isolating(false);
    if let Err(errors) = bundle.add_resource(resource) {
        tracing::error!(lang = lang.code(), ?errors, "a text is there twice");
    }
    bundle
}

/// The text of a key: in the language, else in English, else the key itself.
fn format(lang: Lang, key: &str, args: &FluentArgs<'static>) -> String {
    for wanted in [lang, Lang::En] {
        let Some((_, bundle)) = BUNDLES.iter().find(|(own, _)| *own == wanted) else { continue };
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            continue;
        };
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(args), &mut errors).into_owned();
        if !errors.is_empty() {
            tracing::error!(key, lang = lang.code(), ?errors, "a text lacks what is put into it");
        }
        // A gap at the end may have been filled with nothing.
        return text.trim_end().to_owned();
    }
    tracing::error!(key, lang = lang.code(), "there is no such text");
    key.to_owned()
}

/// What can be put into a text.
pub trait Arg {
    /// As it is: a word, or a number that chooses between one and many.
    fn value(&self) -> FluentValue<'static>;

    /// For HTML: escaped, and kept from turning the words around it.
    fn markup(&self) -> FluentValue<'static> {
        match self.value() {
            FluentValue::String(text) => {
                FluentValue::from(format!("<bdi>{}</bdi>", Escaped(&text)))
            }
            other @ (FluentValue::Number(_)
            | FluentValue::Custom(_)
            | FluentValue::None
            | FluentValue::Error) => other,
        }
    }
}

/// HTML with nothing in it that acts.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Html.write_escaped_str(f, self.0)
    }
}

impl<T: Arg + ?Sized> Arg for &T {
    fn value(&self) -> FluentValue<'static> {
        (**self).value()
    }
}

impl Arg for str {
    fn value(&self) -> FluentValue<'static> {
        FluentValue::from(self.to_owned())
    }
}

/// Everything that is shown by its `Display`, and every number.
macro_rules! args {
    (words: $($word:ty),+; numbers: $($number:ty),+) => {
        $(impl Arg for $word {
            fn value(&self) -> FluentValue<'static> {
                FluentValue::from(self.to_string())
            }
        })+
        $(impl Arg for $number {
            fn value(&self) -> FluentValue<'static> {
                FluentValue::from(*self)
            }
        })+
    };
}

args!(words: String, crate::http::view::Label, Text; numbers: u8, u16, u32, u64, u128, usize);

/// A plain text. `Display` gives the words; a template escapes them.
#[derive(Debug)]
pub struct Text {
    lang: Lang,
    key: &'static str,
    args: FluentArgs<'static>,
}

impl Text {
    pub(super) fn new(lang: Lang, key: &'static str) -> Self {
        Self { lang, key, args: FluentArgs::new() }
    }

    /// Puts `value` where the text says `{ $name }`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Arg) -> Self {
        self.args.set(name, value.value());
        self
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format(self.lang, self.key, &self.args))
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.to_string()
    }
}

/// A text as HTML: its own `<b>` counts as markup, and what is put into it is escaped.
#[derive(Debug)]
pub struct Rich {
    lang: Lang,
    key: &'static str,
    args: FluentArgs<'static>,
}

impl Rich {
    pub(super) fn new(lang: Lang, key: &'static str) -> Self {
        Self { lang, key, args: FluentArgs::new() }
    }

    /// Puts `value`, escaped, where the text says `{ $name }`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Arg) -> Self {
        self.args.set(name, value.markup());
        self
    }
}

impl fmt::Display for Rich {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format(self.lang, self.key, &self.args))
    }
}

impl HtmlSafe for Rich {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::view::Label;

    #[test]
    fn number_chooses_between_one_and_many_in_each_language() {
        let left = |lang: Lang, n: u32| lang.t("wait-seconds").with("n", n).to_string();
        assert_eq!(left(Lang::En, 1), "The next try counts in 1 second.");
        assert_eq!(left(Lang::En, 30), "The next try counts in 30 seconds.");
        assert!(left(Lang::De, 1).contains("1 Sekunde "), "{}", left(Lang::De, 1));
        assert!(left(Lang::De, 30).contains("30 Sekunden"), "{}", left(Lang::De, 30));
    }

    #[test]
    fn what_is_put_into_a_text_never_becomes_markup() {
        let name = Label::new("<b onclick='x'>\"Ann\" & { $host }");
        let rich = Lang::En.rich("continue-to").with("client", &name).to_string();
        assert_eq!(
            rich,
            "to continue to <b><bdi>&#60;b onclick=&#39;x&#39;&#62;&#34;Ann&#34; &#38; { $host }</bdi></b>"
        );
        let plain = Lang::En.t("consent-title").with("client", &name).to_string();
        assert!(plain.contains("<b onclick"), "plain texts are escaped by the template: {plain}");
    }
}
