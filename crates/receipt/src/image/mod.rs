//! What the settings and files of an image say, and how much of it a policy lets pass.

mod denied;
mod finding;
mod free_text;
mod ignored;
mod license;
mod pattern;
mod rule;
mod rules;

pub use finding::ImageFinding;
pub use ignored::IgnoredFact;
pub use pattern::Pattern;
pub use rule::ImageRule;
pub use rules::{FactJudgement, ImageRules};
