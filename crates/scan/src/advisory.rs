use crate::ecosystem::Ecosystem;
use crate::names::Names;
use crate::range::AffectedVersions;
use crate::rating::Rating;
use crate::reach::Reach;
use consign_receipt::FixStatus;
use jiff::Timestamp;

/// Longest line that is kept for people, in characters.
const LINE_LIMIT: usize = 500;
/// Most references that are kept of one record.
const REFERENCE_LIMIT: usize = 50;

/// What one record says, whoever wrote it and in whatever form.
#[derive(Debug)]
pub(crate) struct Advisory {
    /// Its own name.
    pub(crate) id: String,
    pub(crate) names: Names,
    /// When it was last changed; `None`: nothing says.
    pub(crate) changed: Option<Timestamp>,
    /// When its publisher took it back, or will.
    pub(crate) withdrawn: Option<Timestamp>,
    pub(crate) rating: Rating,
    /// The streams of modules that it is about, as `name:stream`.
    pub(crate) streams: Vec<String>,
    pub(crate) affected: Vec<Affected>,
    pub(crate) details: Details,
}

/// A package, and which versions of it are affected.
#[derive(Debug)]
pub(crate) struct Affected {
    pub(crate) ecosystem: Ecosystem,
    /// In the form in which names are compared.
    pub(crate) package: String,
    /// What is stated for this package alone.
    pub(crate) rating: Rating,
    pub(crate) versions: AffectedVersions,
    /// What its publisher means to do about it, where it says so.
    pub(crate) status: Option<FixStatus>,
    pub(crate) reach: Reach,
}

/// What of a record only people want to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) summary: String,
    pub(crate) references: Vec<String>,
}

impl Details {
    /// Takes the summary, or the first line of the details where there is none.
    pub(crate) fn new(summary: &str, details: &str, references: impl IntoIterator<Item = String>) -> Self {
        let line = |text: &str| text.lines().map(str::trim).find(|line| !line.is_empty()).map(cut);
        let references = references.into_iter().take(REFERENCE_LIMIT).map(|reference| cut(&reference));
        Self { summary: line(summary).or_else(|| line(details)).unwrap_or_default(), references: references.collect() }
    }

    pub(crate) fn size(&self) -> usize {
        self.summary.len() + self.references.iter().map(|reference| reference.len() + 24).sum::<usize>()
    }
}

fn cut(text: &str) -> String {
    text.chars().take(LINE_LIMIT).collect()
}
