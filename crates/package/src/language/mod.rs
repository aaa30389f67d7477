//! Packages of languages, as files of an image say that they are there.

pub mod binary;
mod cargo;
mod executable;
mod go;
pub mod java;

pub use cargo::AuditableError;
pub use go::GoError;
