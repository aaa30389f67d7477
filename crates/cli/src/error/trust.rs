use super::CommandError;
use crate::exit_code::ExitCode;
use consign_attach::AttachError;
use consign_image::ImageError;
use consign_keyless::{KeylessError, ServicesError};
use consign_trust::{DeploymentError, TrustError, TrustedRootError};
use consign_verify::{Outcome as Verification, VerifyError};

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
        keyless_hints(Self::of(ExitCode::Failed, &error), &error)
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

/// Returns with which status a command ends whose image is not what it has to be.
pub(super) fn verification_code(error: &VerifyError) -> ExitCode {
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

/// Adds what to try where something cannot be signed without a key.
pub(super) fn keyless_hints(this: CommandError, error: &KeylessError) -> CommandError {
    match error {
        KeylessError::Disclosure { .. } => this
            .hint("`--yes`, or `signing: {keyless: {disclose: true}}` in the configuration, says that it may be")
            .hint("a key, or services of your own (`--signing-config`), tell nobody"),
        KeylessError::Rejected { .. } => {
            this.hint("the trusted root has to be that of the services which are asked: name both, or neither")
        }
        _ => this,
    }
}

impl From<ServicesError> for CommandError {
    fn from(error: ServicesError) -> Self {
        Self::of(ExitCode::Configuration, &error)
            .hint("`consign trust init --fulcio url=… …` writes a `signing_config.json`, as does `cosign signing-config create`")
    }
}

impl From<DeploymentError> for CommandError {
    fn from(error: DeploymentError) -> Self {
        let this = Self::of(ExitCode::Configuration, &error);
        match error {
            DeploymentError::Certificates { .. } => {
                this.hint("the file has certificates in PEM: intermediates, then the root; for timestamps the one that signs them first")
            }
            DeploymentError::Key { .. } => this.hint("the file has a public key in PEM (`-----BEGIN PUBLIC KEY-----`)"),
            _ => this,
        }
    }
}
