//! The heart of a pivot: taking multiples of one row of the inverse from all others.

/// Subtracts `alpha[other] × row` from every other row.
pub(super) struct Eliminate<'a> {
    pub(super) inverse: &'a mut [f64],
    pub(super) rows: usize,
    pub(super) row: usize,
    pub(super) alpha: &'a [f64],
}

impl pulp::WithSimd for Eliminate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { inverse, rows, row, alpha } = self;
        let (above, rest) = inverse.split_at_mut(row * rows);
        let (pivot, below) = rest.split_at_mut(rows);
        subtract(above, &alpha[..row], pivot);
        subtract(below, &alpha[row + 1..], pivot);
    }
}

#[inline(always)]
fn subtract(lines: &mut [f64], alpha: &[f64], pivot: &[f64]) {
    let rows = pivot.len();
    let mut number = 0;
    while number < alpha.len() {
        let factor = alpha[number];
        // Most entries of a column are zero: slack rows do not see it.
        if factor.abs() > 1e-12 {
            let line = &mut lines[number * rows..(number + 1) * rows];
            let mut position = 0;
            while position < line.len() && position < pivot.len() {
                line[position] -= factor * pivot[position];
                position += 1;
            }
        }
        number += 1;
    }
}
