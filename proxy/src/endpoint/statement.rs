//! The SQL text of a call: named notation, only the supplied arguments.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio_postgres::types::Type;

use super::{Argument, Staleness};

/// What a statement tells besides the function's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// What it saw, and who answered: the snapshot is the one that the function's queries used too, since all are
    /// of one statement.
    Read,
    /// Under which transaction it wrote, if it did. Columns are computed from left to right.
    Write,
}

impl Shape {
    /// The columns behind the result.
    const fn columns(self) -> &'static str {
        match self {
            Self::Read => ", rota.stamp()",
            Self::Write => ", pg_catalog.pg_current_xact_id_if_assigned()",
        }
    }
}

/// Makes the claims of the caller known to the call, in its own statement: nothing can come between the two.
/// The subquery is volatile, so that it is computed, and before the row that calls the function. The setting
/// ends with the statement's transaction.
fn with_claims(sql: &mut String, position: usize) {
    // Writing to a String cannot fail.
    let _ = write!(sql, " FROM (SELECT pg_catalog.set_config('rota.claims', ${position}, true)) AS claims");
}

/// One statement of one endpoint, for one set of supplied arguments.
#[derive(Debug)]
pub struct StatementText {
    /// Unique in this process; the key of the statement caches.
    pub id: u64,
    /// The text.
    pub sql: String,
    /// The types of the parameters.
    pub types: Vec<Type>,
    /// What it tells besides the result.
    pub shape: Shape,
    /// Whether it tells in a last column how old the result is.
    pub tells_staleness: bool,
}

impl StatementText {
    /// The call of `schema.function` with the arguments whose bits are set in `supplied`, in their own order,
    /// and behind them the claims of the caller, if the endpoint takes any. A read without claims is planned
    /// together with the function's body, where that can be. A read also calls the function that tells how old its
    /// result is, with those of the arguments that it takes.
    pub fn new(
        schema: &str,
        function: &str,
        arguments: &[Argument],
        supplied: u128,
        shape: Shape,
        takes_claims: bool,
        staleness: Option<&Staleness>,
    ) -> Self {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        // Claims have to be known before the function's queries run, so it is called as it is.
        let inlined = shape == Shape::Read && !takes_claims;
        let opening = if inlined { "rota.inlined(" } else { "" };
        let mut sql = format!("SELECT {opening}{}.{}(", quoted(schema), quoted(function));
        let mut types = Vec::new();
        let mut told = String::new();
        let staleness = staleness.filter(|_| shape == Shape::Read);
        let supplied = arguments.iter().enumerate().filter(|(index, _)| supplied & (1 << index) != 0);
        for (index, argument) in supplied {
            types.push(argument.kind.bound.clone());
            let value = named(argument, types.len());
            sql.push_str(if types.len() == 1 { "" } else { ", " });
            sql.push_str(&value);
            if staleness.is_some_and(|function| function.arguments.contains(&index)) {
                told.push_str(if told.is_empty() { "" } else { ", " });
                told.push_str(&value);
            }
        }
        sql.push_str(if inlined { "))" } else { ")" });
        sql.push_str(shape.columns());
        if let Some(Staleness { schema, name, .. }) = staleness {
            // Writing to a String cannot fail.
            let _ = write!(sql, ", {}.{}({told})", quoted(schema), quoted(name));
        }
        if takes_claims {
            types.push(Type::TEXT);
            with_claims(&mut sql, types.len());
        }
        let (id, tells_staleness) = (NEXT_ID.fetch_add(1, Ordering::Relaxed), staleness.is_some());
        Self { id, sql, types, shape, tells_staleness }
    }
}

/// An argument in named notation, with its parameter.
fn named(argument: &Argument, parameter: usize) -> String {
    let mut text = format!("{} => ${parameter}", quoted(&argument.name));
    if let Some(cast) = argument.kind.cast() {
        let written = if argument.kind.array { "text[]" } else { "text" };
        // Writing to a String cannot fail.
        let _ = write!(text, "::{written}::{cast}");
    }
    text
}

/// An SQL identifier in quotes.
pub(super) fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::ArgumentType;

    fn argument(name: &str, oid: u32, type_name: &str) -> Argument {
        Argument {
            name: name.into(),
            kind: ArgumentType::new(oid, type_name),
            required: false,
            default: None,
        }
    }

    #[test]
    fn only_supplied_arguments_appear_and_they_are_named() {
        let arguments = [
            argument("search", 25, "text"),
            argument("limit", 23, "integer"),
            argument("from_date", 1082, "date"),
        ];
        let statement = StatementText::new("api", "employees", &arguments, 0b101, Shape::Write, false, None);
        assert_eq!(
            statement.sql,
            r#"SELECT "api"."employees"("search" => $1, "from_date" => $2), pg_catalog.pg_current_xact_id_if_assigned()"#
        );
        assert_eq!(statement.types, [Type::TEXT, Type::DATE]);
        assert_eq!(
            StatementText::new("api", "employees", &arguments, 0, Shape::Read, false, None).sql,
            r#"SELECT rota.inlined("api"."employees"()), rota.stamp()"#
        );
    }

    #[test]
    fn claims_are_the_last_parameter_of_the_same_statement() {
        let arguments = [argument("search", 25, "text")];
        let statement = StatementText::new("api", "f", &arguments, 1, Shape::Write, true, None);
        assert_eq!(
            statement.sql,
            "SELECT \"api\".\"f\"(\"search\" => $1), pg_catalog.pg_current_xact_id_if_assigned() \
             FROM (SELECT pg_catalog.set_config('rota.claims', $2, true)) AS claims"
        );
        assert_eq!(statement.types, [Type::TEXT, Type::TEXT]);
    }

    #[test]
    fn types_without_a_binary_form_of_ours_go_as_text_through_a_cast() {
        let arguments = [
            argument("rate", 1700, "numeric"),
            argument("days", 3912, "daterange"),
            argument("kinds", 99_999, "workforce.kind[]"),
        ];
        let statement = StatementText::new("api", "f", &arguments, 0b111, Shape::Write, false, None);
        assert_eq!(
            statement.sql,
            "SELECT \"api\".\"f\"(\"rate\" => $1::text::numeric, \"days\" => $2::text::daterange, \
             \"kinds\" => $3::text[]::workforce.kind[]), pg_catalog.pg_current_xact_id_if_assigned()"
        );
        assert_eq!(statement.types, [Type::TEXT, Type::TEXT, Type::TEXT_ARRAY]);
    }

    #[test]
    fn a_read_asks_in_the_same_statement_how_old_its_answer_is() {
        let arguments = [
            argument("search", 25, "text"),
            argument("rate", 1700, "numeric"),
            argument("max_staleness_ms", 23, "integer"),
        ];
        let taken = ["max_staleness_ms", "rate"].map(str::to_owned);
        let staleness = Staleness::new("api".into(), "age".into(), &taken, &arguments).unwrap();
        let statement =
            StatementText::new("api", "f", &arguments, 0b111, Shape::Read, false, Some(&staleness));
        assert_eq!(
            statement.sql,
            r#"SELECT rota.inlined("api"."f"("search" => $1, "rate" => $2::text::numeric, "max_staleness_ms" => $3)), rota.stamp(), "api"."age"("rate" => $2::text::numeric, "max_staleness_ms" => $3)"#
        );
        assert!(statement.tells_staleness);
        let bare = StatementText::new("api", "f", &arguments, 1, Shape::Read, false, Some(&staleness));
        assert!(bare.sql.ends_with(r#"rota.stamp(), "api"."age"()"#), "{}", bare.sql);
    }

    #[test]
    fn identifiers_cannot_break_out_of_their_quotes() {
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    }
}
