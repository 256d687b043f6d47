//! The brand of a configuration on the pages that a browser gets.

use std::fs;

use crate::support::{Browser, Page, TestApp};

const LOGO: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg'/>";

fn branded() -> TestApp {
    TestApp::with(|config| {
        let folder = config.storage.data_dir.parent().unwrap();
        let logo = folder.join("logo.svg");
        fs::write(&logo, LOGO).unwrap();
        let brand = &mut config.server.brand;
        brand.name = "North\u{202e}wind & Sons".to_owned();
        brand.accent = Some("#ffd400".parse().unwrap());
        brand.logo = Some(logo);
    })
}

/// The address in the page that begins with `/assets/NAME.`.
fn address(page: &Page, name: &str) -> Option<String> {
    let start = page.body.find(&format!("/assets/{name}."))?;
    page.body[start..].split('"').next().map(str::to_owned)
}

#[test]
fn every_page_has_the_name_the_colours_and_the_logo_of_the_brand() {
    let server = branded();
    server.user("ann");
    let mut inside = server.login("ann");
    let mut outside = server.browser();
    let pages = [inside.open("/account"), outside.open("/login"), outside.open("/nothing")];
    for page in &pages {
        assert!(page.body.contains("Northwind &#38; Sons</title>"), "{page:?}");
        assert!(page.body.contains("<span>Northwind &#38; Sons</span>"), "{page:?}");
        assert!(!page.body.contains("mcpcodex</"), "{page:?}");
        assert!(address(page, "brand").is_some() && address(page, "logo").is_some(), "{page:?}");
    }
}

#[test]
fn colours_and_logo_are_files_of_our_own_that_may_be_kept_for_ever() {
    let mut browser = branded().browser();
    let login = browser.open("/login");
    let kept = |browser: &mut Browser, name: &str, kind: &str| {
        let file = browser.open(&address(&login, name).unwrap());
        assert_eq!((file.status, file.header("content-type")), (200, kind));
        assert!(file.header("cache-control").contains("immutable"));
        let tag = file.header("etag").trim_matches('"').to_owned();
        assert!(tag.len() == 16 && address(&login, name).unwrap().contains(&tag));
        assert!(file.header("content-security-policy").contains("default-src 'none'"));
        file
    };
    let sheet = kept(&mut browser, "brand", "text/css; charset=utf-8");
    assert!(sheet.body.contains("--accent:#ffd400") && sheet.body.len() < 600, "{sheet:?}");
    assert_eq!(kept(&mut browser, "logo", "image/svg+xml").body.as_bytes(), LOGO);
    assert_eq!(browser.open("/assets/brand.0000000000000000.css").status, 404);
}

#[test]
fn without_a_brand_a_page_asks_for_no_more_than_it_did() {
    let page = TestApp::new().browser().open("/login");
    assert!(page.body.contains("<span>mcpcodex</span>"));
    assert!(address(&page, "brand").is_none() && address(&page, "logo").is_none(), "{page:?}");
}

#[test]
fn missing_logo_keeps_nobody_from_signing_in() {
    let server =
        TestApp::with(|config| config.server.brand.logo = Some("/nowhere/logo.svg".into()));
    let page = server.browser().open("/login");
    assert!(page.status == 200 && page.body.contains("class=\"mark\""), "{page:?}");
}
