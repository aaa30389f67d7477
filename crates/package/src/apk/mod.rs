//! apk: packages of Alpine, Wolfi and others. [`installed`] reads what an installation leaves in an image.

mod checksum;
pub mod installed;

pub use checksum::ApkChecksum;
