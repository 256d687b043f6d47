//! One of each page in each of its states.

mod account;
mod demo;
mod messages;
mod passkey;

use mcpcodex::http::{
    lang::Lang,
    view::{
        Bounce, ChangePassword, Confirm, Consent, Destination, DeviceCode, DeviceDone,
        DeviceQuestion, EnrolTotp, ErrorPage, Forgot, Form, FormPost, Invite, Label, Later, Link,
        Login, LogoutConfirm, Mfa, NewCodes, PasskeyForm, Recovery, RecoveryCodes, Registered,
        ResetAsked, ResetPassword, Resource, Rules, ScopeLine, Setup, SetupDone, Shell, SignedOut,
        Trust, Way, qr_svg,
    },
};

/// Breaks out of text, of a double-quoted value and of a single-quoted one, if any of them lets it.
pub(super) const ATTACK: &str = "<script>alert(1)</script>";

/// A rendered page.
pub(super) struct Page {
    pub(super) name: String,
    pub(super) html: String,
    /// True for another state of a page that is in the list already.
    pub(super) is_variant: bool,
}

/// What every text of a page is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    Ordinary,
    Hostile,
    /// Ordinary, on German pages.
    German,
}

impl Words {
    fn text(self, text: &str) -> String {
        match self {
            Self::Ordinary | Self::German => text.to_owned(),
            Self::Hostile => {
                format!("{ATTACK}\"onclick='x' '>\u{202e}{{{{7*7}}}}&lt;{}{text}", "w".repeat(200))
            }
        }
    }

    fn label(self, text: &str) -> Label {
        Label::new(&self.text(text))
    }

    fn path(self, path: &str) -> String {
        match self {
            Self::Ordinary | Self::German => path.to_owned(),
            Self::Hostile => format!("{path}?\" onmouseover=\"alert(1)\" x=\"{ATTACK}"),
        }
    }

    fn link(self, label: &str, href: &str) -> Link {
        Link { label: self.text(label), href: self.path(href) }
    }

    fn ways(self, all: &[(&'static str, &str, &str)]) -> Vec<Way> {
        let way = |(id, label, href): &(&'static str, &str, &str)| Way {
            id,
            label: self.text(label),
            href: self.path(href),
        };
        all.iter().map(way).collect()
    }

    fn form(self, action: &str) -> Form {
        let hidden = vec![
            ("csrf".to_owned(), self.text("Zm9vYmFyYmF6")),
            ("flow".to_owned(), self.text("01JD3K")),
        ];
        Form { action: self.path(action), hidden }
    }

    fn shell(self) -> Shell {
        // Titles are compared across pages, so that the brand stays the same.
        Shell {
            brand: "Northwind".to_owned(),
            style: Some(self.path("/assets/brand.0123456789abcdef.css")),
            logo: None,
            host: self.text("auth.northwind.example"),
            lang: if self == Self::German { Lang::De } else { Lang::En },
            here: Some(self.path("/login?return_to=/account")),
        }
    }

    fn rules(self, is_broken: bool) -> Rules {
        let words = |all: &[&str]| all.iter().map(|t| self.text(t)).collect();
        Rules {
            all: words(&[
                "at least 12 characters",
                "upper and lower case",
                "a digit",
                "a symbol",
                "none of your last 12",
            ]),
            broken: if is_broken {
                words(&["This is one of the most used passwords.", "It has no digit."])
            } else {
                Vec::new()
            },
        }
    }
}

/// The ordinary page called `name`.
pub(super) fn one(name: &str) -> Page {
    all(Words::Ordinary).into_iter().find(|p| p.name == name).expect(name)
}

/// Every page.
pub(super) fn all(w: Words) -> Vec<Page> {
    let mut list = sign_in(w);
    list.extend(second_factor(w));
    list.extend(messages::pages(w));
    list.extend(passkey::pages(w));
    list.extend(passwords(w));
    list.extend(consents(w));
    list.extend(devices(w));
    list.extend(notices(w));
    list.extend(account::pages(w));
    if w != Words::German {
        list.extend(demo::pages(w));
    }
    list.into_iter()
        .map(|(name, html)| Page {
            name: match w {
                Words::Ordinary => name.to_owned(),
                Words::Hostile => format!("hostile_{name}"),
                Words::German => format!("german_{name}"),
            },
            html,
            is_variant: [
                "_refused",
                "_denied",
                "_local",
                "_plain",
                "_again",
                "_addressed",
                "_approved",
            ]
            .iter()
            .any(|end| name.ends_with(end)),
        })
        .collect()
}

type Rendered = (&'static str, String);

fn sign_in(w: Words) -> Vec<Rendered> {
    let login = Login {
        shell: w.shell(),
        form: w.form("/login"),
        client: Some(w.label("Claude Code")),
        can_remember: true,
        forgot: Some(w.path("/reset")),
        passkey: Some(
            PasskeyForm::get(w.form("/login/passkey"), "/passkey/sign-in").with_autofill(),
        ),
        ..Login::default()
    };
    let refused = Login {
        username: w.text("ann"),
        error: Some(w.text("User name and password do not match.")),
        wait: Some(w.text("Try again in 30 seconds.")),
        remember: true,
        ..login.clone()
    };
    let mfa = Mfa {
        shell: w.shell(),
        form: w.form("/mfa"),
        client: Some(w.label("Claude Code")),
        username: w.label("ann"),
        digits: 6,
        trust_days: Some(30),
        ways: w.ways(&[
            ("recovery", "Use a recovery code", "/mfa/recovery"),
            ("restart", "Sign in as someone else", "/login"),
        ]),
        ..Mfa::default()
    };
    let mfa_refused =
        Mfa { error: Some(w.text("That code did not work. 4 tries left.")), ..mfa.clone() };
    let recovery = Recovery {
        shell: w.shell(),
        form: w.form("/mfa"),
        username: w.label("ann"),
        ways: w.ways(&[("totp", "Use your authenticator app", "/mfa?method=totp")]),
        ..Recovery::default()
    };
    let recovery_refused = Recovery {
        error: Some(w.text("That code did not work. 2 tries left.")),
        ..recovery.clone()
    };
    let confirm = Confirm {
        shell: w.shell(),
        form: w.form("/login/confirm"),
        passkey: Some(PasskeyForm::get(w.form("/login/confirm/passkey"), "/passkey/confirm")),
        username: w.text("ann"),
        ..Confirm::default()
    };
    let confirm_refused = Confirm { error: Some(w.text("That did not work.")), ..confirm.clone() };
    vec![
        ("confirm", confirm.render()),
        ("confirm_refused", confirm_refused.render()),
        ("login", login.render()),
        ("login_refused", refused.render()),
        (
            "login_plain",
            Login { shell: w.shell(), form: w.form("/login"), ..Login::default() }.render(),
        ),
        ("mfa", mfa.render()),
        ("mfa_refused", mfa_refused.render()),
        ("recovery", recovery.render()),
        ("recovery_refused", recovery_refused.render()),
    ]
}

fn second_factor(w: Words) -> Vec<Rendered> {
    let secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    let enrol = EnrolTotp {
        shell: w.shell(),
        form: w.form("/mfa/enrol"),
        reason: Some(w.text("Administrators sign in with a second factor.")),
        qr: qr_svg(&format!(
            "otpauth://totp/Northwind:ann@northwind.example?secret={secret}&issuer=Northwind"
        )),
        secret: secret.to_owned(),
        issuer: w.text("Northwind"),
        account: w.label("ann@northwind.example"),
        digits: 6,
        error: None,
        later: Some(Later {
            form: w.form("/mfa/later"),
            until: w.text("You can put this off until 30 November."),
        }),
        ways: w.ways(&[("cancel", "Back to your account", "/account/security")]),
    };
    let refused = EnrolTotp {
        error: Some(w.text("That code does not fit. Is the clock of your phone right?")),
        later: None,
        ..enrol.clone()
    };
    let codes = RecoveryCodes {
        shell: w.shell(),
        form: w.form("/mfa/codes"),
        account: w.label("ann@northwind.example"),
        codes: (0..10).map(|n| w.text(&format!("k3v{n}-9hxq-w2mt-7fzp"))).collect(),
        replaced: true,
    };
    let new_codes = NewCodes {
        shell: w.shell(),
        form: w.form("/mfa/codes/new"),
        left: Some(3),
        cancel: Some(w.path("/account/security")),
    };
    let lost = NewCodes { left: None, cancel: None, ..new_codes.clone() };
    vec![
        ("new_codes", new_codes.render()),
        ("new_codes_again", lost.render()),
        ("enrol_totp", enrol.render()),
        ("enrol_totp_refused", refused.render()),
        ("recovery_codes", codes.render()),
    ]
}

fn passwords(w: Words) -> Vec<Rendered> {
    let change = ChangePassword {
        shell: w.shell(),
        form: w.form("/password"),
        username: w.text("ann"),
        ask_current: true,
        rules: w.rules(false),
        cancel: Some(w.path("/account")),
        ..ChangePassword::default()
    };
    let refused = ChangePassword {
        expired: true,
        cancel: None,
        rules: w.rules(true),
        error: Some(w.text("Nothing was changed.")),
        ..change.clone()
    };
    let setup = Setup {
        shell: w.shell(),
        form: w.form("/setup"),
        rules: w.rules(false),
        ..Setup::default()
    };
    let setup_refused = Setup {
        username: w.text("ann"),
        email: w.text("ann@northwind.example"),
        name: w.text("Ann Lee"),
        rules: w.rules(true),
        ..setup.clone()
    };
    let invite = Invite {
        shell: w.shell(),
        form: w.form("/invite"),
        username: w.text("bob"),
        name: w.label("Bob Stone"),
        rules: w.rules(false),
        error: None,
    };
    let forgot =
        Forgot { shell: w.shell(), form: Some(w.form("/reset")), sign_in: w.path("/login") };
    let no_mail = Forgot { form: None, ..forgot.clone() };
    let asked = ResetAsked { shell: w.shell(), minutes: 60, sign_in: w.path("/login") };
    let reset = ResetPassword {
        shell: w.shell(),
        form: w.form("/reset"),
        username: w.text("ann"),
        rules: w.rules(false),
        error: None,
    };
    let reset_refused = ResetPassword { rules: w.rules(true), ..reset.clone() };
    vec![
        ("forgot", forgot.render()),
        ("forgot_plain", no_mail.render()),
        ("reset_asked", asked.render()),
        ("reset", reset.render()),
        ("reset_refused", reset_refused.render()),
        ("change_password", change.render()),
        ("change_password_refused", refused.render()),
        ("setup", setup.render()),
        ("setup_refused", setup_refused.render()),
        ("invite", invite.render()),
    ]
}

fn consents(w: Words) -> Vec<Rendered> {
    let scope = |name: &str, sentence: &str, sensitive| ScopeLine {
        name: w.text(name),
        sentence: w.text(sentence),
        sensitive,
        new: false,
    };
    let consent = Consent {
        shell: w.shell(),
        form: w.form("/consent"),
        client: w.label("Claude"),
        client_host: None,
        trust: Trust::Unverified,
        registered: Registered::Today,
        destination: Destination::Host(w.text("claude.ai")),
        resources: vec![Resource {
            name: w.label("Team notes"),
            url: w.text("https://notes.example.com/mcp"),
        }],
        scopes: vec![
            scope("profile", "Read your name and user name.", false),
            scope("admin:users", "Manage every person on this server.", true),
            scope("email", "Read your e-mail address.", false),
            scope("offline_access", "Stay connected when you are away.", true),
        ],
        username: w.label("ann"),
        email: w.label("ann@northwind.example"),
        again: false,
        not_you: Some(w.form("/login/switch")),
    };
    let local = Consent {
        client: w.label("Claude Code"),
        client_host: None,
        trust: Trust::Verified,
        registered: Registered::Never,
        destination: Destination::ThisComputer("127.0.0.1".to_owned()),
        resources: Vec::new(),
        again: true,
        ..consent.clone()
    };
    let plain = Consent {
        trust: Trust::BuiltIn,
        destination: Destination::App(w.text("cursor")),
        client: w.label("Northwind console"),
        scopes: Vec::new(),
        not_you: None,
        ..local.clone()
    };
    let addressed = Consent {
        client_host: Some(w.text("claude.ai")),
        trust: Trust::Addressed,
        registered: Registered::Never,
        scopes: vec![
            scope("profile", "Read your name and user name.", false),
            ScopeLine { new: true, ..scope("email", "Read your e-mail address.", false) },
            ScopeLine { new: true, ..scope("admin:users", "Manage every person.", true) },
        ],
        ..consent.clone()
    };
    let approved =
        Consent { trust: Trust::Approved, registered: Registered::Earlier, ..consent.clone() };
    vec![
        ("consent_addressed", addressed.render()),
        ("consent_approved", approved.render()),
        ("consent", consent.render()),
        ("consent_local", local.render()),
        ("consent_plain", plain.render()),
    ]
}

fn devices(w: Words) -> Vec<Rendered> {
    let scope = |name: &str, sentence: &str, sensitive| ScopeLine {
        name: w.text(name),
        sentence: w.text(sentence),
        sensitive,
        new: false,
    };
    let code = DeviceCode {
        shell: w.shell(),
        form: w.form("/device"),
        code: w.text("BCDF-GHJK"),
        username: w.label("ann"),
        error: None,
        wait: None,
    };
    let refused = DeviceCode {
        error: Some(w.text("That code is not, or no longer, good.")),
        wait: Some(w.text("The next try counts in 15 minutes.")),
        ..code.clone()
    };
    let question = DeviceQuestion {
        shell: w.shell(),
        form: w.form("/device"),
        client: w.label("Northwind CLI"),
        trust: Trust::Unverified,
        code: w.text("BCDF-GHJK"),
        address: w.text("2001:db8:85a3::8a2e:370:7334"),
        agent: w.label("Firefox on Linux"),
        asked: w.text("23 Nov 2026, 03:12 UTC"),
        resources: vec![Resource {
            name: w.label("Team notes"),
            url: w.text("https://notes.example.com/mcp"),
        }],
        scopes: vec![
            scope("notes:read", "Read your notes.", false),
            scope("admin:users", "Manage every person on this server.", true),
        ],
        username: w.label("ann"),
        email: w.label("ann@northwind.example"),
    };
    let allowed = DeviceDone { shell: w.shell(), allowed: true, client: w.label("Northwind CLI") };
    let denied = DeviceDone { allowed: false, ..allowed.clone() };
    vec![
        ("device", code.render()),
        ("device_refused", refused.render()),
        ("device_question", question.render()),
        ("device_allowed", allowed.render()),
        ("device_denied", denied.render()),
    ]
}

fn notices(w: Words) -> Vec<Rendered> {
    let error = ErrorPage {
        shell: w.shell(),
        title: w.text("This app is not known here"),
        what: w.text("The app that sent you uses a registration that this server does not have."),
        next: w.text("Remove the connection in the app and add it again; it then registers anew."),
        reference: Some(w.text("7F3K-Q2")),
        link: Some(w.link("Go to your account", "/account")),
    };
    let logout = LogoutConfirm {
        shell: w.shell(),
        form: w.form("/logout"),
        username: w.label("ann"),
        client: Some(w.label("Claude")),
        stay: w.path("/account"),
    };
    let out = SignedOut {
        shell: w.shell(),
        sign_in: w.path("/login"),
        back: Some(w.link("Back to Claude", "https://claude.ai/")),
    };
    let done = SetupDone { shell: w.shell(), username: None, sign_in: w.path("/login") };
    let again = SetupDone { username: Some(w.label("ann")), ..done.clone() };
    let bounce = Bounce { shell: w.shell(), to: w.path("/authorize/continue") };
    let fields = [("code", "k3Yv-1"), ("state", "st&te=1"), ("iss", "https://auth.example.com")];
    let form_post = FormPost {
        shell: w.shell(),
        action: w.path("https://app.example.com/callback"),
        fields: fields.map(|(name, value)| (name.to_owned(), w.text(value))).to_vec(),
    };
    vec![
        ("error", error.render()),
        ("logout", logout.render()),
        ("signed_out", out.render()),
        ("setup_done", done.render()),
        ("setup_done_again", again.render()),
        ("bounce", bounce.render()),
        ("form_post", form_post.render()),
    ]
}
