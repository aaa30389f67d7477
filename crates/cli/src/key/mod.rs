//! Keys that the command line or a configuration names: in files, variables and secrets of Kubernetes, or behind a program.

mod child;
mod external;
mod files;
mod hint;
mod kubernetes;
mod named;
mod password;

pub(crate) use files::KeyFiles;
pub(crate) use hint::{hint, public_hint};
pub(crate) use named::{NamedKey, read_secret};
pub(crate) use password::{PASSWORD_FILE, PLACES, Passwords};
