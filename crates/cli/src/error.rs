use crate::exit_code::ExitCode;
use consign_build::ErrorKind as BuildErrorKind;
use consign_image::{ImageError, Trouble};
use consign_plan::ConfigurationError;
use consign_registry_server::ServerError;
use consign_release::ReleaseError;
use consign_verify::{Outcome as Verification, VerifyError};
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
}

impl CommandError {
    pub(crate) fn new(code: ExitCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), causes: Vec::new(), hints: Vec::new(), configuration: None }
    }

    /// Makes an error of a library's, with its chain of causes.
    pub(crate) fn of(code: ExitCode, error: &dyn Error) -> Self {
        let mut this = Self::new(code, error.to_string());
        this.add_causes(error.source());
        this
    }

    pub(crate) fn cause(mut self, error: impl Error) -> Self {
        self.add_causes(Some(&error));
        self
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
        Self::of(code, error)
    }

    fn add_causes(&mut self, mut error: Option<&dyn Error>) {
        while let Some(cause) = error {
            let text = cause.to_string();
            // Transparent errors repeat the text of what they wrap.
            if text != self.message && self.causes.last() != Some(&text) {
                self.causes.push(text);
            }
            error = cause.source();
        }
    }
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
    consign_sign::KeyError,
    consign_store::StoreError,
    serde_json::Error,
}

impl From<ConfigurationError> for CommandError {
    fn from(error: ConfigurationError) -> Self {
        let this = Self::new(ExitCode::Configuration, error.to_string());
        Self { configuration: Some(error), ..this }
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
            _ => Self::of(ExitCode::Failed, &error),
        }
    }
}

impl From<ImageError> for CommandError {
    fn from(error: ImageError) -> Self {
        let this = Self::of_image(ExitCode::Failed, &error);
        match &error {
            ImageError::Registry(error) => hints(error).into_iter().fold(this, Self::hint),
            _ => this,
        }
    }
}

impl From<VerifyError> for CommandError {
    fn from(error: VerifyError) -> Self {
        let this = Self::of(verification_code(&error), &error);
        match &error {
            VerifyError::NotSigned { .. } => {
                this.hint("was it signed with another key? `consign tree REF` shows what is attached")
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
        Verification::Policy => ExitCode::Policy,
    }
}

impl From<ReleaseError> for CommandError {
    fn from(error: ReleaseError) -> Self {
        let code = release_code(&error);
        let this = Self::of(code, &error);
        match &error {
            ReleaseError::Gate { reasons, .. } => {
                let causes = reasons.iter().map(ToString::to_string).collect();
                Self { causes, ..this }
            }
            ReleaseError::TrialFailed { failures, .. } => {
                let causes = failures.iter().flat_map(|(platform, failures)| {
                    failures.iter().map(move |failure| format!("{platform}: {failure}"))
                });
                Self { causes: causes.collect(), ..this }
            }
            ReleaseError::Destination { source, .. } => hints(source).into_iter().fold(this, Self::hint),
            ReleaseError::TagMovedMeanwhile { .. } => {
                this.hint("look at what the tag names now, then run the release again")
            }
            ReleaseError::Interrupted { .. } => {
                this.hint("each tag that moved names a complete image; run the release again to move the others")
            }
            ReleaseError::Key { .. } => {
                this.hint("`consign keygen` makes a key; its password is taken from COSIGN_PASSWORD")
            }
            _ => this,
        }
    }
}

fn release_code(error: &ReleaseError) -> ExitCode {
    match error {
        ReleaseError::Build { source, .. } => match source.kind() {
            BuildErrorKind::Configuration => ExitCode::Configuration,
            BuildErrorKind::NotAuthentic => ExitCode::NotAuthentic,
            BuildErrorKind::Failed => ExitCode::Failed,
        },
        _ if error.is_trial() => ExitCode::Trial,
        ReleaseError::Gate { .. } => ExitCode::Policy,
        ReleaseError::TagMovedMeanwhile { .. } => ExitCode::Conflict,
        ReleaseError::Interrupted { source, .. } => release_code(source),
        ReleaseError::Destination { source, .. } if source.kind() == consign_registry::ErrorKind::Immutable => {
            ExitCode::Conflict
        }
        ReleaseError::Verify { source, .. } => verification_code(source),
        ReleaseError::Image(error) => CommandError::of_image(ExitCode::NotAuthentic, error).code,
        _ => ExitCode::Failed,
    }
}

/// Returns what to try next after a registry's refusal.
fn hints(error: &consign_registry::RegistryError) -> Option<&'static str> {
    use consign_registry::ErrorKind;
    match error.kind() {
        ErrorKind::Unauthorized => Some(
            "log in: `docker login` or `podman login`, or name credentials under `registries:` in the configuration",
        ),
        ErrorKind::Denied => Some("the credentials are known, but they do not allow this"),
        ErrorKind::Throttled => Some("the registry asks for fewer requests; try again later"),
        ErrorKind::Unreachable => Some("is the registry running, and is its name right?"),
        ErrorKind::Immutable => Some("the registry keeps this tag from being moved"),
        ErrorKind::NotFound | ErrorKind::Mismatch | ErrorKind::Other => None,
    }
}
