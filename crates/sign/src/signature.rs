use consign_oci::{Digest, Exact};
use consign_receipt::{Statement, digest_set, predicate};
use serde::Serialize;
use std::collections::BTreeMap;

/// Makes the statement that says no more than that an image is signed, byte for byte as cosign 3 does for `cosign sign` without annotations.
pub fn signature_statement(digest: &Digest) -> Result<Exact<Statement>, serde_json::Error> {
    let statement = Signature {
        kind: Statement::TYPE,
        subject: [Subject { digest: digest_set(digest), annotations: Empty {} }],
        predicate_type: predicate::SIGNATURE,
        predicate: Empty {},
    };
    Exact::read(serde_json::to_vec(&statement)?)
}

/// A statement whose subject has the annotations that cosign's subjects have, and consign's have not.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Signature {
    #[serde(rename = "_type")]
    kind: &'static str,
    subject: [Subject; 1],
    predicate_type: &'static str,
    predicate: Empty,
}

#[derive(Serialize)]
struct Subject {
    digest: BTreeMap<String, String>,
    annotations: Empty,
}

#[derive(Serialize)]
struct Empty {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_form_of_cosign() {
        let digest = Digest::of(b"image");
        let statement = signature_statement(&digest).unwrap();
        let expected = format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"digest":{{"sha256":"{}"}},"annotations":{{}}}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{{}}}}"#,
            digest.hex()
        );
        assert_eq!(statement.bytes(), expected.as_bytes());
        assert!(statement.is_about(&digest));
        assert_eq!(statement.predicate_type, predicate::SIGNATURE);
    }
}
