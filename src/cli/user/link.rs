//! `user link`, `unlink` and `links`: which identities at providers are whose.

use serde_json::json;

use crate::{
    cli::{ctx::Ctx, failure::Done},
    ops::provider,
    time::Time,
};

/// Which identity, and whose.
#[derive(clap::Args, Debug)]
pub struct Link {
    /// User name, e-mail address or id
    name: String,
    /// The provider's name in the configuration, or its issuer
    provider: String,
    /// The provider's name for the person (`sub`)
    subject: String,
}

/// `user link`.
pub(super) fn link(ctx: &Ctx, args: Link) -> Done {
    let desk = ctx.open()?;
    let user = desk.user(&args.name)?;
    let (id, to, subject) = (user.id.clone(), args.provider.clone(), args.subject.clone());
    desk.write(move |tx, env, who| {
        provider::link::link(tx, env, who, id.as_str(), (&to, &subject))
    })?;
    shown(ctx, "linked", &user.username, args)
}

/// `user unlink`.
pub(super) fn unlink(ctx: &Ctx, args: Link) -> Done {
    let desk = ctx.open()?;
    let user = desk.user(&args.name)?;
    let (id, to, subject) = (user.id.clone(), args.provider.clone(), args.subject.clone());
    desk.write(move |tx, env, who| {
        // A provider that is not configured any more is named by its issuer.
        let issuer = provider::find(env, Some(&to)).map_or(to.clone(), |one| one.issuer.to_owned());
        provider::link::unlink(tx, env, who, &id, (&issuer, &subject))
    })?;
    shown(ctx, "unlinked", &user.username, args)
}

fn shown(ctx: &Ctx, what: &'static str, username: &str, args: Link) -> Done {
    let document = json!({ "user": username, "provider": args.provider, what: args.subject });
    let properties =
        [("user", username.to_owned()), ("provider", args.provider), (what, args.subject)];
    ctx.out.record(&document, &properties)
}

/// `user links`.
pub(super) fn list(ctx: &Ctx, name: &str) -> Done {
    let desk = ctx.open()?;
    let user = desk.user(name)?;
    let links = desk.read(|r, _, who| provider::link::of(r, who, &user.id))?;
    let documents = links.iter().map(|link| {
        json!({
            "provider": link.provider,
            "issuer": link.issuer,
            "subject": link.subject,
            "email": link.email,
            "made_account": link.made_account,
            "created_at": link.created_at.rfc3339(),
            "last_used_at": link.last_used_at.map(Time::rfc3339),
        })
    });
    let rows = links.iter().map(|link| {
        vec![
            link.provider.clone(),
            link.issuer.clone(),
            link.subject.clone(),
            link.email.clone().unwrap_or_else(|| "-".to_owned()),
            super::when(link.last_used_at),
        ]
    });
    let none = "none; mcpcodex user link USER PROVIDER SUBJECT";
    let head = ["provider", "issuer", "subject", "e-mail", "last sign-in"];
    ctx.out.list(documents.collect(), &head, rows.collect(), none)
}
