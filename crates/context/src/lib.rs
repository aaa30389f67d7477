//! Where consign runs: git and CI. Only looks, and only at what it is given: the environment is an argument.

mod ci;
mod git;

pub use ci::{Ci, Provider, RefKind};
pub use git::{Git, GitError, GitState, Head};

/// Environment variables by name, as the command line hands them over.
pub type Environment = std::collections::BTreeMap<String, String>;
