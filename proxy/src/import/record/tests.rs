//! Records against files written by hand, cut into pieces of every size.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::ReadBuf;

use super::*;

/// A source that gives a few bytes at a time.
struct Drip<'a> {
    rest: &'a [u8],
    step: usize,
}

impl AsyncRead for Drip<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let (now, later) = self.rest.split_at(self.step.min(self.rest.len()).min(buffer.remaining()));
        buffer.put_slice(now);
        self.rest = later;
        Poll::Ready(Ok(()))
    }
}

type Read = (Vec<(u64, Vec<String>)>, Option<FileFault>);

async fn read_in_steps(text: &[u8], delimiter: u8, step: usize) -> Read {
    let mut reader = RecordReader::new(Drip { rest: text, step }, delimiter);
    let mut records = Vec::new();
    if let Err(fault) = reader.check_signature().await {
        return (records, Some(fault));
    }
    loop {
        match reader.next().await {
            Ok(None) => return (records, None),
            Ok(Some(record)) => {
                let fields = record.fields().map(|field| String::from_utf8_lossy(field).into_owned());
                let fields: Vec<_> = fields.collect();
                assert_eq!(fields.len(), record.field_count);
                records.push((record.line, fields));
            }
            Err(fault) => return (records, Some(fault)),
        }
    }
}

async fn read(text: &str) -> Read {
    let whole = read_in_steps(text.as_bytes(), b',', usize::MAX).await;
    for step in 1..8 {
        assert_eq!(read_in_steps(text.as_bytes(), b',', step).await, whole, "in steps of {step}");
    }
    whole
}

fn row(line: u64, fields: &[&str]) -> (u64, Vec<String>) {
    (line, fields.iter().map(ToString::to_string).collect())
}

#[tokio::test]
async fn lines_are_physical_after_quoted_line_ends_and_empty_lines() {
    let (records, fault) = read("a,b\r\n\r\n\n1,\"x\r\ny\nz\"\r\n2,w\n\n3,v").await;
    assert_eq!(fault, None);
    let expected =
        [row(1, &["a", "b"]), row(4, &["1", "x\r\ny\nz"]), row(7, &["2", "w"]), row(9, &["3", "v"])];
    assert_eq!(records, expected);
}

#[tokio::test]
async fn quotes_delimiters_and_empty_fields_are_unpacked() {
    let (records, fault) = read("\"a \"\"b\"\"\",\"c,d\"\n,\n\"\",\"").await;
    assert_eq!(fault, Some(FileFault::UnclosedQuote { line: 3 }));
    assert_eq!(records, [row(1, &["a \"b\"", "c,d"]), row(2, &["", ""])]);
}

#[tokio::test]
async fn a_closed_quote_at_the_end_of_the_file_is_no_fault() {
    let (records, fault) = read("a\n\"b\"").await;
    assert_eq!((records, fault), (vec![row(1, &["a"]), row(2, &["b"])], None));
}

#[tokio::test]
async fn an_empty_file_has_no_record() {
    for text in ["", "\n", "\r\n\r\n", "\u{feff}"] {
        assert_eq!(read(text).await, (Vec::new(), None), "{text:?}");
    }
}

#[tokio::test]
async fn a_byte_order_mark_is_no_part_of_the_first_field() {
    assert_eq!(read("\u{feff}a,b\n").await.0, [row(1, &["a", "b"])]);
}

#[tokio::test]
async fn another_delimiter_leaves_commas_alone() {
    let (records, _) = read_in_steps(b"a;b,c\n", b';', 3).await;
    assert_eq!(records, [row(1, &["a", "b,c"])]);
}

#[tokio::test]
async fn a_long_field_is_whole_and_a_record_above_the_limit_is_refused() {
    let long = "x".repeat(300_000);
    let (records, fault) = read_in_steps(format!("1,{long}\n2,b\n").as_bytes(), b',', 7000).await;
    assert_eq!((records.len(), fault), (2, None));
    assert_eq!(records[0].1[1].len(), 300_000);

    let endless = format!("a\n\"{}", "x\n".repeat(RECORD_LIMIT_BYTES));
    let (records, fault) = read_in_steps(endless.as_bytes(), b',', 7000).await;
    assert_eq!(records.len(), 1);
    assert_eq!(fault, Some(FileFault::RowTooLong { line: 2, limit_bytes: RECORD_LIMIT_BYTES }));
}

#[tokio::test]
async fn fields_beyond_the_limit_are_counted_and_the_next_record_is_whole() {
    let text = format!("{}\n1,2\n", ",".repeat(5000));
    let mut reader = RecordReader::new(text.as_bytes(), b',');
    assert_eq!(reader.next().await.unwrap().unwrap().field_count, 5001);
    let record = reader.next().await.unwrap().unwrap();
    assert_eq!((record.line, record.fields().collect::<Vec<_>>()), (2, vec![&b"1"[..], b"2"]));
}
