//! Runs a plan: builds, inventories and tries every platform, judges the whole, signs, publishes in two phases, and verifies.
//!
//! The only room that knows all stages. Stages hand over through the store; a [`Workshop`] holds what they are given, and tells an
//! observer what happens. The order of a release is in `run.rs` and `ship.rs`, and reads like the design.

mod assemble;
mod attached;
mod attest;
mod brought;
mod build_only;
mod caching;
mod contents;
mod copy_record;
mod database;
mod embed;
mod embedded;
mod engine;
mod error;
mod event;
mod facts;
mod folder;
mod import_problem;
mod imported;
mod interruption;
mod job;
mod kept;
mod kept_document;
mod last_release;
mod ledger;
mod listed_image;
mod lock;
mod origin;
mod produce;
mod provenance;
mod publish;
mod recall;
mod recipe;
mod record;
mod run;
mod scan;
mod scanned_image;
mod sealing;
mod ship;
mod sign;
mod steps;
mod trial;
mod watching;
mod workflow;
mod workshop;

pub use assemble::SourceFacts;
pub use attached::attached_statements;
pub use copy_record::attach_copy_record;
pub use database::{
    ARTIFACT as DATABASE_ARTIFACT, DatabaseSource, DatabaseSourceError, DatabaseUpdate, DatabaseUpdateError,
    UpdatedDatabase, publish_database,
};
pub use embedded::{EmbeddedRegistry, access_log};
pub use engine::{EngineError, EngineProgram, Scanner};
pub use error::ReleaseError;
pub use event::{Event, Observer, Outcome, Stage};
pub use facts::{image_facts, image_findings};
pub use folder::read_folder;
pub use import_problem::{ImportProblem, ImportTrouble};
pub use interruption::Interruption;
pub use job::{Changed, Job, KeySource};
pub use kept_document::kept_document;
pub use listed_image::{ListedImage, list_image, name_of};
pub use produce::{Produced, ProducedPlatform};
pub use publish::{ArtifactLayer, Artifacts, Publication, PublishedTag, Sent, move_tags};
pub use recipe::Recipe;
pub use run::{Options, Release};
pub use scanned_image::{ScannedImage, scan_document, scan_image, scan_listed};
pub use sealing::{Sealer, Sealing};
pub use steps::Steps;
pub use workshop::Workshop;
