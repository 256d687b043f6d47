//! QR codes as inline SVG, the one value a page does not escape.
//! What the code says is built in `crypto::totp`.

use std::fmt::{self, Write as _};

use qrcode::{Color, EcLevel, QrCode};

/// Markup made by [`qr_svg`] and by nothing else, hence safe to put into a page as it is.
#[derive(Clone, Default)]
pub struct Svg(String);

impl Svg {
    /// True when there is no picture: the text did not fit into a QR code.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Svg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Svg {}

/// Light modules around the code; ISO/IEC 18004 asks for four.
const QUIET: usize = 4;

/// Draws `text` as a QR code: black on white in either colour scheme, because many scanners refuse
/// inverted codes. What it is called is said around it. Empty when the text is too long, so that the page falls back to the typed secret.
pub fn qr_svg(text: &str) -> Svg {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else {
        return Svg::default();
    };
    let width = code.width();
    let side = width + 2 * QUIET;
    let mut svg = format!(
        r##"<svg viewBox="0 0 {side} {side}" shape-rendering="crispEdges" aria-hidden="true"><path fill="#fff" d="M0 0h{side}v{side}H0z"/><path fill="#000" d=""##
    );
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        // One piece of path per run of dark modules keeps the page at half the size of one per module.
        for run in row.chunk_by(|a, b| a == b) {
            if run.first() == Some(&Color::Dark) {
                let length = run.len();
                // Writing to a String cannot fail.
                write!(svg, "M{} {}h{length}v1h-{length}z", x + QUIET, y + QUIET).ok();
            }
            x += run.len();
        }
    }
    svg.push_str(r#""/></svg>"#);
    Svg(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qr_draws_every_dark_module_once() {
        let text =
            "otpauth://totp/mcpcodex:ann?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=mcpcodex";
        let dark = QrCode::with_error_correction_level(text, EcLevel::M)
            .unwrap()
            .to_colors()
            .into_iter()
            .filter(|c| *c == Color::Dark)
            .count();
        let svg = qr_svg(text).to_string();
        let drawn: usize = svg
            .split('h')
            .filter_map(|piece| {
                piece.split_once("v1").and_then(|(length, _)| length.parse::<usize>().ok())
            })
            .sum();
        assert_eq!(drawn, dark);
    }

    #[test]
    fn qr_holds_nothing_of_its_text_and_no_style() {
        let svg = qr_svg("<script>alert(1)</script>").to_string();
        assert!(!svg.contains("script") && !svg.contains("style") && !svg.contains("http"));
    }

    #[test]
    fn text_too_long_for_a_qr_code_gives_no_picture() {
        assert!(qr_svg(&"x".repeat(4000)).is_empty());
    }
}
