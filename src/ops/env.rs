//! What the use cases know beside their input: configuration, our own address, keys and the hasher.
//! Built once by `app`; here it is also where configuration becomes the rules of `model`.

use std::time::Duration;

use super::apikey::meter::Meters;
use crate::{
    config::{Config, look::Look, mfa::TotpAlgorithm, site::Site},
    crypto::{keyring::Keyring, password::Hasher, totp},
    model::{
        apikey::Rotation,
        attempt::Limits,
        password::Policy,
        session::Lifetimes,
        user::{BUILT_IN_ROLES, User},
    },
};

/// Everything an op may need that is neither the transaction nor its input.
#[derive(Debug)]
pub struct Env {
    /// The configuration as loaded.
    pub config: Config,
    /// Where this server is reached.
    pub site: Site,
    /// How the pages look.
    pub look: Look,
    /// Seals, signs and derives.
    pub keys: Keyring,
    /// Hashes passwords, a bounded number at a time.
    pub hasher: Hasher,
    /// Uses of API keys that are accounted for and not taken yet.
    pub meters: Meters,
}

/// Wrong codes of a second factor before the pause; counted apart from the password's.
/// Links to a new password for one name before a pause.
const RESET_LINKS: u32 = 3;
const CODE_TRIES: u32 = 5;

impl Env {
    /// How long sessions live.
    pub fn session_lifetimes(&self) -> Lifetimes {
        let timeouts = &self.config.authentication.session.timeouts;
        Lifetimes {
            idle: timeouts.idle,
            absolute: timeouts.absolute,
            remember_me: timeouts.remember_me,
        }
    }

    /// Whether remembered sessions are wanted: `remember_me` longer than the absolute limit says so.
    pub fn remember_me_allowed(&self) -> bool {
        let timeouts = &self.config.authentication.session.timeouts;
        timeouts.remember_me > timeouts.absolute
    }

    /// What wrong passwords for one name cost.
    pub fn account_limits(&self) -> Limits {
        let lockout = &self.config.authentication.password.lockout;
        Limits {
            max: lockout.max_attempts,
            lock: lockout.lockout_duration,
            progressive: lockout.progressive_delay,
            escalate: false,
        }
    }

    /// What wrong tries from one address cost: many people may share it, so more, and without delay.
    pub fn address_limits(&self) -> Limits {
        Limits {
            max: self.config.limits.sign_in_failures_per_address,
            lock: self.config.authentication.password.lockout.lockout_duration,
            progressive: false,
            escalate: false,
        }
    }

    /// How many links to a new password go out for one name, and how long the pause is then.
    pub fn reset_limits(&self) -> Limits {
        Limits {
            max: RESET_LINKS,
            lock: self.config.authentication.links.password_reset,
            progressive: false,
            escalate: false,
        }
    }

    /// What wrong one-time and recovery codes cost: each pause is longer than the one before.
    pub fn code_limits(&self) -> Limits {
        Limits {
            max: CODE_TRIES,
            lock: self.config.authentication.password.lockout.lockout_duration,
            progressive: true,
            escalate: true,
        }
    }

    /// What a password must be.
    pub fn password_policy(&self) -> Policy {
        let password = &self.config.authentication.password;
        Policy {
            min_length: password.min_length,
            max_length: password.max_length,
            require_uppercase: password.require_uppercase,
            require_lowercase: password.require_lowercase,
            require_numbers: password.require_numbers,
            require_symbols: password.require_symbols,
            min_score: password.complexity.min_score,
            dictionary_check: password.complexity.dictionary_check,
            common_patterns_allowed: password.complexity.common_patterns,
        }
    }

    /// How old a password may get; none: as old as it likes.
    pub fn password_lifetime(&self) -> Option<Duration> {
        let days = u64::from(self.config.authentication.password.history.expiry_days);
        (days > 0).then(|| Duration::from_secs(days * 86_400))
    }

    /// How TOTP credentials are enrolled.
    pub fn totp_settings(&self) -> totp::Settings {
        let totp = &self.config.authentication.mfa.providers.totp;
        let algorithm = match totp.algorithm {
            TotpAlgorithm::Sha1 => totp::Algorithm::Sha1,
            TotpAlgorithm::Sha256 => totp::Algorithm::Sha256,
            TotpAlgorithm::Sha512 => totp::Algorithm::Sha512,
        };
        totp::Settings { digits: totp.digits, period: totp.period, algorithm }
    }

    /// Whether the person must have a second factor.
    pub fn factor_required(&self, user: &User) -> bool {
        let mfa = &self.config.authentication.mfa;
        mfa.enabled && mfa.required_for_roles.iter().any(|role| user.has_role(role))
    }

    /// How long a browser is trusted after a second factor; none: never.
    pub fn trust_lifetime(&self) -> Option<Duration> {
        let trust = &self.config.authentication.mfa.trusted_device;
        trust.enabled.then(|| Duration::from_secs(u64::from(trust.days) * 86_400))
    }

    /// When API keys are announced to grow old, and whether they end then.
    pub fn rotation(&self) -> Rotation {
        let rotation = &self.config.authentication.api_keys.rotation;
        let days = u64::from(rotation.warning_period);
        Rotation { auto: rotation.auto_rotate, warning: Duration::from_secs(days * 86_400) }
    }

    /// Every role there is.
    pub fn roles(&self) -> Vec<&str> {
        let own = self.config.authentication.roles.iter().map(String::as_str);
        BUILT_IN_ROLES.into_iter().chain(own).collect()
    }
}
