//! Password hashes (argon2id) and the permits that keep hashing from taking the whole machine.
//! Length rules, blocklists and NFC normalisation come before this and belong to the password policy.

use std::{fmt, sync::Arc, time::Duration};

use argon2::{
    Algorithm, Argon2, Block, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use parking_lot::{Condvar, Mutex};

use super::secret::{equal, random_bytes};
use crate::error::{Error, Result};

/// More is refused unseen: hashing must not begin with work of the caller's choosing.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// What a stored hash may ask for at most, lest one changed row take the machine: 1 GiB, 32 rounds.
const MAX_MEMORY_KIB: u32 = 1 << 20;
const MAX_ITERATIONS: u32 = 32;
const MAX_PARALLELISM: u32 = 16;

const HASH_BYTES: usize = 32;
const SALT_BYTES: usize = 16;

/// The cost of a hash; the default is the first choice of OWASP's Password Storage Cheat Sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    /// KiB of memory.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self { memory_kib: 19_456, iterations: 2, parallelism: 1 }
    }
}

/// How many hashes run and wait at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashLimits {
    /// Hashes that run; about the number of cores. Zero counts as one.
    pub permits: usize,
    /// Hashes that wait for a permit; beyond these the answer is "busy" at once.
    pub queue: usize,
    /// How long one waits before it is told "busy".
    pub wait: Duration,
}

/// What [`Hasher::verify`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The password is the one.
    pub matches: bool,
    /// The hash was made with other costs than today's: make a new one while the password is at hand.
    pub stale: bool,
}

/// Hashes and verifies passwords. All calls block; clones share the permits.
#[derive(Clone)]
pub struct Hasher {
    params: Params,
    argon: Argon2<'static>,
    limits: HashLimits,
    gate: Arc<Gate>,
}

impl Hasher {
    /// Checks the costs; no memory is taken before the first hash.
    pub fn new(params: Params, limits: HashLimits) -> Result<Self> {
        let argon = argon(params).map_err(|source| {
            Error::invalid("password.hashing", "these argon2id costs cannot be used")
                .with_source(source)
        })?;
        let limits = HashLimits { permits: limits.permits.max(1), ..limits };
        Ok(Self { params, argon, limits, gate: Arc::new(Gate::default()) })
    }

    /// Hashes a password under a new salt, as a PHC string.
    pub fn hash(&self, password: &str) -> Result<String> {
        let salt = random_bytes::<SALT_BYTES>();
        let hash = self.compute(&self.argon, password, &salt)?;
        let phc = || -> Result<String, argon2::password_hash::Error> {
            Ok(PasswordHash {
                algorithm: Algorithm::Argon2id.ident(),
                version: Some(Version::V0x13.into()),
                params: ParamsString::try_from(self.argon.params())?,
                salt: Some(Salt::new(&salt)?),
                hash: Some(Output::new(&hash)?),
            }
            .to_string())
        };
        phc().map_err(|source| Error::internal("a hash could not be written").with_source(source))
    }

    /// Compares a password with a stored hash, at the cost that the hash was made with.
    pub fn verify(&self, password: &str, phc: &str) -> Result<Verified> {
        let (params, salt, wanted) = read(phc)?;
        let argon = argon(params).map_err(|source| unreadable().with_source(source))?;
        let hash = self.compute(&argon, password, &salt)?;
        Ok(Verified { matches: equal(&hash, wanted.as_bytes()), stale: params != self.params })
    }

    /// Takes as long as [`Hasher::verify`] and finds nothing: for an account that does not exist.
    pub fn burn(&self, password: &str) -> Result<()> {
        let hash = self.compute(&self.argon, password, &random_bytes::<SALT_BYTES>())?;
        std::hint::black_box(equal(&hash, &[0; HASH_BYTES]));
        Ok(())
    }

    /// How many hashes run and how many wait, for the metrics.
    pub fn load(&self) -> (usize, usize) {
        let state = self.gate.state.lock();
        (state.running, state.waiting)
    }

    fn compute(&self, argon: &Argon2<'_>, password: &str, salt: &[u8]) -> Result<[u8; HASH_BYTES]> {
        if password.len() > MAX_PASSWORD_BYTES {
            return Err(Error::invalid(
                "password",
                format!("the password is longer than {MAX_PASSWORD_BYTES} bytes"),
            ));
        }
        let mut permit = self.gate.enter(self.limits)?;
        permit.run(argon, password, salt, self.argon.params().block_count())
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher")
            .field("params", &self.params)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Gate {
    state: Mutex<State>,
    freed: Condvar,
    #[cfg(test)]
    probe: tests::Probe,
}

#[derive(Default)]
struct State {
    running: usize,
    waiting: usize,
    /// Permits handed over by those who finished, not yet picked up; part of `running`.
    handed: usize,
    /// Memory to hash in. Fresh memory costs a page fault for each of its 5000 pages, each time.
    spare: Vec<Vec<Block>>,
}

impl Gate {
    /// Waits for a permit. A permit that becomes free goes to one who waits, never to a newcomer:
    /// otherwise a crowd of newcomers would starve the queue.
    fn enter(&self, limits: HashLimits) -> Result<Permit<'_>> {
        let busy = || Error::busy("too many sign-ins at once");
        let mut state = self.state.lock();
        if state.running < limits.permits {
            state.running += 1;
        } else if state.waiting >= limits.queue {
            return Err(busy());
        } else {
            state.waiting += 1;
            let _timed_out =
                self.freed.wait_while_for(&mut state, |state| state.handed == 0, limits.wait);
            state.waiting -= 1;
            // Not the wait's result: a permit may have been handed over just as the time ran out.
            if state.handed == 0 {
                return Err(busy());
            }
            state.handed -= 1;
        }
        let memory = state.spare.pop().unwrap_or_default();
        Ok(Permit { gate: self, memory })
    }
}

/// The right to hash, and the memory to do it in; given back when dropped, also by a panic.
struct Permit<'g> {
    gate: &'g Gate,
    memory: Vec<Block>,
}

impl Permit<'_> {
    fn run(
        &mut self,
        argon: &Argon2<'_>,
        password: &str,
        salt: &[u8],
        usual: usize,
    ) -> Result<[u8; HASH_BYTES]> {
        #[cfg(test)]
        let _running = self.gate.probe.start();
        let needed = argon.params().block_count();
        if self.memory.len() < needed {
            self.memory.resize(needed, Block::new());
        }
        let mut out = [0; HASH_BYTES];
        let done = argon.hash_password_into_with_memory(
            password.as_bytes(),
            salt,
            &mut out,
            self.memory.as_mut_slice(),
        );
        if self.memory.len() > usual {
            // An old hash wanted more than is usual; do not keep that much for good.
            self.memory.truncate(usual);
            self.memory.shrink_to_fit();
        }
        done.map_err(|source| Error::internal("hashing failed").with_source(source))?;
        Ok(out)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.gate.state.lock();
        if !self.memory.is_empty() {
            state.spare.push(std::mem::take(&mut self.memory));
        }
        if state.waiting > state.handed {
            state.handed += 1;
            self.gate.freed.notify_one();
        } else {
            state.running -= 1;
            if state.running == 0 {
                // The rush is over: keep one lot for the next sign-in, return the rest.
                state.spare.truncate(1);
            }
        }
    }
}

fn argon(params: Params) -> Result<Argon2<'static>, argon2::Error> {
    let Params { memory_kib, iterations, parallelism } = params;
    let params = argon2::Params::new(memory_kib, iterations, parallelism, Some(HASH_BYTES))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Takes a PHC string apart: argon2id of version 19 with a hash of 32 bytes, at a bearable cost.
fn read(phc: &str) -> Result<(Params, Salt, Output)> {
    let hash = PasswordHash::new(phc).map_err(|source| unreadable().with_source(source))?;
    let costs =
        argon2::Params::try_from(&hash).map_err(|source| unreadable().with_source(source))?;
    let params = Params {
        memory_kib: costs.m_cost(),
        iterations: costs.t_cost(),
        parallelism: costs.p_cost(),
    };
    let known = hash.algorithm.as_str() == "argon2id"
        && hash.version == Some(Version::V0x13.into())
        && costs.keyid().is_empty()
        && costs.data().is_empty()
        && params.memory_kib <= MAX_MEMORY_KIB
        && params.iterations <= MAX_ITERATIONS
        && params.parallelism <= MAX_PARALLELISM;
    match (hash.salt, hash.hash) {
        (Some(salt), Some(output)) if known && output.len() == HASH_BYTES => {
            Ok((params, salt, output))
        }
        _ => Err(unreadable()),
    }
}

fn unreadable() -> Error {
    Error::internal("a stored password hash is not one this program makes")
}

#[cfg(test)]
mod tests;
