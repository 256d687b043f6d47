//! Which key means what, in one table that input, footer, help and palette read.
//! Lower-case keys look and upper-case keys act; what the actions do is in `app`.

use crossterm::event::KeyCode;

use super::{
    action::{Action, Motion, Tab},
    key::{Chord, Key, ch, ctrl, g, one},
};
use crate::model::verb::Verb;

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Everywhere, over dialogs and fields too.
    Always,
    /// On every screen.
    Screen,
    /// On the first screen.
    Dashboard,
    /// On the screen of people.
    Users,
    /// On the screen of sessions.
    Sessions,
    /// On the screen of API keys.
    ApiKeys,
    /// On the screen of clients.
    Clients,
    /// On the screen of resources.
    Resources,
    /// On the screen of second factors.
    Mfa,
    /// On the screen of signing keys.
    Keys,
    /// On the screen of the audit record.
    Audit,
    /// On the screen of attempts.
    Attempts,
    /// On the screen of messages.
    Messages,
    /// In a question.
    Confirm,
    /// In a form: what is no key here goes into the field with the focus.
    Form,
    /// In a question that wants a name typed: what is no key here goes into its field.
    Name,
    /// In the filter field.
    Field,
    /// In the palette.
    Palette,
    /// In the help.
    Help,
    /// In the question whether to leave a server that runs in this process.
    Leave,
    /// Over a story.
    Story,
    /// Over a one-time link.
    Handed,
    /// While an authenticator app is enrolled: what is no key here goes into the field of its code.
    Enroll,
    /// Over recovery codes.
    Codes,
}

/// The heading of the help under which a binding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Moving about.
    Move,
    /// Looking.
    Look,
    /// Acting, after a question.
    Act,
    /// Jumping to what belongs together.
    Go,
    /// What always works.
    Always,
}

impl Group {
    /// Every group, in the order of the help.
    pub const ALL: [Self; 5] = [Self::Act, Self::Look, Self::Move, Self::Go, Self::Always];

    /// Its heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Act => "ACT  upper case, asks first",
            Self::Look => "LOOK  lower case",
            Self::Move => "MOVE",
            Self::Go => "GO TO",
            Self::Always => "ALWAYS",
        }
    }
}

/// What a key means in a place.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Where.
    pub place: Place,
    /// Which keys; any of them.
    pub keys: &'static [Chord],
    /// What.
    pub action: Action,
    /// Under which heading of the help.
    pub group: Group,
    /// Its place in the footer, from the left; none keeps it out.
    pub hint: Option<u8>,
}

const fn bind(
    place: Place,
    keys: &'static [Chord],
    action: Action,
    group: Group,
    hint: Option<u8>,
) -> Binding {
    Binding { place, keys, action, group, hint }
}

/// The table.
pub const BINDINGS: &[Binding] = &{
    use Action as A;
    use Group as G;
    use KeyCode as K;
    use Place as P;
    [
        bind(P::Screen, &[one(K::Up), ch('k')], A::Move(Motion::Up), G::Move, None),
        bind(P::Screen, &[one(K::Down), ch('j')], A::Move(Motion::Down), G::Move, None),
        bind(P::Screen, &[one(K::PageUp), ctrl('b')], A::Move(Motion::PageUp), G::Move, None),
        bind(P::Screen, &[one(K::PageDown), ctrl('f')], A::Move(Motion::PageDown), G::Move, None),
        bind(P::Screen, &[g('g'), one(K::Home)], A::Move(Motion::First), G::Move, None),
        bind(P::Screen, &[ch('G'), one(K::End)], A::Move(Motion::Last), G::Move, None),
        bind(P::Screen, &[ch('1')], A::Show(Tab::Dashboard), G::Move, None),
        bind(P::Screen, &[ch('2')], A::Show(Tab::Users), G::Move, None),
        bind(P::Screen, &[ch('3')], A::Show(Tab::Sessions), G::Move, None),
        bind(P::Screen, &[ch('4')], A::Show(Tab::ApiKeys), G::Move, None),
        bind(P::Screen, &[ch('5')], A::Show(Tab::Clients), G::Move, None),
        bind(P::Screen, &[ch('6')], A::Show(Tab::Mfa), G::Move, None),
        bind(P::Screen, &[ch('7')], A::Show(Tab::Keys), G::Move, None),
        bind(P::Screen, &[ch('8')], A::Show(Tab::Audit), G::Move, None),
        bind(P::Screen, &[ch('9')], A::Show(Tab::Messages), G::Move, None),
        bind(P::Screen, &[ch('/')], A::Filter, G::Look, Some(1)),
        bind(P::Users, &[one(K::Enter)], A::Open, G::Look, Some(2)),
        bind(P::Sessions, &[one(K::Enter)], A::Open, G::Look, Some(2)),
        bind(P::Dashboard, &[one(K::Enter), ch('w')], A::Why, G::Look, Some(2)),
        bind(P::Dashboard, &[ch('L')], A::Run(Verb::UserLock), G::Act, Some(3)),
        bind(P::Dashboard, &[ch('U')], A::Run(Verb::UserUnlock), G::Act, Some(4)),
        bind(P::Dashboard, &[ch('X')], A::Run(Verb::SessionRevokeOfUser), G::Act, Some(5)),
        bind(P::Dashboard, &[g('u')], A::UserOfSession, G::Go, Some(6)),
        bind(P::Dashboard, &[g('a')], A::EventsOfUser, G::Go, Some(7)),
        bind(P::Audit, &[one(K::Enter)], A::Open, G::Look, Some(2)),
        bind(P::Audit, &[ch('w')], A::Why, G::Look, Some(3)),
        bind(P::Audit, &[ch('v')], A::Verify, G::Look, Some(4)),
        bind(P::Audit, &[one(K::Tab)], A::Beside, G::Move, Some(5)),
        bind(P::Attempts, &[one(K::Enter)], A::Why, G::Look, Some(2)),
        bind(P::Attempts, &[one(K::Tab)], A::Beside, G::Move, Some(3)),
        bind(P::ApiKeys, &[one(K::Enter)], A::Open, G::Look, Some(2)),
        bind(P::ApiKeys, &[ch('N')], A::Run(Verb::ApiKeyCreate), G::Act, Some(3)),
        bind(P::ApiKeys, &[ch('R')], A::Run(Verb::ApiKeyRotate), G::Act, Some(4)),
        bind(P::ApiKeys, &[ch('K')], A::Run(Verb::ApiKeyRevoke), G::Act, Some(5)),
        bind(P::ApiKeys, &[ch('E')], A::Run(Verb::ApiKeyEdit), G::Act, Some(6)),
        bind(P::ApiKeys, &[ch('D')], A::Run(Verb::AgentDisable), G::Act, None),
        bind(P::ApiKeys, &[ch('A')], A::Run(Verb::AgentEnable), G::Act, None),
        bind(P::ApiKeys, &[g('u')], A::UserOfSession, G::Go, Some(7)),
        bind(P::Resources, &[one(K::Enter)], A::Open, G::Look, Some(2)),
        bind(P::Resources, &[ch('D')], A::Run(Verb::ResourceDelete), G::Act, Some(3)),
        bind(P::Resources, &[one(K::Tab)], A::Beside, G::Move, Some(4)),
        bind(P::Clients, &[one(K::Tab)], A::Beside, G::Move, Some(5)),
        bind(P::Users, &[ch('N')], A::Run(Verb::UserCreate), G::Act, None),
        bind(P::Users, &[ch('D')], A::Run(Verb::UserDelete), G::Act, None),
        bind(P::Users, &[g('k')], A::KeysOfUser, G::Go, None),
        bind(P::Users, &[g('a')], A::EventsOfUser, G::Go, None),
        bind(P::Screen, &[ch('c')], A::Copy, G::Look, None),
        bind(P::Screen, &[ch('p')], A::Pause, G::Look, None),
        bind(P::Screen, &[ch('l')], A::Log, G::Look, None),
        bind(P::Screen, &[ch('m')], A::Mouse, G::Always, None),
        bind(P::Leave, &[ch('y')], A::Yes, G::Act, Some(1)),
        bind(P::Leave, &[ch('n'), one(K::Esc), one(K::Enter)], A::Cancel, G::Look, Some(2)),
        bind(P::Users, &[ch('w')], A::Why, G::Look, None),
        bind(P::Sessions, &[ch('w')], A::Why, G::Look, Some(5)),
        bind(P::Clients, &[one(K::Enter)], A::Open, G::Look, Some(2)),
        bind(P::Clients, &[ch('A')], A::Run(Verb::ClientEnable), G::Act, Some(3)),
        bind(P::Clients, &[ch('D')], A::Run(Verb::ClientDisable), G::Act, Some(4)),
        bind(P::Keys, &[one(K::Enter)], A::Open, G::Look, Some(2)),
        bind(P::Messages, &[one(K::Enter)], A::Open, G::Look, Some(2)),
        bind(P::Mfa, &[one(K::Enter)], A::Enroll, G::Look, Some(2)),
        bind(P::Mfa, &[ch('a')], A::Everyone, G::Look, Some(3)),
        bind(P::Screen, &[ch('r')], A::Reload, G::Look, None),
        bind(P::Screen, &[one(K::Esc)], A::Back, G::Look, None),
        bind(P::Users, &[ch('L')], A::Run(Verb::UserLock), G::Act, Some(3)),
        bind(P::Users, &[ch('U')], A::Run(Verb::UserUnlock), G::Act, Some(4)),
        bind(P::Users, &[ch('X')], A::Run(Verb::SessionRevokeOfUser), G::Act, Some(5)),
        bind(P::Users, &[ch('M')], A::Run(Verb::MfaReset), G::Act, Some(6)),
        bind(P::Users, &[ch('E')], A::Run(Verb::MfaLink), G::Act, None),
        bind(P::Users, &[ch('P')], A::Run(Verb::UserResetLink), G::Act, None),
        bind(P::Users, &[ch('I')], A::Run(Verb::UserInvite), G::Act, None),
        bind(P::Mfa, &[ch('E')], A::Run(Verb::MfaLink), G::Act, Some(4)),
        bind(P::Mfa, &[ch('M')], A::Run(Verb::MfaReset), G::Act, Some(5)),
        bind(P::Mfa, &[ch('I')], A::Run(Verb::UserInvite), G::Act, Some(6)),
        bind(P::Sessions, &[ch('K')], A::Run(Verb::SessionRevoke), G::Act, Some(3)),
        bind(P::Sessions, &[ch('X')], A::Run(Verb::SessionRevokeOfUser), G::Act, Some(4)),
        bind(P::Keys, &[ch('N')], A::Run(Verb::KeyStage), G::Act, Some(3)),
        bind(P::Keys, &[ch('R')], A::Run(Verb::KeyRotate), G::Act, Some(4)),
        bind(P::Keys, &[ch('T')], A::Run(Verb::KeyRetire), G::Act, Some(5)),
        bind(P::Users, &[g('s')], A::SessionsOfUser, G::Go, Some(7)),
        bind(P::Sessions, &[g('u')], A::UserOfSession, G::Go, Some(6)),
        bind(P::Screen, &[ch(':')], A::Palette, G::Always, Some(8)),
        bind(P::Screen, &[ch('?')], A::Help, G::Always, Some(9)),
        bind(P::Screen, &[ch('q')], A::Quit, G::Always, Some(10)),
        bind(P::Always, &[ctrl('c')], A::Quit, G::Always, None),
        bind(P::Always, &[ctrl('z')], A::Suspend, G::Always, None),
        bind(P::Always, &[ctrl('l')], A::Redraw, G::Always, None),
        bind(P::Confirm, &[ch('y')], A::Yes, G::Act, Some(1)),
        bind(P::Confirm, &[ch('n'), one(K::Esc)], A::No, G::Act, Some(2)),
        bind(
            P::Confirm,
            &[one(K::Tab), one(K::Left), one(K::Right)],
            A::NextButton,
            G::Act,
            Some(3),
        ),
        bind(P::Confirm, &[one(K::Enter)], A::Press, G::Act, Some(4)),
        bind(P::Confirm, &[ch('l')], A::Toggle, G::Act, Some(5)),
        bind(P::Form, &[one(K::Enter)], A::Accept, G::Act, Some(1)),
        bind(P::Form, &[one(K::Tab), one(K::Down)], A::NextField, G::Move, Some(2)),
        bind(P::Form, &[one(K::BackTab), one(K::Up)], A::PreviousField, G::Move, Some(3)),
        bind(P::Form, &[one(K::Esc)], A::Cancel, G::Look, Some(4)),
        bind(P::Name, &[one(K::Enter)], A::Press, G::Act, Some(1)),
        bind(P::Name, &[one(K::Esc)], A::No, G::Act, Some(2)),
        bind(P::Field, &[one(K::Enter), one(K::Down)], A::Accept, G::Look, Some(1)),
        bind(P::Field, &[one(K::Esc)], A::Cancel, G::Look, Some(2)),
        bind(P::Palette, &[one(K::Enter)], A::Accept, G::Look, Some(1)),
        bind(P::Palette, &[one(K::Up)], A::Move(Motion::Up), G::Move, Some(2)),
        bind(P::Palette, &[one(K::Down), one(K::Tab)], A::Move(Motion::Down), G::Move, Some(3)),
        bind(P::Palette, &[one(K::Esc)], A::Cancel, G::Look, Some(4)),
        bind(P::Help, &[one(K::Down), ch('j')], A::Move(Motion::Down), G::Move, Some(1)),
        bind(P::Help, &[one(K::Up), ch('k')], A::Move(Motion::Up), G::Move, Some(2)),
        bind(P::Help, &[one(K::PageDown)], A::Move(Motion::PageDown), G::Move, None),
        bind(P::Help, &[one(K::PageUp)], A::Move(Motion::PageUp), G::Move, None),
        bind(P::Help, &[one(K::Esc), ch('?'), ch('q')], A::Cancel, G::Look, Some(3)),
        bind(P::Story, &[one(K::Down), ch('j')], A::Move(Motion::Down), G::Move, Some(1)),
        bind(P::Story, &[one(K::Up), ch('k')], A::Move(Motion::Up), G::Move, Some(2)),
        bind(P::Story, &[one(K::PageDown), ctrl('f')], A::Move(Motion::PageDown), G::Move, None),
        bind(P::Story, &[one(K::PageUp), ctrl('b')], A::Move(Motion::PageUp), G::Move, None),
        bind(P::Story, &[one(K::Home), g('g')], A::Move(Motion::First), G::Move, None),
        bind(P::Story, &[one(K::End), ch('G')], A::Move(Motion::Last), G::Move, None),
        bind(P::Story, &[one(K::Esc), ch('q')], A::Cancel, G::Look, Some(3)),
        bind(P::Handed, &[ch('c')], A::Copy, G::Look, Some(1)),
        bind(P::Handed, &[ch('f')], A::Full, G::Look, Some(3)),
        bind(P::Handed, &[ch('i')], A::Invert, G::Look, Some(4)),
        bind(P::Handed, &[ch('t')], A::Veil, G::Look, Some(5)),
        bind(P::Handed, &[ch('d')], A::Stored, G::Look, Some(2)),
        bind(P::Handed, &[one(K::Esc)], A::Cancel, G::Look, Some(6)),
        bind(P::Enroll, &[one(K::Enter)], A::Accept, G::Look, None),
        bind(P::Enroll, &[ch('f')], A::Full, G::Look, Some(2)),
        bind(P::Enroll, &[ch('t')], A::Veil, G::Look, Some(3)),
        bind(P::Enroll, &[ch('i')], A::Invert, G::Look, Some(4)),
        bind(P::Enroll, &[ch('c')], A::Copy, G::Look, Some(5)),
        bind(P::Enroll, &[ch('u')], A::CopyUri, G::Look, Some(8)),
        bind(P::Enroll, &[ch('w')], A::Anew, G::Look, Some(6)),
        bind(P::Enroll, &[one(K::Esc)], A::Cancel, G::Look, Some(7)),
        bind(P::Codes, &[ch('c')], A::Copy, G::Look, Some(1)),
        bind(P::Codes, &[ch('t')], A::Veil, G::Look, Some(2)),
        bind(P::Codes, &[one(K::Esc)], A::Cancel, G::Look, Some(3)),
    ]
};

/// Where keys work while nothing lies over a screen.
pub const EVERY: [Place; 13] = [
    Place::Dashboard,
    Place::Users,
    Place::Sessions,
    Place::ApiKeys,
    Place::Clients,
    Place::Resources,
    Place::Mfa,
    Place::Keys,
    Place::Audit,
    Place::Attempts,
    Place::Messages,
    Place::Screen,
    Place::Always,
];

/// What a key turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// An action.
    Action(Action),
    /// The first half of a chord.
    Prefix(Key),
    /// Nothing here.
    Nothing,
}

/// Looks a key up, after the first half of a chord or without, in `place` and everywhere.
pub fn find(places: &[Place], prefix: Option<Key>, key: Key) -> Found {
    let here = || BINDINGS.iter().filter(|b| b.place == Place::Always || places.contains(&b.place));
    let exact = Chord { prefix, key };
    if let Some(binding) = here().find(|binding| binding.keys.contains(&exact)) {
        return Found::Action(binding.action);
    }
    let starts = here().flat_map(|b| b.keys).any(|chord| chord.prefix == Some(key));
    if prefix.is_none() && starts { Found::Prefix(key) } else { Found::Nothing }
}

/// The first key of an action in some places, as it is written in hints.
pub fn key_of(places: &[Place], action: Action) -> Option<String> {
    let binding = BINDINGS.iter().find(|b| places.contains(&b.place) && b.action == action)?;
    binding.keys.first().map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::verb::Tier;

    const SCREENS: [Place; 11] = [
        Place::Dashboard,
        Place::Users,
        Place::Sessions,
        Place::ApiKeys,
        Place::Clients,
        Place::Resources,
        Place::Mfa,
        Place::Keys,
        Place::Audit,
        Place::Attempts,
        Place::Messages,
    ];

    #[test]
    fn every_verb_has_a_key_in_upper_case_and_looking_has_none() {
        for verb in Verb::ALL {
            let keys: Vec<_> = BINDINGS
                .iter()
                .filter(|b| b.action == Action::Run(verb))
                .flat_map(|b| b.keys)
                .collect();
            assert!(!keys.is_empty(), "{verb:?} has no key");
            assert_ne!(verb.spec().tier, Tier::Look);
            for chord in keys {
                assert!(
                    matches!(chord.key.code, KeyCode::Char(c) if c.is_ascii_uppercase()),
                    "{verb:?}: {chord}"
                );
            }
        }
    }

    #[test]
    fn upper_case_letters_act_and_nothing_else_but_jump_to_the_end() {
        for binding in
            BINDINGS.iter().filter(|b| SCREENS.contains(&b.place) || b.place == Place::Screen)
        {
            for chord in binding.keys {
                let upper = matches!(chord.key.code, KeyCode::Char(c) if c.is_ascii_uppercase());
                let acts = matches!(binding.action, Action::Run(_));
                let end = binding.action == Action::Move(Motion::Last);
                assert_eq!(upper, acts || (end && upper), "{chord}");
            }
        }
    }

    #[test]
    fn every_screen_has_its_number() {
        for tab in Tab::ALL.into_iter().filter(|tab| tab.is_first()) {
            let key = key_of(&EVERY, Action::Show(tab));
            assert_eq!(key, Some(tab.number().to_string()), "{tab:?}");
        }
        for tab in Tab::ALL {
            let beside = tab.beside();
            assert_eq!(beside.and_then(Tab::beside), beside.map(|_| tab), "{tab:?}");
        }
    }

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for a in BINDINGS {
            for b in BINDINGS {
                let together = a.place == b.place
                    || a.place == Place::Always
                    || (a.place == Place::Screen && SCREENS.contains(&b.place));
                if together && a.action != b.action {
                    assert!(!a.keys.iter().any(|chord| b.keys.contains(chord)), "{a:?} {b:?}");
                }
            }
        }
    }

    #[test]
    fn yes_is_no_key_that_opens_a_question() {
        let yes: Vec<_> =
            BINDINGS.iter().filter(|b| b.action == Action::Yes).flat_map(|b| b.keys).collect();
        for binding in BINDINGS.iter().filter(|b| matches!(b.action, Action::Run(_))) {
            assert!(!binding.keys.iter().any(|chord| yes.contains(&chord)));
        }
    }
}
