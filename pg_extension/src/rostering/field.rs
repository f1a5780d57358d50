//! A JSON document, read with an eye on where everything stands: a fault names its path.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::error::ExtensionError;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Field<'a> {
    /// The argument of the SQL function that holds the document.
    argument: &'static str,
    /// The path, beginning with the argument: `problem.people[3].skills[0]`.
    path: String,
    value: &'a Value,
}

/// An object whose members are all known.
#[derive(Debug, Clone)]
pub(super) struct Object<'a> {
    field: Field<'a>,
    members: &'a Map<String, Value>,
}

impl<'a> Field<'a> {
    /// A whole document.
    pub(super) fn document(argument: &'static str, value: &'a Value) -> Self {
        Self { argument, path: argument.to_owned(), value }
    }

    /// The error that what stands here is wrong.
    pub(super) fn unfit(&self, wanted: &str) -> ExtensionError {
        self.fault(format!("is {}, {wanted} would be right", shortened(self.value)))
    }

    /// The error that something is wrong here, told after the path.
    pub(super) fn fault(&self, fault: String) -> ExtensionError {
        ExtensionError::UnreadableRoster { argument: self.argument, path: self.path.clone(), fault }
    }

    /// The error that there is more here than one search takes.
    pub(super) fn excess(&self, fault: String) -> ExtensionError {
        ExtensionError::RosterTooLarge { argument: self.argument, path: self.path.clone(), fault }
    }

    /// An object that has no other members than these.
    pub(super) fn object(&self, known: &[&str]) -> Result<Object<'a>, ExtensionError> {
        let object = self.any_object()?;
        match object.members.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => {
                Err(self.fault(format!("has \"{name}\", which is not known; {} are", known.join(", "))))
            }
            None => Ok(object),
        }
    }

    /// An object whose members have names of the caller's.
    pub(super) fn any_object(&self) -> Result<Object<'a>, ExtensionError> {
        let members = self.value.as_object().ok_or_else(|| self.unfit("an object"))?;
        Ok(Object { field: self.clone(), members })
    }

    /// The elements of a list.
    pub(super) fn list(&self) -> Result<Vec<Self>, ExtensionError> {
        let elements = self.value.as_array().ok_or_else(|| self.unfit("a list"))?;
        let element = |(position, value)| Self {
            argument: self.argument,
            path: format!("{}[{position}]", self.path),
            value,
        };
        Ok(elements.iter().enumerate().map(element).collect())
    }

    /// A text that is not empty.
    pub(super) fn text(&self) -> Result<&'a str, ExtensionError> {
        self.value.as_str().filter(|text| !text.is_empty()).ok_or_else(|| self.unfit("a text"))
    }

    /// An id: a text, or a whole number taken for its text.
    pub(super) fn id(&self) -> Result<String, ExtensionError> {
        match self.value {
            Value::Number(number) if number.is_i64() => Ok(number.to_string()),
            Value::String(text) if !text.is_empty() => Ok(text.clone()),
            _ => Err(self.unfit("a text or a whole number")),
        }
    }

    /// A whole number within bounds.
    pub(super) fn whole(&self, allowed: &RangeInclusive<i64>) -> Result<i64, ExtensionError> {
        self.value.as_i64().filter(|number| allowed.contains(number)).ok_or_else(|| {
            self.unfit(&format!("a whole number from {} to {}", allowed.start(), allowed.end()))
        })
    }

    /// True or false.
    pub(super) fn truth(&self) -> Result<bool, ExtensionError> {
        self.value.as_bool().ok_or_else(|| self.unfit("true or false"))
    }

    /// The value as it stands.
    pub(super) fn value(&self) -> &'a Value {
        self.value
    }
}

impl<'a> Object<'a> {
    /// Where it stands.
    pub(super) fn field(&self) -> &Field<'a> {
        &self.field
    }

    /// A member that may be missing; null is missing.
    pub(super) fn find(&self, name: &str) -> Option<Field<'a>> {
        let value = self.members.get(name).filter(|value| !value.is_null())?;
        let path = format!("{}.{name}", self.field.path);
        Some(Field { argument: self.field.argument, path, value })
    }

    /// A member that must be there.
    pub(super) fn need(&self, name: &str) -> Result<Field<'a>, ExtensionError> {
        self.find(name).ok_or_else(|| self.field.fault(format!("has no \"{name}\"")))
    }

    /// The elements of a list that may be missing.
    pub(super) fn list(&self, name: &str) -> Result<Vec<Field<'a>>, ExtensionError> {
        self.find(name).map_or_else(|| Ok(Vec::new()), |field| field.list())
    }

    /// A whole number that may be missing.
    pub(super) fn whole(
        &self,
        name: &str,
        allowed: &RangeInclusive<i64>,
    ) -> Result<Option<i64>, ExtensionError> {
        self.find(name).map(|field| field.whole(allowed)).transpose()
    }

    /// Every member, in the order of their names.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'a str, Field<'a>)> {
        self.members.iter().map(|(name, value)| {
            let path = format!("{}.{name}", self.field.path);
            (name.as_str(), Field { argument: self.field.argument, path, value })
        })
    }
}

/// A value as a message shows it: whole documents are not repeated.
fn shortened(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
