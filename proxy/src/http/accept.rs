//! Content codings: which one a client wants (RFC 9110, section 12.5.3).

/// The codings that the proxy can answer in, best first for equal weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coding {
    /// Zstandard: the fastest for its size.
    Zstd,
    /// Brotli: the smallest.
    Brotli,
    /// Gzip: what everybody reads.
    Gzip,
    /// As it is.
    Identity,
}

impl Coding {
    /// All codings, best first.
    pub const ALL: [Self; 4] = [Self::Zstd, Self::Brotli, Self::Gzip, Self::Identity];

    /// The token of Content-Encoding, and the label in metrics.
    pub const fn token(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }
}

/// The coding with the highest weight of those that the client accepts; the better one of equals.
/// Identity stands in when nothing else is acceptable, even if refused: an answer is better than none.
pub fn negotiate(accept_encoding: Option<&str>) -> Coding {
    let Some(header) = accept_encoding else { return Coding::Identity };
    let mut weights: [Option<u16>; 4] = [None; 4];
    let mut other: Option<u16> = None;
    for item in header.split(',') {
        let mut parts = item.split(';').map(str::trim);
        let token = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        // A weight that is none makes the item void rather than welcome.
        let Some(weight) = weight.map_or(Some(1000), thousandths) else { continue };
        if token == "*" {
            other = Some(weight);
        } else if let Some(index) = Coding::ALL.iter().position(|coding| is_token(*coding, token)) {
            weights[index] = Some(weight);
        }
    }
    let weight_of = |index: usize| match (weights[index], Coding::ALL[index]) {
        (Some(weight), _) => weight,
        // Not named, identity is acceptable, behind everything that is named.
        (None, Coding::Identity) => other.unwrap_or(1),
        (None, _) => other.unwrap_or(0),
    };
    let best = (0..Coding::ALL.len()).rev().max_by_key(|index| weight_of(*index));
    match best {
        Some(index) if weight_of(index) > 0 => Coding::ALL[index],
        _ => Coding::Identity,
    }
}

fn is_token(coding: Coding, token: &str) -> bool {
    token.eq_ignore_ascii_case(coding.token())
        || (coding == Coding::Gzip && token.eq_ignore_ascii_case("x-gzip"))
}

/// A weight in thousandths: `0`, `1`, `0.5`, up to three digits.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
    match (whole, fraction) {
        ("0", fraction) => Some(fraction),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_weight_wins_and_equals_go_to_the_better_coding() {
        assert_eq!(negotiate(Some("gzip, deflate, br, zstd")), Coding::Zstd);
        assert_eq!(negotiate(Some("gzip, br")), Coding::Brotli);
        assert_eq!(negotiate(Some("gzip;q=1.0, br;q=0.5")), Coding::Gzip);
        assert_eq!(negotiate(Some("br;q=0.001, gzip;q=0.002")), Coding::Gzip);
        assert_eq!(negotiate(Some("identity;q=1, gzip;q=0.5")), Coding::Identity);
    }

    #[test]
    fn zero_refuses_and_the_star_stands_for_the_unnamed() {
        assert_eq!(negotiate(Some("gzip;q=0")), Coding::Identity);
        assert_eq!(negotiate(Some("*")), Coding::Zstd);
        assert_eq!(negotiate(Some("zstd;q=0, *")), Coding::Brotli);
        assert_eq!(negotiate(Some("*;q=0")), Coding::Identity);
        assert_eq!(negotiate(Some("*;q=0, gzip;q=0.1")), Coding::Gzip);
    }

    #[test]
    fn nothing_known_means_identity() {
        for header in [None, Some(""), Some("deflate"), Some("gzip;q=2"), Some("gzip;q=x")] {
            assert_eq!(negotiate(header), Coding::Identity, "{header:?}");
        }
        assert_eq!(negotiate(Some("GZIP")), Coding::Gzip);
        assert_eq!(negotiate(Some("x-gzip ; q=0.3")), Coding::Gzip);
    }
}
