//! The acts an operator can do, in one table: the console's keymap, palette, footer and help and the command line read it.
//! What an act does is in `ops`; which key starts it is in `tui/keymap.rs`.

/// How much an act can hurt, and so how much is asked before it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Changes nothing.
    Look,
    /// Can be taken back by another verb.
    Reversible,
    /// Cannot be taken back, and concerns one thing.
    Final,
    /// Cannot be taken back and concerns many; the name must be typed.
    Wide,
}

/// What an act is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// A person.
    User,
    /// A signed-in browser.
    Session,
    /// A key that signs tokens.
    Key,
    /// An app.
    Client,
}

/// An act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Shuts a person out.
    UserLock,
    /// Lets a person in again.
    UserUnlock,
    /// Ends one session.
    SessionRevoke,
    /// Ends every session of a person.
    SessionRevokeOfUser,
    /// Removes every second factor of a person and gives a link to enrol anew.
    MfaReset,
    /// Gives a link behind which a person enrols a second factor.
    MfaLink,
    /// Gives a new invitation to someone who has no password yet.
    UserInvite,
    /// Gives a link behind which a person chooses a new password.
    UserResetLink,
    /// Publishes a new signing key that signs later.
    KeyStage,
    /// Lets the staged signing key sign.
    KeyRotate,
    /// Takes a signing key out of use at once.
    KeyRetire,
    /// Lets an app in that waits, or switches one on again.
    ClientEnable,
    /// Switches an app off, or keeps one out that waits.
    ClientDisable,
}

/// What every face has to say about a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Noun and verb, as typed on the command line and in the palette.
    pub words: &'static str,
    /// The whole command, with a word in capitals for what must be filled in.
    pub command: &'static str,
    /// Two or three words for a button or a key hint.
    pub label: &'static str,
    /// One sentence without full stop.
    pub help: &'static str,
    /// How much is asked before.
    pub tier: Tier,
    /// What it is done to.
    pub noun: Noun,
    /// What takes it back.
    pub undo: Option<Verb>,
}

impl Verb {
    /// Every verb there is.
    pub const ALL: [Self; 13] = [
        Self::UserLock,
        Self::UserUnlock,
        Self::SessionRevoke,
        Self::SessionRevokeOfUser,
        Self::MfaReset,
        Self::MfaLink,
        Self::UserInvite,
        Self::UserResetLink,
        Self::KeyStage,
        Self::KeyRotate,
        Self::KeyRetire,
        Self::ClientEnable,
        Self::ClientDisable,
    ];

    /// What the faces say about it.
    pub const fn spec(self) -> Spec {
        match self {
            Self::UserLock => Spec {
                words: "user lock",
                command: "mcpcodex user lock NAME",
                label: "lock out",
                help: "block sign-in, end every session and revoke refresh tokens",
                tier: Tier::Reversible,
                noun: Noun::User,
                undo: Some(Self::UserUnlock),
            },
            Self::UserUnlock => Spec {
                words: "user unlock",
                command: "mcpcodex user unlock NAME",
                label: "unlock",
                help: "allow a locked person to sign in again",
                tier: Tier::Reversible,
                noun: Noun::User,
                undo: Some(Self::UserLock),
            },
            Self::SessionRevoke => Spec {
                words: "session revoke",
                command: "mcpcodex session revoke ID",
                label: "end session",
                help: "end one session and revoke what apps were given in it",
                tier: Tier::Final,
                noun: Noun::Session,
                undo: None,
            },
            Self::SessionRevokeOfUser => Self::of_person(
                "session revoke --user",
                "mcpcodex session revoke --user NAME",
                "end all sessions",
                "end every session of a person and revoke refresh tokens",
            ),
            Self::MfaReset => Self::of_person(
                "mfa reset",
                "mcpcodex mfa reset --user NAME",
                "reset MFA",
                "remove every second factor and give a link to enrol anew",
            ),
            Self::MfaLink => Self::of_person(
                "mfa link",
                "mcpcodex mfa link --user NAME",
                "enrol link",
                "give a one-time link to enrol a second factor",
            ),
            Self::UserInvite => Self::of_person(
                "user invite",
                "mcpcodex user invite NAME",
                "invite",
                "give a new one-time link to choose the first password",
            ),
            Self::UserResetLink => Self::of_person(
                "user password --reset-link",
                "mcpcodex user password --reset-link NAME",
                "reset link",
                "give a one-time link to choose a new password",
            ),
            Self::ClientEnable => Self::of_client(
                "client enable",
                "mcpcodex client enable CLIENT",
                "let in",
                "let an app be used that waits or was switched off",
                Self::ClientDisable,
            ),
            Self::ClientDisable => Self::of_client(
                "client disable",
                "mcpcodex client disable CLIENT",
                "switch off",
                "let nobody use an app, and revoke its refresh tokens",
                Self::ClientEnable,
            ),
            Self::KeyStage | Self::KeyRotate | Self::KeyRetire => self.of_key(),
        }
    }

    /// What cannot be undone for one person.
    const fn of_person(
        words: &'static str,
        command: &'static str,
        label: &'static str,
        help: &'static str,
    ) -> Spec {
        Spec { words, command, label, help, tier: Tier::Final, noun: Noun::User, undo: None }
    }

    const fn of_client(
        words: &'static str,
        command: &'static str,
        label: &'static str,
        help: &'static str,
        undo: Self,
    ) -> Spec {
        let (tier, noun) = (Tier::Reversible, Noun::Client);
        Spec { words, command, label, help, tier, noun, undo: Some(undo) }
    }

    const fn of_key(self) -> Spec {
        let (words, command, label, help, tier) = match self {
            Self::KeyStage => (
                "key stage",
                "mcpcodex key stage",
                "stage next key",
                "publish a new signing key that signs later",
                Tier::Final,
            ),
            Self::KeyRotate => (
                "key rotate",
                "mcpcodex key rotate",
                "rotate",
                "let the staged key sign; tokens of the one before stay good",
                Tier::Final,
            ),
            Self::KeyRetire
            | Self::UserLock
            | Self::UserUnlock
            | Self::SessionRevoke
            | Self::SessionRevokeOfUser
            | Self::MfaReset
            | Self::MfaLink
            | Self::UserInvite
            | Self::UserResetLink
            | Self::ClientEnable
            | Self::ClientDisable => (
                "key retire",
                "mcpcodex key retire KID",
                "retire",
                "take a signing key out of use at once and refuse its tokens",
                Tier::Wide,
            ),
        };
        Spec { words, command, label, help, tier, noun: Noun::Key, undo: None }
    }

    /// Reads the words of a verb.
    pub fn parse(words: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.spec().words == words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_has_help_a_command_and_a_tier_that_fits_its_undo() {
        for verb in Verb::ALL {
            let spec = verb.spec();
            assert!(!spec.help.is_empty() && !spec.help.ends_with('.'), "{verb:?}");
            assert!(spec.command.starts_with(&format!("mcpcodex {}", spec.words)), "{verb:?}");
            assert_eq!(spec.undo.is_some(), spec.tier == Tier::Reversible, "{verb:?}");
            assert_eq!(Verb::parse(spec.words), Some(verb));
        }
    }
}
