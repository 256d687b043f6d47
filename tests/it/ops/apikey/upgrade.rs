//! Keys from before keys took turns: they are there after the upgrade, and work.

use mcpcodex::{
    app::App,
    config::{Config, tokens::SigningAlgorithm},
    crypto::secret::Hashed,
    db::{Clock, Db, MIGRATIONS, Migration, Options, params},
    ops::{
        self,
        apikey::{Whose, gate::Verdict},
    },
};

use crate::support::{ADDRESS, RUNTIME, START, operator};

/// With the checksum that keys had then.
const KEY: &str = "mcp_AbCdEfGhIjKlMnOpQrStUvWxYzkA8oL1";

fn before() -> &'static [Migration] {
    let last = MIGRATIONS.iter().position(|(name, _)| *name == "0016_api_keys").unwrap();
    &MIGRATIONS[..last]
}

#[test]
fn key_of_an_earlier_release_works_after_the_upgrade() {
    let temp = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.storage.data_dir = temp.path().join("data");
    config.authentication.tokens.access_token.algorithm = SigningAlgorithm::Es256;
    let options = Options::in_folder(&config.storage.data_dir);
    let old = Db::open(Options { migrations: before(), ..options }).unwrap();
    old.write_blocking(|tx| {
        tx.exec_one(
            "insert into users (id, username, username_key, username_skeleton, email, email_key, name,
                                state, created_at, updated_at)
             values ('u_1', 'ann', 'ann', 'ann', 'a@example.com', 'a@example.com', '', 'active', 1, 1)",
            [],
        )?;
        tx.exec_one(
            "insert into api_keys (id, user_id, name, hint, key_hash, scopes, requests_per_minute,
                                   burst_size, created_at, last_used_at)
             values ('ak_1', 'u_1', 'ci', 'mcp_AbCd', ?1, 'read:models', 100, 2, 1, 5)",
            params![Hashed::of(KEY).as_bytes()],
        )
    })
    .unwrap();
    drop(old);

    let app = App::open(config, None, Clock::manual(START)).unwrap();
    let rows = app.db.read(|r| ops::apikey::list(r, &operator(), Whose::All, 9)).unwrap();
    assert_eq!((rows.len(), rows[0].username.as_str(), rows[0].agent.as_deref()), (1, "ann", None));
    assert!(rows[0].key.rotation_due_at.is_none() && rows[0].key.last_used_at.is_some());
    let let_in = (0..5).filter(|_| {
        let verdict = RUNTIME.block_on(app.authenticate_api_key(ADDRESS, KEY)).unwrap();
        matches!(verdict, Verdict::In(_))
    });
    assert_eq!(let_in.count(), 2);
}
