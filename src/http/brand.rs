//! The brand on the pages: its colours as a small stylesheet of its own and its logo, both addressed by their content.
//! Which colours those are is decided in `model::colour`.

use std::{
    borrow::Cow,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use super::{
    assets::{FOREVER, PREFIX},
    lang::Lang,
    view::{Label, Shell},
};
use crate::{config::look::Look, model::colour::Palette, ops::env::Env};

/// A file that is made from the configuration.
#[derive(Debug)]
pub struct Made<'a> {
    /// The bytes.
    pub body: Cow<'a, [u8]>,
    /// For `Content-Type`.
    pub content_type: &'static str,
    /// For `ETag`, quotes included.
    pub etag: String,
    /// For `Cache-Control`.
    pub cache_control: &'static str,
    url: String,
}

impl<'a> Made<'a> {
    fn new(body: Cow<'a, [u8]>, stem: &str, extension: &str, content_type: &'static str) -> Self {
        // Against caches, not against forgers: who writes the configuration writes these files.
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        let hash = format!("{:016x}", hasher.finish());
        Self {
            body,
            content_type,
            etag: format!("\"{hash}\""),
            cache_control: FOREVER,
            url: format!("{PREFIX}{stem}.{hash}.{extension}"),
        }
    }
}

/// The stylesheet that puts the accent in the place of ours.
fn sheet(look: &Look) -> Option<Made<'static>> {
    let [light, dark] = look.palettes?;
    let css = format!(
        ":root{{{}}}@media (prefers-color-scheme:dark){{:root{{{}}}}}\n",
        variables(&light),
        variables(&dark)
    );
    Some(Made::new(css.into_bytes().into(), "brand", "css", "text/css; charset=utf-8"))
}

fn variables(palette: &Palette) -> String {
    let Palette { fill, fill_hover, on_fill, edge, ink, ink_hover } = palette;
    format!(
        "--accent:{fill};--accent-deep:{fill_hover};--on-accent:{on_fill};--edge:{edge};--link:{ink};--link-deep:{ink_hover}"
    )
}

fn logo(look: &Look) -> Option<Made<'_>> {
    let logo = look.logo.as_ref()?;
    Some(Made::new(logo.body.as_slice().into(), "logo", logo.extension, logo.content_type))
}

/// The file at the address `path`, if it is one of the brand's.
pub fn find<'a>(look: &'a Look, path: &str) -> Option<Made<'a>> {
    [sheet(look), logo(look)].into_iter().flatten().find(|made| made.url == path)
}

/// The frame of a page in the language `lang`, with what the brand adds to it.
pub fn frame(env: &Env, lang: Lang) -> Shell {
    Shell {
        brand: Label::new(&env.config.server.brand.name).to_string(),
        style: sheet(&env.look).map(|made| made.url),
        logo: logo(&env.look).map(|made| made.url),
        host: env.site.host().to_owned(),
        lang,
        here: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{look::Picture, server::Brand},
        model::colour::Scheme,
    };

    fn look(accent: &str) -> Look {
        let brand =
            Brand { name: "N".to_owned(), accent: Some(accent.parse().unwrap()), logo: None };
        Look::of(&brand)
    }

    #[test]
    fn sheet_has_both_schemes_and_its_address_changes_with_the_accent() {
        let yellow = look("#ffd400");
        let made = sheet(&yellow).unwrap();
        let css = String::from_utf8(made.body.to_vec()).unwrap();
        assert!(css.starts_with(":root{--accent:#ffd400;"), "{css}");
        assert!(
            css.contains("@media (prefers-color-scheme:dark){:root{--accent:#ffd400;"),
            "{css}"
        );
        assert!(made.url.contains(made.etag.trim_matches('"')));
        assert_eq!(find(&yellow, &made.url).unwrap().body, made.body);
        assert_ne!(sheet(&look("#ffd401")).unwrap().url, made.url);
        assert!(find(&look("#ffd401"), &made.url).is_none());
    }

    #[test]
    fn without_a_brand_nothing_is_added() {
        assert!(sheet(&Look::default()).is_none() && logo(&Look::default()).is_none());
        assert!(find(&Look::default(), "/assets/brand.css").is_none());
    }

    #[test]
    fn logo_is_found_under_its_hash() {
        let picture =
            Picture { body: b"<svg/>".to_vec(), content_type: "image/svg+xml", extension: "svg" };
        let look = Look { logo: Some(picture), ..Look::default() };
        let url = logo(&look).unwrap().url;
        assert!(url.starts_with("/assets/logo.") && url.split('.').next_back() == Some("svg"));
        assert_eq!(find(&look, &url).unwrap().content_type, "image/svg+xml");
    }

    #[test]
    fn grounds_of_the_rule_are_those_of_the_stylesheet() {
        let css = include_str!("../../assets/static/app.css");
        let (light, rest) = css.split_once("@media (prefers-color-scheme: dark)").unwrap();
        for (part, scheme) in [(light, Scheme::LIGHT), (rest, Scheme::DARK)] {
            let grounds = ["--back: ", "--card: ", "--sunk: "].map(|name| {
                let (_, value) = part.split_once(name).unwrap();
                value.split(';').next().unwrap().parse().unwrap()
            });
            assert_eq!(scheme.grounds, grounds);
        }
    }
}
