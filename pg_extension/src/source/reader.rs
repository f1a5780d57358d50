//! Reads the roster that the views show.

use rota_engine::conflict::{
    Absence, Assignment, Availability, Load, Person, Preference, Shift, SkillValidity,
};
use rota_engine::{Duration, Span};

use super::names::{Name, Names};
use super::query::{Connection, Parameters};
use super::roster::RosterRows;
use super::selection::{Heads, Selection, one_of, overlaps};
use super::views::Views;
use crate::error::ExtensionError;
use crate::zone::ServerZone;

/// The expression that reads a load as billionths of a person. A load of unknown size is the whole person.
const LOAD: &str = "(coalesce(assignment.load::numeric, 1) * 1000000000)::bigint";

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
    reader.headed_shifts(&mut rows)?;
    reader.assignments(&mut rows)?;
    reader.held_shifts(&mut rows)?;
    reader.absences(&mut rows)?;
    reader.availability(&mut rows)?;
    if rows.shifts.iter().any(|shift| !shift.skills.is_empty()) {
        reader.skills(&mut rows)?;
    }
    Ok(rows)
}

/// Reads more of the assignments of some people, by number: those that meet a span, and have not been read.
///
/// # Errors
/// As [`read_roster`].
pub(crate) fn read_further_work(
    connection: &Connection,
    views: &Views,
    selection: &Selection,
    (people, span): (&[usize], Span),
    rows: &mut RosterRows,
) -> Result<(), ExtensionError> {
    let Some(known) = rows.known_work.replace(span) else { return Ok(()) };
    let ids: Vec<String> = people.iter().filter_map(|person| rows.person_ids.text(*person)).collect();
    let mut parameters = Parameters::default();
    let wanted = format!(
        "{} AND NOT {} AND {}",
        overlaps("assignment", span, &mut parameters),
        overlaps("assignment", known, &mut parameters),
        one_of(views, ("assignments", "person_id"), "assignment", &ids, &mut parameters)?,
    );
    Reader { connection, views, selection }.assignments_where(&wanted, parameters, rows)
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
        let wanted = self.selection.of_people(self.views, "person", &mut parameters)?;
        let zone = if self.selection.zones {
            self.views.check("people", &["time_zone"])?;
            rows.zones.push(ServerZone::named("UTC")?);
            "person.time_zone::text"
        } else {
            "NULL::text"
        };
        let query = format!(
            "SELECT {person_id}, person.name::text, {team_id}, {zone}
            FROM rota_source.people AS person
            WHERE {wanted}",
            person_id = self.views.name_of("people", "person_id", "person")?,
            team_id = self.views.name_of("people", "team_id", "person")?,
        );
        let mut zone_names = Names::default();
        zone_names.number("UTC".into());
        self.connection.for_each(&query, parameters, |row| {
            let Some(id) = row.name(1) else { return Ok(()) };
            let zone = match row.text(4) {
                Some(name) => zone_names.number(name.into()),
                None => 0,
            };
            if let Some(name) = row.text(4).filter(|_| zone == rows.zones.len()) {
                rows.zones.push(ServerZone::named(name)?);
            }
            // Somebody who is listed twice counts as listed first.
            if rows.person_ids.number(id) == rows.people.len() {
                let team = row.name(3).map(|team| rows.team_ids.number(team));
                rows.people.push(Person { team, zone });
                rows.person_names.push(row.text(2).map(Box::from));
            }
            Ok(())
        })
    }

    /// The shifts whose heads are counted.
    fn headed_shifts(&self, rows: &mut RosterRows) -> Result<(), ExtensionError> {
        let mut parameters = Parameters::default();
        let wanted = match &self.selection.heads {
            Heads::Ignored => return Ok(()),
            Heads::OfTeams => {
                let in_span = overlaps("shift", self.selection.span, &mut parameters);
                let of_teams = self.selection.of_teams(self.views, "shifts", "shift", &mut parameters)?;
                format!("{in_span} AND {of_teams}")
            }
            Heads::OfShifts(ids) => {
                one_of(self.views, ("shifts", "shift_id"), "shift", ids, &mut parameters)?
            }
        };
        self.shifts_where(&wanted, parameters, rows)
    }

    /// The other shifts that people are on. Proposals are judged by their own shifts only.
    fn held_shifts(&self, rows: &mut RosterRows) -> Result<(), ExtensionError> {
        let all_are_read = match self.selection.heads {
            Heads::Ignored => false,
            Heads::OfTeams => !self.selection.is_limited(),
            Heads::OfShifts(_) => true,
        };
        let ids: Vec<String> = rows.shift_ids.texts().skip(rows.shifts.len()).collect();
        if all_are_read || ids.is_empty() {
            return Ok(());
        }
        let mut parameters = Parameters::default();
        let in_span = overlaps("shift", self.selection.span, &mut parameters);
        let held = one_of(self.views, ("shifts", "shift_id"), "shift", &ids, &mut parameters)?;
        self.shifts_where(&format!("{in_span} AND {held}"), parameters, rows)
    }

    /// Reads the shifts that meet a condition.
    fn shifts_where(
        &self,
        wanted: &str,
        mut parameters: Parameters,
        rows: &mut RosterRows,
    ) -> Result<(), ExtensionError> {
        self.views.check("shifts", &["shift_id", "team_id", "during", "required", "skills"])?;
        // Heads of other teams' shifts are not read, so they must not be judged.
        let judged = self.selection.of_teams(self.views, "shifts", "shift", &mut parameters)?;
        let unpaid = self.unpaid("shifts", "break_minutes", "shift")?;
        let query = format!(
            "SELECT
                {shift_id},
                {team_id},
                shift.during,
                CASE WHEN {judged} THEN shift.required::bigint END,
                shift.skills::text[],
                {unpaid}
            FROM rota_source.shifts AS shift
            WHERE {wanted}",
            shift_id = self.views.name_of("shifts", "shift_id", "shift")?,
            team_id = self.views.name_of("shifts", "team_id", "shift")?,
        );
        self.connection.for_each(&query, parameters, |row| {
            let (Some(id), Some(span)) = (row.name(1), row.span(3)) else { return Ok(()) };
            let required = row.integer(4).and_then(|heads| u32::try_from(heads).ok());
            let skills = row.texts(5);
            let skills = skills.iter().map(|skill| rows.skill_names.number(skill.as_str().into())).collect();
            let team = row.name(2).map(|team| rows.team_ids.number(team));
            rows.keep_shift(id, Shift { span, required, skills }, team, microseconds(row.integer(6)));
            Ok(())
        })
    }

    fn assignments(&self, rows: &mut RosterRows) -> Result<(), ExtensionError> {
        let mut parameters = Parameters::default();
        let span = self.span_of_heads(rows);
        rows.known_work = Some(span);
        let in_span = overlaps("assignment", span, &mut parameters);
        let wanted = self.of_people_or_heads(rows, &mut parameters)?;
        self.assignments_where(&format!("{in_span} AND {wanted}"), parameters, rows)
    }

    /// Reads the binding assignments that meet a condition.
    fn assignments_where(
        &self,
        wanted: &str,
        parameters: Parameters,
        rows: &mut RosterRows,
    ) -> Result<(), ExtensionError> {
        let columns = ["assignment_id", "person_id", "shift_id", "during", "binding", "load"];
        self.views.check("assignments", &columns)?;
        let query = format!(
            "SELECT
                {assignment_id},
                {person_id},
                {shift_id},
                assignment.during,
                {LOAD},
                {unpaid}
            FROM rota_source.assignments AS assignment
            WHERE {wanted} AND assignment.binding",
            assignment_id = self.views.name_of("assignments", "assignment_id", "assignment")?,
            person_id = self.views.name_of("assignments", "person_id", "assignment")?,
            shift_id = self.views.name_of("assignments", "shift_id", "assignment")?,
            unpaid = self.unpaid("assignments", "unpaid_minutes", "assignment")?,
        );
        self.connection.for_each(&query, parameters, |row| {
            let (Some(person), Some(span)) = (row.name(2), row.span(4)) else { return Ok(()) };
            rows.assignments.push(Assignment {
                person: rows.person_ids.number(person),
                shift: row.name(3).map(|shift| rows.shift_ids.number(shift)),
                span,
                binding: true,
                load: row.integer(5).map_or(Load::WHOLE, Load::from_billionths),
                unpaid: microseconds(row.integer(6)),
            });
            rows.assignment_ids.push(row.name(1).map(Name::kept));
            Ok(())
        })
    }

    /// The expression that reads unpaid minutes as microseconds, where they are wanted. They stand in another
    /// table than the assignments, perhaps.
    fn unpaid(
        &self,
        view: &'static str,
        column: &'static str,
        alias: &str,
    ) -> Result<String, ExtensionError> {
        if !self.selection.breaks {
            return Ok("NULL::bigint".to_owned());
        }
        self.views.check(view, &[column])?;
        Ok(format!("({alias}.{column}::numeric * 60000000)::bigint"))
    }

    fn absences(&self, rows: &mut RosterRows) -> Result<(), ExtensionError> {
        self.views.check("absences", &["person_id", "during", "kind"])?;
        let mut parameters = Parameters::default();
        let in_span = overlaps("absence", self.selection.span, &mut parameters);
        let wanted = self.of_people("absences", "absence", rows, &mut parameters)?;
        let query = format!(
            "SELECT {person_id}, absence.during, absence.kind::text
            FROM rota_source.absences AS absence
            WHERE {in_span} AND {wanted}",
            person_id = self.views.name_of("absences", "person_id", "absence")?,
        );
        self.connection.for_each(&query, parameters, |row| {
            let (Some(person), Some(span)) = (row.name(1), row.span(2)) else { return Ok(()) };
            rows.absences.push(Absence { person: rows.person_ids.number(person), span });
            rows.absence_kinds.push(row.text(3).map(Box::from));
            Ok(())
        })
    }

    fn availability(&self, rows: &mut RosterRows) -> Result<(), ExtensionError> {
        self.views.check("availability", &["person_id", "during", "preference"])?;
        let mut parameters = Parameters::default();
        let in_span = overlaps("told", self.selection.span, &mut parameters);
        let wanted = self.of_people("availability", "told", rows, &mut parameters)?;
        let query = format!(
            "SELECT {person_id}, told.during
            FROM rota_source.availability AS told
            WHERE {in_span} AND told.preference::text = 'unavailable' AND {wanted}",
            person_id = self.views.name_of("availability", "person_id", "told")?,
        );
        self.connection.for_each(&query, parameters, |row| {
            let (Some(person), Some(span)) = (row.name(1), row.span(2)) else { return Ok(()) };
            let person = rows.person_ids.number(person);
            rows.availability.push(Availability { person, span, preference: Preference::Unavailable });
            Ok(())
        })
    }

    fn skills(&self, rows: &mut RosterRows) -> Result<(), ExtensionError> {
        self.views.check("skills", &["person_id", "skill", "during"])?;
        let mut parameters = Parameters::default();
        // A skill has to be valid during all of the work, also where that reaches beyond the span.
        let work = rows.assignments.iter().map(|assignment| assignment.span);
        let work = work.filter(|work| work.overlaps(self.selection.span));
        let in_span = overlaps("holding", work.fold(self.selection.span, Span::hull), &mut parameters);
        let wanted = self.of_people("skills", "holding", rows, &mut parameters)?;
        let asked_for: Vec<String> = rows.skill_names.texts().collect();
        let query = format!(
            "SELECT {person_id}, holding.skill::text, holding.during
            FROM rota_source.skills AS holding
            WHERE {in_span} AND {wanted} AND holding.skill::text = ANY ({asked_for})",
            person_id = self.views.name_of("skills", "person_id", "holding")?,
            asked_for = parameters.texts(&asked_for),
        );
        self.connection.for_each(&query, parameters, |row| {
            let (Some(person), Some(skill), Some(span)) = (row.name(1), row.text(2), row.span(3)) else {
                return Ok(());
            };
            let (person, skill) = (rows.person_ids.number(person), rows.skill_names.number(skill.into()));
            rows.skills.push(SkillValidity { person, skill, span });
            Ok(())
        })
    }

    /// The condition that a row of `view` is of one of the people who were read. Ids and not a subquery: the
    /// planner then weighs a look at each of them against a look at everybody's rows of the time.
    fn of_people(
        &self,
        view: &'static str,
        alias: &str,
        rows: &RosterRows,
        parameters: &mut Parameters,
    ) -> Result<String, ExtensionError> {
        if !self.selection.is_limited() {
            return Ok("true".to_owned());
        }
        one_of(self.views, (view, "person_id"), alias, &rows.ids_of_people(), parameters)
    }

    /// The condition that an assignment is of one of the people, or one of the heads that are counted.
    fn of_people_or_heads(
        &self,
        rows: &RosterRows,
        parameters: &mut Parameters,
    ) -> Result<String, ExtensionError> {
        let of_people = self.of_people("assignments", "assignment", rows, parameters)?;
        if !self.selection.is_limited() || matches!(self.selection.heads, Heads::Ignored) {
            return Ok(of_people);
        }
        let judged = rows.ids_of_judged_shifts();
        let of_heads = one_of(self.views, ("assignments", "shift_id"), "assignment", &judged, parameters)?;
        Ok(format!("({of_people} OR {of_heads})"))
    }

    /// The span in which heads are looked for. A head may be on another part of a shift than the one in
    /// question.
    fn span_of_heads(&self, rows: &RosterRows) -> Span {
        match self.selection.heads {
            Heads::Ignored => self.selection.span_of_work,
            Heads::OfTeams | Heads::OfShifts(_) => {
                let judged = rows.shifts.iter().filter(|shift| shift.required.is_some());
                judged.map(|shift| shift.span).fold(self.selection.span_of_work, Span::hull)
            }
        }
    }
}

/// A length as it is read.
fn microseconds(value: Option<i64>) -> Duration {
    Duration::from_microseconds(value.unwrap_or_default())
}
