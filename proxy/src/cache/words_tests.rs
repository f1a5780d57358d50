//! The validity test against a naive model of the server's transactions.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// What happens to the model, in any order. Numbers choose among what there is.
#[derive(Clone, Debug)]
enum Step {
    /// A transaction begins and changes these tags.
    Begin(BTreeSet<u8>),
    /// A running one commits, and becomes visible.
    Commit(usize),
    /// A running one is undone.
    Abort(usize),
    /// A committed one is announced, whenever that was.
    Announce(usize),
    /// An answer that depends on these tags is computed.
    Fill(BTreeSet<u8>),
    /// The reader lost its place and copies the words of everything announced so far.
    Copy,
}

fn step() -> impl Strategy<Value = Step> {
    let tags = || prop::collection::btree_set(0u8..4, 1..3);
    prop_oneof![
        4 => tags().prop_map(Step::Begin),
        3 => any::<usize>().prop_map(Step::Commit),
        1 => any::<usize>().prop_map(Step::Abort),
        3 => any::<usize>().prop_map(Step::Announce),
        4 => tags().prop_map(Step::Fill),
        1 => Just(Step::Copy),
    ]
}

/// A computed answer: its stamp, truly which transactions are in it, and what had been announced by then.
struct Filled {
    tags: BTreeSet<u8>,
    snapshot: Snapshot,
    contains: BTreeSet<u64>,
    announced: Announced,
    announced_truly: BTreeSet<u64>,
}

/// The naive server: every transaction with what it changed and whether it is over.
#[derive(Default)]
struct Model {
    next: u64,
    running: Vec<u64>,
    changed: BTreeMap<u64, BTreeSet<u8>>,
    committed: BTreeSet<u64>,
    unannounced: Vec<u64>,
    announced: BTreeSet<u64>,
    filled: Vec<Filled>,
}

impl Model {
    fn take(list: &mut Vec<u64>, choice: usize) -> Option<u64> {
        (!list.is_empty()).then(|| list.remove(choice % list.len()))
    }

    fn fill(&self, tags: &BTreeSet<u8>, words: &Words) -> Filled {
        let mut in_progress = self.running.clone();
        in_progress.sort_unstable();
        let xmin = in_progress.first().copied().unwrap_or(self.next);
        let snapshot =
            Snapshot { xmin, xmax: self.next, in_progress: in_progress.into(), taken_in_recovery: false };
        Filled {
            tags: tags.clone(),
            snapshot,
            contains: self.committed.clone(),
            announced: words.announced_for(&listed(tags)),
            announced_truly: self.announced.clone(),
        }
    }

    fn lacks(&self, filled: &Filled) -> bool {
        self.announced
            .iter()
            .any(|one| !filled.contains.contains(one) && !self.changed[one].is_disjoint(&filled.tags))
    }

    /// Words as the server keeps them: one for each tag here, so that no collision hides anything.
    fn words(&self) -> Vec<u64> {
        let mut words = vec![0; WORDS];
        for one in &self.announced {
            for tag in &self.changed[one] {
                let word = &mut words[usize::from(*tag)];
                *word = (*word).max(*one);
            }
        }
        words
    }
}

/// Few enough that the tags below have a word each.
const WORDS: usize = 8;

fn listed(tags: &BTreeSet<u8>) -> Vec<Tag> {
    tags.iter().copied().map(tag).collect()
}

/// A tag that falls into the word of its number.
fn tag(number: u8) -> Tag {
    Tag(u64::from(number))
}

fn run(steps: &[Step], recent_limit: usize) -> Result<(), TestCaseError> {
    let words = Words::new(&[0; WORDS], 0, recent_limit).unwrap();
    let mut model = Model { next: 3, ..Model::default() };
    let (mut was_copied, mut most_announcements) = (false, 0);
    for step in steps {
        match step {
            Step::Begin(tags) => {
                model.running.push(model.next);
                model.changed.insert(model.next, tags.clone());
                model.next += 1;
            }
            Step::Commit(choice) => {
                if let Some(one) = Model::take(&mut model.running, *choice) {
                    model.committed.insert(one);
                    model.unannounced.push(one);
                }
            }
            Step::Abort(choice) => drop(Model::take(&mut model.running, *choice)),
            Step::Announce(choice) => {
                if let Some(one) = Model::take(&mut model.unannounced, *choice) {
                    for number in &model.changed[&one] {
                        words.announce([(one, tag(*number))].into_iter());
                        most_announcements += 1;
                    }
                    model.announced.insert(one);
                }
            }
            Step::Fill(tags) => model.filled.push(model.fill(tags, &words)),
            Step::Copy => {
                words.copy(&model.words());
                was_copied = true;
            }
        }
        for filled in &model.filled {
            let is_valid = words.all_seen(&listed(&filled.tags), &filled.snapshot);
            prop_assert!(!(is_valid && model.lacks(filled)), "an announced change is missing: {step:?}");
            let is_exact = !was_copied && most_announcements <= recent_limit;
            prop_assert!(
                is_valid || !is_exact || model.lacks(filled),
                "nothing is missing, yet the entry is refused: {step:?}"
            );
            // The announcements known at the moment of another answer, whatever came since.
            for other in &model.filled {
                let contains = words.contains(&other.announced, &filled.snapshot);
                let lacks = other.announced_truly.iter().any(|one| {
                    !filled.contains.contains(one) && !model.changed[one].is_disjoint(&other.tags)
                });
                prop_assert!(!(contains && lacks), "something known then is missing: {step:?}");
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_entry_that_lacks_an_announced_change_is_valid_and_none_is_refused_without_cause(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        run(&steps, 10_000)?;
    }

    #[test]
    fn a_short_list_of_recent_announcements_refuses_more_and_never_too_little(
        steps in prop::collection::vec(step(), 1..60),
        recent_limit in 0usize..4,
    ) {
        run(&steps, recent_limit)?;
    }
}

#[test]
fn a_stale_fill_that_arrives_late_is_refused_by_the_same_test() {
    let words = Words::new(&[0; WORDS], 0, 16).unwrap();
    // The fill began before transaction 100 committed, and is stored after it was announced.
    let began_before = Snapshot { xmin: 100, xmax: 101, in_progress: [100].into(), taken_in_recovery: false };
    assert!(words.all_seen(&[tag(1)], &began_before));
    words.announce([(100, tag(1))].into_iter());
    assert!(!words.all_seen(&[tag(1)], &began_before));
    assert!(words.all_seen(&[tag(2)], &began_before), "another tag is not touched");
}

#[test]
fn words_of_a_new_life_refuse_everything_from_before_it() {
    // After a restart every word holds the first transaction of the new life.
    let words = Words::new(&[100; WORDS], 0, 16).unwrap();
    for (xmin, xmax, in_progress) in [(90, 100, &[90][..]), (100, 100, &[]), (100, 103, &[100])] {
        let before = Snapshot { xmin, xmax, in_progress: in_progress.into(), taken_in_recovery: false };
        assert!(!words.all_seen(&[tag(1)], &before), "{before}");
    }
    let after = Snapshot { xmin: 101, xmax: 101, in_progress: [].into(), taken_in_recovery: false };
    assert!(words.all_seen(&[tag(1)], &after));
}

#[test]
fn a_floor_asks_entries_to_contain_everything_before_it() {
    // Listening began at a snapshot whose xmax was 100: what was announced before is unknown.
    let words = Words::new(&[0; WORDS], 0, 16).unwrap();
    words.announce_all(99);
    let held_back = Snapshot { xmin: 98, xmax: 105, in_progress: [98].into(), taken_in_recovery: false };
    assert!(!words.all_seen(&[tag(1)], &held_back));
    let clear = Snapshot { xmin: 100, xmax: 105, in_progress: [103].into(), taken_in_recovery: false };
    assert!(words.all_seen(&[tag(1)], &clear));
}

#[test]
fn words_come_in_powers_of_two() {
    assert!(Words::new(&[0; 6], 0, 16).is_none());
    assert!(Words::new(&[], 0, 16).is_none());
}
