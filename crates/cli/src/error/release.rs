use super::CommandError;
use super::trust::{keyless_hints, verification_code};
use crate::exit_code::ExitCode;
use crate::key;
use consign_attach::AttachError;
use consign_build::{BuildError, ErrorKind as BuildErrorKind, SourceError};
use consign_dockerfile::ErrorKind as DockerfileErrorKind;
use consign_image::{BaseError, ImageError};
use consign_receipt::Closed;
use consign_release::{ImportProblem, ImportTrouble, ReleaseError};
use consign_scan::ScanError;

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
            ReleaseError::Attach(AttachError::Keyless(error)) => keyless_hints(this, error),
            ReleaseError::Key { key, source } => key::hint(key, &**source).into_iter().fold(this, Self::hint),
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
