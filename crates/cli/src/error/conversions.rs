//! What is made of errors of the rooms: the exit status, and what to try next.

use super::CommandError;
use super::trust::verification_code;
use crate::exit_code::ExitCode;
use consign_image::ImageError;
use consign_plan::ConfigurationError;
use consign_registry::docker_config::{ConfigFileError, KeepingError};
use consign_registry_server::ServerError;
use consign_release::{DatabaseUpdateError, ReleaseError};
use consign_scan::DatabaseError;
use consign_transfer::{RebaseError, RebaseProblem, TransferError};
use consign_verify::VerifyError;

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
    consign_inventory::SbomError,
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
        let error = match error {
            RebaseError::Place(error) => return error.into(),
            other => other,
        };
        let code = match &error {
            RebaseError::Moved { .. } => ExitCode::Conflict,
            _ => ExitCode::Failed,
        };
        let this = Self::of(code, &error);
        match &error {
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
