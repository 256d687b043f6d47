//! Who may have which scope for which resource. The one place that says so: authorization, exchange and every
//! refresh ask here, so that a right taken away is gone with the next token.

use super::{Code, Refusal};
use crate::{
    db::Read,
    error::Result,
    model::{
        client::{Client, ClientOrigin},
        resource::{Resource, ResourceUri, Risk},
        scope::{ADMIN_PREFIX, EMAIL, OPENID, PROFILE, STANDARD, ScopeSet},
        trace::Rule,
        user::{ADMIN, User},
    },
    store,
    time::Time,
};

/// More resources than any real request names.
const MOST_RESOURCES: usize = 8;
/// As many of a request's scopes are looked up to find the resource that it means.
const MOST_SCOPES: usize = 32;

/// Finds the resources that a request names, or says which rule it breaks (RFC 8707 §2).
pub fn resources(
    r: &Read<'_>,
    client: &Client,
    asked: &[String],
) -> Result<Result<Vec<Resource>, Refusal>> {
    let refuse = |rule, why: &'static str| Ok(Err(Refusal::new(Code::InvalidTarget, rule, why)));
    if asked.len() > MOST_RESOURCES {
        return refuse(Rule::ResourceMany, "too many resources in one request");
    }
    let mut found: Vec<Resource> = Vec::with_capacity(asked.len());
    for text in asked {
        let Ok(uri) = ResourceUri::parse(text) else {
            let why = "a resource must be an absolute URI without a fragment";
            return refuse(Rule::ResourceMalformed, why);
        };
        let Some(resource) = registered(r, client, &uri)? else {
            let why = "this resource is not registered here, or not for this client";
            return refuse(Rule::ResourceUnknown, why);
        };
        if !found.iter().any(|seen| seen.uri == resource.uri) {
            found.push(resource);
        }
    }
    Ok(Ok(found))
}

/// [`resources`], or for a request that names none the one that it can only mean: the single resource that the client is
/// registered for, or the single one that offers what it asks for. Clients from before RFC 8707 name none, and RFC 8707 §2
/// leaves it to the server what that means. Nothing is meant by a request for the person's identity alone.
pub fn meant(
    r: &Read<'_>,
    client: &Client,
    asked: &[String],
    scopes: &ScopeSet,
) -> Result<Result<Vec<Resource>, Refusal>> {
    if !asked.is_empty() {
        return resources(r, client, asked);
    }
    if scopes.is_empty() {
        let own = remaining(r, client, &client.resources)?;
        return Ok(Ok(if own.len() == 1 { own } else { Vec::new() }));
    }
    let mut found: Vec<Resource> = Vec::new();
    for scope in scopes.iter().filter(|scope| !STANDARD.contains(scope)).take(MOST_SCOPES) {
        for id in store::resource::offering(r, scope)? {
            if found.iter().any(|seen| seen.id == id) {
                continue;
            }
            let resource = store::resource::by_id(r, &id)?;
            found.extend(resource.filter(|own| is_open(client, &own.uri)));
            if found.len() > 1 {
                return Ok(Ok(Vec::new()));
            }
        }
    }
    Ok(Ok(found))
}

/// Those of these resources that still exist and are still the client's.
pub fn remaining(r: &Read<'_>, client: &Client, uris: &[ResourceUri]) -> Result<Vec<Resource>> {
    let mut left = Vec::with_capacity(uris.len());
    for uri in uris {
        left.extend(registered(r, client, uri)?);
    }
    Ok(left)
}

/// The resources that a token is for: those of what was granted at `given` that stand and that the person may use, or
/// those of them that are asked for now (RFC 8707 §2.2).
///
/// `invalid_target` is only for a request that goes beyond the grant. What the grant has lost is `invalid_grant`: on that
/// word clients begin anew, while the other would be told them for ever.
pub fn narrow_for(
    r: &Read<'_>,
    client: &Client,
    user: &User,
    (granted, given): (&[ResourceUri], Time),
    asked: &[String],
) -> Result<Result<Vec<Resource>, Refusal>> {
    let lost = |rule, why: &'static str| Ok(Err(Refusal::new(Code::InvalidGrant, rule, why)));
    let mut standing = remaining(r, client, granted)?;
    // What was deleted and registered anew is another resource, for which nothing was allowed.
    standing.retain(|resource| resource.created_at <= given);
    if standing.is_empty() && !granted.is_empty() {
        let why = "the resource of this grant was removed, or registered anew";
        return lost(Rule::ResourceGone, why);
    }
    let open = match open_to(user, standing) {
        Ok(open) => open,
        Err(refusal) => return Ok(Err(Refusal { code: Code::InvalidGrant, ..refusal })),
    };
    if asked.is_empty() {
        return Ok(Ok(open));
    }
    let was_granted =
        |text: &String| ResourceUri::parse(text).is_ok_and(|uri| granted.contains(&uri));
    let mut found = match resources(r, client, asked)? {
        Ok(found) => found,
        Err(_) if asked.iter().all(was_granted) => {
            return lost(Rule::ResourceGone, "a resource of this grant was removed");
        }
        Err(refusal) => return Ok(Err(refusal)),
    };
    if !found.iter().all(|resource| granted.contains(&resource.uri)) {
        let why = "this resource was not granted";
        return Ok(Err(Refusal::new(Code::InvalidTarget, Rule::ResourceNotGranted, why)));
    }
    found.retain(|resource| open.iter().any(|own| own.id == resource.id));
    if found.is_empty() {
        return lost(Rule::ResourceOfPerson, "this resource of the grant can be used no more");
    }
    Ok(Ok(found))
}

/// Those of these resources that a person may use, or that they may use none.
pub fn open_to(user: &User, mut resources: Vec<Resource>) -> Result<Vec<Resource>, Refusal> {
    let before = resources.len();
    resources.retain(|resource| resource.is_for(&user.roles));
    if resources.is_empty() && before > 0 {
        let why = "this person may not use the resource: it takes a role that they do not have";
        return Err(Refusal::new(Code::InvalidTarget, Rule::ResourceOfPerson, why));
    }
    Ok(resources)
}

/// Those of these resources that a client may use in its own name: one that takes a role only if an operator wrote it
/// down for this very client.
pub fn open_to_client(client: &Client, mut resources: Vec<Resource>) -> Vec<Resource> {
    resources.retain(|own| own.roles.is_empty() || client.resources.contains(&own.uri));
    resources
}

/// The resources that a token's audience names, as far as they stood already when it was given: what was deleted and
/// registered anew is another.
pub fn audience(r: &Read<'_>, audience: &[&str], given: Time) -> Result<Vec<Resource>> {
    let mut found: Vec<Resource> = Vec::new();
    for text in audience {
        let Ok(uri) = ResourceUri::parse(text) else { continue };
        let resource = store::resource::by_uri(r, &uri)?;
        // Tokens count in seconds.
        let stood = resource.filter(|own| own.created_at.secs() <= given.secs());
        found.extend(stood.filter(|own| !found.iter().any(|seen| seen.id == own.id)));
    }
    Ok(found)
}

fn is_open(client: &Client, uri: &ResourceUri) -> bool {
    client.resources.is_empty() || client.resources.contains(uri)
}

fn registered(r: &Read<'_>, client: &Client, uri: &ResourceUri) -> Result<Option<Resource>> {
    let found = store::resource::by_uri(r, uri)?;
    // By its own identifier, whichever spelling was asked for.
    Ok(found.filter(|res| is_open(client, &res.uri)))
}

/// The scopes that a request names; empty when it names none. Words of which none can be a scope are not the same as no
/// words: what is then usual would be more than was asked for.
pub fn asked(text: Option<&str>) -> Result<ScopeSet, Refusal> {
    let text = text.unwrap_or_default();
    let asked = ScopeSet::parse(text);
    if asked.is_empty() && !text.trim_matches(' ').is_empty() {
        let why = "none of the scopes can be had by this client";
        return Err(Refusal::new(Code::InvalidScope, Rule::ScopeOfClient, why));
    }
    Ok(asked)
}

/// What is left of the scopes that a client asked for (RFC 6749 §3.3: the server may give less). Nothing asked for means
/// the defaults.
pub fn scopes(
    r: &Read<'_>,
    client: &Client,
    resources: &[Resource],
    asked: &ScopeSet,
) -> Result<ScopeSet> {
    let wanted = if asked.is_empty() { ordinary(resources) } else { asked.clone() };
    having(r, client, resources, &wanted)
}

/// What a client may have: the scopes it was registered with, and those of the resources it asks for, unless
/// its registration picks among such scopes itself. Rights to administer a client that came by itself has only if an
/// administrator wrote them into its registration. What belongs to a resource is had for that resource alone, whoever
/// wrote it down: roles and second factors are asked for there.
pub fn having(
    r: &Read<'_>,
    client: &Client,
    resources: &[Resource],
    asked: &ScopeSet,
) -> Result<ScopeSet> {
    without_others(r, resources, &open_for(client, resources, asked))
}

/// These scopes without those that only resources offer that are not among these.
fn without_others(r: &Read<'_>, resources: &[Resource], scopes: &ScopeSet) -> Result<ScopeSet> {
    let here = |scope: &str| {
        STANDARD.contains(&scope) || resources.iter().any(|own| own.scope(scope).is_some())
    };
    if scopes.iter().all(here) {
        return Ok(scopes.clone());
    }
    let offered = store::registration::offered_scopes(r)?;
    Ok(scopes.filter(|scope| here(scope) || !offered.iter().any(|other| other == scope)))
}

fn open_for(client: &Client, resources: &[Resource], asked: &ScopeSet) -> ScopeSet {
    let picks = client.scopes.iter().any(|scope| !STANDARD.contains(&scope));
    let stranger = matches!(client.origin, ClientOrigin::Dynamic | ClientOrigin::Document);
    asked.filter(|scope| {
        let offered = || resources.iter().any(|res| res.scope(scope).is_some());
        let open = !STANDARD.contains(&scope) && (!stranger || !scope.starts_with(ADMIN_PREFIX));
        client.scopes.has(scope) || (!picks && open && offered())
    })
}

/// What a client gets that names no scope: the person's identity and the resource's ordinary scopes.
fn ordinary(resources: &[Resource]) -> ScopeSet {
    let offered = resources.iter().flat_map(|res| &res.scopes);
    // Rights to administer are never given to someone who did not ask for them.
    let ordinary = offered
        .filter(|scope| scope.is_default && !scope.name.starts_with(ADMIN_PREFIX))
        .map(|scope| scope.name.as_str());
    ScopeSet::from_words([OPENID, PROFILE, EMAIL].into_iter().chain(ordinary))
}

/// What is left once it is known who allows it: `admin:…` takes the role.
pub fn of_person(user: &User, scopes: &ScopeSet) -> ScopeSet {
    let admin = user.has_role(ADMIN);
    scopes.filter(|scope| admin || !scope.starts_with(ADMIN_PREFIX))
}

/// What is left of the scopes of `all` these resources once it is known which of them a person may use: those that only
/// the others offer go, and what [`of_person`] takes away.
pub fn for_person(user: &User, all: &[Resource], scopes: &ScopeSet) -> ScopeSet {
    let offer = |scope: &str, open: bool| {
        all.iter().any(|own| own.is_for(&user.roles) == open && own.scope(scope).is_some())
    };
    of_person(user, scopes).filter(|scope| offer(scope, true) || !offer(scope, false))
}

/// What the holder of an API key may do at these resources: the key's scopes that they offer, as far as its owner may have
/// them. Nobody proves a second factor for a key.
pub fn for_key(
    r: &Read<'_>,
    owner: &User,
    resources: &[Resource],
    scopes: &ScopeSet,
) -> Result<ScopeSet> {
    let here = for_person(owner, resources, &without_others(r, resources, scopes)?);
    let sensitive = sensitive(resources, &here);
    Ok(here.filter(|scope| !sensitive.has(scope)))
}

/// Of these scopes the ones that a resource calls sensitive: they take a fresh second factor.
pub fn sensitive(resources: &[Resource], scopes: &ScopeSet) -> ScopeSet {
    scopes.filter(|scope| {
        let of = |own: &Resource| own.scope(scope).is_some_and(|own| own.risk == Risk::Sensitive);
        resources.iter().any(of)
    })
}

/// Of the scopes of a token those that still mean something: this server's own, those that an operator wrote down for the
/// client, and those of the resources that are left of its audience.
pub fn meaningful(
    r: &Read<'_>,
    client: &Client,
    resources: &[Resource],
    scopes: &ScopeSet,
) -> Result<ScopeSet> {
    let known = scopes.filter(|scope| {
        STANDARD.contains(&scope)
            || client.scopes.has(scope)
            || resources.iter().any(|own| own.scope(scope).is_some())
    });
    without_others(r, resources, &known)
}

/// What is left for a client in its own name: nothing about a person, and `admin:…` only if an operator wrote it down for
/// this very client.
pub fn of_client(client: &Client, scopes: &ScopeSet) -> ScopeSet {
    scopes.filter(|scope| {
        let entered = !scope.starts_with(ADMIN_PREFIX) || client.scopes.has(scope);
        !STANDARD.contains(&scope) && entered
    })
}

/// [`of_client`] for these resources: nobody can prove a second factor for it, so sensitive scopes, too, take an
/// operator's word.
pub fn for_client(client: &Client, resources: &[Resource], scopes: &ScopeSet) -> ScopeSet {
    let sensitive = sensitive(resources, scopes);
    of_client(client, scopes).filter(|scope| !sensitive.has(scope) || client.scopes.has(scope))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        id::{ClientId, UserId},
        resource::ResourceScope,
        user::UserState,
    };

    fn client(scopes: &str) -> Client {
        let id = ClientId::from_text("c_1");
        Client {
            scopes: ScopeSet::parse(scopes),
            ..Client::new(id, "App".to_owned(), Time::default())
        }
    }

    fn models() -> Vec<Resource> {
        let scopes = ["read:models", "write:models", "admin:models"];
        let scopes = scopes.map(|name| ResourceScope::new(name, ""));
        let uri = ResourceUri::from_text("https://mcp.example/mcp".to_owned());
        vec![Resource { scopes: scopes.to_vec(), ..Resource::new(uri, "Models".to_owned()) }]
    }

    fn user(role: &str) -> User {
        User {
            id: UserId::from_text("u_1"),
            username: "ann".to_owned(),
            email: "ann@example.com".to_owned(),
            name: String::new(),
            roles: vec![role.to_owned()],
            state: UserState::Active,
            created_at: Time::default(),
            last_login_at: None,
            password_changed_at: None,
            mfa_grace_from: None,
        }
    }

    /// As if there were no other resources.
    fn left(client_scopes: &str, resources: &[Resource], asked: &str) -> String {
        let asked = ScopeSet::parse(asked);
        let asked = if asked.is_empty() { ordinary(resources) } else { asked };
        open_for(&client(client_scopes), resources, &asked).to_string()
    }

    #[test]
    fn unknown_and_unregistered_scopes_are_dropped() {
        assert_eq!(left("openid email", &[], "openid profile made-up admin:users"), "openid");
        assert_eq!(left("openid", &[], "made-up"), "");
    }

    #[test]
    fn no_scope_at_all_means_identity_and_the_ordinary_scopes_of_the_resource() {
        let all = "openid profile email offline_access";
        assert_eq!(left(all, &[], ""), "openid profile email");
        assert_eq!(left("openid", &[], ""), "openid");
        assert_eq!(left(all, &models(), ""), "openid profile email read:models write:models");
    }

    #[test]
    fn scopes_of_a_resource_are_had_only_for_that_resource() {
        assert_eq!(left("openid", &models(), "openid read:models"), "openid read:models");
        assert_eq!(left("openid", &[], "openid read:models"), "openid");
    }

    #[test]
    fn registration_that_picks_among_resource_scopes_is_held_to_its_pick() {
        let picks = "openid read:models";
        assert_eq!(left(picks, &models(), "read:models write:models"), "read:models");
        assert_eq!(left(picks, &models(), ""), "openid read:models");
    }

    #[test]
    fn client_that_came_by_itself_has_rights_to_administer_only_by_an_administrator() {
        for origin in [ClientOrigin::Dynamic, ClientOrigin::Document] {
            let had = |own: &str| {
                let client = Client { origin, ..client(own) };
                let asked = ScopeSet::parse("read:models admin:models");
                open_for(&client, &models(), &asked).to_string()
            };
            assert_eq!(had("openid"), "read:models");
            assert_eq!(had("openid read:models admin:models"), "read:models admin:models");
        }
        assert_eq!(left("openid", &models(), "admin:models"), "admin:models");
    }

    #[test]
    fn admin_scopes_take_the_role() {
        let asked = ScopeSet::parse("openid admin:users");
        assert_eq!(of_person(&user("developer"), &asked).to_string(), "openid");
        assert_eq!(of_person(&user("admin"), &asked).to_string(), "openid admin:users");
    }
}
