//! What the cache did with a request, as `Cache-Status` (RFC 9211) tells it and as metrics count it.

use std::borrow::Cow;

use http::HeaderValue;

/// Why an answer was not taken from the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There is no entry.
    Absent,
    /// A change was announced that the entry does not contain.
    Changed,
    /// The entry's time is over.
    Expired,
    /// The entry does not contain a transaction that the caller named.
    Token,
    /// The endpoint gives hits only to callers that name a transaction, and this one did not.
    NoToken,
    /// A write through this proxy is under way, or the entry does not contain one.
    InFlux,
    /// The endpoints have changed and have not been read again yet.
    CatalogChanged,
    /// What was announced lately is not known: the reader of announcements is behind.
    ReaderLate,
    /// The server did not confirm the entry: it knows of a change, or did not answer in time.
    Unconfirmed,
}

impl Reason {
    /// All reasons, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Absent,
        Self::Changed,
        Self::Expired,
        Self::Token,
        Self::NoToken,
        Self::InFlux,
        Self::CatalogChanged,
        Self::ReaderLate,
        Self::Unconfirmed,
    ];

    /// The label in metrics and the detail in `Cache-Status`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Changed => "changed",
            Self::Expired => "expired",
            Self::Token => "token",
            Self::NoToken => "no-token",
            Self::InFlux => "in-flux",
            Self::CatalogChanged => "catalog-changed",
            Self::ReaderLate => "reader-late",
            Self::Unconfirmed => "unconfirmed",
        }
    }

    /// How `Cache-Status` classes it.
    const fn forwarded(self) -> &'static str {
        match self {
            Self::Absent => "miss",
            Self::Changed | Self::Expired | Self::Unconfirmed => "stale",
            Self::Token | Self::NoToken => "request",
            Self::InFlux | Self::CatalogChanged | Self::ReaderLate => "bypass",
        }
    }
}

/// What the cache did with one request.
#[derive(Clone, Debug, Default)]
pub enum Verdict {
    /// The request never came to the cache: refused before, or answered by the proxy itself.
    #[default]
    NotAsked,
    /// Answered from memory.
    Hit,
    /// Answered from the shared level.
    SharedHit,
    /// Not answered from the cache.
    Miss {
        /// Why.
        reason: Reason,
        /// Whether the answer came with another request's call.
        collapsed: bool,
        /// Whether the answer was stored.
        stored: bool,
    },
    /// The method changes something.
    Write,
    /// The endpoint is not cached; the header says why.
    Uncacheable(HeaderValue),
}

impl Verdict {
    /// The value of `Cache-Status`.
    pub fn header(&self) -> HeaderValue {
        let text: Cow<'static, str> = match self {
            Self::NotAsked => "Rota; detail=not-asked".into(),
            Self::Hit => "Rota; hit".into(),
            Self::SharedHit => "Rota; hit; detail=shared".into(),
            Self::Write => "Rota; fwd=method".into(),
            Self::Uncacheable(header) => return header.clone(),
            Self::Miss { reason: Reason::Absent, collapsed: false, stored: true } => {
                "Rota; fwd=miss; stored".into()
            }
            Self::Miss { reason, collapsed, stored } => {
                let stored = if *stored { "; stored" } else { "" };
                let collapsed = if *collapsed { "; collapsed" } else { "" };
                let detail = match reason {
                    Reason::Absent => String::new(),
                    _ => format!("; detail={}", reason.name()),
                };
                format!("Rota; fwd={}{stored}{collapsed}{detail}", reason.forwarded()).into()
            }
        };
        match text {
            Cow::Borrowed(text) => HeaderValue::from_static(text),
            // Made of the words above, all of them visible ASCII.
            Cow::Owned(text) => HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("Rota")),
        }
    }

    /// The verdict on an endpoint that is not cached, with the reason in words.
    pub fn uncacheable(reason: &str) -> Self {
        let quoted: String = reason
            .chars()
            .filter(|character| matches!(character, ' '..='~'))
            .flat_map(|character| {
                let escape = matches!(character, '"' | '\\').then_some('\\');
                escape.into_iter().chain([character])
            })
            .collect();
        let text = format!("Rota; fwd=bypass; detail=\"{quoted}\"");
        Self::Uncacheable(HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("Rota; fwd=bypass")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_reads_as_rfc_9211_has_it() {
        let miss = |reason, collapsed, stored| Verdict::Miss { reason, collapsed, stored };
        for (verdict, header) in [
            (Verdict::Hit, "Rota; hit"),
            (miss(Reason::Absent, false, true), "Rota; fwd=miss; stored"),
            (miss(Reason::Absent, true, false), "Rota; fwd=miss; collapsed"),
            (miss(Reason::Changed, false, true), "Rota; fwd=stale; stored; detail=changed"),
            (miss(Reason::ReaderLate, false, false), "Rota; fwd=bypass; detail=reader-late"),
            (Verdict::Write, "Rota; fwd=method"),
            (Verdict::uncacheable("reads \"a\\b\"\n"), r#"Rota; fwd=bypass; detail="reads \"a\\b\"""#),
        ] {
            assert_eq!(verdict.header(), header);
        }
    }

    #[test]
    fn reasons_are_numbered_in_their_order() {
        for (number, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, number);
        }
    }
}
