//! Apps that many people connect, with the addresses at which they take answers: so that nobody looks those up.

/// An app as it is registered by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// What it is asked for by.
    pub name: &'static str,
    /// What people see.
    pub title: &'static str,
    /// Where answers go; a port of this computer is left open by all of them.
    pub redirect_uris: &'static [&'static str],
    /// Where in the app the `client_id` is entered.
    pub how: &'static str,
}

/// Every template there is. All are public clients: none of these apps needs a secret.
pub const TEMPLATES: &[Template] = &[
    Template {
        name: "claude",
        title: "Claude",
        redirect_uris: &[
            "https://claude.ai/api/mcp/auth_callback",
            "https://claude.com/api/mcp/auth_callback",
        ],
        how: "Settings, Connectors, Add custom connector, Advanced settings: OAuth Client ID",
    },
    Template {
        name: "claude-code",
        title: "Claude Code",
        redirect_uris: &["http://localhost/callback", "http://127.0.0.1/callback"],
        how: "claude mcp add --transport http --client-id ID NAME URL",
    },
    Template {
        name: "chatgpt",
        title: "ChatGPT",
        redirect_uris: &["https://chatgpt.com/connector_platform_oauth_redirect"],
        how: "ChatGPT shows a callback of its own for each app: add it with --redirect-uri",
    },
    Template {
        name: "vscode",
        title: "Visual Studio Code",
        redirect_uris: &[
            "http://127.0.0.1/",
            "http://127.0.0.1:33418/",
            "https://vscode.dev/redirect",
            "https://insiders.vscode.dev/redirect",
        ],
        how: "VS Code asks for the client_id when it connects for the first time",
    },
    Template {
        name: "cursor",
        title: "Cursor",
        redirect_uris: &[
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "http://localhost:8787/callback",
            "https://www.cursor.com/agents/mcp/oauth/callback",
        ],
        how: "mcp.json: \"auth\": { \"CLIENT_ID\": \"ID\" } beside \"url\"",
    },
    Template {
        name: "inspector",
        title: "MCP Inspector",
        redirect_uris: &[
            "http://localhost:6274/oauth/callback",
            "http://localhost:6274/oauth/callback/debug",
            "http://127.0.0.1:6274/oauth/callback",
            "http://127.0.0.1:6276/oauth/callback",
        ],
        how: "Settings, OAuth Settings: Client ID; or --client-id on its command line",
    },
];

/// Hosts of the documents by which widely used apps name themselves. They are always there: who cannot reach them has no
/// way out.
pub const DOCUMENT_HOSTS: &[&str] = &["claude.ai", "chatgpt.com", "opencode.ai", "vscode.dev"];

/// The template of that name.
pub fn find(name: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::redirect::RedirectUri;

    #[test]
    fn each_template_has_a_name_of_its_own_and_addresses_that_can_be_registered() {
        for (at, template) in TEMPLATES.iter().enumerate() {
            assert_eq!(TEMPLATES.iter().position(|own| own.name == template.name), Some(at));
            assert!(!template.redirect_uris.is_empty() && !template.how.is_empty());
            for uri in template.redirect_uris {
                assert!(RedirectUri::parse(uri).is_ok(), "{uri}");
            }
        }
    }
}
