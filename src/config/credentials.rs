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
        /// For e-mail by a mail server, for example `smtps://user:password@mail.example.com`. With `smtp://` the server
        /// must offer STARTTLS, unless it is this computer or `?tls=none` stands at the end.
        smtp_url: Option<Secret> = UNSET.env("SMTP_URL").check(text::smtp_url),
    }
}

section! {
    /// For codes by SMS.
    Twilio {
        /// The account.
        account_sid: Option<String> = UNSET.env("TWILIO_ACCOUNT_SID"),
        /// Its token.
        auth_token: Option<Secret> = UNSET.env("TWILIO_AUTH_TOKEN"),
        /// The number that messages come from, or the id of a messaging service (`MG…`).
        from: Option<String> = UNSET.env("TWILIO_FROM"),
        /// Another address of the API, for tests.
        base_url: Option<Url> = UNSET.env("TWILIO_BASE_URL").check(text::web_url),
    }
}

section! {
    /// For e-mail by `sendgrid`.
    Sendgrid {
        /// The API key.
        api_key: Option<Secret> = UNSET.env("SENDGRID_API_KEY"),
        /// Another address of the API, for tests.
        base_url: Option<Url> = UNSET.env("SENDGRID_BASE_URL").check(text::web_url),
    }
}
