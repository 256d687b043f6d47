//! Where this server is reached: decided once, from the configuration and the address it listens on.
//! Nothing is ever taken from a request's `Host`, which anyone can write.

use std::net::SocketAddr;

use url::Url;

use super::Config;

/// This server's own address and what follows from it.
#[derive(Clone, Debug)]
pub struct Site {
    /// The public URL as configured.
    pub public_url: Url,
    /// The issuer: the public URL without a slash at its end, always the same bytes.
    pub issuer: String,
    /// Whether cookies travel by HTTPS only.
    pub secure_cookies: bool,
    /// `Host` values that are ours: the public one and, when we listen on this computer, its names.
    hosts: Vec<String>,
    /// How a browser on this computer begins our address.
    scheme: &'static str,
    host: String,
    path: String,
}

impl Site {
    /// Decides for a server that listens on `listen`.
    pub fn of(config: &Config, listen: SocketAddr) -> Self {
        let public_url = config.public_url(listen);
        let host = public_url.host_str().unwrap_or("localhost").to_owned();
        let mut hosts = vec![with_port(&host, public_url.port())];
        hosts.push(with_port(&host, public_url.port_or_known_default()));
        if listen.ip().is_loopback() || listen.ip().is_unspecified() {
            for name in ["localhost", "127.0.0.1", "[::1]"] {
                hosts.push(format!("{name}:{}", listen.port()));
            }
        }
        hosts.push(listen.to_string());
        let issuer = config.issuer(listen);
        Self {
            secure_cookies: config.cookie_is_secure(&public_url),
            path: public_url.path().trim_end_matches('/').to_owned(),
            issuer,
            scheme: if config.server.tls.files().is_some() { "https://" } else { "http://" },
            host,
            hosts,
            public_url,
        }
    }

    /// The host of the public URL.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path of the issuer without a slash at its end; empty for most.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether a request with this `Host` is meant for us (DNS rebinding).
    pub fn is_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host))
    }

    /// Whether a page with this `Origin` is one of ours.
    pub fn is_origin(&self, origin: &str) -> bool {
        if origin == self.public_url.origin().ascii_serialization() {
            return true;
        }
        // A browser on this computer may have come by another of our names.
        origin.strip_prefix(self.scheme).is_some_and(|host| self.is_host(host))
    }
}

fn with_port(host: &str, port: Option<u16>) -> String {
    port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_hosts_and_origins_are_not_ours() {
        let site = Site::of(&Config::default(), ([127, 0, 0, 1], 8420).into());
        assert_eq!(site.issuer, "http://localhost:8420");
        for host in ["localhost:8420", "127.0.0.1:8420", "LOCALHOST:8420"] {
            assert!(site.is_host(host), "{host}");
        }
        for host in ["evil.example", "localhost", "localhost:80", "localhost.evil.example:8420", ""]
        {
            assert!(!site.is_host(host), "{host}");
        }
        assert!(site.is_origin("http://127.0.0.1:8420"));
        for origin in
            ["null", "https://localhost:8420", "http://evil.example", "http://localhost:81"]
        {
            assert!(!site.is_origin(origin), "{origin}");
        }
    }
}
