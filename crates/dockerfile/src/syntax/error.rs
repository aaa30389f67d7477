use super::Lines;

/// A text that is no Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {}: {problem}", lines.first)]
pub struct SyntaxError {
    /// Where.
    pub lines: Lines,
    /// What is wrong there.
    pub problem: SyntaxProblem,
}

/// What is wrong with a statement's form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxProblem {
    /// It has no statements.
    #[error("there is no instruction in the file")]
    Empty,
    /// It is no text.
    #[error("not UTF-8 text")]
    Encoding,
    /// It is too large.
    #[error("the file has more than {limit} bytes")]
    TooLarge {
        /// The most that is read, in bytes.
        limit: usize,
    },
    /// A directive is written twice.
    #[error("the directive `{name}` is written twice")]
    DirectiveTwice {
        /// Which.
        name: &'static str,
    },
    /// The escape directive names a character that cannot be one.
    #[error("`{text}` cannot be the escape character: only \\ and ` can")]
    Escape {
        /// What it says.
        text: String,
    },
    /// There is no such instruction.
    #[error("unknown instruction `{word}`{}", similar.map(|name| format!(" (did you mean {name}?)")).unwrap_or_default())]
    Unknown {
        /// What is written.
        word: String,
        /// The instruction that is most like it.
        similar: Option<&'static str>,
    },
    /// A value has no name.
    #[error("`{word}` has no `=`: write name=value")]
    NoSign {
        /// The word.
        word: String,
    },
    /// A name has no value.
    #[error("{keyword} needs a name and a value")]
    NoValue {
        /// The instruction.
        keyword: super::Keyword,
    },
    /// A JSON array has something other than strings.
    #[error("in the form of a JSON array, all arguments are strings")]
    NotStrings,
    /// An ONBUILD holds another.
    #[error("ONBUILD cannot hold another ONBUILD")]
    NestedOnbuild,
    /// A here-document does not end.
    #[error("the here-document does not end: there is no line `{terminator}`")]
    Unterminated {
        /// The line that ends it.
        terminator: String,
    },
}
