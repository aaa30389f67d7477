use super::{Recipe, RemoteError};
use crate::cache::CacheError;
use crate::context::ContextError;
use crate::files::FilesError;
use crate::instruction::{Instruction, InstructionError, InstructionProblem};
use crate::stage::{GraphError, ScopeError};
use crate::syntax::{Lines, SyntaxError};
use crate::{ExpandError, RunError, TransferError};
use consign_fetch::{FetchError, GitError};
use consign_image::{BaseError, ImageError, ImageReferenceError, WriteError};
use consign_oci::layer::{ContentsError, EntryPathError};
use consign_oci::{Digest, DigestError, Platform, PlatformError};
use consign_store::StoreError;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Longest part of an instruction in a message, in characters.
const TEXT_LIMIT: usize = 200;

/// A Dockerfile that cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// It is no Dockerfile.
    #[error("{}:{}", path.display(), source.lines.first)]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: SyntaxError,
    },
    /// It has a statement that is no instruction.
    #[error("{}:{}", path.display(), source.lines.first)]
    Instruction {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: InstructionError,
    },
    /// Its stages cannot be put in order.
    #[error("{}", path.display())]
    Graph {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: GraphError,
    },
    /// An argument before the first stage cannot be used.
    #[error("{}", path.display())]
    Scope {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ScopeError,
    },
    /// The context cannot be read.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// Images that it builds on lack a platform that it is built for.
    #[error("not all images that the Dockerfile needs are made for {}: {}", wanted(missing), present(missing))]
    Platforms {
        /// Each with what it lacks, and what it has.
        missing: Vec<MissingPlatform>,
    },
    /// An image that it names cannot be used.
    #[error("{}:{}: the image `{reference}`", path.display(), lines.first)]
    Image {
        /// The file.
        path: PathBuf,
        /// Where a stage begins that needs it.
        lines: Lines,
        /// The image, as written.
        reference: String,
        /// Why not.
        source: Box<StepError>,
    },
    /// An instruction failed.
    #[error("{}:{}: {text}", path.display(), lines.first)]
    Step {
        /// The file.
        path: PathBuf,
        /// Where.
        lines: Lines,
        /// The instruction, at most 200 characters of it.
        text: String,
        /// Why.
        source: Box<StepError>,
    },
    /// A builder failed.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// What a builder handed over cannot be used.
    #[error("what the builder handed over cannot be used")]
    Handed {
        /// Why not.
        source: Box<BaseError>,
    },
    /// The image cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An image that is not made for a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingPlatform {
    /// The image, as written.
    pub reference: String,
    /// What is wanted.
    pub wanted: Platform,
    /// What there is.
    pub present: Vec<Platform>,
}

/// An instruction that failed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// Variables in it cannot be expanded.
    #[error(transparent)]
    Expand(#[from] ExpandError),
    /// Too long a list of variables or labels.
    #[error("variables, arguments and labels are longer than {limit} bytes")]
    TooLarge {
        /// The most that there may be.
        limit: usize,
    },
    /// A volume without a path.
    #[error("VOLUME `{written}` names nothing")]
    NoVolume {
        /// What is written.
        written: String,
    },
    /// A trigger of the base image is no instruction.
    #[error("the base image's trigger `{text}`")]
    Trigger {
        /// The trigger.
        text: String,
        /// What is wrong.
        source: Box<BuildError>,
    },
    /// Files cannot be put into the image.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// The files of an image cannot be listed.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// A path cannot be in an image.
    #[error(transparent)]
    Path(#[from] EntryPathError),
    /// A platform is none.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// An image's name is none.
    #[error("`{written}` names no stage and no image")]
    Reference {
        /// What is written.
        written: String,
        /// What is wrong.
        source: ImageReferenceError,
    },
    /// An image is where no builder fetches it.
    #[error("the image `{written}` is on no registry, and a builder fetches it only from there")]
    NotOnRegistry {
        /// What is written.
        written: String,
    },
    /// An image cannot be opened.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// An image cannot be used.
    #[error(transparent)]
    Base(Box<BaseError>),
    /// What it takes files from cannot be found.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// A stage that it takes files from cannot be built.
    #[error(transparent)]
    Stage(#[from] Box<BuildError>),
    /// The image cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A file cannot be read as it was.
    #[error(transparent)]
    Contents(#[from] ContentsError),
    /// A mount is none.
    #[error(transparent)]
    Mount(#[from] InstructionProblem),
    /// A command failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A file cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] Box<FetchError>),
    /// A repository's files cannot be had.
    #[error(transparent)]
    Git(#[from] Box<GitError>),
    /// A checksum is none.
    #[error("`--checksum={written}` is no digest")]
    Checksum {
        /// What is written.
        written: String,
        /// What is wrong.
        source: DigestError,
    },
    /// A checksum is stated for a file of the context.
    #[error("`--checksum` is for what comes from the web, not for files of the context")]
    ChecksumOfLocal,
    /// A file from the web is not what it should be.
    #[error("{url} is {found}, not {expected}")]
    OtherContents {
        /// The address.
        url: String,
        /// What it should be.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
    /// A file from the web has no name.
    #[error("{url} ends with no name: say what the file is to be called, instead of a folder")]
    NoName {
        /// The address.
        url: String,
    },
    /// A port is none.
    #[error("`{port}` is no port: write a number or a range, with `/tcp` or `/udp` behind it or not")]
    Port {
        /// What is written.
        port: String,
    },
    /// A signal is none.
    #[error("`{signal}` is no signal: write a name, such as SIGTERM, or a number")]
    Signal {
        /// What is written.
        signal: String,
    },
    /// A file of a layer cannot be read.
    #[error("cannot read a file of a layer")]
    Read {
        /// Why not.
        source: io::Error,
    },
    /// The layer cannot be written.
    #[error("cannot write the layer")]
    Layer {
        /// Why not.
        source: io::Error,
    },
    /// The context cannot be read.
    #[error(transparent)]
    Context(#[from] ContextError),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A cache cannot be used.
    #[error(transparent)]
    Cache(#[from] Arc<CacheError>),
}

impl From<BaseError> for StepError {
    fn from(error: BaseError) -> Self {
        Self::Base(Box::new(error))
    }
}

fn wanted(missing: &[MissingPlatform]) -> String {
    let mut names: Vec<String> = missing.iter().map(|missing| missing.wanted.to_string()).collect();
    names.dedup();
    names.join(", ")
}

fn present(missing: &[MissingPlatform]) -> String {
    let one = |missing: &MissingPlatform| {
        let present: Vec<String> = missing.present.iter().map(Platform::to_string).collect();
        format!("`{}` has {}, not {}", missing.reference, present.join(", "), missing.wanted)
    };
    missing.iter().map(one).collect::<Vec<_>>().join("; ")
}

impl Recipe {
    /// Returns the error of a FROM, or of what it brings.
    pub(crate) fn failed_stage(&self, place: usize, source: StepError) -> BuildError {
        let stage = &self.file.stages[place];
        self.failed(stage.lines, &stage.text, source)
    }

    /// Returns the error of an instruction.
    pub(crate) fn failed_instruction(&self, instruction: &Instruction, source: StepError) -> BuildError {
        self.failed(instruction.lines, &instruction.text, source)
    }

    fn failed(&self, lines: Lines, text: &str, source: StepError) -> BuildError {
        match source {
            // It says where.
            StepError::Stage(error) => *error,
            source => BuildError::Step {
                path: self.path.clone(),
                lines,
                text: text.chars().take(TEXT_LIMIT).collect(),
                source: Box::new(source),
            },
        }
    }
}

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// What was asked for cannot be built.
    Configuration,
    /// It could be, but failed.
    Failed,
    /// What was fetched is not what it should be.
    NotAuthentic,
    /// What is locked is no longer there.
    Drift,
}

impl BuildError {
    /// Returns what kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Syntax { .. }
            | Self::Instruction { .. }
            | Self::Graph { .. }
            | Self::Scope { .. }
            | Self::Platforms { .. } => ErrorKind::Configuration,
            Self::Context(error) => of_context(error),
            Self::Step { source, .. } | Self::Image { source, .. } => source.kind(),
            Self::Remote(error) if error.is_configuration() => ErrorKind::Configuration,
            Self::Remote(_) | Self::Handed { .. } | Self::Write(_) | Self::Store(_) => ErrorKind::Failed,
        }
    }
}

impl BuildError {
    /// Returns what to try next, where that can be said.
    pub fn hint(&self) -> Option<String> {
        let (Self::Step { source, .. } | Self::Image { source, .. }) = self else { return None };
        match &**source {
            StepError::Base(error) => match &**error {
                BaseError::Gone { base, .. } => {
                    Some(format!("`consign lock --update {base}` takes the one that is there now"))
                }
                _ => None,
            },
            StepError::Run(RunError::Failed { lacks_ids: true, .. }) => Some(
                "commands of a user with one id cannot give files to others, nor become others: where this one does, install the package `uidmap` and \
                 give the user a range in /etc/subuid and /etc/subgid (such as `NAME:100000:65536`), or build as root"
                    .to_owned(),
            ),
            StepError::Run(RunError::Failed { offline: true, .. }) => Some(
                "the command had no network: install `slirp4netns`, which gives commands a network of their own, or let them have the machine's by `RUN --network=host`, `network: host` in `dockerOptions`, or `consign build --network host`"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

impl StepError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Transfer(TransferError::Files(_)) | Self::Files(_) => ErrorKind::Failed,
            Self::Expand(_)
            | Self::Trigger { .. }
            | Self::Transfer(_)
            | Self::Path(_)
            | Self::Platform(_)
            | Self::Reference { .. }
            | Self::NotOnRegistry { .. }
            | Self::Port { .. }
            | Self::Signal { .. }
            | Self::Graph(_)
            | Self::Mount(_)
            | Self::Checksum { .. }
            | Self::NoVolume { .. }
            | Self::TooLarge { .. }
            | Self::ChecksumOfLocal
            | Self::NoName { .. }
            | Self::Cache(_) => ErrorKind::Configuration,
            Self::Base(error) => match **error {
                BaseError::Platform { .. } | BaseError::Missing { .. } => ErrorKind::Configuration,
                BaseError::Gone { .. } => ErrorKind::Drift,
                _ => ErrorKind::Failed,
            },
            Self::Context(error) => of_context(error),
            Self::Stage(error) => error.kind(),
            Self::Run(
                RunError::Emulation(_)
                | RunError::NotAllowed
                | RunError::NotRoot
                | RunError::Device
                | RunError::User { .. }
                | RunError::Secret { .. }
                | RunError::Agent { .. },
            ) => ErrorKind::Configuration,
            Self::OtherContents { .. } => ErrorKind::NotAuthentic,
            Self::Git(error) => match **error {
                GitError::OtherCommit { .. } => ErrorKind::NotAuthentic,
                GitError::Address { .. }
                | GitError::Absent { .. }
                | GitError::Agent { .. }
                | GitError::NoReference { .. }
                | GitError::NoFolder { .. }
                | GitError::Submodule { .. }
                | GitError::Path { .. } => ErrorKind::Configuration,
                _ => ErrorKind::Failed,
            },
            Self::Fetch(_)
            | Self::Run(_)
            | Self::Image(_)
            | Self::Contents(_)
            | Self::Write(_)
            | Self::Layer { .. }
            | Self::Read { .. }
            | Self::Store(_) => ErrorKind::Failed,
        }
    }
}

fn of_context(error: &ContextError) -> ErrorKind {
    match error {
        ContextError::Read { .. } => ErrorKind::Failed,
        _ => ErrorKind::Configuration,
    }
}
