//! One sweep over each person's time line.
//!
//! Sorted by start, whatever is still running when an assignment arrives overlaps it. Running lists are
//! scanned only where each survivor is a conflict and each other entry leaves for good: the cost is
//! O(n log n + conflicts).

use super::input::{Absence, Assignment, Availability, Preference, Roster};
use super::qualification::Qualifications;
use super::rest::RestWatch;
use super::row::{AddedConflict, Cause, Conflict, ConflictKind};
use super::staffing;
use crate::span::Span;

/// Where a conflict goes. An error ends the search.
pub(super) type Sink<'a, E> = dyn FnMut(Conflict) -> Result<(), E> + 'a;

/// Finds every conflict whose `during` overlaps the window.
///
/// Give the rows that overlap the window widened on both sides by the longest minimum rest: a rest across the
/// window's edge is then judged. Staffing is judged when `staffing` is set; it wants all assignments of the
/// shifts in the window, whoever works them.
///
/// The order is by person, then by time, then staffing by shift; the same input gives the same order.
/// O(n log n + conflicts); a million rows take about half a second. The conflicts can be quadratically many
/// (one person booked ten thousand times at once), so each is handed over as it is found: `emit` is the place
/// to check for interrupts and to stop at a limit.
///
/// # Errors
/// Those of `emit`, which end the search.
pub fn find_conflicts<E>(
    roster: &Roster<'_>,
    window: Span,
    staffing: bool,
    mut emit: impl FnMut(Conflict) -> Result<(), E>,
) -> Result<(), E> {
    sweep_everybody(roster, Scope { window, existing: 0 }, &mut emit)?;
    if staffing { staffing::find(roster, window, &mut emit) } else { Ok(()) }
}

/// Finds the conflicts that proposals, the assignments from position `existing` on, add to those before them.
///
/// They are exactly the conflicts of all assignments that are no conflicts of the existing ones alone,
/// without `Understaffed`: more heads never add that. Each has a proposal in it. A shift that proposals make
/// `Overstaffed`, or more so, is one conflict.
///
/// Give the proposals' people with their rows around the proposals, widened by the longest minimum rest, and
/// all assignments of the proposals' shifts. Cost, order and interrupts as in [`find_conflicts`].
///
/// # Errors
/// Those of `emit`, which end the search.
pub fn find_added_conflicts<E>(
    roster: &Roster<'_>,
    existing: usize,
    mut emit: impl FnMut(AddedConflict) -> Result<(), E>,
) -> Result<(), E> {
    let proposal_of = |assignment: Option<usize>| assignment.and_then(|index| index.checked_sub(existing));
    sweep_everybody(roster, Scope { window: Span::ALWAYS, existing }, &mut |conflict| {
        let sides = [proposal_of(conflict.assignment), proposal_of(conflict.other_assignment)];
        match sides.into_iter().flatten().min() {
            Some(proposal) => emit(AddedConflict { proposal, conflict }),
            None => Ok(()),
        }
    })?;
    staffing::find_added(roster, existing, &mut emit)
}

/// Which conflicts are wanted.
#[derive(Clone, Copy)]
struct Scope {
    /// Only those that overlap it.
    window: Span,
    /// Only those with an assignment from this position on: a subject of the search.
    existing: usize,
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

fn sweep_everybody<E>(roster: &Roster<'_>, scope: Scope, emit: &mut Sink<'_, E>) -> Result<(), E> {
    let mut placed: Vec<Placed<'_>> =
        roster.assignments.iter().enumerate().filter(|(_, assignment)| assignment.binding).collect();
    placed.sort_unstable_by_key(|(index, assignment)| (assignment.person, assignment.span.start(), *index));
    let blocked = blocked_times(roster, scope.window);
    let qualifications = Qualifications::of(roster.skills);
    for assignments in placed.chunk_by(|(_, one), (_, two)| one.person == two.person) {
        let Some((_, Assignment { person, .. })) = assignments.first() else { continue };
        let first = blocked.partition_point(|time| time.person < *person);
        let end = blocked.partition_point(|time| time.person <= *person);
        let mut line = TimeLine::new(roster, scope, *person);
        let mut ahead = blocked.get(first..end).unwrap_or_default().iter().peekable();
        for &(index, assignment) in assignments {
            while let Some(time) = ahead.next_if(|time| time.span.start() <= assignment.span.start()) {
                line.block(time, emit)?;
            }
            line.work((index, assignment), &qualifications, emit)?;
        }
        for time in ahead {
            line.block(time, emit)?;
        }
    }
    Ok(())
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
struct TimeLine<'a> {
    roster: &'a Roster<'a>,
    scope: Scope,
    rest: RestWatch<'a>,
    subjects: Vec<Placed<'a>>,
    bystanders: Vec<Placed<'a>>,
    blocked: Vec<Blocked>,
}

impl<'a> TimeLine<'a> {
    fn new(roster: &'a Roster<'a>, scope: Scope, person: usize) -> Self {
        let (subjects, bystanders, blocked) = (Vec::new(), Vec::new(), Vec::new());
        Self { roster, scope, rest: RestWatch::of(roster, person), subjects, bystanders, blocked }
    }

    /// An assignment starts.
    fn work<E>(
        &mut self,
        placed: Placed<'a>,
        qualifications: &Qualifications,
        emit: &mut Sink<'_, E>,
    ) -> Result<(), E> {
        let (index, assignment) = placed;
        let window = self.scope.window;
        self.rest.next(placed, &mut |conflict| {
            if conflict.during.overlaps(window) { emit(conflict) } else { Ok(()) }
        })?;
        if !assignment.span.overlaps(window) {
            return Ok(());
        }
        let start = assignment.span.start();
        self.subjects.retain(|(_, running)| running.span.end() > start);
        for &running in &self.subjects {
            both_at_once(running, placed, emit)?;
        }
        if !self.scope.is_subject(index) {
            self.bystanders.push(placed);
            return Ok(());
        }
        self.bystanders.retain(|(_, running)| running.span.end() > start);
        for &running in &self.bystanders {
            both_at_once(running, placed, emit)?;
        }
        self.blocked.retain(|running| running.span.end() > start);
        for running in &self.blocked {
            work_in_blocked_time(placed, running, emit)?;
        }
        qualifications.missing(self.roster, placed, emit)?;
        self.subjects.push(placed);
        Ok(())
    }

    /// A blocked time starts.
    fn block<E>(&mut self, time: &Blocked, emit: &mut Sink<'_, E>) -> Result<(), E> {
        self.subjects.retain(|(_, running)| running.span.end() > time.span.start());
        for &running in &self.subjects {
            work_in_blocked_time(running, time, emit)?;
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
