use serde_saphyr::{Location, Spanned};

/// Where something stands in an image file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column, in characters from 1.
    pub column: usize,
    /// How many characters it has, at least 1.
    pub width: usize,
}

impl Position {
    /// The start of a file.
    pub(super) const START: Self = Self { line: 1, column: 1, width: 1 };

    /// Returns the position of a value.
    pub(super) fn of<T>(value: &Spanned<T>) -> Self {
        value.referenced.into()
    }
}

impl From<Location> for Position {
    fn from(location: Location) -> Self {
        let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).max(1);
        Self { line: number(location.line()), column: number(location.column()), width: number(location.span().len()) }
    }
}
