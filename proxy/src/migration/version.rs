//! Versions of the extension.

/// Whether the dotted version `found` is `expected` or a later one.
pub(super) fn is_at_least(found: &str, expected: &str) -> bool {
    numbers(found) >= numbers(expected)
}

fn numbers(version: &str) -> Vec<u32> {
    version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::is_at_least;

    #[test]
    fn versions_compare_by_number_not_by_text() {
        assert!(is_at_least("0.10.0", "0.9.1"));
        assert!(is_at_least("0.1.0", "0.1.0"));
        assert!(!is_at_least("0.9.1", "0.10.0"));
    }
}
