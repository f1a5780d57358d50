//! Conflicts of the roster, and of what is proposed.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::iter::TableIterator;
use pgrx::{JsonB, default, name, pg_extern, search_path};
use rota_engine::rule::RuleKind;

use super::window::{window, without_nulls};
use crate::conflict::{self, ConflictRow, Question};
use crate::convert::{InstantRange, NumericMinutes, NumericQuantity};
use crate::error::{ExtensionError, OrRaise};
use crate::source::members;

#[pg_extern(stable, parallel_restricted)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns of the SQL function from this type")]
fn find_conflicts(
    window_start: Option<TimestampWithTimeZone>,
    window_end: Option<TimestampWithTimeZone>,
    people: default!(Option<Vec<Option<String>>>, "NULL"),
    teams: default!(Option<Vec<Option<String>>>, "NULL"),
    minimum_rest_minutes: default!(Option<i32>, "NULL"),
) -> TableIterator<
    'static,
    (
        name!(kind, &'static str),
        name!(level, &'static str),
        name!(person_id, Option<String>),
        name!(team_id, Option<String>),
        name!(shift_id, Option<String>),
        name!(assignment_id, Option<String>),
        name!(other_assignment_id, Option<String>),
        name!(during, InstantRange),
        name!(minutes, Option<NumericMinutes>),
        name!(rule_id, Option<String>),
        name!(measured, Option<NumericQuantity>),
        name!(limit_value, Option<NumericQuantity>),
        name!(message, String),
    ),
> {
    let rows = || -> Result<Vec<ConflictRow>, ExtensionError> {
        conflict::find(Question {
            window: window(window_start, window_end)?,
            people: people.map(without_nulls),
            teams: teams.map(without_nulls),
            minimum_rest_minutes,
        })
    };
    TableIterator::new(rows().or_raise().into_iter().map(|row| {
        (
            row.kind.as_str(),
            row.level.as_str(),
            row.person_id,
            row.team_id,
            row.shift_id,
            row.assignment_id,
            row.other_assignment_id,
            InstantRange(Some(row.during)),
            row.time.map(NumericMinutes),
            row.rule_id,
            row.measured.map(NumericQuantity),
            row.limit.map(NumericQuantity),
            row.message,
        )
    }))
}

#[pg_extern(stable, parallel_restricted)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns of the SQL function from this type")]
fn check_assignments(
    proposed: Option<JsonB>,
    minimum_rest_minutes: default!(Option<i32>, "NULL"),
) -> TableIterator<
    'static,
    (
        name!(kind, &'static str),
        name!(level, &'static str),
        name!(person_id, Option<String>),
        name!(team_id, Option<String>),
        name!(shift_id, Option<String>),
        name!(assignment_id, Option<String>),
        name!(other_assignment_id, Option<String>),
        name!(during, InstantRange),
        name!(minutes, Option<NumericMinutes>),
        name!(rule_id, Option<String>),
        name!(measured, Option<NumericQuantity>),
        name!(limit_value, Option<NumericQuantity>),
        name!(message, String),
        name!(proposal, Option<i32>),
        name!(other_proposal, Option<i32>),
    ),
> {
    let rows = || -> Result<Vec<ConflictRow>, ExtensionError> {
        let proposed = proposed.ok_or(ExtensionError::MissingArgument { argument: "proposed" })?;
        conflict::check(proposed, minimum_rest_minutes)
    };
    TableIterator::new(rows().or_raise().into_iter().map(|row| {
        (
            row.kind.as_str(),
            row.level.as_str(),
            row.person_id,
            row.team_id,
            row.shift_id,
            row.assignment_id,
            row.other_assignment_id,
            InstantRange(Some(row.during)),
            row.time.map(NumericMinutes),
            row.rule_id,
            row.measured.map(NumericQuantity),
            row.limit.map(NumericQuantity),
            row.message,
            row.proposal.and_then(|proposal| i32::try_from(proposal).ok()),
            row.other_proposal.and_then(|proposal| i32::try_from(proposal).ok()),
        )
    }))
}

#[pg_extern(stable, parallel_restricted)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns of the SQL function from this type")]
fn check_swap(
    assignment_id: Option<String>,
    other_assignment_id: Option<String>,
    minimum_rest_minutes: default!(Option<i32>, "NULL"),
) -> TableIterator<
    'static,
    (
        name!(kind, &'static str),
        name!(level, &'static str),
        name!(person_id, Option<String>),
        name!(team_id, Option<String>),
        name!(shift_id, Option<String>),
        name!(assignment_id, Option<String>),
        name!(other_assignment_id, Option<String>),
        name!(during, InstantRange),
        name!(minutes, Option<NumericMinutes>),
        name!(rule_id, Option<String>),
        name!(measured, Option<NumericQuantity>),
        name!(limit_value, Option<NumericQuantity>),
        name!(message, String),
    ),
> {
    let rows = || -> Result<Vec<ConflictRow>, ExtensionError> {
        let given = |argument, id: Option<String>| id.ok_or(ExtensionError::MissingArgument { argument });
        conflict::check_swap(
            given("assignment_id", assignment_id)?,
            given("other_assignment_id", other_assignment_id)?,
            minimum_rest_minutes,
        )
    };
    TableIterator::new(rows().or_raise().into_iter().map(|row| {
        (
            row.kind.as_str(),
            row.level.as_str(),
            row.person_id,
            row.team_id,
            row.shift_id,
            row.assignment_id,
            row.other_assignment_id,
            InstantRange(Some(row.during)),
            row.time.map(NumericMinutes),
            row.rule_id,
            row.measured.map(NumericQuantity),
            row.limit.map(NumericQuantity),
            row.message,
        )
    }))
}

#[pg_extern(immutable, parallel_safe)]
fn require_rule(rule_type: Option<&str>, parameters: Option<JsonB>) -> bool {
    let readable = || -> Result<bool, ExtensionError> {
        let rule_type = rule_type.ok_or(ExtensionError::MissingArgument { argument: "rule_type" })?;
        let parameters = parameters.ok_or(ExtensionError::MissingArgument { argument: "parameters" })?;
        RuleKind::read(rule_type, &members(&parameters.0))?;
        Ok(true)
    };
    readable().or_raise()
}
