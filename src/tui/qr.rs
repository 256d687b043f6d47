//! A QR code as modules, and how much room it takes: two modules a cell, one above the other.
//! Drawing it is for `canvas`.

use std::fmt;

use qrcode::{Color, EcLevel, QrCode};
use zeroize::Zeroizing;

/// Light modules around a code: ISO/IEC 18004 asks for four; most cameras do with two.
pub const QUIET: [u16; 2] = [4, 2];

/// A QR code. It says what its text says, and is wiped like it.
#[derive(Clone)]
pub struct Qr {
    side: u16,
    dark: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Qr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Qr").field("side", &self.side).finish_non_exhaustive()
    }
}

impl Qr {
    /// The code of a text; none when the text is too long for one.
    pub fn new(text: &str) -> Option<Self> {
        // A screen is not torn or dirty: the least correction makes the smallest code.
        let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
        let side = u16::try_from(code.width()).ok()?;
        let dark = code.to_colors().iter().map(|color| u8::from(*color == Color::Dark)).collect();
        Some(Self { side, dark: Zeroizing::new(dark) })
    }

    /// The cells it takes with so many light modules around it.
    pub fn cells(&self, quiet: u16) -> (u16, u16) {
        let modules = self.side.saturating_add(quiet * 2);
        (modules, modules.div_ceil(2))
    }

    /// The most light modules around it with which it fits into so many cells.
    pub fn fit(&self, width: u16, height: u16) -> Option<u16> {
        QUIET.into_iter().find(|quiet| {
            let (columns, rows) = self.cells(*quiet);
            columns <= width && rows <= height
        })
    }

    /// Whether the module is dark; those around the code are not.
    pub fn is_dark(&self, x: u16, y: u16, quiet: u16) -> bool {
        let inside = |at: u16| at.checked_sub(quiet).filter(|at| *at < self.side);
        let (Some(x), Some(y)) = (inside(x), inside(y)) else { return false };
        let index = usize::from(y) * usize::from(self.side) + usize::from(x);
        self.dark.get(index).is_some_and(|dark| *dark == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "otpauth://totp/mcpcodex:alice@example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=mcpcodex";

    #[test]
    fn enrolment_takes_forty_five_by_twenty_three_cells() {
        let qr = Qr::new(URI).unwrap();
        assert_eq!((qr.cells(4), qr.cells(2)), ((45, 23), (41, 21)));
        assert_eq!((qr.fit(45, 23), qr.fit(44, 23), qr.fit(45, 22)), (Some(4), Some(2), Some(2)));
        assert_eq!((qr.fit(40, 30), qr.fit(80, 20)), (None, None));
    }

    #[test]
    fn corner_of_the_code_is_dark_and_everything_around_it_is_light() {
        let qr = Qr::new(URI).unwrap();
        assert!(qr.is_dark(4, 4, 4) && qr.is_dark(2, 2, 2));
        assert!((0..45).all(|x| !qr.is_dark(x, 3, 4) && !qr.is_dark(x, 41, 4)));
        assert!(!qr.is_dark(200, 200, 4));
    }

    #[test]
    fn text_beyond_every_code_is_none() {
        assert!(Qr::new(&"x".repeat(5_000)).is_none());
        assert!(!format!("{:?}", Qr::new(URI)).contains('['));
    }
}
