//! Of which work a rule speaks: rules know work by its nature, the search by its kind.

use std::collections::{BTreeMap, BTreeSet};

use rota_engine::rule::Applies;

use super::Draft;

/// The natures of each kind: mostly one, the kind's own name.
#[derive(Debug, Default)]
pub(super) struct Natures(BTreeMap<usize, BTreeSet<String>>);

/// The work of which a rule speaks, as the search counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Concerned {
    /// All of it.
    All,
    /// That of one kind.
    Kind(usize),
    /// None that there could be.
    None,
}

impl Natures {
    /// Some work of a kind is of this nature.
    pub(super) fn note(&mut self, kind: usize, nature: &str) {
        self.0.entry(kind).or_default().insert(nature.to_owned());
    }

    /// Some work of a kind is of the nature that the kind's other work has; of this one if there is none.
    pub(super) fn note_usual(&mut self, kind: usize, nature: &str) {
        self.0.entry(kind).or_insert_with(|| BTreeSet::from([nature.to_owned()]));
    }
}

impl Draft {
    /// The work of which a rule speaks, or why the search cannot tell.
    pub(super) fn concerned(&self, applies: &Applies) -> Result<Concerned, &'static str> {
        let Applies { kinds, except_kinds, rotations, only_if, unless, younger_than_years, at_least_years } =
            applies;
        let has_condition = rotations.is_some() || only_if.is_some() || unless.is_some();
        if has_condition || younger_than_years.is_some() || at_least_years.is_some() {
            return Err("the search knows no ages, conditions and rotations of people");
        }
        let counts = |nature: &String| {
            kinds.as_ref().is_none_or(|kinds| kinds.contains(nature)) && !except_kinds.contains(nature)
        };
        let natures = &self.demand.natures.0;
        let mut counted = Vec::new();
        for (kind, of_kind) in natures {
            match of_kind.iter().filter(|nature| counts(nature)).count() {
                0 => {}
                all if all == of_kind.len() => counted.push(*kind),
                _ => return Err("only a part of the shifts of one kind counts, the search counts all"),
            }
        }
        match counted.as_slice() {
            all if all.len() == natures.len() => Ok(Concerned::All),
            [] => Ok(Concerned::None),
            [kind] => Ok(Concerned::Kind(*kind)),
            _ => Err("the search counts the shifts of one kind or of all, not of several"),
        }
    }
}
