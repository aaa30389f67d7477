//! Configuration with source positions, tag rules and the plan. Pure: text and facts in, values or positioned errors out.
//!
//! [`Configuration::parse`] reads `consign.yaml`, [`tags()`] decides what a release is called, and [`Plan::make`] joins both into
//! the list of everything that a run would do.

pub mod configuration;
pub mod lock;
mod plan;
mod tags;

pub use configuration::{Code, Configuration, ConfigurationError, Diagnostic};
pub use lock::{Lock, LockError, LockedDatabase, LockedImage, LockedPackage};
pub use plan::{
    Plan, PlanInputs, PlannedDestination, PlannedIdentity, PlannedImage, PlannedPolicy, PlannedRegistry,
    PlannedSigning, PlannedStep, PlannedTrial, SourceFacts, UnknownImage,
};
pub use tags::{GitFacts, NoGit, PlannedTag, SkippedTag, TagDecision, newest_release, tags};
