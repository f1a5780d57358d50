//! The lanes.

/// A class of work with limits of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Somebody waits for the answer. May use every connection that the other lane leaves.
    #[default]
    Interactive,
    /// Exports, reports, the proxy's own records. May use a few connections only.
    Batch,
}

impl Lane {
    /// All lanes, in the order of their indexes.
    pub const ALL: [Self; 2] = [Self::Interactive, Self::Batch];

    /// The name in the catalog, in metrics and for operators.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::Batch => "batch",
        }
    }

    /// The lane of a name; none has the default one.
    ///
    /// # Errors
    ///
    /// The name as given, when it is no lane's.
    pub fn named(name: Option<&str>) -> Result<Self, String> {
        let Some(name) = name else { return Ok(Self::default()) };
        let found = Self::ALL.into_iter().find(|lane| lane.name() == name);
        found.ok_or_else(|| format!("lane {name} is neither interactive nor batch"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lane_is_found_by_its_name_and_none_means_interactive() {
        for (index, lane) in Lane::ALL.into_iter().enumerate() {
            assert_eq!(Lane::named(Some(lane.name())), Ok(lane));
            assert_eq!(lane as usize, index);
        }
        assert_eq!(Lane::named(None), Ok(Lane::Interactive));
        assert!(Lane::named(Some("express")).is_err());
    }
}
