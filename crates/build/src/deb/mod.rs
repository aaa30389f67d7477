//! Images of Debian packages.

mod archive;
mod base_accounts;
mod base_files;
mod certificates;
mod choosing;
mod chosen;
mod database;
mod download;
pub(crate) mod glob;
mod ld_cache;
mod machine;
mod maker;
mod merged;
mod package;
mod scripts;
mod selection;
mod source;
mod source_error;
mod steps;
mod subject_hash;
mod unpack;

pub use base_accounts::AccountError;
pub use chosen::ChosenPackage;
pub(crate) use download::download;
pub(crate) use ld_cache::folders as library_folders;
pub use machine::{MachineError, machine_suite, read_keyring};
pub(crate) use package::Package;
pub(crate) use scripts::warnings;
pub(crate) use selection::select;
pub use source::{DebianSource, DebianSources, SourcesFrom};
pub use source_error::SourceError;
pub use steps::AssembleError;
pub(crate) use steps::{Parts, assemble};
pub use unpack::UnpackError;
