//! How the pages look, made once from `server.brand`: the colours of both schemes and the logo.
//! The stylesheet that says them, and where both are served, is for `http`.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use super::server::Brand;
use crate::model::colour::{Palette, Scheme};

/// The largest logo, in bytes: every page waits for it.
const LOGO_MAX: u64 = 64 * 1024;

/// A picture, ready to be served.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The bytes of the file.
    pub body: Vec<u8>,
    /// Its media type.
    pub content_type: &'static str,
    /// How its name ends, without the dot.
    pub extension: &'static str,
}

/// What a brand adds to the look of the pages.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// The colours in the light and in the dark scheme, when there is an accent.
    pub palettes: Option<[Palette; 2]>,
    /// The logo, when there is one that can be read.
    pub logo: Option<Picture>,
}

impl Look {
    /// The look of `brand`. A logo that cannot be read is left out: `advice` says so, and nobody is locked out of
    /// their account for the lack of a picture.
    pub fn of(brand: &Brand) -> Self {
        Self {
            palettes: brand
                .accent
                .map(|accent| [Scheme::LIGHT, Scheme::DARK].map(|s| Palette::of(accent, s))),
            logo: brand.logo.as_deref().and_then(|path| picture(path).ok()),
        }
    }
}

/// Extension and media type of a file that browsers show as a picture.
pub fn picture_type(path: &Path) -> Option<(&'static str, &'static str)> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    match extension.as_str() {
        "svg" => Some(("svg", "image/svg+xml")),
        "png" => Some(("png", "image/png")),
        "webp" => Some(("webp", "image/webp")),
        "jpg" | "jpeg" => Some(("jpg", "image/jpeg")),
        _ => None,
    }
}

/// Reads a picture.
pub fn picture(path: &Path) -> io::Result<Picture> {
    let (extension, content_type) =
        picture_type(path).ok_or_else(|| io::Error::other("it is no picture"))?;
    let mut body = Vec::new();
    File::open(path)?.take(LOGO_MAX + 1).read_to_end(&mut body)?;
    if body.len() > usize::try_from(LOGO_MAX).unwrap_or(usize::MAX) {
        return Err(io::Error::other("it is larger than 64 kB"));
    }
    if body.is_empty() {
        return Err(io::Error::other("it is empty"));
    }
    Ok(Picture { body, content_type, extension })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logo_is_read_and_one_that_is_missing_empty_or_too_large_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let read = |name: &str, bytes: Option<Vec<u8>>| {
            let path = folder.path().join(name);
            if let Some(bytes) = bytes {
                std::fs::write(&path, bytes).unwrap();
            }
            let brand = Brand { name: "N".to_owned(), accent: None, logo: Some(path) };
            Look::of(&brand).logo
        };
        let logo = read("logo.SVG", Some(b"<svg/>".to_vec())).unwrap();
        assert_eq!((logo.extension, logo.content_type), ("svg", "image/svg+xml"));
        assert_eq!(logo.body, b"<svg/>");
        assert!(read("full.png", Some(vec![1; 64 * 1024])).is_some());
        assert!(read("large.png", Some(vec![1; 64 * 1024 + 1])).is_none());
        assert!(read("empty.png", Some(Vec::new())).is_none());
        assert!(read("missing.png", None).is_none());
        assert!(read("page.html", Some(b"<p>".to_vec())).is_none());
    }
}
