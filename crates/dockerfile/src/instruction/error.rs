use crate::syntax::{Keyword, Lines};

/// A statement that is no instruction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {}: {keyword}: {problem}", lines.first)]
pub struct InstructionError {
    /// Where.
    pub lines: Lines,
    /// Which instruction.
    pub keyword: Keyword,
    /// What is wrong with it.
    pub problem: InstructionProblem,
}

/// What is wrong with an instruction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstructionProblem {
    /// It has another number of arguments than it takes.
    #[error("it takes {expected}")]
    Count {
        /// How many it takes.
        expected: &'static str,
    },
    /// It has no such flag.
    #[error("no flag `--{flag}`{}", similar.map(|name| format!(" (did you mean --{name}?)")).unwrap_or_default())]
    Flag {
        /// The flag.
        flag: String,
        /// The one that is most like it.
        similar: Option<&'static str>,
    },
    /// A flag is written twice.
    #[error("the flag `--{flag}` is written twice")]
    FlagTwice {
        /// The flag.
        flag: &'static str,
    },
    /// A flag has no value.
    #[error("the flag `--{flag}` has no value")]
    FlagValue {
        /// The flag.
        flag: &'static str,
    },
    /// A flag or key has a value that it cannot have.
    #[error("`{value}` is no value of `{name}`: {expected}")]
    Value {
        /// The flag or key.
        name: &'static str,
        /// What is written.
        value: String,
        /// What it can be.
        expected: &'static str,
    },
    /// A mount has no such key.
    #[error("`--mount` has no key `{key}`{}", similar.map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default())]
    Key {
        /// The key.
        key: String,
        /// The one that is most like it.
        similar: Option<&'static str>,
    },
    /// A key does not go with a kind of mount.
    #[error("`{key}` is nothing for a mount of type {kind}")]
    KeyOfOther {
        /// The key.
        key: &'static str,
        /// The kind.
        kind: &'static str,
    },
    /// A mount's place is none.
    #[error("nothing can be mounted at `{target}`, {why}: choose another `target`")]
    MountTarget {
        /// Where it would be.
        target: String,
        /// Why it cannot be there.
        why: &'static str,
    },
    /// Something is missing.
    #[error("{what} is missing")]
    Missing {
        /// What.
        what: &'static str,
    },
    /// A name is empty.
    #[error("a name is empty")]
    Blank,
    /// A stage's name cannot be one.
    #[error("`{name}` cannot be a stage's name: a letter first, then letters, digits, `-`, `_` and `.`")]
    StageName {
        /// What is written.
        name: String,
    },
    /// A here-document stands where none can.
    #[error("a here-document cannot be {what}")]
    Heredoc {
        /// What it would be.
        what: &'static str,
    },
    /// There are too many stages.
    #[error("more than {limit} stages")]
    TooMany {
        /// The most that are read.
        limit: usize,
    },
    /// There is no stage.
    #[error("it is the last instruction, and there is no FROM")]
    NoFrom,
    /// It stands before the first stage.
    #[error("it stands before the first FROM; only ARG can")]
    NoStage,
    /// It cannot be a trigger.
    #[error("{keyword} cannot be triggered by ONBUILD")]
    Trigger {
        /// The instruction.
        keyword: Keyword,
    },
    /// It is written in a form that it does not have.
    #[error("it is written as a JSON array, such as {example}")]
    NotJson {
        /// How it can look.
        example: &'static str,
    },
}
