//! How much strangers can make this server fetch. What is in use here has turns of its own and is never held back by
//! this. Only what was let through is remembered, so that what is remembered is as small as the budget: nothing has to be
//! thrown out of it, and nobody gains by filling it.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use parking_lot::Mutex;

use crate::{
    model::fetch::Fault,
    ops::attempt::{address_key, network_key},
    time::Time,
};

/// The span that is counted over. Whoever is held back may try again after it.
pub(super) const MINUTE: Duration = Duration::from_secs(60);
/// Fetches that one address may cause in a minute: each is for an app that nobody here has used.
const OF_ADDRESS: u32 = 20;
/// The same of a network: whoever has one IPv6 prefix has thousands of them.
const OF_NETWORK: u32 = 60;
/// Fetches under way for one address, so that slow ones do not take everyone's turns.
const OF_ADDRESS_AT_ONCE: u32 = 2;
/// Fetches from one host, and the most when each is for an address that had none of it. One a second is no flood.
const FROM_HOST: (u32, u32) = (20, 60);
/// Fetches for strangers, and the most when each is for an address that had none.
const OF_ALL: (u32, u32) = (120, 480);

/// What strangers caused in this minute.
#[derive(Debug, Default)]
pub(super) struct Brake(Mutex<Minute>);

#[derive(Debug, Default)]
struct Minute {
    since: Time,
    all: u32,
    hosts: HashMap<String, u32>,
    networks: HashMap<String, u32>,
    addresses: HashMap<String, Share>,
    /// By address; not only of this minute.
    under_way: HashMap<String, u32>,
}

/// What one address had.
#[derive(Debug, Default)]
struct Share {
    count: u32,
    hosts: HashSet<String>,
}

/// A fetch that was let through, until it is over.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    brake: &'a Brake,
    address: String,
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let mut minute = self.brake.0.lock();
        if let Some(count) = minute.under_way.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                minute.under_way.remove(&self.address);
            }
        }
    }
}

impl Brake {
    /// Lets a fetch from `host` through that somebody at `address` causes, or says why not.
    pub(super) fn pass(&self, address: &str, host: &str, now: Time) -> Result<Pass<'_>, Fault> {
        let (network, address) = (network_key(address), address_key(address));
        let mut minute = self.0.lock();
        minute.turn_over(now);
        if let Some(why) = minute.holds_back(&address, &network, host) {
            return Err(Fault::Busy(why));
        }
        minute.all = minute.all.saturating_add(1);
        count(&mut minute.hosts, host);
        count(&mut minute.networks, &network);
        count(&mut minute.under_way, &address);
        let share = minute.addresses.entry(address.clone()).or_default();
        share.count = share.count.saturating_add(1);
        share.hosts.insert(host.to_owned());
        Ok(Pass { brake: self, address })
    }
}

fn count(counts: &mut HashMap<String, u32>, key: &str) {
    let count = counts.entry(key.to_owned()).or_default();
    *count = count.saturating_add(1);
}

impl Minute {
    fn turn_over(&mut self, now: Time) {
        if now.since(self.since) < MINUTE {
            return;
        }
        let under_way = std::mem::take(&mut self.under_way);
        *self = Self { since: now, under_way, ..Self::default() };
    }

    /// Own limits come first. Where everyone shares one, the part above its first bound is for those who had nothing.
    fn holds_back(&self, address: &str, network: &str, host: &str) -> Option<&'static str> {
        let of = |counts: &HashMap<String, u32>, key| counts.get(key).copied().unwrap_or_default();
        let share = self.addresses.get(address);
        let had = share.map_or(0, |share| share.count);
        let had_of_host = share.is_some_and(|share| share.hosts.contains(host));
        if of(&self.under_way, address) >= OF_ADDRESS_AT_ONCE {
            return Some("documents are being fetched for this address already");
        }
        if had >= OF_ADDRESS || of(&self.networks, network) >= OF_NETWORK {
            return Some("too many new documents were asked for from this address");
        }
        let from_host = of(&self.hosts, host);
        if from_host >= FROM_HOST.1 || (from_host >= FROM_HOST.0 && had_of_host) {
            return Some("too many new documents of this host were asked for");
        }
        if self.all >= OF_ALL.1 || (self.all >= OF_ALL.0 && had > 0) {
            return Some("too many new documents were asked for");
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time::from_secs(1_000_000);

    /// How many of `tries` are let through, one after the other.
    fn through(brake: &Brake, tries: impl IntoIterator<Item = (String, String)>) -> usize {
        tries.into_iter().filter(|(from, host)| brake.pass(from, host, START).is_ok()).count()
    }

    fn address(n: usize) -> String {
        format!("10.{}.{}.{}", n / 65_536, n / 256 % 256, n % 256)
    }

    #[test]
    fn one_address_has_few_and_leaves_the_rest_to_others() {
        let brake = Brake::default();
        let one = |n: usize| ("10.9.9.9".to_owned(), format!("h{n}.example"));
        assert_eq!(through(&brake, (0..100).map(one)), 20);
        assert!(brake.pass("10.9.9.8", "h1.example", START).is_ok());
        assert!(brake.pass("10.9.9.9", "other.example", START.plus(MINUTE)).is_ok());
    }

    #[test]
    fn one_prefix_of_ipv6_counts_as_one_network_and_one_customer_as_one_address() {
        let brake = Brake::default();
        let host = |n: usize| format!("h{n}.example");
        let customer = |n: usize| (format!("2001:db8:0:1::{n:x}"), host(n));
        assert_eq!(through(&brake, (0..50).map(customer)), 20);
        let prefix = |n: usize| (format!("2001:db8:0:{n:x}::1"), host(n));
        assert_eq!(through(&brake, (2..200).map(prefix)), 40);
        assert!(brake.pass("2001:db8:1::1", "h.example", START).is_ok());
    }

    #[test]
    fn one_address_cannot_use_up_a_host_and_all_together_cannot_flood_it() {
        let brake = Brake::default();
        let to = |n: usize| (address(n % 4), "app.example".to_owned());
        assert_eq!(through(&brake, (0..100).map(to)), 20);
        assert!(brake.pass(&address(9), "app.example", START).is_ok(), "it had nothing yet");
        assert!(brake.pass(&address(9), "app.example", START).is_err());
        let anyone = |n: usize| (address(n), "app.example".to_owned());
        assert_eq!(through(&brake, (100..1_000).map(anyone)), 39);
    }

    #[test]
    fn what_is_shared_by_all_keeps_a_part_for_those_who_had_nothing() {
        let brake = Brake::default();
        let greedy = |n: usize| (address(n % 20), format!("h{n}.example"));
        assert_eq!(through(&brake, (0..2_000).map(greedy)), 120);
        assert!(brake.pass(&address(500), "new.example", START).is_ok());
        let many = |n: usize| (address(n), format!("h{n}.example"));
        assert_eq!(through(&brake, (1_000..3_000).map(many)), 359);
        assert!(brake.0.lock().addresses.len() <= 480, "what was refused is not remembered");
        assert!(brake.0.lock().hosts.len() <= 480);
    }

    #[test]
    fn slow_fetches_of_one_address_are_two_at_once_also_over_the_end_of_a_minute() {
        let brake = Brake::default();
        let first = brake.pass("10.0.0.1", "slow.example", START).unwrap();
        let second = brake.pass("10.0.0.1", "slow.example", START).unwrap();
        let later = START.plus(MINUTE);
        assert!(brake.pass("10.0.0.1", "slow.example", later).is_err());
        assert!(brake.pass("10.0.0.2", "slow.example", later).is_ok());
        drop(first);
        assert!(brake.pass("10.0.0.1", "slow.example", later).is_ok());
        drop(second);
        assert!(brake.0.lock().under_way.is_empty());
    }
}
