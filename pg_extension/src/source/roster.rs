//! The rows of a roster.

use std::rc::Rc;

use rota_engine::Span;
use rota_engine::conflict::{
    Absence, Assignment, Availability, Person, RestRule, Roster, Shift, SkillValidity,
};

use super::names::{Name, Names};

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
    /// The team of each of `shifts`.
    pub(crate) shift_teams: Vec<Option<usize>>,
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
}

impl RosterRows {
    /// The engine's view of the rows.
    pub(crate) fn roster<'a>(&'a self, rest_rules: &'a [RestRule]) -> Roster<'a> {
        Roster {
            people: &self.people,
            shifts: &self.shifts,
            assignments: &self.assignments,
            absences: &self.absences,
            availability: &self.availability,
            skills: &self.skills,
            rest_rules,
        }
    }

    /// Keeps a shift under its number. Shifts with lower numbers that nobody has read make no demands.
    pub(super) fn keep_shift(&mut self, id: Name<&str>, shift: Shift, team: Option<usize>) {
        const UNREAD: Shift = Shift { span: Span::ALWAYS, required: None, skills: Vec::new() };
        let number = self.shift_ids.number(id);
        if number >= self.shifts.len() {
            self.shifts.resize(number + 1, UNREAD);
            self.shift_teams.resize(number + 1, None);
        }
        if let (Some(place), Some(team_place)) =
            (self.shifts.get_mut(number), self.shift_teams.get_mut(number))
        {
            (*place, *team_place) = (shift, team);
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
