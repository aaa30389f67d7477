//! SPDX 2.3 (<https://spdx.github.io/spdx-spec/v2.3/>), JSON.

mod document;
mod error;
mod purl;
mod render;
mod text;

pub use error::SpdxError;
pub(crate) use render::document;
pub use render::{Described, receipt};
