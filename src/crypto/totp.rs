//! Codes from an authenticator app, RFC 6238.
//! That a step is accepted once only is the store's conditional update, for which the step is returned.

use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

use super::secret::{Plain, random_bytes};
use crate::{
    error::{Error, Result},
    time::Time,
};

/// How many steps before and after the present one are accepted, for clocks that differ.
const SKEW: u16 = 1;

/// The hash under a code. Many apps silently take SHA-1 whatever they were told, hence the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// HMAC-SHA-1, which RFC 4226 §B.2 shows to be untouched by collisions.
    #[default]
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

impl Algorithm {
    /// The name as `otpauth:` links write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    /// The algorithm of that name, if there is one.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Sha1, Self::Sha256, Self::Sha512].into_iter().find(|a| a.as_str() == name)
    }
}

/// What app and server agreed on; what most apps take for granted is the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Digits of a code, 6 to 8.
    pub digits: u8,
    /// Seconds of a step.
    pub period: u32,
    /// The hash.
    pub algorithm: Algorithm,
}

impl Default for Settings {
    fn default() -> Self {
        Self { digits: 6, period: 30, algorithm: Algorithm::Sha1 }
    }
}

/// A new shared secret: 160 bits, as RFC 4226 §4 recommends.
pub fn new_secret() -> Zeroizing<Vec<u8>> {
    Zeroizing::new(Zeroizing::new(random_bytes::<20>()).to_vec())
}

/// The `otpauth:` link behind the QR code. Defaults are left out, so that the code stays small.
pub fn uri(secret: &[u8], settings: &Settings, issuer: &str, account: &str) -> Result<Plain> {
    // A colon divides issuer from account in the link and may stand in neither.
    let clean = |text: &str| text.replace(':', " ").trim().to_owned();
    let (issuer, account) = (clean(issuer), clean(account));
    let builder = builder(secret, *settings)
        .with_issuer(Some(issuer).filter(|issuer| !issuer.is_empty()))
        .with_account_name(account);
    let url = builder.build().and_then(|totp| totp.to_url()).map_err(fault)?;
    Ok(Plain::new(url))
}

/// The secret as people type it into an app.
pub fn base32(secret: &[u8]) -> Plain {
    Plain::new(Secret::from(secret).to_base32())
}

/// Reads what [`base32`] wrote: for those who play the authenticator themselves, the demo and tests.
pub fn read_base32(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let secret = Secret::try_from_base32(text).ok()?;
    Some(Zeroizing::new(secret.as_bytes().to_vec()))
}

/// The step a code belongs to, if it is right now or was within a step; compared in constant time.
pub fn check(secret: &[u8], settings: &Settings, code: &str, now: Time) -> Option<i64> {
    let now = u64::try_from(now.secs()).ok()?;
    let step = totp(secret, *settings).ok()?.check(code, now)?;
    i64::try_from(step).ok()
}

/// The code of a moment, as an app would show it: for the demo and for tests.
pub fn code_at(secret: &[u8], settings: &Settings, at: Time) -> Result<Plain> {
    let at = u64::try_from(at.secs())
        .map_err(|source| Error::internal("no code before 1970").with_source(source))?;
    Ok(Plain::new(totp(secret, *settings)?.generate(at).to_string()))
}

fn builder(secret: &[u8], settings: Settings) -> Builder {
    Builder::new()
        .with_algorithm(match settings.algorithm {
            Algorithm::Sha1 => totp_rs::Algorithm::SHA1,
            Algorithm::Sha256 => totp_rs::Algorithm::SHA256,
            Algorithm::Sha512 => totp_rs::Algorithm::SHA512,
        })
        .with_digits(settings.digits)
        .with_step_duration(settings.period.into())
        .with_skew(SKEW)
        .with_secret(secret)
}

/// Refuses what would make the library panic or a code easy to guess: digits outside 6 to 8, a
/// period of zero, a secret under 128 bits.
fn totp(secret: &[u8], settings: Settings) -> Result<Totp> {
    builder(secret, settings).build().map_err(fault)
}

fn fault(source: totp_rs::TotpError) -> Error {
    Error::internal("the authenticator's settings cannot be used").with_source(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &[u8] = b"12345678901234567890";
    const LONG: &[u8] = b"1234567890123456789012345678901234567890123456789012345678901234";

    fn at(seconds: i64) -> Time {
        Time::from_secs(seconds)
    }

    #[test]
    fn rfc_6238_appendix_b() {
        let cases = [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_111_111_111, "14050471", "67062674", "99943326"),
            (1_234_567_890, "89005924", "91819424", "93441116"),
            (2_000_000_000, "69279037", "90698825", "38618901"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ];
        for (seconds, sha1, sha256, sha512) in cases {
            for (algorithm, secret, code) in [
                (Algorithm::Sha1, SEED, sha1),
                (Algorithm::Sha256, &LONG[..32], sha256),
                (Algorithm::Sha512, LONG, sha512),
            ] {
                let settings = Settings { digits: 8, period: 30, algorithm };
                let made = code_at(secret, &settings, at(seconds)).unwrap();
                assert_eq!(made.expose(), code, "{algorithm:?} at {seconds}");
                let step = check(secret, &settings, code, at(seconds));
                assert_eq!(step, Some(seconds / 30), "{algorithm:?} at {seconds}");
            }
        }
    }

    #[test]
    fn code_counts_one_step_around_now_and_names_its_own_step() {
        let settings = Settings::default();
        let code = code_at(SEED, &settings, at(3000)).unwrap();
        let step = |seconds| check(SEED, &settings, code.expose(), at(seconds));
        assert_eq!(step(2969), None);
        assert_eq!(step(2970), Some(100));
        assert_eq!(step(3000), Some(100));
        assert_eq!(step(3059), Some(100));
        assert_eq!(step(3060), None);
    }

    #[test]
    fn malformed_code_is_refused() {
        let settings = Settings::default();
        let good = code_at(SEED, &settings, at(3000)).unwrap();
        let good = good.expose();
        let long = "1".repeat(1_000_000);
        for wrong in [
            "",
            "12345",
            "1234567",
            &format!("+{}", &good[1..]),
            &format!("{good} "),
            "１２３４５６",
            &long,
        ] {
            assert_eq!(check(SEED, &settings, wrong, at(3000)), None);
        }
        assert_eq!(check(b"another secret of 20", &settings, good, at(3000)), None);
        assert_eq!(check(SEED, &settings, good, Time::from_millis(-1)), None);
    }

    #[test]
    fn unusable_settings_refuse_instead_of_panicking() {
        let usable = Settings::default();
        for settings in [
            Settings { digits: 0, ..usable },
            Settings { digits: 5, ..usable },
            Settings { digits: 10, ..usable },
            Settings { period: 0, ..usable },
        ] {
            assert_eq!(check(SEED, &settings, "0000000000", at(3000)), None);
            assert!(code_at(SEED, &settings, at(3000)).is_err());
            assert!(uri(SEED, &settings, "App", "ann").is_err());
        }
        assert_eq!(check(b"", &usable, "328482", at(3000)), None);
        assert!(code_at(b"short", &usable, at(3000)).is_err());
    }

    #[test]
    fn link_leaves_defaults_out_and_survives_colons() {
        let link = |settings: &Settings, issuer: &str, account: &str| {
            uri(SEED, settings, issuer, account).map(|link| link.expose().to_owned())
        };
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        assert_eq!(base32(SEED).expose(), secret);
        assert_eq!(read_base32(secret).unwrap().as_slice(), SEED);
        assert_eq!(
            link(&Settings::default(), "My App", "ann@example.com").unwrap(),
            format!("otpauth://totp/My%20App:ann%40example.com?secret={secret}&issuer=My%20App")
        );
        assert_eq!(
            link(&Settings::default(), "localhost:8080", "a:b").unwrap(),
            format!(
                "otpauth://totp/localhost%208080:a%20b?secret={secret}&issuer=localhost%208080"
            )
        );
        let other = Settings { digits: 8, period: 60, algorithm: Algorithm::Sha256 };
        let link = link(&other, "", "ann").unwrap();
        for part in ["totp/ann?", "digits=8", "algorithm=SHA256", "period=60"] {
            assert!(link.contains(part), "{link}");
        }
    }

    #[test]
    fn new_secrets_are_160_bits_and_differ() {
        assert_eq!(new_secret().len(), 20);
        assert_ne!(new_secret(), new_secret());
    }
}
