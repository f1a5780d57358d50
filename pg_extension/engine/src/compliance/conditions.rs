//! Whether a rule speaks of somebody at some time.

use super::person::{Person, bounds};
use super::record::PersonRecord;
use super::verdict::Reason;
use super::vocabulary::{Vocabulary, Word, WordSet};
use crate::calendar::month_and_day;
use crate::local::LocalDate;
use crate::rule::{Applies, Rule};

/// Of whom a rule speaks, and when.
#[derive(Debug)]
pub(super) struct Conditions {
    valid: (i64, i64),
    rotations: Option<WordSet>,
    only_if: Option<Condition>,
    unless: Option<Condition>,
    younger_than_years: Option<u32>,
    at_least_years: Option<u32>,
}

/// A condition that records may know; `None` where no record does.
#[derive(Debug)]
struct Condition(Option<Word>);

/// Whether a rule speaks of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Applicability {
    Applies,
    DoesNot,
    Unknown(Reason),
}

impl Conditions {
    pub(super) fn of(rule: &Rule, vocabulary: &Vocabulary) -> Self {
        let Applies { rotations, only_if, unless, younger_than_years, at_least_years, .. } = &rule.applies;
        let condition = |word: &Option<String>| word.as_ref().map(|word| Condition(vocabulary.find(word)));
        Self {
            valid: bounds(rule.valid),
            rotations: rotations.as_ref().map(|kinds| WordSet::of(vocabulary, kinds)),
            only_if: condition(only_if),
            unless: condition(unless),
            younger_than_years: *younger_than_years,
            at_least_years: *at_least_years,
        }
    }

    /// Whether windows that begin at an instant are judged, as far as the rule itself says.
    pub(super) fn is_valid(&self, start: i64) -> bool {
        self.valid.0 <= start && start < self.valid.1
    }

    /// Whether the rule may speak of a person at any time.
    pub(super) fn may_speak_of(&self, record: &PersonRecord<'_>, rule: usize) -> bool {
        let is_in_scope = record.scopes.is_none_or(|scopes| scopes.iter().any(|scope| scope.rule == rule));
        let has_rotation = self
            .rotations
            .as_ref()
            .is_none_or(|kinds| record.rotations.iter().any(|rotation| kinds.contains(rotation.kind)));
        is_in_scope && has_rotation
    }

    /// Whether the rule speaks of a person at an instant.
    pub(super) fn at(&self, person: &Person<'_>, rule: usize, start: i64) -> Applicability {
        let holds = |span: (i64, i64)| span.0 <= start && start < span.1;
        let record = person.record;
        if record.scopes.is_some_and(|scopes| {
            !scopes.iter().any(|scope| scope.rule == rule && holds(bounds(scope.during)))
        }) {
            return Applicability::DoesNot;
        }
        if let Some(kinds) = &self.rotations
            && !record.rotations.iter().any(|one| kinds.contains(one.kind) && holds(bounds(one.span)))
        {
            return Applicability::DoesNot;
        }
        let stated = |condition: &Condition| {
            let of_it = |statement: &&super::record::Statement| {
                Some(statement.condition) == condition.0 && holds(bounds(statement.during))
            };
            record.statements.iter().rev().find(of_it).map(|statement| statement.holds)
        };
        if self.unless.as_ref().and_then(stated) == Some(true) {
            return Applicability::DoesNot;
        }
        let condition = match self.only_if.as_ref().map(stated) {
            Some(Some(false)) => return Applicability::DoesNot,
            Some(None) => Applicability::Unknown(Reason::ConditionNotStated),
            Some(Some(true)) | None => Applicability::Applies,
        };
        match self.age_at(person, start) {
            Applicability::Applies => condition,
            age => age,
        }
    }

    fn age_at(&self, person: &Person<'_>, start: i64) -> Applicability {
        if self.younger_than_years.is_none() && self.at_least_years.is_none() {
            return Applicability::Applies;
        }
        let days = person.frame.days(0);
        let age = person.record.birth_date.zip(days.date(days.at(start)));
        let Some(years) = age.map(|(birth, today)| age_years(birth, today)) else {
            return Applicability::Unknown(Reason::BirthDateMissing);
        };
        let is_too_old = self.younger_than_years.is_some_and(|limit| years >= i64::from(limit));
        let is_too_young = self.at_least_years.is_some_and(|limit| years < i64::from(limit));
        if is_too_old || is_too_young { Applicability::DoesNot } else { Applicability::Applies }
    }
}

/// Full years from a birth to a day. Who was born on a leap day turns a year older on 1 March.
fn age_years(birth: LocalDate, today: LocalDate) -> i64 {
    let ((birth_month, birth_day), (month, day)) = (month_and_day(birth), month_and_day(today));
    let months = birth_month.months_until(month) - i64::from(day < birth_day);
    months.div_euclid(12)
}
