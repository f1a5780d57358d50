//! Which rows of the views are wanted.

use rota_engine::Span;

use super::query::Parameters;
use super::views::Views;
use crate::error::ExtensionError;

/// The time, the people and the teams that a caller asked about.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    /// Rows that overlap it.
    pub(crate) span: Span,
    /// Only these people, by id; `None` for everybody.
    pub(crate) people: Option<Vec<String>>,
    /// Only these teams, by id; `None` for all.
    pub(crate) teams: Option<Vec<String>>,
    /// Besides the people's own assignments, every assignment of the shifts in question: heads are counted.
    pub(crate) heads: Heads,
}

/// The shifts whose heads are counted.
#[derive(Debug, Clone)]
pub(crate) enum Heads {
    /// Of no shift.
    Ignored,
    /// Of every shift of the teams in the span.
    OfTeams,
    /// Of these shifts, by id.
    OfShifts(Vec<String>),
}

impl Selection {
    /// Whether some people are left out.
    pub(crate) fn is_limited(&self) -> bool {
        self.people.is_some() || self.teams.is_some()
    }

    /// The condition that a row overlaps the span. It says so to a GiST index, too.
    pub(super) fn in_span(&self, alias: &str, parameters: &mut Parameters) -> String {
        format!("{alias}.during OPERATOR(pg_catalog.&&) {}", parameters.range(self.span))
    }

    /// The condition that a row of `view` is of a wanted person.
    ///
    /// # Errors
    /// As [`Views::column_type`].
    pub(super) fn of_people(
        &self,
        views: &Views,
        view: &'static str,
        alias: &str,
        parameters: &mut Parameters,
    ) -> Result<String, ExtensionError> {
        let mut conditions = Vec::new();
        if let Some(people) = &self.people {
            let id_type = views.column_type(view, "person_id")?;
            conditions.push(format!("{alias}.person_id = ANY ({}::{id_type}[])", parameters.texts(people)));
        }
        if self.teams.is_some() {
            views.check("people", &["person_id", "team_id"])?;
            conditions.push(format!(
                "{alias}.person_id IN (
                    SELECT member.person_id
                    FROM rota_source.people AS member
                    WHERE {}
                )",
                self.of_teams(views, "people", "member", parameters)?
            ));
        }
        Ok(if conditions.is_empty() { "true".to_owned() } else { conditions.join(" AND ") })
    }

    /// The condition that a row of `view` is of a wanted team.
    ///
    /// # Errors
    /// As [`Views::column_type`].
    pub(super) fn of_teams(
        &self,
        views: &Views,
        view: &'static str,
        alias: &str,
        parameters: &mut Parameters,
    ) -> Result<String, ExtensionError> {
        let Some(teams) = &self.teams else { return Ok("true".to_owned()) };
        let id_type = views.column_type(view, "team_id")?;
        Ok(format!("{alias}.team_id = ANY ({}::{id_type}[])", parameters.texts(teams)))
    }

    /// The condition that an assignment is of a wanted person, or one of the heads that are counted.
    ///
    /// # Errors
    /// As [`Views::column_type`].
    pub(super) fn of_people_or_heads(
        &self,
        views: &Views,
        alias: &str,
        parameters: &mut Parameters,
    ) -> Result<String, ExtensionError> {
        let of_people = self.of_people(views, "assignments", alias, parameters)?;
        match &self.heads {
            Heads::OfTeams if self.teams.is_some() => {
                views.check("shifts", &["shift_id", "team_id", "during"])?;
                let in_span = self.in_span("headed", parameters);
                let of_teams = self.of_teams(views, "shifts", "headed", parameters)?;
                Ok(format!(
                    "(
                        ({of_people})
                        OR {alias}.shift_id IN (
                            SELECT headed.shift_id
                            FROM rota_source.shifts AS headed
                            WHERE {in_span} AND {of_teams}
                        )
                    )"
                ))
            }
            Heads::OfShifts(shifts) => {
                let id_type = views.column_type("assignments", "shift_id")?;
                let shifts = parameters.texts(shifts);
                Ok(format!("(({of_people}) OR {alias}.shift_id = ANY ({shifts}::{id_type}[]))"))
            }
            Heads::Ignored | Heads::OfTeams => Ok(of_people),
        }
    }
}
