//! Verdicts with names instead of numbers.

use rota_engine::Span;
use rota_engine::compliance::{Headroom, Ratio, Unit, Verdict};
use rota_engine::rule::{Level, Mode};

use super::case::Case;
use super::law::Law;
use super::message;
use crate::source::RuleRow;

/// What a rule says about a window of somebody's work, as SQL shows it.
#[derive(Debug, Clone)]
pub(crate) struct VerdictRow {
    /// Which rule.
    pub(crate) rule: NamedRule,
    /// Whose work.
    pub(crate) person_id: String,
    /// Their team.
    pub(crate) team_id: Option<String>,
    /// The window, the rest, the row of days, or the duty.
    pub(crate) during: Span,
    /// What there is; `None` where too little is known.
    pub(crate) measured: Option<Ratio>,
    /// What there may be, or has to be.
    pub(crate) limit: Ratio,
    /// Of what both are numbers.
    pub(crate) unit: Unit,
    /// How bad it is.
    pub(crate) level: Level,
    /// Why, as a word.
    pub(crate) reason: &'static str,
    /// Whether times were made up.
    pub(crate) estimated: bool,
    /// The assignments that count; of postings those. A proposed one has no id.
    pub(crate) assignment_ids: Vec<Option<String>>,
    /// The verdict in a sentence.
    pub(crate) message: String,
}

/// How near somebody comes to a limit, as SQL shows it.
#[derive(Debug, Clone)]
pub(crate) struct HeadroomRow {
    /// Which rule.
    pub(crate) rule: NamedRule,
    /// Whose work.
    pub(crate) person_id: String,
    /// Their team.
    pub(crate) team_id: Option<String>,
    /// The window that comes nearest.
    pub(crate) during: Span,
    /// What there is.
    pub(crate) measured: Ratio,
    /// What there may be, or has to be.
    pub(crate) limit: Ratio,
    /// Of what both are numbers.
    pub(crate) unit: Unit,
    /// What is left.
    pub(crate) left: Ratio,
    /// Whether that is minutes.
    pub(crate) is_of_minutes: bool,
}

/// Which rule it is, and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct NamedRule {
    /// Its id: a row's, or set and name.
    pub(crate) id: String,
    /// Its type.
    pub(crate) rule_type: String,
    /// Its set.
    pub(crate) rule_set: Option<String>,
    /// Its name in the set.
    pub(crate) name: Option<String>,
    /// What it asks for.
    pub(crate) title: Option<String>,
    /// What is done about it.
    pub(crate) mode: Mode,
    /// The law and article, or the agreement.
    pub(crate) source: Option<String>,
}

impl NamedRule {
    fn of(row: &RuleRow) -> Self {
        let source = &row.rule.source;
        Self {
            id: row.rule.id.clone(),
            rule_type: row.rule_type.clone(),
            rule_set: row.rule_set.clone(),
            name: row.name.clone(),
            title: row.title.clone(),
            mode: row.rule.mode,
            source: (!source.is_empty()).then(|| source.clone()),
        }
    }
}

impl VerdictRow {
    /// The row of a verdict over somebody.
    pub(crate) fn of(verdict: &Verdict, case: &Case<'_>, law: &Law) -> Option<Self> {
        let rule = law.rows.get(verdict.rule)?;
        let ids = if verdict.unit == Unit::DaysPosted {
            let postings = verdict.duties.iter().filter_map(|posting| case.postings.get(*posting));
            postings.map(|id| Some(id.to_string())).collect()
        } else {
            let duties = verdict.duties.iter().filter_map(|duty| case.assignments.get(*duty));
            duties.map(|id| id.as_ref().map(ToString::to_string)).collect()
        };
        Some(Self {
            rule: NamedRule::of(rule),
            person_id: case.person.id.to_string(),
            team_id: case.person.team.as_deref().map(str::to_owned),
            during: verdict.window,
            measured: verdict.measured,
            limit: verdict.limit,
            unit: verdict.unit,
            level: verdict.level,
            reason: verdict.reason.as_str(),
            estimated: verdict.estimated,
            assignment_ids: ids,
            message: message::of(verdict, case, rule),
        })
    }
}

impl HeadroomRow {
    /// The row of what is left to somebody.
    pub(crate) fn of(headroom: &Headroom, case: &Case<'_>, law: &Law) -> Option<Self> {
        let rule = law.rows.get(headroom.rule)?;
        Some(Self {
            rule: NamedRule::of(rule),
            person_id: case.person.id.to_string(),
            team_id: case.person.team.as_deref().map(str::to_owned),
            during: headroom.window,
            measured: headroom.measured,
            limit: headroom.limit,
            unit: headroom.unit,
            left: headroom.left,
            is_of_minutes: matches!(headroom.unit, Unit::Minutes | Unit::MinutesPerDays(_)),
        })
    }
}
