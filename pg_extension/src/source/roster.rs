//! The roster that the views show.

use rota_engine::conflict::{
    Absence, Assignment, Availability, Person, Preference, RestRule, Roster, Shift, SkillValidity,
};

use super::names::Names;
use super::query::{Connection, Parameters};
use super::selection::{Heads, Selection};
use super::views::Views;
use crate::error::ExtensionError;

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
    pub(crate) assignment_ids: Vec<Option<Box<str>>>,
    /// The kind of each of `absences`.
    pub(crate) absence_kinds: Vec<Option<Box<str>>>,
    /// The people who are wanted.
    pub(crate) people: Vec<Person>,
    /// The shifts of the time in question.
    pub(crate) shifts: Vec<Shift>,
    /// Their assignments, and those of the people.
    pub(crate) assignments: Vec<Assignment>,
    absences: Vec<Absence>,
    availability: Vec<Availability>,
    skills: Vec<SkillValidity>,
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
}

/// Reads what a selection asks for. `team_ids` are numbers that the rules of the roster refer to.
///
/// # Errors
/// As [`Views::check`]. What the server refuses is raised, such as an id that is none of the column's type.
pub(crate) fn read_roster(
    connection: &Connection,
    views: &Views,
    selection: &Selection,
    team_ids: Names,
) -> Result<RosterRows, ExtensionError> {
    let mut rows = RosterRows { team_ids, ..RosterRows::default() };
    let reader = Reader { connection, views, selection };
    reader.people(&mut rows)?;
    reader.shifts(&mut rows)?;
    reader.assignments(&mut rows)?;
    reader.absences(&mut rows)?;
    reader.availability(&mut rows)?;
    if rows.shifts.iter().any(|shift| !shift.skills.is_empty()) {
        reader.skills(&mut rows)?;
    }
    Ok(rows)
}

struct Reader<'a> {
    connection: &'a Connection,
    views: &'a Views,
    selection: &'a Selection,
}

impl Reader<'_> {
    fn people(&self, rows: &mut RosterRows) -> Result<(), ExtensionError> {
        self.views.check("people", &["person_id", "name", "team_id"])?;
        let mut parameters = Parameters::default();
        let wanted = self.selection.of_people(self.views, "people", "person", &mut parameters)?;
        let query = format!(
            "SELECT person.person_id::text, person.name::text, person.team_id::text
            FROM rota_source.people AS person
            WHERE {wanted}"
        );
        self.connection.for_each(&query, parameters, |row| {
            let Some(id) = row.text(1) else { return Ok(()) };
            // Somebody who is listed twice counts as listed first.
            if rows.person_ids.number(id) == rows.people.len() {
                rows.people.push(Person { team: row.text(3).map(|team| rows.team_ids.number(team)) });
                rows.person_names.push(row.text(2).map(Box::from));
            }
            Ok(())
        })
    }

    fn shifts(&self, rows: &mut RosterRows) -> Result<(), ExtensionError> {
        self.views.check("shifts", &["shift_id", "team_id", "during", "required", "skills"])?;
        self.views.check("assignments", &["shift_id", "during", "binding"])?;
        let mut parameters = Parameters::default();
        let in_span = self.selection.in_span("shift", &mut parameters);
        // Of a few people only the shifts they are on matter, unless heads are counted.
        let wanted = match &self.selection.heads {
            Heads::OfShifts(ids) => {
                let id_type = self.views.column_type("shifts", "shift_id")?;
                format!("shift.shift_id = ANY ({}::{id_type}[])", parameters.texts(ids))
            }
            Heads::Ignored if self.selection.is_limited() => {
                let held = self.selection.of_people(self.views, "assignments", "held", &mut parameters)?;
                let held_in_span = self.selection.in_span("held", &mut parameters);
                format!(
                    "{in_span}
                    AND shift.shift_id IN (
                        SELECT held.shift_id
                        FROM rota_source.assignments AS held
                        WHERE {held_in_span} AND held.binding AND {held}
                    )"
                )
            }
            Heads::Ignored | Heads::OfTeams => in_span,
        };
        // Heads of other teams' shifts are not read, so they must not be judged.
        let judged = self.selection.of_teams(self.views, "shifts", "shift", &mut parameters)?;
        let query = format!(
            "SELECT
                shift.shift_id::text,
                shift.team_id::text,
                shift.during,
                CASE WHEN {judged} THEN shift.required::bigint END,
                shift.skills::text[]
            FROM rota_source.shifts AS shift
            WHERE {wanted}"
        );
        self.connection.for_each(&query, parameters, |row| {
            let (Some(id), Some(span)) = (row.text(1), row.span(3)) else { return Ok(()) };
            if rows.shift_ids.number(id) == rows.shifts.len() {
                let required = row.integer(4).and_then(|heads| u32::try_from(heads).ok());
                let skills = row.texts(5).iter().map(|skill| rows.skill_names.number(skill)).collect();
                rows.shifts.push(Shift { span, required, skills });
                rows.shift_teams.push(row.text(2).map(|team| rows.team_ids.number(team)));
            }
            Ok(())
        })
    }

    fn assignments(&self, rows: &mut RosterRows) -> Result<(), ExtensionError> {
        self.views.check("assignments", &["assignment_id", "person_id", "shift_id", "during", "binding"])?;
        let mut parameters = Parameters::default();
        let in_span = self.selection.in_span("assignment", &mut parameters);
        let wanted = self.selection.of_people_or_heads(self.views, "assignment", &mut parameters)?;
        let query = format!(
            "SELECT
                assignment.assignment_id::text,
                assignment.person_id::text,
                assignment.shift_id::text,
                assignment.during
            FROM rota_source.assignments AS assignment
            WHERE {in_span} AND assignment.binding AND {wanted}"
        );
        self.connection.for_each(&query, parameters, |row| {
            let (Some(person), Some(span)) = (row.text(2), row.span(4)) else { return Ok(()) };
            rows.assignments.push(Assignment {
                person: rows.person_ids.number(person),
                shift: row.text(3).map(|shift| rows.shift_ids.number(shift)),
                span,
                binding: true,
            });
            rows.assignment_ids.push(row.text(1).map(Box::from));
            Ok(())
        })
    }

    fn absences(&self, rows: &mut RosterRows) -> Result<(), ExtensionError> {
        self.views.check("absences", &["person_id", "during", "kind"])?;
        let mut parameters = Parameters::default();
        let in_span = self.selection.in_span("absence", &mut parameters);
        let wanted = self.selection.of_people(self.views, "absences", "absence", &mut parameters)?;
        let query = format!(
            "SELECT absence.person_id::text, absence.during, absence.kind::text
            FROM rota_source.absences AS absence
            WHERE {in_span} AND {wanted}"
        );
        self.connection.for_each(&query, parameters, |row| {
            let (Some(person), Some(span)) = (row.text(1), row.span(2)) else { return Ok(()) };
            rows.absences.push(Absence { person: rows.person_ids.number(person), span });
            rows.absence_kinds.push(row.text(3).map(Box::from));
            Ok(())
        })
    }

    fn availability(&self, rows: &mut RosterRows) -> Result<(), ExtensionError> {
        self.views.check("availability", &["person_id", "during", "preference"])?;
        let mut parameters = Parameters::default();
        let in_span = self.selection.in_span("told", &mut parameters);
        let wanted = self.selection.of_people(self.views, "availability", "told", &mut parameters)?;
        let query = format!(
            "SELECT told.person_id::text, told.during
            FROM rota_source.availability AS told
            WHERE {in_span} AND told.preference::text = 'unavailable' AND {wanted}"
        );
        self.connection.for_each(&query, parameters, |row| {
            let (Some(person), Some(span)) = (row.text(1), row.span(2)) else { return Ok(()) };
            let person = rows.person_ids.number(person);
            rows.availability.push(Availability { person, span, preference: Preference::Unavailable });
            Ok(())
        })
    }

    fn skills(&self, rows: &mut RosterRows) -> Result<(), ExtensionError> {
        self.views.check("skills", &["person_id", "skill", "during"])?;
        let mut parameters = Parameters::default();
        let in_span = self.selection.in_span("holding", &mut parameters);
        let wanted = self.selection.of_people(self.views, "skills", "holding", &mut parameters)?;
        let query = format!(
            "SELECT holding.person_id::text, holding.skill::text, holding.during
            FROM rota_source.skills AS holding
            WHERE {in_span} AND {wanted}"
        );
        self.connection.for_each(&query, parameters, |row| {
            let (Some(person), Some(skill), Some(span)) = (row.text(1), row.text(2), row.span(3)) else {
                return Ok(());
            };
            // A skill that no shift asks for has no number, and is of no interest.
            if let Some(skill) = rows.skill_names.find(skill) {
                rows.skills.push(SkillValidity { person: rows.person_ids.number(person), skill, span });
            }
            Ok(())
        })
    }
}
