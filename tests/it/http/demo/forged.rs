//! The demo app and what others send to it: forms of other sites, answers that nobody asked for, words that are markup.

use std::sync::Arc;

use mcpcodex::{
    http::{
        demo::{DemoApp, routes},
        router,
    },
    ops,
};

use crate::{
    http::csrf::{DEMO, forgeries, without_token},
    support::{
        Browser, Page, TestApp,
        rows::{NOTHING, Rows},
    },
};

struct Demo {
    server: TestApp,
    demo: Arc<DemoApp>,
}

impl Demo {
    fn new() -> Self {
        let server = TestApp::new();
        let data = ops::demo::prepare(&server.app.db, &server.app.env).unwrap();
        let demo = DemoApp::new(&server.app, data);
        Self { server, demo }
    }

    fn browser(&self) -> Browser {
        let app = &self.server.app;
        let router = router::routes_with(app.clone(), routes(Arc::clone(&self.demo)));
        Browser::new(router, &app.env.site.public_url)
    }

    /// As far as the question whether the app may have what it asks for.
    fn asked(&self) -> (Browser, Page) {
        let mut browser = self.browser();
        let page = browser.open("/demo");
        let page = browser.submit(&page, "/demo/start", &[]);
        let page = browser.follow_all(page);
        let password = self.demo.data.people.iter().find(|one| one.username == "sam").unwrap();
        let typed = [("username", "sam"), ("password", password.password)];
        let page = browser.submit(&page, "/login", &typed);
        let page = browser.follow_all(page);
        (browser, page)
    }

    /// With tokens.
    fn signed_in(&self) -> Browser {
        let (mut browser, page) = self.asked();
        // Once allowed, it is not asked again.
        let page = match page.form("/consent") {
            Some(_) => {
                let page = browser.submit(&page, "/consent", &[("decision", "allow")]);
                browser.follow_all(page)
            }
            None => page,
        };
        assert!(page.form("/demo/refresh").is_some(), "{page:?}");
        browser
    }
}

#[test]
fn form_of_another_site_does_nothing_in_the_demo() {
    let demo = Demo::new();
    let browser = demo.signed_in();
    let csrf = browser.clone().csrf();
    let others = demo.browser().csrf();
    assert_ne!(csrf, others);
    // One button was pressed, so that each has something to do.
    let page = browser.clone().post("/demo/refresh", &[("csrf", csrf.as_str())]);
    assert_eq!(page.status, 303, "{page:?}");
    let shown = browser.clone().open("/demo").body;
    let before = Rows::of(&demo.server.app.db);
    for path in DEMO {
        let mut sent = forgeries(&browser, path, &csrf);
        sent.extend(without_token(&browser, path, &others));
        for (how, page) in sent {
            assert_eq!(page.status, 403, "{how} at {path}: {page:?}");
            assert!(page.set_cookies().is_empty(), "{how} at {path}: {page:?}");
        }
        for method in ["GET", "HEAD"] {
            let page = browser.clone().ask(method, &format!("{path}?csrf={csrf}")).send();
            assert_eq!(page.status, 405, "{method} {path}");
        }
    }
    assert_eq!(before.since(&demo.server.app.db), NOTHING);
    assert_eq!(browser.clone().open("/demo").body, shown, "what it holds is another");
    // Each of them does something for whoever pressed it.
    for path in ["/demo/repeat", "/demo/introspect", "/demo/revoke", "/demo/logout"] {
        let page = browser.clone().post(path, &[("csrf", csrf.as_str())]);
        assert!(matches!(page.status, 200 | 303), "{path}: {page:?}");
        assert_ne!(browser.clone().open("/demo").body, shown, "{path}");
    }
}

#[test]
fn button_pressed_in_one_browser_touches_no_others_tokens() {
    let demo = Demo::new();
    let (one, mut other) = (demo.signed_in(), demo.signed_in());
    let shown = one.clone().open("/demo").body;
    let csrf = other.csrf();
    for path in ["/demo/refresh", "/demo/revoke", "/demo/logout"] {
        other.post(path, &[("csrf", csrf.as_str())]);
    }
    assert_eq!(one.clone().open("/demo").body, shown);
}

const HOSTILE: [&str; 5] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "</title></textarea><svg onload=alert(1)>",
    "' onfocus='alert(1)' x='",
    "a\r\nset-cookie: x=1\u{0}\u{1b}[31m",
];

/// Nothing on the page is markup that came from outside.
fn tame(what: &str, page: &Page) {
    let body = &page.body;
    for markup in ["<script>alert", "<img src=x", "<svg onload", "onfocus='alert", "</title></text"]
    {
        assert!(!body.contains(markup), "{what}: {markup}: {body}");
    }
    assert!(page.set_cookie("x").is_none(), "{what}");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
}

fn answer(fields: &[(&str, &str)]) -> String {
    let fields = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    format!("/demo/callback?{fields}")
}

#[test]
fn words_of_an_answer_are_text_on_the_demos_pages() {
    let demo = Demo::new();
    let issuer = demo.server.app.env.site.issuer.clone();
    for hostile in HOSTILE {
        // An answer to no request of this browser.
        let mut browser = demo.browser();
        let names = ["error", "error_description", "code", "state", "iss", "<b>x</b>"];
        let page = browser.open(&answer(&names.map(|name| (name, hostile))));
        assert_eq!(page.status, 400, "{hostile}");
        tame(hostile, &page);

        // One to the request that it waits for, with a reason that is markup.
        let page = browser.open("/demo");
        let sent = browser.submit(&page, "/demo/start", &[]);
        let url = url::Url::parse(sent.location()).unwrap();
        let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        let error = [
            ("error", hostile),
            ("error_description", hostile),
            ("state", &state),
            ("iss", &issuer),
            ("<i>", hostile),
        ];
        let page = browser.visit(&answer(&error));
        assert_eq!(page.status, 200, "{page:?}");
        assert!(page.body.contains("Not signed in"), "{page:?}");
        tame(hostile, &page);
    }
}

#[test]
fn name_of_a_person_is_text_on_the_demos_pages() {
    for hostile in HOSTILE {
        let demo = Demo::new();
        let (mut browser, page) = demo.asked();
        let name = hostile.to_owned();
        demo.server.write(move |tx| {
            tx.exec("update users set name = ?1, username = ?1 where username = 'sam'", [name])
        });
        let page = browser.submit(&page, "/consent", &[("decision", "allow")]);
        let page = browser.follow_all(page);
        assert!(page.form("/demo/refresh").is_some(), "{page:?}");
        tame(hostile, &page);
        let form = page.form("/demo/introspect").unwrap();
        let page = browser.post("/demo/introspect", &form.filled(&[]));
        let page = browser.follow_all(page);
        assert!(page.body.contains("&#34;active&#34;: true"), "{page:?}");
        tame(hostile, &page);
    }
}
