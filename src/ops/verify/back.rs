//! Where somebody may be led back to after signing in, and whose pages may use the session cookie: origins that the
//! operator wrote down, and those of registered resources. Anything else would be an open redirect.

use url::Url;

use crate::{
    db::Read,
    error::{Error, Result},
    ops::env::Env,
    store,
};

/// A longer address is led back to its beginning only: it travels in the address of the sign-in page.
const LONGEST: usize = 1_000;

/// The address that `text` means, if people may be led there; none if it is an address of nobody that is known here.
pub fn known(r: &Read<'_>, env: &Env, text: &str) -> Result<Option<Url>> {
    let Some(url) = address(text) else { return Ok(None) };
    Ok(is_known(r, env, &url.origin().ascii_serialization())?.then_some(url))
}

/// An address of the web without a user name in it; a very long one is cut to its origin.
fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    if !web || !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    if url.as_str().len() <= LONGEST { Some(url) } else { url.join("/").ok() }
}

/// Whether an origin is one that the operator wrote down, or that of a resource.
pub fn is_known(r: &Read<'_>, env: &Env, origin: &str) -> Result<bool> {
    let listed = env.config.server.forward_auth.origins.iter().any(|own| own == origin);
    Ok(listed || store::resource::is_at(r, origin)?)
}

/// Refuses an address that the session cookie will never get to: whoever signs in would be asked again, without end.
pub fn must_get_the_cookie(env: &Env, url: &Url) -> Result<()> {
    let security = &env.config.authentication.session.security;
    let host = url.host_str().unwrap_or_default();
    let reaches = match security.domain.as_deref().map(|domain| domain.trim_start_matches('.')) {
        Some(domain) => host == domain || host.ends_with(&format!(".{domain}")),
        None => host == env.site.host(),
    };
    if !reaches {
        return Err(Error::conflict(format!("the session cookie is not sent to {host}")).with_next(
            "set authentication.session.security.domain to a domain that this server and that host are both in",
        ));
    }
    if env.site.secure_cookies && url.scheme() != "https" {
        return Err(Error::conflict(format!(
            "the session cookie is not sent to {host} without HTTPS"
        ))
        .with_next("serve that app over HTTPS"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_web_are_taken() {
        for bad in [
            "javascript:alert(1)",
            "//evil.example/",
            "/path",
            "https://u@h.example/",
            "https://u:p@h.example/",
            "ftp://h.example/",
            "https://",
            "",
        ] {
            assert!(address(bad).is_none(), "{bad}");
        }
        // What browsers mend is mended before the origin is looked at.
        assert_eq!(
            address("https:\\\\h.example\\@evil.example").unwrap().host_str(),
            Some("h.example")
        );
        let long = format!("https://h.example/{}", "x".repeat(2_000));
        assert_eq!(address(&long).unwrap().as_str(), "https://h.example/");
    }
}
