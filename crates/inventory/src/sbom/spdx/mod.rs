//! SPDX 2.3 (<https://spdx.github.io/spdx-spec/v2.3/>), JSON.

mod document;
mod elements;
mod render;

pub(crate) use render::document;
pub use render::index;
