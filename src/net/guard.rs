//! Which hosts may be dialled: those of the public internet. The tables follow the registries of special-purpose
//! addresses (RFC 6890 and its successors at IANA); what is not known to be public is refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use url::{Host, Url};

use crate::model::fetch::Fault;

/// How far requests may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To the public internet.
    Public,
    /// And to this computer, for those who build an app.
    Local,
}

const fn v4(a: u8, b: u8, c: u8, bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, 0), bits)
}

/// IPv4 that is not public.
const CLOSED_V4: [Ipv4Net; 15] = [
    v4(0, 0, 0, 8),       // this network; Linux takes 0.0.0.0 for this computer
    v4(10, 0, 0, 8),      // private
    v4(100, 64, 0, 10),   // shared by a carrier's customers, and inside some clouds
    v4(127, 0, 0, 8),     // this computer
    v4(169, 254, 0, 16),  // the link; the clouds' metadata service
    v4(172, 16, 0, 12),   // private
    v4(192, 0, 0, 24),    // protocol assignments
    v4(192, 0, 2, 24),    // documentation
    v4(192, 88, 99, 24),  // relays of 6to4, given up
    v4(192, 168, 0, 16),  // private
    v4(198, 18, 0, 15),   // measurements between networks
    v4(198, 51, 100, 24), // documentation
    v4(203, 0, 113, 24),  // documentation
    v4(224, 0, 0, 4),     // multicast
    v4(240, 0, 0, 4),     // reserved, and broadcast
];

/// The only part of IPv6 that is given out for global unicast. Everything outside of it is refused with this one
/// line: `::`, `::1`, IPv4 in the forms `::a.b.c.d` and `::ffff:a.b.c.d`, NAT64 (`64:ff9b::/96`, `64:ff9b:1::/48`),
/// the discard prefix, unique local, link-local, the old site-local, multicast.
const OPEN_V6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What is not public inside of it.
const CLOSED_V6: [Ipv6Net; 4] = [
    // Protocol assignments: Teredo, which holds an IPv4 address; measurements; ORCHID.
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    // Documentation.
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    Ipv6Net::new_assert(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
    // 6to4, which holds an IPv4 address.
    Ipv6Net::new_assert(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
];

/// Names that never lead to the public internet (RFC 6761, 6762, 7686, 8375, and ICANN's `internal`).
const CLOSED_NAMES: [&str; 8] =
    ["localhost", "local", "internal", "localdomain", "home.arpa", "onion", "invalid", "test"];

/// Whether `address` may be dialled.
pub fn admits(address: IpAddr, reach: Reach) -> bool {
    let is_public = match address {
        IpAddr::V4(address) => !CLOSED_V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => {
            OPEN_V6.contains(&address) && !CLOSED_V6.iter().any(|net| net.contains(&address))
        }
    };
    is_public || (reach == Reach::Local && address.is_loopback())
}

/// Whether a URL may be fetched, as far as the URL alone can tell. What its name leads to is asked when it is
/// resolved; an address that stands in it is never resolved, and so is asked here.
pub fn check(url: &Url, reach: Reach) -> Result<(), Fault> {
    if url.scheme() != "https" {
        return Err(Fault::Url("is not https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Fault::Url("has a user name in it"));
    }
    if url.port() == Some(0) {
        return Err(Fault::Url("has port 0"));
    }
    let inner = |host: &str| Err(Fault::Inner(host.to_owned()));
    match url.host() {
        None => Err(Fault::Url("has no host")),
        // The URL's parser has read 127.1, 0x7f.1 and 2130706433 as the address that they are.
        Some(Host::Ipv4(address)) if !admits(address.into(), reach) => inner(&address.to_string()),
        Some(Host::Ipv6(address)) if !admits(address.into(), reach) => {
            inner(&format!("[{address}]"))
        }
        Some(Host::Domain(name)) if !is_open(name, reach) => inner(name),
        Some(_) => Ok(()),
    }
}

fn is_open(name: &str, reach: Reach) -> bool {
    let below = |parent: &str| {
        name.strip_suffix(parent).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if reach == Reach::Local && below("localhost") {
        return true;
    }
    // A name without a dot is looked for in the domain of whoever asks; one with a dot at its end is another spelling,
    // and so a way around lists of names.
    name.contains('.') && !name.ends_with('.') && !CLOSED_NAMES.iter().any(|parent| below(parent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(host: &str) -> Option<Fault> {
        let url = Url::parse(&format!("https://{host}/client.json")).unwrap();
        check(&url, Reach::Public).err()
    }

    #[test]
    fn addresses_that_are_not_public_are_refused_up_to_their_edges() {
        for closed in
            "0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.1 \
                127.255.255.255 169.254.0.0 169.254.169.254 169.254.255.255 172.16.0.0 \
                172.31.255.255 192.0.0.1 192.0.0.171 192.0.2.1 192.88.99.1 192.168.0.0 \
                192.168.255.255 198.18.0.0 198.19.255.255 198.51.100.7 203.0.113.255 224.0.0.1 \
                239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::2 ::7f00:1 ::ffff:127.0.0.1 \
                ::ffff:10.0.0.1 ::ffff:93.184.215.14 ::ffff:0:127.0.0.1 64:ff9b::7f00:1 \
                64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 1fff::1 2001::1 \
                2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1 2001:10::1 2001:1ff:ffff::1 \
                2001:db8::1 2002:7f00:1::1 2002:a00:1:: 3fff::1 3fff:fff:ffff::1 4000::1 5f00::1 \
                fc00::1 fd00::1 fd00:ec2::254 fe80::1 febf::1 fec0::1 ff02::1"
                .split_whitespace()
        {
            assert!(!admits(closed.parse().unwrap(), Reach::Public), "{closed}");
        }
        for open in "1.0.0.0 9.255.255.255 11.0.0.0 93.184.215.14 100.63.255.255 100.128.0.0 \
                126.255.255.255 128.0.0.1 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 \
                192.0.1.1 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255 \
                2001:200::1 2001:4860:4860::8888 2003::1 2606:2800:21f:cb07:6820:80da:af6b:8b2c \
                3ffe:ffff::1"
            .split_whitespace()
        {
            assert!(admits(open.parse().unwrap(), Reach::Public), "{open}");
        }
    }

    #[test]
    fn local_reach_adds_this_computer_and_nothing_else() {
        for own in ["127.0.0.1", "127.9.9.9", "::1"] {
            assert!(admits(own.parse().unwrap(), Reach::Local), "{own}");
        }
        for other in ["10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "::", "fd00::1"] {
            assert!(!admits(other.parse().unwrap(), Reach::Local), "{other}");
        }
        let open = |host: &str| {
            check(&Url::parse(&format!("https://{host}/x")).unwrap(), Reach::Local).is_ok()
        };
        assert!(open("localhost:8443") && open("app.localhost") && open("[::1]:8443"));
        assert!(!open("printer.local") && !open("intranet") && !open("notlocalhost"));
    }

    #[test]
    fn every_spelling_of_this_computer_is_refused() {
        for host in [
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "0x7f.1",
            "0x7f000001",
            "2130706433",
            "017700000001",
            "0177.0.0.1",
            "127.0.0.1.",
            "0",
            "0x0",
            "%31%32%37.0.0.1",
            "①②⑦.⓪.⓪.①",
            "127。0。0。1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:0:0:1]",
            "[64:ff9b::127.0.0.1]",
            "localhost",
            "LOCALHOST",
            "localhost.",
            "ｌｏｃａｌｈｏｓｔ",
            "app.localhost",
            "app.localhost.",
            "localhost.localdomain",
            "printer.local",
            "metadata.google.internal",
            "router.home.arpa",
            "localtest",
            "intranet",
            "a.test",
            "x.onion",
            "app.example.com.",
            "169.254.169.254",
            "10.1.2.3",
            "100.64.0.1",
            "[fd00:ec2::254]",
        ] {
            assert!(matches!(refused(host), Some(Fault::Inner(_))), "{host}: {:?}", refused(host));
        }
        for host in ["app.example.com", "app.example.com:8443", "93.184.215.14", "locals.example"] {
            assert_eq!(refused(host), None, "{host}");
        }
    }

    #[test]
    fn url_must_be_https_without_user_name_and_with_a_port_that_exists() {
        let why = |url: &str| check(&Url::parse(url).unwrap(), Reach::Local).unwrap_err();
        assert_eq!(why("http://app.example.com/x"), Fault::Url("is not https"));
        assert_eq!(why("file:///etc/passwd"), Fault::Url("is not https"));
        assert_eq!(why("https://app.example.com:0/x"), Fault::Url("has port 0"));
        assert_eq!(why("https://u@app.example.com/x"), Fault::Url("has a user name in it"));
        assert_eq!(why("https://:p@app.example.com/x"), Fault::Url("has a user name in it"));
    }
}
