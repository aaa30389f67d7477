use consign_oci::{Digest, Platform, Reference};
use serde::Serialize;

/// Something that happened. Plain data: terminals, logs and JSON lines are renderings of it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "event")]
pub enum Event {
    /// What an image is made of is being chosen: its packages, or its base image.
    Resolving {
        /// Name of the image.
        image: String,
    },
    /// What an image is made of was chosen.
    Resolved {
        /// Name of the image.
        image: String,
        /// How many packages, at most, a platform gets.
        packages: usize,
    },
    /// A stage began.
    Started {
        /// Name of the image.
        image: String,
        /// The platform, where the stage has one.
        platform: Option<Platform>,
        /// The stage.
        stage: Stage,
    },
    /// A stage ended.
    Finished {
        /// Name of the image.
        image: String,
        /// The platform, where the stage has one.
        platform: Option<Platform>,
        /// The stage.
        stage: Stage,
        /// How it ended.
        outcome: Outcome,
        /// More about it, in a few words.
        detail: String,
    },
    /// A command that makes files for an image wrote a line.
    Output {
        /// Name of the image.
        image: String,
        /// The platform.
        platform: Platform,
        /// The line, at most 1000 characters.
        line: String,
    },
    /// Something that a person should know and that does not stop the run.
    Warning {
        /// Name of the image.
        image: String,
        /// The platforms that it is about; none where it is about the image.
        platforms: Vec<Platform>,
        /// What.
        message: String,
    },
    /// A tag names the image, as of now or as it did before.
    Tagged {
        /// Name of the image.
        image: String,
        /// The tag.
        reference: Reference,
        /// What it names.
        digest: Digest,
        /// Whether it had to be moved.
        moved: bool,
    },
    /// Somebody asked the run to end while a tag was being written, which is waited for.
    Interrupted,
    /// The run has ended. Stages that have begun and not ended never will.
    Ended,
}

pub use consign_report::{Outcome, Stage};

/// Receives events, from any thread.
pub type Observer = std::sync::Arc<dyn Fn(Event) + Send + Sync>;
