use consign_oci::{Digest, Exact};
use consign_receipt::{Statement, UNNAMED, digest_set, predicate};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a signature says beside that the image is signed: cosign's `-a key=value`.
pub type Annotations = BTreeMap<String, String>;

/// Makes the statement that says no more than that an image is signed, and what the annotations say, as cosign 3 does for `cosign sign`, but for
/// the name of the subject.
pub fn signature_statement(digest: &Digest, annotations: &Annotations) -> Result<Exact<Statement>, serde_json::Error> {
    let statement = Signature {
        kind: Statement::TYPE,
        subject: [Subject { name: UNNAMED, digest: digest_set(digest), annotations }],
        predicate_type: predicate::SIGNATURE,
        predicate: Empty {},
    };
    Exact::read(serde_json::to_vec(&statement)?)
}

/// A statement whose subject has the annotations that cosign's subjects have, and consign's other statements have not.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Signature<'a> {
    #[serde(rename = "_type")]
    kind: &'static str,
    subject: [Subject<'a>; 1],
    predicate_type: &'static str,
    predicate: Empty,
}

#[derive(Serialize)]
struct Subject<'a> {
    name: &'static str,
    digest: BTreeMap<String, String>,
    annotations: &'a Annotations,
}

#[derive(Serialize)]
struct Empty {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_form_of_cosign() {
        let digest = Digest::of(b"image");
        let annotations = |pairs: &[(&str, &str)]| -> Annotations {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        for (annotations, written) in
            [(annotations(&[]), "{}"), (annotations(&[("b", "2"), ("a", "1")]), r#"{"a":"1","b":"2"}"#)]
        {
            let statement = signature_statement(&digest, &annotations).unwrap();
            let expected = format!(
                r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"_","digest":{{"sha256":"{}"}},"annotations":{written}}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{{}}}}"#,
                digest.hex()
            );
            assert_eq!(String::from_utf8_lossy(statement.bytes()), expected);
            assert!(statement.is_about(&digest));
            assert_eq!(statement.annotations(), annotations);
            assert_eq!(statement.predicate_type, predicate::SIGNATURE);
        }
    }
}
