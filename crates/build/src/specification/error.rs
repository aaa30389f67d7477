use super::Position;
use std::fmt::Write as _;

/// An image file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{}:{}: {problem}", position.line, position.column)]
pub struct SpecificationError {
    /// The file, as the caller named it.
    pub file: String,
    /// Where the problem is.
    pub position: Position,
    /// What is wrong.
    pub problem: Problem,
}

/// What can be wrong in an image file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The file is not YAML.
    #[error("not valid YAML: {message}")]
    Syntax {
        /// What the parser says.
        message: String,
    },
    /// The file is larger than any should be.
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// The most that is read, in bytes.
        limit: usize,
    },
    /// The file is nested too deep, or its aliases expand to too much.
    #[error("the file is too deep, or expands to too much")]
    TooMuch,
    /// A key that has no meaning here.
    #[error("unknown key `{key}` in {}", if *in_file { "an image file" } else { "this mapping" })]
    UnknownKey {
        /// The key.
        key: String,
        /// The keys that have one.
        known: Vec<&'static str>,
        /// Whether it stands at the top of the file.
        in_file: bool,
    },
    /// A key that stands twice in one mapping.
    #[error("the key `{key}` stands twice")]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// A key that is needed and absent.
    #[error("`{key}` is missing")]
    MissingKey {
        /// The key.
        key: &'static str,
    },
    /// A value of the wrong type.
    #[error("{message}")]
    Type {
        /// What is expected and what was found.
        message: String,
    },
    /// A value that its key cannot have.
    #[error("`{key}`: {problem}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// Keys that exclude each other.
    #[error("`{key}` cannot stand in an image file with `{other}`")]
    Kind {
        /// The key that does not belong.
        key: &'static str,
        /// The key that says which kind of image it is.
        other: &'static str,
    },
    /// Nothing to build.
    #[error("an image file needs `packages`, `files` or `base`")]
    Empty,
}

impl Problem {
    /// Returns what to do about it, if that is known.
    pub fn hint(&self) -> Option<String> {
        let Self::UnknownKey { key, known, .. } = self else { return None };
        if let Some(nearest) = nearest(key, known) {
            return Some(format!("did you mean `{nearest}`?"));
        }
        let mut hint = "the keys here are".to_owned();
        for (number, key) in known.iter().enumerate() {
            let separator = match number {
                0 => "",
                _ if number + 1 == known.len() => " and",
                _ => ",",
            };
            // Writing to a string cannot fail.
            let _ = write!(hint, "{separator} `{key}`");
        }
        Some(hint)
    }
}

fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word: String = word.chars().take(64).collect::<String>().to_ascii_lowercase();
    let limit = 1 + word.chars().count() / 4;
    let distances = known.iter().map(|known| (strsim::damerau_levenshtein(&word, known), *known));
    let near = distances.filter(|(distance, known)| *distance <= limit && *distance < known.len());
    near.min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}
