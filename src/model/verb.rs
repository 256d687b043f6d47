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
    /// A key of a program.
    ApiKey,
    /// A program with a name of its own.
    Agent,
    /// An MCP server or API.
    Resource,
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
    /// Makes an account and a link to its first password.
    UserCreate,
    /// Removes an account and all that hangs on it.
    UserDelete,
    /// Makes an API key, which is shown once.
    ApiKeyCreate,
    /// Changes an API key's name or how often it may be used.
    ApiKeyEdit,
    /// Puts a new API key in the place of one.
    ApiKeyRotate,
    /// Takes an API key back.
    ApiKeyRevoke,
    /// Shuts an agent out with all its keys.
    AgentDisable,
    /// Lets an agent in again.
    AgentEnable,
    /// Removes a resource; its tokens end.
    ResourceDelete,
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
    pub const ALL: [Self; 22] = [
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
        Self::UserCreate,
        Self::UserDelete,
        Self::ApiKeyCreate,
        Self::ApiKeyEdit,
        Self::ApiKeyRotate,
        Self::ApiKeyRevoke,
        Self::AgentDisable,
        Self::AgentEnable,
        Self::ResourceDelete,
    ];

    /// What the faces say about it.
    pub const fn spec(self) -> Spec {
        use Noun as N;
        use Tier as T;
        let (noun, tier, words, command, label, help, undo) = match self {
            Self::UserLock | Self::UserUnlock | Self::UserCreate | Self::UserDelete => {
                return self.of_account();
            }
            Self::UserInvite | Self::UserResetLink | Self::MfaReset | Self::MfaLink => {
                return self.of_proof();
            }
            Self::ApiKeyCreate | Self::ApiKeyEdit | Self::ApiKeyRotate | Self::ApiKeyRevoke => {
                return self.of_api_key();
            }
            Self::KeyStage | Self::KeyRotate | Self::KeyRetire => return self.of_key(),
            Self::SessionRevoke => (
                N::Session,
                T::Final,
                "session revoke",
                "mcpcodex session revoke ID",
                "end session",
                "end one session and revoke what apps were given in it",
                None,
            ),
            Self::SessionRevokeOfUser => (
                N::User,
                T::Final,
                "session revoke --user",
                "mcpcodex session revoke --user NAME",
                "end all sessions",
                "end every session of a person and revoke refresh tokens",
                None,
            ),
            Self::ClientEnable => (
                N::Client,
                T::Reversible,
                "client enable",
                "mcpcodex client enable CLIENT",
                "let in",
                "let an app be used that waits or was switched off",
                Some(Self::ClientDisable),
            ),
            Self::ClientDisable => (
                N::Client,
                T::Reversible,
                "client disable",
                "mcpcodex client disable CLIENT",
                "switch off",
                "let nobody use an app, and revoke its refresh tokens",
                Some(Self::ClientEnable),
            ),
            Self::AgentDisable => (
                N::Agent,
                T::Reversible,
                "agent disable",
                "mcpcodex agent disable AGENT",
                "shut agent out",
                "let no key of an agent work, from the next call on",
                Some(Self::AgentEnable),
            ),
            Self::AgentEnable => (
                N::Agent,
                T::Reversible,
                "agent enable",
                "mcpcodex agent enable AGENT",
                "let agent in",
                "let the keys of an agent work again",
                Some(Self::AgentDisable),
            ),
            Self::ResourceDelete => (
                N::Resource,
                T::Wide,
                "resource delete",
                "mcpcodex resource delete URI",
                "remove",
                "remove a resource and end the tokens that are for it",
                None,
            ),
        };
        Spec { words, command, label, help, tier, noun, undo }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "spec sends its own verbs here")]
    const fn of_account(self) -> Spec {
        let (tier, words, command, label, help, undo) = match self {
            Self::UserUnlock => (
                Tier::Reversible,
                "user unlock",
                "mcpcodex user unlock NAME",
                "unlock",
                "allow a locked person to sign in again",
                Some(Self::UserLock),
            ),
            Self::UserCreate => (
                Tier::Final,
                "user create",
                "mcpcodex user create NAME --email E --invite",
                "new person",
                "make an account, and a one-time link to its first password",
                None,
            ),
            Self::UserDelete => (
                Tier::Wide,
                "user delete",
                "mcpcodex user delete NAME",
                "delete",
                "remove an account with its sessions, keys and connections",
                None,
            ),
            _ => (
                Tier::Reversible,
                "user lock",
                "mcpcodex user lock NAME",
                "lock out",
                "block sign-in, end every session and revoke refresh tokens",
                Some(Self::UserUnlock),
            ),
        };
        Spec { words, command, label, help, tier, noun: Noun::User, undo }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "spec sends its own verbs here")]
    const fn of_proof(self) -> Spec {
        let (words, command, label, help) = match self {
            Self::MfaReset => (
                "mfa reset",
                "mcpcodex mfa reset --user NAME",
                "reset MFA",
                "remove every second factor and give a link to enrol anew",
            ),
            Self::MfaLink => (
                "mfa link",
                "mcpcodex mfa link --user NAME",
                "enrol link",
                "give a one-time link to enrol a second factor",
            ),
            Self::UserInvite => (
                "user invite",
                "mcpcodex user invite NAME",
                "invite",
                "give a new one-time link to choose the first password",
            ),
            _ => (
                "user password --reset-link",
                "mcpcodex user password --reset-link NAME",
                "reset link",
                "give a one-time link to choose a new password",
            ),
        };
        let (tier, noun) = (Tier::Final, Noun::User);
        Spec { words, command, label, help, tier, noun, undo: None }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "spec sends its own verbs here")]
    const fn of_api_key(self) -> Spec {
        let (tier, words, command, label, help, undo) = match self {
            Self::ApiKeyCreate => (
                Tier::Reversible,
                "apikey create",
                "mcpcodex apikey create --user NAME --name N --scope S",
                "new key",
                "make an API key; it is shown once",
                Some(Self::ApiKeyRevoke),
            ),
            Self::ApiKeyEdit => (
                Tier::Reversible,
                "apikey edit",
                "mcpcodex apikey edit ID --rate 100/m --burst 20",
                "edit limits",
                "change what an API key is called and how often it may be used",
                Some(Self::ApiKeyEdit),
            ),
            Self::ApiKeyRotate => (
                Tier::Final,
                "apikey rotate",
                "mcpcodex apikey rotate ID",
                "rotate",
                "put a new API key in the place of one, which works on for a day or ends now",
                None,
            ),
            _ => (
                Tier::Final,
                "apikey revoke",
                "mcpcodex apikey revoke ID",
                "revoke",
                "take an API key back at once",
                None,
            ),
        };
        Spec { words, command, label, help, tier, noun: Noun::ApiKey, undo }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "spec sends its own verbs here")]
    const fn of_key(self) -> Spec {
        let (tier, words, command, label, help) = match self {
            Self::KeyStage => (
                Tier::Final,
                "key stage",
                "mcpcodex key stage",
                "stage next key",
                "publish a new signing key that signs later",
            ),
            Self::KeyRotate => (
                Tier::Final,
                "key rotate",
                "mcpcodex key rotate",
                "rotate",
                "let the staged key sign; tokens of the one before stay good",
            ),
            _ => (
                Tier::Wide,
                "key retire",
                "mcpcodex key retire KID",
                "retire",
                "take a signing key out of use at once and refuse its tokens",
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
