//! Physical lines of a file, as an editor counts them.

/// Counts lines over bytes that arrive in pieces. `\n`, `\r\n` and a lone `\r` each end one line.
#[derive(Debug)]
pub(super) struct LineCounter {
    line: u64,
    after_return: bool,
}

impl LineCounter {
    /// A counter at the start of a file: line 1.
    pub(super) fn new() -> Self {
        Self { line: 1, after_return: false }
    }

    /// The line on which the next byte stands.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Moves over `bytes`.
    pub(super) fn advance(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            // The `\n` of a `\r\n` ends nothing: its `\r` has ended the line already.
            if byte == b'\r' || (byte == b'\n' && !self.after_return) {
                self.line += 1;
            }
            self.after_return = byte == b'\r';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LineCounter;

    fn line_after(pieces: &[&str]) -> u64 {
        let mut counter = LineCounter::new();
        for piece in pieces {
            counter.advance(piece.as_bytes());
        }
        counter.line()
    }

    #[test]
    fn every_kind_of_line_end_counts_once() {
        assert_eq!(line_after(&["a\nb\nc"]), 3);
        assert_eq!(line_after(&["a\r\nb\r\nc"]), 3);
        assert_eq!(line_after(&["a\rb\rc"]), 3);
        assert_eq!(line_after(&["a\n\r\nb"]), 3);
    }

    #[test]
    fn a_line_end_cut_in_two_pieces_counts_once() {
        assert_eq!(line_after(&["a\r", "\nb"]), 2);
        assert_eq!(line_after(&["a\r", "b"]), 2);
    }
}
