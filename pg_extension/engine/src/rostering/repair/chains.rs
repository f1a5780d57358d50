//! Chains of people who take each other's days, shortest first.

mod additions;

use std::cell::Cell;
use std::ops::Range;

use super::damage::Damage;
use crate::rostering::compiled::{Compiled, MOST_PRICE};
use crate::rostering::control::{Control, Pulse};
use crate::rostering::incumbent::Incumbent;
use crate::rostering::person_path::solve::PathFinder;
use crate::rostering::plan::{FREE, Plan};
use crate::rostering::random::sample;

/// Days around an open head that are looked at first. What a change on one day asks of others is mostly near.
const NEAR_DAYS: usize = 9;
/// Days around it that are looked at then.
const FAR_DAYS: usize = 45;
/// Longest chain of people.
const LONGEST_CHAIN: usize = 3;
/// Attempts without success after which a repair is as tidy as it gets.
const MOST_ATTEMPTS: usize = 150;
/// Operations without success after which one kind of search ends: about a second of them.
const MOST_FRUITLESS: u64 = 1 << 31;
/// What a search of one person's days is worth beside its table.
const OPERATIONS_PER_SEARCH: u64 = 200_000;
/// Price of a changed day at most; costs above that may outweigh one.
const MOST_DAY_PRICE: i64 = 1 << 36;

/// What is compared: hard units, opened heads, changed people, changed days, cost.
type Worth = (i64, i64, i64, i64, i64);

/// People with their new days, in the order in which they get them.
type Chain = Vec<(usize, Vec<u32>)>;

/// What a person's new days should hold.
#[derive(Debug, Clone, Copy, Default)]
struct Wanted {
    /// A shift that they must take.
    take: Option<usize>,
    /// A shift that they had better leave.
    leave: Option<usize>,
    /// By up to so much every price is moved at random.
    noise: i64,
}

/// A roster under repair.
pub(super) struct Repairer<'a> {
    compiled: &'a Compiled<'a>,
    control: &'a Control<'a>,
    damage: &'a Damage,
    pulse: Pulse,
    finder: PathFinder<i64>,
    random: fastrand::Rng,
    incumbent: Incumbent,
    /// Days of each person that are not those of the base.
    changed: Vec<i64>,
    prices: Vec<i64>,
    of_change: ChangePrices,
    /// Operations since a kind of search for fewer changes began, or since it found something.
    fruitless: Cell<u64>,
}

/// What changes cost, beside everything that the problem prices.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChangePrices {
    /// A changed day.
    day: i64,
    /// An opened head: more than all days of a person.
    head: i64,
}

impl ChangePrices {
    fn of(compiled: &Compiled<'_>) -> Self {
        if compiled.softened.is_empty() {
            return Self::at_most(compiled, MOST_DAY_PRICE);
        }
        Self::beside_hard_rules(compiled)
    }

    /// The same where hard rules have a price, which must be above all of these and still fit.
    pub(super) fn beside_hard_rules(compiled: &Compiled<'_>) -> Self {
        let days = compiled.days() as i64 + 1;
        Self::at_most(compiled, MOST_PRICE / (2 * days * days))
    }

    fn at_most(compiled: &Compiled<'_>, most: i64) -> Self {
        let day = compiled.largest_row_cost().saturating_mul(2).min(most);
        Self { day, head: day.saturating_mul(compiled.days() as i64 + 1) }
    }

    /// What they come to on one person's days at most.
    pub(super) fn of_a_row(self, compiled: &Compiled<'_>) -> i64 {
        (self.day + self.head).saturating_mul(compiled.days() as i64)
    }
}

impl<'a> Repairer<'a> {
    pub(super) fn new(compiled: &'a Compiled<'a>, control: &'a Control<'a>, damage: &'a Damage) -> Self {
        Self::of(compiled, control, damage, damage.base.clone())
    }

    /// Goes on from a roster under repair.
    pub(super) fn of(
        compiled: &'a Compiled<'a>,
        control: &'a Control<'a>,
        damage: &'a Damage,
        plan: Plan,
    ) -> Self {
        let changed = (0..compiled.people())
            .map(|person| different(damage.base.row(person), plan.row(person)))
            .collect();
        Self {
            compiled,
            control,
            damage,
            pulse: Pulse::default(),
            finder: PathFinder::new(control.limits.memory_bytes / 2),
            random: fastrand::Rng::with_seed(control.limits.seed),
            incumbent: Incumbent::new(compiled, plan),
            changed,
            prices: vec![0; compiled.problem.shifts.len()],
            of_change: ChangePrices::of(compiled),
            fruitless: Cell::new(0),
        }
    }

    pub(super) fn into_plan(self) -> Plan {
        self.incumbent.plan
    }

    /// Heads missing beyond those that were missing before.
    pub(super) fn opened(&self) -> i64 {
        (0..self.prices.len()).map(|shift| self.opened_of(shift, self.incumbent.heads[shift])).sum()
    }

    fn opened_of(&self, shift: usize, heads: u32) -> i64 {
        let required = i64::from(self.compiled.problem.shifts[shift].required);
        (required - i64::from(heads) - self.damage.tolerated[shift]).max(0)
    }

    fn worth(&self) -> Worth {
        let (broken, cost) = self.incumbent.worth();
        let people = (0..self.changed.len())
            .filter(|&person| self.changed[person] > 0 && !self.damage.lost[person])
            .count() as i64;
        (broken, self.opened(), people, self.changed.iter().sum(), cost)
    }

    fn is_over(&self) -> bool {
        self.is_fruitless() || self.pulse.ask(self.control, 0) || self.control.used() >= 1.0
    }

    /// Whether one kind of search went on for long and found nothing.
    fn is_fruitless(&self) -> bool {
        self.fruitless.get() > MOST_FRUITLESS
    }

    /// Gives other days to everybody whose days break rules; returns those for whom there are none.
    pub(super) fn mend(&mut self) -> Vec<usize> {
        let broken: Vec<usize> =
            (0..self.compiled.people()).filter(|&person| !self.incumbent.is_whole(person)).collect();
        self.settle_people(&broken);
        let stays = |&person: &usize| !self.incumbent.is_whole(person);
        if self.pulse.ask(self.control, 0) { Vec::new() } else { broken.into_iter().filter(stays).collect() }
    }

    /// Searches the days of these people anew, one after the other.
    pub(super) fn settle_people(&mut self, people: &[usize]) {
        self.finder.count_all();
        for &person in people {
            if let Some(row) = self.best_row(person, 0..self.compiled.days(), Wanted::default()) {
                self.put(person, &row);
            }
        }
    }

    /// Fills opened heads: by people who take them beside what they have if that fills all, else as long as chains can.
    pub(super) fn fill(&mut self) {
        if self.share_out() {
            return;
        }
        let near = self.days_around(NEAR_DAYS);
        let far = self.days_around(FAR_DAYS);
        for (longest, days, choosing) in
            [(LONGEST_CHAIN, &near, false), (2, &far, false), (2, &near, true), (LONGEST_CHAIN, &far, true)]
        {
            self.fruitless.set(0);
            for length in 1..=longest {
                while self.opened() > 0 && !self.is_over() && self.improve(length, days, choosing) {
                    self.fruitless.set(0);
                }
            }
        }
        self.fruitless.set(0);
        let mut failures = 0;
        while self.opened() > 0 && failures < MOST_ATTEMPTS && !self.is_over() {
            failures = if self.shake(&near) { 0 } else { failures + 1 };
        }
    }

    /// Takes a few people off all their days at once and gives them new ones, all but the last at prices moved at
    /// random. False if the roster is no better for it, and stays.
    fn shake(&mut self, days: &Range<usize>) -> bool {
        let before = self.worth();
        let (saved, changes) = (self.incumbent.clone(), self.changed.clone());
        let wanted = self.random.usize(2..=LONGEST_CHAIN);
        let people = sample(&mut self.random, self.changed.len(), wanted);
        for &person in &people {
            let mut row = self.incumbent.plan.row(person).to_vec();
            row[days.clone()].fill(FREE);
            self.put(person, &row);
        }
        let last = people.len().saturating_sub(1);
        let whole = people.iter().enumerate().all(|(place, &person)| {
            let noise = if place < last { self.of_change.head.saturating_mul(2) } else { 0 };
            match self.best_row(person, days.clone(), Wanted { noise, ..Wanted::default() }) {
                Some(row) => {
                    self.put(person, &row);
                    true
                }
                None => false,
            }
        });
        if whole && self.worth() < before {
            self.fruitless.set(0);
            return true;
        }
        (self.incumbent, self.changed) = (saved, changes);
        false
    }

    /// Looks for fewer changes: takes back what one or two people were given and looks for other chains.
    pub(super) fn tidy(&mut self) {
        let near = self.days_around(NEAR_DAYS);
        self.fruitless.set(0);
        let mut failures = 0;
        // One person moved is the least that fills anything, and the best of all was taken.
        while self.worth().2 > 1 && failures < MOST_ATTEMPTS && !self.is_over() {
            let changed: Vec<usize> = (0..self.changed.len())
                .filter(|&person| self.changed[person] > 0 && self.incumbent.is_whole(person))
                .collect();
            let Some(&person) = self.random.choice(&changed) else { return };
            if self.random.bool() {
                failures = if self.shake(&near) { 0 } else { failures + 1 };
                continue;
            }
            let before = self.worth();
            let saved = self.incumbent.clone();
            let changes = self.changed.clone();
            let mut others = vec![person];
            if self.random.bool() {
                others.extend(self.random.choice(&changed).filter(|&&other| other != person));
            }
            for &other in &others {
                let row = self.damage.base.row(other).to_vec();
                self.put(other, &row);
            }
            if self.random.bool() {
                let anybody = self.random.usize(0..self.changed.len());
                if let Some(row) = self.best_row(anybody, near.clone(), Wanted::default()) {
                    self.put(anybody, &row);
                }
            }
            let choosing = self.random.bool();
            for length in 1..=2 {
                while self.opened() > 0 && !self.is_over() && self.improve(length, &near, choosing) {}
            }
            if self.worth() < before {
                failures = 0;
                self.fruitless.set(0);
            } else {
                (self.incumbent, self.changed) = (saved, changes);
                failures += 1;
            }
        }
    }

    /// Finds the best chain of this length and carries it out. False if none is better than nothing. With `choosing`,
    /// links also try to leave each of their shifts in turn for the next link to take, not only the cheapest.
    fn improve(&mut self, length: usize, days: &Range<usize>, choosing: bool) -> bool {
        let before = self.worth();
        let mut best: Option<(Worth, Chain)> = None;
        let mut chain = Chain::new();
        self.extend(length, days, choosing, &mut chain, &mut best);
        match best.filter(|best| best.0 < before) {
            Some((_, chain)) => {
                for (person, row) in chain {
                    self.put(person, &row);
                }
                true
            }
            None => false,
        }
    }

    /// Tries everybody as the next link. A link that others follow takes one of the open heads, whatever it leaves
    /// open; the last one does what is best.
    fn extend(
        &mut self,
        length: usize,
        days: &Range<usize>,
        choosing: bool,
        chain: &mut Chain,
        best: &mut Option<(Worth, Chain)>,
    ) {
        let open: Vec<Option<usize>> = if length == 1 {
            vec![None]
        } else {
            (0..self.prices.len())
                .filter(|&shift| self.opened_of(shift, self.incumbent.heads[shift]) > 0)
                .map(Some)
                .collect()
        };
        let mut people: Vec<usize> = (0..self.compiled.people()).collect();
        if length > 1 {
            // Not all may be reached.
            self.random.shuffle(&mut people);
        }
        for person in people {
            if self.is_over() {
                return;
            }
            if chain.iter().any(|link| link.0 == person) || !self.incumbent.is_whole(person) {
                continue;
            }
            for wanted in self.wishes_of(person, &open, days, choosing) {
                let Some(row) = self.best_row(person, days.clone(), wanted) else { continue };
                if row == self.incumbent.plan.row(person) {
                    continue;
                }
                let old = self.incumbent.plan.row(person).to_vec();
                self.put(person, &row);
                chain.push((person, row));
                if length > 1 {
                    self.extend(length - 1, days, choosing, chain, best);
                } else {
                    let worth = self.worth();
                    if best.as_ref().is_none_or(|best| worth < best.0) {
                        *best = Some((worth, chain.clone()));
                    }
                }
                chain.pop();
                self.put(person, &old);
            }
        }
    }

    /// What a link of a chain may be asked for: one of the open heads, and perhaps one of its own shifts to leave.
    fn wishes_of(
        &self,
        person: usize,
        open: &[Option<usize>],
        days: &Range<usize>,
        choosing: bool,
    ) -> Vec<Wanted> {
        let mut all = Vec::new();
        for &take in open {
            all.push(Wanted { take, ..Wanted::default() });
            if choosing && take.is_some() {
                let worked =
                    self.incumbent.plan.row(person)[days.clone()].iter().filter(|&&cell| cell != FREE);
                all.extend(worked.map(|&cell| Wanted { take, leave: Some(cell as usize), noise: 0 }));
            }
        }
        all
    }

    /// The days of one person that open the fewest heads, change the fewest days and cost least, such that they take
    /// the wanted shift. None if there are none.
    fn best_row(&mut self, person: usize, days: Range<usize>, wanted: Wanted) -> Option<Vec<u32>> {
        let compiled = self.compiled;
        if let Some(shift) = wanted.take {
            let day = compiled.problem.shifts[shift].day;
            let choices = &compiled.spaces[person].days[day].choices;
            if !days.contains(&day) || !choices.iter().any(|choice| choice.shift as usize == shift) {
                return None;
            }
        }
        self.incumbent.withdraw(compiled, person, days.clone());
        for day in days.clone() {
            self.price_day(person, day);
            for &shift in compiled.by_day[day].iter().filter(|_| wanted.noise > 0) {
                self.prices[shift as usize] += self.random.i64(-wanted.noise..=wanted.noise);
            }
        }
        if let Some(shift) = wanted.leave {
            self.prices[shift] += self.of_change.head.saturating_mul(2);
        }
        if let Some(shift) = wanted.take {
            self.prices[shift] -= self.of_change.head.saturating_mul(4);
        }
        let row = self.incumbent.plan.row(person).to_vec();
        self.incumbent.replace(compiled, person, days.start, &row[days.clone()]);
        self.control.step();
        let request = compiled.request(person, &row, days.clone(), &self.prices);
        let (pulse, control, fruitless) = (&self.pulse, self.control, &self.fruitless);
        fruitless.update(|operations| operations + OPERATIONS_PER_SEARCH);
        let stop = |operations: u64| {
            fruitless.update(|fruitless| fruitless + operations);
            pulse.beat(control, operations)
        };
        self.finder.find(&request, &mut self.random, &stop)?;
        let mut found = row;
        found[days].copy_from_slice(&self.finder.path);
        match wanted.take {
            Some(shift) if found[compiled.problem.shifts[shift].day] as usize != shift => None,
            _ => Some(found),
        }
    }

    fn price_day(&mut self, person: usize, day: usize) {
        let compiled = self.compiled;
        let base = self.damage.base.row(person)[day];
        for &shift in &compiled.by_day[day] {
            let number = shift as usize;
            let heads = self.incumbent.heads[number];
            let opened = self.opened_of(number, heads + 1) - self.opened_of(number, heads);
            let change = match base {
                FREE => self.of_change.day,
                base if base == shift => -self.of_change.day,
                _ => 0,
            };
            self.prices[number] =
                self.incumbent.marginal(compiled, number) + opened * self.of_change.head + change;
        }
        if !compiled.pairings[person].is_empty() {
            let prices = &mut self.prices;
            self.incumbent.pairing_prices(compiled, person, day, &mut |shift, cost| prices[shift] += cost);
        }
    }

    fn put(&mut self, person: usize, row: &[u32]) {
        let days = self.compiled.days();
        self.incumbent.withdraw(self.compiled, person, 0..days);
        self.incumbent.replace(self.compiled, person, 0, row);
        self.changed[person] = different(self.damage.base.row(person), row);
    }

    /// So many days around what happened, whole weekends.
    fn days_around(&self, around: usize) -> Range<usize> {
        let (Some(first), Some(last)) = (self.damage.days.first(), self.damage.days.last()) else {
            return 0..self.compiled.days();
        };
        let end = (last + 1 + around).min(self.compiled.days());
        self.compiled.whole_weekends(first.saturating_sub(around)..end)
    }
}

fn different(left: &[u32], right: &[u32]) -> i64 {
    left.iter().zip(right).filter(|(left, right)| left != right).count() as i64
}
