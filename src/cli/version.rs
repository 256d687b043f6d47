//! `version`: which release this is and how it was built.

use serde_json::json;

use super::{ctx::Ctx, failure::Done};
use crate::db;

/// The version of the JSON documents: it grows when a field is taken away or means something else, not when one is added.
pub const JSON: u32 = 1;

/// Prints it.
pub fn run(ctx: &Ctx) -> Done {
    let version = env!("CARGO_PKG_VERSION");
    let target = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    let (sqlite, migrations) = (db::library(), db::copy::known());
    ctx.out.record(
        &json!({
            "schema": JSON, "version": version, "target": target, "build": build, "sqlite": sqlite,
            "database_schema": migrations, "tls": "rustls with aws-lc",
        }),
        &[
            ("mcpcodex", version.to_owned()),
            ("target", target.clone()),
            ("build", build.to_owned()),
            ("sqlite", sqlite.to_owned()),
            ("database schema", migrations.to_string()),
            ("tls", "rustls with aws-lc".to_owned()),
            ("json schema", JSON.to_string()),
        ],
    )
}
