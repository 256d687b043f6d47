//! Secrets of the operator's, which come from the environment and never from the file.
//! Who uses them is said at each.

use url::Url;

use super::{
    keys::{UNSET, section},
    secret::Secret,
    text,
};

section! {
    /// Secrets, from the environment alone.
    Credentials {
        /// The secret of `authentication.primary.client_id` at another provider.
        client_secret: Option<Secret> = UNSET.env("AUTH_CLIENT_SECRET"),
        /// Signs session cookies, at least 32 bytes; unset, one is made and kept in the data folder.
        session_secret: Option<Secret> = UNSET.env("SESSION_SECRET").check(text::session_secret),
        /// Seals what is kept at rest; unset, one is made and kept in the data folder.
        master_key: Option<Secret> = UNSET.env("MCPCODEX_MASTER_KEY"),
        /// For codes by SMS.
        twilio: Twilio,
        /// For e-mail by `sendgrid`.
        sendgrid: Sendgrid,
        /// For e-mail by a mail server, for example `smtps://user:password@mail.example.com`.
        smtp_url: Option<Secret> = UNSET.env("SMTP_URL").check(text::smtp_url).waits_for("e-mail"),
    }
}

section! {
    /// For codes by SMS.
    Twilio {
        /// The account.
        account_sid: Option<String> = UNSET.env("TWILIO_ACCOUNT_SID").waits_for("codes by SMS"),
        /// Its token.
        auth_token: Option<Secret> = UNSET.env("TWILIO_AUTH_TOKEN").waits_for("codes by SMS"),
        /// The number that messages come from.
        from: Option<String> = UNSET.env("TWILIO_FROM").waits_for("codes by SMS"),
        /// Another address of the API, for tests.
        base_url: Option<Url> = UNSET.env("TWILIO_BASE_URL").check(text::web_url).waits_for("codes by SMS"),
    }
}

section! {
    /// For e-mail by `sendgrid`.
    Sendgrid {
        /// The API key.
        api_key: Option<Secret> = UNSET.env("SENDGRID_API_KEY").waits_for("e-mail"),
        /// Another address of the API, for tests.
        base_url: Option<Url> = UNSET.env("SENDGRID_BASE_URL").check(text::web_url).waits_for("e-mail"),
    }
}
