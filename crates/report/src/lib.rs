//! Renderings of results: aligned text for people, JSON for programs. Pure: nothing here prints.
//!
//! What is rendered is plain data of this room: a [`ReleaseReport`] says how a release went, a [`TreeNode`] what hangs on an image.
//! The types are the JSON form (keys in camelCase); [`table`] and the `text` methods are the form for people.

mod advisories;
mod cosign;
mod difference;
mod facts;
mod json;
mod markdown;
mod openvex;
mod outcome;
mod platform_difference;
mod platform_name;
mod printable;
mod release;
mod release_text;
mod sarif;
mod scan;
mod size;
mod steps;
mod table;
mod tree;

pub use advisories::AdvisoryReport;
pub use consign_receipt::Stage;
pub use cosign::cosign_predicate;
pub use difference::ScanDifference;
pub use facts::FactReport;
pub use json::json;
pub use openvex::{VexProduct, VexProducts, openvex};
pub use outcome::Outcome;
pub use platform_difference::{PackageVersions, PlatformDifference};
pub use platform_name::PlatformName;
pub use printable::{printable, printable_lines};
pub use release::{
    DestinationReport, ImageReport, PlatformRow, ReasonReport, ReleaseReport, SignerReport, TagReport, TagState,
};
pub use sarif::SarifLog;
pub use scan::{DatabaseReport, ScanReport, ScannedPlatform, age_text, counted, summary};
pub use size::size;
pub use steps::StepReport;
pub use table::table;
pub use tree::TreeNode;
