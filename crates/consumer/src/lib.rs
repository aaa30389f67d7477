//! Others who verify images: what each of them reads, and policies by which each admits what is signed.
//!
//! [`Consumer`] has what is known of them, with the versions that it was found in. [`Request`] says whose signatures of which images count, and
//! [`Request::kyverno`], [`Request::policy_controller`] and [`Request::containers_policy`] say the same in the words of each. What cannot be said as
//! strictly is an error: nothing that is exported admits more than was asked for.

mod consumer;
mod containers_policy;
mod error;
mod export;
mod images;
mod kyverno;
mod node;
mod pattern;
mod policy_controller;
mod request;
mod root;
mod signer;

pub use consumer::{Consumer, Form, Reading, SignedBy};
pub use containers_policy::ContainersPolicy;
pub use error::ExportError;
pub use export::Export;
pub use images::{Images, ImagesError};
pub use kyverno::KyvernoKind;
pub use pattern::Text;
pub use request::{Forms, Request};
pub use root::{Root, RootError};
pub use signer::{Certificate, Signer};
