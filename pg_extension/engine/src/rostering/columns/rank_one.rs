//! The heart of a pivot: a product of two vectors taken from a matrix.

/// Subtracts `factors[line] × vector` from every line.
pub(super) struct RankOne<'a> {
    pub(super) entries: &'a mut [f64],
    /// Entries from one line to the next.
    pub(super) stride: usize,
    /// Entries of a line that count.
    pub(super) size: usize,
    pub(super) factors: &'a [f64],
    pub(super) vector: &'a [f64],
}

impl pulp::WithSimd for RankOne<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { entries, stride, size, factors, vector } = self;
        let mut number = 0;
        while number < factors.len() {
            let factor = factors[number];
            // Most factors are zero: most columns do not meet.
            if factor.abs() > 1e-13 {
                let line = &mut entries[number * stride..number * stride + size];
                let mut position = 0;
                while position < line.len() && position < vector.len() {
                    line[position] -= factor * vector[position];
                    position += 1;
                }
            }
            number += 1;
        }
    }
}
