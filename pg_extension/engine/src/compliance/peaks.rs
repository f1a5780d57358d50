//! Of windows that slide, those that are told.

use super::case::Case;

/// Keeps windows that do not overlap, the worst first: every other one overlaps a kept one that is at least as
/// bad. The kept ones come in the order of time.
pub(super) fn peaks(mut cases: Vec<Case>) -> Vec<Case> {
    cases.sort_by_key(|case| (case.left, case.start));
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
