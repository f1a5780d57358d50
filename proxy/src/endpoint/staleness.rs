//! How old the answers of an endpoint are that come from managed views, and who tells it.
//!
//! Such an endpoint has two ways to its answer: the views, or the tables that the views are made from. Its staleness
//! function tells for the same arguments, in the same statement, how old the one from the views is, and NULL where
//! the tables were read. Both take `max_staleness_ms`, and the views are read only if they are no older.

use super::{Argument, Arguments, Value};

/// The argument that says how old an answer may be, in milliseconds.
const LIMIT: &str = "max_staleness_ms";

/// The function that tells how old an answer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staleness {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// The positions, among the endpoint's arguments, of those that it takes too.
    pub arguments: Vec<usize>,
    /// The position of `max_staleness_ms`.
    pub limit: usize,
}

impl Staleness {
    /// The function of this name, which takes these of the endpoint's arguments.
    ///
    /// # Errors
    ///
    /// An argument that the endpoint has not, or none that bounds the age: `rota.expose` refuses both.
    pub fn new(
        schema: String,
        name: String,
        taken: &[String],
        arguments: &[Argument],
    ) -> Result<Self, String> {
        let position = |wanted: &str| {
            let found = arguments.iter().position(|argument| &*argument.name == wanted);
            found.ok_or_else(|| format!("{name} takes {wanted}, which the endpoint does not"))
        };
        let positions = taken.iter().map(|taken| position(taken)).collect::<Result<_, _>>()?;
        let limit = position(LIMIT)?;
        Ok(Self { schema, arguments: positions, limit, name })
    }

    /// The same arguments for an answer that lacks nothing: from the views only while they are fresh.
    pub fn demanding_fresh<'r>(&self, arguments: &Arguments<'r>) -> Arguments<'r> {
        let others = arguments.values.iter().filter(|(position, _)| *position != self.limit);
        let mut values: Vec<_> = others.cloned().chain([(self.limit, Value::Integer(0))]).collect();
        values.sort_unstable_by_key(|(position, _)| *position);
        Arguments { supplied: arguments.supplied | 1 << self.limit, values, claims: arguments.claims.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::claims::Claims;
    use crate::endpoint::samples::endpoint;

    fn staleness() -> Staleness {
        let endpoint = endpoint(
            "GET",
            "/a",
            &[
                ("from_date", 1082, "date", true),
                (LIMIT, 23, "integer", false),
                ("search", 25, "text", false),
            ],
        );
        let taken = ["search".to_owned(), LIMIT.to_owned()];
        Staleness::new("api".to_owned(), "f_staleness".to_owned(), &taken, &endpoint.arguments).unwrap()
    }

    #[test]
    fn its_arguments_are_found_by_their_names() {
        assert_eq!((staleness().arguments, staleness().limit), (vec![2, 1], 1));
    }

    #[test]
    fn whoever_wants_everything_allows_no_staleness_whatever_the_caller_said() {
        for given in [
            vec![(0, Value::Null), (2, Value::Null)],
            vec![(0, Value::Null), (1, Value::Integer(9)), (2, Value::Null)],
        ] {
            let supplied = given.iter().fold(0, |bits, (position, _)| bits | 1 << position);
            let arguments = Arguments { supplied, values: given, claims: Claims::default() };
            let fresh = staleness().demanding_fresh(&arguments);
            assert_eq!(fresh.supplied, 0b111);
            assert_eq!(fresh.values, [(0, Value::Null), (1, Value::Integer(0)), (2, Value::Null)]);
        }
    }
}
