//! How fresh a caller wants its answer.

use http::{HeaderMap, HeaderName};

use super::snapshot::Snapshot;
use crate::http::problem::{FieldFault, Problem, ProblemKind};

/// The transactions that the answer must contain: what earlier writes answered in `Rota-Transaction`.
pub const AFTER: HeaderName = HeaderName::from_static("rota-after");
/// The consistency that the caller wants.
pub const CONSISTENCY: HeaderName = HeaderName::from_static("rota-consistency");
/// On a request: whether to tell the snapshot. On the answer: the snapshot.
pub const SNAPSHOT: HeaderName = HeaderName::from_static("rota-snapshot");

/// Most transactions in one `Rota-After`. A client keeps those that it wrote since its last read.
const AFTER_LIMIT: usize = 16;

/// What a cached answer is promised to contain, weakest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Consistency {
    /// Whatever was announced longer ago than the reader's limit.
    #[default]
    Bounded,
    /// The same, and only for callers that say what they have written or seen: without `Rota-After`, no hit.
    AfterToken,
    /// The same as bounded, and everything that was written through this proxy: among clients that all use
    /// one proxy, reads and writes are linearizable.
    OneProxy,
    /// Everything that was committed before the request began, whoever wrote it: linearizable. Asks the
    /// server on every hit.
    Checked,
}

impl Consistency {
    /// All levels with their names in headers and in the catalog.
    const NAMES: [(&'static str, Self); 4] = [
        ("bounded", Self::Bounded),
        ("after-token", Self::AfterToken),
        ("one-proxy", Self::OneProxy),
        ("checked", Self::Checked),
    ];

    /// The level of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, level)| *level)
    }
}

/// What one request asks of the cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Transactions that the answer must contain.
    pub after: Vec<u64>,
    /// The level: the endpoint's own or the request's, whichever promises more.
    pub consistency: Consistency,
    /// Whether the answer tells its snapshot.
    pub tells_snapshot: bool,
}

impl Wish {
    /// Reads the headers of a request to an endpoint of this level.
    ///
    /// # Errors
    ///
    /// 400 for a header that cannot be understood: guessing would break a promise that the caller relies on.
    pub fn of(headers: &HeaderMap, declared: Consistency) -> Result<Self, Problem> {
        let asked = match headers.get(CONSISTENCY) {
            None => declared,
            Some(value) => {
                value.to_str().ok().and_then(|name| Consistency::named(name.trim())).ok_or_else(|| {
                    fault(&CONSISTENCY, "must be one of bounded, after-token, one-proxy, checked")
                })?
            }
        };
        let mut after = Vec::new();
        for value in headers.get_all(AFTER) {
            let items = value.to_str().unwrap_or("?").split(',').map(str::trim);
            for item in items.filter(|item| !item.is_empty()) {
                let transaction = item.parse().ok().filter(|_| after.len() < AFTER_LIMIT);
                after.push(transaction.ok_or_else(|| {
                    let message = format!(
                        "must be transaction ids as Rota-Transaction tells them, at most {AFTER_LIMIT}, separated \
                         by commas"
                    );
                    fault(&AFTER, &message)
                })?);
            }
        }
        let tells_snapshot = headers.contains_key(SNAPSHOT);
        Ok(Self { after, consistency: asked.max(declared), tells_snapshot })
    }

    /// Whether an answer will do that lacks changes which its statement saw: not for a caller that names changes, nor
    /// where everything of a moment is promised.
    pub fn takes_stale(&self) -> bool {
        self.after.is_empty() && self.consistency < Consistency::OneProxy
    }

    /// Whether the snapshot contains everything that the caller has named.
    pub fn is_met_by(&self, snapshot: &Snapshot) -> bool {
        self.after.iter().all(|transaction| snapshot.sees(*transaction))
    }
}

fn fault(header: &HeaderName, message: &str) -> Problem {
    let field = FieldFault { field: header.as_str().to_owned(), message: message.to_owned() };
    let detail = format!("the header {header} {message}");
    Problem { errors: vec![field], ..Problem::new(ProblemKind::InvalidArguments, detail) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(headers: &[(&'static str, &str)], declared: Consistency) -> Result<Wish, Problem> {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        Wish::of(&headers, declared)
    }

    #[test]
    fn a_request_can_ask_for_more_than_its_endpoint_promises_and_never_for_less() {
        let asked = |name, declared| wish(&[("rota-consistency", name)], declared).unwrap().consistency;
        assert_eq!(asked("checked", Consistency::Bounded), Consistency::Checked);
        assert_eq!(asked("bounded", Consistency::OneProxy), Consistency::OneProxy);
        assert_eq!(wish(&[], Consistency::AfterToken).unwrap().consistency, Consistency::AfterToken);
    }

    #[test]
    fn tokens_come_in_lists_and_in_several_headers() {
        let read = wish(&[("rota-after", "731, 745"), ("rota-after", "9")], Consistency::Bounded).unwrap();
        assert_eq!(read.after, [731, 745, 9]);
        let snapshot = Snapshot { xmin: 740, xmax: 750, in_progress: [745].into(), taken_in_recovery: false };
        assert!(!read.is_met_by(&snapshot));
    }

    #[test]
    fn what_cannot_be_understood_is_refused() {
        for headers in [
            [("rota-after", "seven")],
            [("rota-after", "-1")],
            [("rota-after", "99999999999999999999")],
            [("rota-after", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17")],
            [("rota-consistency", "strict")],
        ] {
            let problem = wish(&headers, Consistency::Bounded).unwrap_err();
            assert_eq!(problem.kind, ProblemKind::InvalidArguments, "{headers:?}");
            assert_eq!(problem.errors[0].field, headers[0].0);
        }
    }
}
