//! Examples for the help of each command that has none of its own, in one table: a test sees to it that every command has
//! two, and that each of them is understood.

use clap::Command;

const TABLE: &[(&str, [&str; 2])] = &[
    (
        "auth setup oauth2",
        [
            "auth setup oauth2",
            "auth setup oauth2 --non-interactive --issuer https://auth.example.com --admin root --admin-email root@example.com --password-stdin --client App --redirect-uri https://app.example.com/callback",
        ],
    ),
    ("auth setup link", ["auth setup link", "auth setup link --json"]),
    ("mfa list", ["mfa list --user alice", "mfa list --user alice --json"]),
    ("mfa disable", ["mfa disable --user alice --type sms", "mfa disable --user alice --yes"]),
    ("mfa reset", ["mfa reset --user alice", "mfa reset --user alice --mail"]),
    ("mfa link", ["mfa link --user alice", "mfa link --user alice --mail"]),
    ("mfa codes", ["mfa codes --user alice", "mfa codes --user alice --out codes.txt"]),
    ("apikey show", ["apikey show ak_019c", "apikey show ak_019c --field rotation_due_at"]),
    (
        "apikey edit",
        ["apikey edit ak_019c --name nightly", "apikey edit ak_019c --rate 60/m --burst 10"],
    ),
    ("apikey usage", ["apikey usage ak_019c", "apikey usage ak_019c --days 7 --json"]),
    ("user list", ["user list", "user list --filter ali --jsonl"]),
    ("user show", ["user show alice", "user show alice --field email"]),
    (
        "user edit",
        ["user edit alice --email alice@example.org", "user edit alice --role admin --dry-run"],
    ),
    ("user lock", ["user lock alice", "user lock alice --dry-run"]),
    ("user unlock", ["user unlock alice", "user unlock alice --json"]),
    ("user disable", ["user disable alice", "user disable alice --dry-run"]),
    ("user enable", ["user enable alice", "user enable alice --json"]),
    ("user delete", ["user delete alice", "user delete alice --yes --json"]),
    ("user password", ["user password alice --password-stdin", "user password alice --reset-link"]),
    ("user invite", ["user invite carol", "user invite carol --mail"]),
    (
        "user link",
        ["user link alice corp 00u1a2b3c4", "user link alice https://idp.example.com 42 --dry-run"],
    ),
    (
        "user unlink",
        ["user unlink alice corp 00u1a2b3c4", "user unlink alice corp 00u1a2b3c4 --dry-run"],
    ),
    ("user links", ["user links alice", "user links alice --json"]),
    ("client list", ["client list", "client list --pending --json"]),
    ("client show", ["client show c_019c", "client show c_019c --field redirect_uris"]),
    (
        "client edit",
        ["client edit c_019c --name Notes", "client edit c_019c --strict-refresh true --dry-run"],
    ),
    ("client approve", ["client approve c_019c", "client approve c_019c --dry-run"]),
    ("client deny", ["client deny c_019c", "client deny c_019c --json"]),
    ("client disable", ["client disable c_019c", "client disable c_019c --dry-run"]),
    ("client enable", ["client enable c_019c", "client enable c_019c --json"]),
    ("client delete", ["client delete c_019c", "client delete c_019c --yes"]),
    ("client prune", ["client prune --dry-run", "client prune --unused 30d --yes"]),
    (
        "client secret rotate",
        ["client secret rotate c_019c", "client secret rotate c_019c --out secret.txt"],
    ),
    (
        "client exchange allow",
        [
            "client exchange allow notes --from https://a.example/mcp --to https://b.example/mcp --scope read",
            "client exchange allow notes --from https://a.example/mcp --to https://b.example/mcp --scope read=search",
        ],
    ),
    ("client exchange list", ["client exchange list", "client exchange list notes --json"]),
    (
        "client exchange revoke",
        [
            "client exchange revoke notes --from https://a.example/mcp --to https://b.example/mcp",
            "client exchange revoke notes --from https://a.example/mcp --to https://b.example/mcp --dry-run",
        ],
    ),
    ("client template list", ["client template list", "client template list --json"]),
    ("client token list", ["client token list", "client token list --json"]),
    (
        "client token revoke",
        ["client token revoke rt_019c", "client token revoke rt_019c --dry-run"],
    ),
    ("resource list", ["resource list", "resource list --jsonl"]),
    (
        "resource show",
        [
            "resource show https://mcp.example.com/mcp",
            "resource show https://mcp.example.com/mcp --field metadata_url",
        ],
    ),
    (
        "resource delete",
        [
            "resource delete https://mcp.example.com/mcp",
            "resource delete https://mcp.example.com/mcp --dry-run",
        ],
    ),
    ("session list", ["session list", "session list --user alice --json"]),
    ("message list", ["message list", "message list --limit 10 --json"]),
    ("message read", ["message read m_019c", "message read m_019c --json"]),
    ("key list", ["key list", "key list --json"]),
    (
        "issuer add",
        [
            "issuer add https://idp.example.com --jwks keys.json",
            "issuer add https://idp.example.com --jwks-uri https://idp.example.com/jwks --by-email",
        ],
    ),
    ("issuer list", ["issuer list", "issuer list --json"]),
    (
        "issuer show",
        ["issuer show https://idp.example.com", "issuer show https://idp.example.com --json"],
    ),
    (
        "issuer remove",
        [
            "issuer remove https://idp.example.com",
            "issuer remove https://idp.example.com --dry-run",
        ],
    ),
    (
        "issuer link",
        [
            "issuer link https://idp.example.com 42 --user alice",
            "issuer link https://idp.example.com 42 --user alice --dry-run",
        ],
    ),
    (
        "issuer unlink",
        [
            "issuer unlink https://idp.example.com 42",
            "issuer unlink https://idp.example.com 42 --dry-run",
        ],
    ),
    (
        "issuer audience allow",
        [
            "issuer audience allow https://api.example.org --client notes --as notes-there",
            "issuer audience allow https://api.example.org --client notes --as notes-there --scope read",
        ],
    ),
    ("issuer audience list", ["issuer audience list", "issuer audience list --json"]),
    (
        "issuer audience revoke",
        [
            "issuer audience revoke https://api.example.org --client notes",
            "issuer audience revoke https://api.example.org --client notes --dry-run",
        ],
    ),
    (
        "agent create",
        ["agent create nightly --owner alice", "agent create nightly --owner alice --dry-run"],
    ),
    ("agent list", ["agent list", "agent list --owner alice --json"]),
    ("agent show", ["agent show nightly", "agent show nightly --json"]),
    ("agent disable", ["agent disable nightly", "agent disable nightly --dry-run"]),
    ("agent enable", ["agent enable nightly", "agent enable nightly --json"]),
    ("agent delete", ["agent delete nightly", "agent delete nightly --yes"]),
    (
        "audit list",
        ["audit list --user alice", "audit list --event session --since 2026-01-01 --json"],
    ),
    ("audit tail", ["audit tail", "audit tail -f --event user"]),
    ("audit attempts", ["audit attempts", "audit attempts --refused --json"]),
    ("audit verify", ["audit verify", "audit verify --json"]),
    ("audit export", ["audit export", "audit export --since 2026-01-01"]),
    ("audit prune", ["audit prune --older 400d --dry-run", "audit prune --older 400d --yes"]),
    ("audit anchor", ["audit anchor", "audit anchor --yes"]),
    ("config check", ["config check", "config check auth.config.yaml --json"]),
    ("config show", ["config show", "config show --origin"]),
    ("config schema", ["config schema", "config schema --out schema.json"]),
    ("help", ["help user create", "help exit-codes"]),
];

/// The tree with two examples at each command.
pub fn with(command: Command) -> Command {
    below(command, "")
}

fn below(mut command: Command, path: &str) -> Command {
    let names: Vec<String> =
        command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in names {
        let path = format!("{path} {name}").trim_start().to_owned();
        command = command.mut_subcommand(&name, |sub| {
            let sub = below(sub, &path);
            shown(
                sub,
                path.strip_prefix("auth ")
                    .filter(|path| !path.starts_with("setup"))
                    .unwrap_or(&path),
            )
        });
    }
    command
}

fn shown(command: Command, path: &str) -> Command {
    let Some((_, examples)) = TABLE.iter().find(|(known, _)| *known == path) else {
        return command;
    };
    let before = command.get_after_help().map(|text| format!("{text}\n\n")).unwrap_or_default();
    let [first, second] = examples;
    command.after_help(format!("{before}Examples:\n  mcpcodex {first}\n  mcpcodex {second}"))
}
