use serde::Serialize;
use std::fmt;

macro_rules! codes {
    ($(#[doc = $meaning:literal] $name:ident = $code:literal,)+) => {
        /// What kind of problem a diagnostic is about. The codes are stable: others may look for them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(into = "&'static str")]
        pub enum Code {
            $(#[doc = concat!("`", $code, "`:", $meaning)] $name,)+
        }

        impl Code {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Returns the code, such as `C003`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                }
            }

            /// Returns what it means, such as `a key that has no meaning here`.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => $meaning.trim_ascii_start(),)+
                }
            }
        }
    };
}

codes! {
    /// the file is not valid YAML
    Syntax = "C001",
    /// the file is too large, or expands to too much
    TooLarge = "C002",
    /// a key that has no meaning here
    UnknownKey = "C003",
    /// a key that stands twice in one mapping, or two keys that mean the same
    DuplicateKey = "C004",
    /// a value of the wrong type
    WrongType = "C005",
    /// a key that is needed and absent
    MissingKey = "C006",
    /// something that this version does not do
    NotSupported = "C007",
    /// a destination or registry that cannot be read as one
    Reference = "C008",
    /// a platform that cannot be read as one, or is not built
    Platform = "C009",
    /// a tag that cannot be one
    Tag = "C010",
    /// a length of time that cannot be read or is out of bounds
    Duration = "C011",
    /// a value that is not one of those that are allowed
    Value = "C012",
    /// two images that would have the same tag of the same repository
    Overlap = "C013",
    /// a name that stands twice
    DuplicateName = "C014",
    /// a secret in the file
    Secret = "C015",
    /// plain HTTP, or an embedded registry, where only loopback may be
    NotLoopback = "C016",
    /// a command that cannot be run as it is written
    Command = "C017",
    /// tags are to come from git, and there is no git repository with a commit
    NoGit = "C018",
    /// a file that the configuration names and that cannot be read
    Source = "C019",
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
