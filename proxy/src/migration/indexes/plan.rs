//! From the indexes that are to the indexes that should be.

use super::statement::{IndexStatement, MARK_START};

/// An index as the catalog has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundIndex {
    /// Its schema.
    pub(super) schema: String,
    /// Its name.
    pub(super) name: String,
    /// Whether queries may use it and writes maintain it. False after a build that failed.
    pub(super) valid: bool,
    /// Its comment, which ends with the mark of its definition if this program built it.
    pub(super) comment: String,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action<'a> {
    /// Build an index that is not there.
    Build(&'a IndexStatement),
    /// Drop an index and build it again.
    Rebuild(&'a IndexStatement, Reason),
    /// Only say anew what the index is for.
    Comment(&'a IndexStatement),
    /// Drop an index that this program built and that no file holds any more.
    Drop {
        /// Its schema.
        schema: String,
        /// Its name.
        name: String,
    },
}

/// Why an index is built again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// An earlier build was interrupted or met a duplicate.
    Invalid,
    /// The file has another definition than the index was built from.
    Changed,
}

impl Action<'_> {
    /// What is not as it should be, for people.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Build(index) => format!("index {} is missing", index.qualified_name()),
            Self::Rebuild(index, Reason::Invalid) => format!("index {} is invalid", index.qualified_name()),
            Self::Rebuild(index, Reason::Changed) => {
                format!("index {} is not built from its definition", index.qualified_name())
            }
            Self::Comment(index) => format!("index {} has another comment", index.qualified_name()),
            Self::Drop { schema, name } => format!("index {schema}.{name} is no longer wanted"),
        }
    }
}

/// What turns `found` into `desired`. Empty if nothing is to be done.
pub(super) fn plan<'a>(desired: &'a [IndexStatement], found: &[FoundIndex]) -> Vec<Action<'a>> {
    let mut actions: Vec<Action<'a>> = found
        .iter()
        .filter(|index| index.comment.contains(MARK_START))
        .filter(|index| {
            !desired.iter().any(|wanted| wanted.schema == index.schema && wanted.name == index.name)
        })
        .map(|index| Action::Drop { schema: index.schema.clone(), name: index.name.clone() })
        .collect();
    for wanted in desired {
        let index = found.iter().find(|index| wanted.schema == index.schema && wanted.name == index.name);
        match index {
            None => actions.push(Action::Build(wanted)),
            Some(index) if !index.valid => actions.push(Action::Rebuild(wanted, Reason::Invalid)),
            Some(index) if !index.comment.ends_with(&wanted.mark()) => {
                actions.push(Action::Rebuild(wanted, Reason::Changed));
            }
            Some(index) if index.comment != wanted.comment() => actions.push(Action::Comment(wanted)),
            Some(_) => {}
        }
    }
    actions
}

#[cfg(test)]
mod tests {
    use super::super::statement::parse;
    use super::*;
    use crate::migration::embedded::SqlFile;

    fn desired() -> Vec<IndexStatement> {
        let text = "-- By a.\nCREATE INDEX CONCURRENTLY IF NOT EXISTS one ON s.t (a);\n\
            CREATE INDEX CONCURRENTLY IF NOT EXISTS two ON s.t (b);";
        parse(&SqlFile { path: "a.sql".to_owned(), text: text.into() }).unwrap()
    }

    fn found(wanted: &IndexStatement) -> FoundIndex {
        FoundIndex {
            schema: wanted.schema.clone(),
            name: wanted.name.clone(),
            valid: true,
            comment: wanted.comment(),
        }
    }

    #[test]
    fn what_is_as_it_should_be_needs_nothing() {
        let desired = desired();
        let mut found: Vec<_> = desired.iter().map(found).collect();
        found.push(FoundIndex {
            name: "of_someone_else".to_owned(),
            comment: "kept".to_owned(),
            ..found[0].clone()
        });
        assert_eq!(plan(&desired, &found), []);
    }

    #[test]
    fn missing_invalid_changed_and_forgotten_indexes_are_each_put_right() {
        let desired = desired();
        assert_eq!(plan(&desired, &[]), [Action::Build(&desired[0]), Action::Build(&desired[1])]);

        let invalid = FoundIndex { valid: false, ..found(&desired[0]) };
        let by_hand = FoundIndex { comment: String::new(), ..found(&desired[1]) };
        assert_eq!(
            plan(&desired, &[invalid, by_hand]),
            [Action::Rebuild(&desired[0], Reason::Invalid), Action::Rebuild(&desired[1], Reason::Changed)]
        );

        let forgotten = FoundIndex { name: "three".to_owned(), ..found(&desired[0]) };
        let said_otherwise =
            FoundIndex { comment: format!("By b. {}", desired[0].mark()), ..found(&desired[0]) };
        assert_eq!(
            plan(&desired, &[forgotten, said_otherwise, found(&desired[1])]),
            [Action::Drop { schema: "s".to_owned(), name: "three".to_owned() }, Action::Comment(&desired[0])]
        );
    }
}
