//! Rows in the text format of COPY.
//!
//! <https://www.postgresql.org/docs/current/sql-copy.html>, "Text Format": fields end at a tab, rows at a
//! line end, and a backslash escapes these and itself. Text is chosen over binary because every staged column
//! is text anyway.

use bytes::{BufMut, BytesMut};

/// Appends the line number, the first column of every staged row.
pub(super) fn begin_row(output: &mut BytesMut, line: u64) {
    output.extend_from_slice(line.to_string().as_bytes());
}

/// Appends one field.
pub(super) fn push_field(output: &mut BytesMut, field: &[u8]) {
    output.put_u8(b'\t');
    let mut rest = field;
    while let Some(position) = rest.iter().position(|byte| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r')) {
        output.extend_from_slice(&rest[..position]);
        output.extend_from_slice(match rest[position] {
            b'\t' => b"\\t",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            _ => b"\\\\",
        });
        rest = &rest[position + 1..];
    }
    output.extend_from_slice(rest);
}

/// Ends the row.
pub(super) fn end_row(output: &mut BytesMut) {
    output.put_u8(b'\n');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(line: u64, fields: &[&str]) -> String {
        let mut output = BytesMut::new();
        begin_row(&mut output, line);
        for field in fields {
            push_field(&mut output, field.as_bytes());
        }
        end_row(&mut output);
        String::from_utf8(output.to_vec()).unwrap()
    }

    /// The server's way back, from the same page of the manual.
    fn read_back(row: &str) -> Vec<String> {
        let row = row.strip_suffix('\n').unwrap();
        assert!(!row.contains('\n'));
        row.split('\t')
            .map(|field| {
                let mut characters = field.chars();
                let mut text = String::new();
                while let Some(character) = characters.next() {
                    text.push(match character {
                        '\\' => match characters.next().unwrap() {
                            't' => '\t',
                            'n' => '\n',
                            'r' => '\r',
                            other => other,
                        },
                        other => other,
                    });
                }
                text
            })
            .collect()
    }

    #[test]
    fn an_empty_field_and_the_mark_of_null_stay_text() {
        assert_eq!(row(7, &["", "\\N", "\\."]), "7\t\t\\\\N\t\\\\.\n");
    }

    proptest! {
        #[test]
        fn the_server_reads_back_what_was_written(fields in prop::collection::vec("[\\\\\t\r\na-cä]*", 0..5)) {
            let texts: Vec<_> = fields.iter().map(String::as_str).collect();
            let mut expected = vec!["12".to_owned()];
            expected.extend(fields.clone());
            prop_assert_eq!(read_back(&row(12, &texts)), expected);
        }
    }
}
