//! From a request's path, query and body to the typed arguments of a call. All faults are found at once.

use serde_json::value::RawValue;

use super::body::members;
use super::{Argument, Endpoint, Value, decode, pairs};
use crate::cache::claims::Claims;
use crate::http::problem::{FieldFault, Problem, ProblemKind};

/// Faults told at once. Past these a caller sent something else altogether, and the answer stays small.
const FAULTS_TOLD: usize = 50;

/// The supplied arguments of one call.
#[derive(Debug, Default)]
pub struct Arguments<'r> {
    /// A bit for each supplied argument, by its position.
    pub supplied: u128,
    /// Position and value, in the order of the function.
    pub values: Vec<(usize, Value<'r>)>,
    /// What the function may know of the caller.
    pub claims: Claims,
}

struct Binder<'r> {
    endpoint: &'r Endpoint,
    arguments: Arguments<'r>,
    /// Arguments that were given, rightly or wrongly: a faulty one is not missing besides.
    given: u128,
    faults: Vec<FieldFault>,
}

/// Binds path values, query and JSON body (where there is one) to the endpoint's arguments.
///
/// # Errors
///
/// One problem with every unknown, repeated, ill-typed and missing argument, or a body that is no JSON object.
pub fn bind<'r>(
    endpoint: &'r Endpoint,
    path_values: impl Iterator<Item = &'r str>,
    query: &'r str,
    body: &'r [u8],
) -> Result<Arguments<'r>, Problem> {
    let capacity = endpoint.arguments.len().min(8);
    let arguments =
        Arguments { supplied: 0, values: Vec::with_capacity(capacity), claims: Claims::default() };
    let mut binder = Binder { endpoint, arguments, given: 0, faults: Vec::new() };
    for (position, raw) in endpoint.path_arguments.iter().zip(path_values) {
        binder.text(*position, raw, false);
    }
    for (name, raw) in pairs(query) {
        binder.query_pair(name, raw);
    }
    let body = members(body)
        .map_err(|message| Problem::new(ProblemKind::MalformedRequest, format!("the body {message}")))?;
    for (name, value) in body.0 {
        binder.member(&name, value);
    }
    binder.finish()
}

impl<'r> Binder<'r> {
    fn query_pair(&mut self, raw_name: &'r str, raw_value: &'r str) {
        let name = match decode(raw_name, true) {
            Ok(name) => name,
            Err(message) => return self.fault(raw_name, format!("the name {message}")),
        };
        match self.position(&name) {
            None => self.unknown(&name),
            Some(position) if self.is_path_argument(position) => {
                self.fault(&name, "is a part of the path here".to_owned());
            }
            Some(position) => self.text(position, raw_value, true),
        }
    }

    /// One value given as text. An array is given by repeating its name, one element each time.
    fn text(&mut self, position: usize, raw: &'r str, in_query: bool) {
        let argument = self.argument(position);
        let is_repeated = self.given & (1 << position) != 0;
        if is_repeated && !argument.kind.array {
            return self.fault(&argument.name, "is given more than once".to_owned());
        }
        self.given |= 1 << position;
        let value =
            decode(raw, in_query).map_err(str::to_owned).and_then(|text| argument.kind.read_text(text));
        match value {
            Err(message) => self.fault(&argument.name, message),
            Ok(value) if !argument.kind.array => self.supply(position, value),
            Ok(element) => match self.arguments.values.iter_mut().find(|(other, _)| *other == position) {
                Some((_, Value::Array(elements))) => elements.push(element),
                _ => self.supply(position, Value::Array(vec![element])),
            },
        }
    }

    fn member(&mut self, name: &str, raw: &'r RawValue) {
        let Some(position) = self.position(name) else { return self.unknown(name) };
        let argument = self.argument(position);
        if self.given & (1 << position) != 0 {
            return self.fault(name, "is given more than once".to_owned());
        }
        self.given |= 1 << position;
        match argument.kind.read_json(raw) {
            Ok(Value::Null) if argument.required => {
                self.fault(name, format!("is required and must not be null: {}", argument.kind.name));
            }
            Ok(value) => self.supply(position, value),
            Err(message) => self.fault(name, message),
        }
    }

    fn finish(mut self) -> Result<Arguments<'r>, Problem> {
        for (position, argument) in self.endpoint.arguments.iter().enumerate() {
            if argument.required && self.given & (1 << position) == 0 {
                let shape = if argument.kind.array { "an array of which each is " } else { "" };
                self.fault(&argument.name, format!("is required: {shape}{}", argument.kind.expectation()));
            }
        }
        if self.faults.is_empty() {
            self.arguments.values.sort_unstable_by_key(|(position, _)| *position);
            return Ok(self.arguments);
        }
        Err(Problem::arguments(self.faults))
    }

    fn supply(&mut self, position: usize, value: Value<'r>) {
        self.arguments.supplied |= 1 << position;
        self.arguments.values.push((position, value));
    }

    fn fault(&mut self, field: &str, message: String) {
        if self.faults.len() < FAULTS_TOLD {
            let field = field.chars().take(100).collect();
            self.faults.push(FieldFault { field, message });
        }
    }

    fn unknown(&mut self, name: &str) {
        let open = self.endpoint.arguments.iter().enumerate();
        let known: Vec<&str> = open
            .filter(|(position, _)| !self.is_path_argument(*position))
            .map(|(_, argument)| &*argument.name)
            .collect();
        let message = if known.is_empty() {
            "is not an argument of this endpoint, which has none besides its path".to_owned()
        } else {
            format!("is not an argument of this endpoint; known are {}", known.join(", "))
        };
        self.fault(name, message);
    }

    fn argument(&self, position: usize) -> &'r Argument {
        &self.endpoint.arguments[position]
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.endpoint.arguments.iter().position(|argument| &*argument.name == name)
    }

    fn is_path_argument(&self, position: usize) -> bool {
        self.endpoint.path_arguments.contains(&position)
    }
}

#[cfg(test)]
#[path = "bind_tests.rs"]
mod tests;
