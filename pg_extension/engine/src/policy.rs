//! What a local reading means where the clocks skip it or show it twice: the caller's choice.

use crate::error::EngineError;
use crate::instant::Instant;
use crate::local::LocalDateTime;
use crate::span::Span;
use crate::zone::{Resolution, ZoneRules};

/// Which instant a repeated reading means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FoldPolicy {
    /// The first. The default, as in RFC 5545 and Temporal; Postgres' own cast takes the last.
    #[default]
    Earlier,
    /// The last.
    Later,
    /// None: it is an error.
    Reject,
}

/// Which instant a skipped reading means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GapPolicy {
    /// The reading moved back by the length of the gap: 02:30 is 01:30.
    Earlier,
    /// The reading moved forward by the length of the gap: 02:30 is 03:30. The default of shifts, as in
    /// Postgres' own cast.
    #[default]
    Later,
    /// The instant at which the clocks skip it: 02:30 is 03:00. The default of boundaries.
    Change,
    /// None: it is an error.
    Reject,
}

/// What to do with readings that mean no instant, or more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LocalPolicy {
    /// For repeated readings.
    pub fold: FoldPolicy,
    /// For skipped readings.
    pub gap: GapPolicy,
}

impl FoldPolicy {
    /// From the word that SQL uses: `earlier`, `later` or `reject`.
    ///
    /// # Errors
    /// [`EngineError::UnknownChoice`], naming `fold`.
    pub fn from_word(word: &str) -> Result<Self, EngineError> {
        match word {
            "earlier" => Ok(Self::Earlier),
            "later" => Ok(Self::Later),
            "reject" => Ok(Self::Reject),
            _ => Err(EngineError::UnknownChoice {
                argument: "fold",
                value: word.to_owned(),
                choices: "earlier, later, reject",
            }),
        }
    }
}

impl GapPolicy {
    /// From the word that SQL uses: `earlier`, `later`, `change` or `reject`.
    ///
    /// # Errors
    /// [`EngineError::UnknownChoice`], naming `gap`.
    pub fn from_word(word: &str) -> Result<Self, EngineError> {
        match word {
            "earlier" => Ok(Self::Earlier),
            "later" => Ok(Self::Later),
            "change" => Ok(Self::Change),
            "reject" => Ok(Self::Reject),
            _ => Err(EngineError::UnknownChoice {
                argument: "gap",
                value: word.to_owned(),
                choices: "earlier, later, change, reject",
            }),
        }
    }
}

impl LocalPolicy {
    /// A boundary lies at the first instant that shows its reading or a later one: [`FoldPolicy::Earlier`] and
    /// [`GapPolicy::Change`].
    pub const BOUNDARY: Self = Self { fold: FoldPolicy::Earlier, gap: GapPolicy::Change };

    /// From the two words that SQL uses.
    ///
    /// # Errors
    /// Those of [`FoldPolicy::from_word`] and [`GapPolicy::from_word`].
    pub fn from_words(fold: &str, gap: &str) -> Result<Self, EngineError> {
        Ok(Self { fold: FoldPolicy::from_word(fold)?, gap: GapPolicy::from_word(gap)? })
    }

    /// The instant of a local reading under this policy. `argument` is named in the error.
    ///
    /// # Errors
    /// [`EngineError::SkippedLocalTime`] and [`EngineError::RepeatedLocalTime`] where the policy rejects;
    /// those of [`ZoneRules::resolve`].
    pub fn instant(
        self,
        zone: &dyn ZoneRules,
        local: LocalDateTime,
        argument: &'static str,
    ) -> Result<Instant, EngineError> {
        self.instant_within(zone, local, Span::ALWAYS, argument)
    }

    /// The instant of a boundary of which only what lies inside of a span matters: a reading is rejected when
    /// it could be an instant after the span's start and before its end, and not otherwise.
    ///
    /// # Errors
    /// As [`LocalPolicy::instant`].
    pub(crate) fn boundary(
        self,
        zone: &dyn ZoneRules,
        local: LocalDateTime,
        span: Span,
        argument: &'static str,
    ) -> Result<Instant, EngineError> {
        // What most calls ask for needs one walk, and is in order whatever the clocks do.
        if self == Self::BOUNDARY {
            return zone.first_instant_at(local);
        }
        self.instant_within(zone, local, span, argument)
    }

    fn instant_within(
        self,
        zone: &dyn ZoneRules,
        local: LocalDateTime,
        span: Span,
        argument: &'static str,
    ) -> Result<Instant, EngineError> {
        let is_beside = |first: Instant, last: Instant| last <= span.start() || first >= span.end();
        match zone.resolve(local)? {
            Resolution::Unique(instant) => Ok(instant),
            Resolution::Gap { earlier, change, later } => match self.gap {
                GapPolicy::Earlier => Ok(earlier),
                GapPolicy::Later => Ok(later),
                GapPolicy::Change => Ok(change),
                GapPolicy::Reject if is_beside(change, change) => Ok(change),
                GapPolicy::Reject => Err(EngineError::SkippedLocalTime { argument, local }),
            },
            Resolution::Fold { earlier, later } => match self.fold {
                FoldPolicy::Earlier => Ok(earlier),
                FoldPolicy::Later => Ok(later),
                FoldPolicy::Reject if is_beside(earlier, later) => Ok(earlier),
                FoldPolicy::Reject => Err(EngineError::RepeatedLocalTime { argument, local }),
            },
        }
    }
}
