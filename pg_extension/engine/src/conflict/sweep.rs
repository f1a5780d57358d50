//! One sweep over each person's time line.
//!
//! Sorted by start, whatever is still running when an assignment arrives overlaps it. Running lists are
//! scanned only where each survivor is a conflict and each other entry leaves for good: the cost is
//! O(n log n + conflicts).

use super::input::{Absence, Assignment, Availability, Preference, Roster};
use super::load::Load;
use super::person::{self, RuleBook};
use super::qualification::Qualifications;
use super::row::{Cause, Conflict, ConflictKind};
use super::staffing;
use crate::span::Span;

/// Where a conflict goes. An error ends the search.
pub(super) type Sink<'a, E> = dyn FnMut(Conflict) -> Result<(), E> + 'a;

/// Finds every conflict whose `during` overlaps the window.
///
/// Give the rows that overlap the window, and people's work for as much longer on both sides as the rules reach
/// ([`super::Requirement::reach`]): what reaches over the window's edge is then judged as anywhere else.
/// Staffing is judged when `staffing` is set; it wants all assignments of the shifts in the window, whoever
/// works them.
///
/// The order is by person, each time line before what sums up over it, then staffing by shift; the same input
/// gives the same order. O(n log n + conflicts); a million rows take about half a second. The conflicts can be
/// quadratically many (one person booked ten thousand times at once), so each is handed over as it is found:
/// `emit` is the place to check for interrupts and to stop at a limit.
///
/// # Errors
/// Those of `emit`, which end the search.
pub fn find_conflicts<E>(
    roster: &Roster<'_>,
    window: Span,
    staffing: bool,
    mut emit: impl FnMut(Conflict) -> Result<(), E>,
) -> Result<(), E> {
    let placed = by_person(roster, |_| true);
    let lines = TimeLines::of(roster, window);
    let rules = RuleBook::of(roster);
    for assignments in placed.chunk_by(|(_, one), (_, two)| one.person == two.person) {
        let Some((_, Assignment { person, .. })) = assignments.first() else { continue };
        lines.sweep(*person, assignments, Scope { window, existing: 0 }, &mut emit)?;
        person::find(roster, &rules, assignments, window, &mut emit)?;
    }
    if staffing { staffing::find(roster, window, &mut emit) } else { Ok(()) }
}

/// Which conflicts are wanted.
#[derive(Clone, Copy)]
pub(super) struct Scope {
    /// Only those that overlap it.
    pub(super) window: Span,
    /// Only those with an assignment from this position on: a subject of the search.
    pub(super) existing: usize,
}

impl Scope {
    fn is_subject(self, assignment: usize) -> bool {
        assignment >= self.existing
    }
}

/// Time in which a person should not work.
#[derive(Clone, Copy)]
struct Blocked {
    person: usize,
    span: Span,
    kind: ConflictKind,
    cause: Cause,
}

/// An assignment and its position.
pub(super) type Placed<'a> = (usize, &'a Assignment);

/// The binding assignments that are wanted, by person, then by start, then by position.
pub(super) fn by_person<'a>(roster: &Roster<'a>, wanted: impl Fn(usize) -> bool) -> Vec<Placed<'a>> {
    let binding = |(index, assignment): &Placed<'_>| assignment.binding && wanted(*index);
    let mut placed: Vec<Placed<'_>> = roster.assignments.iter().enumerate().filter(binding).collect();
    placed.sort_unstable_by_key(|(index, assignment)| (assignment.person, assignment.span.start(), *index));
    placed
}

/// What all time lines of a roster have to do with.
pub(super) struct TimeLines<'a> {
    roster: &'a Roster<'a>,
    /// By person and start.
    blocked: Vec<Blocked>,
    qualifications: Qualifications,
}

impl<'a> TimeLines<'a> {
    pub(super) fn of(roster: &'a Roster<'a>, window: Span) -> Self {
        let blocked = blocked_times(roster, window);
        Self { roster, blocked, qualifications: Qualifications::of(roster.skills) }
    }

    /// Every conflict of one person's assignments, by start, with each other and with what is known of the
    /// person.
    pub(super) fn sweep<E>(
        &self,
        person: usize,
        assignments: &[Placed<'a>],
        scope: Scope,
        emit: &mut Sink<'_, E>,
    ) -> Result<(), E> {
        let first = self.blocked.partition_point(|time| time.person < person);
        let end = self.blocked.partition_point(|time| time.person <= person);
        let mut line = TimeLine::new(self, scope);
        let mut ahead = self.blocked.get(first..end).unwrap_or_default().iter().peekable();
        for &(index, assignment) in assignments {
            while let Some(time) = ahead.next_if(|time| time.span.start() <= assignment.span.start()) {
                line.block(time, emit)?;
            }
            line.work((index, assignment), emit)?;
        }
        for time in ahead {
            line.block(time, emit)?;
        }
        Ok(())
    }
}

/// The blocked times that meet the window, by person and start.
fn blocked_times(roster: &Roster<'_>, window: Span) -> Vec<Blocked> {
    let absences = roster.absences.iter().enumerate().map(|(index, &Absence { person, span })| Blocked {
        person,
        span,
        kind: ConflictKind::TimeOff,
        cause: Cause::Absence(index),
    });
    let unavailable = roster
        .availability
        .iter()
        .enumerate()
        .filter(|(_, told)| told.preference == Preference::Unavailable)
        .map(|(index, &Availability { person, span, .. })| Blocked {
            person,
            span,
            kind: ConflictKind::Unavailable,
            cause: Cause::Availability(index),
        });
    let mut times: Vec<Blocked> =
        absences.chain(unavailable).filter(|time| time.span.overlaps(window)).collect();
    times.sort_unstable_by_key(|time| (time.person, time.span.start(), time.cause));
    times
}

/// What is running at the sweep's position on one person's time line.
///
/// Only what overlaps the window is kept running. That loses nothing: when two spans and the window overlap
/// pairwise, they share an instant, as intervals on a line always do.
///
/// Assignments that take a part of the person are kept apart: any number of them may run at once without
/// being at odds, so a list of conflicts must not be looked for among them.
struct TimeLine<'a> {
    lines: &'a TimeLines<'a>,
    scope: Scope,
    subjects: Vec<Placed<'a>>,
    partial_subjects: Vec<Placed<'a>>,
    bystanders: Vec<Placed<'a>>,
    blocked: Vec<Blocked>,
}

impl<'a> TimeLine<'a> {
    fn new(lines: &'a TimeLines<'a>, scope: Scope) -> Self {
        let (subjects, partial_subjects) = (Vec::new(), Vec::new());
        let (bystanders, blocked) = (Vec::new(), Vec::new());
        Self { lines, scope, subjects, partial_subjects, bystanders, blocked }
    }

    /// An assignment starts.
    fn work<E>(&mut self, placed: Placed<'a>, emit: &mut Sink<'_, E>) -> Result<(), E> {
        let (index, assignment) = placed;
        if !assignment.span.overlaps(self.scope.window) {
            return Ok(());
        }
        let start = assignment.span.start();
        let is_whole = assignment.load == Load::WHOLE;
        if is_whole {
            self.subjects.retain(|(_, running)| running.span.end() > start);
            for &running in &self.subjects {
                both_at_once(running, placed, emit)?;
            }
        }
        if !self.scope.is_subject(index) {
            if is_whole {
                self.bystanders.push(placed);
            }
            return Ok(());
        }
        if is_whole {
            self.bystanders.retain(|(_, running)| running.span.end() > start);
            for &running in &self.bystanders {
                both_at_once(running, placed, emit)?;
            }
        }
        self.blocked.retain(|running| running.span.end() > start);
        for running in &self.blocked {
            work_in_blocked_time(placed, running, emit)?;
        }
        self.lines.qualifications.missing(self.lines.roster, placed, emit)?;
        let subjects = if is_whole { &mut self.subjects } else { &mut self.partial_subjects };
        subjects.push(placed);
        Ok(())
    }

    /// A blocked time starts.
    fn block<E>(&mut self, time: &Blocked, emit: &mut Sink<'_, E>) -> Result<(), E> {
        for subjects in [&mut self.subjects, &mut self.partial_subjects] {
            subjects.retain(|(_, running)| running.span.end() > time.span.start());
            for &running in &*subjects {
                work_in_blocked_time(running, time, emit)?;
            }
        }
        self.blocked.push(*time);
        Ok(())
    }
}

fn both_at_once<E>(first: Placed<'_>, second: Placed<'_>, emit: &mut Sink<'_, E>) -> Result<(), E> {
    let ((one, earlier), (two, later)) = (first, second);
    let Some(during) = earlier.span.intersect(later.span) else { return Ok(()) };
    let twice_on_a_shift = earlier.shift.is_some() && earlier.shift == later.shift;
    let kind = if twice_on_a_shift { ConflictKind::Duplicate } else { ConflictKind::Overlap };
    emit(Conflict { other_assignment: Some(two), ..Conflict::of(kind, (one, earlier), during) })
}

fn work_in_blocked_time<E>(placed: Placed<'_>, time: &Blocked, emit: &mut Sink<'_, E>) -> Result<(), E> {
    let Some(during) = placed.1.span.intersect(time.span) else { return Ok(()) };
    emit(Conflict { cause: Some(time.cause), ..Conflict::of(time.kind, placed, during) })
}
