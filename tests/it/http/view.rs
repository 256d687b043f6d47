//! Every page with ordinary and with hostile data: escaped, labelled, self-contained, small.
//! Set `MCPCODEX_DUMP_PAGES` to a folder to get the pages as files and look at them.

mod samples;
mod tags;

use std::{collections::BTreeSet, fs, path::Path};

use mcpcodex::http::assets;
use samples::{Page, Words};
use tags::Tag;

/// What a page and its stylesheet may weigh together.
const MAX_BYTES: usize = 30_000;

/// Every page in every state, with ordinary words and with words that try to break out.
fn everything() -> Vec<Page> {
    let mut pages = samples::all(Words::Ordinary);
    pages.extend(samples::all(Words::German));
    pages.extend(samples::all(Words::Hostile));
    pages
}

fn each_tag(check: impl Fn(&Page, &Tag)) {
    for page in everything() {
        for tag in tags::all(&page.html) {
            check(&page, &tag);
        }
    }
}

#[test]
fn pages_are_dumped_when_a_folder_is_named() {
    let Some(folder) = std::env::var_os("MCPCODEX_DUMP_PAGES") else { return };
    let folder = Path::new(&folder);
    fs::create_dir_all(folder.join("assets")).unwrap();
    for page in everything() {
        fs::write(folder.join(format!("{}.html", page.name)), page.html).unwrap();
    }
    for name in ["app.css", "favicon.svg", "password.js"] {
        let url = assets::url(name);
        let asset = assets::find(url).unwrap();
        fs::write(folder.join(url.trim_start_matches('/')), &asset.body).unwrap();
    }
}

#[test]
fn hostile_text_never_becomes_markup() {
    let calm = samples::all(Words::Ordinary);
    for (page, calm) in samples::all(Words::Hostile).iter().zip(&calm) {
        assert!(!page.html.contains(samples::ATTACK), "{}", page.name);
        let shape = |html: &str| tags::all(html).into_iter().map(Tag::shape).collect::<Vec<_>>();
        assert_eq!(
            shape(&page.html),
            shape(&calm.html),
            "{} has other tags than {}",
            page.name,
            calm.name
        );
    }
}

#[test]
fn pages_need_no_exception_from_the_content_policy() {
    // Files of ours, each where it has something to do, and nothing between the tags.
    let scripts = [
        ("passkey.js", "id=\"passkey\""),
        ("password.js", "id=\"strength\""),
        ("form-post.js", "id=\"answer\""),
    ];
    for page in everything() {
        let mut known = 0;
        for (script, what) in scripts {
            let tag = format!("<script src=\"{}\" defer></script>", assets::url(script));
            let found = page.html.matches(&tag).count();
            assert_eq!(found, usize::from(page.html.contains(what)), "{}: {script}", page.name);
            known += found;
        }
        assert_eq!(page.html.matches("<script").count(), known, "{}", page.name);
    }
    each_tag(|page, tag| {
        assert!(
            !["style", "iframe", "object", "embed", "base"].contains(&tag.name.as_str()),
            "{}: <{}>",
            page.name,
            tag.name
        );
        for name in tag.attributes.keys() {
            assert!(
                name != "style" && !name.starts_with("on"),
                "{}: {name} on <{}>",
                page.name,
                tag.name
            );
        }
    });
}

#[test]
fn pages_load_and_post_to_this_server_only() {
    each_tag(|page, tag| {
        for name in ["src", "href", "action", "formaction", "srcset", "xlink:href"] {
            let Some(address) = tag.get(name) else { continue };
            // A link back to a client is followed by hand and loads nothing.
            let is_link_out = page.name.ends_with("signed_out") && tag.get("id") == Some("back");
            // The recovery codes as a file.
            let is_file = tag.has("download") && address.starts_with("data:text/plain;");
            // The answer to a client goes to that client.
            let is_answer = page.name.ends_with("form_post") && tag.get("id") == Some("answer");
            let is_ours = address.starts_with('#')
                || (address.starts_with('/') && !address.starts_with("//"));
            assert!(
                is_ours || is_link_out || is_answer || is_file,
                "{}: {name}={address}",
                page.name
            );
        }
    });
    let css =
        String::from_utf8(assets::find(assets::url("app.css")).unwrap().body.to_vec()).unwrap();
    assert!(!css.contains("url(") && !css.contains("@import") && !css.contains("http"));
}

#[test]
fn each_kind_of_page_has_its_own_title_in_each_language() {
    for (words, lang, refused) in
        [(Words::Ordinary, "en", "Error: "), (Words::German, "de", "Fehler: ")]
    {
        titles(&samples::all(words), lang, refused);
    }
}

fn titles(pages: &[Page], lang: &str, refused: &str) {
    let mut seen = BTreeSet::new();
    for page in pages {
        let title =
            page.html.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0.to_owned();
        assert!(title.ends_with(" · Northwind"), "{title}");
        assert_eq!(page.html.matches("<h1").count(), 1, "{}", page.name);
        assert!(page.html.contains(&format!("<html lang=\"{lang}\">")), "{}", page.name);
        if !page.is_variant {
            assert!(seen.insert(title.clone()), "{}: title {title} is taken", page.name);
        }
        assert_eq!(
            title.starts_with(refused),
            page.name.ends_with("_refused"),
            "{}: {title}",
            page.name
        );
    }
}

#[test]
fn ids_are_unique_and_every_reference_finds_its_target() {
    for page in everything() {
        let all = tags::all(&page.html);
        let mut ids = BTreeSet::new();
        for id in all.iter().filter_map(|t| t.get("id")) {
            assert!(ids.insert(id), "{}: id {id} twice", page.name);
        }
        for tag in &all {
            for name in ["for", "aria-describedby", "aria-labelledby"] {
                for target in tag.get(name).unwrap_or_default().split_whitespace() {
                    assert!(ids.contains(target), "{}: {name}={target} leads nowhere", page.name);
                }
            }
        }
    }
}

#[test]
fn every_field_has_a_label_and_a_token_that_password_managers_know() {
    for page in everything() {
        let all = tags::all(&page.html);
        let labelled: BTreeSet<_> = all.iter().filter_map(|t| t.get("for")).collect();
        for field in all.iter().filter(|t| t.name == "input" && t.get("type") != Some("hidden")) {
            let id = field.get("id").unwrap();
            let is_unseen = field.has("readonly");
            assert!(is_unseen || labelled.contains(id), "{}: {id} has no label", page.name);
            let token = match field.get("name").unwrap() {
                "username" => Some("username"),
                "password" => Some("current-password"),
                "new_password" => Some("new-password"),
                "code" => Some("one-time-code"),
                "email" => Some("email"),
                "name" => Some("name"),
                "phone" => Some("tel"),
                "label" | "user_code" => Some("off"),
                "remember_me" | "trust_device" => None,
                scope if scope.starts_with("scope_") => None,
                other => panic!("{}: unknown field {other}", page.name),
            };
            // Passkeys may be shown below a user name (WebAuthn §5.1.10).
            let found = field.get("autocomplete").map(|found| found.trim_end_matches(" webauthn"));
            assert_eq!(found, token, "{}: {id}", page.name);
        }
    }
}

#[test]
fn every_form_posts_and_carries_its_hidden_fields() {
    for page in everything() {
        let all = tags::all(&page.html);
        let forms: Vec<_> = all.iter().filter(|t| t.name == "form").collect();
        for form in &forms {
            assert_eq!(form.get("method"), Some("post"), "{}", page.name);
        }
        // What goes to an app carries nothing of ours.
        let own = forms.iter().filter(|form| form.get("id") != Some("answer")).count();
        let tokens = all.iter().filter(|t| t.get("name") == Some("csrf")).count();
        assert_eq!(tokens, own, "{}: one CSRF token a form", page.name);
    }
}

#[test]
fn an_error_is_announced_and_tied_to_its_field() {
    for page in samples::all(Words::Ordinary).iter().filter(|p| p.name.ends_with("_refused")) {
        let all = tags::all(&page.html);
        assert!(all.iter().any(|t| t.get("role") == Some("alert")), "{}", page.name);
        assert!(all.iter().any(|t| t.has("autofocus")), "{}: focus is not moved", page.name);
    }
}

#[test]
fn gaps_in_texts_are_filled_on_every_page() {
    for page in everything() {
        // Ours stand in braces with a dollar; what hostile names bring has none.
        assert!(!page.html.contains("{$"), "{}: {}", page.name, page.html);
        assert!(!page.html.contains("{ $"), "{}: {}", page.name, page.html);
    }
}

#[test]
fn user_name_survives_a_refusal_and_no_secret_does() {
    let page = samples::one("login_refused");
    assert!(page.html.contains("value=\"ann\""));
    for page in everything() {
        for tag in tags::all(&page.html)
            .iter()
            .filter(|t| t.get("type") == Some("password") || t.get("name") == Some("code"))
        {
            // The code of the protocol goes to the client by way of the page.
            let is_answer = page.name.ends_with("form_post");
            assert!(is_answer || !tag.has("value"), "{}", page.name);
        }
    }
}

#[test]
fn consent_shows_sensitive_scopes_first_and_where_the_answer_goes() {
    let page = samples::one("consent");
    let sensitive = page.html.find("Manage every person").unwrap();
    let plain = page.html.find("Read your name").unwrap();
    assert!(sensitive < plain, "the sample gives the plain one first");
    assert!(
        page.html.contains("<b><bdi>claude.ai</bdi></b>")
            && page.html.contains("https://notes.example.com/mcp")
    );
    let local = samples::one("consent_local");
    assert!(
        local.html.contains("<b>an app on this computer</b> (<bdi>127.0.0.1</bdi>)")
            && local.html.contains("id=\"caution\"")
    );
    for page in [page, local] {
        let decisions: Vec<_> = tags::all(&page.html)
            .into_iter()
            .filter(|t| t.name == "button" && t.get("name") == Some("decision"))
            .filter_map(|t| t.get("value").map(str::to_owned))
            .collect();
        assert_eq!(decisions, ["deny", "allow"]);
    }
}

#[test]
fn page_and_stylesheet_weigh_little() {
    let css = assets::find(assets::url("app.css")).unwrap().body.len();
    for page in samples::all(Words::Ordinary) {
        let total = css + page.html.len();
        assert!(total <= MAX_BYTES, "{}: {total} bytes", page.name);
    }
}

#[test]
fn text_can_be_read_on_its_ground_in_both_schemes() {
    let css =
        String::from_utf8(assets::find(assets::url("app.css")).unwrap().body.to_vec()).unwrap();
    let (light, rest) = css.split_once("@media (prefers-color-scheme: dark)").unwrap();
    let dark = rest.split_once("@media (prefers-contrast").unwrap().0;
    let pairs = [
        ("text", "card"),
        ("text", "back"),
        ("text", "sunk"),
        ("soft", "card"),
        ("soft", "back"),
        ("soft", "sunk"),
        ("link", "card"),
        ("link", "back"),
        ("link-deep", "card"),
        ("on-accent", "accent"),
        ("on-accent", "accent-deep"),
        ("good", "good-back"),
        ("warn", "warn-back"),
        ("warn", "card"),
        ("bad", "bad-back"),
        ("bad", "card"),
    ];
    for scheme in [light, dark] {
        for (ink, ground) in pairs {
            let ratio = tags::contrast(&tags::colour(scheme, ink), &tags::colour(scheme, ground));
            assert!(ratio >= 4.5, "{ink} on {ground}: {ratio:.2}");
        }
        // WCAG 1.4.11: the border of a field is what shows that it is one.
        let ratio = tags::contrast(&tags::colour(scheme, "field"), &tags::colour(scheme, "card"));
        assert!(ratio >= 3.0, "field on card: {ratio:.2}");
    }
}
