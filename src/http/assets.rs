//! The stylesheet and the pictures, embedded in the binary and addressed by their content.
//! Templates are compiled in by `view`; headers are set by the handler that serves [`find`].

use std::{borrow::Cow, collections::BTreeMap, fmt::Write as _, sync::LazyLock};

use rust_embed::RustEmbed;

/// Where the files live in URLs.
pub const PREFIX: &str = "/assets/";

#[derive(RustEmbed)]
#[folder = "assets/static/"]
struct Files;

/// One file, ready to be served.
#[derive(Clone, Debug)]
pub struct Asset {
    /// The bytes.
    pub body: Cow<'static, [u8]>,
    /// For `Content-Type`.
    pub content_type: &'static str,
    /// For `ETag`, quotes included.
    pub etag: String,
    /// For `Cache-Control`.
    pub cache_control: &'static str,
    url: String,
}

/// A year, the longest that caches honour; the address changes with the content.
pub(super) const FOREVER: &str = "public, max-age=31536000, immutable";

static ALL: LazyLock<BTreeMap<String, Asset>> = LazyLock::new(|| {
    Files::iter()
        .filter_map(|name| {
            let file = Files::get(&name)?;
            let mut hash = String::new();
            for byte in file.metadata.sha256_hash().iter().take(8) {
                // Writing to a String cannot fail.
                write!(hash, "{byte:02x}").ok();
            }
            let (stem, extension) = name.rsplit_once('.')?;
            let asset = Asset {
                body: file.data,
                content_type: content_type(extension),
                etag: format!("\"{hash}\""),
                cache_control: FOREVER,
                url: format!("{PREFIX}{stem}.{hash}.{extension}"),
            };
            Some((name.into_owned(), asset))
        })
        .collect()
});

fn content_type(extension: &str) -> &'static str {
    match extension {
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "js" => "text/javascript; charset=utf-8",
        "png" => "image/png",
        _ => "application/octet-stream",
    }
}

/// The address of the file called `name`, with its hash; empty for a file that does not exist.
pub fn url(name: &str) -> &'static str {
    ALL.get(name).map_or("", |asset| asset.url.as_str())
}

/// The file at the address `path`, given whole (`/assets/app.0123456789abcdef.css`).
///
/// An address with another hash is not found rather than answered with today's content, which a cache
/// would keep for a year.
pub fn find(path: &str) -> Option<&'static Asset> {
    ALL.values().find(|asset| asset.url == path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_carries_the_hash_and_leads_back_to_the_file() {
        let address = url("app.css");
        assert!(
            address.starts_with("/assets/app.") && address.rsplit('.').next() == Some("css"),
            "{address}"
        );
        let asset = find(address).unwrap();
        assert_eq!(asset.content_type, "text/css; charset=utf-8");
        assert!(address.contains(asset.etag.trim_matches('"')));
        assert!(!asset.body.is_empty());
    }

    #[test]
    fn other_hash_bare_name_and_path_tricks_are_not_found() {
        for path in [
            "/assets/app.css",
            "/assets/app.0000000000000000.css",
            "/assets/../Cargo.toml",
            "app.css",
            "",
        ] {
            assert!(find(path).is_none(), "{path}");
        }
        assert_eq!(url("no-such-file.css"), "");
    }
}
