/// A database that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the package database is damaged at line {line}")]
pub struct InstalledError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong.
    #[source]
    pub problem: Problem,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It is not a letter and a value.
    #[error("the line is not a letter, a colon and a value")]
    Form,
    /// It is longer than any that apk writes.
    #[error("the line has more than {limit} bytes")]
    Long {
        /// The most that are read.
        limit: usize,
    },
    /// There are more packages than in any image.
    #[error("there are more than {limit} packages, and no more are read")]
    Packages {
        /// The most that are read.
        limit: usize,
    },
    /// There are more files and names than in any image.
    #[error("there are more than {limit} files, folders and names, and no more are read")]
    Items {
        /// The most that are read.
        limit: usize,
    },
    /// A package lacks what every package has.
    #[error("the package that ends here has no {what}")]
    Missing {
        /// What.
        what: &'static str,
    },
    /// A file comes before any folder.
    #[error("a file is in no folder")]
    Folder,
    /// A size is no number, or a digest none.
    #[error("the value of `{letter}` is no {what}")]
    Value {
        /// The letter.
        letter: char,
        /// What it should be.
        what: &'static str,
    },
}
