//! The pages of codes that are sent, and of choosing a second factor.

use mcpcodex::http::view::{
    EnrolChoice, EnrolCode, EnrolContact, EnrolLink, Medium, MfaMessage, Offer, Sending,
};

use super::{Rendered, Words};

pub(super) fn pages(w: Words) -> Vec<Rendered> {
    let mut list = codes(w);
    list.extend(enrolment(w));
    list
}

fn codes(w: Words) -> Vec<Rendered> {
    let sms = MfaMessage {
        shell: w.shell(),
        form: w.form("/mfa"),
        send: w.form("/mfa/send"),
        medium: Medium::Sms,
        username: w.label("ann"),
        to: w.text("+49 ••• ••42"),
        trust_days: Some(30),
        ways: w.ways(&[("recovery", "Use a recovery code", "/mfa/recovery")]),
        ..MfaMessage::default()
    };
    let sent = MfaMessage { sending: Some(Sending::Sent), ..sms.clone() };
    let refused = MfaMessage { error: Some(w.text("That code did not work.")), ..sent.clone() };
    let email =
        MfaMessage {
            medium: Medium::Email, to: w.text("a•••@northwind.example"), ..sms.clone()
        };
    let stuck = MfaMessage { sending: Some(Sending::Failed), ..email.clone() };
    vec![
        ("mfa_sms", sms.render()),
        ("mfa_sms_again", sent.render()),
        ("mfa_sms_refused", refused.render()),
        ("mfa_email", email.render()),
        ("mfa_email_again", stuck.render()),
    ]
}

fn enrolment(w: Words) -> Vec<Rendered> {
    let ways = w.ways(&[("cancel", "Back to your account", "/account/security")]);
    let offer = |at: usize, about: &str, weak| Offer {
        way: w.ways(&[
            ("totp", "Authenticator app", "/mfa/enroll?method=totp"),
            ("sms", "Codes by SMS", "/mfa/enroll?method=sms"),
        ])[at]
            .clone(),
        about: w.text(about),
        weak,
    };
    let choice = EnrolChoice {
        shell: w.shell(),
        reason: Some(w.text("Administrators sign in with a second factor.")),
        offers: vec![
            offer(0, "An app shows a new code every half minute.", false),
            offer(1, "A code comes to your phone.", true),
        ],
        ways: ways.clone(),
    };
    let sms = EnrolContact {
        shell: w.shell(),
        form: w.form("/mfa/enroll/send"),
        medium: Medium::Sms,
        ways: ways.clone(),
        ..EnrolContact::default()
    };
    let sms_refused = EnrolContact {
        value: w.text("0151"),
        error: Some(w.text("This is no phone number.")),
        ..sms.clone()
    };
    let email = EnrolContact { medium: Medium::Email, ..sms.clone() };
    let code = EnrolCode {
        shell: w.shell(),
        form: w.form("/mfa/enroll"),
        again: w.form("/mfa/enroll/send"),
        medium: Medium::Sms,
        to: w.text("+4915123456789"),
        sending: Some(Sending::Underway),
        error: None,
        ways,
    };
    let code_refused =
        EnrolCode { sending: None, error: Some(w.text("That code did not work.")), ..code.clone() };
    let email_code =
        EnrolCode { medium: Medium::Email, sending: Some(Sending::Unknown), ..code.clone() };
    let link =
        EnrolLink { shell: w.shell(), username: w.label("ann"), sign_in: w.path("/login?enrol=x") };
    vec![
        ("enrol_choice", choice.render()),
        ("enrol_sms", sms.render()),
        ("enrol_sms_refused", sms_refused.render()),
        ("enrol_email", email.render()),
        ("enrol_sms_code", code.render()),
        ("enrol_sms_code_refused", code_refused.render()),
        ("enrol_email_code", email_code.render()),
        ("enrol_link", link.render()),
    ]
}
