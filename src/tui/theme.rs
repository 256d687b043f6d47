//! What things look like, by what they mean: the only file that names a colour.
//! Colours are the terminal's own sixteen on its own background, so that light and dark both work.

use ratatui::style::{Color, Modifier, Style};

/// What a piece of the screen means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Ordinary words.
    Text,
    /// Words that may be skipped.
    Muted,
    /// A name that matters.
    Strong,
    /// The product's name.
    Brand,
    /// The frame of a panel.
    Border,
    /// The frame of the panel that has the keys.
    Focus,
    /// The heading of a panel or a column.
    Title,
    /// The tab that is shown.
    TabOn,
    /// A key that can be pressed.
    Key,
    /// Something good.
    Good,
    /// Something to look at.
    Warn,
    /// Something bad, or something that cannot be taken back.
    Danger,
    /// The selected row.
    Selected,
    /// The button that Enter presses.
    Button,
    /// A QR code: black on white whatever the terminal's colours are, since cameras want that.
    Qr,
    /// The same the other way round.
    QrInverted,
}

/// The black and the white of the colour cube: those among the first sixteen are the terminal's to choose.
const BLACK: Color = Color::Indexed(16);
const WHITE: Color = Color::Indexed(231);

/// How roles become styles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// The terminal's sixteen colours, as they are read on a dark background.
    Dark,
    /// The same on a light background, where yellow and cyan cannot be read.
    Light,
    /// Attributes only.
    ///
    /// No colour may be set here: with `NO_COLOR` the back end would reset the cell, and with it the reverse video
    /// that shows the selection.
    Mono,
}

impl Theme {
    /// Chooses by the environment's `NO_COLOR` (<https://no-color.org>), `TERM` and `COLORFGBG`; `var` reads it.
    pub fn choose(var: impl Fn(&str) -> Option<String>) -> Self {
        let refused = var("NO_COLOR").is_some_and(|value| !value.is_empty());
        let term = var("TERM");
        let unable = matches!(term.as_deref(), None | Some("" | "dumb" | "vt100" | "vt220"));
        // Some terminals say their colours: foreground, perhaps more, background.
        let background = var("COLORFGBG").and_then(|value| value.rsplit(';').next()?.parse().ok());
        match background {
            _ if refused || unable => Self::Mono,
            Some(7_u8 | 15) => Self::Light,
            _ => Self::Dark,
        }
    }

    /// Reads the word of a theme: `dark`, `light` or `mono`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "dark" => Some(Self::Dark),
            "light" => Some(Self::Light),
            "mono" => Some(Self::Mono),
            _ => None,
        }
    }

    /// The style of a role.
    pub fn style(self, role: Role) -> Style {
        let mut style = Style::new().add_modifier(Self::modifier(role));
        if role == Role::Selected {
            // One bar, whatever the cells under it were.
            style = style.remove_modifier(Modifier::DIM.union(Modifier::UNDERLINED));
        }
        match (self, role) {
            (Self::Dark | Self::Light, Role::Qr) => return style.fg(BLACK).bg(WHITE),
            (Self::Dark | Self::Light, Role::QrInverted) => return style.fg(WHITE).bg(BLACK),
            _ => {}
        }
        match (self, self.colour(role)) {
            (Self::Dark | Self::Light, Some(colour)) => style.fg(colour),
            (Self::Mono, _) if role == Role::Danger => style.add_modifier(Modifier::UNDERLINED),
            _ => style,
        }
    }

    fn modifier(role: Role) -> Modifier {
        match role {
            Role::Text | Role::Border | Role::Good | Role::Qr | Role::QrInverted => {
                Modifier::empty()
            }
            Role::Muted => Modifier::DIM,
            Role::Strong
            | Role::Brand
            | Role::Focus
            | Role::Title
            | Role::Key
            | Role::Warn
            | Role::Danger => Modifier::BOLD,
            Role::TabOn | Role::Selected | Role::Button => Modifier::BOLD.union(Modifier::REVERSED),
        }
    }

    fn colour(self, role: Role) -> Option<Color> {
        let light = self == Self::Light;
        match role {
            Role::Text
            | Role::Muted
            | Role::Strong
            | Role::Title
            | Role::Button
            | Role::Qr
            | Role::QrInverted => None,
            Role::Border => Some(Color::DarkGray),
            Role::Brand | Role::Focus | Role::TabOn | Role::Key | Role::Selected => {
                Some(if light { Color::Blue } else { Color::Cyan })
            }
            Role::Good => Some(Color::Green),
            Role::Warn => Some(if light { Color::Magenta } else { Color::Yellow }),
            Role::Danger => Some(Color::Red),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_means_attributes_only_and_empty_means_nothing() {
        let of = |pairs: &'static [(&str, &str)]| {
            Theme::choose(|name| {
                let found = pairs.iter().find(|(own, _)| *own == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(of(&[("TERM", "xterm-256color"), ("NO_COLOR", "1")]), Theme::Mono);
        assert_eq!(of(&[("TERM", "xterm-256color"), ("NO_COLOR", "")]), Theme::Dark);
        assert_eq!(of(&[("TERM", "dumb")]), Theme::Mono);
        assert_eq!(of(&[("TERM", "xterm-256color"), ("COLORFGBG", "0;15")]), Theme::Light);
        assert_eq!(of(&[("TERM", "xterm-256color"), ("COLORFGBG", "15;default;0")]), Theme::Dark);
    }

    #[test]
    fn light_background_has_nothing_yellow_or_cyan() {
        for role in [Role::Warn, Role::Key, Role::Focus, Role::Selected, Role::TabOn, Role::Brand] {
            let colour = Theme::Light.style(role).fg;
            assert!(!matches!(colour, Some(Color::Yellow | Color::Cyan)), "{role:?}");
            assert_ne!(colour, Theme::Dark.style(role).fg, "{role:?}");
        }
    }

    #[test]
    fn mono_names_no_colour_and_still_shows_the_selection() {
        for role in [Role::Selected, Role::Danger, Role::Border, Role::Muted, Role::Button] {
            let style = Theme::Mono.style(role);
            assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
        }
        let selected = Theme::Mono.style(Role::Selected);
        assert!(selected.add_modifier.contains(Modifier::REVERSED));
    }
}
