//! The first bytes of a file, which betray what it really is.

use super::fault::FileFault;

/// Bytes that [`check`] wants to see, if the file has as many.
pub(super) const LENGTH_BYTES: usize = 4;

/// Refuses another encoding and packed files. Gives the number of bytes to step over: those of a UTF-8 mark,
/// or 0.
pub(super) fn check(head: &[u8]) -> Result<usize, FileFault> {
    match head {
        [0xEF, 0xBB, 0xBF, ..] => Ok(3),
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Err(FileFault::Encoding { found: "UTF-32" }),
        // Without a mark, every second byte of an ASCII header is zero.
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, _, ..] | [_, 0, ..] => {
            Err(FileFault::Encoding { found: "UTF-16" })
        }
        [b'P', b'K', 3, 4, ..] => Err(FileFault::NotText { found: "a ZIP archive or a workbook" }),
        [0x1F, 0x8B, ..] => Err(FileFault::NotText { found: "packed with gzip" }),
        _ => Ok(0),
    }
}

#[cfg(test)]
mod tests {
    use super::{FileFault, check};

    #[test]
    fn a_utf8_mark_is_stepped_over_and_plain_text_is_not() {
        assert_eq!(check(b"\xEF\xBB\xBFname"), Ok(3));
        assert_eq!(check(b"name"), Ok(0));
        assert_eq!(check(b""), Ok(0));
    }

    #[test]
    fn utf16_is_recognised_with_and_without_a_mark() {
        for head in [&b"\xFF\xFEn\0"[..], b"\xFE\xFF\0n", b"n\0a\0", b"\0n\0a"] {
            assert_eq!(check(head), Err(FileFault::Encoding { found: "UTF-16" }), "{head:?}");
        }
    }

    #[test]
    fn packed_files_are_named_for_what_they_are() {
        assert!(matches!(check(b"PK\x03\x04"), Err(FileFault::NotText { .. })));
        assert!(matches!(check(b"\x1F\x8B\x08\x00"), Err(FileFault::NotText { .. })));
    }
}
