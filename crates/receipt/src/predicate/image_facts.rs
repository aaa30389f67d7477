use serde::{Deserialize, Serialize};
use std::fmt;

/// What the settings and files of an image say beside its packages: who runs in it, whether its program can run, and what hardly anybody wants
/// in it. Facts alone; a policy says what becomes of them. No part of a secret is ever in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageFacts {
    /// Who runs in it; `None`: it is not for Linux, where users are otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<ImageUser>,
    /// Whether it says how to tell that it works.
    pub health_check: HealthCheck,
    /// What it runs; `None`: it is not for Linux.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Entrypoint>,
    /// Files that run as their owner or their group, whoever starts them, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub setuid_files: Vec<SetuidFile>,
    /// How many more such files there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_setuid_files: usize,
    /// Where secrets are, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<FoundSecret>,
    /// How many more there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_secrets: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Who runs in an image, unless whoever runs it says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageUser {
    /// What the config states, `user[:group]`; empty: nothing.
    pub stated: String,
    /// The number of the user, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Whether that is root's: nothing is stated, or 0, or a name of it.
    pub root: bool,
    /// What keeps it from running as that user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<UserProblem>,
}

/// What is wrong with the user that an image names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserProblem {
    /// `/etc/passwd` has no such name.
    NoUser,
    /// `/etc/group` has no such name.
    NoGroup,
    /// One of the files cannot be read, so that it is not known.
    Unread,
}

/// Whether an image says how to tell that it works (Docker image specification v1.2, `Healthcheck`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HealthCheck {
    /// It does.
    Present,
    /// It says that there is none: `NONE`.
    Disabled,
    /// It says nothing.
    #[default]
    Absent,
}

/// What an image runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entrypoint {
    /// The program as the config names it; `None`: it names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Where it is in the image, with all links followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What keeps it from being started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<BrokenProgram>,
}

/// A program that cannot be started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BrokenProgram {
    /// The file: the program, or that which runs it.
    pub file: String,
    /// What is wrong with it.
    #[serde(flatten)]
    pub fault: Fault,
}

/// What is wrong with a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "fault")]
pub enum Fault {
    /// It is not there.
    Missing,
    /// Nobody may execute it.
    NotExecutable,
    /// The user that the image runs as may not execute it.
    Forbidden {
        /// The number of the user.
        user: u32,
    },
    /// It is neither a program for Linux nor a script.
    Format,
    /// It is for another machine.
    Machine {
        /// The machine.
        machine: String,
    },
    /// It is a script, and what it asks for to run it is not there.
    Interpreter {
        /// What it asks for.
        interpreter: String,
    },
    /// Its loader is not there.
    Loader {
        /// The path that it asks for.
        loader: String,
    },
    /// A library is not there.
    Library {
        /// Its name.
        library: String,
        /// What needs it, where that is not the file itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        needed_by: Option<String>,
    },
    /// Nobody could look into it, so that it is not known whether it runs.
    Unread,
}

impl fmt::Display for BrokenProgram {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = &self.file;
        match &self.fault {
            Fault::Missing => write!(formatter, "`{file}` is not in the image"),
            Fault::NotExecutable => write!(formatter, "{file} is not executable"),
            Fault::Forbidden { user } => write!(formatter, "{file} may not be executed by user {user}"),
            Fault::Format => write!(formatter, "{file} is neither a program for Linux nor a script"),
            Fault::Machine { machine } => write!(formatter, "{file} is for {machine}"),
            Fault::Interpreter { interpreter } => {
                write!(formatter, "{file} is a script for `{interpreter}`, which is not in the image")
            }
            Fault::Loader { loader } => {
                write!(formatter, "{file} asks for the loader {loader}, which is not in the image")
            }
            Fault::Library { library, needed_by } => {
                let needed_by = needed_by.as_deref().unwrap_or(file);
                write!(formatter, "{needed_by} needs the library {library}, which is not in the image")
            }
            Fault::Unread => {
                write!(formatter, "nobody could look into {file}, so that it is not known whether it runs")
            }
        }
    }
}

/// A file that runs as its owner or its group, whoever starts it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetuidFile {
    /// Its path.
    pub path: String,
    /// Its permission bits, in octal digits.
    pub mode: String,
    /// Number of its owner.
    pub uid: u64,
    /// Number of its group.
    pub gid: u64,
    /// Package URL of the distribution's package that brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
}

/// Where a secret is, and of which kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundSecret {
    /// Where it is.
    #[serde(flatten)]
    pub place: SecretPlace,
    /// Its kind, such as `github-token`.
    pub kind: String,
}

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "in")]
pub enum SecretPlace {
    /// In a file.
    File {
        /// Its path.
        path: String,
        /// The line, counted from 1.
        line: u32,
        /// The layer, counted from 0, the lowest.
        layer: u32,
        /// Whether a later layer hides the file. Whoever may pull the image has it all the same.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        hidden: bool,
    },
    /// In a variable of the environment.
    Environment {
        /// Its name.
        name: String,
    },
    /// In what is said of how a layer was made.
    History {
        /// Which entry it is, counted from 1, the first.
        entry: usize,
    },
}

impl fmt::Display for SecretPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line, hidden: false, .. } => write!(formatter, "{path}:{line}"),
            Self::File { path, line, layer, hidden: true } => {
                write!(formatter, "{path}:{line} of layer {layer}, hidden by a later one")
            }
            Self::Environment { name } => write!(formatter, "environment {name}"),
            Self::History { entry } => write!(formatter, "history entry {entry}"),
        }
    }
}
