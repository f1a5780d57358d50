//! Too many days of work in a row.

use std::convert::Infallible;

use super::days::Day;
use super::input::{Assignment, Roster};
use super::person;
use super::row::{Cause, Conflict, ConflictKind, Quantity};
use super::rule::Rule;
use super::sweep::{Sink, by_person};
use super::work::Work;
use crate::local::MICROSECONDS_PER_DAY;
use crate::rule::{CountedDays, CountedTime, DayLimit, Requirement};
use crate::span::Span;

/// One conflict for each row of days that is longer than the limit. `during` is the row, from the first
/// instant of its first day. Days outside of the rule's time are no part of it.
pub(super) fn too_long<E>(
    work: &Work<'_>,
    (index, rule): (usize, &Rule),
    limit: DayLimit,
    window: Span,
    emit: &mut Sink<'_, E>,
) -> Result<(), E> {
    let applies = |day: &Day| work.days.start(*day).is_some_and(|start| rule.valid.contains(start));
    let days: Vec<Day> = match limit.counted {
        CountedDays::Begun => days_begun(work),
        CountedDays::Worked => days_worked(work),
    };
    let days: Vec<Day> = days.into_iter().filter(applies).collect();
    for row in days.chunk_by(|day, next| next - day == 1) {
        let (Some(first), Some(last)) = (row.first(), row.last()) else { continue };
        let Some(during) = work.days.span(*first, last + 1) else { continue };
        let length = u32::try_from(row.len()).unwrap_or(u32::MAX);
        if length > limit.maximum && during.overlaps(window) {
            emit(Conflict {
                level: rule.level,
                cause: Some(Cause::Rule(index)),
                measured: Some(Quantity::Days(length)),
                limit: Some(Quantity::Days(limit.maximum)),
                ..Conflict::of_person(ConflictKind::ConsecutiveDays, work.person, during)
            })?;
        }
    }
    Ok(())
}

/// The people whose rows of days, too long already, may go on where work is not known: each that overlaps the
/// window and comes near an end of `known`.
pub fn people_with_open_rows_of_days(roster: &Roster<'_>, window: Span, known: Span) -> Vec<usize> {
    // The day before a row has to be known, and whether a duty goes on into it.
    let near = 2 * MICROSECONDS_PER_DAY;
    let first_safe = known.start().checked_add_microseconds(near).unwrap_or(known.start());
    let last_safe = known.end().checked_add_microseconds(-near).unwrap_or(known.end());
    let rules = roster.rules.iter().enumerate();
    let rules: Vec<(usize, &Rule)> =
        rules.filter(|(_, rule)| matches!(rule.requirement, Requirement::Days(_))).collect();
    let mut people = Vec::new();
    let placed = by_person(roster, |_| true);
    for assignments in placed.chunk_by(|(_, one), (_, two)| one.person == two.person) {
        let Some((_, Assignment { person, .. })) = assignments.first() else { continue };
        let mut is_open = false;
        let outcome: Result<(), Infallible> =
            person::find_sums(roster, &rules, assignments, window, &mut |row| {
                is_open |= row.during.start() < first_safe || row.during.end() > last_safe;
                Ok(())
            });
        if outcome.is_ok() && is_open {
            people.push(*person);
        }
    }
    people
}

/// The days on which a duty begins, and those that one fills from end to end; ascending.
fn days_begun(work: &Work<'_>) -> Vec<Day> {
    let mut days = days_worked(work);
    let duties = work.duties().spans();
    days.retain(|day| {
        let Some(day) = work.days.span(*day, day + 1) else { return false };
        // The first duty that goes on into the day or begins in it, and the first that begins in it.
        let meeting = duties.partition_point(|duty| duty.end() <= day.start());
        let beginning = duties.partition_point(|duty| duty.start() < day.start());
        let is_filled = duties.get(meeting).is_some_and(|duty| duty.covers(day));
        is_filled || duties.get(beginning).is_some_and(|duty| duty.start() < day.end())
    });
    days
}

/// The days with any work; ascending.
fn days_worked(work: &Work<'_>) -> Vec<Day> {
    work.by_day(CountedTime::Elapsed).iter().map(|day| day.day).collect()
}
