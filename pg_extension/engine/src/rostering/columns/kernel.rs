//! The inverse of the part of a basis that no slack covers.
//!
//! A row whose shortage or surplus is basic explains itself. What is left is a square of as many columns as rows, the
//! kernel, often far smaller than the whole, and each pivot changes its dense inverse by one product of two vectors.

use super::rank_one::RankOne;

/// The inverse: one line per basic column, one entry per kernel row.
pub(super) struct Kernel {
    entries: Vec<f64>,
    stride: usize,
    size: usize,
    pivot_line: Vec<f64>,
    arch: pulp::Arch,
}

impl Kernel {
    /// The inverse of the unit matrix.
    pub(super) fn unit(size: usize) -> Self {
        let stride = size + 64;
        let mut entries = vec![0.0; stride * stride];
        for place in 0..size {
            entries[place * stride + place] = 1.0;
        }
        Self { entries, stride, size, pivot_line: Vec::new(), arch: pulp::Arch::new() }
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// The line of a basic column.
    pub(super) fn line(&self, place: usize) -> &[f64] {
        &self.entries[place * self.stride..place * self.stride + self.size]
    }

    /// The sum of some entries of a line: four sums at a time, as each addition waits for the one before.
    pub(super) fn sum_of(&self, place: usize, rows: &[usize]) -> f64 {
        let line = self.line(place);
        let (fours, rest) = rows.as_chunks::<4>();
        let mut sums = [0.0; 4];
        for four in fours {
            for (sum, &row) in sums.iter_mut().zip(four) {
                *sum += line[row];
            }
        }
        sums.iter().sum::<f64>() + rest.iter().map(|&row| line[row]).sum::<f64>()
    }

    pub(super) fn entry(&self, place: usize, row: usize) -> f64 {
        self.entries[place * self.stride + row]
    }

    fn subtract(&mut self, factors: &[f64], vector: &[f64]) {
        let (stride, size) = (self.stride, self.size);
        self.arch.dispatch(RankOne { entries: &mut self.entries, stride, size, factors, vector });
    }

    /// One column takes the place of another; `alpha` is the new column seen through the inverse.
    pub(super) fn replace_column(&mut self, place: usize, alpha: &mut [f64]) {
        let divisor = alpha[place];
        self.take_line(place, divisor);
        let line = std::mem::take(&mut self.pivot_line);
        alpha[place] = 0.0;
        self.subtract(alpha, &line);
        alpha[place] = divisor;
        self.entries[place * self.stride..place * self.stride + self.size].copy_from_slice(&line);
        self.pivot_line = line;
    }

    fn take_line(&mut self, place: usize, divisor: f64) {
        let line = &self.entries[place * self.stride..place * self.stride + self.size];
        self.pivot_line.clear();
        self.pivot_line.extend(line.iter().map(|entry| entry / divisor));
    }

    /// A column and a row leave; the last of each take their numbers.
    pub(super) fn shrink(&mut self, place: usize, row: usize) {
        let divisor = self.entry(place, row);
        self.take_line(place, divisor);
        let line = std::mem::take(&mut self.pivot_line);
        let factors: Vec<f64> =
            (0..self.size).map(|other| if other == place { 0.0 } else { self.entry(other, row) }).collect();
        self.subtract(&factors, &line);
        self.pivot_line = line;
        let last = self.size - 1;
        if place != last {
            let (start, end) = (last * self.stride, last * self.stride + self.size);
            self.entries.copy_within(start..end, place * self.stride);
        }
        for other in 0..last {
            self.entries[other * self.stride + row] = self.entries[other * self.stride + last];
        }
        self.size = last;
    }

    /// A column and a row arrive. `alpha` is the column seen through the inverse, `across` the row seen through it,
    /// `pivot` the entry where they meet, less what the others explain of it.
    pub(super) fn grow(&mut self, alpha: &[f64], across: &[f64], pivot: f64) {
        if self.size + 1 > self.stride {
            self.widen();
        }
        let factors: Vec<f64> = alpha.iter().map(|alpha| -alpha / pivot).collect();
        self.subtract(&factors, across);
        let size = self.size;
        for (place, factor) in factors.iter().enumerate() {
            self.entries[place * self.stride + size] = *factor;
        }
        let start = size * self.stride;
        for (row, across) in across.iter().enumerate() {
            self.entries[start + row] = -across / pivot;
        }
        self.entries[start + size] = 1.0 / pivot;
        self.size = size + 1;
    }

    /// One row takes the place of another; `across` is the new row seen through the inverse.
    pub(super) fn replace_row(&mut self, row: usize, across: &[f64]) {
        let divisor = across[row];
        let factors: Vec<f64> = (0..self.size).map(|place| self.entry(place, row) / divisor).collect();
        let mut vector = across.to_vec();
        vector[row] = 0.0;
        self.subtract(&factors, &vector);
        for (place, factor) in factors.iter().enumerate() {
            self.entries[place * self.stride + row] = *factor;
        }
    }

    fn widen(&mut self) {
        let stride = self.stride + self.stride / 2;
        let mut entries = vec![0.0; stride * stride];
        for place in 0..self.size {
            entries[place * stride..place * stride + self.size].copy_from_slice(self.line(place));
        }
        (self.entries, self.stride) = (entries, stride);
    }

    /// Inverts a matrix of zeros and ones anew: `ones(column)` lists the kernel rows of a column. False if singular, or
    /// if `stop`, which is told of the work, said so.
    pub(super) fn invert<'a>(
        &mut self,
        size: usize,
        ones: impl Fn(usize) -> Box<dyn Iterator<Item = usize> + 'a>,
        stop: &dyn Fn(u64) -> bool,
    ) -> bool {
        // Gauss and Jordan on [A | 1], rows swapped by the largest pivot.
        let width = 2 * size;
        let mut lines: Vec<f64> = vec![0.0; size * width];
        for column in 0..size {
            for row in ones(column) {
                lines[row * width + column] = 1.0;
            }
        }
        for row in 0..size {
            lines[row * width + size + row] = 1.0;
        }
        for column in 0..size {
            if stop((size * width) as u64) {
                return false;
            }
            let largest = (column..size).max_by(|&left, &right| {
                lines[left * width + column].abs().total_cmp(&lines[right * width + column].abs())
            });
            let Some(largest) = largest.filter(|&row| lines[row * width + column].abs() > 1e-9) else {
                return false;
            };
            for position in 0..width {
                lines.swap(column * width + position, largest * width + position);
            }
            let divisor = lines[column * width + column];
            let pivot: Vec<f64> =
                lines[column * width..(column + 1) * width].iter().map(|entry| entry / divisor).collect();
            lines[column * width..(column + 1) * width].copy_from_slice(&pivot);
            let factors: Vec<f64> =
                (0..size).map(|row| if row == column { 0.0 } else { lines[row * width + column] }).collect();
            self.arch.dispatch(RankOne {
                entries: &mut lines,
                stride: width,
                size: width,
                factors: &factors,
                vector: &pivot,
            });
        }
        self.size = size;
        if self.stride < size {
            self.stride = size + 64;
            self.entries = vec![0.0; self.stride * self.stride];
        }
        for place in 0..size {
            let from = &lines[place * width + size..(place + 1) * width];
            self.entries[place * self.stride..place * self.stride + size].copy_from_slice(from);
        }
        true
    }
}
