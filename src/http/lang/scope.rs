//! What a scope lets an app do, in words of ours. Those of a resource's own scopes come with the resource.

use super::Lang;
use crate::model::scope::{EMAIL, OFFLINE_ACCESS, OPENID, PROFILE};

/// The sentence for a scope.
pub fn sentence(lang: Lang, scope: &str) -> String {
    let text = match scope {
        OPENID => lang.t("scope-openid"),
        PROFILE => lang.t("scope-profile"),
        EMAIL => lang.t("scope-email"),
        OFFLINE_ACCESS => lang.t("scope-offline"),
        other => lang.t("scope-other").with("scope", other),
    };
    text.into()
}
