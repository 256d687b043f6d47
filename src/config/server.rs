//! Where the server listens, how it is reached, where it keeps its data, and its limits and logs.
//! Rules that join several keys stand in `rules`.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use ipnet::IpNet;
use url::Url;

use super::{
    keys::{UNSET, key, section},
    text,
    value::words,
};
use crate::model::colour::Colour;

section! {
    /// Where the server listens and how it is reached.
    Server {
        /// Address and port. Port 0 picks a free one.
        listen: SocketAddr = key("\"127.0.0.1:8420\""),
        /// The URL under which browsers and apps reach the server, when a proxy stands in front; also the issuer.
        /// Unset, it is `authentication.primary.issuer`, and without that `http://localhost:PORT`.
        public_url: Option<Url> = UNSET.check(text::own_url),
        /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed, as addresses or networks.
        trusted_proxies: Vec<IpNet> = key("[]"),
        /// A certificate of our own, for serving HTTPS without a proxy.
        tls: Tls,
        /// Apps behind a proxy that asks `/auth/verify`.
        forward_auth: ForwardAuth,
        /// How the pages look.
        brand: Brand,
    }
}

section! {
    /// How the pages look.
    Brand {
        /// The name of your company or product, at the top of every page and in its title.
        name: String = key("\"mcpcodex\"").check(text::brand),
        /// The colour of buttons and links, for example `"#0a7d4f"`. Where it would be hard to read, a lighter or darker
        /// one is made from it, in the light and in the dark scheme; unset, it is a blue.
        accent: Option<Colour> = UNSET,
        /// A file with your logo, which takes the place of the mark: .svg, .png, .webp or .jpg, at most 64 kB.
        logo: Option<PathBuf> = UNSET.check(text::logo),
    }
}

section! {
    /// Apps behind a proxy that asks `/auth/verify`.
    ForwardAuth {
        /// Origins such as `https://wiki.example.com` to which people are led back after signing in, and whose pages may
        /// use the session cookie, besides those of registered resources.
        origins: Vec<String> = key("[]").check(text::origin),
    }
}

section! {
    /// A certificate and its key, both or neither.
    Tls {
        /// PEM file with the certificate and its chain.
        certificate: Option<PathBuf> = UNSET.waits_for("HTTPS without a proxy"),
        /// PEM file with the private key.
        key: Option<PathBuf> = UNSET.waits_for("HTTPS without a proxy"),
    }
}

section! {
    /// Where data is kept.
    Storage {
        /// Folder of the database and the keys; made with mode 0700 when it is missing.
        data_dir: PathBuf = key("\"mcpcodex-data\"").env("MCPCODEX_DATA_DIR"),
    }
}

words! {
    /// The language of a mail.
    MailLanguage {
        /// English.
        En = "en",
        /// German.
        De = "de",
    }
}

section! {
    /// Messages that go out by e-mail.
    Mail {
        /// The sender, for example `MCPCodex <auth@example.com>`.
        from: Option<String> = UNSET.env("MAIL_FROM").check(text::mailbox),
        /// The language of mails that nobody's browser asked for.
        language: MailLanguage = key("en"),
    }
}

section! {
    /// Bounds that keep a flood of requests from taking the machine.
    Limits {
        /// How many passwords are hashed at the same time; 0 means one for each processor core.
        hashing_permits: u32 = key("0").between(0, 1024),
        /// How many sign-ins may wait for a permit; beyond that they get 503 at once.
        hashing_queue: u32 = key("32").between(0, 100_000),
        /// How many seconds a sign-in waits for a permit before it gets 503.
        hashing_wait: Duration = key("5").some_seconds().between(1, 60),
        /// How many failed sign-ins one address may make within `password.lockout.lockout_duration`, over all accounts.
        sign_in_failures_per_address: u32 = key("50").between(1, 1_000_000),
        /// The largest request body in bytes.
        request_body: u32 = key("262144").between(4096, 16_777_216).counting("byte"),
        /// How many seconds a request may take.
        request_timeout: Duration = key("15").some_seconds().between(1, 300),
        /// How many messages go out; codes, links and notices are counted apart.
        messages: MessageLimits,
    }
}

section! {
    /// How many messages go out; codes, links and notices are counted apart.
    MessageLimits {
        /// To one number or address in an hour.
        per_recipient: u32 = key("5").between(1, 1_000_000),
        /// For one person in an hour.
        per_person: u32 = key("10").between(1, 1_000_000),
        /// Asked for from one address in an hour.
        per_address: u32 = key("30").between(1, 1_000_000),
        /// SMS to one block of numbers, those with the same first six digits, in an hour.
        per_prefix: u32 = key("60").between(1, 1_000_000),
        /// SMS in a day, over all people: what a flood can cost at most.
        sms_per_day: u32 = key("1000").between(1, 100_000_000),
        /// Mails with codes and links in a day, over all people.
        mails_per_day: u32 = key("5000").between(1, 100_000_000),
    }
}

words! {
    /// How much is logged.
    Level {
        /// What failed.
        Error = "error",
        /// And what will fail soon.
        Warn = "warn",
        /// And what happened.
        Info = "info",
        /// And how.
        Debug = "debug",
        /// And everything else.
        Trace = "trace",
    }
}

words! {
    /// How a line of the log looks.
    LogFormat {
        /// For people.
        Text = "text",
        /// One JSON object a line.
        Json = "json",
    }
}

section! {
    /// What the program says on stderr while it runs.
    Logging {
        /// How much is logged.
        level: Level = key("info"),
        /// How a line looks.
        format: LogFormat = key("text"),
    }
}

section! {
    /// The record of who did what.
    Audit {
        /// Days that audit events are kept; 0 keeps them for ever.
        retention_days: u32 = key("0").between(0, 36_500).counting("day"),
    }
}

impl Audit {
    /// How long events are kept; for ever when none.
    pub fn retention(&self) -> Option<Duration> {
        let days = u64::from(self.retention_days);
        (days > 0).then(|| Duration::from_secs(days * 86_400))
    }
}
