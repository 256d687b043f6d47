//! Who has a second factor and who has none, and what the configuration asks for: what an operator decides by.
//! Adding and removing factors is `factor`.

use std::time::Duration;

use super::{env::Env, factor};
pub use crate::store::user::Page;
use crate::{
    crypto::totp::Settings,
    db::Read,
    error::Result,
    model::{
        actor::Actor,
        coverage::Coverage,
        factor::Method,
        user::{User, UserRow},
    },
    store,
};

/// What the configuration says about second factors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether there are any.
    pub enabled: bool,
    /// Who must have one.
    pub required_for: Vec<String>,
    /// How long someone who must have one may go on without.
    pub grace: Duration,
    /// The methods that are offered, the strongest first.
    pub offered: Vec<Method>,
    /// What new authenticator apps are enrolled with.
    pub totp: Settings,
}

impl Policy {
    /// Whether the person must have a second factor.
    pub fn requires(&self, user: &User) -> bool {
        self.enabled && self.required_for.iter().any(|role| user.has_role(role))
    }

    /// Whether a method is offered.
    pub fn offers(&self, method: Method) -> bool {
        self.offered.contains(&method)
    }
}

/// What the configuration says.
pub fn policy(env: &Env) -> Policy {
    let mfa = &env.config.authentication.mfa;
    let offered = Method::ALL.into_iter().filter(|method| factor::allowed(env, *method));
    Policy {
        enabled: mfa.enabled,
        required_for: mfa.required_for_roles.clone(),
        grace: mfa.grace_period,
        offered: offered.collect(),
        totp: env.totp_settings(),
    }
}

/// The methods that are a second factor here; recovery codes stand in for one.
fn usable(env: &Env) -> Vec<Method> {
    let mut methods = policy(env).offered;
    methods.retain(|method| *method != Method::Recovery);
    methods
}

/// How many people have a second factor, by role and by method. What the configuration does not offer covers nobody.
pub fn overview(r: &Read<'_>, env: &Env, who: &Actor) -> Result<Coverage> {
    who.must_operate()?;
    let usable = usable(env);
    let methods = Method::ALL.into_iter().filter(|method| *method != Method::Recovery);
    Ok(Coverage {
        everyone: store::coverage::everyone(r, &usable)?,
        roles: store::coverage::by_role(r, &usable)?,
        methods: methods
            .map(|method| Ok((method, store::coverage::of_method(r, method)?)))
            .collect::<Result<_>>()?,
        out_of_codes: store::coverage::out_of_codes(r, &usable)?,
    })
}

/// People by user name, whose account is not put away; `lacking`: only those without a second factor of use here.
/// The filter also finds roles.
pub fn people(
    r: &Read<'_>,
    env: &Env,
    who: &Actor,
    page: &Page,
    lacking: bool,
) -> Result<Vec<UserRow>> {
    who.must_operate()?;
    let usable = usable(env);
    store::user::by_factor(r, page, lacking.then_some(usable.as_slice()))
}
