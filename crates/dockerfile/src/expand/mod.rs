//! Variables, quotes and escapes in a statement's arguments, as BuildKit expands them: like a shell, but without commands, and with some forms only.

mod error;
mod pattern;
mod scan;
mod word_list;

use crate::syntax::Escape;
use scan::Scan;
use std::collections::{BTreeMap, BTreeSet};

pub use error::ExpandError;

/// The values of variables.
pub type Variables = BTreeMap<String, String>;

/// What happens to quotes and escapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quotes {
    /// They hold words together, and go.
    Removed,
    /// They hold words together, and stay.
    Kept,
    /// They are characters like any other, as in a here-document; escapes still count.
    Plain,
}

/// How a text is expanded.
#[derive(Clone, Copy, Debug)]
pub struct Expander {
    /// What takes a character's meaning away.
    pub escape: Escape,
    /// What happens to quotes.
    pub quotes: Quotes,
    /// Whether variables without a value stay as they are written, instead of being empty.
    pub keep_unset: bool,
}

/// A text after its expansion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expanded {
    /// The whole text.
    pub text: String,
    /// The text split at white space that is neither quoted nor escaped, that of variables' values included.
    pub words: Vec<String>,
    /// The variables that were looked up and have a value.
    pub used: BTreeSet<String>,
    /// The variables that were looked up and have none.
    pub unset: BTreeSet<String>,
}

impl Expander {
    /// Returns the expander of arguments: quotes go, and what has no value is empty.
    pub fn new(escape: Escape) -> Self {
        Self { escape, quotes: Quotes::Removed, keep_unset: false }
    }

    /// Expands a text.
    pub fn expand(&self, text: &str, variables: &Variables) -> Result<Expanded, ExpandError> {
        Scan::new(self, text, variables).finish()
    }

    /// Expands a text and splits it.
    pub fn words(&self, text: &str, variables: &Variables) -> Result<Vec<String>, ExpandError> {
        Ok(self.expand(text, variables)?.words)
    }
}
