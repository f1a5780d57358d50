//! Rules in the words of `rota_source.rules`, as bounds of the search.

use rota_engine::Duration;
use rota_engine::conflict::{CountedDays, CountedTime, Level, Period, Requirement, TimeLimit};
use rota_engine::rostering::{Bound, Counted, Force, Limit};
use serde_json::json;

use super::Draft;
use super::bounds::stricter;
use super::weights::read_weight;
use super::work::OutsideWork;
use crate::error::ExtensionError;
use crate::rostering::field::{Field, Object};
use crate::source::members;

/// Limits of one person that a search counts: the engine's own limit.
const MOST_LIMITS: usize = 60;

const MICROSECONDS_PER_MINUTE: i64 = 60_000_000;

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
        let weeks = self.window_starts(7, Some(0));
        let force = Force::Soft(self.weights.overtime);
        for (person, minutes) in self.weekly_minutes.clone().into_iter().enumerate() {
            let Some(value) = minutes.filter(|_| self.weights.overtime > 0) else { continue };
            if !self.limit_windows(person, Bound { value, force }, 7, &weeks) {
                self.rules_not_searched.push(json!({
                    "rule_type": "weekly_minutes",
                    "reason": "there are more weeks than the search counts; a shorter horizon has fewer"
                }));
            }
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

    fn read_rule(&mut self, field: &Field<'_>) -> Result<(), ExtensionError> {
        let object = field.object(&MEMBERS)?;
        let rule_type = object.need("rule_type")?.text()?;
        let parameters = object.find("parameters");
        let parameters = parameters.map_or_else(Vec::new, |field| members(field.value()));
        let requirement =
            Requirement::read(rule_type, &parameters).map_err(|error| field.fault(error.to_string()))?;
        let level = object.find("level").map_or(Ok("violation"), |level| level.text())?;
        let rule = Rule {
            team: object.find("team").map(|team| team.id()).transpose()?,
            person: object.find("person").map(|person| self.person(&person)).transpose()?,
            strict: object.find("strict").map_or(Ok(true), |strict| strict.truth())?,
            priority: object.whole("priority", &(1..=10))?.unwrap_or(USUAL_PRIORITY),
            level: Level::from_word(level).map_err(|error| field.fault(error.to_string()))?,
            own: object.find("weight").map(|weight| read_weight(&weight).map(Force::Soft)).transpose()?,
            object,
        };
        match requirement {
            None => self.not_searched(&rule, "the search does not know this type of rule"),
            Some(Requirement::Rest(minimum)) => self.rest(&rule, minimum),
            Some(Requirement::Time(limit)) => self.time(&rule, limit),
            Some(Requirement::Days(limit)) => {
                if limit.counted == CountedDays::Worked {
                    self.not_searched(&rule, "days are counted where duties begin, so a night is one day");
                }
                let bound = Bound { value: i64::from(limit.maximum), force: self.force_of(&rule, false) };
                for person in self.people_of(&rule) {
                    let run = &mut self.problem.people[person].longest_work;
                    *run = Some(run.map_or(bound, |known| stricter(known, bound)));
                }
            }
        }
        Ok(())
    }

    fn rest(&mut self, rule: &Rule<'_>, minimum: Duration) {
        let bound = Bound { value: whole_minutes_up(minimum), force: self.force_of(rule, false) };
        if bound.force != Force::Hard {
            return self.not_searched(rule, "a rest that may be broken is not weighed");
        }
        if rule.person.is_some() {
            return self.not_searched(rule, "the search has one rest for everybody");
        }
        // The engine has one rest for everybody: the longest is right for all.
        let known = self.problem.minimum_rest;
        self.problem.minimum_rest = Some(match known {
            Some(known) if known.force == Force::Hard && known.value >= bound.value => known,
            _ => bound,
        });
    }

    fn time(&mut self, rule: &Rule<'_>, limit: TimeLimit) {
        let value = limit.maximum.microseconds() / MICROSECONDS_PER_MINUTE;
        let bound = Bound { value, force: self.force_of(rule, true) };
        let counts_breaks = limit.counted != CountedTime::Worked;
        let has_breaks = self
            .problem
            .shifts
            .iter()
            .any(|shift| shift.worked_minutes < shift.end_minute - shift.start_minute);
        if counts_breaks && has_breaks && limit.period != Period::Day {
            return self
                .not_searched(rule, "breaks are not counted by the search, and this rule counts them");
        }
        match limit.period {
            Period::Day => self.time_per_day(rule, bound, counts_breaks),
            Period::Week { days_after_monday } => {
                self.time_per_window(rule, bound, 7, Some(i64::from(days_after_monday)));
            }
            Period::Days(days) => self.time_per_window(rule, bound, i64::from(days), None),
            Period::Time(_) => {
                self.not_searched(
                    rule,
                    "windows of minutes are not summed by the search, only days and weeks",
                );
            }
        }
    }

    /// A person has at most one shift a day, so a shift that is too long is one they may not take.
    fn time_per_day(&mut self, rule: &Rule<'_>, bound: Bound, counts_breaks: bool) {
        let minutes = |shift: &rota_engine::rostering::Shift| {
            if counts_breaks { shift.end_minute - shift.start_minute } else { shift.worked_minutes }
        };
        let too_long = |shift: &rota_engine::rostering::Shift| minutes(shift) > bound.value;
        if !self.problem.shifts.iter().any(too_long) {
            return;
        }
        if bound.force != Force::Hard {
            return self.not_searched(rule, "a length of days that may be broken is not weighed");
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
    }

    /// Sums over calendar weeks, or over all windows of some days.
    fn time_per_window(&mut self, rule: &Rule<'_>, bound: Bound, length: i64, week: Option<i64>) {
        let starts = self.window_starts(length, week);
        let mut all_fit = true;
        // Everybody whose windows fit is limited, whoever else's do not.
        for person in self.people_of(rule) {
            all_fit &= self.limit_windows(person, bound, length, &starts);
        }
        if !all_fit {
            self.not_searched(
                rule,
                "there are more windows than the search counts; a shorter horizon has fewer",
            );
        }
    }

    /// The first days of all windows that meet the horizon: of weeks that begin so many days after Monday, or of every
    /// window there is.
    fn window_starts(&self, length: i64, week: Option<i64>) -> Vec<i64> {
        let days = i64::try_from(self.horizon.days).unwrap_or(0);
        match week {
            Some(days_after_monday) => {
                let weekday = i64::try_from(self.horizon.first_weekday()).unwrap_or(0);
                let first = -(weekday - days_after_monday).rem_euclid(7);
                (first..days).step_by(7).collect()
            }
            None => (1 - length..days).collect(),
        }
    }

    /// Limits a person's minutes in each window that could hold too many. Tells whether the person has room for so many
    /// limits; otherwise nothing is limited.
    fn limit_windows(&mut self, person: usize, bound: Bound, length: i64, starts: &[i64]) -> bool {
        let days = i64::try_from(self.horizon.days).unwrap_or(0);
        let longest = self.problem.shifts.iter().map(|shift| shift.worked_minutes).max().unwrap_or(0);
        let midnights = self.horizon.midnights().unwrap_or_default();
        let mut limits = Vec::new();
        for &start in starts {
            let inside = start.max(0)..(start + length).min(days);
            let window = start..start + length;
            let outside = self.outside.get(person).into_iter().flatten();
            // A night before the window counts with what of it lies inside.
            let spilled = |work: &OutsideWork| {
                let lies_before = work.day < start && start == inside.start;
                let spilled =
                    work.end_minute - midnights.get(usize::try_from(start).unwrap_or(0)).unwrap_or(&0);
                if lies_before { spilled.clamp(0, work.worked_minutes) } else { 0 }
            };
            let minutes = |work: &OutsideWork| {
                if window.contains(&work.day) { work.worked_minutes } else { spilled(work) }
            };
            let already = outside.map(minutes).sum();
            let fullest = longest.saturating_mul(inside.end - inside.start).saturating_add(already);
            if inside.start < inside.end && fullest > bound.value {
                let place = |day: i64| usize::try_from(day).unwrap_or(0);
                let days = place(inside.start)..place(inside.end);
                limits.push(Limit {
                    counted: Counted::Minutes,
                    days,
                    already,
                    least: None,
                    most: Some(bound),
                });
            }
        }
        let Some(rules) = self.problem.people.get_mut(person) else { return true };
        let first = rules.limits.len();
        let has_room = first + limits.len() <= MOST_LIMITS;
        if has_room {
            rules.limits.append(&mut limits);
            self.clock_limits.extend((first..rules.limits.len()).map(|limit| (person, limit)));
        }
        has_room
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
