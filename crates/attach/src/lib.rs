//! Attaches signatures and attestations to images where they lie, in the forms that consumers read; finds what is attached, and takes it away.
//!
//! The newer form is a manifest about the image ([`Attachment::Artifact`]), of which there may be any number. The older one is a layer of a
//! manifest that all share ([`Attachment::Layer`]): whoever adds one reads, changes and writes it, and looks whether it stayed.

mod attacher;
mod attachment;
mod error;
mod found;
mod keyless;
mod parts;
mod remove;
mod signatory;
mod signing;
mod time;

pub use attacher::{Attacher, extend};
pub use attachment::{Attachment, Forms, attestation, signature};
pub use error::AttachError;
pub use found::{Attached, Content, Held, find};
pub use keyless::KeylessSigner;
pub use parts::{direct_parts, parts};
pub use signatory::Signatory;
pub use signing::{Before, Outcome, Signing};
pub use time::created;
