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
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering::SeqCst},
        thread,
        time::Instant,
    };

    use super::*;
    use crate::error::Kind;

    /// Counts the hashes that really run, independently of the gate's own count.
    #[derive(Default)]
    pub(super) struct Probe {
        now: AtomicUsize,
        peak: AtomicUsize,
        total: AtomicUsize,
    }

    pub(super) struct Running<'p>(&'p Probe);

    impl Probe {
        pub(super) fn start(&self) -> Running<'_> {
            let now = self.now.fetch_add(1, SeqCst) + 1;
            self.peak.fetch_max(now, SeqCst);
            self.total.fetch_add(1, SeqCst);
            // Lets the others run meanwhile, if anything would let them.
            (0..20).for_each(|_| thread::yield_now());
            Running(self)
        }
    }

    impl Drop for Running<'_> {
        fn drop(&mut self) {
            self.0.now.fetch_sub(1, SeqCst);
        }
    }

    const TINY: Params = Params { memory_kib: 8, iterations: 1, parallelism: 1 };
    const LONG_WAIT: Duration = Duration::from_mins(1);

    fn hasher(params: Params, permits: usize, queue: usize, wait: Duration) -> Hasher {
        Hasher::new(params, HashLimits { permits, queue, wait }).unwrap()
    }

    fn tiny() -> Hasher {
        hasher(TINY, 2, 8, LONG_WAIT)
    }

    #[test]
    fn password_verifies_and_another_does_not() {
        let hasher = tiny();
        let phc = hasher.hash("correct horse").unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{phc}");
        let verified = |password| hasher.verify(password, &phc).unwrap();
        assert_eq!(verified("correct horse"), Verified { matches: true, stale: false });
        assert_eq!(verified("correct horsf"), Verified { matches: false, stale: false });
        assert_eq!(verified(""), Verified { matches: false, stale: false });
        assert_ne!(hasher.hash("correct horse").unwrap(), phc, "each hash has its own salt");
        hasher.burn("correct horse").unwrap();
    }

    #[test]
    fn another_program_reads_our_hash_and_we_read_its() {
        use argon2::{PasswordHasher as _, PasswordVerifier as _};
        let phc = tiny().hash("correct horse").unwrap();
        Argon2::default().verify_password(b"correct horse", phc.as_str()).unwrap();
        let theirs = argon(TINY).unwrap().hash_password(b"correct horse").unwrap().to_string();
        assert!(tiny().verify("correct horse", &theirs).unwrap().matches);
    }

    #[test]
    fn memory_is_reused_without_leaving_a_trace_in_the_hash() {
        let one = hasher(TINY, 1, 0, LONG_WAIT);
        let first = one.hash("first").unwrap();
        let larger =
            hasher(Params { memory_kib: 64, iterations: 3, parallelism: 2 }, 1, 0, LONG_WAIT)
                .hash("second")
                .unwrap();
        for _ in 0..3 {
            assert!(one.verify("second", &larger).unwrap().matches);
            assert!(one.verify("first", &first).unwrap().matches);
            let spare = one.gate.state.lock().spare.iter().map(Vec::capacity).collect::<Vec<_>>();
            assert_eq!(spare, [8], "one lot of the usual size is kept");
        }
    }

    #[test]
    fn default_cost_is_owasps_first_choice() {
        let phc = hasher(Params::default(), 1, 0, LONG_WAIT).hash("pw").unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
    }

    #[test]
    fn hash_of_another_cost_matches_and_is_stale() {
        let phc = tiny().hash("pw").unwrap();
        for dearer in [
            Params { memory_kib: 16, ..TINY },
            Params { iterations: 2, ..TINY },
            Params { memory_kib: 16, parallelism: 2, ..TINY },
        ] {
            let verified = hasher(dearer, 1, 0, LONG_WAIT).verify("pw", &phc).unwrap();
            assert_eq!(verified, Verified { matches: true, stale: true });
        }
    }

    #[test]
    fn stored_hash_that_we_never_made_is_a_fault_and_runs_nothing() {
        let hasher = tiny();
        let good = hasher.hash("pw").unwrap();
        let ran = hasher.gate.probe.total.load(SeqCst);
        let cut = good.rsplit_once('$').unwrap().0.to_owned();
        for phc in [
            String::new(),
            "pw".to_owned(),
            cut,
            good.replace("argon2id", "argon2i"),
            good.replace("v=19", "v=16"),
            good.replace("$v=19", ""),
            good.replace("m=8,", "m=4294967295,"),
            good.replace("t=1", "t=4294967295"),
            good.replace("p=1", "p=0"),
            good.replace("p=1", "p=1,x=1"),
        ] {
            let error = hasher.verify("pw", &phc).unwrap_err();
            assert_eq!(error.kind(), Kind::Internal, "{phc}");
        }
        assert_eq!(hasher.gate.probe.total.load(SeqCst), ran);
    }

    #[test]
    fn over_1024_bytes_are_never_hashed() {
        let hasher = tiny();
        let phc = hasher.hash(&"x".repeat(1024)).unwrap();
        let ran = hasher.gate.probe.total.load(SeqCst);
        for length in [1025, 1_000_000] {
            let long = "x".repeat(length);
            let errors = [
                hasher.hash(&long).err(),
                hasher.verify(&long, &phc).err(),
                hasher.burn(&long).err(),
            ];
            for error in errors {
                assert_eq!(error.map(|error| error.kind()), Some(Kind::Invalid));
            }
        }
        assert_eq!(hasher.gate.probe.total.load(SeqCst), ran);
    }

    #[test]
    fn unusable_costs_are_refused_at_once() {
        let limits = HashLimits { permits: 1, queue: 0, wait: LONG_WAIT };
        for params in [
            Params { memory_kib: 7, ..TINY },
            Params { iterations: 0, ..TINY },
            Params { parallelism: 0, ..TINY },
            Params { parallelism: 2, ..TINY },
        ] {
            assert_eq!(Hasher::new(params, limits).unwrap_err().kind(), Kind::Invalid);
        }
    }

    /// Waits until so many wait at the gate.
    fn until_waiting(hasher: &Hasher, waiting: usize) {
        let began = Instant::now();
        while hasher.load().1 != waiting {
            assert!(began.elapsed() < Duration::from_secs(20), "{:?}", hasher.load());
            thread::yield_now();
        }
    }

    #[test]
    fn permits_plus_queue_plus_one_is_busy_at_once_and_no_more_than_permits_run() {
        let (permits, queue) = (3, 5);
        let hasher = hasher(TINY, permits, queue, LONG_WAIT);
        thread::scope(|scope| {
            let held: Vec<_> =
                (0..permits).map(|_| hasher.gate.enter(hasher.limits).unwrap()).collect();
            let queued: Vec<_> =
                (0..queue).map(|_| scope.spawn(|| hasher.hash("pw").unwrap())).collect();
            until_waiting(&hasher, queue);
            let began = Instant::now();
            let error = hasher.hash("pw").unwrap_err();
            assert_eq!(error.kind(), Kind::Busy);
            assert!(error.retry_after().is_some());
            assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
            assert_eq!(hasher.gate.probe.total.load(SeqCst), 0, "nothing ran without a permit");
            drop(held);
            for hash in queued {
                hash.join().unwrap();
            }
        });
        assert_eq!(hasher.load(), (0, 0));
        assert_eq!(hasher.gate.probe.total.load(SeqCst), queue);
        assert!(hasher.gate.probe.peak.load(SeqCst) <= permits);
        assert_eq!(hasher.gate.state.lock().spare.len(), 1, "memory is given back after the rush");
    }

    #[test]
    fn a_rush_never_runs_more_than_its_permits() {
        let hasher = hasher(TINY, 2, 64, LONG_WAIT);
        thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| (0..4).for_each(|_| hasher.burn("pw").unwrap()));
            }
        });
        assert_eq!(hasher.gate.probe.total.load(SeqCst), 64);
        assert!(hasher.gate.probe.peak.load(SeqCst) <= 2);
        assert_eq!(hasher.load(), (0, 0));
    }

    #[test]
    fn waiting_ends_in_busy_and_the_place_in_the_queue_is_given_up() {
        let hasher = hasher(TINY, 1, 1, Duration::from_millis(20));
        let held = hasher.gate.enter(hasher.limits).unwrap();
        for _ in 0..3 {
            assert_eq!(hasher.hash("pw").unwrap_err().kind(), Kind::Busy);
        }
        assert_eq!(hasher.load(), (1, 0));
        drop(held);
        hasher.hash("pw").unwrap();
        assert_eq!(hasher.load(), (0, 0));
    }

    #[test]
    fn freed_permit_goes_to_the_one_who_waits() {
        let hasher = hasher(TINY, 1, 1, LONG_WAIT);
        thread::scope(|scope| {
            let held = hasher.gate.enter(hasher.limits).unwrap();
            let (done, until_done) = std::sync::mpsc::channel::<()>();
            let gate = &hasher;
            let waiter = scope.spawn(move || {
                let permit = gate.gate.enter(gate.limits).unwrap();
                until_done.recv().unwrap();
                drop(permit);
            });
            until_waiting(&hasher, 1);
            drop(held);
            // Whether or not the waiter has woken by now, the permit is its own.
            let newcomer = hasher.gate.enter(HashLimits { queue: 0, ..hasher.limits });
            assert_eq!(newcomer.err().map(|error| error.kind()), Some(Kind::Busy));
            done.send(()).unwrap();
            waiter.join().unwrap();
        });
        assert_eq!(hasher.load(), (0, 0));
    }

    #[test]
    fn debug_shows_costs_alone() {
        assert!(format!("{:?}", tiny()).starts_with("Hasher { params: Params { memory_kib: 8"));
    }
}
