//! Rosters of single people that were good once: what a later column generation starts from.

use std::collections::VecDeque;

/// A roster of one person over the whole horizon, and its own cost.
type Column = (Vec<u32>, i64);

/// A few rosters per person, the newest last.
#[derive(Debug)]
pub(super) struct Pool {
    people: Vec<VecDeque<Column>>,
    most: usize,
}

impl Pool {
    /// A pool that uses about so many bytes at most.
    pub(super) fn new(people: usize, days: usize, memory_bytes: usize) -> Self {
        let most = (memory_bytes / (people.max(1) * days.max(1) * size_of::<u32>())).clamp(1, 40);
        Self { people: vec![VecDeque::new(); people], most }
    }

    pub(super) fn columns(&self, person: usize) -> impl Iterator<Item = &Column> {
        self.people[person].iter()
    }

    /// Adds a roster; one that is known becomes the newest.
    pub(super) fn add(&mut self, person: usize, path: &[u32], cost: i64) {
        let columns = &mut self.people[person];
        if let Some(known) = columns.iter().position(|(known, _)| known == path) {
            if let Some(column) = columns.remove(known) {
                columns.push_back(column);
            }
            return;
        }
        if columns.len() == self.most {
            columns.pop_front();
        }
        columns.push_back((path.to_vec(), cost));
    }
}
