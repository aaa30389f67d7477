use crate::exit_code::ExitCode;
use crate::registry_hint::registry_hint;
use consign_attach::AttachError;
use consign_build::{BuildError, ErrorKind as BuildErrorKind, SourceError};
use consign_dockerfile::ErrorKind as DockerfileErrorKind;
use consign_image::{BaseError, ImageError, Trouble};
use consign_inventory::SbomError;
use consign_keyless::KeylessError;
use consign_plan::ConfigurationError;
use consign_receipt::Closed;
use consign_registry::docker_config::{ConfigFileError, KeepingError};
use consign_registry_server::ServerError;
use consign_release::{DatabaseUpdateError, ImportProblem, ImportTrouble, ReleaseError};
use consign_scan::{DatabaseError, ScanError};
use consign_transfer::{RebaseError, RebaseProblem, TransferError};
use consign_trust::{TrustError, TrustedRootError};
use consign_verify::{Outcome as Verification, VerifyError};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::error::Error;

/// What went wrong, for a person: one line, its causes, what to try next, and the exit status.
#[derive(Debug)]
pub(crate) struct CommandError {
    pub(crate) code: ExitCode,
    pub(crate) message: String,
    pub(crate) causes: Vec<String>,
    pub(crate) hints: Vec<String>,
    /// Problems in the configuration, each with its line; then the message is not for people.
    pub(crate) configuration: Option<ConfigurationError>,
    /// What the command found out nevertheless, for `--output json`.
    report: Value,
    /// Whether that is a document of others' form, in which the error has no place.
    is_document: bool,
}

impl CommandError {
    pub(crate) fn new(code: ExitCode, message: impl Into<String>) -> Self {
        let (message, report) = (message.into(), json!({}));
        Self { code, message, causes: Vec::new(), hints: Vec::new(), configuration: None, report, is_document: false }
    }

    /// Makes an error of a library's, with its chain of causes, and a hint if a registry stands in it.
    pub(crate) fn of(code: ExitCode, error: &(dyn Error + 'static)) -> Self {
        let mut this = Self::new(code, error.to_string());
        this.add_causes(error.source());
        this.hints.extend(registry_hint(error).or_else(|| space_hint(error).map(Into::into)).map(Cow::into_owned));
        this
    }

    fn keyless_hints(self, error: &KeylessError) -> Self {
        match error {
            KeylessError::Disclosure { .. } => self
                .hint("`--yes`, or `signing: {keyless: {disclose: true}}` in the configuration, says that it may be")
                .hint("a key, or services of your own (`--signing-config`), tell nobody"),
            KeylessError::Rejected { .. } => {
                self.hint("the trusted root has to be that of the services which are asked: name both, or neither")
            }
            _ => self,
        }
    }

    pub(crate) fn cause(mut self, error: impl Error) -> Self {
        self.add_causes(Some(&error));
        self
    }

    /// Makes another error the cause of this one, with its hints.
    pub(crate) fn because(mut self, other: Self) -> Self {
        self.causes.push(other.message);
        self.causes.extend(other.causes);
        self.hints.extend(other.hints);
        self
    }

    /// Says what happened and why, in a line.
    pub(crate) fn why(&self) -> String {
        [&self.message].into_iter().chain(&self.causes).map(String::as_str).collect::<Vec<_>>().join(": ")
    }

    /// Adds what the command found out nevertheless: an object.
    pub(crate) fn with_report(self, report: Value) -> Self {
        Self { report, ..self }
    }

    /// Adds a document that is printed as it is, since its form is not ours: it has what the command found out nevertheless.
    pub(crate) fn with_document(self, document: Value) -> Self {
        Self { report: document, is_document: true, ..self }
    }

    /// Returns the error for programs.
    pub(crate) fn description(&self) -> Value {
        let mut description = json!({
            "code": self.code as u8,
            "kind": self.code.kind(),
            "message": self.message,
            "causes": self.causes,
            "hints": self.hints,
        });
        if let Some(configuration) = &self.configuration {
            description["diagnostics"] = json!(configuration.diagnostics);
        }
        description
    }

    /// Returns what `--output json` prints for a command that failed: what it found out, with the error.
    pub(crate) fn document(&self) -> Value {
        let mut document = self.report.clone();
        if !self.is_document {
            document["error"] = self.description();
        }
        document
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Makes an error of an image that cannot be read; `altered` is the code where its bytes are not what they should be.
    pub(crate) fn of_image(altered: ExitCode, error: &ImageError) -> Self {
        let code = match error.trouble() {
            Trouble::Altered | Trouble::Malformed => altered,
            Trouble::Missing | Trouble::Unavailable => ExitCode::Failed,
        };
        let this = Self::of(code, error);
        match error {
            ImageError::Engine(error) => error.hint().into_iter().fold(this, Self::hint),
            ImageError::Archive { .. } => this.hint("copy the archive again, or make it again where it came from"),
            _ => this,
        }
    }

    fn add_causes(&mut self, mut error: Option<&dyn Error>) {
        while let Some(cause) = error {
            let text = cause.to_string();
            // Some errors repeat what they wrap.
            if ![&self.message].into_iter().chain(&self.causes).any(|said| said.contains(&text)) {
                self.causes.push(text);
            }
            error = cause.source();
        }
    }
}

/// Returns what helps where a disk is full.
fn space_hint(error: &(dyn Error + 'static)) -> Option<&'static str> {
    use std::io::{Error as IoError, ErrorKind};
    let is_full = |error: &IoError| matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    let mut cause = Some(error);
    let mut full = false;
    while let Some(error) = cause {
        full |= error.downcast_ref().is_some_and(is_full);
        cause = error.source();
    }
    full.then_some("make space there and run this again; `consign store prune` removes what the store does not need")
}

/// Errors whose meaning is only that the command failed.
macro_rules! failed {
    ($($error:ty),+ $(,)?) => {
        $(impl From<$error> for CommandError {
            fn from(error: $error) -> Self {
                Self::of(ExitCode::Failed, &error)
            }
        })+
    };
}

failed! {
    consign_fetch::FetchError,
    consign_sign::BundleError,
    consign_sign::KeyError,
    serde_json::Error,
}

impl From<consign_store::StoreError> for CommandError {
    fn from(error: consign_store::StoreError) -> Self {
        let code = match error {
            consign_store::StoreError::InUse { .. } => ExitCode::Conflict,
            _ => ExitCode::Failed,
        };
        let hint = error.hint();
        hint.into_iter().fold(Self::of(code, &error), Self::hint)
    }
}

impl From<KeepingError> for CommandError {
    fn from(error: KeepingError) -> Self {
        let this = Self::of(ExitCode::Failed, &error);
        match error {
            KeepingError::Helper(_) => {
                this.hint("the file of credentials names this helper, under `credHelpers` or `credsStore`")
            }
            KeepingError::File(ConfigFileError::Malformed { .. }) => {
                this.hint("mend it, or name another file with REGISTRY_AUTH_FILE")
            }
            KeepingError::File(_) => this,
        }
    }
}

impl From<ConfigurationError> for CommandError {
    fn from(error: ConfigurationError) -> Self {
        let mut this = Self::new(ExitCode::Configuration, error.to_string());
        this.configuration = Some(error);
        this
    }
}

impl From<consign_build::MachineError> for CommandError {
    fn from(error: consign_build::MachineError) -> Self {
        let hint = "`debian: mirrors:` in the configuration names other sources";
        Self::of(ExitCode::Configuration, &error).hint(hint)
    }
}

impl From<consign_context::GitError> for CommandError {
    fn from(error: consign_context::GitError) -> Self {
        let hint = error.hint();
        hint.into_iter().fold(Self::of(ExitCode::Failed, &error), Self::hint)
    }
}

impl From<ServerError> for CommandError {
    fn from(error: ServerError) -> Self {
        match &error {
            ServerError::Remote { address } => {
                let message = format!("{address} is reachable from other machines, and this registry has no TLS");
                Self::new(ExitCode::Usage, message)
                    .hint("serve a loopback address, and let a proxy with TLS stand before it")
            }
            ServerError::Locked { .. } => Self::of(ExitCode::Conflict, &error),
            ServerError::Listen { source, .. } if source.kind() == std::io::ErrorKind::AddrInUse => {
                Self::of(ExitCode::Conflict, &error).hint("end the program that listens there, or name another port")
            }
            _ => Self::of(ExitCode::Failed, &error),
        }
    }
}

impl From<ImageError> for CommandError {
    fn from(error: ImageError) -> Self {
        Self::of_image(ExitCode::Failed, &error)
    }
}

impl From<DatabaseUpdateError> for CommandError {
    fn from(error: DatabaseUpdateError) -> Self {
        match error {
            DatabaseUpdateError::Image(error) => error.into(),
            DatabaseUpdateError::Digest { .. } => Self::of(ExitCode::NotAuthentic, &error).hint(
                "feeds as they were then can be had no more: publish databases (`consign db publish`), and name what was published in `from:`",
            ),
            DatabaseUpdateError::Mixed { .. } => Self::of(ExitCode::Usage, &error),
            DatabaseUpdateError::Database(error @ DatabaseError::Write { .. }) => Self::of(ExitCode::Failed, &error),
            DatabaseUpdateError::Database(error) => Self::of(ExitCode::AdvisoryDatabase, &error)
                .hint("the database is as it was; update again when the feed is whole, or name another source"),
            DatabaseUpdateError::Fetch { .. } => Self::of(ExitCode::Failed, &error)
                .hint("the database is as it was; try again later, or name a mirror with `--mirror`"),
            _ => Self::of(ExitCode::Failed, &error),
        }
    }
}

impl From<TransferError> for CommandError {
    fn from(error: TransferError) -> Self {
        match error {
            TransferError::Image(error) => error.into(),
            TransferError::Refused { name, source } => match source.downcast::<VerifyError>() {
                Ok(error) => {
                    Self::new(verification_code(&error), format!("{name} is not let in")).because(Self::from(*error))
                }
                Err(error) => Self::new(ExitCode::Verification, format!("{name} is not let in: {error}")),
            },
            TransferError::Unsealed { name, source } => {
                let message = format!("{name} could not be signed and attested");
                match source.downcast::<ReleaseError>() {
                    Ok(error) => Self::new(ExitCode::Failed, message).because(Self::from(*error)),
                    Err(error) => Self::new(ExitCode::Failed, format!("{message}: {error}")),
                }
            }
            TransferError::OneName { .. } => Self::of(ExitCode::Usage, &error).hint("name a repository, or `oci:DIR`"),
            _ => Self::of(ExitCode::Failed, &error),
        }
    }
}

impl From<RebaseError> for CommandError {
    fn from(error: RebaseError) -> Self {
        let code = match &error {
            RebaseError::Moved { .. } => ExitCode::Conflict,
            _ => ExitCode::Failed,
        };
        let this = Self::of(code, &error);
        match &error {
            RebaseError::Place(_) => match error {
                RebaseError::Place(error) => error.into(),
                _ => this,
            },
            RebaseError::Moved { .. } => this.hint("run it again: it looks at what the name names now"),
            RebaseError::BaseName { .. } | RebaseError::SeveralBases { .. } | RebaseError::NoBaseDigest { .. } => {
                this.hint("`--old-base` and `--new-base` name the bases")
            }
            RebaseError::NoBase { which: "old", .. } => {
                this.hint("if the registry no longer has it, `--old-base` names a copy")
            }
            RebaseError::Image { source: RebaseProblem::Layer { .. } | RebaseProblem::Fewer { .. }, .. } => {
                this.hint("`--old-base` names the base that the image was built on")
            }
            RebaseError::Image { .. } => this.hint("build it on the new base"),
            _ => this,
        }
    }
}

impl From<AttachError> for CommandError {
    fn from(error: AttachError) -> Self {
        match error {
            AttachError::Image(error) => error.into(),
            AttachError::Registry(error) => ImageError::from(error).into(),
            AttachError::Keyless(error) => error.into(),
            other => Self::of(ExitCode::Failed, &other),
        }
    }
}

impl From<KeylessError> for CommandError {
    fn from(error: KeylessError) -> Self {
        Self::of(ExitCode::Failed, &error).keyless_hints(&error)
    }
}

impl From<VerifyError> for CommandError {
    fn from(error: VerifyError) -> Self {
        let this = Self::of(verification_code(&error), &error);
        match &error {
            VerifyError::NotSigned { .. } => {
                this.hint("was it signed with another key? `consign tree REF` shows what is attached")
            }
            VerifyError::NotAttested { .. } => {
                this.hint("`consign tree REF` shows what is attached, whoever signed it")
            }
            _ => this,
        }
    }
}

fn verification_code(error: &VerifyError) -> ExitCode {
    match error.outcome() {
        Verification::Failed => ExitCode::Verification,
        Verification::NotSigned => ExitCode::NotSigned,
        Verification::Unavailable => ExitCode::Unavailable,
        Verification::Closed(closed) => ExitCode::of_closed(closed),
    }
}

impl From<TrustError> for CommandError {
    fn from(error: TrustError) -> Self {
        let code = match &error {
            TrustError::Root { .. } => ExitCode::Configuration,
            _ => ExitCode::Verification,
        };
        let hint = error.hint();
        hint.into_iter().fold(Self::of(code, &error), Self::hint)
    }
}

impl From<TrustedRootError> for CommandError {
    fn from(error: TrustedRootError) -> Self {
        Self::of(ExitCode::Configuration, &error)
            .hint("`trusted_root.json` is what `cosign trusted-root create` and `gh attestation trusted-root` write")
    }
}

impl From<SbomError> for CommandError {
    fn from(error: SbomError) -> Self {
        Self::of(ExitCode::Failed, &error)
    }
}

impl From<ReleaseError> for CommandError {
    fn from(error: ReleaseError) -> Self {
        let code = release_code(&error);
        let this = Self::of(code, &error);
        match &error {
            ReleaseError::Gate { reasons, .. } => {
                let causes = reasons.iter().map(ToString::to_string).collect();
                Self { causes, ..this }.closed_for(Closed::of(reasons))
            }
            ReleaseError::TrialFailed { failures, .. } => {
                let causes = failures.iter().flat_map(|(platform, failures)| {
                    failures.iter().map(move |failure| format!("{platform}: {failure}"))
                });
                Self { causes: causes.collect(), ..this }
            }
            ReleaseError::TagMovedMeanwhile { .. } => {
                this.hint("look at what the tag names now, then run the release again")
            }
            ReleaseError::TagNamesLater { .. } => {
                this.hint("to take a change back, release a newer commit: `git revert` makes one")
            }
            ReleaseError::Interrupted { .. } => {
                this.hint("each tag that moved names a complete image; run the release again to move the others")
            }
            ReleaseError::Build { source, .. } | ReleaseError::Resolve { source, .. } => match &**source {
                BuildError::Source(SourceError::Gone { name, .. }) => this
                    .hint(format!("`consign lock --update {name}` takes the version that is there now"))
                    .hint("or name a mirror that keeps old versions: `debian: mirrors:` in the configuration"),
                BuildError::Base(error) => match &**error {
                    BaseError::Gone { base, .. } => {
                        this.hint(format!("`consign lock --update {base}` takes the one that is there now"))
                    }
                    _ => this,
                },
                BuildError::Source(source) => source.hint().into_iter().fold(this, Self::hint),
                _ => this,
            },
            ReleaseError::Dockerfile { source, .. } | ReleaseError::Images { source, .. } => {
                source.hint().into_iter().fold(this, Self::hint)
            }
            ReleaseError::Import { problem, .. } => match &**problem {
                ImportProblem::OtherPlan { .. } => this.hint("build every platform from the commit that is released"),
                ImportProblem::Twice { .. } => this.hint("name one of the two places"),
                _ => this,
            },
            ReleaseError::FolderServed { .. } => this.hint("run this again when it has ended"),
            ReleaseError::PortTaken { .. } => {
                this.hint("end that program, or serve the registry on another port: `registries:` in the configuration")
            }
            ReleaseError::Attach(AttachError::Keyless(error)) => this.keyless_hints(error),
            ReleaseError::Key { .. } => {
                this.hint("`consign keygen` makes a key; its password is taken from COSIGN_PASSWORD")
            }
            _ => this,
        }
    }
}

fn release_code(error: &ReleaseError) -> ExitCode {
    match error {
        ReleaseError::Build { source, .. } | ReleaseError::Resolve { source, .. } => match source.kind() {
            BuildErrorKind::Configuration => ExitCode::Configuration,
            BuildErrorKind::NotAuthentic => ExitCode::NotAuthentic,
            BuildErrorKind::Drift => ExitCode::Drift,
            BuildErrorKind::Failed => ExitCode::Failed,
        },
        ReleaseError::Dockerfile { source, .. } | ReleaseError::Images { source, .. } => match source.kind() {
            DockerfileErrorKind::Configuration => ExitCode::Configuration,
            DockerfileErrorKind::NotAuthentic => ExitCode::NotAuthentic,
            DockerfileErrorKind::Drift => ExitCode::Drift,
            DockerfileErrorKind::Failed => ExitCode::Failed,
        },
        ReleaseError::TrialFailed { .. } => ExitCode::Trial,
        ReleaseError::Gate { reasons, .. } => ExitCode::of_closed(Closed::of(reasons)),
        ReleaseError::Cache { .. } => ExitCode::Configuration,
        ReleaseError::Stopped => ExitCode::Interrupted,
        ReleaseError::TagMovedMeanwhile { .. }
        | ReleaseError::TagNamesLater { .. }
        | ReleaseError::TagDiffers { .. }
        | ReleaseError::FolderServed { .. }
        | ReleaseError::PortTaken { .. } => ExitCode::Conflict,
        ReleaseError::Interrupted { source, .. } => release_code(source),
        ReleaseError::Destination { source, .. } if source.kind() == consign_registry::ErrorKind::Immutable => {
            ExitCode::Conflict
        }
        ReleaseError::Scan { source, .. } | ReleaseError::Document { source, .. }
            if matches!(**source, ScanError::Database(_)) =>
        {
            ExitCode::AdvisoryDatabase
        }
        ReleaseError::Inventory { source, .. } if source.is_malformed() => ExitCode::NotAuthentic,
        ReleaseError::Verify { source, .. } => verification_code(source),
        ReleaseError::Import { problem, .. } => match problem.trouble() {
            ImportTrouble::Missing => ExitCode::Failed,
            ImportTrouble::Malformed => ExitCode::NotAuthentic,
            ImportTrouble::Conflict => ExitCode::Conflict,
        },
        // What is spoilt in the store is no input: it was made here, and is made again.
        ReleaseError::Image(error)
            if matches!(**error, ImageError::Store(consign_store::StoreError::Corrupt { .. })) =>
        {
            ExitCode::Failed
        }
        ReleaseError::Image(error) => CommandError::of_image(ExitCode::NotAuthentic, error).code,
        _ => ExitCode::Failed,
    }
}
