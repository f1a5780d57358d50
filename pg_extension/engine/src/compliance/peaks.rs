//! Of windows that slide, those that are told.

use super::case::Case;

/// Keeps windows that do not overlap, the worst first: every other one overlaps a kept one that is at least as
/// bad. The kept ones come in the order of time.
pub(super) fn peaks(mut cases: Vec<Case>) -> Vec<Case> {
    // What is left, over what both sides were multiplied by: windows with leave are divided by fewer days.
    let worse = |one: &Case, other: &Case| {
        let (left, right) = (i128::from(one.left), i128::from(other.left));
        (left * i128::from(other.scale))
            .cmp(&(right * i128::from(one.scale)))
            .then(one.start.cmp(&other.start))
    };
    cases.sort_by(worse);
    let mut kept: Vec<Case> = Vec::new();
    for case in cases {
        let place = kept.partition_point(|other| other.start < case.start);
        let before = place.checked_sub(1).and_then(|before| kept.get(before));
        let meets = before.is_some_and(|before| before.end > case.start)
            || kept.get(place).is_some_and(|after| after.start < case.end);
        if !meets {
            kept.insert(place, case);
        }
    }
    kept
}
