/// A file of a package manager's that cannot be read, so that nobody knows which packages it stands for.
#[derive(Debug, thiserror::Error)]
pub enum LanguageError {
    /// The file is larger than any such file.
    #[error("{path}: more than {limit} bytes")]
    TooLarge {
        /// The file.
        path: String,
        /// The most that is read, in bytes.
        limit: usize,
    },
    /// The file names more packages than any image has.
    #[error("{path}: more than {limit} packages")]
    TooMany {
        /// The file.
        path: String,
        /// The most that are read.
        limit: usize,
    },
    /// The file should be JSON and is not.
    #[error("{path}: damaged at line {}, column {}", source.line(), source.column())]
    Json {
        /// The file.
        path: String,
        /// What is wrong, and where.
        source: serde_json::Error,
    },
    /// The file does not have the form that its package manager writes.
    #[error("{path}: no {expected}")]
    Form {
        /// The file.
        path: String,
        /// What it should be.
        expected: &'static str,
    },
    /// The file is about a package, and does not say which.
    #[error("{path}: {place}no {field}")]
    Missing {
        /// The file.
        path: String,
        /// Where in the file, as the beginning of a sentence; empty where the file is about one package.
        place: String,
        /// What is missing.
        field: &'static str,
    },
}
