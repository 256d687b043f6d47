//! How many people have a second factor, and which: what the operator looks at.
//! Who must have one is the configuration's to say.

use super::factor::Method;

/// Some people, and how many of them have a second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many there are.
    pub people: u32,
    /// How many of them have one.
    pub covered: u32,
}

impl Share {
    /// How many have none.
    pub fn missing(self) -> u32 {
        self.people.saturating_sub(self.covered)
    }

    /// The part that has one, in percent. Whole only when it is everybody: 999 of 1000 are not all.
    pub fn percent(self) -> u32 {
        if self.people == 0 {
            return 100;
        }
        let percent = u64::from(self.covered) * 100 / u64::from(self.people);
        u32::try_from(percent).unwrap_or(100)
    }
}

/// Second factors over everyone whose account is not put away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Everyone.
    pub everyone: Share,
    /// By role, sorted; who has two roles counts in both.
    pub roles: Vec<(String, Share)>,
    /// How many people have each method, the strongest first; who has two counts in both.
    pub methods: Vec<(Method, u32)>,
    /// Who has a factor, but no recovery code left to do without it.
    pub out_of_codes: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_missing_is_all_and_one_missing_is_not() {
        let share = |people, covered| Share { people, covered }.percent();
        assert_eq!((share(0, 0), share(3, 3), share(1_000, 999), share(3, 1)), (100, 100, 99, 33));
    }
}
