use super::Place;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// A command that makes files for the image, once for each platform, on the machine that builds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunSpecification {
    /// The program and its arguments, not empty. `{arch}` and other words for the platform are filled in, as they are in `inputs`, in texts of
    /// `environment` and in `directory`.
    pub command: Vec<String>,
    /// What the command's results follow from; `None` for everything in the image file's folder that git does not ignore.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Vec<InputSpecification>>,
    /// Variables that the command sees.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, Variable>,
    /// The folder that it runs in, relative to the image file's.
    pub directory: String,
    /// How long it may take. No part of what is asked for.
    #[serde(skip)]
    pub timeout: Duration,
    /// Where the image file says what to run. No part of what is asked for.
    #[serde(skip)]
    pub place: Place,
}

/// Files that a command reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct InputSpecification {
    /// A file, a folder or a pattern, relative to the image file's folder: `*` and `?` within a name, `**` across folders.
    pub path: String,
    /// Where the image file names it. No part of what is asked for.
    #[serde(skip)]
    pub place: Place,
}

/// The value of a variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Variable {
    /// This text.
    Text(String),
    /// That of a variable of the machine that builds, which may be a secret.
    Environment {
        /// The variable's name.
        env: String,
        /// Where the image file names it. No part of what is asked for.
        #[serde(skip)]
        place: Place,
    },
}
