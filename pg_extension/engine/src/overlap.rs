//! Every overlapping pair of a large set, group by group.

use crate::span::Span;

/// A span that belongs to a group; spans of different groups have nothing to do with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupedSpan {
    /// The group.
    pub group: u64,
    /// The span.
    pub span: Span,
    /// The caller's number for it.
    pub index: u32,
}

/// Every pair of one group whose spans overlap, each once, in the order of the group, then of the later start. The
/// item that starts first comes first.
///
/// Sorted by start, whatever still runs when a span starts overlaps it. O(n log n + pairs): the running list is walked
/// only where each survivor is a pair and each other entry leaves for good. The pairs can be quadratically many, so
/// they are found as they are asked for.
#[derive(Debug)]
pub struct OverlappingPairs {
    spans: Vec<GroupedSpan>,
    /// The span that is paired with what runs.
    current: usize,
    running: Vec<GroupedSpan>,
    /// How many of those that run have been paired with it.
    paired: usize,
}

impl OverlappingPairs {
    /// Sorts the spans.
    #[must_use]
    pub fn among(mut spans: Vec<GroupedSpan>) -> Self {
        spans.sort_unstable_by_key(|item| (item.group, item.span.start(), item.index));
        Self { spans, current: 0, running: Vec::new(), paired: 0 }
    }

    /// Goes on to the next span; `None` after the last.
    fn advance(&mut self) -> Option<()> {
        let before = *self.spans.get(self.current)?;
        self.current += 1;
        let next = *self.spans.get(self.current)?;
        self.paired = 0;
        if before.group == next.group {
            self.running.push(before);
            self.running.retain(|running| running.span.end() > next.span.start());
        } else {
            self.running.clear();
        }
        Some(())
    }
}

impl Iterator for OverlappingPairs {
    type Item = (u32, u32);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let current = self.spans.get(self.current)?;
            if let Some(running) = self.running.get(self.paired) {
                self.paired += 1;
                return Some((running.index, current.index));
            }
            self.advance()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::instant::Instant;

    fn naive(spans: &[GroupedSpan]) -> Vec<(u32, u32)> {
        let mut pairs = Vec::new();
        for one in spans {
            for other in spans {
                let in_order = (one.span.start(), one.index) < (other.span.start(), other.index);
                if in_order && one.group == other.group && one.span.overlaps(other.span) {
                    pairs.push((one.index, other.index));
                }
            }
        }
        pairs.sort_unstable();
        pairs
    }

    proptest! {
        #[test]
        fn the_pairs_are_those_of_a_look_at_each_two(
            drawn in proptest::collection::vec((0_u64..3, -20_i64..20, 1_i64..15, 0_u8..20), 0..60)
        ) {
            let spans: Vec<GroupedSpan> = (0_u32..)
                .zip(drawn)
                .map(|(index, (group, start, length, unbounded))| {
                    let (start, end) = (Instant::from_microseconds(start), start + length);
                    let start = if unbounded == 0 { Instant::NEG_INFINITY } else { start };
                    let end =
                        if unbounded == 1 { Instant::INFINITY } else { Instant::from_microseconds(end) };
                    GroupedSpan { group, span: Span::new(start, end).unwrap(), index }
                })
                .collect();
            let mut found: Vec<_> = OverlappingPairs::among(spans.clone()).collect();
            found.sort_unstable();
            prop_assert_eq!(found, naive(&spans));
        }
    }
}
