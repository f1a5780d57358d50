//! Rules as they are applied: read once, with what has to be known for them.

use rota_engine::compliance::{Glance, Scope, Vocabulary, reach};
use rota_engine::rule::{AverageTime, LeaveTreatment, Rule, RuleKind, Window};
use rota_engine::{Duration, Span};

use crate::convert::PayDocument;
use crate::error::ExtensionError;
use crate::source::{Connection, FactsWanted, PersonFacts, RuleRow, WrittenRule, read_pay_rules};

/// Some rules, ready for people to be judged by.
pub(crate) struct Law {
    /// As the engine wants them.
    pub(crate) rules: Vec<Rule>,
    /// The same, in the same order, with where each comes from.
    pub(crate) rows: Vec<RuleRow>,
    /// What work alone tells of them; `None` where it tells nothing.
    pub(crate) glance: Option<Glance>,
    /// How far beyond a time work has to be known to judge it.
    pub(crate) reach: Duration,
    /// Every word that a rule names. Any other word of a record is nothing to them.
    pub(crate) vocabulary: Vocabulary,
    /// What has to be read about people.
    pub(crate) facts: FactsWanted,
    /// Whether kinds of work are told apart.
    pub(crate) natures: bool,
    /// How overtime is told, where a rule asks for it and its jurisdiction says how.
    pub(crate) pay: Option<PayDocument>,
    is_scoped: bool,
}

impl Law {
    /// Reads the rules that a choice takes.
    ///
    /// # Errors
    /// As [`WrittenRule::read`].
    pub(crate) fn read(
        connection: &Connection,
        written: &[WrittenRule],
        is_chosen: impl Fn(&RuleRow) -> bool,
    ) -> Result<Self, ExtensionError> {
        let mut rows = Vec::new();
        for rule in written {
            rows.extend(rule.read()?.filter(&is_chosen));
        }
        let rules: Vec<Rule> = rows.iter().map(|row| row.rule.clone()).collect();
        let pay = match rows.iter().find(|row| is_of_overtime(&row.rule)) {
            Some(RuleRow { jurisdiction: Some(jurisdiction), .. }) => {
                read_pay_rules(connection, jurisdiction)?.map(PayDocument::read).transpose()?
            }
            _ => None,
        };
        Ok(Self {
            glance: Glance::of(&rules),
            reach: reach(&rules),
            vocabulary: vocabulary_of(&rules),
            facts: facts_for(&rules),
            natures: rules.iter().any(tells_natures),
            is_scoped: rows.iter().any(|row| row.team.is_some() || row.person.is_some()),
            pay,
            rules,
            rows,
        })
    }

    /// The rules that speak of somebody; `None` when all do.
    pub(crate) fn scopes_of(&self, person: &PersonFacts) -> Option<Vec<Scope>> {
        self.is_scoped.then(|| {
            let speaks = |row: &RuleRow| {
                row.team.as_deref().is_none_or(|team| person.team.as_deref() == Some(team))
                    && row.person.as_deref().is_none_or(|id| *person.id == *id)
            };
            let speaking = self.rows.iter().enumerate().filter(|(_, row)| speaks(row));
            speaking.map(|(rule, _)| Scope { rule, during: Span::ALWAYS }).collect()
        })
    }
}

fn is_of_overtime(rule: &Rule) -> bool {
    matches!(rule.kind, RuleKind::MaximumOvertime(_) | RuleKind::ExceededPeriods(_))
}

fn tells_natures(rule: &Rule) -> bool {
    rule.kinds_of_duties().next().is_some()
}

fn vocabulary_of(rules: &[Rule]) -> Vocabulary {
    let mut vocabulary = Vocabulary::default();
    for rule in rules {
        let applies = &rule.applies;
        let others = applies.rotations.iter().flatten().chain(&applies.only_if).chain(&applies.unless);
        for word in rule.kinds_of_duties().chain(others.map(String::as_str)) {
            vocabulary.word(word);
        }
    }
    vocabulary
}

fn facts_for(rules: &[Rule]) -> FactsWanted {
    let mut wanted = FactsWanted::default();
    for Rule { kind, applies, .. } in rules {
        wanted.leaves |= match kind {
            RuleKind::Average(AverageTime { leave, .. }) => *leave != LeaveTreatment::Counted,
            RuleKind::DaysOff(_) => true,
            RuleKind::MaximumDuties(duties) => duties.per_days.is_some(),
            _ => false,
        };
        wanted.rotations |=
            applies.rotations.is_some() || matches!(window_of(kind), Some(Window::Rotation { .. }));
        wanted.conditions |= applies.only_if.is_some() || applies.unless.is_some();
        wanted.postings |= matches!(kind, RuleKind::AssignmentTerm(_));
    }
    wanted
}

fn window_of(kind: &RuleKind) -> Option<Window> {
    match kind {
        RuleKind::MaximumTime(time) | RuleKind::MinimumTime(time) => Some(time.window),
        RuleKind::Average(average) => Some(average.window),
        RuleKind::WeeklyRest(rest) => Some(rest.window),
        RuleKind::DaysOff(days) => Some(days.window),
        RuleKind::MaximumDuties(duties) => Some(duties.window),
        _ => None,
    }
}
