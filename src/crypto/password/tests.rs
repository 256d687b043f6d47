//! What a hash costs, how many may run at once, and that a stranger costs as much as a friend.

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
    let larger = hasher(Params { memory_kib: 64, iterations: 3, parallelism: 2 }, 1, 0, LONG_WAIT)
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
        let errors =
            [hasher.hash(&long).err(), hasher.verify(&long, &phc).err(), hasher.burn(&long).err()];
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
