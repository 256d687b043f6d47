//! Which language a request gets.
//! In this order: what the app that sends the person asks for, what was chosen before, what the browser prefers.

use axum::http::{HeaderMap, Uri, header};

use super::Lang;
use crate::http::{cookies, extract, fields::Fields};

/// Longer lists are cut: nobody reads a hundred languages.
const MOST: usize = 32;

/// The language for a request, and whether an app has just asked for it, so that it must be remembered.
pub fn wanted(headers: &HeaderMap, uri: &Uri) -> (Lang, bool) {
    let asked = (uri.path() == "/authorize")
        .then(|| Fields::parse(uri.query().unwrap_or_default().as_bytes()))
        .and_then(|fields| by_ui_locales(fields.text("ui_locales")));
    match asked {
        Some(lang) => (lang, true),
        None => (chosen(headers).or_else(|| preferred(headers)).unwrap_or_default(), false),
    }
}

/// The first language of ours in a list of tags, the most wanted first (OpenID Connect Core §3.1.2.1).
pub fn by_ui_locales(list: &str) -> Option<Lang> {
    list.split_ascii_whitespace().take(MOST).find_map(Lang::parse)
}

fn chosen(headers: &HeaderMap) -> Option<Lang> {
    extract::cookie(headers, cookies::LANGUAGE).and_then(Lang::parse)
}

/// `Accept-Language`: the language of ours with the highest weight, of equals the first (RFC 9110 §12.5.4).
fn preferred(headers: &HeaderMap) -> Option<Lang> {
    let mut best: Option<(u16, Lang)> = None;
    let lists = headers.get_all(header::ACCEPT_LANGUAGE).iter();
    let ranges = lists.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    for range in ranges.take(MOST) {
        let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
        let weight = weight(parameters);
        let Some(lang) = Lang::parse(tag).filter(|_| weight > 0) else { continue };
        if best.is_none_or(|(most, _)| weight > most) {
            best = Some((weight, lang));
        }
    }
    best.map(|(_, lang)| lang)
}

/// `q=0.8` in thousandths; one when there is none, nothing when it cannot be read (RFC 9110 §12.4.2).
fn weight(parameters: &str) -> u16 {
    let Some(value) = parameters.trim().strip_prefix("q=") else { return 1_000 };
    let (whole, part) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    if part.len() > 3 || !part.bytes().all(|b| b.is_ascii_digit()) {
        return 0;
    }
    let thousandths = format!("{part:0<3}").parse().unwrap_or(0);
    match whole {
        "0" => thousandths,
        "1" if thousandths == 0 => 1_000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn ask(uri: &str, cookie: Option<&str>, accept: &str) -> (Lang, bool) {
        let mut headers = HeaderMap::new();
        if let Some(value) = cookie {
            let text = format!("{}={value}", cookies::LANGUAGE);
            headers.insert(header::COOKIE, HeaderValue::from_str(&text).unwrap());
        }
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_str(accept).unwrap());
        wanted(&headers, &uri.parse().unwrap())
    }

    #[test]
    fn browser_gets_the_language_it_weighs_most() {
        for (accept, lang) in [
            ("de", Lang::De),
            ("de-AT, en;q=0.9", Lang::De),
            ("en;q=0.8, de;q=0.9", Lang::De),
            ("fr-FR,fr;q=0.9,de;q=0.2", Lang::De),
            ("de, en", Lang::De),
            ("en, de", Lang::En),
            ("de;q=0, en;q=0.1", Lang::En),
            ("de;q=2, en;q=0.1", Lang::En),
            ("de;q=x", Lang::En),
            ("DE-de ; q=1.000", Lang::De),
            ("fr, *", Lang::En),
            ("deutsch", Lang::En),
            ("", Lang::En),
        ] {
            assert_eq!(ask("/login", None, accept).0, lang, "{accept}");
        }
    }

    #[test]
    fn choice_of_the_person_goes_before_the_browser_and_the_app_before_both() {
        assert_eq!(ask("/login", Some("de"), "en"), (Lang::De, false));
        assert_eq!(ask("/login", Some("xx"), "de"), (Lang::De, false));
        assert_eq!(
            ask("/authorize?ui_locales=fr%20de-CH%20en", Some("en"), "en"),
            (Lang::De, true)
        );
        assert_eq!(ask("/authorize?ui_locales=fr", Some("de"), "en"), (Lang::De, false));
        // Only an authorization request may say so: no link to a page of ours turns its language.
        assert_eq!(ask("/login?ui_locales=de", None, "en"), (Lang::En, false));
    }
}
