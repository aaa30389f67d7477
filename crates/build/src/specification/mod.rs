//! The image file: what an image holds and how it runs, as written by the user.

mod check;
mod check_run;
mod duration;
mod error;
mod file;
mod place;
mod position;
mod run;
#[cfg(test)]
mod run_tests;
mod schema;
#[cfg(test)]
mod tests;
mod wire;
mod wire_run;

pub use error::{Problem, SpecificationError};
pub use file::{FileSpecification, Mode, Owner};
pub use place::Place;
pub use position::Position;
pub use run::{InputSpecification, RunSpecification, Variable};
pub use wire::UserSpecification;

use consign_oci::Platform;
use serde::Serialize;
use std::collections::BTreeMap;

/// An image file that was read and understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Specification {
    /// Where the contents come from.
    #[serde(flatten)]
    pub contents: Contents,
    /// Platforms to build for; empty when the file names none.
    pub platforms: Vec<Platform>,
    /// How the image runs.
    #[serde(flatten)]
    pub runtime: RuntimeSpecification,
    /// What makes some of the user's own files first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunSpecification>,
    /// The user's own files.
    pub files: Vec<FileSpecification>,
}

/// Where an image's contents come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Contents {
    /// Debian packages.
    Packages(PackagesSpecification),
    /// The user's files alone, on a base image or on nothing.
    Files {
        /// The base image, as written.
        #[serde(skip_serializing_if = "Option::is_none")]
        base: Option<String>,
    },
}

/// The packages of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PackagesSpecification {
    /// What to install, in apt's words: `name` or `name=version`.
    pub packages: Vec<String>,
    /// The suite, such as `bookworm`; `None` is the default of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suite: Option<String>,
    /// Accounts beyond those of the packages.
    pub users: Vec<UserSpecification>,
    /// Paths to leave out: `*` and `?` within a name, `**` across folders.
    pub exclude: Vec<String>,
    /// Whether what packages recommend is installed too, where it is to be had.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub recommends: bool,
}

/// How an image runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RuntimeSpecification {
    /// The program and its first arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<String>>,
    /// Further arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// `user[:group]`, by name or number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The folder that the program starts in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_directory: Option<String>,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
    /// Ports, such as `8080/tcp`.
    pub ports: Vec<String>,
    /// Folders for data.
    pub volumes: Vec<String>,
    /// The signal that asks the program to stop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
}

impl Specification {
    /// Returns whether a YAML text is an image file of this room, told by its top-level keys.
    pub fn is_image_file(text: &str) -> bool {
        // A text that is not valid is told by its lines, so that what is wrong with it can be shown.
        text.lines().any(|line| ["packages:", "files:", "base:"].iter().any(|key| line.starts_with(key)))
            || wire::keys(text).iter().any(|key| ["packages", "files", "base"].contains(&key.as_str()))
    }

    /// Reads an image file. `name` stands in messages.
    pub fn parse(name: &str, text: &str) -> Result<Self, SpecificationError> {
        check::Checker { file: name }.specification(wire::read(name, text)?)
    }
}
