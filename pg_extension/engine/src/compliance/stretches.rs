//! Stretches of time that follow one another, with sums over them.

use super::person::cut;

/// Stretches in microseconds: ascending, none overlapping or touching another, with the time before each.
#[derive(Debug)]
pub(super) struct Stretches {
    spans: Vec<(i64, i64)>,
    /// The time of all stretches before each, and of all of them.
    before: Vec<i64>,
    /// The length of the longest.
    longest: i64,
    /// The length of the shortest gap between two.
    shortest_gap: i64,
}

impl Stretches {
    /// The union of parts in the order of their starts.
    pub(super) fn of(parts: impl Iterator<Item = (i64, i64)>) -> Self {
        let mut spans: Vec<(i64, i64)> = Vec::with_capacity(parts.size_hint().1.unwrap_or_default());
        for (start, end) in parts {
            match spans.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => spans.push((start, end)),
            }
        }
        Self::apart(spans)
    }

    /// Stretches of which none overlaps or touches another, ascending.
    fn apart(spans: Vec<(i64, i64)>) -> Self {
        let (mut total, mut longest, mut shortest_gap) = (0, 0, i64::MAX);
        let mut before = Vec::with_capacity(spans.len() + 1);
        before.push(0);
        let mut last_end = None;
        for (start, end) in &spans {
            total += end - start;
            before.push(total);
            longest = longest.max(end - start);
            shortest_gap = shortest_gap.min(last_end.map_or(i64::MAX, |last| start - last));
            last_end = Some(*end);
        }
        Self { spans, before, longest, shortest_gap }
    }

    /// The union of parts in any order.
    pub(super) fn sorted(mut parts: Vec<(i64, i64)>) -> Self {
        if !parts.is_sorted() {
            parts.sort_unstable();
        }
        Self::of(parts.into_iter())
    }

    /// The union with further parts in any order.
    pub(super) fn with(&self, mut parts: Vec<(i64, i64)>) -> Self {
        parts.sort_unstable();
        let (mut own, mut further) = (self.spans.iter().copied().peekable(), parts.into_iter().peekable());
        let next = || match (own.peek(), further.peek()) {
            (Some(one), Some(other)) if one <= other => own.next(),
            (Some(_), None) => own.next(),
            _ => further.next(),
        };
        Self::of(std::iter::from_fn(next))
    }

    /// The stretches.
    pub(super) fn spans(&self) -> &[(i64, i64)] {
        &self.spans
    }

    /// The length of the longest stretch; 0 where there is none.
    pub(super) fn longest(&self) -> i64 {
        self.longest
    }

    /// The length of the shortest gap between two stretches; the longest there is where there are no two.
    pub(super) fn shortest_gap(&self) -> i64 {
        self.shortest_gap
    }

    /// The most time in any part of a length. It begins where a stretch does: moved to the right from elsewhere,
    /// it loses nothing until it does. Linear.
    pub(super) fn most_in_any(&self, length: i64) -> i64 {
        let mut after = 0;
        let time_from = |(position, (start, _)): (usize, &(i64, i64))| {
            let end = start.saturating_add(length);
            after = self.first_from(end, after);
            // The last stretch that begins within is the only one that may reach out.
            let beyond = self.spans.get(after.saturating_sub(1)).map_or(0, |span| (span.1 - end).max(0));
            self.time_until(after) - self.time_until(position) - beyond
        };
        self.spans.iter().enumerate().map(time_from).max().unwrap_or_default()
    }

    /// The first stretch from a position on that does not begin before a time.
    fn first_from(&self, time: i64, position: usize) -> usize {
        let later = self.spans.get(position..).unwrap_or_default();
        position + later.iter().take_while(|span| span.0 < time).count()
    }

    /// The most stretches that begin in any part of a length. Linear.
    pub(super) fn most_beginning_in_any(&self, length: i64) -> usize {
        let mut after = 0;
        let beginning_from = |(position, (start, _)): (usize, &(i64, i64))| {
            let end = start.saturating_add(length);
            after = self.first_from(end, after);
            after - position
        };
        self.spans.iter().enumerate().map(beginning_from).max().unwrap_or_default()
    }

    /// The stretches that overlap a span.
    pub(super) fn meeting(&self, start: i64, end: i64) -> &[(i64, i64)] {
        let first = self.spans.partition_point(|span| span.1 <= start);
        let last = self.spans.partition_point(|span| span.0 < end);
        self.spans.get(first..last).unwrap_or_default()
    }

    /// How many stretches begin in a span.
    pub(super) fn beginning(&self, start: i64, end: i64) -> usize {
        let before = |instant| self.spans.partition_point(|span| span.0 < instant);
        before(end) - before(start).min(before(end))
    }

    /// The time in a span. O(log n).
    pub(super) fn time(&self, start: i64, end: i64) -> i64 {
        self.time_before(end) - self.time_before(start.min(end))
    }

    fn time_before(&self, instant: i64) -> i64 {
        let begun = self.spans.partition_point(|span| span.0 < instant);
        let Some(last) = begun.checked_sub(1) else { return 0 };
        let (start, end) = self.spans.get(last).copied().unwrap_or_default();
        self.time_until(last) + end.min(instant) - start
    }

    /// The time of all stretches before one.
    pub(super) fn time_until(&self, position: usize) -> i64 {
        self.before.get(position).or(self.before.last()).copied().unwrap_or_default()
    }

    /// The time before each of some ascending instants. Linear.
    pub(super) fn time_before_each(&self, instants: &[i64]) -> Vec<i64> {
        let mut position = 0;
        let mut spans = self.spans.iter().copied().peekable();
        instants
            .iter()
            .map(|instant| {
                while spans.next_if(|span| span.1 <= *instant).is_some() {
                    position += 1;
                }
                let running = spans.peek().map_or(0, |span| (instant - span.0).max(0));
                self.time_until(position) + running
            })
            .collect()
    }

    /// The same stretches with gaps of at most this length filled.
    pub(super) fn bridged(&self, longest_gap: i64) -> Self {
        let mut joined: Vec<(i64, i64)> = Vec::with_capacity(self.spans.len());
        for (start, end) in &self.spans {
            match joined.last_mut() {
                Some(last) if start - last.1 <= longest_gap => last.1 = *end,
                _ => joined.push((*start, *end)),
            }
        }
        Self::apart(joined)
    }

    /// The parts of a span that lie in no stretch.
    pub(super) fn gaps(&self, (start, end): (i64, i64)) -> impl Iterator<Item = (i64, i64)> {
        let starts = std::iter::once(start).chain(self.spans.iter().map(|span| span.1));
        let ends = self.spans.iter().map(|span| span.0).chain(std::iter::once(end));
        starts.zip(ends).filter_map(move |gap| cut(gap, (start, end)))
    }
}
