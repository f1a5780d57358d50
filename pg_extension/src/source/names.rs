//! Numbers for names: the engine counts people, teams, shifts and skills.

use std::collections::HashMap;
use std::rc::Rc;

/// Gives each distinct text a number, from 0 upwards in order of arrival.
#[derive(Debug, Default)]
pub(crate) struct Names {
    numbers: HashMap<Rc<str>, usize>,
    texts: Vec<Rc<str>>,
}

impl Names {
    /// The number of a text, which gets the next one when it is new.
    pub(crate) fn number(&mut self, text: &str) -> usize {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.texts.len();
        let text: Rc<str> = text.into();
        self.texts.push(Rc::clone(&text));
        self.numbers.insert(text, number);
        number
    }

    /// The number of a text, if it has one.
    pub(crate) fn find(&self, text: &str) -> Option<usize> {
        self.numbers.get(text).copied()
    }

    /// The text of a number.
    pub(crate) fn text(&self, number: usize) -> Option<&str> {
        self.texts.get(number).map(|text| &**text)
    }
}
