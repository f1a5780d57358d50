//! Random choices of the search.

/// A few different numbers below `count`, in random order.
pub(super) fn sample(random: &mut fastrand::Rng, count: usize, wanted: usize) -> Vec<usize> {
    let mut chosen: Vec<usize> = Vec::with_capacity(wanted.min(count));
    while chosen.len() < wanted.min(count) {
        let number = random.usize(0..count);
        if !chosen.contains(&number) {
            chosen.push(number);
        }
    }
    chosen
}
