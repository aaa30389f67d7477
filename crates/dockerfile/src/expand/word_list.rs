use std::mem;

/// Words in the making.
#[derive(Default)]
pub(super) struct WordList {
    words: Vec<String>,
    word: String,
}

impl WordList {
    /// Adds a text whose white space separates words.
    pub(super) fn split(&mut self, text: &str) {
        for character in text.chars() {
            if character.is_whitespace() {
                self.end();
            } else {
                self.word.push(character);
            }
        }
    }

    /// Adds a text that belongs to one word.
    pub(super) fn join(&mut self, text: &str) {
        self.word.push_str(text);
    }

    fn end(&mut self) {
        if !self.word.is_empty() {
            self.words.push(mem::take(&mut self.word));
        }
    }

    pub(super) fn finish(mut self) -> Vec<String> {
        self.end();
        self.words
    }
}
