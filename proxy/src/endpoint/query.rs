//! Query strings and percent-encoding.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Decodes one part of a target. In queries a plus sign is a space, as forms write it.
/// The error says what is wrong, continuing the name of the part.
pub fn decode(raw: &str, plus_is_space: bool) -> Result<Cow<'_, str>, &'static str> {
    let spaced = if plus_is_space && raw.contains('+') {
        Cow::Owned(raw.replace('+', " "))
    } else {
        Cow::Borrowed(raw)
    };
    if !spaced.contains('%') {
        return Ok(spaced);
    }
    let escape_is_whole =
        |tail: &str| tail.as_bytes().get(..2).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    if !spaced.split('%').skip(1).all(escape_is_whole) {
        return Err(
            "has a percent sign without two hexadecimal digits behind it (write %25 for a percent sign)",
        );
    }
    match percent_decode_str(&spaced).decode_utf8() {
        Ok(text) => Ok(Cow::Owned(text.into_owned())),
        Err(_) => Err("is not UTF-8 once its percent-encoding is undone"),
    }
}

/// The raw `name=value` pairs of a query string; a name without `=` has an empty value.
pub fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plus_and_escapes_are_decoded_and_plain_text_is_borrowed() {
        assert_eq!(decode("a+b%20c%C3%A9", true), Ok("a b cé".into()));
        assert_eq!(decode("a+b", false), Ok("a+b".into()));
        assert!(matches!(decode("plain", true), Ok(Cow::Borrowed("plain"))));
    }

    #[test]
    fn broken_escapes_and_broken_utf8_are_told_apart() {
        for broken in ["%", "%4", "%zz", "a%4"] {
            assert!(decode(broken, true).is_err_and(|message| message.contains("percent sign")), "{broken}");
        }
        assert!(decode("%ff%fe", true).is_err_and(|message| message.contains("UTF-8")));
    }

    #[test]
    fn pairs_keep_order_and_repetition() {
        let read: Vec<_> = pairs("a=1&&b&a=2=3&").collect();
        assert_eq!(read, [("a", "1"), ("b", ""), ("a", "2=3")]);
    }
}
