//! Records of a CSV file, read in a stream with the physical line of each.
//!
//! The grammar is that of `csv-core` (RFC 4180, any line end, empty lines skipped). It is driven here
//! directly because an import needs two things that the readers above it do not tell: the line on which a
//! record starts, also after quoted line ends and empty lines, and whether the file ends inside quotes.

use csv_core::ReadRecordResult;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::fault::FileFault;
use super::lines::LineCounter;
use super::signature;

/// Bytes asked from the source at once: large enough that system calls do not show, small enough to forget.
const CHUNK_BYTES: usize = 64 * 1024;

/// The longest record. A row of a roster has some hundred bytes; only a quote that is never closed gets here,
/// and it must not gather the rest of a large file in memory.
pub const RECORD_LIMIT_BYTES: usize = 1024 * 1024;

/// Fields kept of one record: the number of columns that a table of the server may have.
const FIELD_LIMIT: usize = 1600;

/// One record, borrowed from its reader.
#[derive(Debug)]
pub(super) struct Record<'a> {
    /// The physical line on which the record starts, counted from 1.
    pub(super) line: u64,
    /// Number of fields in the file, also when it is above what [`Record::fields`] can give.
    pub(super) field_count: usize,
    bytes: &'a [u8],
    ends: &'a [usize],
}

impl<'a> Record<'a> {
    /// The fields in order, unquoted, as raw bytes.
    pub(super) fn fields(&self) -> impl Iterator<Item = &'a [u8]> {
        let (bytes, ends) = (self.bytes, self.ends);
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts.zip(ends.iter().copied()).map(move |(start, end)| &bytes[start..end])
    }

    /// Every field of the record, one after another without a seam.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// Reads records from any source, in constant memory.
pub(super) struct RecordReader<R> {
    source: R,
    parser: csv_core::Reader,
    chunk: Vec<u8>,
    /// The unread part of `chunk`.
    start: usize,
    end: usize,
    bytes_read: u64,
    lines: LineCounter,
    output: Vec<u8>,
    ends: Vec<usize>,
}

/// Where the parser stands within one record.
#[derive(Default)]
struct Progress {
    bytes: usize,
    ends: usize,
    field_count: usize,
}

impl<R: AsyncRead + Unpin> RecordReader<R> {
    /// A reader at the start of `source`; fields are separated by `delimiter`.
    pub(super) fn new(source: R, delimiter: u8) -> Self {
        Self {
            source,
            parser: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            chunk: vec![0; CHUNK_BYTES],
            start: 0,
            end: 0,
            bytes_read: 0,
            lines: LineCounter::new(),
            output: vec![0; 4096],
            ends: vec![0; FIELD_LIMIT],
        }
    }

    /// Bytes taken from the source so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Looks at the first bytes: refuses what is no text in UTF-8 and steps over a byte order mark.
    pub(super) async fn check_signature(&mut self) -> Result<(), FileFault> {
        while self.end < signature::LENGTH_BYTES {
            if !self.fill().await? {
                break;
            }
        }
        self.start = signature::check(&self.chunk[..self.end])?;
        Ok(())
    }

    /// The next record, or nothing at the end of the file.
    pub(super) async fn next(&mut self) -> Result<Option<Record<'_>>, FileFault> {
        if !self.skip_empty_lines().await? {
            return Ok(None);
        }
        let line = self.lines.line();
        let mut progress = Progress::default();
        loop {
            let finished = if self.start < self.end || self.fill().await? {
                self.parse_chunk(line, &mut progress)?
            } else if self.parse_end(line, &mut progress)? {
                true
            } else {
                return Err(FileFault::UnclosedQuote { line });
            };
            if finished {
                return Ok(Some(Record {
                    line,
                    field_count: progress.field_count,
                    bytes: &self.output[..progress.bytes],
                    ends: &self.ends[..progress.ends],
                }));
            }
        }
    }

    /// Steps over line ends before a record. False at the end of the file.
    async fn skip_empty_lines(&mut self) -> Result<bool, FileFault> {
        loop {
            let unread = &self.chunk[self.start..self.end];
            let empty = unread.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            self.lines.advance(&unread[..empty]);
            self.start += empty;
            if self.start < self.end {
                return Ok(true);
            }
            if !self.fill().await? {
                return Ok(false);
            }
        }
    }

    /// Feeds the unread part of the chunk. True when the record is complete.
    fn parse_chunk(&mut self, line: u64, progress: &mut Progress) -> Result<bool, FileFault> {
        let input = &self.chunk[self.start..self.end];
        let output = &mut self.output[progress.bytes..];
        let ends = &mut self.ends[progress.ends..];
        let (result, read, written, ended) = self.parser.read_record(input, output, ends);
        self.lines.advance(&input[..read]);
        self.start += read;
        self.advance(line, progress, &result, written, ended)
    }

    /// Feeds a line end that the file does not have: it completes any record but one inside quotes.
    fn parse_end(&mut self, line: u64, progress: &mut Progress) -> Result<bool, FileFault> {
        loop {
            let output = &mut self.output[progress.bytes..];
            let ends = &mut self.ends[progress.ends..];
            let (result, read, written, ended) = self.parser.read_record(b"\n", output, ends);
            let finished = self.advance(line, progress, &result, written, ended)?;
            if finished || read > 0 {
                return Ok(finished);
            }
        }
    }

    /// Books what the parser did and makes room if it asks for it. True when the record is complete.
    fn advance(
        &mut self,
        line: u64,
        progress: &mut Progress,
        result: &ReadRecordResult,
        written: usize,
        ended: usize,
    ) -> Result<bool, FileFault> {
        progress.bytes += written;
        progress.ends += ended;
        progress.field_count += ended;
        match result {
            ReadRecordResult::Record => return Ok(true),
            ReadRecordResult::OutputFull if self.output.len() >= RECORD_LIMIT_BYTES => {
                return Err(FileFault::RowTooLong { line, limit_bytes: RECORD_LIMIT_BYTES });
            }
            ReadRecordResult::OutputFull => self.output.resize(self.output.len() * 2, 0),
            // More fields than any table has columns: their number refuses the row, so only that is kept.
            ReadRecordResult::OutputEndsFull => progress.ends = 0,
            ReadRecordResult::InputEmpty | ReadRecordResult::End => {}
        }
        Ok(false)
    }

    /// Reads more bytes. False at the end of the source.
    async fn fill(&mut self) -> Result<bool, FileFault> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        let read = self.source.read(&mut self.chunk[self.end..]).await.map_err(|error| {
            FileFault::Unreadable { line: self.lines.line(), kind: error.kind(), reason: error.to_string() }
        })?;
        self.end += read;
        self.bytes_read += read as u64;
        Ok(read > 0)
    }
}

#[cfg(test)]
mod tests;
