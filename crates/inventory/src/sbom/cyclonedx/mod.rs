//! CycloneDX 1.6 (ECMA-424, <https://cyclonedx.org/docs/1.6/json/>), JSON.

mod component;
mod render;
mod vulnerabilities;

pub(crate) use render::document;
pub use render::index;
pub use vulnerabilities::with_vulnerabilities;
