//! No connection is made to this computer or the network behind it, whatever the URL and the resolver say.

use std::{sync::Arc, time::Duration};

use mcpcodex::{
    model::fetch::{Fault, Fetched},
    net::{
        client::{Fetcher, Policy, WITHIN},
        guard::Reach,
    },
};
use url::Url;

use crate::support::{
    RUNTIME,
    publisher::{Authority, Names, Page, Publisher},
};

const NAME: &str = "app.example.com";

fn policy(authority: &Authority, reach: Reach) -> Policy {
    let within = Duration::from_secs(3);
    Policy { reach, authorities: Some(authority.pem.clone().into_bytes()), within }
}

/// A server with a document at `/client.json`, trusted, under a public name.
fn server() -> (Authority, Publisher, Names) {
    let authority = Authority::new();
    let publisher = Publisher::start(&authority, &[NAME, "localhost", "127.0.0.1"]);
    publisher.put("/client.json", Page::Json("{}".to_owned()));
    let names = Names::default();
    (authority, publisher, names)
}

#[test]
fn no_spelling_of_an_inner_host_is_connected_to() {
    let (authority, publisher, names) = server();
    // Even a resolver that would lead each name here.
    let hosts = [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "2130706433",
        "017700000001",
        "127.0.0.1.",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "localhost",
        "LocalHost",
        "localhost.",
        "app.localhost",
        "printer.local",
        "vault.internal",
        "localtest",
        "app.example.com.",
        // What lies behind this computer, and what providers of computers answer at.
        "10.0.0.1",
        "10.255.255.255",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "100.127.255.255",
        "169.254.169.254",
        "0xa9fea9fe",
        "192.0.0.192",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[fd00::1]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a00:1::]",
        "[::]",
        "[ff02::1]",
    ];
    for host in hosts {
        names.put(&host.to_lowercase(), &[&["127.0.0.1"]]);
    }
    let policy = policy(&authority, Reach::Public);
    let fetcher = Fetcher::with(&policy, Arc::new(names.clone())).unwrap();
    for host in hosts {
        let url = publisher.url(host, "/client.json");
        let fault = RUNTIME.block_on(fetcher.fetch(&url, None)).unwrap_err();
        assert!(matches!(fault, Fault::Inner(_)), "{host}: {fault:?}");
    }
    assert_eq!(names.looked_up(), 0, "what a URL shows needs no resolver");
    assert_eq!(publisher.connections(), 0);
}

#[test]
fn name_that_leads_inside_is_connected_to_only_where_it_leads_outside() {
    let (authority, publisher, names) = server();
    let fetcher =
        Fetcher::with(&policy(&authority, Reach::Public), Arc::new(names.clone())).unwrap();
    let url = publisher.url(NAME, "/client.json");
    for inner in [
        &["127.0.0.1"][..],
        &["::1"],
        &["::ffff:127.0.0.1"],
        &["10.0.0.1", "192.168.0.1", "169.254.169.254"],
        &["64:ff9b::7f00:1", "2002:7f00:1::", "fd00::1", "fe80::1", "0.0.0.0"],
    ] {
        names.put(NAME, &[inner]);
        let fault = RUNTIME.block_on(fetcher.fetch(&url, None)).unwrap_err();
        assert_eq!(fault, Fault::Inner(NAME.to_owned()), "{inner:?}");
    }
    names.put(NAME, &[&[]]);
    let fault = RUNTIME.block_on(fetcher.fetch(&url, None)).unwrap_err();
    assert_eq!(fault, Fault::Unknown(NAME.to_owned()));
    assert_eq!(publisher.connections(), 0);
    // A public address among inner ones is the only one that is tried; nothing answers there.
    names.put(NAME, &[&["127.0.0.1", "240.0.0.1", "192.88.99.9"]]);
    drop(RUNTIME.block_on(fetcher.fetch(&url, None)).unwrap_err());
    assert_eq!(publisher.connections(), 0);
}

#[test]
fn address_that_was_checked_is_the_one_that_is_dialled() {
    let (authority, publisher, names) = server();
    // The first answer may be dialled (on this computer, for the test), the second must not be; a client that asks
    // twice would check the one and dial the other.
    names.put(NAME, &[&["127.0.0.1"], &["10.0.0.1"]]);
    let fetcher =
        Fetcher::with(&policy(&authority, Reach::Local), Arc::new(names.clone())).unwrap();
    let url = publisher.url(NAME, "/client.json");
    let answer = RUNTIME.block_on(fetcher.fetch(&url, None)).unwrap();
    assert!(matches!(answer, Fetched::Body { .. }), "{answer:?}");
    assert_eq!((names.looked_up(), publisher.connections()), (1, 1));
    // Nothing is kept from the first time, neither the address nor the connection.
    let fault = RUNTIME.block_on(fetcher.fetch(&url, None)).unwrap_err();
    assert_eq!(fault, Fault::Inner(NAME.to_owned()));
    assert_eq!((names.looked_up(), publisher.connections()), (2, 1));

    // The other way round: public first, then this computer.
    names.put(NAME, &[&["93.184.215.14"], &["127.0.0.1"]]);
    let policy = Policy { within: Duration::from_millis(300), ..policy(&authority, Reach::Public) };
    let fetcher = Fetcher::with(&policy, Arc::new(names.clone())).unwrap();
    drop(RUNTIME.block_on(fetcher.fetch(&url, None)).unwrap_err());
    let fault = RUNTIME.block_on(fetcher.fetch(&url, None)).unwrap_err();
    assert_eq!(fault, Fault::Inner(NAME.to_owned()));
    assert_eq!(publisher.connections(), 1);
}

#[test]
fn local_reach_is_for_this_computer_alone() {
    let (authority, publisher, names) = server();
    let fetcher =
        Fetcher::with(&policy(&authority, Reach::Local), Arc::new(names.clone())).unwrap();
    names.put("localhost", &[&["127.0.0.1"]]);
    for host in ["localhost", "127.0.0.1"] {
        let answer = RUNTIME.block_on(fetcher.fetch(&publisher.url(host, "/client.json"), None));
        assert!(answer.is_ok(), "{host}: {answer:?}");
    }
    for host in ["10.0.0.1", "192.168.1.1", "169.254.169.254", "[fd00::1]"] {
        let fault = RUNTIME.block_on(fetcher.fetch(&publisher.url(host, "/x"), None)).unwrap_err();
        assert!(matches!(fault, Fault::Inner(_)), "{host}: {fault:?}");
    }
}

#[test]
fn plain_http_is_never_spoken() {
    let (authority, publisher, _) = server();
    for reach in [Reach::Public, Reach::Local] {
        let fetcher = Fetcher::new(&policy(&authority, reach)).unwrap();
        let url = Url::parse(&format!("http://{}/client.json", publisher.address)).unwrap();
        let fault = RUNTIME.block_on(fetcher.fetch(&url, None)).unwrap_err();
        assert_eq!(fault, Fault::Url("is not https"));
    }
    assert_eq!(publisher.connections(), 0);
}

#[test]
fn unless_told_otherwise_only_the_public_internet_is_reached_and_within_five_seconds() {
    let policy = Policy::default();
    assert_eq!((policy.reach, policy.within), (Reach::Public, WITHIN));
    assert_eq!(WITHIN, Duration::from_secs(5));
}
