//! Opened heads shared out among the fewest people who can take them beside what they have.
//!
//! Exact among all ways in which nobody gives anything up: for each person every set of open heads that keeps the rules,
//! and over people the fewest that together take all, by dynamic programming over sets of heads.

use super::Repairer;
use crate::rostering::plan::FREE;

/// Most heads that are shared out so: the table has a line for each set of them.
const MOST_HEADS: usize = 7;

/// What is compared: people moved who were not before, cost.
type Price = (usize, i64);

/// Some heads, a bit for each.
type Heads = usize;

impl Repairer<'_> {
    /// Fills all opened heads so, if that can be. False leaves the roster as it is.
    pub(super) fn share_out(&mut self) -> bool {
        let open = self.open_heads();
        if open.is_empty() || open.len() > MOST_HEADS {
            return false;
        }
        let all: Heads = (1 << open.len()) - 1;
        let mut best: Vec<Option<Price>> = vec![None; all + 1];
        best[0] = Some((0, 0));
        // For each person, what they take where the people up to them take a set.
        let mut taken: Vec<Vec<Heads>> = Vec::new();
        for person in 0..self.changed.len() {
            if self.is_over() {
                return false;
            }
            let moved = usize::from(self.changed[person] == 0 && !self.damage.lost[person]);
            let sets = self.sets_of(person, &open);
            let mut after = best.clone();
            let mut own = vec![0; all + 1];
            for &(set, cost) in &sets {
                for before in (0..=all).filter(|before| before & set == 0) {
                    let Some((people, costs)) = best[before] else { continue };
                    let price = (people + moved, costs + cost);
                    if after[before | set].is_none_or(|known| price < known) {
                        after[before | set] = Some(price);
                        own[before | set] = set;
                    }
                }
            }
            best = after;
            taken.push(own);
        }
        if best[all].is_none() {
            return false;
        }
        let mut left = all;
        for (person, own) in taken.iter().enumerate().rev() {
            let set = own[left];
            if set != 0 {
                let row = self.with_heads(person, set, &open);
                self.put(person, &row);
                left &= !set;
            }
        }
        true
    }

    /// The shifts with opened heads, each as often as it has some.
    fn open_heads(&self) -> Vec<usize> {
        (0..self.prices.len())
            .flat_map(|shift| {
                let count = self.opened_of(shift, self.incumbent.heads[shift]);
                std::iter::repeat_n(shift, usize::try_from(count).unwrap_or_default())
            })
            .collect()
    }

    /// The sets of open heads that a person can take beside what they have, and what each costs them.
    fn sets_of(&self, person: usize, open: &[usize]) -> Vec<(Heads, i64)> {
        if !self.incumbent.is_whole(person) {
            return Vec::new();
        }
        let row = self.incumbent.plan.row(person);
        let can_take = |shift: usize| {
            let day = self.compiled.problem.shifts[shift].day;
            let choices = &self.compiled.spaces[person].days[day].choices;
            row[day] == FREE && choices.iter().any(|choice| choice.shift as usize == shift)
        };
        let possible: Heads =
            open.iter().enumerate().filter(|&(_, &shift)| can_take(shift)).map(|(head, _)| 1 << head).sum();
        let before = self.incumbent.own_cost(person);
        // All sets of what is possible, the largest first.
        let sets = std::iter::successors(Some(possible), |set| (*set != 0).then(|| (set - 1) & possible));
        sets.filter(|&set| set != 0 && self.are_apart(set, open))
            .filter_map(|set| {
                let own = self.compiled.person_cost(person, &self.with_heads(person, set, open));
                (own.broken_hard == 0).then_some((set, own.cost - before))
            })
            .collect()
    }

    /// Whether heads lie on different days.
    fn are_apart(&self, set: Heads, open: &[usize]) -> bool {
        let mut days: Vec<usize> =
            members(set, open).map(|shift| self.compiled.problem.shifts[shift].day).collect();
        let count = days.len();
        days.sort_unstable();
        days.dedup();
        days.len() == count
    }

    /// A person's days with some of the open heads.
    fn with_heads(&self, person: usize, set: Heads, open: &[usize]) -> Vec<u32> {
        let mut row = self.incumbent.plan.row(person).to_vec();
        for shift in members(set, open) {
            row[self.compiled.problem.shifts[shift].day] = shift as u32;
        }
        row
    }
}

/// The shifts of a set of heads.
fn members(set: Heads, open: &[usize]) -> impl Iterator<Item = usize> {
    open.iter().enumerate().filter(move |(head, _)| set & (1 << head) != 0).map(|(_, &shift)| shift)
}
