//! The definitions of the rules again, slot by slot and without a thought of speed.
//!
//! Time is cut into slots of half an hour. All work, leave and clock changes begin and end between slots.

use rota_engine::compliance::{Duty, Ratio, Word};
use rota_engine::rule::{Clock, CountedDays, LeaveTreatment, Limit, Rounding, RuleKind, Window};
use rota_engine::{Duration, Instant, LocalDate, Span, TimeOfDay, ZoneRules};

use crate::compliance_case::Case;
use crate::zone_source::{DAY, MINUTE, span};

pub(crate) const SLOT: i64 = 30 * MINUTE;

/// A window that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Breach {
    pub(crate) window: Span,
    pub(crate) measured: Ratio,
    pub(crate) limit: Ratio,
    /// How far beyond the limit it is, in numbers of which greater is worse within one rule.
    pub(crate) excess: Ratio,
}

/// One person's time in slots.
struct Slots {
    start: i64,
    on_duty: Vec<bool>,
    worked: Vec<bool>,
}

impl Slots {
    fn of(case: &Case, (start, end): (i64, i64), counts: &dyn Fn(&Duty) -> bool) -> Self {
        let count = usize::try_from((end - start) / SLOT).unwrap();
        let mut slots = Self { start, on_duty: vec![false; count], worked: vec![false; count] };
        for duty in case.duties.iter().filter(|duty| counts(duty)) {
            let (from, to) =
                (duty.span.start().microseconds().max(start), duty.span.end().microseconds().min(end));
            for slot in slots.slot(from)..slots.slot(to.max(from)) {
                let instant = Instant::from_microseconds(slots.instant(slot));
                let is_break = duty.unpaid.is_some_and(|unpaid| unpaid.contains(instant));
                slots.on_duty[slot] = true;
                slots.worked[slot] |= !is_break;
            }
        }
        slots
    }

    fn instant(&self, slot: usize) -> i64 {
        self.start + i64::try_from(slot).unwrap() * SLOT
    }

    fn slot(&self, instant: i64) -> usize {
        usize::try_from((instant - self.start) / SLOT).unwrap()
    }

    /// Microseconds of work in a window, but for those that are left out.
    fn time(&self, window: Span, is_left_out: &dyn Fn(i64) -> bool) -> i64 {
        let (start, end) = (window.start().microseconds(), window.end().microseconds());
        let slots = (self.slot(start)..self.slot(end)).filter(|slot| self.worked[*slot]);
        i64::try_from(slots.filter(|slot| !is_left_out(self.instant(*slot))).count()).unwrap() * SLOT
    }

    /// The stretches of slots that are so.
    fn stretches(&self, is_so: &dyn Fn(usize) -> bool) -> Vec<(i64, i64)> {
        let mut found: Vec<(i64, i64)> = vec![];
        for slot in (0..self.on_duty.len()).filter(|slot| is_so(*slot)) {
            let (start, end) = (self.instant(slot), self.instant(slot) + SLOT);
            match found.last_mut() {
                Some(last) if last.1 == start => last.1 = end,
                _ => found.push((start, end)),
            }
        }
        found
    }

    fn duties(&self) -> Vec<(i64, i64)> {
        self.stretches(&|slot| self.on_duty[slot])
    }

    fn rests(&self) -> Vec<(i64, i64)> {
        self.stretches(&|slot| !self.on_duty[slot])
    }
}

/// Every breach of a rule in the windows that overlap the judged one.
pub(crate) fn breaches(case: &Case, rule: usize, judged: Span) -> Vec<Breach> {
    let rule = &case.rules[rule];
    let word = |text: &String| case.vocabulary.find(text);
    let is_one =
        |list: &[String], kind: Option<Word>| kind.is_some() && list.iter().any(|text| word(text) == kind);
    let counts = |duty: &Duty| {
        rule.applies.kinds.as_ref().is_none_or(|kinds| is_one(kinds, duty.kind))
            && !is_one(&rule.applies.except_kinds, duty.kind)
    };
    let all = (judged.start().microseconds() - 80 * DAY, judged.end().microseconds() + 80 * DAY);
    let slots = Slots::of(case, all, &counts);
    let days = local_days(case, all);
    let microseconds = |duration: Duration| duration.microseconds();
    let mut found = vec![];
    let mut tell = |window: (i64, i64), measured: Ratio, limit: Ratio, is_minimum: bool| {
        let window = span(window.0, window.1);
        let is_broken = if is_minimum { measured < limit } else { measured > limit };
        let excess = difference(measured, limit, is_minimum);
        if is_broken && window.overlaps(judged) {
            found.push(Breach { window, measured, limit, excess });
        }
    };
    let minutes = |time: i64| Ratio::new(time.into(), MINUTE.into());
    match &rule.kind {
        RuleKind::Rest(minimum) => {
            for pair in slots.duties().windows(2) {
                let rest = (pair[0].1, pair[1].0);
                tell(rest, minutes(rest.1 - rest.0), minutes(microseconds(*minimum)), true);
            }
        }
        RuleKind::RestWithin(rule) => {
            for (start, _) in slots.duties() {
                let window = (start, start + rule.within.microseconds());
                let parts = slots.rests().into_iter().map(|rest| rest.1.min(window.1) - rest.0.max(window.0));
                let longest = parts.max().unwrap().max(0);
                tell(window, minutes(longest), minutes(rule.minimum.microseconds()), true);
            }
        }
        RuleKind::MaximumTime(rule) => {
            let Limit::AtMost(limit) = rule.limit else { unreachable!() };
            let windows = match rule.window {
                Window::Time(length) => {
                    let starts = slots.stretches(&|slot| slots.worked[slot]);
                    starts.iter().map(|start| (start.0, start.0 + length.microseconds())).collect()
                }
                _ => windows(case, &days, rule.window),
            };
            for window in windows {
                let time = slots.time(span(window.0, window.1), &|_| false);
                tell(window, minutes(time), minutes(limit.microseconds()), false);
            }
        }
        RuleKind::Average(rule) => {
            let Limit::AtMost(limit) = rule.limit else { unreachable!() };
            assert_eq!(rule.leave, LeaveTreatment::Excluded);
            let away = |start: i64, end: i64| {
                (start..end).step_by(usize::try_from(SLOT).unwrap()).all(|instant| is_on_leave(case, instant))
            };
            let away_days: Vec<(i64, i64)> =
                days.windows(2).map(|pair| (pair[0].1, pair[1].1)).filter(|day| away(day.0, day.1)).collect();
            for window in windows(case, &days, rule.window) {
                let of_window = |day: &&(i64, i64)| window.0 <= day.0 && day.1 <= window.1;
                let is_away = |instant: i64| away_days.iter().any(|day| day.0 <= instant && instant < day.1);
                let all_days = days.iter().filter(|day| window.0 <= day.1 && day.1 < window.1).count();
                let kept = i128::try_from(all_days - away_days.iter().filter(of_window).count()).unwrap();
                if kept > 0 {
                    let time = i128::from(slots.time(span(window.0, window.1), &is_away));
                    let measured = Ratio::new(time * i128::from(rule.per_days), kept * i128::from(MINUTE));
                    tell(window, measured, minutes(limit.microseconds()), false);
                }
            }
        }
        RuleKind::WeeklyRest(rule) => {
            let minimum = rule.minimum.microseconds();
            for window in windows(case, &days, rule.window) {
                let mut count = 0;
                for rest in slots.rests() {
                    let mut from = rest.0.max(window.0);
                    while from < window.1 && from + minimum <= rest.1 {
                        count += 1;
                        from += minimum;
                    }
                }
                tell(window, Ratio::whole(count), Ratio::whole(rule.minimum_rests.into()), true);
            }
        }
        RuleKind::DaysOff(rule) => {
            assert_eq!(rule.rounding, Rounding::Down);
            let is_free = |slot: usize| !slots.on_duty[slot] && !is_on_leave(case, slots.instant(slot));
            let rests = slots.stretches(&is_free);
            for window in windows(case, &days, rule.window) {
                let mut units = 0;
                for rest in &rests {
                    let is_after = |duty: &Duty| is_one(&rule.except_after_kinds, duty.kind);
                    let ends_there = |duty: &Duty| duty.span.end().microseconds() == rest.0;
                    let lost = case.duties.iter().any(|duty| is_after(duty) && ends_there(duty));
                    let rest = (rest.0 + if lost { DAY } else { 0 }, rest.1);
                    let mut from = if rest.0 < window.0 - 2 * DAY { rest.0.max(window.0) } else { rest.0 };
                    while from + DAY <= rest.1 {
                        units += i128::from(window.0 <= from && from < window.1);
                        from += DAY;
                    }
                }
                let on_leave = |pair: &&[(LocalDate, i64)]| {
                    (pair[0].1..pair[1].1)
                        .step_by(usize::try_from(SLOT).unwrap())
                        .all(|at| is_on_leave(case, at))
                };
                let of_window = |pair: &&[(LocalDate, i64)]| window.0 <= pair[0].1 && pair[1].1 <= window.1;
                let kept = days.windows(2).filter(of_window).filter(|pair| !on_leave(pair)).count();
                let wanted = u32::try_from(kept).unwrap() * rule.minimum_days / rule.per_days;
                tell(window, Ratio::whole(units), Ratio::whole(wanted.into()), true);
            }
        }
        RuleKind::ContinuousDuty(rule) => {
            assert_eq!(rule.clock, Clock::Elapsed);
            let plain = Slots::of(case, all, &|duty: &Duty| {
                counts(duty) && !is_one(&rule.extension_kinds, duty.kind)
            });
            let maximum = rule.maximum.microseconds();
            let extended = maximum + rule.extension.microseconds();
            for duty in slots.duties() {
                let within = |part: &&(i64, i64)| duty.0 <= part.0 && part.1 <= duty.1;
                let last_plain =
                    plain.duties().iter().filter(within).map(|part| part.1).max().unwrap_or(duty.0);
                if last_plain - duty.0 > maximum {
                    tell(duty, minutes(last_plain - duty.0), minutes(maximum), false);
                } else {
                    tell(duty, minutes(duty.1 - duty.0), minutes(extended), false);
                }
            }
        }
        RuleKind::RestAfterDuty(rule) => {
            for pair in slots.duties().windows(2) {
                if pair[0].1 - pair[0].0 >= rule.after.microseconds() {
                    let rest = (pair[0].1, pair[1].0);
                    tell(rest, minutes(rest.1 - rest.0), minutes(rule.minimum.microseconds()), true);
                }
            }
        }
        RuleKind::RestBreak(rule) => {
            let mut duties: Vec<(i64, i64)> = vec![];
            for duty in slots.duties() {
                match duties.last_mut() {
                    Some(last) if duty.0 - last.1 <= rule.bridged.microseconds() => last.1 = duty.1,
                    _ => duties.push(duty),
                }
            }
            for duty in duties {
                let work: Vec<i64> = (slots.slot(duty.0)..slots.slot(duty.1))
                    .filter(|slot| slots.worked[*slot])
                    .map(|slot| slots.instant(slot))
                    .collect();
                let time = i64::try_from(work.len()).unwrap() * SLOT;
                if time > rule.after.microseconds() {
                    let breaks = work[work.len() - 1] + SLOT - work[0] - time;
                    tell(duty, minutes(breaks), minutes(rule.minimum.microseconds()), true);
                }
            }
        }
        RuleKind::ConsecutiveDays(rule) => {
            let has_work = |pair: &[(LocalDate, i64)]| {
                let (start, end) = (slots.slot(pair[0].1), slots.slot(pair[1].1));
                let all = (start..end).filter(|slot| slots.on_duty[*slot]).count();
                let begins = (start..end).any(|slot| slots.on_duty[slot] && !slots.on_duty[slot - 1]);
                match rule.counted {
                    CountedDays::Worked => all > 0,
                    CountedDays::Begun => begins || all == end - start,
                }
            };
            let flags: Vec<bool> = days.windows(2).map(has_work).collect();
            for (first, end) in rows(&flags) {
                let length = i128::try_from(end - first).unwrap();
                tell(
                    (days[first].1, days[end].1),
                    Ratio::whole(length),
                    Ratio::whole(rule.maximum.into()),
                    false,
                );
            }
        }
        RuleKind::ConsecutiveNights(rule) => {
            let night = |day: &(LocalDate, i64)| {
                let at = |date: LocalDate, time| case.zone.first_instant_at(date.at(time).unwrap()).unwrap();
                let end =
                    if rule.night.end <= rule.night.start { day.0.plus_days(1).unwrap() } else { day.0 };
                span(at(day.0, rule.night.start).microseconds(), at(end, rule.night.end).microseconds())
            };
            let nights: Vec<Span> = days[1..days.len() - 1].iter().map(night).collect();
            let is_worked = |night: &Span| slots.time(*night, &|_| false) >= rule.minimum.microseconds();
            let flags: Vec<bool> = nights.iter().map(is_worked).collect();
            for (first, end) in rows(&flags) {
                let window = (nights[first].start().microseconds(), nights[end - 1].end().microseconds());
                let length = i128::try_from(end - first).unwrap();
                tell(window, Ratio::whole(length), Ratio::whole(rule.maximum.into()), false);
            }
        }
        RuleKind::MaximumDuties(rule) => {
            assert_eq!(rule.per_days, None);
            for window in windows(case, &days, rule.window) {
                let count =
                    slots.duties().iter().filter(|duty| window.0 <= duty.0 && duty.0 < window.1).count();
                let count = i128::try_from(count).unwrap();
                tell(window, Ratio::whole(count), Ratio::whole(rule.maximum.into()), false);
            }
        }
        other => unreachable!("no definition of {other:?}"),
    }
    found
}

/// The windows of local days of a rule.
fn windows(case: &Case, days: &[(LocalDate, i64)], window: Window) -> Vec<(i64, i64)> {
    let pairs =
        |length: usize| days.iter().zip(&days[length..]).map(|(one, other)| (one.1, other.1)).collect();
    match window {
        Window::Days(length) => pairs(usize::try_from(length).unwrap()),
        Window::Fixed(boundary) => {
            let first_days = days.iter().filter(|day| boundary.period_of(day.0).unwrap().0 == day.0);
            let starts: Vec<i64> = first_days.map(|day| day.1).collect();
            starts.windows(2).map(|pair| (pair[0], pair[1])).collect()
        }
        Window::Rotation { .. } => case
            .rotations
            .iter()
            .map(|rotation| (rotation.span.start().microseconds(), rotation.span.end().microseconds()))
            .collect(),
        Window::Time(_) => unreachable!(),
    }
}

fn local_days(case: &Case, (start, end): (i64, i64)) -> Vec<(LocalDate, i64)> {
    let mut date =
        case.zone.local_at(Instant::from_microseconds(start)).unwrap().date().plus_days(1).unwrap();
    let mut days = vec![];
    loop {
        let at = case.zone.first_instant_at(date.at(TimeOfDay::MIDNIGHT).unwrap()).unwrap().microseconds();
        if at >= end {
            return days;
        }
        days.push((date, at));
        date = date.plus_days(1).unwrap();
    }
}

fn is_on_leave(case: &Case, instant: i64) -> bool {
    case.leaves.iter().any(|leave| leave.span.contains(Instant::from_microseconds(instant)))
}

fn rows(flags: &[bool]) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = vec![];
    for (position, _) in flags.iter().enumerate().filter(|(_, flag)| **flag) {
        match found.last_mut() {
            Some(last) if last.1 == position => last.1 = position + 1,
            _ => found.push((position, position + 1)),
        }
    }
    found
}

fn difference(measured: Ratio, limit: Ratio, is_minimum: bool) -> Ratio {
    let denominator = measured.denominator() * limit.denominator();
    let numerator = measured.numerator() * limit.denominator() - limit.numerator() * measured.denominator();
    Ratio::new(if is_minimum { -numerator } else { numerator }, denominator)
}
