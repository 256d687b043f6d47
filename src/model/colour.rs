//! Colours as a person sees them beside each other: how far two stand apart, and what a brand's accent becomes so
//! that everything written in it or on it can be read. What is painted with which is for the stylesheet.

use std::{fmt, str::FromStr};

/// What text and its ground must stand apart (WCAG 2.2, 1.4.3).
const TEXT: f64 = 4.5;
/// What the edge of a control and its ground must stand apart (WCAG 2.2, 1.4.11).
const CONTROL: f64 = 3.0;

/// An opaque colour of sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

impl Colour {
    /// Black.
    pub const BLACK: Self = Self::new(0, 0, 0);
    /// White.
    pub const WHITE: Self = Self::new(255, 255, 255);

    /// A colour by its parts.
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    /// How light it is, from 0 to 1 (WCAG 2.2, "relative luminance").
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let green_and_blue = 0.7152f64.mul_add(linear(self.green), 0.0722 * linear(self.blue));
        0.2126f64.mul_add(linear(self.red), green_and_blue)
    }

    /// How far the two stand apart, from 1 to 21.
    pub fn contrast(self, other: Self) -> f64 {
        let (own, other) = (self.luminance(), other.luminance());
        (own.max(other) + 0.05) / (own.min(other) + 0.05)
    }

    /// With `percent` of `other` in it.
    fn mixed(self, other: Self, percent: u8) -> Self {
        let (theirs, own) = (u16::from(percent.min(100)), u16::from(100 - percent.min(100)));
        let part = |a: u8, b: u8| {
            u8::try_from((u16::from(a) * own + u16::from(b) * theirs + 50) / 100).unwrap_or(u8::MAX)
        };
        Self {
            red: part(self.red, other.red),
            green: part(self.green, other.green),
            blue: part(self.blue, other.blue),
        }
    }

    /// As little of `towards` in it as makes it stand apart from each ground.
    fn apart(self, grounds: &[Self], ratio: f64, towards: Self) -> Self {
        (0..=100)
            .map(|percent| self.mixed(towards, percent))
            .find(|colour| grounds.iter().all(|ground| colour.contrast(*ground) >= ratio))
            .unwrap_or(towards)
    }

    /// What is written on it: white, or black where white is too near. From every colour one of them is 4.5 apart.
    fn writing(self) -> Self {
        if self.contrast(Self::WHITE) >= TEXT { Self::WHITE } else { Self::BLACK }
    }
}

impl FromStr for Colour {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const MUST: &str = "a colour is # and three or six hexadecimal digits";
        let digits: Vec<u8> = text
            .strip_prefix('#')
            .ok_or(MUST)?
            .chars()
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()).ok_or(MUST))
            .collect::<Result<_, _>>()?;
        match *digits.as_slice() {
            [r, g, b] => Ok(Self::new(r * 17, g * 17, b * 17)),
            [r, rr, g, gg, b, bb] => Ok(Self::new(r * 16 + rr, g * 16 + gg, b * 16 + bb)),
            _ => Err(MUST),
        }
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

/// What a page is painted on, in one scheme.
#[derive(Clone, Copy, Debug)]
pub struct Scheme {
    /// Behind the cards, of the cards, and of what is sunk into them.
    pub grounds: [Colour; 3],
    /// Where a colour goes that stands too near to them.
    away: Colour,
    /// Whether large areas may stay near to the ground: on white a pale button is pale on purpose.
    keeps_fill: bool,
}

impl Scheme {
    /// Dark on light.
    pub const LIGHT: Self = Self {
        grounds: [Colour::new(243, 244, 248), Colour::WHITE, Colour::new(245, 246, 250)],
        away: Colour::BLACK,
        keeps_fill: true,
    };
    /// Light on dark.
    pub const DARK: Self = Self {
        grounds: [Colour::new(14, 16, 23), Colour::new(24, 27, 37), Colour::new(16, 19, 27)],
        away: Colour::WHITE,
        keeps_fill: false,
    };
}

/// What an accent becomes in one scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Of areas: the main button.
    pub fill: Colour,
    /// The same under the pointer.
    pub fill_hover: Colour,
    /// Of what is written on either.
    pub on_fill: Colour,
    /// Of the line around an area.
    pub edge: Colour,
    /// Of what is written in the accent: links, and the ring around what has the focus.
    pub ink: Colour,
    /// The same under the pointer.
    pub ink_hover: Colour,
}

impl Palette {
    /// The palette of `accent`.
    pub fn of(accent: Colour, scheme: Scheme) -> Self {
        let grounds = &scheme.grounds;
        let ink = accent.apart(grounds, TEXT, scheme.away);
        let fill =
            if scheme.keeps_fill { accent } else { accent.apart(grounds, CONTROL, scheme.away) };
        let is_seen = grounds.iter().all(|ground| fill.contrast(*ground) >= CONTROL);
        let on_fill = fill.writing();
        let fill_hover = [Colour::BLACK, Colour::WHITE]
            .into_iter()
            .map(|other| fill.mixed(other, 15))
            .find(|hover| *hover != fill && hover.contrast(on_fill) >= TEXT)
            .unwrap_or(fill);
        Self {
            fill,
            fill_hover,
            on_fill,
            edge: if is_seen { fill } else { ink },
            ink,
            ink_hover: ink.mixed(scheme.away, 25),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every colour whose parts are among nine evenly spaced ones, and those that brands like.
    fn many() -> Vec<Colour> {
        let parts = [0, 32, 64, 96, 128, 160, 192, 224, 255];
        let mut all: Vec<Colour> = parts
            .into_iter()
            .flat_map(|r| parts.into_iter().flat_map(move |g| parts.map(|b| Colour::new(r, g, b))))
            .collect();
        let known = ["#ff0", "#ffd400", "#f60", "#777777", "#767676", "#4353d6", "#00f", "#0f0"];
        all.extend(known.map(|text| text.parse::<Colour>().unwrap()));
        all
    }

    fn colour(text: &str) -> Colour {
        text.parse().unwrap()
    }

    #[test]
    fn contrast_is_that_of_the_standard() {
        let near = |a: f64, b: f64| (a - b).abs() < 0.005;
        assert!(near(Colour::BLACK.contrast(Colour::WHITE), 21.0));
        assert!(near(Colour::WHITE.contrast(Colour::WHITE), 1.0));
        assert!(near(colour("#767676").contrast(Colour::WHITE), 4.54));
        assert!(near(colour("#777777").contrast(Colour::WHITE), 4.48));
        assert!(near(colour("#ff0000").contrast(Colour::WHITE), 3.998));
        assert!(near(colour("#ffff00").contrast(Colour::BLACK), 19.56));
    }

    #[test]
    fn whatever_the_accent_all_writing_can_be_read_in_both_schemes() {
        for accent in many() {
            for scheme in [Scheme::LIGHT, Scheme::DARK] {
                let palette = Palette::of(accent, scheme);
                for fill in [palette.fill, palette.fill_hover] {
                    let ratio = fill.contrast(palette.on_fill);
                    assert!(ratio >= TEXT, "{accent}: {ratio} on {fill}");
                }
                for ground in scheme.grounds {
                    for ink in [palette.ink, palette.ink_hover] {
                        let ratio = ink.contrast(ground);
                        assert!(ratio >= TEXT, "{accent}: {ink} on {ground} is {ratio}");
                    }
                    let ratio = palette.edge.contrast(ground);
                    assert!(ratio >= CONTROL, "{accent}: edge on {ground} is {ratio}");
                }
            }
        }
    }

    #[test]
    fn pointer_is_seen_on_every_fill() {
        for accent in many() {
            for scheme in [Scheme::LIGHT, Scheme::DARK] {
                let palette = Palette::of(accent, scheme);
                assert_ne!(palette.fill, palette.fill_hover, "{accent}");
            }
        }
    }

    #[test]
    fn accent_that_can_be_read_stays_as_it_is() {
        let blue = colour("#4353d6");
        let light = Palette::of(blue, Scheme::LIGHT);
        assert_eq!((light.fill, light.ink, light.edge), (blue, blue, blue));
        assert_eq!(light.on_fill, Colour::WHITE);
        let yellow = colour("#ffd400");
        let dark = Palette::of(yellow, Scheme::DARK);
        assert_eq!((dark.fill, dark.ink, dark.edge), (yellow, yellow, yellow));
        assert_eq!(dark.on_fill, Colour::BLACK);
    }

    #[test]
    fn pale_accent_keeps_its_fill_on_white_and_gets_an_edge_and_a_darker_ink() {
        for pale in ["#ffd400", "#ffffff"] {
            let palette = Palette::of(colour(pale), Scheme::LIGHT);
            assert_eq!(palette.fill, colour(pale));
            assert_eq!(palette.on_fill, Colour::BLACK);
            assert_eq!(palette.edge, palette.ink);
            assert_ne!(palette.ink, colour(pale));
        }
    }

    #[test]
    fn dark_accent_is_lifted_from_a_dark_card() {
        let palette = Palette::of(Colour::BLACK, Scheme::DARK);
        assert!(palette.fill.contrast(Scheme::DARK.grounds[1]) >= CONTROL);
        assert!(palette.ink.luminance() > palette.fill.luminance());
    }

    #[test]
    fn colours_are_read_with_three_or_six_digits_and_nothing_else() {
        assert_eq!(colour("#fa0"), Colour::new(255, 170, 0));
        assert_eq!(colour("#4353D6").to_string(), "#4353d6");
        for bad in ["", "#", "4353d6", "#4353d", "#4353d6ff", "#gggggg", "blue", "#+12", "#ä12"] {
            assert!(bad.parse::<Colour>().is_err(), "{bad}");
        }
    }
}
