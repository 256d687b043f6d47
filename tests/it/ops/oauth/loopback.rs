//! Apps on the person's own computer: their port is open until the code is made, and is part of it from then on.

use mcpcodex::ops::oauth::{
    Code,
    begin::{Begun, Unsure},
    exchange::Ask,
};

use super::fixture::*;

fn local(registered: &str) -> World {
    let registered = registered.to_owned();
    world_with(|_| {}, |new| new.redirect_uris = vec![registered])
}

/// What VS Code, Claude Code and others register, and what they then ask with.
const FIT: [(&str, &str); 9] = [
    ("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb"),
    ("http://127.0.0.1/cb", "http://127.0.0.1/cb"),
    ("http://[::1]/cb", "http://[::1]:49152/cb"),
    ("http://localhost/cb", "http://localhost:49152/cb"),
    ("http://127.0.0.1:33418/", "http://127.0.0.1:50000/"),
    ("http://127.0.0.1:33418/", "http://127.0.0.1/"),
    ("http://[::1]:33418/cb", "http://[::1]:1/cb"),
    ("http://app.localhost/cb", "http://app.localhost:65535/cb"),
    ("http://localhost:8080/cb?a=1", "http://localhost:8081/cb?a=1"),
];

#[test]
fn port_is_free_for_each_host_of_this_computer_and_fixed_by_the_code() {
    for (registered, asked) in FIT {
        let world = local(registered);
        let code = || {
            let id = world.waiting(&[("redirect_uri", asked)]);
            let url = redirect(world.answer(&id, &world.signed_in, true));
            assert!(url.starts_with(asked), "{registered}: {url}");
            query(&url, "code").unwrap()
        };
        let with = |code: &str, uri: &str| {
            world.exchange(Ask { redirect_uri: Some(uri.to_owned()), ..ask(code) })
        };
        let other = "http://127.0.0.1:40000/other-port";
        let moved = asked.replace(":49152", ":49153");
        for wrong in [other, &moved, registered] {
            if wrong != asked {
                let code = code();
                assert_eq!(refused(with(&code, wrong)), Code::InvalidGrant, "{asked}: {wrong}");
                assert_eq!(refused(with(&code, asked)), Code::InvalidGrant, "not burnt");
            }
        }
        minted(with(&code(), asked));
    }
}

#[test]
fn nothing_but_the_port_is_free() {
    for (registered, asked) in [
        ("http://app.localhost/cb", "http://localhost/cb"),
        ("http://app.localhost/cb", "http://b.localhost/cb"),
        ("http://app.localhost/cb", "http://app.localhost.evil.example/cb"),
        ("http://localhost/cb", "http://app.localhost/cb"),
        ("http://localhost/cb", "http://LOCALHOST/cb"),
        ("http://localhost/cb", "http://localhost./cb"),
        ("http://localhost/cb", "http://127.0.0.1/cb"),
        ("http://localhost/cb", "http://localhost.evil.example/cb"),
        ("http://localhost/cb", "http://localhost:80@evil.example/cb"),
        ("http://localhost/cb", "http://evil.example/localhost/cb"),
        ("http://localhost/cb", "https://localhost/cb"),
        ("http://localhost/cb", "http://localhost/cb/"),
        ("http://localhost/cb?a=1", "http://localhost:1/cb?a=2"),
        ("http://localhost/cb?a=1", "http://localhost:1/cb"),
        ("http://localhost/cb", "http://localhost:1/cb?a=1"),
        ("http://[::1]/cb", "http://[0:0:0:0:0:0:0:1]/cb"),
        ("http://[::1]/cb", "http://[::1]evil.example/cb"),
        ("http://[::1]/cb", "http://[::2]/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.2/cb"),
        ("http://127.0.0.1/cb", "http://127.1/cb"),
        ("http://127.0.0.1/cb", "http://2130706433/cb"),
        ("http://127.0.0.1/cb", "http://0.0.0.0/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:+80/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:0/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:65536/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:80:80/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1: 80/cb"),
        ("http://127.0.0.1/cb", "http://user@127.0.0.1:80/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:80\\@evil.example/cb"),
        ("https://localhost/cb", "https://localhost:8443/cb"),
    ] {
        let world = local(registered);
        let before = world.rows();
        let begun = world.begin(&[("redirect_uri", asked)]);
        assert_eq!(begun, Begun::Page(Unsure::UnknownRedirect), "{registered} took {asked}");
        assert!(before.since(&world.db).tables.is_empty(), "{asked} was kept");
    }
}
