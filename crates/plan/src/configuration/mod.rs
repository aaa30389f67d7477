//! The configuration file, `consign.yaml`: its types, and how it is read with positioned errors.

mod advisories;
mod code;
mod debian;
mod destination;
mod diagnostic;
mod docker;
mod duration;
mod error;
mod file;
mod identity;
mod image;
mod keys;
mod overlap;
mod policy;
mod policy_file;
mod reader;
mod registry;
mod schema;
mod signing;
mod source_file;
mod span;
mod suggestion;
mod tree;
mod trial;

pub use advisories::AdvisorySettings;
pub use code::Code;
pub use debian::{DebianMirror, DebianSettings};
pub use destination::Destination;
pub use diagnostic::Diagnostic;
pub use docker::DockerSettings;
pub use error::ConfigurationError;
pub use file::Configuration;
pub use identity::IdentitySettings;
pub use image::{ImageSettings, TagRules};
pub use policy::PolicySettings;
pub use policy_file::PolicyFile;
pub use registry::{Credentials, RegistrySettings};
pub use schema::schema;
pub use signing::{SigningKey, SigningSettings};
pub use source_file::SourceFile;
pub use span::{Span, Spanned};
pub use trial::{Expectation, TrialSettings};

pub(crate) use destination::is_reserved;
pub use suggestion::nearest;
