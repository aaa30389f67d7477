use serde::Serialize;
use std::fmt;

/// What kind of problem a diagnostic is about. The codes are stable: others may look for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "&'static str")]
pub enum Code {
    /// `C001`: the file is not valid YAML.
    Syntax,
    /// `C002`: the file is too large, or expands to too much.
    TooLarge,
    /// `C003`: a key that has no meaning here.
    UnknownKey,
    /// `C004`: a key that stands twice in one mapping, or two keys that mean the same.
    DuplicateKey,
    /// `C005`: a value of the wrong type.
    WrongType,
    /// `C006`: a key that is needed and absent.
    MissingKey,
    /// `C007`: something that this version does not do.
    NotSupported,
    /// `C008`: a destination or registry that cannot be read as one.
    Reference,
    /// `C009`: a platform that cannot be read as one, or is not built.
    Platform,
    /// `C010`: a tag that cannot be one.
    Tag,
    /// `C011`: a length of time that cannot be read or is out of bounds.
    Duration,
    /// `C012`: a value that is not one of those that are allowed.
    Value,
    /// `C013`: two images that would have the same tag of the same repository.
    Overlap,
    /// `C014`: a name that stands twice.
    DuplicateName,
    /// `C015`: a secret in the file.
    Secret,
    /// `C016`: plain HTTP, or an embedded registry, where only loopback may be.
    NotLoopback,
    /// `C017`: a command that cannot be run as it is written.
    Command,
    /// `C018`: tags are to come from git, and there is no git repository with a commit.
    NoGit,
    /// `C019`: a file that the configuration names and that cannot be read.
    Source,
}

impl Code {
    /// Returns the code, such as `C003`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "C001",
            Self::TooLarge => "C002",
            Self::UnknownKey => "C003",
            Self::DuplicateKey => "C004",
            Self::WrongType => "C005",
            Self::MissingKey => "C006",
            Self::NotSupported => "C007",
            Self::Reference => "C008",
            Self::Platform => "C009",
            Self::Tag => "C010",
            Self::Duration => "C011",
            Self::Value => "C012",
            Self::Overlap => "C013",
            Self::DuplicateName => "C014",
            Self::Secret => "C015",
            Self::NotLoopback => "C016",
            Self::Command => "C017",
            Self::NoGit => "C018",
            Self::Source => "C019",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl From<Code> for &'static str {
    fn from(code: Code) -> Self {
        code.as_str()
    }
}
