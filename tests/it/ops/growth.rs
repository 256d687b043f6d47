//! What a flood leaves in the file: nothing that goes on growing, and pages that the next flood fills again.

use mcpcodex::{
    db::Db,
    model::registration::Metadata,
    ops::{
        audit,
        registration::{self, Answer},
    },
};
use serde_json::json;

use crate::support::{TestApp, operator, origin};

/// About 3 kB, so that a registration that stays is seen.
fn long(n: usize) -> Metadata {
    let uris: Vec<String> =
        (0..10).map(|at| format!("https://a.example/{n}/{at}/{}", "x".repeat(250))).collect();
    let all = json!({
        "client_name": format!("Tool {n}"), "redirect_uris": uris,
        "token_endpoint_auth_method": "none",
    });
    Metadata::read(all.as_object().unwrap()).unwrap()
}

/// Registers `count` different apps, as fast as one network may once there are as many as may be.
fn register(server: &TestApp, first: usize, count: usize) {
    for minute in 0..count / 60 {
        server.advance(61);
        let (env, first) = (server.app.env(), first + minute * 60);
        server.write(move |tx| {
            for n in first..first + 60 {
                let who = mcpcodex::model::actor::Actor::anonymous(origin());
                let answer = registration::register(tx, &env, &who, &long(n), None)?;
                assert!(matches!(answer, Answer::Registered(_)), "{n}");
            }
            Ok(())
        });
    }
}

/// Bytes of the whole database, and those of them that stand empty.
fn bytes(db: &Db) -> (i64, i64) {
    let pragma = |name: &str| {
        let sql = format!("select {name} from pragma_{name}");
        db.read(|r| r.one(&sql, [], |row| row.get::<_, i64>(0))).unwrap().unwrap()
    };
    let page = pragma("page_size");
    (pragma("page_count") * page, pragma("freelist_count") * page)
}

#[test]
fn ten_thousand_registrations_that_come_and_go_leave_their_pages_to_the_next() {
    let server = TestApp::with(|config| config.authentication.clients.most = 300);
    let db = &server.app.db;
    let empty = bytes(db).0;
    register(&server, 0, 300);
    let full = bytes(db).0;
    let each = (full - empty) / 300;
    assert!(each > 4_000, "{each} bytes each: too little to be seen");
    register(&server, 300, 4_680);
    let half = bytes(db).0;
    register(&server, 5_000, 5_040);
    let all = bytes(db).0;
    // What happened is told in the record, one row for a registration and some for those that went; that is pruned by age.
    let told = (all - half) / 5_040;
    println!(
        "empty {empty}, 300 apps {full} ({each} each), 5,000 came {half}, 10,000 came {all} ({told} each)"
    );
    assert!(told < 1_200, "{told} bytes stay of a registration that is gone");

    // Without the record nothing grows at all.
    let now = db.now();
    server.write(move |tx| audit::chain::prune(tx, &operator(), now).map(drop));
    let (before, room) = bytes(db);
    assert!(room > (all - half), "what was pruned left {room} bytes of room");
    register(&server, 20_000, 1_200);
    let (after, _) = bytes(db);
    println!("pruned: {before} of which {room} empty; 1,200 more came: {after}");
    assert_eq!(after, before, "the file grew though it had room");
}
