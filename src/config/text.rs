//! What is right for one text: a scope, a cookie's name, a URL of ours.
//! Rules that join several keys stand in `rules`.

use url::Url;

type Check = Result<(), String>;

fn refuse(condition: bool, message: impl FnOnce() -> String) -> Check {
    if condition { Err(message()) } else { Ok(()) }
}

/// Some text.
pub fn not_empty(text: &str) -> Check {
    refuse(text.trim().is_empty(), || "must not be empty".into())
}

/// The name at the top of every page: it shares a line of a small screen with the mark.
pub fn brand(text: &str) -> Check {
    not_empty(text)?;
    let length = text.chars().count();
    refuse(length > 60, || format!("must have at most 60 characters, found {length}"))
}

/// The file of a picture that browsers show.
pub fn logo(text: &str) -> Check {
    refuse(super::look::picture_type(text.as_ref()).is_none(), || {
        format!("must be a .svg, .png, .webp or .jpg file, found {text:?}")
    })
}

/// RFC 6749 §3.3: printable ASCII without space, quote and backslash.
pub fn scope(text: &str) -> Check {
    let fits = |b: u8| b.is_ascii_graphic() && b != b'"' && b != b'\\';
    refuse(text.is_empty(), || "a scope must not be empty".into())?;
    refuse(!text.bytes().all(fits), || {
        format!("a scope is printable ASCII without spaces, quotes and backslashes, found {text:?}")
    })
}

/// The name of a role.
pub fn role(text: &str) -> Check {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.:".contains(&b);
    refuse(text.is_empty() || text.len() > 64 || !text.bytes().all(fits), || {
        format!("a role is 1 to 64 of a-z, 0-9 and _ - . :, found {text:?}")
    })
}

/// The name of a cookie (RFC 6265 §4.1.1: an HTTP token).
pub fn cookie_name(text: &str) -> Check {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    refuse(text.is_empty() || !text.bytes().all(fits), || {
        format!("a cookie's name is letters, digits and !#$%&'*+-.^_`|~, found {text:?}")
    })
}

/// The path of a cookie.
pub fn cookie_path(text: &str) -> Check {
    let fits = |b: u8| b.is_ascii_graphic() && b != b';';
    refuse(!text.starts_with('/') || !text.bytes().all(fits), || {
        format!("must begin with / and hold no spaces or semicolons, found {text:?}")
    })
}

/// A domain name, as a browser compares it.
pub fn domain(text: &str) -> Check {
    let label = |l: &str| {
        !l.is_empty()
            && l.len() <= 63
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    refuse(text.len() > 253 || !text.split('.').all(label), || {
        format!(
            "must be a domain in lower case such as example.com, without https:// and port, found {text:?}"
        )
    })
}

/// The domain of a cookie: a leading dot is allowed, as browsers ignore it.
pub fn cookie_domain(text: &str) -> Check {
    domain(text.strip_prefix('.').unwrap_or(text))?;
    refuse(text.parse::<std::net::IpAddr>().is_ok(), || "must be a domain, not an address".into())
}

/// What each API key begins with; scanners look for it.
pub fn key_prefix(text: &str) -> Check {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    refuse(text.len() < 2 || text.len() > 20 || !text.bytes().all(fits), || {
        format!("must be 2 to 20 letters, digits and underscores, found {text:?}")
    })
}

/// A colon would end the issuer inside an otpauth: label.
pub fn totp_issuer(text: &str) -> Check {
    not_empty(text)?;
    refuse(text.contains(':'), || {
        "must not contain a colon: authenticator apps cut it there".into()
    })
}

/// The text of a message: it has `{code}`, or is the name of a file.
pub fn template(text: &str) -> Check {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
    let is_file = !text.is_empty() && text.bytes().all(fits) && !text.contains("..");
    refuse(!text.contains("{code}") && !is_file, || {
        format!("must be text with {{code}}, or the name of a file in assets, found {text:?}")
    })
}

/// The beginning of phone numbers: a plus and digits.
pub fn phone_prefix(text: &str) -> Check {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let good = (1..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    refuse(!good || digits.starts_with('0'), || {
        format!("must be a plus and digits such as +49, found {text:?}")
    })
}

/// `a@example.com` or `Name <a@example.com>`.
pub fn mailbox(text: &str) -> Check {
    let address = match text.split_once('<') {
        Some((_, rest)) => rest.strip_suffix('>').unwrap_or_default(),
        None => text,
    };
    let good = address
        .split_once('@')
        .is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains('@'));
    refuse(!good || address.contains(char::is_whitespace), || {
        format!("must be an address such as MCPCodex <auth@example.com>, found {text:?}")
    })
}

/// The origin of a site, letter by letter as browsers send it (RFC 6454 §6.2).
pub fn origin(text: &str) -> Check {
    web_url(text)?;
    let own = Url::parse(text).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    refuse(own != text, || format!("must be {own}, without a path, found {text:?}"))
}

/// An http or https URL.
pub fn web_url(text: &str) -> Check {
    let example = "must be a URL such as https://auth.example.com";
    let url = Url::parse(text).map_err(|error| format!("{example}, found {text:?} ({error})"))?;
    refuse(!matches!(url.scheme(), "http" | "https") || !url.has_host(), || {
        format!("{example}, found {text:?}")
    })?;
    refuse(!url.username().is_empty() || url.password().is_some(), || {
        "must not hold a user name or password".into()
    })
}

/// An issuer (RFC 8414 §2: no query and no fragment; OpenID Connect Discovery 1.0 §3).
pub fn issuer(text: &str) -> Check {
    web_url(text)?;
    refuse(text.contains('?'), || format!("an issuer has no query (RFC 8414 §2), found {text:?}"))?;
    refuse(text.contains('#'), || {
        format!("an issuer has no fragment (RFC 8414 §2), found {text:?}")
    })
}

/// The URL that this server is reached at, which is its issuer too.
pub fn own_url(text: &str) -> Check {
    issuer(text)
}

/// Where a browser is sent back to (RFC 6749 §3.1.2: no fragment).
pub fn redirect_uri(text: &str) -> Check {
    web_url(text)?;
    refuse(text.contains('#'), || "a redirect URI has no fragment (RFC 6749 §3.1.2)".into())
}

/// 32 bytes, as HS256 needs a key as long as its hash (RFC 7518 §3.2).
pub fn session_secret(text: &str) -> Check {
    refuse(text.len() < 32, || {
        format!(
            "must be at least 32 bytes, found {}; `openssl rand -base64 32` makes one",
            text.len()
        )
    })
}

/// The URL of a mail server; never repeated in the message, as it holds a password.
pub fn smtp_url(text: &str) -> Check {
    let url = Url::parse(text).ok().filter(Url::has_host);
    refuse(!url.is_some_and(|url| matches!(url.scheme(), "smtp" | "smtps")), || {
        "must be a URL such as smtps://user:password@mail.example.com:465".into()
    })
}
