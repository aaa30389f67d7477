use super::AwsError;
use crate::Secret;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// Keys are replaced this long before they end, so that what they are used for has time.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);

/// Keys that sign requests to AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// Names the keys.
    pub id: Secret,
    /// Signs.
    pub secret: Secret,
    /// Goes with keys that end.
    pub session: Option<Secret>,
    /// When they end.
    pub expires: Option<Timestamp>,
}

/// Keys as endpoints of containers and machines, and as programs, give them (AWS SDKs and Tools Reference Guide, "Process credential provider" and
/// "Container credential provider").
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    access_key_id: String,
    secret_access_key: String,
    #[serde(alias = "SessionToken")]
    token: Option<String>,
    expiration: Option<Timestamp>,
}

impl Keys {
    /// Makes keys that do not end, or of which it is not known.
    pub fn new(id: impl Into<String>, secret: impl Into<String>, session: Option<String>) -> Self {
        let session = session.filter(|session| !session.is_empty()).map(Secret::new);
        Self { id: Secret::new(id), secret: Secret::new(secret), session, expires: None }
    }

    /// Reads keys from JSON that `place` gave.
    pub(crate) fn read(json: &[u8], place: &'static str) -> Result<Self, AwsError> {
        // What a parser says may quote what it read.
        let document: Document =
            serde_json::from_slice(json).map_err(|_| AwsError::source(place, "it gives no keys"))?;
        let keys = Self::new(document.access_key_id, document.secret_access_key, document.token);
        Ok(Self { expires: document.expiration, ..keys })
    }

    /// Returns whether they may be used at that time.
    pub(crate) fn last(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| now + MARGIN < expires)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_replaced_before_they_end() {
        let now: Timestamp = "2026-01-02T03:00:00Z".parse().unwrap();
        for (expires, expected) in [
            (None, true),
            (Some("2026-01-02T03:05:01Z"), true),
            (Some("2026-01-02T03:05:00Z"), false),
            (Some("2026-01-02T02:00:00Z"), false),
        ] {
            let expires = expires.map(|text| text.parse().unwrap());
            assert_eq!(Keys { expires, ..Keys::new("id", "secret", None) }.last(now), expected, "{expires:?}");
        }
    }

    #[test]
    fn are_read_from_what_gives_them() {
        let json = br#"{"Version":1,"AccessKeyId":"AKID","SecretAccessKey":"hunter2","SessionToken":"s","Expiration":"2026-01-02T03:04:05Z"}"#;
        let keys = Keys::read(json, "x").unwrap();
        assert_eq!((keys.id.expose(), keys.secret.expose()), ("AKID", "hunter2"));
        assert_eq!(keys.session, Some(Secret::new("s")));
        assert_eq!(keys.expires, Some("2026-01-02T03:04:05Z".parse().unwrap()));
        for json in ["", "hunter2", "{}", r#"{"AccessKeyId":"hunter2"}"#, r#"{"SecretAccessKey":["hunter2"]}"#] {
            let error = Keys::read(json.as_bytes(), "x").unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{json}");
        }
    }
}
