use crate::ErrorKind;
use crate::refusal::{printable, said};
use crate::web::WebError;

/// Why AWS did not do what it was asked, or could not be asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AwsError {
    /// No source has keys.
    #[error(
        "there are no AWS credentials for {registry}: neither the environment, an identity token, a container's endpoint, a profile nor the metadata of an EC2 machine has any"
    )]
    NoCredentials {
        /// The registry that they would be for.
        registry: String,
        /// Which source is nearly one, and what it lacks.
        lacks: Option<&'static str>,
    },
    /// Somebody gives no keys, or nothing that can be used.
    #[error(transparent)]
    Web(#[from] WebError),
    /// AWS said no.
    #[error("AWS refuses {action} ({status}){}", said(code.as_deref(), message.as_deref()))]
    Refused {
        /// What was asked for, as policies name it, such as `ecr:CreateRepository`.
        action: String,
        /// HTTP status of the answer.
        status: u16,
        /// AWS's code, such as `AccessDeniedException`.
        code: Option<String>,
        /// AWS's own words.
        message: Option<String>,
    },
    /// A repository was made, but nothing says which of its images are removed.
    #[error("{repository} was made, but without its lifecycle policy, and is not given one later: {error}")]
    WithoutPolicy {
        /// The repository.
        repository: String,
        /// Why not. Not a source: the message says it.
        error: Box<Self>,
    },
}

impl AwsError {
    pub(crate) fn source(place: &'static str, problem: impl Into<String>) -> Self {
        WebError::source(place, problem).into()
    }

    /// Makes an error of what AWS said, in words that are fit for a terminal.
    pub(crate) fn refused(action: &str, status: u16, code: Option<&str>, message: Option<&str>) -> Self {
        let [code, message] = [code, message].map(|text| text.map(printable));
        Self::Refused { action: action.to_owned(), status, code, message }
    }

    /// Returns what the error means.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused { status: 429, .. } => ErrorKind::Throttled,
            Self::Refused { code, .. } => match code.as_deref() {
                Some(code) if is_denial(code) => ErrorKind::Denied,
                Some("ThrottlingException" | "Throttling") => ErrorKind::Throttled,
                Some("RepositoryNotFoundException") => ErrorKind::NotFound,
                Some(code) if is_identity(code) => ErrorKind::Unauthorized,
                _ => ErrorKind::Other,
            },
            Self::NoCredentials { .. } => ErrorKind::Unauthorized,
            Self::WithoutPolicy { error, .. } => error.kind(),
            Self::Web(error) => error.kind(),
        }
    }

    /// Returns the action that no policy allows, such as `ecr:CreateRepository`.
    pub fn missing_action(&self) -> Option<&str> {
        match self {
            Self::WithoutPolicy { error, .. } => error.missing_action(),
            Self::Refused { action, code: Some(code), message, .. } if is_denial(code) => {
                Some(message.as_deref().and_then(named_action).unwrap_or(action))
            }
            _ => None,
        }
    }
}

/// Returns the action that a text says is not allowed, in the words of AWS (IAM User Guide, "Troubleshoot access denied error messages").
pub(crate) fn named_action(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("not authorized to perform: ")?;
    let action = rest.split([' ', ',']).next()?;
    let is_word = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && !text.is_empty();
    let (service, operation) = action.split_once(':')?;
    (is_word(service) && is_word(operation)).then_some(action)
}

fn is_denial(code: &str) -> bool {
    matches!(code, "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation")
}

/// Returns whether the code says that AWS does not know who asks.
fn is_identity(code: &str) -> bool {
    matches!(
        code,
        "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "IncompleteSignature"
            | "MissingAuthenticationToken"
            | "ExpiredToken"
            | "ExpiredTokenException"
            | "InvalidIdentityToken"
            | "IDPRejectedClaim"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_missing_action_is_named() {
        let denied = |message| AwsError::refused("ecr:CreateRepository", 400, Some("AccessDeniedException"), message);
        let tagging = "User: arn:aws:iam::1:user/x is not authorized to perform: ecr:TagResource on resource: arn";
        assert_eq!(denied(Some(tagging)).missing_action(), Some("ecr:TagResource"));
        for message in [
            None,
            Some(""),
            Some("no"),
            Some("not authorized to perform: "),
            Some("not authorized to perform: \u{1b}:x"),
        ] {
            assert_eq!(denied(message).missing_action(), Some("ecr:CreateRepository"), "{message:?}");
        }
        let expired = AwsError::refused("ecr:CreateRepository", 403, Some("ExpiredTokenException"), None);
        assert_eq!((expired.missing_action(), expired.kind()), (None, ErrorKind::Unauthorized));
    }
}
