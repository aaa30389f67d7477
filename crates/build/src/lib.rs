//! Image builders: `deb` makes images of Debian packages, `files` of files alone or on a base image.
//!
//! An image file becomes a [`Specification`]; [`build`] makes an image of it for one platform, in the store. Packages are verified
//! from the archive's signature down to each file, and their maintainer scripts are never run: what those of the base
//! system would have done is done here, and for the others there is a warning. The same inputs give the same bytes.

mod accounts;
mod base_tree;
mod build;
mod deb;
mod error;
mod file_error;
mod kept;
mod linkage;
mod local_contents;
mod local_files;
mod output;
mod request;
mod resolution;
mod run;
mod runtime;
mod specification;
mod step;
mod template;
mod tree;

pub use base_tree::{BaseLayerError, BaseTreeError};
pub use build::build;
pub use consign_package::elf::Machine;
pub use deb::{
    AccountError, AssembleError, ChosenPackage, DebianSource, DebianSources, MachineError, SourceError, SourcesFrom,
    UnpackError, machine_suite, read_keyring,
};
pub use error::{BuildError, ErrorKind};
pub use file_error::FileError;
pub use linkage::{LinkageError, LinkageProblem};
pub use output::OutputError;
pub use request::Request;
pub use resolution::{Resolution, ResolveRequest, resolve};
pub use run::{RunChildren, RunError, RunExit, RunOutput, Runner};
pub use specification::{
    Contents, FileSpecification, InputSpecification, Mode, Owner, PackagesSpecification, Place, Position, Problem,
    RunSpecification, RuntimeSpecification, Specification, SpecificationError, UserSpecification, Variable,
};
pub use template::{fill_words, unknown_word};
pub use tree::TreeError;
