//! What a conflict is.

use super::load::Load;
use super::sweep::Placed;
use crate::duration::Duration;
use crate::rule::Level;
use crate::span::Span;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConflictKind {
    /// One person works twice at a time, each time with the whole of them.
    Overlap,
    /// One person is twice on one shift, at overlapping times. Reported instead of the overlap.
    Duplicate,
    /// Parts of one person sum to more than the person.
    OverAllocated,
    /// The rest between two duties is too short.
    InsufficientRest,
    /// More time in a day, a week or a window than a rule allows.
    ExcessiveHours,
    /// More days of work in a row than a rule allows.
    ConsecutiveDays,
    /// Work during time off.
    TimeOff,
    /// Work while unavailable.
    Unavailable,
    /// A skill that the shift needs is not valid during all of the work.
    MissingQualification,
    /// Fewer heads than the shift needs.
    Understaffed,
    /// More heads than the shift needs.
    Overstaffed,
}

/// The row that a conflict comes from, besides the assignments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A position in [`super::Roster::absences`].
    Absence(usize),
    /// A position in [`super::Roster::availability`].
    Availability(usize),
    /// The number of the skill that is missing.
    Skill(usize),
    /// A position in [`super::Roster::rules`].
    Rule(usize),
}

/// What was measured, or its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantity {
    /// A length of time.
    Time(Duration),
    /// A number of people.
    Heads(u32),
    /// A share of a person.
    Load(Load),
    /// A number of local days.
    Days(u32),
}

/// One conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Conflict {
    /// What is wrong.
    pub kind: ConflictKind,
    /// How bad it is.
    pub level: Level,
    /// Whose; `None` for staffing.
    pub person: Option<usize>,
    /// The shift of `assignment`, or the shift that is staffed wrongly.
    pub shift: Option<usize>,
    /// A position in [`super::Roster::assignments`]: the one that starts first, or ends before the rest. `None`
    /// where everything in `during` adds up.
    pub assignment: Option<usize>,
    /// The other assignment, if two are at odds: the one that starts last, or begins after the rest.
    pub other_assignment: Option<usize>,
    /// What is at odds besides assignments.
    pub cause: Option<Cause>,
    /// The overlap, the rest, the work without the skill, the shift, or the time that is summed over.
    pub during: Span,
    /// The rest, the heads, the time, the days or the highest load that there are.
    pub measured: Option<Quantity>,
    /// The least rest, the heads required, or the most of the others.
    pub limit: Option<Quantity>,
}

impl ConflictKind {
    /// The word that SQL uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overlap => "overlap",
            Self::Duplicate => "duplicate",
            Self::OverAllocated => "over_allocated",
            Self::InsufficientRest => "insufficient_rest",
            Self::ExcessiveHours => "excessive_hours",
            Self::ConsecutiveDays => "consecutive_days",
            Self::TimeOff => "time_off",
            Self::Unavailable => "unavailable",
            Self::MissingQualification => "missing_qualification",
            Self::Understaffed => "understaffed",
            Self::Overstaffed => "overstaffed",
        }
    }

    /// How bad it is where no rule says otherwise.
    #[must_use]
    pub const fn default_level(self) -> Level {
        match self {
            Self::Overlap
            | Self::Duplicate
            | Self::OverAllocated
            | Self::InsufficientRest
            | Self::ExcessiveHours
            | Self::ConsecutiveDays
            | Self::TimeOff
            | Self::MissingQualification => Level::Violation,
            Self::Unavailable | Self::Understaffed => Level::Warning,
            Self::Overstaffed => Level::Advisory,
        }
    }
}

impl Conflict {
    /// A conflict of one assignment at the kind's own level; the rest is left open.
    pub(super) fn of(kind: ConflictKind, placed: Placed<'_>, during: Span) -> Self {
        let (index, assignment) = placed;
        Self {
            kind,
            level: kind.default_level(),
            person: Some(assignment.person),
            shift: assignment.shift,
            assignment: Some(index),
            other_assignment: None,
            cause: None,
            during,
            measured: None,
            limit: None,
        }
    }

    /// A conflict of one person at the kind's own level, that no single assignment answers for.
    pub(super) fn of_person(kind: ConflictKind, person: usize, during: Span) -> Self {
        Self {
            kind,
            level: kind.default_level(),
            person: Some(person),
            shift: None,
            assignment: None,
            other_assignment: None,
            cause: None,
            during,
            measured: None,
            limit: None,
        }
    }

    /// Whether this one is at least as bad as another of its kind and cause: it covers the other's time, and
    /// is as far off the limit.
    pub(super) fn is_as_bad_as(&self, other: &Self) -> bool {
        let as_far_off = match self.kind {
            ConflictKind::InsufficientRest | ConflictKind::Understaffed => self.measured <= other.measured,
            _ => self.measured >= other.measured,
        };
        as_far_off && self.during.covers(other.during)
    }

    /// The elapsed time of `during`; `None` when it has no bound on one side.
    #[must_use]
    pub fn time(&self) -> Option<Duration> {
        self.during.elapsed().ok()
    }
}
