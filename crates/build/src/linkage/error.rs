use crate::specification::Place;
use consign_oci::Platform;
use std::fmt;

/// A program that cannot be loaded in the image that it is put into.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: `{file}` would not start on {platform}: {problem}; {}", problem.advice(*.packages))]
pub struct LinkageError {
    /// Where the image file names it.
    pub place: Place,
    /// The file, relative to the image file's folder.
    pub file: String,
    /// What is built.
    pub platform: Platform,
    /// What is wrong.
    pub problem: LinkageProblem,
    /// Whether the image is made of packages.
    pub packages: bool,
}

/// What keeps a program from being loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkageProblem {
    /// Its loader is not there.
    Loader {
        /// The path that the program asks for.
        loader: String,
        /// The loader of another C library, which is there.
        other: Option<String>,
    },
    /// A library is not there.
    Library {
        /// Its name.
        library: String,
        /// What needs it, where that is not the file itself.
        needed_by: Option<String>,
    },
    /// A library is older than the one that the program was linked to.
    Version {
        /// The library's path in the image.
        library: String,
        /// The version of its symbols that is needed.
        version: String,
        /// The latest one that it has, of the same name.
        latest: Option<String>,
        /// What needs it, where that is not the file itself.
        needed_by: Option<String>,
    },
}

impl fmt::Display for LinkageProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let needed_by = |needed_by: &Option<String>| match needed_by {
            Some(needed_by) => format!("{needed_by} needs"),
            None => "it needs".to_owned(),
        };
        match self {
            Self::Loader { loader, other } => {
                write!(formatter, "it is linked dynamically, and its loader {loader} is not in the image")?;
                match other {
                    Some(other) => write!(formatter, ", which has {other}"),
                    None => Ok(()),
                }
            }
            Self::Library { library, needed_by: by } => {
                write!(formatter, "{} the library {library}, which is not in the image", needed_by(by))
            }
            Self::Version { library, version, latest, needed_by: by } => {
                write!(formatter, "{} {version}, and {library} of the image has ", needed_by(by))?;
                match latest {
                    Some(latest) => write!(formatter, "no later than {latest}"),
                    None => write!(formatter, "no such version"),
                }
            }
        }
    }
}

impl LinkageProblem {
    /// Returns what can be done about it.
    fn advice(&self, packages: bool) -> String {
        let from = if packages { "add the package that has it" } else { "take a base image that has it" };
        match self {
            Self::Loader { other: Some(_), .. } => "build it for that C library, or statically".to_owned(),
            Self::Loader { other: None, .. } => format!("build it statically, or {from}"),
            Self::Library { .. } => {
                format!("build it statically, or {from}; `provided` names those that are there only when it runs")
            }
            Self::Version { .. } => {
                "build it where the libraries are as old as the image's, or statically, or make the image newer"
                    .to_owned()
            }
        }
    }
}
