use crate::ErrorKind;
use crate::refusal::{printable, said};
use crate::web::WebError;
use serde::Deserialize;
use serde_json::Value;

/// Why a cloud gives no token.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CloudError {
    /// Somebody gives no token, or nothing that can be used.
    #[error(transparent)]
    Web(#[from] WebError),
    /// The cloud said no.
    #[error("{place} gives no token ({status}){}", said(code.as_deref(), message.as_deref()))]
    Refused {
        /// What was asked.
        place: &'static str,
        /// HTTP status of the answer.
        status: u16,
        /// The service's code, such as `invalid_grant`.
        code: Option<String>,
        /// The service's own words.
        message: Option<String>,
    },
}

impl CloudError {
    pub(crate) fn source(place: &'static str, problem: impl Into<String>) -> Self {
        WebError::source(place, problem).into()
    }

    /// Makes an error of what a service said (RFC 6749, section 5.2; google.rpc.Status; distribution-spec, "Error Codes").
    pub(super) fn refused(place: &'static str, status: u16, body: &[u8]) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Refusal {
            error: Value,
            error_description: Option<String>,
            errors: Vec<Value>,
        }
        // A list would be read as the fields in their order.
        let body = if body.trim_ascii_start().starts_with(b"{") { body } else { b"{}" };
        let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
        let entry = refusal.errors.first().unwrap_or(&refusal.error);
        let text = |key: &str| entry.get(key).and_then(Value::as_str);
        let code = refusal.error.as_str().or(text("status")).or(text("code")).map(printable);
        let message = refusal.error_description.as_deref().or(text("message")).map(printable);
        Self::Refused { place, status, code, message }
    }

    /// Returns what the error means.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused { status: 429, .. } => ErrorKind::Throttled,
            Self::Refused { status: 500.., .. } => ErrorKind::Other,
            Self::Refused { .. } => ErrorKind::Unauthorized,
            Self::Web(error) => error.kind(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_the_service_said() {
        for (body, expected) in [
            (r#"{"error":"invalid_grant","error_description":"no\nsuch"}"#, ": invalid_grant: no such"),
            (
                r#"{"error":{"code":403,"message":"denied","status":"PERMISSION_DENIED"}}"#,
                ": PERMISSION_DENIED: denied",
            ),
            (
                r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#,
                ": UNAUTHORIZED: authentication required",
            ),
            ("hunter2", ""),
            (r#"["hunter2"]"#, ""),
        ] {
            let error = CloudError::refused("X", 400, body.as_bytes());
            assert_eq!(error.to_string(), format!("X gives no token (400){expected}"));
        }
    }
}
