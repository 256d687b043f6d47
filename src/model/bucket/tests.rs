use proptest::prelude::*;

use super::*;

const NOON: Time = Time::from_secs(1_772_445_600);

/// A bucket and the processes that hold slices of it, as the store and the memory of each have them.
struct World {
    rule: Rule,
    spent_until: Option<i64>,
    held: [Slots; 3],
}

impl World {
    fn new(rule: Rule) -> Self {
        let none = Slots { next: 0, end: 0, step: rule.step };
        Self { rule, spent_until: None, held: [none; 3] }
    }

    /// A use at one of the processes.
    fn ask(&mut self, process: usize, now: Time) -> bool {
        if self.held[process].take(self.rule, self.spent_until, now) {
            return true;
        }
        match self.rule.draw(self.spent_until, now) {
            Drawn::Some { rest, spent_until } => {
                self.held[process] = rest;
                self.spent_until = Some(spent_until);
                true
            }
            Drawn::None { spent_until, .. } => {
                self.spent_until = spent_until.or(self.spent_until);
                false
            }
        }
    }

    fn ask_often(&mut self, process: usize, now: Time) -> u32 {
        (0..1_000).map(|_| u32::from(self.ask(process, now))).sum()
    }
}

#[test]
fn full_bucket_gives_its_depth_at_once_and_then_what_flows_in() {
    let mut world = World::new(Rule::new(100, 20));
    assert_eq!(world.ask_often(0, NOON), 20);
    assert_eq!(world.ask_often(0, NOON.plus(Duration::from_millis(599))), 0);
    assert_eq!(world.ask_often(0, NOON.plus(Duration::from_millis(600))), 1);
    assert_eq!(world.ask_often(0, NOON.plus(Duration::from_secs(60))), 20);
}

#[test]
fn slices_that_others_hold_never_add_to_the_depth() {
    let mut world = World::new(Rule::new(100, 20));
    for process in 0..3 {
        assert!(world.ask(process, NOON));
    }
    // An hour later the bucket is full, and what was held from then is void.
    let later = NOON.plus(Duration::from_secs(3_600));
    let all: u32 = (0..3).map(|process| world.ask_often(process, later)).sum();
    assert_eq!(all, 20);
}

#[test]
fn clock_set_back_empties_the_bucket_and_fills_it_from_then_on() {
    let rule = Rule::new(60, 10);
    for used in [0, 3, 10] {
        let mut world = World::new(rule);
        assert_eq!((0..used).map(|_| u32::from(world.ask(0, NOON))).sum::<u32>(), used);
        let before = NOON.minus(Duration::from_secs(86_400));
        let given = world.ask_often(0, before) + world.ask_often(1, before);
        assert!(used + given <= 10, "{used} and then {given}");
        // No day's wait for the old time to come again.
        assert_eq!(world.ask_often(1, before.plus(Duration::from_secs(10))), 10);
    }
}

#[test]
fn wait_that_is_told_is_enough_and_one_millisecond_less_is_not() {
    let mut world = World::new(Rule::new(7, 3));
    assert_eq!(world.ask_often(0, NOON), 3);
    let Drawn::None { wait, .. } = world.rule.draw(world.spent_until, NOON) else {
        panic!("something is left")
    };
    assert_eq!(wait, world.rule.wait(world.spent_until, NOON));
    let up = Duration::from_millis(u64::try_from(wait.as_millis()).unwrap() + 1);
    assert!(!world.ask(0, NOON.plus(up).minus(Duration::from_millis(1))));
    assert!(world.ask(0, NOON.plus(up)));
}

#[test]
fn slots_whose_write_failed_give_nothing() {
    let rule = Rule::new(100, 20);
    let Drawn::Some { mut rest, spent_until } = rule.draw(None, NOON) else { panic!("empty") };
    assert!(!rest.take(rule, None, NOON));
    assert!(rest.take(rule, Some(spent_until), NOON));
    // Nor do those of an earlier rule.
    assert!(!rest.take(Rule::new(50, 20), Some(spent_until), NOON));
}

#[test]
fn extremes_of_the_rule_do_not_overflow() {
    for rule in
        [Rule::new(1, 1_000_000), Rule::new(1_000_000, 1_000_000), Rule::new(1, 1), Rule::new(0, 0)]
    {
        assert_eq!(rule.left(None, NOON), rule.depth);
        let mut world = World::new(rule);
        assert!(world.ask(0, NOON));
        assert!(rule.refill(rule.depth) >= Duration::from_micros(60));
    }
}

proptest! {
    /// In each span of time no more is let in than the depth and what flows in during it.
    #[test]
    fn no_span_lets_in_more_than_depth_and_rate(
        per_minute in 1_u32..2_000,
        depth in 1_u32..60,
        asks in prop::collection::vec((0_usize..3, 0_u64..4_000, 1_u32..40), 1..40),
    ) {
        let mut world = World::new(Rule::new(per_minute, depth));
        let (mut now, mut let_in) = (NOON, Vec::new());
        for (process, pause, times) in asks {
            now = now.plus(Duration::from_millis(pause));
            for _ in 0..times {
                if world.ask(process, now) {
                    let_in.push(now);
                }
            }
        }
        for (at, from) in let_in.iter().enumerate() {
            for (n, to) in let_in.iter().enumerate().skip(at) {
                let millis = u64::try_from(to.since(*from).as_millis()).unwrap();
                let most = u64::from(depth) * 60_000 + u64::from(per_minute) * millis;
                let count = u64::try_from(n - at + 1).unwrap();
                prop_assert!(count * 60_000 <= most, "{count} in {millis} ms");
            }
        }
    }
}
