//! Why sign-ins and connections end: the words that stand in the database, and what is told of them.

macro_rules! endings {
    ($($(#[$doc:meta])* $name:ident = $reason:literal, $says:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $reason;)*

        /// Every reason with what is told of it, in a clause.
        pub const ALL: &[(&str, &str)] = &[$(($reason, $says)),*];
    };
}

endings! {
    /// A spent refresh token came again.
    REPLAYED = "refresh token replayed",
        "an old refresh token came again, so the whole connection was ended, in case it was stolen";
    /// A spent code came again.
    CODE_REPLAYED = "code replayed",
        "the app's code came a second time, so what it had given was taken back, in case it was stolen";
    /// RFC 7009.
    BY_CLIENT = "revoked by the client", "the app itself gave its tokens back";
    /// On the page of connected apps.
    DISCONNECTED = "disconnected by the person", "the person disconnected the app";
    /// By the operator, for one client.
    OF_CLIENT = "everything of the client revoked", "everything that the client had been given was taken back";
    /// By the operator, for one client that is switched off.
    CLIENT_OFF = "client switched off", "the client was switched off";
    /// A client that registered itself became another one.
    CLIENT_CHANGED = "the app changed its registration", "the app changed what it is, so it begins anew";
    /// The whole installation.
    EVERYTHING = "everything revoked", "every sign-in and every connection of everyone was ended";
    /// Every session of a person.
    ALL_SESSIONS = "all sessions ended", "every sign-in of the person was ended";
    /// Every session of a person but the one they are in.
    ELSEWHERE = "signed out everywhere else", "the person signed out everywhere else";
    /// One session, from a list.
    SESSION = "session revoked", "the sign-in in which the app was connected was ended";
    /// The same, as it stands at the session.
    REVOKED = "revoked", "the sign-in in which the app was connected was ended from a list";
    /// By the person.
    LOGOUT = "logout", "the person signed out, and without offline_access an app is connected no longer than that";
    /// The provider takes its tokens back.
    PROVIDER = "ended at the provider", "the provider where the person signed in has ended that sign-in";
    /// A browser signed in once more.
    SIGNED_IN_AGAIN = "signed in again", "somebody signed in anew in the same browser";
    /// More sessions than are allowed.
    TOO_MANY = "too many sessions", "the person had more sign-ins than are allowed, so the longest unused one ended";
    /// A session went on under a new id.
    RAISED = "replaced by one with more proof", "it went on under a new id, with more proof";
    /// A new password.
    PASSWORD = "password changed", "the password was changed, which ends everything but the browser where it was done";
    /// A new second factor.
    FACTOR_ADDED = "second factor added", "a second factor was added, which ends what was proved without it";
    /// A second factor less.
    FACTOR_REMOVED = "second factor removed", "a second factor was removed, which ends everything else";
    /// Other roles.
    ROLES = "roles changed", "the person's roles were changed";
    /// Locked.
    LOCKED = "account locked", "the person was locked out";
    /// Disabled.
    DISABLED = "account disabled", "the person was disabled";
    /// Deleted.
    DELETED = "account deleted", "the person was deleted";
}

/// What is told of a reason; one of another release speaks for itself.
pub fn says(reason: &str) -> &str {
    ALL.iter().find(|(own, _)| *own == reason).map_or(reason, |(_, says)| says)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_reason_is_one_of_its_own_and_a_clause() {
        let mut seen = HashSet::new();
        for (reason, clause) in ALL {
            assert!(seen.insert(*reason), "{reason}");
            assert_eq!(says(reason), *clause);
            assert!(clause.len() > 15 && !clause.ends_with('.'), "{clause}");
        }
        assert_eq!(says("of a later release"), "of a later release");
    }
}
