//! A program of your own that takes API keys and sessions, without any HTTP server of ours:
//! `cargo run --example embedding -- DATA_DIR`. It makes somebody and a key, and then asks about both.

#![cfg_attr(not(test), expect(clippy::print_stdout, reason = "it tells what it does"))]

use std::{error::Error, path::PathBuf};

use mcpcodex::{
    AuthenticationService,
    app::App,
    config::Config,
    db::Clock,
    model::actor::{Actor, Origin, Via},
    ops,
    service::{
        authentication::{AuthError, Refusal},
        provider::Providers,
    },
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1);
    run(folder.map_or_else(|| PathBuf::from("mcpcodex-data"), PathBuf::from)).await
}

/// All of it, in this folder.
pub(crate) async fn run(folder: PathBuf) -> Result<(), Box<dyn Error>> {
    let mut config = Config::default();
    config.storage.data_dir = folder;
    let app = App::open(config, None, Clock::system())?;

    // As an operator does on the command line.
    let operator = Actor::operator("embedding", Via::Cli);
    let env = app.env();
    let made = app.db.write_blocking(move |tx| {
        let new = ops::user::New {
            username: "ann".to_owned(),
            email: "ann@example.com".to_owned(),
            roles: vec!["user".to_owned()],
            ..ops::user::New::default()
        };
        let first = ops::user::FirstPassword::Provider;
        let ann = ops::user::create(tx, &env, &operator, &new, &first)?.user;
        let new = ops::apikey::New {
            name: "embedding".to_owned(),
            scopes: vec!["read:models".to_owned()],
            ..ops::apikey::New::default()
        };
        let key = ops::apikey::create(tx, &env, &operator, &ann, &new)?.text;
        let amr = vec!["pwd".to_owned()];
        let session = ops::session::open(tx, &env, &Origin::default(), &ann, amr, false)?;
        Ok((key, ops::session::cookie(&env, &session)?))
    });
    let (key, token) = made?;

    let service = AuthenticationService::new(app, Providers::default());
    let access = service.authenticate_api_key(key.expose()).await?;
    println!(
        "the key of {} may {}, {} uses left",
        access.user.username, access.scopes, access.limit.left
    );

    let session = service.validate_session(&token).await?;
    println!(
        "the session of {} ends at {}",
        session.user.username,
        session.session.ends_at().rfc3339()
    );
    service.logout(&token).await?;
    match service.validate_session(&token).await {
        Err(AuthError::Refused(Refusal::Session(why))) => println!("the session: {}", why.reason()),
        Ok(_) | Err(_) => return Err("a session that was ended still counts".into()),
    }

    // Where a person would be sent to sign in.
    let request = service.initiate_auth(None).await?;
    println!("sign in at {}", request.url.split('?').next().unwrap_or_default());
    Ok(())
}
