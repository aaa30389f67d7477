//! What the mappings of the file may hold. The reader refuses every other key, and the JSON Schema is written from the same tables.

/// The keys that a mapping may have.
pub(crate) struct Keys {
    /// What the mapping is, with an article, for messages.
    pub(crate) what: &'static str,
    /// The keys that have a meaning.
    pub(crate) known: &'static [Key],
    /// Keys that later versions or other tools know.
    pub(crate) later: &'static [&'static str],
    /// What holds between keys.
    pub(crate) rules: &'static [Rule],
}

/// A key, and what may stand there.
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// What it is for, as a sentence for people.
    pub(crate) meaning: &'static str,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
}

/// What holds between the keys of a mapping.
pub(crate) enum Rule {
    /// One of the two stands there, and not both.
    Either(&'static str, &'static str),
    /// One of the two stands there, or both.
    OneAtLeast(&'static str, &'static str),
    /// Each stands only with the other.
    Together(&'static str, &'static str),
}

/// The form of a value.
pub(crate) enum Shape {
    /// A text that is not blank. Numbers and truth values are taken as they are written.
    Text,
    /// A text that may be empty.
    AnyText,
    /// A text of this form: a regular expression (ECMA-262).
    Form(&'static str),
    /// One of these words.
    Word(fn() -> Vec<&'static str>),
    /// `true` or `false`.
    Flag,
    /// A whole number, from and to.
    Number(u32, u32),
    /// A list, possibly empty.
    List(&'static Shape),
    /// A list with at least one item.
    Items(&'static Shape),
    /// A list with at least one item, or a lone item.
    Some(&'static Shape),
    /// Either of two forms.
    Or(&'static Shape, &'static Shape),
    /// A mapping with these keys.
    Mapping(&'static Keys),
    /// A mapping with any keys.
    Map(&'static Shape),
}

impl Key {
    /// Names a key that may be left out.
    pub(crate) const fn new(name: &'static str, shape: Shape, meaning: &'static str) -> Self {
        Self { name, meaning, shape, required: false }
    }

    /// Names a key that has to be there.
    pub(crate) const fn required(name: &'static str, shape: Shape, meaning: &'static str) -> Self {
        Self { name, meaning, shape, required: true }
    }
}

impl Keys {
    /// Returns the names of the keys that have a meaning.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.known.iter().map(|key| key.name)
    }
}
