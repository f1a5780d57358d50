//! Somebody's work, leave and rules, written as people write them, and what is said of it.

use rota_engine::compliance::{
    ClassifiedWork, Duty, Headroom, Leave, PersonRecord, Posting, Rotation, RuleBook, Statement, Verdict,
    Vocabulary,
};
use rota_engine::rule::{Level, Rule};
use rota_engine::{Duration, LocalDate, Span, TimeOfDay, ZoneRules};

use crate::zone_source::{ChronoZone, HOUR, MINUTE, date, local, zone};

/// A record and the rules that it is held against.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) zone: ChronoZone,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) rules: Vec<Rule>,
    pub(crate) duties: Vec<Duty>,
    pub(crate) leaves: Vec<Leave>,
    pub(crate) rotations: Vec<Rotation>,
    pub(crate) statements: Vec<Statement>,
    pub(crate) postings: Vec<Posting>,
    pub(crate) overtime: Option<Vec<ClassifiedWork>>,
    pub(crate) birth_date: Option<LocalDate>,
    pub(crate) employed: Span,
    pub(crate) known: Span,
    pub(crate) unclear: Vec<Span>,
}

impl Case {
    pub(crate) fn in_zone(name: &str) -> Self {
        Self {
            zone: zone(name),
            vocabulary: Vocabulary::default(),
            rules: vec![],
            duties: vec![],
            leaves: vec![],
            rotations: vec![],
            statements: vec![],
            postings: vec![],
            overtime: None,
            birth_date: None,
            employed: Span::ALWAYS,
            known: Span::ALWAYS,
            unclear: vec![],
        }
    }

    pub(crate) fn utc() -> Self {
        Self::in_zone("UTC")
    }

    /// Parameters as a JSON object of words, numbers and arrays, without commas or colons inside of words.
    pub(crate) fn rule(mut self, id: &str, level: Level, rule_type: &str, parameters: &str) -> Self {
        let rule = Rule::read(id, rule_type, &pairs(parameters)).unwrap();
        self.rules.push(Rule { level, ..rule });
        self
    }

    pub(crate) fn must(self, id: &str, rule_type: &str, parameters: &str) -> Self {
        self.rule(id, Level::Violation, rule_type, parameters)
    }

    /// `2025-01-06 07:00` to `2025-01-06 17:00`, by the clock on the wall.
    pub(crate) fn span(&self, from: &str, to: &str) -> Span {
        let at = |text| self.zone.first_instant_at(local(text)).unwrap();
        Span::new(at(from), at(to)).unwrap()
    }

    /// Whole local days, the last one included.
    pub(crate) fn days(&self, first: &str, last: &str) -> Span {
        let at = |day: LocalDate| self.zone.first_instant_at(day.at(TimeOfDay::MIDNIGHT).unwrap()).unwrap();
        Span::new(at(date(first)), at(date(last).plus_days(1).unwrap())).unwrap()
    }

    pub(crate) fn duty(mut self, from: &str, to: &str) -> Self {
        let duty = Duty::of(self.span(from, to));
        self.duties.push(duty);
        self
    }

    pub(crate) fn duty_of(mut self, kind: &str, from: &str, to: &str) -> Self {
        let kind = Some(self.vocabulary.word(kind));
        let duty = Duty { kind, ..Duty::of(self.span(from, to)) };
        self.duties.push(duty);
        self
    }

    /// A duty of the last one's, with an unpaid break of so many minutes.
    pub(crate) fn with_break(mut self, minutes: i64) -> Self {
        let last = self.duties.pop().unwrap();
        self.duties.push(last.with_break(Duration::from_minutes(minutes).unwrap()));
        self
    }

    /// The same duty on each of so many days in a row; an end that is not after the start is on the next day.
    pub(crate) fn daily(mut self, first: &str, days: i32, from: &str, to: &str) -> Self {
        for day in 0..days {
            let start = date(first).plus_days(day).unwrap();
            let end = if to <= from { start.plus_days(1).unwrap() } else { start };
            self = self.duty(&format!("{start} {from}"), &format!("{end} {to}"));
        }
        self
    }

    /// So many minutes of work in the week from a Monday on, from Monday to Saturday from 05:00.
    pub(crate) fn week(mut self, monday: &str, minutes: i64) -> Self {
        for day in 0..6 {
            let start = date(monday).plus_days(day).unwrap().at(TimeOfDay::MIDNIGHT).unwrap();
            let start = self.zone.first_instant_at(start).unwrap().microseconds() + 5 * HOUR;
            let part = minutes / 6 + if day == 5 { minutes % 6 } else { 0 };
            self.duties.push(Duty::of(crate::zone_source::span(start, start + part * MINUTE)));
        }
        self
    }

    /// Weeks of so many hours, one after another.
    pub(crate) fn weeks(mut self, monday: &str, hours: &[i64]) -> Self {
        for (number, hours) in (0..).zip(hours) {
            if *hours > 0 {
                let monday = date(monday).plus_days(7 * number).unwrap().to_string();
                self = self.week(&monday, hours * 60);
            }
        }
        self
    }

    pub(crate) fn leave(mut self, first: &str, last: &str) -> Self {
        let span = self.days(first, last);
        self.leaves.push(Leave { span, excluded_from_averages: true });
        self
    }

    pub(crate) fn rotation(mut self, kind: &str, first: &str, last: &str) -> Self {
        let kind = Some(self.vocabulary.word(kind));
        let span = self.days(first, last);
        self.rotations.push(Rotation { span, kind });
        self
    }

    pub(crate) fn states(mut self, condition: &str, holds: bool) -> Self {
        let condition = self.vocabulary.word(condition);
        self.statements.push(Statement { condition, during: Span::ALWAYS, holds });
        self
    }

    pub(crate) fn posting(mut self, unit: &str, first: &str, last: Option<&str>) -> Self {
        let unit = Some(self.vocabulary.word(unit));
        let establishment = Some(self.vocabulary.word("plant"));
        let last_day = last.map(date);
        self.postings.push(Posting { first_day: date(first), last_day, unit, establishment });
        self
    }

    /// Overtime, and work on statutory holidays, that count to the middle of a month.
    pub(crate) fn month(mut self, month: &str, overtime_minutes: i64, holiday_minutes: i64) -> Self {
        let day = date(&format!("{month}-15"));
        let all = self.overtime.get_or_insert_default();
        for (minutes, on_holiday) in [(overtime_minutes, false), (holiday_minutes, true)] {
            all.push(ClassifiedWork { day, worked: Duration::from_minutes(minutes).unwrap(), on_holiday });
        }
        self
    }

    pub(crate) fn record(&self) -> PersonRecord<'_> {
        PersonRecord {
            duties: &self.duties,
            leaves: &self.leaves,
            rotations: &self.rotations,
            statements: &self.statements,
            postings: &self.postings,
            overtime: self.overtime.as_deref(),
            birth_date: self.birth_date,
            employed: self.employed,
            known: self.known,
            unclear: &self.unclear,
            scopes: None,
        }
    }

    pub(crate) fn book(&self, window: Span) -> RuleBook {
        RuleBook::prepare(&self.rules, &self.vocabulary, &self.zone, window).unwrap()
    }

    /// Every verdict over whole local days, the last one included.
    pub(crate) fn verdicts(&self, first: &str, last: &str) -> Vec<Verdict> {
        self.book(self.days(first, last)).judge(&self.record())
    }

    /// The same as text: `A1 violation 4815`, the number being what was measured.
    pub(crate) fn told(&self, first: &str, last: &str) -> Vec<String> {
        let text = |verdict: &Verdict| {
            let measured = verdict.measured.map_or_else(|| "?".to_owned(), |measured| measured.to_string());
            format!("{} {} {measured}", self.rules[verdict.rule].id, verdict.level.as_str())
        };
        self.verdicts(first, last).iter().map(text).collect()
    }

    /// How near each rule comes to its limit: what was measured and what is left, by the rule's id.
    pub(crate) fn nearest(&self, id: &str, first: &str, last: &str) -> (String, String) {
        let all = self.book(self.days(first, last)).headroom(&self.record());
        let of_rule = |headroom: &&Headroom| self.rules[headroom.rule].id == id;
        let found = all.iter().find(of_rule).unwrap();
        (found.measured.to_string(), found.left.to_string())
    }
}

/// Reads `{"name": value, …}` into names and values as text, as SQL hands them over.
pub(crate) fn pairs(object: &str) -> Vec<(String, String)> {
    let inner = object.trim().trim_start_matches('{').trim_end_matches('}');
    let mut pairs = vec![];
    let mut rest = inner.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once("\":").unwrap();
        let after = after.trim_start();
        let length = match after.chars().next() {
            Some('[') => after.find(']').unwrap() + 1,
            Some('"') => after[1..].find('"').unwrap() + 2,
            _ => after.find(',').unwrap_or(after.len()),
        };
        let value = after[..length].trim().trim_matches('"').to_owned();
        pairs.push((name.trim().trim_start_matches('"').to_owned(), value));
        rest = after[length..].trim_start().trim_start_matches(',').trim_start();
    }
    pairs
}
