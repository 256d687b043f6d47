//! Pages about passkeys.

use mcpcodex::http::view::{
    EnrolPasskey, MfaPasskey, PasskeyForm, PasskeyLine, Passkeys, RemovePasskey,
};

use super::{Rendered, Words};

pub(super) fn pages(w: Words) -> Vec<Rendered> {
    let mut list = asking(w);
    list.extend(own(w));
    list
}

fn asking(w: Words) -> Vec<Rendered> {
    let mfa = MfaPasskey {
        shell: w.shell(),
        passkey: PasskeyForm::get(w.form("/mfa/passkey"), "/passkey/second-factor"),
        client: Some(w.label("Claude Code")),
        username: w.label("ann"),
        trust_days: Some(30),
        ways: w.ways(&[("recovery", "Use a recovery code", "/mfa/recovery")]),
        ..MfaPasskey::default()
    };
    let mfa_refused = MfaPasskey { error: Some(w.text("That did not work.")), ..mfa.clone() };
    let enrol = EnrolPasskey {
        shell: w.shell(),
        passkey: PasskeyForm::create(w.form("/mfa/enroll/passkey"), "/passkey/register"),
        reason: Some(w.text("Administrators sign in with a second factor.")),
        ways: w.ways(&[("recovery", "Use a recovery code", "/mfa/recovery")]),
        ..EnrolPasskey::default()
    };
    let enrol_refused = EnrolPasskey {
        label: w.text("Phone"),
        error: Some(w.text("That did not work.")),
        ..enrol.clone()
    };
    vec![
        ("mfa_passkey", mfa.render()),
        ("mfa_passkey_refused", mfa_refused.render()),
        ("enrol_passkey", enrol.render()),
        ("enrol_passkey_refused", enrol_refused.render()),
    ]
}

fn own(w: Words) -> Vec<Rendered> {
    let line = |id: &str, label: &str, flagged: Option<&str>| PasskeyLine {
        id: id.to_owned(),
        label: w.label(label),
        added: w.text("added 3 Nov 2026, 09:12 UTC"),
        used: w.text("last used 4 Nov 2026, 09:12 UTC"),
        synced: flagged.is_none(),
        flagged: flagged.map(|text| w.text(text)),
        rename: w.form("/account/passkeys/rename"),
        remove: w.path("/account/passkeys/remove?id=x"),
    };
    let list = Passkeys {
        shell: w.shell(),
        notice: Some(w.text("Your passkey is ready.")),
        passkeys: vec![
            line("f_1", "Phone", None),
            line("f_2", "Blue key", Some("Its counter went back: perhaps it was copied.")),
        ],
        add: Some(w.path("/mfa/enroll/passkey")),
    };
    let none = Passkeys { passkeys: Vec::new(), notice: None, ..list.clone() };
    let remove = RemovePasskey {
        shell: w.shell(),
        form: w.form("/account/passkeys/remove"),
        label: w.label("Phone"),
        stay: w.path("/account/passkeys"),
    };
    vec![
        ("passkeys", list.render()),
        ("passkeys_plain", none.render()),
        ("remove_passkey", remove.render()),
    ]
}
