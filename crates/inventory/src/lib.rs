//! What is in an image: a catalogue of its packages and its SBOM. States facts only.
//!
//! An [`Observer`] sees the entries of an image's layers, as they flow from a builder or as they lie in blobs, and gives a
//! [`Catalogue`]; that writes itself as an SPDX 2.3 document, the same bytes for the same image.

mod budget;
mod catalogue;
mod distribution;
mod error;
mod layers;
mod node;
mod observer;
mod package;
mod spdx;
mod stream;
mod tree;

pub use budget::Budget;
pub use catalogue::Catalogue;
pub use distribution::Distribution;
pub use error::InventoryError;
pub use layers::layers;
pub use observer::Observer;
pub use package::Package;
pub use spdx::{Described, SpdxError, receipt};
