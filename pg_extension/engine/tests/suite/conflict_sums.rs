//! The definition of what adds up over a person's work, instant by instant.

use std::ops::Range;

use rota_engine::conflict::{
    Assignment, Cause, Conflict, ConflictKind, CountedDays, CountedTime, Level, Load, LocalDays, Period,
    Quantity, Requirement, Roster, Rule,
};
use rota_engine::{Duration, Instant, LocalDate, Span};

/// All instants at which something can begin or end, and more on both sides: work beyond them has no bound.
const INSTANTS: Range<i64> = -200..300;

/// Every conflict of one person that is no conflict of two rows.
pub(crate) fn sums(roster: &Roster<'_>, person: usize, conflicts: &mut Vec<Conflict>) {
    let own: Vec<Assignment> = roster
        .assignments
        .iter()
        .copied()
        .filter(|assignment| assignment.binding && assignment.person == person)
        .collect();
    over_allocated(person, &own, conflicts);
    let (team, zone) = roster.people.get(person).map_or((None, 0), |person| (person.team, person.zone));
    let none = LocalDays::default();
    let known = roster.zones.get(zone).unwrap_or(&none);
    let end_date = known.starts().last().map(|(date, _)| date);
    let line = Line { own: &own, days: days(known), end_date };
    for (index, rule) in roster.rules.iter().enumerate() {
        if rule.team.is_some() && rule.team != team {
            continue;
        }
        let (kind, limit, found) = match rule.requirement {
            Requirement::Rest(_) => continue,
            Requirement::Time(limit) => {
                let found = line.times(limit.period, limit.counted);
                let found = found.into_iter().map(|(during, time)| (during, micros(time))).collect();
                (ConflictKind::ExcessiveHours, Quantity::Time(limit.maximum), found)
            }
            Requirement::Days(limit) => (
                ConflictKind::ConsecutiveDays,
                Quantity::Days(limit.maximum),
                line.rows_of_days(rule, limit.counted),
            ),
        };
        for (during, measured) in found {
            if measured > limit && rule.valid.contains(during.start()) {
                let cause = Some(Cause::Rule(index));
                conflicts.push(Conflict { cause, ..row(kind, rule.level, person, during, measured, limit) });
            }
        }
    }
}

/// What the time in any window of a length is at most, breaks left out.
pub(crate) fn most_in_any_window(own: &[Assignment], length: i64) -> Duration {
    let line = Line { own, days: Vec::new(), end_date: None };
    let most = INSTANTS.map(|start| line.count(start..start + length, CountedTime::Worked)).max();
    Duration::from_microseconds(most.unwrap())
}

fn row(
    kind: ConflictKind,
    level: Level,
    person: usize,
    during: Span,
    measured: Quantity,
    limit: Quantity,
) -> Conflict {
    Conflict {
        kind,
        level,
        person: Some(person),
        shift: None,
        assignment: None,
        other_assignment: None,
        cause: None,
        during,
        measured: Some(measured),
        limit: Some(limit),
    }
}

fn micros(time: i64) -> Quantity {
    Quantity::Time(Duration::from_microseconds(time))
}

fn at(instant: i64) -> Instant {
    Instant::from_microseconds(instant)
}

/// A span; one that reaches to the end of the instants has no bound there.
fn span(range: Range<i64>) -> Span {
    let start = if range.start <= INSTANTS.start { Instant::NEG_INFINITY } else { at(range.start) };
    let end = if range.end >= INSTANTS.end { Instant::INFINITY } else { at(range.end) };
    Span::new(start, end).unwrap()
}

fn over_allocated(person: usize, own: &[Assignment], conflicts: &mut Vec<Conflict>) {
    let loads = |instant: i64| -> Vec<i64> {
        own.iter().filter(|row| row.span.contains(at(instant))).map(|row| row.load.billionths()).collect()
    };
    let whole = Load::WHOLE.billionths();
    let is_over = |instant: &i64| {
        let loads = loads(*instant);
        loads.iter().sum::<i64>() > whole && loads.iter().any(|load| *load != 0 && *load != whole)
    };
    let instants: Vec<i64> = INSTANTS.filter(is_over).collect();
    for stretch in instants.chunk_by(|one, two| two - one == 1) {
        let during = span(stretch[0]..stretch[stretch.len() - 1] + 1);
        let peak = stretch.iter().map(|instant| loads(*instant).iter().sum()).max().unwrap();
        let (measured, limit) = (Quantity::Load(Load::from_billionths(peak)), Quantity::Load(Load::WHOLE));
        let kind = ConflictKind::OverAllocated;
        conflicts.push(row(kind, Level::Violation, person, during, measured, limit));
    }
}

/// A local day: its date and its instants.
type LocalDay = (LocalDate, Range<i64>);

fn days(known: &LocalDays) -> Vec<LocalDay> {
    let starts: Vec<(LocalDate, i64)> =
        known.starts().map(|(date, start)| (date, start.microseconds())).collect();
    starts.windows(2).map(|pair| (pair[0].0, pair[0].1..pair[1].1)).collect()
}

struct Line<'a> {
    own: &'a [Assignment],
    days: Vec<LocalDay>,
    /// The date after the last of them.
    end_date: Option<LocalDate>,
}

impl Line<'_> {
    fn is_counted(&self, instant: i64, counted: CountedTime) -> bool {
        self.own.iter().filter(|row| row.span.contains(at(instant))).any(|row| {
            let unpaid = row.unpaid.microseconds();
            if counted != CountedTime::Worked || !row.span.is_bounded() || unpaid == 0 {
                return true;
            }
            let (start, end) = (row.span.start().microseconds(), row.span.end().microseconds());
            let break_start = start + (end - start - unpaid).max(0) / 2;
            !(break_start..break_start + unpaid).contains(&instant)
        })
    }

    fn count(&self, instants: Range<i64>, counted: CountedTime) -> i64 {
        i64::try_from(instants.filter(|instant| self.is_counted(*instant, counted)).count()).unwrap()
    }

    fn times(&self, period: Period, counted: CountedTime) -> Vec<(Span, i64)> {
        let instants = |days: &[LocalDay]| days[0].1.start..days[days.len() - 1].1.end;
        match period {
            Period::Day => self
                .days
                .iter()
                .map(|(_, day)| {
                    let worked: Vec<i64> =
                        day.clone().filter(|instant| self.is_counted(*instant, counted)).collect();
                    let spread = worked.last().map_or(0, |last| last - worked[0] + 1);
                    let is_spread = counted == CountedTime::Spread;
                    let count = i64::try_from(worked.len()).unwrap();
                    (span(day.clone()), if is_spread { spread } else { count })
                })
                .collect(),
            Period::Week { days_after_monday } => {
                // 2000-01-01 was a Saturday, five days after a Monday.
                let shifted = |date: LocalDate| date.days() + 5 - i32::from(days_after_monday);
                let week = |date: LocalDate| shifted(date).div_euclid(7);
                let weeks = self.days.chunk_by(|(one, _), (two, _)| week(*one) == week(*two));
                // Of the first and the last week some days may not be known.
                weeks
                    .filter(|days| days[0].0 > self.days[0].0 || shifted(days[0].0).rem_euclid(7) == 0)
                    .filter(|days| self.end_date.is_some_and(|end| week(end) > week(days[0].0)))
                    .map(|days| (span(instants(days)), self.count(instants(days), counted)))
                    .collect()
            }
            Period::Days(count) => self
                .days
                .windows(count as usize)
                .filter(|days| self.count(days[0].1.clone(), counted) > 0)
                .map(|days| (span(instants(days)), self.count(instants(days), counted)))
                .collect(),
            Period::Time(length) => self.windows(length.microseconds(), counted),
        }
    }

    fn windows(&self, length: i64, counted: CountedTime) -> Vec<(Span, i64)> {
        let begins =
            |instant: &i64| self.is_counted(*instant, counted) && !self.is_counted(instant - 1, counted);
        let starts: Vec<i64> = (INSTANTS.start + 1..INSTANTS.end).filter(begins).collect();
        let windows: Vec<(i64, i64)> =
            starts.iter().map(|start| (*start, self.count(*start..start + length, counted))).collect();
        let is_told = |position: usize| {
            let (start, time) = windows[position];
            let resumes = self.is_counted(start - 1, CountedTime::Elapsed);
            let before = position.checked_sub(1).map(|before| windows[before]);
            resumes && before.is_some_and(|(earlier, as_full)| start - earlier < length && as_full >= time)
        };
        let new = (0..windows.len()).filter(|position| !is_told(*position));
        new.map(|position| windows[position])
            .map(|(start, time)| (Span::new(at(start), at(start + length)).unwrap(), time))
            .collect()
    }

    fn rows_of_days(&self, rule: &Rule, counted: CountedDays) -> Vec<(Span, Quantity)> {
        let on_duty = |instant: i64| self.is_counted(instant, CountedTime::Elapsed);
        let counts = |(_, day): &&LocalDay| {
            let is_day_of_work = match counted {
                CountedDays::Worked => day.clone().any(on_duty),
                CountedDays::Begun => {
                    let begins = |instant| on_duty(instant) && !on_duty(instant - 1);
                    day.clone().any(begins) || day.clone().all(on_duty)
                }
            };
            is_day_of_work && rule.valid.contains(at(day.start))
        };
        let days: Vec<&LocalDay> = self.days.iter().filter(counts).collect();
        days.chunk_by(|one, two| one.1.end == two.1.start)
            .map(|row| {
                let during = span(row[0].1.start..row[row.len() - 1].1.end);
                (during, Quantity::Days(u32::try_from(row.len()).unwrap()))
            })
            .collect()
    }
}
