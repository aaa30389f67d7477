//! Receipts about digests, policy, and the gate. Pure: nothing here does input or output.
//!
//! Everything that happens to an image leaves a [`Receipt`]: an in-toto [`Statement`] whose subject is the digest that it is about.
//! The [`gate`] judges an image's receipts by a [`Policy`]; the [`Verdict`] that it gives is the only thing that publishing accepts.

mod admission;
mod advisory;
mod exception;
mod gate;
mod gist;
mod image;
mod policy;
pub mod predicate;
mod receipt;
mod stage;
mod statement;
mod testimony;
mod vex;

pub use admission::{Admission, AdmissionRequest, AllowAll, Refusal};
pub use advisory::{
    Acceptance, AdvisoryRules, Change, ComparedFinding, Consequence, Coverage, Engine, Epss, Finding, FixStatus,
    IgnoredAdvisory, IgnoredNote, Judgement, LastRelease, ListedPackage, NoPackagePattern, PackagePattern,
    ReleasedContents, Severity, Share, Stated,
};
pub use exception::Exception;
pub use gate::{Candidate, Closed, PlatformCandidate, Reason, Verdict, gate, remarks};
pub use gist::Gist;
pub use image::{FactJudgement, IgnoredFact, ImageFinding, ImageRule, ImageRules, Pattern};
pub use policy::{Policy, Requirement};
pub use receipt::{Identity, Receipt, Trust};
pub use stage::Stage;
pub use statement::{Statement, Subject, UNNAMED, digest_set};
pub use testimony::Testimony;
pub use vex::{UnheardVex, VexDocument, VexError, VexStatement, VexStatus};
