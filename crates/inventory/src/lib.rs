//! What is in an image: a catalogue of its packages and its SBOM. States facts only.
//!
//! A layer is seen as it lies in a blob ([`read_layer`]) or as it is written ([`FlowingLayer`]), which gives its
//! [`LayerContents`], which can be kept. An [`Observer`] lays them on each other and gives a [`Catalogue`]; that writes itself as
//! SPDX 2.3 and CycloneDX 1.6, the same bytes for the same image.

mod bounded;
mod budget;
mod catalogue;
mod distribution;
mod error;
mod folder;
mod layer;
mod merge;
mod observer;
mod package;
mod platform;
mod purl;
mod sbom;
mod secret;

pub use budget::{Budget, Turn};
pub use catalogue::Catalogue;
pub use distribution::Distribution;
pub use error::InventoryError;
pub use folder::Folder;
pub use layer::{FlowingLayer, LayerContents, layers, read_layer};
pub use observer::Observer;
pub use package::{Package, Place, Source};
pub use sbom::{
    DOCUMENT_FORMAT, Described, DescribedIndex, SbomError, cyclonedx_index, facts_receipt, image_url, labels, receipt,
    spdx_index, with_vulnerabilities,
};
