//! Keys that the command line or a configuration names: in files, variables and secrets of Kubernetes, or behind a program.

mod child;
mod external;
mod files;
mod kubernetes;
mod named;
mod password;

pub(crate) use files::KeyFiles;
pub(crate) use named::{NamedKey, read_secret};
pub(crate) use password::{PASSWORD_FILE, PLACES, Passwords};
