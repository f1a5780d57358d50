//! A conflict with names instead of numbers.

use rota_engine::conflict::{Cause, Conflict, ConflictKind, Level, Quantity};
use rota_engine::{Duration, Span};

use super::message;
use crate::source::{RosterRows, Rules};

/// A conflict as SQL shows it.
#[derive(Debug, Clone)]
pub(crate) struct ConflictRow {
    /// What is wrong.
    pub(crate) kind: ConflictKind,
    /// How bad it is.
    pub(crate) level: Level,
    /// Whose it is; `None` for staffing.
    pub(crate) person_id: Option<String>,
    /// The person's team; for staffing the shift's.
    pub(crate) team_id: Option<String>,
    /// The shift of the assignment, or the one staffed wrongly.
    pub(crate) shift_id: Option<String>,
    /// The assignment that starts first; `None` for a proposal, and where more than two add up.
    pub(crate) assignment_id: Option<String>,
    /// The other one, if two are at odds; `None` for a proposal.
    pub(crate) other_assignment_id: Option<String>,
    /// The overlap, the rest, the work, the shift, or the time that is summed over.
    pub(crate) during: Span,
    /// How long that is.
    pub(crate) time: Option<Duration>,
    /// The rule that was broken, if it is a row.
    pub(crate) rule_id: Option<String>,
    /// The rest, heads, time, days or load that there are.
    pub(crate) measured: Option<Quantity>,
    /// The least rest, the heads required, or the most of the others.
    pub(crate) limit: Option<Quantity>,
    /// The conflict in a sentence.
    pub(crate) message: String,
    /// The first proposal that takes part, when proposals are checked.
    pub(crate) proposal: Option<usize>,
    /// The other proposal, if two are at odds.
    pub(crate) other_proposal: Option<usize>,
}

impl ConflictRow {
    /// The row of a conflict that was found in these rows, by these rules.
    pub(super) fn of(conflict: &Conflict, rows: &RosterRows, rules: &Rules) -> Self {
        let team = match (conflict.person, conflict.shift) {
            (Some(person), _) => rows.people.get(person).and_then(|person| person.team),
            (None, Some(shift)) => rows.shift_teams.get(shift).copied().flatten(),
            (None, None) => None,
        };
        let rule_id = match conflict.cause {
            Some(Cause::Rule(rule)) => rules.ids.get(rule).cloned().flatten(),
            _ => None,
        };
        let assignment_id =
            |assignment: usize| rows.assignment_ids.get(assignment)?.as_ref().map(ToString::to_string);
        Self {
            kind: conflict.kind,
            level: conflict.level,
            person_id: conflict.person.and_then(|person| rows.person_ids.text(person)),
            team_id: team.and_then(|team| rows.team_ids.text(team)),
            shift_id: conflict.shift.and_then(|shift| rows.shift_ids.text(shift)),
            assignment_id: conflict.assignment.and_then(assignment_id),
            other_assignment_id: conflict.other_assignment.and_then(assignment_id),
            during: conflict.during,
            time: conflict.time(),
            rule_id,
            measured: conflict.measured,
            limit: conflict.limit,
            message: message::of(conflict, rows, rules),
            proposal: None,
            other_proposal: None,
        }
    }
}
