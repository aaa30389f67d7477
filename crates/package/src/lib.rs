//! Package formats, indexes, installed databases, version order and dependency resolution.
//!
//! Used to build images and to look into them. Everything here is pure: texts and bytes come in, values go out; nothing is
//! read from disk or network. All input counts as hostile, so sizes and counts are bounded and nothing panics on it.

pub mod apk;
pub mod deb;
mod decompress;
pub mod elf;
mod found;
mod kind;
pub mod language;
pub mod licence;
mod purl;
pub mod rpm;
pub mod sbom;
pub mod version;

pub use decompress::{DecompressError, decompress};
pub use found::Found;
pub use kind::Kind;
pub use purl::{PackageUrl, PackageUrlError, Parts as UrlParts};
