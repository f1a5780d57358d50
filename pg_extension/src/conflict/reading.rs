//! Enough of people's work for the rules to be judged in a time.

use rota_engine::conflict::{Assignment, people_with_open_rows_of_days};
use rota_engine::{Duration, Span};

use crate::error::ExtensionError;
use crate::source::{Connection, RosterRows, Rules, Selection, Views, read_further_work, widened};

/// Microseconds of a day of 24 hours.
const DAY: i64 = 86_400_000_000;

/// How far a row of days of work is followed on each side of the time in question. Who works each day for longer
/// than a year has been told enough.
const FARTHEST: Duration = Duration::from_microseconds(400 * DAY);

/// Follows rows of days of work that reach beyond what was read in any case, and has the local days at hand.
/// `proposed` is work that is not written yet.
///
/// # Errors
/// As [`read_further_work`] and [`RosterRows::keep_days`].
pub(super) fn follow_work(
    connection: &Connection,
    views: &Views,
    selection: &Selection,
    (rules, proposed): (&Rules, &[Assignment]),
    rows: &mut RosterRows,
) -> Result<(), ExtensionError> {
    let mut reach = rules.reach();
    loop {
        let known = widened(selection.span, reach);
        let standing = rows.assignments.len();
        rows.assignments.extend(proposed);
        let people = people_to_follow(rules, selection.span, known, rows)?;
        rows.assignments.truncate(standing);
        if people.is_empty() || reach >= FARTHEST {
            return Ok(());
        }
        reach = Duration::from_microseconds(reach.microseconds().saturating_mul(2)).min(FARTHEST);
        let further = widened(selection.span, reach);
        read_further_work(connection, views, selection, (&people, further), rows)?;
    }
}

/// The people whose rows of days may reach beyond what is known, once local days are at hand.
fn people_to_follow(
    rules: &Rules,
    window: Span,
    known: Span,
    rows: &mut RosterRows,
) -> Result<Vec<usize>, ExtensionError> {
    if rules.need_days() {
        // Weeks at the ends are whole, and so are windows.
        let around = rules.reach().microseconds().saturating_add(8 * DAY);
        rows.keep_days(known, Duration::from_microseconds(around))?;
    }
    if !rules.limit_rows_of_days() {
        return Ok(Vec::new());
    }
    Ok(people_with_open_rows_of_days(&rows.roster(&rules.rules), window, known))
}
