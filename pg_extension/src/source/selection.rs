//! Which rows of the views are wanted.

use rota_engine::Span;

use super::query::Parameters;
use super::views::Views;
use crate::error::ExtensionError;

/// The time, the people and the teams that a caller asked about, and what the rules want to know of them.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    /// Rows that overlap it.
    pub(crate) span: Span,
    /// Assignments that overlap it; no less than `span`.
    pub(crate) span_of_work: Span,
    /// Whether the time zones of people are wanted.
    pub(crate) zones: bool,
    /// Whether the unpaid breaks of assignments are wanted.
    pub(crate) breaks: bool,
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

    /// The condition that a row of view `people` is of a wanted person.
    ///
    /// # Errors
    /// As [`Views::column_type`].
    pub(super) fn of_people(
        &self,
        views: &Views,
        alias: &str,
        parameters: &mut Parameters,
    ) -> Result<String, ExtensionError> {
        let of_teams = self.of_teams(views, "people", alias, parameters)?;
        let Some(people) = &self.people else { return Ok(of_teams) };
        let of_people = one_of(views, ("people", "person_id"), alias, people, parameters)?;
        Ok(format!("{of_people} AND {of_teams}"))
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
        one_of(views, (view, "team_id"), alias, teams, parameters)
    }
}

/// The condition that a row overlaps a span. It says so to a GiST index, too.
pub(super) fn overlaps(alias: &str, span: Span, parameters: &mut Parameters) -> String {
    format!("{alias}.during OPERATOR(pg_catalog.&&) {}", parameters.range(span))
}

/// The condition that a column of a view has one of some ids. They are read as the column's own type, so that
/// its index serves.
///
/// # Errors
/// As [`Views::column_type`].
pub(super) fn one_of(
    views: &Views,
    (view, column): (&'static str, &'static str),
    alias: &str,
    ids: &[String],
    parameters: &mut Parameters,
) -> Result<String, ExtensionError> {
    let placeholder = parameters.texts(ids);
    one_of_placeholder(views, (view, column), alias, &placeholder.to_string())
}

/// As [`one_of`], for ids that are the value of a placeholder, a list of texts.
///
/// # Errors
/// As [`Views::column_type`].
pub(super) fn one_of_placeholder(
    views: &Views,
    (view, column): (&'static str, &'static str),
    alias: &str,
    placeholder: &str,
) -> Result<String, ExtensionError> {
    let id_type = views.column_type(view, column)?;
    Ok(format!("{alias}.{column} = ANY ({placeholder}::{id_type}[])"))
}

/// As [`one_of_placeholder`], for one id that is the value of a placeholder, a text.
///
/// # Errors
/// As [`Views::column_type`].
pub(super) fn is_placeholder(
    views: &Views,
    (view, column): (&'static str, &'static str),
    alias: &str,
    placeholder: &str,
) -> Result<String, ExtensionError> {
    let id_type = views.column_type(view, column)?;
    Ok(format!("{alias}.{column} = {placeholder}::{id_type}"))
}
