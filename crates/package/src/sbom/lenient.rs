//! What is read of fields that documents fill in many ways.

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// Longest text that is kept, in bytes.
const TEXT_LIMIT: usize = 4000;
/// Most elements of any list. No list of packages is longer, and memory is bounded by it.
pub(super) const LIST_LIMIT: usize = 1_000_000;

/// A text, or none: whatever is no text, empty or very long is none.
#[derive(Clone, Debug, Default)]
pub(super) struct Word(pub(super) Option<String>);

impl Word {
    /// Takes a text.
    pub(super) fn new(text: &str) -> Self {
        let text = text.trim();
        let is_kept = !text.is_empty() && text.len() <= TEXT_LIMIT;
        Self(is_kept.then(|| text.to_owned()))
    }

    /// Returns the text, unless it says that nothing is known or that there is nothing (SPDX 2.3, clause 7).
    pub(super) fn said(self) -> Option<String> {
        self.0.filter(|text| !["NOASSERTION", "NONE"].contains(&text.as_str()))
    }

    /// Returns the text.
    pub(super) fn text(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordVisitor)
    }
}

struct WordVisitor;

impl<'de> Visitor<'de> for WordVisitor {
    type Value = Word;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Word, E> {
        Ok(Word::new(text))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Word, E> {
        Ok(Word(None))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Word, E> {
        Ok(Word(Some(number.to_string())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Word, E> {
        Ok(Word(Some(number.to_string())))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Word, E> {
        Ok(Word(Some(number.to_string())))
    }

    fn visit_unit<E: Error>(self) -> Result<Word, E> {
        Ok(Word(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Word, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Word(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Word, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Word(None))
    }
}

/// Returns whether an element of a list says anything, so that it is kept.
pub(super) trait Said {
    fn is_said(&self) -> bool;
}

impl Said for Word {
    fn is_said(&self) -> bool {
        self.0.is_some()
    }
}

/// A list of what says something. `null` is an empty list, as some write it.
#[derive(Clone, Debug)]
pub(super) struct List<T>(pub(super) Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de> + Said> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Said> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_unit<E: Error>(self) -> Result<List<T>, E> {
        Ok(List(Vec::new()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<List<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element::<T>()? {
            if element.is_said() {
                if list.len() == LIST_LIMIT {
                    return Err(A::Error::custom(format_args!("a list of more than {LIST_LIMIT} elements")));
                }
                list.push(element);
            }
        }
        Ok(List(list))
    }
}
