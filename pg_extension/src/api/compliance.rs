//! What working-time rules say about people's work.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::iter::TableIterator;
use pgrx::{default, name, pg_extern, search_path};
use rota_engine::compliance::{Duty, Verdict};
use rota_engine::{Duration, EngineError, Span};

use super::window::{window, without_nulls};
use crate::compliance::enforcement::written_verdicts as written;
use crate::compliance::{self, Asked, Case, HeadroomRow, VerdictRow};
use crate::convert::{InstantRange, NumericMinutes, NumericRatio};
use crate::error::{ExtensionError, OrRaise};

/// A row of `rota.check_rules`.
type VerdictColumns = (
    Option<String>,
    String,
    Option<String>,
    String,
    String,
    Option<String>,
    InstantRange,
    Option<NumericRatio>,
    NumericRatio,
    String,
    &'static str,
    &'static str,
    &'static str,
    bool,
    Vec<Option<String>>,
    Option<String>,
    String,
);

fn verdict_columns(row: VerdictRow) -> VerdictColumns {
    (
        row.rule.rule_set,
        row.rule.id,
        row.rule.name,
        row.rule.rule_type,
        row.person_id,
        row.team_id,
        InstantRange(Some(row.during)),
        row.measured.map(NumericRatio),
        NumericRatio(row.limit),
        row.unit.to_string(),
        row.level.as_str(),
        row.rule.mode.as_str(),
        row.reason,
        row.estimated,
        row.assignment_ids,
        row.rule.source,
        row.message,
    )
}

#[pg_extern(stable, parallel_restricted)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns of the SQL function from this type")]
fn check_rules(
    rule_set: Option<String>,
    window_start: Option<TimestampWithTimeZone>,
    window_end: Option<TimestampWithTimeZone>,
    people: default!(Option<Vec<Option<String>>>, "NULL"),
    teams: default!(Option<Vec<Option<String>>>, "NULL"),
) -> TableIterator<
    'static,
    (
        name!(rule_set, Option<String>),
        name!(rule_id, String),
        name!(rule_name, Option<String>),
        name!(rule_type, String),
        name!(person_id, String),
        name!(team_id, Option<String>),
        name!(during, InstantRange),
        name!(measured, Option<NumericRatio>),
        name!(limit_value, NumericRatio),
        name!(unit, String),
        name!(level, &'static str),
        name!(mode, &'static str),
        name!(reason, &'static str),
        name!(estimated, bool),
        name!(assignment_ids, Vec<Option<String>>),
        name!(source, Option<String>),
        name!(message, String),
    ),
> {
    let rows = || compliance::verdicts(asked(rule_set, (window_start, window_end), people, teams)?);
    TableIterator::new(rows().or_raise().into_iter().map(verdict_columns))
}

#[pg_extern(stable, parallel_restricted)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns of the SQL function from this type")]
fn rule_headroom(
    rule_set: Option<String>,
    window_start: Option<TimestampWithTimeZone>,
    window_end: Option<TimestampWithTimeZone>,
    people: default!(Option<Vec<Option<String>>>, "NULL"),
    teams: default!(Option<Vec<Option<String>>>, "NULL"),
) -> TableIterator<
    'static,
    (
        name!(rule_set, Option<String>),
        name!(rule_id, String),
        name!(rule_name, Option<String>),
        name!(rule_type, String),
        name!(title, Option<String>),
        name!(person_id, String),
        name!(team_id, Option<String>),
        name!(during, InstantRange),
        name!(measured, NumericRatio),
        name!(limit_value, NumericRatio),
        name!(unit, String),
        name!(left_over, NumericRatio),
        name!(minutes_left, Option<NumericRatio>),
        name!(source, Option<String>),
    ),
> {
    let rows = || compliance::headroom(asked(rule_set, (window_start, window_end), people, teams)?);
    TableIterator::new(rows().or_raise().into_iter().map(|row: HeadroomRow| {
        (
            row.rule.rule_set,
            row.rule.id,
            row.rule.name,
            row.rule.rule_type,
            row.rule.title,
            row.person_id,
            row.team_id,
            InstantRange(Some(row.during)),
            NumericRatio(row.measured),
            NumericRatio(row.limit),
            row.unit.to_string(),
            NumericRatio(row.left),
            row.is_of_minutes.then_some(NumericRatio(row.left)),
            row.rule.source,
        )
    }))
}

#[pg_extern(volatile, parallel_restricted)]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns of the SQL function from this type")]
fn written_verdicts() -> TableIterator<
    'static,
    (
        name!(rule_set, Option<String>),
        name!(rule_id, String),
        name!(rule_name, Option<String>),
        name!(rule_type, String),
        name!(person_id, String),
        name!(team_id, Option<String>),
        name!(during, InstantRange),
        name!(measured, Option<NumericRatio>),
        name!(limit_value, NumericRatio),
        name!(unit, String),
        name!(level, &'static str),
        name!(mode, &'static str),
        name!(reason, &'static str),
        name!(estimated, bool),
        name!(assignment_ids, Vec<Option<String>>),
        name!(source, Option<String>),
        name!(message, String),
    ),
> {
    TableIterator::new(written().into_iter().map(verdict_columns))
}

/// A row of `rota.explain_verdict`.
type ExplainedColumns = (&'static str, Option<String>, InstantRange, NumericMinutes, Option<String>);

#[pg_extern(stable, parallel_restricted)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns of the SQL function from this type")]
fn explain_verdict(
    rule_set: Option<String>,
    rule_id: Option<String>,
    person_id: Option<String>,
    during: Option<InstantRange>,
) -> TableIterator<
    'static,
    (
        name!(part, &'static str),
        name!(assignment_id, Option<String>),
        name!(during, InstantRange),
        name!(minutes, NumericMinutes),
        name!(note, Option<String>),
    ),
> {
    let rows = || -> Result<Vec<ExplainedColumns>, ExtensionError> {
        let missing = |argument| ExtensionError::MissingArgument { argument };
        let rule_id = rule_id.ok_or_else(|| missing("rule_id"))?;
        let person = person_id.ok_or_else(|| missing("person_id"))?;
        let window = during.ok_or_else(|| missing("during"))?.0;
        let window = window.ok_or(EngineError::UnboundedSpan { argument: "during" })?;
        let asked = Asked { rule_set, window, people: Some(vec![person]), teams: None };
        let mut found: Vec<(Span, Vec<ExplainedColumns>)> = Vec::new();
        compliance::explain(asked, &rule_id, &mut |verdict, case, message| {
            found.push((verdict.window, explained(verdict, case, message)?));
            Ok(())
        })?;
        // Windows that slide overlap; the one that was asked about comes alone.
        if found.iter().any(|(known, _)| *known == window) {
            found.retain(|(known, _)| *known == window);
        }
        Ok(found.into_iter().flat_map(|(_, rows)| rows).collect())
    };
    TableIterator::new(rows().or_raise())
}

/// The verdict, then what counts in its window: duties with the time of them that lies in it, and the leave
/// that averages leave out.
fn explained(
    verdict: &Verdict,
    case: &Case<'_>,
    message: String,
) -> Result<Vec<ExplainedColumns>, ExtensionError> {
    let whole = verdict.window.elapsed().map_err(|error| error.naming("during"))?;
    let range = |span| InstantRange(Some(span));
    let mut rows = vec![("verdict", None, range(verdict.window), NumericMinutes(whole), Some(message))];
    for position in &verdict.duties {
        let (Some(duty), Some(id)) = (case.record.duties.get(*position), case.assignments.get(*position))
        else {
            continue;
        };
        // Of a rest, the duties on both sides are told whole.
        let part = duty.span.intersect(verdict.window).unwrap_or(duty.span);
        let id = id.as_ref().map(ToString::to_string);
        rows.push(("duty", id, range(part), NumericMinutes(worked(duty, part)?), None));
    }
    for leave in case.record.leaves.iter().filter(|leave| leave.excluded_from_averages) {
        if let Some(part) = leave.span.intersect(verdict.window) {
            rows.push(("leave", None, range(part), NumericMinutes(part.elapsed()?), None));
        }
    }
    Ok(rows)
}

/// The time of a part of a duty without its break.
fn worked(duty: &Duty, part: Span) -> Result<Duration, EngineError> {
    let unpaid = duty.unpaid.and_then(|unpaid| unpaid.intersect(part));
    let unpaid = unpaid.map_or(Ok(Duration::ZERO), Span::elapsed)?;
    Ok(Duration::from_microseconds(part.elapsed()?.microseconds() - unpaid.microseconds()))
}

fn asked(
    rule_set: Option<String>,
    (start, end): (Option<TimestampWithTimeZone>, Option<TimestampWithTimeZone>),
    people: Option<Vec<Option<String>>>,
    teams: Option<Vec<Option<String>>>,
) -> Result<Asked, ExtensionError> {
    Ok(Asked {
        rule_set,
        window: window(start, end)?,
        people: people.map(without_nulls),
        teams: teams.map(without_nulls),
    })
}
