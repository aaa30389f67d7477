use crate::ErrorKind;
use crate::refusal::printable;
use crate::web::WebError;

/// Why AWS did not do what it was asked, or could not be asked.
#[derive(Debug, thiserror::Error)]
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
    /// A source is named, but gives no keys.
    #[error("{place}: {problem}")]
    Source {
        /// What was asked for keys.
        place: &'static str,
        /// Why it gives none.
        problem: String,
    },
    /// No answer came.
    #[error("{url}: {reason}")]
    Unreachable {
        /// What was asked, without what may be secret.
        url: String,
        /// Why not, in a few words.
        reason: String,
    },
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
    /// The answer is not what it should be.
    #[error("{url}: {problem}")]
    Answer {
        /// Where it came from, without what may be secret.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl From<WebError> for AwsError {
    fn from(error: WebError) -> Self {
        match error {
            WebError::Source { place, problem } => Self::Source { place, problem },
            WebError::Unreachable { url, reason } => Self::Unreachable { url, reason },
            WebError::Answer { url, problem } => Self::Answer { url, problem },
        }
    }
}

impl AwsError {
    pub(crate) fn source(place: &'static str, problem: impl Into<String>) -> Self {
        Self::Source { place, problem: problem.into() }
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
            Self::NoCredentials { .. } | Self::Source { .. } => ErrorKind::Unauthorized,
            Self::Unreachable { .. } => ErrorKind::Unreachable,
            Self::Answer { .. } => ErrorKind::Other,
        }
    }

    /// Returns the action that no policy allows, such as `ecr:CreateRepository`.
    pub fn missing_action(&self) -> Option<&str> {
        match self {
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

fn said(code: Option<&str>, message: Option<&str>) -> String {
    [code, message].into_iter().flatten().filter(|text| !text.is_empty()).map(|text| format!(": {text}")).collect()
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
