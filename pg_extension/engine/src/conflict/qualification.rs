//! Skills that a shift needs.

use super::input::{Roster, SkillValidity};
use super::row::{Cause, Conflict, ConflictKind};
use super::sweep::{Placed, Sink};
use crate::span_set::SpanSet;

/// When each person has each skill, by person and skill.
pub(super) struct Qualifications {
    valid: Vec<((usize, usize), SpanSet)>,
}

impl Qualifications {
    pub(super) fn of(skills: &[SkillValidity]) -> Self {
        let key = |validity: &SkillValidity| (validity.person, validity.skill);
        let mut sorted: Vec<SkillValidity> = skills.to_vec();
        sorted.sort_unstable_by_key(key);
        let valid = sorted
            .chunk_by(|one, two| key(one) == key(two))
            .filter_map(|same| {
                Some((key(same.first()?), same.iter().map(|validity| validity.span).collect()))
            })
            .collect();
        Self { valid }
    }

    fn has_throughout(&self, person: usize, skill: usize, span: crate::Span) -> bool {
        self.valid
            .binary_search_by_key(&(person, skill), |(key, _)| *key)
            .ok()
            .and_then(|position| self.valid.get(position))
            .is_some_and(|(_, valid)| valid.covers(span))
    }

    /// One conflict for each skill of the shift that is not valid during all of the work.
    pub(super) fn missing<E>(
        &self,
        roster: &Roster<'_>,
        placed: Placed<'_>,
        emit: &mut Sink<'_, E>,
    ) -> Result<(), E> {
        let (_, assignment) = placed;
        let Some(shift) = assignment.shift.and_then(|shift| roster.shifts.get(shift)) else { return Ok(()) };
        for (position, skill) in shift.skills.iter().enumerate() {
            let asked_before = shift.skills.iter().take(position).any(|earlier| earlier == skill);
            if !asked_before && !self.has_throughout(assignment.person, *skill, assignment.span) {
                emit(Conflict {
                    cause: Some(Cause::Skill(*skill)),
                    ..Conflict::of(ConflictKind::MissingQualification, placed, assignment.span)
                })?;
            }
        }
        Ok(())
    }
}
