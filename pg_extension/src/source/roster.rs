//! The rows of a roster.

use std::rc::Rc;

use rota_engine::conflict::{
    Absence, Assignment, Availability, LocalDays, Person, Roster, Rule, Shift, SkillValidity,
};
use rota_engine::{Duration, Instant, Span};

use super::names::{Name, Names};
use crate::error::ExtensionError;
use crate::zone::ServerZone;

/// The rows of a roster as the engine wants them, and the names that its numbers stand for.
#[derive(Default)]
pub(crate) struct RosterRows {
    /// Ids of people. The first ones are those of `people`; ids after them occur in other views only.
    pub(crate) person_ids: Names,
    /// Ids of teams.
    pub(crate) team_ids: Names,
    /// Ids of shifts. The first ones are those of `shifts`; ids after them occur in assignments only.
    pub(crate) shift_ids: Names,
    /// Names of skills.
    pub(crate) skill_names: Names,
    /// The name of each of `people`.
    pub(crate) person_names: Vec<Option<Box<str>>>,
    /// The zones of people, if they are wanted, by the numbers that `people` refer to. The first is UTC, for
    /// whoever has none.
    pub(crate) zones: Vec<ServerZone>,
    /// The team of each of `shifts`.
    pub(crate) shift_teams: Vec<Option<usize>>,
    /// The unpaid break of each of `shifts`, as far as these are wanted.
    pub(crate) shift_breaks: Vec<Duration>,
    /// The id of each of `assignments`; `None` for a proposal.
    pub(crate) assignment_ids: Vec<Option<Name<Rc<str>>>>,
    /// The kind of each of `absences`.
    pub(crate) absence_kinds: Vec<Option<Box<str>>>,
    /// The people who are wanted.
    pub(crate) people: Vec<Person>,
    /// The shifts of the time in question.
    pub(crate) shifts: Vec<Shift>,
    /// Their assignments, and those of the people.
    pub(crate) assignments: Vec<Assignment>,
    pub(super) absences: Vec<Absence>,
    pub(super) availability: Vec<Availability>,
    pub(super) skills: Vec<SkillValidity>,
    /// Where `assignments` are known; beyond the time in question only of people who were asked about further.
    pub(super) known_work: Option<Span>,
    /// The local days of each of `zones`, if they are wanted.
    pub(super) days: Vec<LocalDays>,
}

impl RosterRows {
    /// The engine's view of the rows.
    pub(crate) fn roster<'a>(&'a self, rules: &'a [Rule]) -> Roster<'a> {
        Roster {
            people: &self.people,
            shifts: &self.shifts,
            assignments: &self.assignments,
            absences: &self.absences,
            availability: &self.availability,
            skills: &self.skills,
            zones: &self.days,
            rules,
        }
    }

    /// Has the local days of each zone at hand: of all work in a span, and for some time around it.
    ///
    /// # Errors
    /// [`rota_engine::EngineError::UnboundedSpan`] for work without a bound on a side where the span has none
    /// either, and [`rota_engine::EngineError::SpanTooLong`], naming `window_end`.
    pub(crate) fn keep_days(&mut self, span: Span, around: Duration) -> Result<(), ExtensionError> {
        self.days.clear();
        let work = self.assignments.iter().filter_map(|assignment| assignment.span.intersect(span));
        if let Some(hull) = work.reduce(Span::hull) {
            let known = widened(hull, around);
            self.days = self.zones.iter().map(|zone| LocalDays::of(zone, known)).collect::<Result<_, _>>()?;
        }
        Ok(())
    }

    /// Keeps a shift under its number. Shifts with lower numbers that nobody has read make no demands.
    pub(super) fn keep_shift(&mut self, id: Name<&str>, shift: Shift, team: Option<usize>, unpaid: Duration) {
        const UNREAD: Shift = Shift { span: Span::ALWAYS, required: None, skills: Vec::new() };
        let number = self.shift_ids.number(id);
        if number >= self.shifts.len() {
            self.shifts.resize(number + 1, UNREAD);
            self.shift_teams.resize(number + 1, None);
            self.shift_breaks.resize(number + 1, Duration::ZERO);
        }
        if let (Some(place), Some(place_of_team), Some(place_of_break)) =
            (self.shifts.get_mut(number), self.shift_teams.get_mut(number), self.shift_breaks.get_mut(number))
        {
            (*place, *place_of_team, *place_of_break) = (shift, team, unpaid);
        }
    }

    /// The ids of `people`.
    pub(super) fn ids_of_people(&self) -> Vec<String> {
        self.person_ids.texts().take(self.people.len()).collect()
    }

    /// The ids of those `shifts` whose heads are counted.
    pub(super) fn ids_of_judged_shifts(&self) -> Vec<String> {
        let judged = self.shifts.iter().enumerate().filter(|(_, shift)| shift.required.is_some());
        judged.filter_map(|(shift, _)| self.shift_ids.text(shift)).collect()
    }
}

/// A span with some time more on both sides, as far as time goes.
pub(crate) fn widened(span: Span, by: Duration) -> Span {
    let start = span.start().checked_add_microseconds(-by.microseconds()).unwrap_or(Instant::NEG_INFINITY);
    let end = span.end().checked_add_microseconds(by.microseconds()).unwrap_or(Instant::INFINITY);
    Span::new(start, end).unwrap_or(span)
}
