//! Everything a key or a palette line can mean; keys are given their meaning in `keymap`, acts their words in `model::verb`.

use crate::model::verb::{Noun, Verb};

/// A screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// What wants attention.
    Dashboard,
    /// People.
    Users,
    /// Signed-in browsers.
    Sessions,
    /// Keys of programs.
    ApiKeys,
    /// Apps.
    Clients,
    /// MCP servers and APIs, beside the apps.
    Resources,
    /// Second factors.
    Mfa,
    /// Keys that sign tokens.
    Keys,
    /// What was done, by whom.
    Audit,
    /// Attempts of apps to get a token, beside the record.
    Attempts,
    /// Codes, links and notices on their way to people.
    Messages,
}

impl Tab {
    /// Every screen, in the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::Dashboard,
        Self::Users,
        Self::Sessions,
        Self::ApiKeys,
        Self::Clients,
        Self::Resources,
        Self::Mfa,
        Self::Keys,
        Self::Audit,
        Self::Attempts,
        Self::Messages,
    ];

    /// The key that shows it; two screens that stand beside each other share one.
    pub const fn number(self) -> char {
        match self {
            Self::Dashboard => '1',
            Self::Users => '2',
            Self::Sessions => '3',
            Self::ApiKeys => '4',
            Self::Clients | Self::Resources => '5',
            Self::Mfa => '6',
            Self::Keys => '7',
            Self::Audit | Self::Attempts => '8',
            Self::Messages => '9',
        }
    }

    /// The screen beside it, which shares its number.
    pub const fn beside(self) -> Option<Self> {
        match self {
            Self::Clients => Some(Self::Resources),
            Self::Resources => Some(Self::Clients),
            Self::Audit => Some(Self::Attempts),
            Self::Attempts => Some(Self::Audit),
            Self::Dashboard
            | Self::Users
            | Self::Sessions
            | Self::ApiKeys
            | Self::Mfa
            | Self::Keys
            | Self::Messages => None,
        }
    }

    /// Whether its number leads to it first.
    pub const fn is_first(self) -> bool {
        !matches!(self, Self::Resources | Self::Attempts)
    }

    /// Its name on the tab row.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Dashboard => "Dash",
            Self::Users => "Users",
            Self::Sessions => "Sessions",
            Self::ApiKeys => "API keys",
            Self::Clients => "Clients",
            Self::Resources => "Resources",
            Self::Mfa => "MFA",
            Self::Keys => "Sign keys",
            Self::Audit => "Audit",
            Self::Attempts => "Attempts",
            Self::Messages => "Messages",
        }
    }

    /// Its name where there is little room.
    pub const fn short(self) -> &'static str {
        match self {
            Self::Sessions => "Sess",
            Self::ApiKeys => "API",
            Self::Clients => "Apps",
            Self::Keys => "Keys",
            Self::Messages => "Mail",
            Self::Dashboard
            | Self::Users
            | Self::Resources
            | Self::Mfa
            | Self::Audit
            | Self::Attempts => self.title(),
        }
    }

    /// The word that shows it after `:` and `--at`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dashboard => "dashboard",
            Self::Users => "users",
            Self::Sessions => "sessions",
            Self::ApiKeys => "apikeys",
            Self::Clients => "clients",
            Self::Resources => "resources",
            Self::Mfa => "mfa",
            Self::Keys => "keys",
            Self::Audit => "audit",
            Self::Attempts => "attempts",
            Self::Messages => "messages",
        }
    }

    /// Reads a place: the word of a screen, and behind a slash what to look for there.
    pub fn parse(place: &str) -> Option<(Self, String)> {
        let (word, wanted) = place.split_once('/').unwrap_or((place, ""));
        let tab = Self::ALL.into_iter().find(|tab| tab.word() == word)?;
        Some((tab, wanted.to_owned()))
    }

    /// What it shows.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Dashboard => "show what goes on and what wants attention",
            Self::Users => "show the people who may sign in",
            Self::Sessions => "show who is signed in now",
            Self::ApiKeys => "show the keys of programs, those that want something done first",
            Self::Clients => "show the apps, how they came and which of them wait",
            Self::Resources => "show the MCP servers and APIs that tokens are for",
            Self::Mfa => "show who has a second factor and who has none",
            Self::Keys => "show the keys that sign tokens and when they take turns",
            Self::Audit => "show what was done, by whom, and whether the record of it is whole",
            Self::Attempts => "show the newest attempts of apps to get a token, refused ones first",
            Self::Messages => "show what was sent to people and what became of it",
        }
    }
}

/// A way to move through rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// One page up.
    PageUp,
    /// One page down.
    PageDown,
    /// To the first row.
    First,
    /// To the last row.
    Last,
}

/// What a key or a palette line means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Shows a screen.
    Show(Tab),
    /// Moves the selection, or what is read.
    Move(Motion),
    /// Opens the selected row as a page.
    Open,
    /// Goes up: closes the page, clears the filter.
    Back,
    /// Opens the filter field.
    Filter,
    /// Asks the database again, or tries again what it was too busy for.
    Reload,
    /// Shows the sessions of the selected person.
    SessionsOfUser,
    /// Shows the person that the selected row is about.
    UserOfSession,
    /// Shows the API keys of the selected person.
    KeysOfUser,
    /// Shows what was done to and by the selected person.
    EventsOfUser,
    /// Shows the screen beside this one.
    Beside,
    /// Holds the rows still, or lets them go on.
    Pause,
    /// Checks the audit record.
    Verify,
    /// Goes to the next field.
    NextField,
    /// Goes to the field before.
    PreviousField,
    /// Turns the option of a question on or off.
    Toggle,
    /// Says that a secret was put away.
    Stored,
    /// Shows the log of the server in this process.
    Log,
    /// Takes the mouse, or lets the terminal have it.
    Mouse,
    /// Tells what happened to the selected row.
    Why,
    /// Enrols an authenticator app for the selected person.
    Enroll,
    /// Shows people with a second factor too, or only those without.
    Everyone,
    /// Offers what is shown to the terminal's clipboard.
    Copy,
    /// Offers the link inside the QR code to it.
    CopyUri,
    /// Covers a secret, or uncovers it.
    Veil,
    /// Gives the QR code the whole window, or takes it back.
    Full,
    /// Draws the QR code the other way round.
    Invert,
    /// Makes another secret.
    Anew,
    /// Asks whether to do something to the selected row.
    Run(Verb),
    /// Shows the keys.
    Help,
    /// Opens the command line.
    Palette,
    /// Paints everything anew.
    Redraw,
    /// Puts the console to sleep, back to the shell.
    Suspend,
    /// Leaves.
    Quit,
    /// Answers a question with yes.
    Yes,
    /// Answers a question with no.
    No,
    /// Presses the button that has the focus.
    Press,
    /// Moves the focus to the other button.
    NextButton,
    /// Takes what was typed.
    Accept,
    /// Leaves a field or an overlay as if it had not been opened.
    Cancel,
}

impl Action {
    /// What may be typed after `:`, in the order of the palette.
    pub const COMMANDS: [Self; 50] = [
        Self::Show(Tab::Dashboard),
        Self::Show(Tab::Users),
        Self::Show(Tab::Sessions),
        Self::Show(Tab::ApiKeys),
        Self::Show(Tab::Clients),
        Self::Show(Tab::Resources),
        Self::Show(Tab::Mfa),
        Self::Show(Tab::Keys),
        Self::Show(Tab::Audit),
        Self::Show(Tab::Attempts),
        Self::Show(Tab::Messages),
        Self::Run(Verb::UserLock),
        Self::Run(Verb::UserUnlock),
        Self::Run(Verb::SessionRevoke),
        Self::Run(Verb::SessionRevokeOfUser),
        Self::Run(Verb::UserInvite),
        Self::Run(Verb::UserResetLink),
        Self::Run(Verb::UserCreate),
        Self::Run(Verb::UserDelete),
        Self::Enroll,
        Self::Run(Verb::MfaLink),
        Self::Run(Verb::MfaReset),
        Self::Run(Verb::ApiKeyCreate),
        Self::Run(Verb::ApiKeyEdit),
        Self::Run(Verb::ApiKeyRotate),
        Self::Run(Verb::ApiKeyRevoke),
        Self::Run(Verb::AgentDisable),
        Self::Run(Verb::AgentEnable),
        Self::Run(Verb::KeyStage),
        Self::Run(Verb::KeyRotate),
        Self::Run(Verb::KeyRetire),
        Self::Run(Verb::ClientEnable),
        Self::Run(Verb::ClientDisable),
        Self::Run(Verb::ResourceDelete),
        Self::Everyone,
        Self::SessionsOfUser,
        Self::KeysOfUser,
        Self::EventsOfUser,
        Self::UserOfSession,
        Self::Why,
        Self::Verify,
        Self::Pause,
        Self::Filter,
        Self::Reload,
        Self::Log,
        Self::Mouse,
        Self::Help,
        Self::Redraw,
        Self::Suspend,
        Self::Quit,
    ];

    /// The words that name it in the palette; none for what only makes sense as a key.
    pub const fn words(self) -> Option<&'static str> {
        Some(match self {
            Self::Show(tab) => tab.word(),
            Self::Why => "why",
            Self::Enroll => "mfa enable",
            Self::Everyone => "everyone",
            Self::Run(verb) => verb.spec().words,
            Self::SessionsOfUser => "go sessions of user",
            Self::UserOfSession => "go user",
            Self::KeysOfUser => "go keys of user",
            Self::EventsOfUser => "go events of user",
            Self::Verify => "audit verify",
            Self::Pause => "pause",
            Self::Log => "log",
            Self::Mouse => "mouse",
            Self::Filter => "filter",
            Self::Reload => "reload",
            Self::Help => "help",
            Self::Redraw => "redraw",
            Self::Suspend => "suspend",
            Self::Quit => "quit",
            Self::Move(_)
            | Self::Open
            | Self::Back
            | Self::Palette
            | Self::Copy
            | Self::CopyUri
            | Self::Veil
            | Self::Full
            | Self::Invert
            | Self::Anew
            | Self::Yes
            | Self::No
            | Self::Press
            | Self::NextButton
            | Self::Accept
            | Self::Cancel
            | Self::Beside
            | Self::NextField
            | Self::PreviousField
            | Self::Toggle
            | Self::Stored => return None,
        })
    }

    /// Two or three words for a key hint.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Show(tab) => tab.title(),
            Self::Move(Motion::Up | Motion::Down) => "row",
            Self::Move(Motion::PageUp | Motion::PageDown) => "page",
            Self::Move(Motion::First | Motion::Last) => "first, last",
            Self::Open => "open",
            Self::Back => "up, clear",
            Self::Filter => "filter",
            Self::Reload => "reload",
            Self::SessionsOfUser => "sessions of user",
            Self::UserOfSession => "its user",
            Self::KeysOfUser => "API keys of user",
            Self::EventsOfUser => "events of user",
            Self::Beside => "list beside",
            Self::Pause => "pause, go on",
            Self::Verify => "verify chain",
            Self::NextField => "next field",
            Self::PreviousField => "field before",
            Self::Toggle => "option",
            Self::Stored => "done, I have it",
            Self::Log => "server log",
            Self::Mouse => "mouse on, off",
            Self::Why => "why, what happened",
            Self::Enroll => "enrol an app",
            Self::Everyone => "all, or without",
            Self::Copy => "copy",
            Self::CopyUri => "copy the app's link",
            Self::Veil => "hide, show",
            Self::Full => "full-window QR",
            Self::Invert => "invert",
            Self::Anew => "new secret",
            Self::Run(verb) => verb.spec().label,
            Self::Help => "help",
            Self::Palette => "command",
            Self::Redraw => "redraw",
            Self::Suspend => "suspend",
            Self::Quit => "quit",
            Self::Yes => "yes",
            Self::No => "no",
            Self::Press => "presses the focused button",
            Self::NextButton => "other button",
            Self::Accept => "take",
            Self::Cancel => "cancel",
        }
    }

    /// One sentence for the palette.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Show(tab) => tab.help(),
            Self::Why => {
                "tell what happened to the selected row; a reference typed here is looked up"
            }
            Self::Enroll => "enrol an authenticator app with the person beside you",
            Self::Everyone => "show people with a second factor too, or only those without",
            Self::Run(verb) => verb.spec().help,
            Self::SessionsOfUser => "show the sessions of the selected person",
            Self::UserOfSession => "show the person that the selected row is about",
            Self::KeysOfUser => "show the API keys of the selected person",
            Self::EventsOfUser => "show what was done to and by the selected person",
            Self::Verify => "check every event of the audit record",
            Self::Pause => "hold the rows still, or let them go on",
            Self::Log => "show the log of the server in this process",
            Self::Mouse => "take the mouse, or let the terminal select text with it",
            Self::Filter => "show only rows that hold a text",
            Self::Reload => "ask the database again",
            Self::Help => "show every key of this screen",
            Self::Redraw => "paint the screen anew",
            Self::Suspend => "back to the shell; fg returns",
            Self::Quit => "leave the console",
            Self::Move(_)
            | Self::Open
            | Self::Back
            | Self::Palette
            | Self::Copy
            | Self::CopyUri
            | Self::Veil
            | Self::Full
            | Self::Invert
            | Self::Anew
            | Self::Yes
            | Self::No
            | Self::Press
            | Self::NextButton
            | Self::Accept
            | Self::Cancel
            | Self::Beside
            | Self::NextField
            | Self::PreviousField
            | Self::Toggle
            | Self::Stored => self.label(),
        }
    }
}

/// A palette line that is understood: what to do, and to whom if not to the selected row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What to do.
    pub action: Action,
    /// The name that was typed behind it.
    pub name: Option<String>,
}

/// What a palette line may mean, best first. Words may be shortened: `lock mal` is `user lock mal`.
pub fn candidates(line: &str) -> Vec<Command> {
    let typed: Vec<&str> = line.split_whitespace().collect();
    let mut found: Vec<(usize, Command)> = Vec::new();
    for action in Action::COMMANDS {
        let Some(words) = action.words() else { continue };
        if let Some(skipped) = matches(&typed, words) {
            found.push((skipped, Command { action, name: None }));
        } else if let Some((name, before)) = typed.split_last()
            && takes_name(action)
            && !before.is_empty()
            && let Some(skipped) = matches(before, words)
        {
            found.push((skipped, Command { action, name: Some((*name).to_owned()) }));
        }
    }
    // A command that was typed in full stands before one that only begins so.
    found.sort_by_key(|(skipped, _)| *skipped);
    found.into_iter().map(|(_, command)| command).collect()
}

fn takes_name(action: Action) -> bool {
    let of_person = |verb: Verb| verb.spec().noun == Noun::User && verb != Verb::UserCreate;
    matches!(action, Action::Run(verb) if of_person(verb)) || action == Action::Enroll
}

/// Whether the typed words stand, shortened perhaps, in this order among `words`; answers how many were left out.
fn matches(typed: &[&str], words: &str) -> Option<usize> {
    let mut rest = words.split(' ');
    for word in typed {
        rest.find(|candidate| {
            candidate.trim_start_matches('-').starts_with(word.trim_start_matches('-'))
        })?;
    }
    Some(words.split(' ').count().saturating_sub(typed.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(line: &str) -> Option<Command> {
        candidates(line).into_iter().next()
    }

    #[test]
    fn palette_takes_the_words_of_the_command_line_and_shorter_ones() {
        let lock = |name: &str| {
            Some(Command { action: Action::Run(Verb::UserLock), name: Some(name.to_owned()) })
        };
        assert_eq!(first("user lock mallory"), lock("mallory"));
        assert_eq!(first("lock mal"), lock("mal"));
        assert_eq!(
            first("session revoke --user bob").map(|c| c.name),
            Some(Some("bob".to_owned()))
        );
        assert_eq!(first("sess").map(|c| c.action), Some(Action::Show(Tab::Sessions)));
        assert_eq!(first("q").map(|c| c.action), Some(Action::Quit));
        assert_eq!(first("frobnicate"), None);
    }

    #[test]
    fn every_verb_can_be_typed() {
        for verb in Verb::ALL {
            assert!(Action::COMMANDS.contains(&Action::Run(verb)), "{verb:?}");
        }
    }

    #[test]
    fn every_command_has_words_and_help() {
        for action in Action::COMMANDS {
            assert!(action.words().is_some(), "{action:?}");
            assert!(!action.help().is_empty(), "{action:?}");
        }
    }
}
