//! Numbers for names: the engine counts people, teams, shifts and skills.

use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

/// The id of a row, or another word that rows are known by.
///
/// Most ids are integers. One that is written as an integer is kept as such, whatever the type of its column,
/// so that names are equal exactly when their texts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name<Text> {
    /// A name that is an integer in its shortest form.
    Integer(i64),
    /// Any other name.
    Text(Text),
}

impl Name<&str> {
    /// The name, to be kept when its row is gone.
    pub(crate) fn kept(self) -> Name<Rc<str>> {
        match self {
            Self::Integer(integer) => Name::Integer(integer),
            Self::Text(text) => Name::Text(text.into()),
        }
    }
}

impl Name<Rc<str>> {
    /// Whether it is the same as one that is not kept.
    pub(crate) fn is(&self, other: Name<&str>) -> bool {
        match (self, other) {
            (Self::Integer(one), Name::Integer(other)) => *one == other,
            (Self::Text(one), Name::Text(other)) => **one == *other,
            _ => false,
        }
    }
}

impl<'text> From<&'text str> for Name<&'text str> {
    fn from(text: &'text str) -> Self {
        match text.parse::<i64>() {
            Ok(integer) if integer.to_string() == text => Self::Integer(integer),
            _ => Self::Text(text),
        }
    }
}

impl<Text: fmt::Display> fmt::Display for Name<Text> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(integer) => integer.fmt(formatter),
            Self::Text(text) => text.fmt(formatter),
        }
    }
}

/// Gives each distinct name a number, from 0 upwards in order of arrival.
#[derive(Debug, Default)]
pub(crate) struct Names {
    integers: HashMap<i64, usize>,
    texts: HashMap<Rc<str>, usize>,
    names: Vec<Name<Rc<str>>>,
}

impl Names {
    /// The number of a name, which gets the next one when it is new.
    pub(crate) fn number(&mut self, name: Name<&str>) -> usize {
        if let Some(number) = self.find(name) {
            return number;
        }
        let number = self.names.len();
        let name = name.kept();
        match &name {
            Name::Integer(integer) => self.integers.insert(*integer, number),
            Name::Text(text) => self.texts.insert(Rc::clone(text), number),
        };
        self.names.push(name);
        number
    }

    /// The number of a name, if it has one.
    pub(crate) fn find(&self, name: Name<&str>) -> Option<usize> {
        match name {
            Name::Integer(integer) => self.integers.get(&integer).copied(),
            Name::Text(text) => self.texts.get(text).copied(),
        }
    }

    /// The text of a number's name.
    pub(crate) fn text(&self, number: usize) -> Option<String> {
        self.names.get(number).map(ToString::to_string)
    }

    /// The texts of all names, by number.
    pub(crate) fn texts(&self) -> impl Iterator<Item = String> {
        self.names.iter().map(ToString::to_string)
    }
}
