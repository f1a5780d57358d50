//! Rules made ready to judge many people.

use super::case::{Case, State};
use super::conditions::{Applicability, Conditions};
use super::frame::{Frame, Wanted};
use super::judges::{Contributing, Judge, Making, span_of};
use super::peaks::peaks;
use super::person::{Person, bounds, cut};
use super::ratio::Ratio;
use super::reach::{of_kind, reach};
use super::record::PersonRecord;
use super::verdict::{Headroom, Reason, Unit, Verdict};
use super::vocabulary::Vocabulary;
use crate::duration::MICROSECONDS_PER_MINUTE;
use crate::error::EngineError;
use crate::instant::Instant;
use crate::rule::{Level, Mode, Rule};
use crate::span::Span;
use crate::zone::ZoneRules;

/// Rules made ready to judge people of one time zone in one window of time.
#[derive(Debug)]
pub struct RuleBook {
    frame: Frame,
    wanted: Wanted,
    pages: Vec<Page>,
}

/// A rule with its judge.
#[derive(Debug)]
struct Page {
    /// The position of the rule.
    rule: usize,
    level: Level,
    conditions: Conditions,
    judge: Box<dyn Judge>,
    /// The line of the work that the rule is about.
    line: usize,
    /// How far from the window it looks, in microseconds.
    reach: i64,
}

impl RuleBook {
    /// Prepares the rules that are not off. The vocabulary has every word that records will hold. Costs a
    /// time zone look-up for some of the days in the window and [`reach`] around it.
    ///
    /// # Errors
    /// [`EngineError::UnboundedSpan`] and [`EngineError::SpanTooLong`], naming `window_end`;
    /// [`EngineError::OutOfRange`] near the ends of time; those of [`ZoneRules::period_at`].
    pub fn prepare(
        rules: &[Rule],
        vocabulary: &Vocabulary,
        zone: &dyn ZoneRules,
        window: Span,
    ) -> Result<Self, EngineError> {
        if !window.is_bounded() {
            return Err(EngineError::UnboundedSpan { argument: "window_end" });
        }
        let out_of_range = || EngineError::OutOfRange { argument: "window_end" };
        let reach = reach(rules).microseconds();
        let moved = |instant: Instant, by| instant.checked_add_microseconds(by).ok_or_else(out_of_range);
        let needed = Span::new(moved(window.start(), -reach)?, moved(window.end(), reach)?);
        let mut frame = Frame::of(zone, bounds(window), bounds(needed.ok_or_else(out_of_range)?))?;
        let mut wanted = Wanted::default();
        let mut making = Making { vocabulary, zone, frame: &mut frame, wanted: &mut wanted };
        let mut pages = Vec::new();
        for (position, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.mode != Mode::Off) {
            let (judge, line) = making.judge(rule)?;
            let conditions = Conditions::of(rule, vocabulary);
            let reach = of_kind(&rule.kind).microseconds();
            pages.push(Page { rule: position, level: rule.level, conditions, judge, line, reach });
        }
        Ok(Self { frame, wanted, pages })
    }

    /// The time of which duties, leave and rotations have to be given: the window and [`reach`] around it.
    #[must_use]
    pub fn needed(&self) -> Span {
        span(self.frame.needed.0, self.frame.needed.1).unwrap_or(Span::ALWAYS)
    }

    /// Every verdict over one person, in the order of the rules and then of windows.
    #[must_use]
    pub fn judge(&self, record: &PersonRecord<'_>) -> Vec<Verdict> {
        let person = Person::of(record, &self.frame, &self.wanted);
        let mut verdicts = Vec::new();
        for page in self.pages.iter().filter(|page| page.conditions.may_speak_of(record, page.rule)) {
            let mut found = Vec::new();
            if !(person.is_all_known() && page.judge.is_clearly_kept(&person)) {
                page.judge.measure(&person, &mut |case: Case| {
                    if case.state != State::Kept && self.takes(page, &case) {
                        found.push(case);
                    }
                });
            }
            if page.judge.follows_duties() {
                found.extend(self.without_duties(page, &person));
            }
            if page.judge.needs_rotations() {
                found.extend(self.outside_of_rotations(page, &person));
            }
            if !found.is_empty() {
                self.tell(page, &person, found, &mut verdicts);
            }
        }
        verdicts
    }

    /// For each rule that was judged in any window, how much is left in the window that comes nearest to its
    /// limit. Nothing for rules that forbid, nor for people of whom it is not known whether they are meant.
    #[must_use]
    pub fn headroom(&self, record: &PersonRecord<'_>) -> Vec<Headroom> {
        let person = Person::of(record, &self.frame, &self.wanted);
        let mut headrooms = Vec::new();
        let may_speak = |page: &&Page| page.conditions.may_speak_of(record, page.rule);
        for page in self.pages.iter().filter(|page| page.judge.has_headroom()).filter(may_speak) {
            let mut nearest: Option<Case> = None;
            page.judge.measure(&person, &mut |case: Case| {
                let is_nearer =
                    nearest.is_none_or(|before| (case.left, case.start) < (before.left, before.start));
                if case.state != State::Open
                    && is_nearer
                    && self.takes(page, &case)
                    && page.conditions.at(&person, page.rule, case.start) == Applicability::Applies
                {
                    nearest = Some(case);
                }
            });
            let Some((case, window)) = nearest.and_then(|case| Some((case, span(case.start, case.end)?)))
            else {
                continue;
            };
            let (unit, left_scale) = page.judge.unit();
            headrooms.push(Headroom {
                rule: page.rule,
                window,
                measured: ratio(unit, case.measured, case.scale),
                limit: ratio(unit, case.limit, case.scale),
                unit,
                left: ratio(unit, case.left, left_scale),
            });
        }
        headrooms
    }

    /// Whether a window is judged by a rule, whoever the person is.
    fn takes(&self, page: &Page, case: &Case) -> bool {
        self.frame.judges(case.start, case.end) && page.conditions.is_valid(case.start)
    }

    /// Time of which nothing is known, for a judge that looks only where there are duties.
    fn without_duties(&self, page: &Page, person: &Person<'_>) -> Option<Case> {
        let (start, end) = self.frame.window;
        let is_known = person.is_known(start - page.reach, end + page.reach);
        (!is_known).then(|| Case::open(start, end, 0, Reason::RecordIncomplete))
    }

    /// Work that lies in none of the periods over which a rule adds up.
    fn outside_of_rotations(&self, page: &Page, person: &Person<'_>) -> Option<Case> {
        let (start, end) = self.frame.window;
        let covered = person.in_rotations();
        let work = person.line(page.line).elapsed().meeting(start, end);
        let hull = span(work.first()?.0.max(start), work.last()?.1.min(end));
        if hull.is_some_and(|hull| covered.covers(hull)) {
            return None;
        }
        let is_outside = |part: &&(i64, i64)| {
            let part = span(part.0.max(start), part.1.min(end));
            part.is_some_and(|part| !covered.covers(part))
        };
        let (first, last) = (work.iter().find(is_outside)?, work.iter().rev().find(is_outside)?);
        let case = Case::open(first.0.max(start), last.1.min(end), 0, Reason::RotationMissing);
        Some(case).filter(|case| self.takes(page, case))
    }

    /// Makes verdicts of what was found.
    fn tell(&self, page: &Page, person: &Person<'_>, found: Vec<Case>, verdicts: &mut Vec<Verdict>) {
        let (mut broken, mut open): (Vec<Case>, Vec<Case>) = (Vec::new(), Vec::new());
        for case in found {
            match page.conditions.at(person, page.rule, case.start) {
                Applicability::DoesNot => {}
                Applicability::Applies if case.state == State::Broken => broken.push(case),
                Applicability::Applies => open.push(case),
                Applicability::Unknown(reason) => {
                    // Of whom it is not known whether they are meant, an unknown says nothing more.
                    let reason = if case.state == State::Broken { reason } else { case.reason };
                    open.push(Case { state: State::Open, reason, ..case });
                }
            }
        }
        if page.judge.is_rolling() {
            broken = peaks(broken);
        }
        broken.extend(hulls(open));
        broken.sort_by_key(|case| (case.start, case.end));
        verdicts.extend(broken.iter().filter_map(|case| self.verdict(page, person, case)));
    }

    fn verdict(&self, page: &Page, person: &Person<'_>, case: &Case) -> Option<Verdict> {
        let window = span(case.start, case.end)?;
        let (unit, _) = page.judge.unit();
        let duties = self.contributing(page, person, case);
        let estimated = page.judge.contributing() != Contributing::Postings
            && duties.iter().any(|duty| person.record.duties.get(*duty).is_some_and(|duty| duty.estimated));
        let level = match (case.state, case.reason) {
            (State::Open, _) => Level::Unknown,
            (_, Reason::TermEnds) => Level::Advisory,
            _ => page.level,
        };
        let measured =
            (case.state != State::Open || case.measured > 0).then(|| ratio(unit, case.measured, case.scale));
        Some(Verdict {
            rule: page.rule,
            window,
            measured,
            limit: ratio(unit, case.limit, case.scale),
            unit,
            level,
            estimated,
            duties,
            reason: case.reason,
        })
    }

    /// The positions of the duties, or postings, that count in a window; ascending.
    fn contributing(&self, page: &Page, person: &Person<'_>, case: &Case) -> Vec<usize> {
        let (start, end) = (case.start, case.end);
        if page.judge.contributing() == Contributing::Postings {
            let days = person.frame.days(0);
            let postings = person.record.postings.iter().enumerate();
            let spans = postings.map(|(position, posting)| (position, span_of(posting, days)));
            return spans
                .filter(|(_, span)| span.0 < end && start < span.1)
                .map(|(position, _)| position)
                .collect();
        }
        let counted = self.wanted.lines.get(page.line);
        let is_beside = page.judge.contributing() == Contributing::Beside;
        let counts = |span: (i64, i64)| {
            let is_there =
                if is_beside { span.0 <= end && start <= span.1 } else { span.0 < end && start < span.1 };
            // A row of days may go back to one of which only the end is needed.
            is_there && cut(span, self.frame.needed).is_some()
        };
        let duties = person.duties().take_while(|(_, duty)| duty.span.start().microseconds() <= end);
        let mut positions: Vec<usize> = duties
            .filter(|(_, duty)| {
                counts(bounds(duty.span)) && counted.is_none_or(|kinds| kinds.counts(duty.kind))
            })
            .map(|(position, _)| position)
            .collect();
        positions.sort_unstable();
        positions
    }
}

/// Every verdict over one person. Who judges many prepares a [`RuleBook`] once.
///
/// # Errors
/// As [`RuleBook::prepare`].
pub fn judge(
    rules: &[Rule],
    vocabulary: &Vocabulary,
    record: &PersonRecord<'_>,
    window: Span,
    zone: &dyn ZoneRules,
) -> Result<Vec<Verdict>, EngineError> {
    Ok(RuleBook::prepare(rules, vocabulary, zone, window)?.judge(record))
}

/// One case for each reason: what cannot be told is told once.
fn hulls(open: Vec<Case>) -> Vec<Case> {
    let mut hulls: Vec<Case> = Vec::new();
    for case in open {
        match hulls.iter_mut().find(|hull| hull.reason == case.reason) {
            Some(hull) => {
                let (start, end) = (hull.start.min(case.start), hull.end.max(case.end));
                let worst = if case.left < hull.left { case } else { *hull };
                *hull = Case { start, end, ..worst };
            }
            None => hulls.push(case),
        }
    }
    hulls
}

fn span(start: i64, end: i64) -> Option<Span> {
    Span::new(Instant::from_microseconds(start), Instant::from_microseconds(end))
}

/// A number of a unit from a numerator of microseconds or counts.
fn ratio(unit: Unit, numerator: i64, scale: i64) -> Ratio {
    let one = match unit {
        Unit::Minutes | Unit::MinutesPerDays(_) => i128::from(MICROSECONDS_PER_MINUTE),
        _ => 1,
    };
    Ratio::new(numerator.into(), i128::from(scale) * one)
}
