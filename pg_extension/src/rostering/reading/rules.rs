//! Rules in the words of `rota_source.rules`, as bounds of the search.

use std::ops::Range;

use rota_engine::rostering::{Bound, Counted, Force, Shift};
use rota_engine::rule::{
    CountedDays, CountedTime, DayLimit, DutyCount, Level, Limit, RuleKind, TimeInWindow, Window,
};
use rota_engine::{Boundary, Duration};
use serde_json::json;

use super::Draft;
use super::bounds::stricter;
use super::natures::Concerned;
use super::weights::read_weight;
use super::windows::Sum;
use crate::error::ExtensionError;
use crate::rostering::field::{Field, Object};
use crate::source::members;

const MICROSECONDS_PER_MINUTE: i64 = 60_000_000;

/// The types that the search keeps, as far as its model says what they ask.
const SEARCHED: [&str; 5] =
    ["rest_period", "maximum_minutes", "minimum_minutes", "consecutive_days", "maximum_duties"];

const UNKNOWN_TYPE: &str = "the search does not know this type of rule";
const BREAKS_COUNT: &str = "breaks are not counted by the search, and this rule counts them";
const TOO_MANY_WINDOWS: &str = "there are more windows than the search counts; a shorter horizon has fewer";

/// The priority of a rule that names none.
const USUAL_PRIORITY: i64 = 5;

const MEMBERS: [&str; 9] =
    ["id", "rule_type", "parameters", "level", "strict", "priority", "team", "person", "weight"];

/// A rule of a document.
struct Rule<'a> {
    object: Object<'a>,
    team: Option<String>,
    /// The one person that it is for.
    person: Option<usize>,
    level: Level,
    /// Whether a violation is never allowed; else it costs what a warning does.
    strict: bool,
    /// From 1 to 10. What breaking the rule costs grows with it, from nothing more or less at [`USUAL_PRIORITY`].
    priority: i64,
    /// The weight that it names itself.
    own: Option<Force>,
}

impl Draft {
    /// Reads `rules` of a problem. What the search cannot keep is noted with the reason.
    pub(super) fn read_rules(&mut self, problem: &Object<'_>) -> Result<(), ExtensionError> {
        for field in problem.list("rules")? {
            self.read_rule(&field)?;
        }
        if self.weights.overtime > 0 {
            self.limit_overtime();
        }
        // Two duties at once are never right, whatever the rules say about rest.
        let rest = self.problem.minimum_rest.filter(|rest| rest.force == Force::Hard);
        if self.problem.minimum_rest.is_some() && rest.is_none() {
            self.rules_not_searched.push(json!({
                "rule_type": "rest_period",
                "reason": "a rest that may be broken is not weighed; two duties never overlap"
            }));
        }
        self.problem.minimum_rest = Some(rest.unwrap_or(Bound::hard(0)));
        Ok(())
    }

    /// What is worked beyond the weekly minutes of each person costs.
    fn limit_overtime(&mut self) {
        let weeks = self.windows(Window::Fixed(Boundary::WEEK)).unwrap_or_default();
        let force = Force::Soft(self.weights.overtime);
        let mut all_fit = true;
        for (person, minutes) in self.weekly_minutes.clone().into_iter().enumerate() {
            let Some(value) = minutes else { continue };
            all_fit &=
                self.limit_windows(person, Sum::most(Counted::ClockMinutes, Bound { value, force }), &weeks);
        }
        if !all_fit {
            self.rules_not_searched
                .push(json!({ "rule_type": "weekly_minutes", "reason": TOO_MANY_WINDOWS }));
        }
    }

    fn read_rule(&mut self, field: &Field<'_>) -> Result<(), ExtensionError> {
        let object = field.object(&MEMBERS)?;
        let rule_type = object.need("rule_type")?.text()?;
        let level = object.find("level").map_or(Ok("violation"), |level| level.text())?;
        let parameters = object.find("parameters");
        let parameters = parameters.map_or_else(Vec::new, |field| members(field.value()));
        let rule = Rule {
            team: object.find("team").map(|team| team.id()).transpose()?,
            person: object.find("person").map(|person| self.person(&person)).transpose()?,
            strict: object.find("strict").map_or(Ok(true), |strict| strict.truth())?,
            priority: object.whole("priority", &(1..=10))?.unwrap_or(USUAL_PRIORITY),
            level: Level::from_word(level).map_err(|error| field.fault(error.to_string()))?,
            own: object.find("weight").map(|weight| read_weight(&weight).map(Force::Soft)).transpose()?,
            object,
        };
        if !SEARCHED.contains(&rule_type) {
            self.not_searched(&rule, UNKNOWN_TYPE);
            return Ok(());
        }
        let (kind, applies) =
            RuleKind::read(rule_type, &parameters).map_err(|error| field.fault(error.to_string()))?;
        let kept = match (self.concerned(&applies), kind) {
            (Err(reason), _) => Err(reason),
            (Ok(Concerned::None), RuleKind::MinimumTime(_)) => Err("none of the shifts counts for it"),
            // No work that there could be breaks it.
            (Ok(Concerned::None), _) => Ok(()),
            (Ok(concerned), RuleKind::MaximumDuties(count)) => self.duties(&rule, count, concerned),
            (Ok(Concerned::Kind(_)), _) => Err("the search tells kinds of work apart only to count duties"),
            (_, RuleKind::Rest(minimum)) => self.rest(&rule, minimum),
            (_, RuleKind::MaximumTime(time)) => self.most_time(&rule, time),
            (_, RuleKind::MinimumTime(time)) => self.least_time(&rule, time),
            (_, RuleKind::ConsecutiveDays(limit)) => self.days_in_a_row(&rule, limit),
            _ => Err(UNKNOWN_TYPE),
        };
        if let Err(reason) = kept {
            self.not_searched(&rule, reason);
        }
        Ok(())
    }

    fn days_in_a_row(&mut self, rule: &Rule<'_>, limit: DayLimit) -> Result<(), &'static str> {
        let bound = Bound { value: i64::from(limit.maximum), force: self.force_of(rule, false) };
        for person in self.people_of(rule) {
            let run = &mut self.problem.people[person].longest_work;
            *run = Some(run.map_or(bound, |known| stricter(known, bound)));
        }
        match limit.counted {
            CountedDays::Begun => Ok(()),
            CountedDays::Worked => Err("days are counted where duties begin, so a night is one day"),
        }
    }

    fn rest(&mut self, rule: &Rule<'_>, minimum: Duration) -> Result<(), &'static str> {
        let bound = Bound { value: whole_minutes_up(minimum), force: self.force_of(rule, false) };
        if bound.force != Force::Hard {
            return Err("a rest that may be broken is not weighed");
        }
        if rule.person.is_some() {
            return Err("the search has one rest for everybody");
        }
        // The engine has one rest for everybody: the longest is right for all.
        let known = self.problem.minimum_rest;
        self.problem.minimum_rest = Some(match known {
            Some(known) if known.force == Force::Hard && known.value >= bound.value => known,
            _ => bound,
        });
        Ok(())
    }

    fn most_time(&mut self, rule: &Rule<'_>, time: TimeInWindow) -> Result<(), &'static str> {
        let microseconds = match time.limit {
            Limit::AtMost(most) => most.microseconds(),
            Limit::Below(bound) => (bound.microseconds() - 1).max(0),
        };
        let bound = Bound { value: microseconds / MICROSECONDS_PER_MINUTE, force: self.force_of(rule, true) };
        let counts_breaks = time.counted != CountedTime::Worked;
        if time.window == Window::Fixed(Boundary::DAY) {
            return self.time_per_day(rule, bound, counts_breaks);
        }
        if counts_breaks && self.has_breaks() {
            return Err(BREAKS_COUNT);
        }
        let windows = self.windows(time.window)?;
        self.sum_in_windows(rule, Sum::most(Counted::ClockMinutes, bound), &windows)
    }

    /// A minimum is that of windows which end within the horizon, with all their work known: what ends later can still
    /// be filled.
    fn least_time(&mut self, rule: &Rule<'_>, time: TimeInWindow) -> Result<(), &'static str> {
        let (Limit::AtMost(least) | Limit::Below(least)) = time.limit;
        let bound = Bound { value: whole_minutes_up(least), force: self.force_of(rule, true) };
        if time.counted != CountedTime::Worked && self.has_breaks() {
            return Err(BREAKS_COUNT);
        }
        let windows = self.whole_windows(time.window)?;
        self.sum_in_windows(rule, Sum::least(Counted::ClockMinutes, bound), &windows)
    }

    fn duties(
        &mut self,
        rule: &Rule<'_>,
        count: DutyCount,
        concerned: Concerned,
    ) -> Result<(), &'static str> {
        if count.per_days.is_some() {
            return Err("the search counts duties in whole windows, not by the days that are no leave");
        }
        // A person has at most one shift a day.
        let counted = match concerned {
            Concerned::Kind(kind) => Counted::Kind(kind),
            _ => Counted::Days,
        };
        let bound = Bound { value: i64::from(count.maximum), force: self.force_of(rule, false) };
        let windows = self.windows(count.window)?;
        self.sum_in_windows(rule, Sum::most(counted, bound), &windows)
    }

    fn sum_in_windows(
        &mut self,
        rule: &Rule<'_>,
        sum: Sum,
        windows: &[Range<i64>],
    ) -> Result<(), &'static str> {
        let mut all_fit = true;
        // Everybody whose windows fit is limited, whoever else's do not.
        for person in self.people_of(rule) {
            all_fit &= self.limit_windows(person, sum, windows);
        }
        if all_fit { Ok(()) } else { Err(TOO_MANY_WINDOWS) }
    }

    fn has_breaks(&self) -> bool {
        let has_break = |shift: &Shift| shift.worked_minutes < shift.end_minute - shift.start_minute;
        self.problem.shifts.iter().any(has_break)
    }

    /// A person has at most one shift a day, so a shift that is too long is one they may not take.
    fn time_per_day(
        &mut self,
        rule: &Rule<'_>,
        bound: Bound,
        counts_breaks: bool,
    ) -> Result<(), &'static str> {
        let minutes = |shift: &Shift| {
            if counts_breaks { shift.end_minute - shift.start_minute } else { shift.worked_minutes }
        };
        let too_long = |shift: &Shift| minutes(shift) > bound.value;
        if !self.problem.shifts.iter().any(too_long) {
            return Ok(());
        }
        if bound.force != Force::Hard {
            return Err("a length of days that may be broken is not weighed");
        }
        let skill = self.first_free_skill;
        self.first_free_skill += 1;
        let demanded = self.demand.shifts.len();
        self.problem.shifts.iter_mut().take(demanded).filter(|shift| too_long(shift)).for_each(|shift| {
            shift.skills.push(skill);
        });
        let limited = self.people_of(rule);
        for person in (0..self.problem.people.len()).filter(|person| !limited.contains(person)) {
            self.problem.people[person].skills.push(skill);
        }
        Ok(())
    }

    fn people_of(&self, rule: &Rule<'_>) -> Vec<usize> {
        let is_for = |person: usize, team: &Option<String>| {
            (rule.team.is_none() || *team == rule.team) && rule.person.is_none_or(|only| only == person)
        };
        let people = self.teams.iter().enumerate();
        people.filter(|(person, team)| is_for(*person, team)).map(|(person, _)| person).collect()
    }

    fn force_of(&self, rule: &Rule<'_>, counts_minutes: bool) -> Force {
        let weights = &self.weights;
        let weight = match (rule.level, counts_minutes) {
            (Level::Violation, _) if rule.strict => return rule.own.unwrap_or(Force::Hard),
            (Level::Violation | Level::Warning, false) => weights.warning,
            (Level::Violation | Level::Warning, true) => weights.warning_minute,
            (_, false) => weights.advisory,
            (_, true) => weights.advisory_minute,
        };
        rule.own.unwrap_or(Force::Soft(weight * rule.priority / USUAL_PRIORITY))
    }

    fn not_searched(&mut self, rule: &Rule<'_>, reason: &str) {
        let id = rule.object.find("id").and_then(|id| id.id().ok());
        let rule_type = rule.object.find("rule_type").and_then(|word| word.text().ok().map(str::to_owned));
        self.rules_not_searched.push(json!({ "id": id, "rule_type": rule_type, "reason": reason }));
    }
}

fn whole_minutes_up(length: Duration) -> i64 {
    length.microseconds().saturating_add(MICROSECONDS_PER_MINUTE - 1) / MICROSECONDS_PER_MINUTE
}
