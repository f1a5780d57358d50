//! What work is paid as.

use pgrx::datum::{Array, Date};
use pgrx::iter::TableIterator;
use pgrx::{JsonB, default, name, pg_extern};
use rota_engine::pay::{Opening, PayDuty, PayKind, PayPiece, PayRules, Reason, classify};
use rota_engine::{Boundary, Duration, EngineError, MinutesInParts, Span, SpanSet};

use crate::convert::{InstantRange, NumericFactor, NumericPart, PayDocument, server_date};
use crate::error::{ExtensionError, OrRaise};
use crate::zone::ServerZone;

/// The most duties of one call: years of a person's.
const MOST_DUTIES: usize = 10_000;

/// A row of `rota.classify_pay`.
type PayRow = (
    name!(duty, i32),
    name!(piece, InstantRange),
    name!(local_day, Date),
    name!(duty_day, Date),
    name!(pay_period_start, Date),
    name!(minutes, NumericPart),
    name!(kind, &'static str),
    name!(overtime_tier, Option<i32>),
    name!(at_night, bool),
    name!(reason, &'static str),
    name!(pay_factor, NumericFactor),
);

#[pg_extern(immutable, strict, parallel_safe)]
#[expect(clippy::needless_pass_by_value, reason = "arguments of SQL functions arrive by value")]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns of the SQL function from this type")]
fn classify_pay(
    duties: Array<'_, InstantRange>,
    time_zone: &str,
    rules: JsonB,
    breaks: default!(Array<'_, InstantRange>, "'{}'"),
    break_minutes: default!(Array<'_, i32>, "'{}'"),
    weekly_minutes_before: default!(i32, 0),
    overtime_minutes_before: default!(i32, 0),
) -> TableIterator<
    'static,
    (
        name!(duty, i32),
        name!(piece, InstantRange),
        name!(local_day, Date),
        name!(duty_day, Date),
        name!(pay_period_start, Date),
        name!(minutes, NumericPart),
        name!(kind, &'static str),
        name!(overtime_tier, Option<i32>),
        name!(at_night, bool),
        name!(reason, &'static str),
        name!(pay_factor, NumericFactor),
    ),
> {
    let rows = || -> Result<Vec<PayRow>, ExtensionError> {
        if duties.len() > MOST_DUTIES {
            return Err(ExtensionError::TooManyDuties { given: duties.len(), limit: MOST_DUTIES });
        }
        let document = PayDocument::read(rules)?;
        let zone = ServerZone::named(time_zone)?;
        let opening = Opening {
            weekly_regular: before(weekly_minutes_before, "weekly_minutes_before")?,
            overtime: before(overtime_minutes_before, "overtime_minutes_before")?,
        };
        let numbered = numbered(&duties);
        let spans: Vec<Span> = numbered.iter().map(|(_, span)| *span).collect();
        let rules = document.rules(&spans, &zone)?;
        let breaks: SpanSet = breaks.iter().filter_map(|range| range.and_then(|range| range.0)).collect();
        let lengths: Vec<i64> =
            break_minutes.iter().map(|minutes| i64::from(minutes.unwrap_or_default())).collect();
        let break_position = document.break_position()?;
        let duties: Vec<PayDuty> = numbered
            .iter()
            .map(|(position, span)| PayDuty {
                span: *span,
                breaks: breaks.intersect(&[*span].into_iter().collect()),
                break_minutes: lengths.get(*position).copied().unwrap_or_default(),
                break_position,
            })
            .collect();
        let pay_period = document.pay_period()?;
        let mut minutes = MinutesInParts::default();
        classify(&duties, &rules, opening, &zone)
            .map_err(|error| error.naming("duties"))?
            .iter()
            .map(|piece| {
                let position = numbered.get(piece.duty).map_or(0, |(position, _)| *position);
                row(piece, position, &rules, pay_period, &mut minutes)
            })
            .collect()
    };
    TableIterator::new(rows().or_raise())
}

/// The duties that hold an instant, each with its position in the array.
fn numbered(duties: &Array<'_, InstantRange>) -> Vec<(usize, Span)> {
    let spans = duties.iter().enumerate();
    spans.filter_map(|(position, range)| Some((position, range.and_then(|range| range.0)?))).collect()
}

fn before(minutes: i32, argument: &'static str) -> Result<Duration, ExtensionError> {
    let value = i64::from(minutes);
    let time = Duration::from_minutes(value).filter(|time| *time >= Duration::ZERO);
    Ok(time.ok_or(EngineError::UnfitNumber { argument, value, wanted: "zero or more" })?)
}

fn row(
    piece: &PayPiece,
    position: usize,
    rules: &PayRules,
    pay_period: Boundary,
    minutes: &mut MinutesInParts,
) -> Result<PayRow, ExtensionError> {
    // Positions and tiers are far below what an integer holds: both count elements of what was given.
    let number = |position: usize| i32::try_from(position + 1).unwrap_or(i32::MAX);
    let (kind, tier) = match piece.kind {
        PayKind::Regular => ("regular", None),
        PayKind::Overtime(tier) => ("overtime", Some(number(tier))),
        PayKind::Holiday => ("holiday", None),
    };
    let reason = match piece.reason {
        Reason::WithinLimits => "within limits",
        Reason::DailyLimit => "daily limit",
        Reason::WeeklyLimit => "weekly limit",
        Reason::StatutoryHoliday => "statutory holiday",
    };
    Ok((
        number(position),
        InstantRange(Some(piece.span)),
        server_date(piece.local_day),
        server_date(piece.duty_day),
        server_date(pay_period.period_of(piece.duty_day)?.0),
        NumericPart(minutes.next(piece.worked)?),
        kind,
        tier,
        piece.is_night,
        reason,
        NumericFactor(rules.premium(piece.kind, piece.is_night)),
    ))
}
