//! Strong entity tags: a hash of the body and, for a compressed one, its coding.

use http::HeaderValue;
use twox_hash::XxHash3_128;

use super::accept::Coding;

/// The tag of a body in a coding, quotes included. XXH3-128 is the same on every machine, so that any number of
/// proxies agree, and at memory speed; two bodies of one path never meet by chance.
pub fn entity_tag(body: &[u8], coding: Coding) -> HeaderValue {
    let hash = XxHash3_128::oneshot(body);
    let text = match coding {
        Coding::Identity => format!("\"{hash:032x}\""),
        _ => format!("\"{hash:032x}-{}\"", coding.token()),
    };
    // Hexadecimal digits, quotes and tokens are visible ASCII.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Whether an If-None-Match names this tag. Weak comparison, as RFC 9110 (section 13.1.2) asks.
pub fn matches(if_none_match: &str, tag: &HeaderValue) -> bool {
    if_none_match.trim() == "*"
        || if_none_match
            .split(',')
            .map(str::trim)
            .any(|given| given.strip_prefix("W/").unwrap_or(given).as_bytes() == tag.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_differ_by_body_and_by_coding() {
        let tag = entity_tag(b"{}", Coding::Identity);
        assert_eq!(tag, entity_tag(b"{}", Coding::Identity));
        assert_ne!(tag, entity_tag(b"[]", Coding::Identity));
        assert_ne!(tag, entity_tag(b"{}", Coding::Gzip));
        let text = tag.to_str().unwrap();
        assert!(text.starts_with('"') && text.ends_with('"'));
    }

    #[test]
    fn lists_stars_and_weak_tags_match() {
        let tag = HeaderValue::from_static("\"b\"");
        assert!(matches("\"a\", \"b\"", &tag));
        assert!(matches("W/\"b\"", &tag));
        assert!(matches(" * ", &tag));
        assert!(!matches("\"bb\"", &tag));
        assert!(!matches("", &tag));
    }
}
