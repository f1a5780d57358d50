//! The caller's words by number.

/// A word of the caller's: a kind of duty or rotation, a condition, a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(u32);

/// Words, each with its number. Rules name words; records of people hold their numbers.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    words: Vec<String>,
}

impl Vocabulary {
    /// The number of a word, a new one where it is heard first. A vocabulary is small: the look-up is linear.
    pub fn word(&mut self, word: &str) -> Word {
        self.find(word).unwrap_or_else(|| {
            self.words.push(word.to_owned());
            Word(u32::try_from(self.words.len() - 1).unwrap_or(u32::MAX))
        })
    }

    /// The number of a word that has been heard before.
    #[must_use]
    pub fn find(&self, word: &str) -> Option<Word> {
        let position = self.words.iter().position(|known| known == word)?;
        u32::try_from(position).ok().map(Word)
    }

    /// The word of a number.
    #[must_use]
    pub fn text(&self, word: Word) -> Option<&str> {
        self.words.get(usize::try_from(word.0).ok()?).map(String::as_str)
    }
}

/// Some words of a vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct WordSet(Vec<Word>);

impl WordSet {
    /// Of those texts that are words; no record can hold the others.
    pub(super) fn of(vocabulary: &Vocabulary, texts: &[String]) -> Self {
        let mut words: Vec<Word> = texts.iter().filter_map(|text| vocabulary.find(text)).collect();
        words.sort_unstable();
        words.dedup();
        Self(words)
    }

    pub(super) fn contains(&self, word: Option<Word>) -> bool {
        word.is_some_and(|word| self.0.contains(&word))
    }
}
