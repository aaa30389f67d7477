//! Debian: control data, signed releases, indexes, dependency resolution and `.deb` files.
//!
//! In the order in which an installation needs them: [`apt_sources`] name suites, [`verify_release`] makes a [`Release`] of what
//! a suite's archive signed, which vouches for a [`PackagesIndex`], from which [`resolve`] picks [`PackageRecord`]s, each of
//! which vouches for a [`DebFile`]. [`installed`] reads what such an installation leaves in an image.

pub mod apt_sources;
mod architecture;
mod armor;
mod cleartext;
mod deb_file;
mod index;
pub mod installed;
mod keyring;
mod openpgp_error;
mod package_file;
mod paragraph;
mod purl;
mod record;
mod relation;
mod release;
mod resolve;
mod signature;
mod verify;
mod version;

pub use architecture::{debian_architecture, platform_of};
pub use deb_file::{DebError, DebFile, Limits};
pub use index::{IndexError, PackagesIndex};
pub use keyring::{Keyring, KeyringError};
pub use openpgp_error::OpenPgpError;
pub use package_file::PackageFile;
pub use paragraph::{Paragraph, ParagraphError};
pub use purl::{purl, source_of};
pub use record::{PackageRecord, RecordError};
pub use relation::{Clause, Comparison, Relation, RelationError, parse_clauses, parse_relations};
pub use release::{Release, ReleaseError};
pub use resolve::{Obstacle, Preferred, Request, ResolveError, Searched, Selection, Step, Target, resolve};
pub use signature::{SignatureProblem, UntrustedSignature};
pub use verify::{verify_detached, verify_release};
pub use version::{Version, VersionError};
