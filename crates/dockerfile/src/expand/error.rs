/// A text that cannot be expanded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// A quote does not end.
    #[error("the quote {quote} does not end")]
    Quote {
        /// The quote.
        quote: char,
    },
    /// A substitution does not end.
    #[error("`{missing}` is missing: a substitution does not end")]
    Unfinished {
        /// What it would end with.
        missing: char,
    },
    /// A substitution names no variable.
    #[error("a substitution without a variable's name")]
    Nameless,
    /// There is no such form of substitution.
    #[error("`${{{name}{modifier}…}}` is no substitution that there is (there are :- - :+ + :? ? # ## % %% / //)")]
    Modifier {
        /// The variable.
        name: String,
        /// What follows it.
        modifier: String,
    },
    /// A variable that must have a value has none.
    #[error("{name}: {message}")]
    Required {
        /// The variable.
        name: String,
        /// What the file says of it.
        message: String,
    },
    /// A pattern is wrong.
    #[error("the pattern `{pattern}`: only *, ?, \\, / and }} can follow a backslash")]
    Pattern {
        /// The pattern.
        pattern: String,
    },
    /// Substitutions stand in each other too deeply.
    #[error("more than {limit} substitutions, each in another")]
    Depth {
        /// The most that are read.
        limit: usize,
    },
    /// The result is too large.
    #[error("longer than {limit} bytes when expanded")]
    TooLong {
        /// The most that is accepted, in bytes.
        limit: usize,
    },
}
