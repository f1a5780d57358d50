//! Rules that proposals would break.

use rota_engine::compliance::Duty;
use rota_engine::{Duration, Span};

use crate::compliance::{AddedDuty, Amendment, VerdictRow, added_by};
use crate::error::ExtensionError;
use crate::source::{Connection, Proposal, Views, read_natures};

/// A rule that proposals would break.
#[derive(Debug, Clone)]
pub(crate) struct BrokenRule {
    /// How.
    pub(crate) verdict: VerdictRow,
    /// The first proposal of that person in its time, if any.
    pub(crate) proposal: Option<usize>,
}

impl BrokenRule {
    /// The first assignment that counts.
    pub(crate) fn assignment_id(&self) -> Option<String> {
        self.verdict.assignment_ids.iter().flatten().next().cloned()
    }

    /// How long its time is.
    pub(crate) fn time(&self) -> Option<Duration> {
        self.verdict.during.elapsed().ok()
    }
}

/// The rules that proposals would break or break worse, but for those that conflicts are found by. `unpaid` has
/// the break of each.
///
/// # Errors
/// Those of the rules and the views.
pub(super) fn broken_rules(
    connection: &Connection,
    views: &Views,
    (hull, proposals): (Span, &[Proposal]),
    unpaid: impl Iterator<Item = Duration>,
) -> Result<Vec<BrokenRule>, ExtensionError> {
    let shifts: Vec<String> = proposals.iter().filter_map(|proposal| proposal.shift_id.clone()).collect();
    let natures = read_natures(connection, views, &shifts)?;
    let replaced = || proposals.iter().filter_map(|proposal| proposal.replaced.as_ref());
    let added = proposals.iter().zip(unpaid).map(|(proposal, unpaid)| AddedDuty {
        person: proposal.person_id.clone(),
        duty: Duty::of(proposal.span).with_break(unpaid),
        nature: proposal.shift_id.as_ref().and_then(|shift| natures.get(shift)).cloned(),
    });
    let amendment = Amendment {
        removed: replaced().map(|booking| booking.assignment_id.clone()).collect(),
        added: added.collect(),
    };
    let people = proposals.iter().map(|proposal| &proposal.person_id);
    let mut people: Vec<String> =
        people.chain(replaced().map(|booking| &booking.person_id)).cloned().collect();
    people.sort_unstable();
    people.dedup();
    let is_chosen = |row: &crate::source::RuleRow| !row.is_of_conflicts;
    let verdicts = added_by(connection, views, (hull, &people), &amendment, is_chosen)?;
    let broken = verdicts.into_iter().map(|verdict| {
        let takes_part = |proposal: &Proposal| {
            proposal.person_id == verdict.person_id
                && proposal.span.start() <= verdict.during.end()
                && verdict.during.start() <= proposal.span.end()
        };
        let proposal = proposals.iter().position(takes_part);
        BrokenRule { verdict, proposal }
    });
    Ok(broken.collect())
}
