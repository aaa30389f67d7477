//! What cosign signed before it had bundles: a small document that names the image and its repository (containers/image,
//! `docs/containers-signature.5.md`).

use serde::Deserialize;

/// Media type of such a document, a layer of the manifest under the tag `sha256-….sig` (cosign, `specs/SIGNATURE_SPEC.md`).
pub const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";

#[derive(Deserialize)]
struct Payload {
    critical: Critical,
}

#[derive(Deserialize)]
struct Critical {
    identity: Identity,
}

#[derive(Deserialize)]
struct Identity {
    #[serde(rename = "docker-reference")]
    reference: String,
}

/// Returns the repository that such a document names; `None` if it is none. Nothing is verified.
pub fn signed_repository(payload: &[u8]) -> Option<String> {
    serde_json::from_slice::<Payload>(payload).ok().map(|payload| payload.critical.identity.reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_the_one_that_was_signed() {
        for (payload, expected) in [
            (
                r#"{"critical":{"identity":{"docker-reference":"ghcr.io/a/b"},"type":"x"},"optional":null}"#,
                Some("ghcr.io/a/b"),
            ),
            (r#"{"critical":{"identity":{}}}"#, None),
            ("[]", None),
            ("", None),
        ] {
            assert_eq!(signed_repository(payload.as_bytes()).as_deref(), expected, "{payload}");
        }
    }
}
