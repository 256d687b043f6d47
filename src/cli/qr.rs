//! A QR code in the terminal: black on white whatever the terminal's own colours are, since cameras want that.

use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};

use crate::error::{Error, Result};

/// The code, a line break after each line; without colour it is drawn for a dark terminal.
pub fn draw(text: &str, color: bool) -> Result<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L)
        .map_err(|error| Error::internal("the QR code cannot be drawn").with_source(error))?;
    let mut image = code.render::<Dense1x2>();
    if color {
        // Half blocks in black on a white ground.
        image.dark_color(Dense1x2::Dark).light_color(Dense1x2::Light);
    } else {
        image.dark_color(Dense1x2::Light).light_color(Dense1x2::Dark);
    }
    let drawn = image.quiet_zone(true).build();
    let (on, off) = if color { ("\x1b[38;5;16;48;5;231m", "\x1b[0m") } else { ("", "") };
    let lines: Vec<String> = drawn.lines().map(|line| format!("{on}{line}{off}\n")).collect();
    Ok(lines.concat())
}
