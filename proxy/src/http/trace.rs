//! W3C trace context: the caller's trace is continued in the log.

/// The trace that a request belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace, 128 bits, never zero.
    pub trace_id: u128,
    /// The caller's span, if the request came with one.
    pub parent_span_id: Option<u64>,
}

impl TraceContext {
    /// The context of a `traceparent` header (version 00, or a later one with the same beginning), or a new
    /// trace when there is none or it is malformed.
    pub fn of(header: Option<&str>) -> Self {
        header
            .and_then(Self::parse)
            .unwrap_or_else(|| Self { trace_id: uuid::Uuid::new_v4().as_u128(), parent_span_id: None })
    }

    fn parse(header: &str) -> Option<Self> {
        let mut parts = header.trim().split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let lower_hex = |part: &str, length: usize| {
            part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        let is_whole =
            lower_hex(version, 2) && lower_hex(trace, 32) && lower_hex(span, 16) && lower_hex(flags, 2);
        if !is_whole || version == "ff" || (version == "00" && parts.next().is_some()) {
            return None;
        }
        let trace_id = u128::from_str_radix(trace, 16).ok().filter(|id| *id != 0)?;
        let span_id = u64::from_str_radix(span, 16).ok().filter(|id| *id != 0)?;
        Some(Self { trace_id, parent_span_id: Some(span_id) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_trace_is_continued() {
        let context = TraceContext::of(Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
        assert_eq!(context.trace_id, 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c);
        assert_eq!(context.parent_span_id, Some(0xb7ad_6b71_6920_3331));
    }

    #[test]
    fn malformed_contexts_start_a_new_trace() {
        for header in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        ] {
            assert_eq!(TraceContext::parse(header), None, "{header}");
        }
        assert_ne!(TraceContext::of(None), TraceContext::of(None));
    }
}
