//! The SQL text of a call: named notation, only the supplied arguments.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio_postgres::types::Type;

use super::Argument;

/// One statement of one endpoint, for one set of supplied arguments.
#[derive(Debug)]
pub struct StatementText {
    /// Unique in this process; the key of the statement caches.
    pub id: u64,
    /// The text.
    pub sql: String,
    /// The types of the parameters.
    pub types: Vec<Type>,
}

impl StatementText {
    /// The call of `schema.function` with the arguments whose bits are set in `supplied`, in their own order.
    pub fn new(schema: &str, function: &str, arguments: &[Argument], supplied: u128) -> Self {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        let mut sql = format!("SELECT {}.{}(", quoted(schema), quoted(function));
        let mut types = Vec::new();
        let supplied = arguments.iter().enumerate().filter(|(index, _)| supplied & (1 << index) != 0);
        for (_, argument) in supplied {
            let comma = if types.is_empty() { "" } else { ", " };
            types.push(argument.kind.bound.clone());
            // Writing to a String cannot fail.
            let _ = write!(sql, "{comma}{} => ${}", quoted(&argument.name), types.len());
            if let Some(cast) = argument.kind.cast() {
                let text = if argument.kind.array { "text[]" } else { "text" };
                let _ = write!(sql, "::{text}::{cast}");
            }
        }
        sql.push(')');
        Self { id: NEXT_ID.fetch_add(1, Ordering::Relaxed), sql, types }
    }
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
        let statement = StatementText::new("api", "employees", &arguments, 0b101);
        assert_eq!(statement.sql, r#"SELECT "api"."employees"("search" => $1, "from_date" => $2)"#);
        assert_eq!(statement.types, [Type::TEXT, Type::DATE]);
        assert_eq!(
            StatementText::new("api", "employees", &arguments, 0).sql,
            r#"SELECT "api"."employees"()"#
        );
    }

    #[test]
    fn types_without_a_binary_form_of_ours_go_as_text_through_a_cast() {
        let arguments = [
            argument("rate", 1700, "numeric"),
            argument("days", 3912, "daterange"),
            argument("kinds", 99_999, "workforce.kind[]"),
        ];
        let statement = StatementText::new("api", "f", &arguments, 0b111);
        assert_eq!(
            statement.sql,
            "SELECT \"api\".\"f\"(\"rate\" => $1::text::numeric, \"days\" => $2::text::daterange, \
             \"kinds\" => $3::text[]::workforce.kind[])"
        );
        assert_eq!(statement.types, [Type::TEXT, Type::TEXT, Type::TEXT_ARRAY]);
    }

    #[test]
    fn identifiers_cannot_break_out_of_their_quotes() {
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    }
}
