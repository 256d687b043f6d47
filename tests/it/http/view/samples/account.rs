//! The account pages.

use mcpcodex::http::view::{
    Account, Apps, ConnectedApp, Device, Factor, Key, Keys, Lifetime, MadeKey, NewKey,
    OtherSession, RemoveFactor, ScopeBox, Security, SessionLine, Sessions,
};

use super::{Rendered, Words};

pub(super) fn pages(w: Words) -> Vec<Rendered> {
    let mut list = person(w);
    list.extend(places(w));
    list.extend(keys(w));
    list
}

fn factor(w: Words, name: &str, detail: &str) -> Factor {
    Factor {
        name: w.label(name),
        detail: w.text(detail),
        weak: false,
        remove: w.path("/account/security/remove?id=f_1"),
    }
}

fn person(w: Words) -> Vec<Rendered> {
    let account = Account {
        shell: w.shell(),
        notice: Some(w.text("Your name was changed.")),
        form: w.form("/account/profile"),
        name: w.text("Ann Lee"),
        username: w.label("ann"),
        email: w.label("ann@northwind.example"),
        roles: vec![w.text("admin"), w.text("developer")],
        since: w.text("3 November 2026"),
        error: None,
        sign_out: w.form("/logout"),
    };
    let refused = Account {
        notice: None,
        error: Some(w.text("Leave out line breaks and invisible characters.")),
        ..account.clone()
    };
    let sms = Factor { weak: true, ..factor(w, "SMS to +49 ••• ••42", "not used yet") };
    let security = Security {
        shell: w.shell(),
        notice: Some(w.text("Your password was changed.")),
        password: w.text("last changed 3 November 2026"),
        passkeys: Some(2),
        passkey_flagged: true,
        factors: vec![factor(w, "Authenticator app", "last used today"), sms],
        can_add: true,
        recovery_codes_left: Some(3),
        identities: vec![mcpcodex::http::view::LinkedIdentity {
            name: w.label("Corp"),
            detail: w.text("pia@corp.example · not used yet"),
            remove: w.form("/account/providers/unlink"),
        }],
        providers: vec![mcpcodex::http::view::ProviderForm {
            label: w.text("Google"),
            form: w.form("/account/providers/link"),
        }],
    };
    let bare = Security {
        notice: None,
        passkeys: None,
        factors: Vec::new(),
        recovery_codes_left: None,
        identities: Vec::new(),
        providers: Vec::new(),
        ..security.clone()
    };
    let remove = RemoveFactor {
        shell: w.shell(),
        form: w.form("/account/security/remove"),
        name: w.label("Authenticator app"),
        is_last: false,
    };
    let last = RemoveFactor { is_last: true, ..remove.clone() };
    vec![
        ("account", account.render()),
        ("account_refused", refused.render()),
        ("account_security", security.render()),
        ("account_security_plain", bare.render()),
        ("remove_factor", remove.render()),
        ("remove_factor_again", last.render()),
    ]
}

fn places(w: Words) -> Vec<Rendered> {
    let line = |device: &str, address: &str, started: &str, last_seen: &str| SessionLine {
        device: w.label(device),
        address: w.text(address),
        started: w.text(started),
        last_seen: w.text(last_seen),
        expires: w.text("in 29 days"),
    };
    let other = |line| OtherSession { line, end: w.form("/account/sessions/end") };
    let device = |name: &str, trusted: Option<&str>| Device {
        name: w.label(name),
        detail: w.text("last sign-in 3 November · from 192.0.2.7"),
        trusted: trusted.map(|until| w.text(until)),
        forget: w.form("/account/devices/forget"),
    };
    let sessions = Sessions {
        shell: w.shell(),
        notice: Some(w.text("That session has ended.")),
        session: line("Firefox on Linux", "192.0.2.7", "today 09:12", "now"),
        sign_out: w.form("/logout"),
        others: vec![
            other(line("Safari on iPhone", "2001:db8::17", "20 November", "yesterday")),
            other(line("Chrome on Windows", "198.51.100.23", "3 November", "12 November")),
        ],
        sign_out_others: w.form("/account/sessions/end-others"),
        devices: vec![
            device("Firefox on Linux", Some("3 December 2026")),
            device("Safari on iPhone", None),
        ],
        distrust: Some(w.form("/account/devices/distrust")),
    };
    let alone = Sessions {
        notice: None,
        others: Vec::new(),
        devices: vec![device("Firefox on Linux", None)],
        distrust: None,
        ..sessions.clone()
    };
    let apps = Apps {
        shell: w.shell(),
        notice: Some(w.text("The app was disconnected.")),
        apps: vec![ConnectedApp {
            name: w.label("Claude"),
            scopes: vec![w.text("Know who you are"), w.text("See your e-mail address")],
            resources: vec![w.text("https://notes.example.com/mcp")],
            detail: w.text("since 3 November · last used today"),
            disconnect: w.form("/account/apps/disconnect"),
        }],
    };
    let none = Apps { apps: Vec::new(), notice: None, ..apps.clone() };
    vec![
        ("account_sessions", sessions.render()),
        ("account_sessions_plain", alone.render()),
        ("account_apps", apps.render()),
        ("account_apps_plain", none.render()),
    ]
}

fn keys(w: Words) -> Vec<Rendered> {
    let key = |name: &str, is_over| Key {
        name: w.label(name),
        hint: w.text("mcp_Ab3x"),
        scopes: vec![w.text("read:models"), w.text("write:models")],
        detail: w.text("made 3 November · not used yet · never ends"),
        is_over,
        due: (!is_over).then(|| w.text("Replace it by 3 December")),
        rotate: (!is_over).then(|| w.form("/account/keys/rotate")),
        revoke: w.form("/account/keys/revoke"),
    };
    let keys = Keys {
        shell: w.shell(),
        notice: Some(w.text("The key was revoked.")),
        keys: vec![key("ci-deploy", false), key("backup", true)],
        can_make: true,
    };
    let off = Keys { keys: Vec::new(), notice: None, can_make: false, ..keys.clone() };
    let lifetime = |value: &str, label: &str, is_chosen| Lifetime {
        value: w.text(value),
        label: w.text(label),
        is_chosen,
    };
    let new = NewKey {
        shell: w.shell(),
        form: w.form("/account/keys/new"),
        label: String::new(),
        scopes: ["read:models", "write:models"]
            .map(|scope| ScopeBox { scope: w.text(scope), is_ticked: scope == "read:models" })
            .to_vec(),
        lifetimes: vec![
            lifetime("90", "90 days", true),
            lifetime("", "Until it is revoked", false),
        ],
        error: None,
    };
    let refused = NewKey {
        label: w.text("ci-deploy"),
        error: Some(w.text("Name at least one scope.")),
        ..new.clone()
    };
    let made = MadeKey {
        shell: w.shell(),
        name: w.label("ci-deploy"),
        replaces: Some(w.text("The key in whose place it comes works until 3 December.")),
        key: w.text("mcp_Ab3xYz0123456789Ab3xYz0123456789"),
    };
    vec![
        ("account_keys", keys.render()),
        ("account_keys_plain", off.render()),
        ("key_new", new.render()),
        ("key_new_refused", refused.render()),
        ("key_made", made.render()),
    ]
}
