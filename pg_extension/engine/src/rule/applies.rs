//! Of which work and of whom a rule speaks.

/// Of which work and of whom a rule speaks: parameters that every type takes.
///
/// The words are the caller's own: kinds of duties and rotations, conditions that people meet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applies {
    /// `kinds`: only duties of these kinds count; `None` for all.
    pub kinds: Option<Vec<String>>,
    /// `except_kinds`: duties of these kinds do not count.
    pub except_kinds: Vec<String>,
    /// `rotations`: only windows that begin in a rotation of one of these kinds are judged; `None` for all.
    pub rotations: Option<Vec<String>>,
    /// `only_if`: only people who meet this condition, at the start of a window. Of whom nothing is stated,
    /// what would break the rule is unknown.
    pub only_if: Option<String>,
    /// `unless`: not people who meet this condition. Of whom nothing is stated, the rule applies.
    pub unless: Option<String>,
    /// `younger_than_years`: only people below this age at the start of a window.
    pub younger_than_years: Option<u32>,
    /// `at_least_years`: only people of this age or above.
    pub at_least_years: Option<u32>,
}

impl Applies {
    /// The parameters that say it.
    pub(super) const NAMES: [&'static str; 7] =
        ["kinds", "except_kinds", "rotations", "only_if", "unless", "younger_than_years", "at_least_years"];
}
