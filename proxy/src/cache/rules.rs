//! How the answers of one endpoint are cached, as its database declares it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::tag::Tag;
use crate::endpoint::{Argument, ArgumentType, Arguments, Scalar, Value};

/// A table that an endpoint reads, as `rota.endpoint_catalog()` tells it.
#[derive(Debug, Deserialize)]
pub struct DeclaredRead {
    /// `schema.table`, as tags spell it.
    pub table: String,
    /// Columns that narrow the read, each with the argument that it is compared with.
    #[serde(default)]
    pub keys: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Read {
    table: String,
    whole: Tag,
    /// A column and the position of its argument. One is enough: it covers every row that the others leave.
    key: Option<(String, usize)>,
}

/// What is needed to cache the answers of one endpoint.
#[derive(Debug)]
pub struct Rules {
    /// How long an answer may be given out, where it differs from the setting.
    pub lifetime: Option<Duration>,
    /// Whether the answer without arguments is fetched at the start.
    pub warm: bool,
    reads: Vec<Read>,
    /// The tags, where no read is narrowed: the same for every answer.
    fixed: Option<Arc<[Tag]>>,
}

impl Rules {
    /// The rules of an endpoint that reads these tables and has these arguments.
    pub fn new(
        declared: Vec<DeclaredRead>,
        arguments: &[Argument],
        lifetime: Option<Duration>,
        warm: bool,
    ) -> Self {
        let position = |name: &str| {
            arguments.iter().position(|argument| &*argument.name == name && narrows(&argument.kind))
        };
        let reads: Vec<Read> = declared
            .into_iter()
            .map(|read| Read {
                whole: Tag::of(&read.table),
                key: read.keys.into_iter().find_map(|(column, name)| Some((column, position(&name)?))),
                table: read.table,
            })
            .collect();
        let fixed = reads
            .iter()
            .all(|read| read.key.is_none())
            .then(|| reads.iter().map(|read| read.whole).chain([Tag::catalog()]).collect());
        Self { lifetime, warm, reads, fixed }
    }

    /// What the answer to these arguments depends on.
    pub fn tags(&self, arguments: &Arguments<'_>) -> Arc<[Tag]> {
        if let Some(fixed) = &self.fixed {
            return Arc::clone(fixed);
        }
        let mut tags = Vec::with_capacity(self.reads.len() * 2 + 1);
        for read in &self.reads {
            let narrowed = read.key.as_ref().and_then(|(column, position)| {
                let value = arguments.values.iter().find(|(other, _)| other == position)?;
                Some(Tag::key(&read.table, column, &key_text(&value.1)?))
            });
            match narrowed {
                Some(narrowed) => tags.extend(narrowed),
                None => tags.push(read.whole),
            }
        }
        tags.push(Tag::catalog());
        tags.into()
    }
}

/// Whether values of this type are read by the proxy into a form of which each has one text. Those that go to the server
/// as text may be spelled in several ways.
fn narrows(kind: &ArgumentType) -> bool {
    let has_one_text = matches!(
        kind.scalar,
        Scalar::SmallInteger
            | Scalar::Integer
            | Scalar::BigInteger
            | Scalar::Uuid
            | Scalar::Boolean
            | Scalar::Text
    );
    has_one_text && !kind.array
}

/// A value as the server writes it into a tag; nothing for NULL.
fn key_text(value: &Value<'_>) -> Option<String> {
    Some(match value {
        Value::SmallInteger(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::BigInteger(value) => value.to_string(),
        Value::Uuid(value) => value.hyphenated().to_string(),
        Value::Boolean(value) => if *value { "t" } else { "f" }.to_owned(),
        Value::Text(value) => value.to_string(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::cache::claims::Claims;
    use crate::endpoint::samples::endpoint;

    fn rules(reads: &str) -> Rules {
        let declared = serde_json::from_str(reads).unwrap();
        let endpoint = endpoint(
            "GET",
            "/a",
            &[
                ("id", 20, "bigint", true),
                ("name", 25, "text", false),
                ("number", 99_999, "workforce.number", false),
            ],
        );
        Rules::new(declared, &endpoint.arguments, None, false)
    }

    fn arguments(values: Vec<(usize, Value<'static>)>) -> Arguments<'static> {
        Arguments { supplied: 0, values, claims: Claims::default() }
    }

    #[test]
    fn a_read_is_narrowed_by_its_argument_and_whole_without_it() {
        let rules = rules(r#"[{"table": "w.a", "keys": {"a_id": "id"}, "watched": true}, {"table": "w.b"}]"#);
        let [key, collapsed] = Tag::key("w.a", "a_id", "42");
        let (b, catalog) = (Tag::table("w.b"), Tag::catalog());
        assert_eq!(*rules.tags(&arguments(vec![(0, Value::BigInteger(42))])), [key, collapsed, b, catalog]);
        let whole = [Tag::table("w.a"), b, catalog];
        assert_eq!(*rules.tags(&arguments(vec![])), whole);
        assert_eq!(*rules.tags(&arguments(vec![(0, Value::Null)])), whole);
    }

    #[test]
    fn text_narrows_and_types_with_several_spellings_of_a_value_do_not() {
        let text = || Value::Text(Cow::Borrowed("ann"));
        let by_text = rules(r#"[{"table": "w.a", "keys": {"name": "name"}}]"#);
        assert_eq!(by_text.tags(&arguments(vec![(1, text())]))[0], Tag::key("w.a", "name", "ann")[0]);
        let by_domain = rules(r#"[{"table": "w.a", "keys": {"number": "number"}}]"#);
        assert_eq!(by_domain.tags(&arguments(vec![(2, text())]))[0], Tag::table("w.a"));
    }

    #[test]
    fn a_key_bound_to_no_argument_of_the_function_narrows_nothing() {
        let rules = rules(r#"[{"table": "w.a", "keys": {"a_id": "other"}}]"#);
        assert_eq!(*rules.tags(&arguments(vec![])), [Tag::table("w.a"), Tag::catalog()]);
    }
}
