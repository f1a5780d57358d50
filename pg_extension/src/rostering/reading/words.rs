//! Numbers for words.

use std::collections::HashMap;

/// Gives each distinct word a number, from 0 upwards in order of arrival.
#[derive(Debug, Default)]
pub(super) struct Words {
    numbers: HashMap<String, usize>,
    words: Vec<String>,
}

impl Words {
    /// The number of a word, which gets the next one when it is new.
    pub(super) fn number(&mut self, word: &str) -> usize {
        if let Some(number) = self.find(word) {
            return number;
        }
        let number = self.words.len();
        self.numbers.insert(word.to_owned(), number);
        self.words.push(word.to_owned());
        number
    }

    /// The number of a word, if it has one.
    pub(super) fn find(&self, word: &str) -> Option<usize> {
        self.numbers.get(word).copied()
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.words.len()
    }

    /// The words, by number.
    pub(super) fn into_words(self) -> Vec<String> {
        self.words
    }
}
