//! Conflicts of the roster, and of what is proposed.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::iter::TableIterator;
use pgrx::{JsonB, default, name, pg_extern, search_path};
use rota_engine::rule::RuleKind;

use super::window::{window, without_nulls};
use crate::conflict::{self, Added, ConflictRow, Question};
use crate::convert::{InstantRange, NumericMeasure, NumericMinutes, NumericQuantity};
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
        name!(measured, Option<NumericMeasure>),
        name!(limit_value, Option<NumericMeasure>),
        name!(message, String),
        name!(proposal, Option<i32>),
        name!(other_proposal, Option<i32>),
    ),
> {
    let added = || -> Result<Added, ExtensionError> {
        let proposed = proposed.ok_or(ExtensionError::MissingArgument { argument: "proposed" })?;
        conflict::check(proposed, minimum_rest_minutes)
    };
    let place = |proposal: Option<usize>| proposal.and_then(|proposal| i32::try_from(proposal).ok());
    TableIterator::new(added().or_raise().rows().map(move |(row, proposal, other_proposal)| {
        let (
            kind,
            level,
            person,
            team,
            shift,
            assignment,
            other,
            during,
            minutes,
            rule,
            measured,
            limit,
            message,
        ) = row;
        (
            kind,
            level,
            person,
            team,
            shift,
            assignment,
            other,
            during,
            minutes,
            rule,
            measured,
            limit,
            message,
            place(proposal),
            place(other_proposal),
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
        name!(measured, Option<NumericMeasure>),
        name!(limit_value, Option<NumericMeasure>),
        name!(message, String),
    ),
> {
    let added = || -> Result<Added, ExtensionError> {
        let given = |argument, id: Option<String>| id.ok_or(ExtensionError::MissingArgument { argument });
        conflict::check_swap(
            given("assignment_id", assignment_id)?,
            given("other_assignment_id", other_assignment_id)?,
            minimum_rest_minutes,
        )
    };
    TableIterator::new(added().or_raise().rows().map(|(row, _, _)| row))
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

/// A row of `rota.check_swap`.
type AddedColumns = (
    &'static str,
    &'static str,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    InstantRange,
    Option<NumericMinutes>,
    Option<String>,
    Option<NumericMeasure>,
    Option<NumericMeasure>,
    String,
);

impl Added {
    /// Conflicts, then broken rules, each with the proposals that take part.
    fn rows(self) -> impl Iterator<Item = (AddedColumns, Option<usize>, Option<usize>)> {
        let conflicts = self.conflicts.into_iter().map(|row| {
            let columns = (
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
                row.measured.map(NumericMeasure::Quantity),
                row.limit.map(NumericMeasure::Quantity),
                row.message,
            );
            (columns, row.proposal, row.other_proposal)
        });
        let rules = self.rules.into_iter().map(|broken| {
            let assignment_id = broken.assignment_id();
            let minutes = broken.time().map(NumericMinutes);
            let verdict = broken.verdict;
            let columns = (
                "broken_rule",
                verdict.level.as_str(),
                Some(verdict.person_id),
                verdict.team_id,
                None,
                assignment_id,
                None,
                InstantRange(Some(verdict.during)),
                minutes,
                Some(verdict.rule.id),
                verdict.measured.map(NumericMeasure::Ratio),
                Some(NumericMeasure::Ratio(verdict.limit)),
                verdict.message,
            );
            (columns, broken.proposal, None)
        });
        conflicts.chain(rules)
    }
}
