//! The second factor: who needs one and which there are.
//! Checking codes is left to `crypto` and `ops`.

use std::time::Duration;

use super::{
    keys::{UNSET, key, section},
    text,
    value::words,
};

section! {
    /// The second factor.
    Mfa {
        /// Whether second factors are offered at all.
        enabled: bool = key("true"),
        /// People with one of these roles must have one.
        required_for_roles: Vec<String> = key("[\"admin\", \"developer\"]").check(text::role),
        /// Seconds after their first sign-in in which they may go on without; then sign-in leads to enrolment.
        grace_period: Duration = key("3600").maybe_seconds(),
        /// Whether weak methods may be offered: codes by SMS or e-mail go to whoever has the number or the mailbox.
        allow_weak: bool = key("true"),
        /// A browser that is trusted for a while after a second factor.
        trusted_device: TrustedDevice,
        /// The methods.
        providers: Providers,
    }
}

section! {
    /// A browser that is trusted for a while after a second factor.
    TrustedDevice {
        /// Whether the MFA page offers to trust the browser.
        enabled: bool = key("false"),
        /// Days until the browser is asked again.
        days: u32 = key("30").between(1, 365).counting("day"),
    }
}

section! {
    /// The methods.
    Providers {
        /// Codes from an authenticator app (RFC 6238).
        totp: Totp,
        /// Codes by SMS.
        sms: Sms,
        /// Codes by e-mail.
        email: Email,
        /// Passkeys and security keys.
        webauthn: Webauthn,
    }
}

words! {
    /// The hash inside TOTP.
    TotpAlgorithm {
        /// What every app knows.
        Sha1 = "SHA1",
        /// Known to most apps.
        Sha256 = "SHA256",
        /// Known to some apps.
        Sha512 = "SHA512",
    }
}

section! {
    /// Codes from an authenticator app (RFC 6238).
    Totp {
        /// Whether it is offered.
        enabled: bool = key("true"),
        /// The name that the app shows above the code.
        issuer: String = key("\"MCPCodex\"").check(text::totp_issuer),
        /// How many digits a code has.
        digits: u8 = key("6").between(6, 8).counting("digit"),
        /// Seconds that a code lasts.
        period: u32 = key("30").between(15, 120).counting("second"),
        /// The hash inside; some apps know only SHA1, which is sound in this place.
        algorithm: TotpAlgorithm = key("SHA1"),
    }
}

words! {
    /// Who carries SMS.
    SmsProvider {
        /// Twilio's REST API.
        Twilio = "twilio",
        /// The log and the console, for working offline.
        Console = "console",
    }
}

section! {
    /// Codes by SMS.
    Sms {
        /// Whether it is offered.
        enabled: bool = key("false"),
        /// `twilio`, or `console` for offline use: the message appears in the log and the console.
        provider: SmsProvider = key("twilio"),
        /// Text with `{code}`, or the name of a file in assets.
        template: String = key("\"Your MCPCodex code: {code}\"").check(text::template),
        /// Only to numbers that begin with one of these, for example `+49`; none means any.
        allowed_prefixes: Vec<String> = key("[]").check(text::phone_prefix),
    }
}

words! {
    /// Who carries e-mail.
    EmailProvider {
        /// The REST API of `sendgrid`.
        Sendgrid = "sendgrid",
        /// A mail server.
        Smtp = "smtp",
        /// The log and the console, for working offline.
        Console = "console",
    }
}

section! {
    /// Codes by e-mail.
    Email {
        /// Whether it is offered.
        enabled: bool = key("false"),
        /// `sendgrid`, `smtp`, or `console` for offline use.
        provider: EmailProvider = key("sendgrid"),
        /// Text with `{code}`, the name of a file in assets, or the id of a dynamic template at `sendgrid` (`d-…`).
        template: String = key("\"mfa-code\"").check(text::template),
    }
}

words! {
    /// Whether the device must check the person, by PIN or finger.
    UserVerification {
        /// It must.
        Required = "required",
        /// If it can.
        Preferred = "preferred",
        /// It need not.
        Discouraged = "discouraged",
    }
}

words! {
    /// What becomes of a passkey whose signature counter went back.
    CounterRollback {
        /// It opens nothing any more.
        Refuse = "refuse",
        /// It is marked and goes on working.
        Flag = "flag",
    }
}

section! {
    /// Passkeys and security keys.
    Webauthn {
        /// Whether they are offered.
        enabled: bool = key("true"),
        /// The domain that passkeys belong to; unset means the host of the public URL. A later change makes them useless.
        rp_id: Option<String> = UNSET.check(text::domain),
        /// The name that the device shows.
        rp_name: String = key("\"MCPCodex\"").check(text::not_empty),
        /// Whether the device must check the person, by PIN or finger.
        user_verification: UserVerification = key("required"),
        /// What becomes of a passkey whose signature counter went back, which a copy of it would explain: `refuse`
        /// shuts it until it is removed, `flag` only marks it and writes it to the audit trail.
        counter_rollback: CounterRollback = key("refuse"),
    }
}
