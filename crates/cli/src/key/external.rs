//! Signers behind a program, for keys that services and devices keep: the protocol of docs/keys.md.

use super::child::{ChildError, Program, clipped};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use consign_sign::{DigestAlgorithm, KeyError, PublicKey, Signer};
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::time::Duration;

/// How long a program may take: some devices have to be touched.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(60);
/// Longest answer, in bytes.
pub(super) const ANSWER_LIMIT: usize = 64 << 10;
/// The version of the protocol.
const VERSION: u32 = 1;

/// A program that does not sign.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExternalError {
    /// It gives no answer.
    #[error(transparent)]
    Child(#[from] ChildError),
    /// Its answer is not of the protocol.
    #[error("`{program}` did not answer with a JSON object of the protocol")]
    Answer {
        /// The program.
        program: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// It refuses.
    #[error("`{program}` refused: {message}")]
    Refused {
        /// The program.
        program: String,
        /// What it says.
        message: String,
    },
    /// Something is not in its answer.
    #[error("`{program}` answered without `{field}`")]
    Missing {
        /// The program.
        program: String,
        /// What is missing.
        field: &'static str,
    },
    /// What it gave for a public key is none.
    #[error("`{program}` gave no public key that can be used")]
    Public {
        /// The program.
        program: String,
        /// What is wrong.
        source: KeyError,
    },
    /// It wants a digest algorithm whose signatures nobody would verify.
    #[error("`{program}` asks for the digest algorithm `{name}`, with which its key is not verified")]
    Digest {
        /// The program.
        program: String,
        /// The name that it gave.
        name: String,
    },
    /// What it gave for a signature is not Base64.
    #[error("`{program}` gave a signature that is not Base64")]
    Base64 {
        /// The program.
        program: String,
        /// What is wrong.
        source: base64::DecodeError,
    },
    /// The signature is not its key's.
    #[error("`{program}` gave a signature that its public key does not verify")]
    Signature {
        /// The program.
        program: String,
    },
}

#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    version: u32,
    operation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest_algorithm: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    error: Option<String>,
    public_key: Option<String>,
    digest_algorithm: Option<String>,
    signature: Option<String>,
}

/// A key behind a program, which is run for each signature. What it answers is believed only where its public key verifies it.
pub(super) struct ExternalSigner {
    program: Program,
    public: PublicKey,
    /// How messages are hashed for it; not at all for Ed25519.
    digest: Option<DigestAlgorithm>,
}

impl ExternalSigner {
    /// Asks the program for its public key.
    pub(super) fn open(program: Program) -> Result<Self, ExternalError> {
        let name = || program.path.display().to_string();
        let answer = ask(&program, &Request { operation: "public-key", ..Request::default() })?;
        let text = answer.public_key.ok_or_else(|| ExternalError::Missing { program: name(), field: "publicKey" })?;
        let public = PublicKey::from_pem(&text).map_err(|source| ExternalError::Public { program: name(), source })?;
        let known = public.digest_algorithms();
        let digest = match answer.digest_algorithm {
            Some(wanted) => {
                let found = known.iter().find(|algorithm| algorithm.name() == wanted).copied();
                Some(found.ok_or_else(|| ExternalError::Digest { program: name(), name: clipped(&wanted) })?)
            }
            None => known.first().copied(),
        };
        Ok(Self { program, public, digest })
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, ExternalError> {
        let name = || self.program.path.display().to_string();
        let request = match self.digest {
            Some(algorithm) => Request {
                operation: "sign",
                digest_algorithm: Some(algorithm.name()),
                digest: Some(STANDARD.encode(algorithm.digest(message))),
                ..Request::default()
            },
            None => Request { operation: "sign", message: Some(STANDARD.encode(message)), ..Request::default() },
        };
        let answer = ask(&self.program, &request)?;
        let text = answer.signature.ok_or_else(|| ExternalError::Missing { program: name(), field: "signature" })?;
        let signature =
            STANDARD.decode(text.trim()).map_err(|source| ExternalError::Base64 { program: name(), source })?;
        match self.public.verify(message, &signature) {
            true => Ok(signature),
            false => Err(ExternalError::Signature { program: name() }),
        }
    }
}

impl Signer for ExternalSigner {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let failed = |error: ExternalError| KeyError::Signer { source: Box::<dyn Error + Send + Sync>::from(error) };
        self.signature(message).map_err(failed)
    }
}

fn ask(program: &Program, request: &Request) -> Result<Answer, ExternalError> {
    let name = || program.path.display().to_string();
    let malformed = |source| ExternalError::Answer { program: name(), source };
    let mut line = serde_json::to_vec(&Request { version: VERSION, ..request.clone() }).map_err(malformed)?;
    line.push(b'\n');
    let ended = program.ask(line)?;
    // Some say that they refuse with their status, too.
    let answer = match serde_json::from_slice::<Answer>(&ended.answer) {
        Ok(answer @ Answer { error: Some(_), .. }) => answer,
        read => {
            ended.success()?;
            read.map_err(malformed)?
        }
    };
    match answer.error {
        Some(message) => Err(ExternalError::Refused { program: name(), message: clipped(&message) }),
        None => Ok(answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use consign_sign::{KeyAlgorithm, PrivateKey};
    use serde_json::{Value, json};
    use std::collections::BTreeMap;
    use std::fs;

    const MESSAGE: &[u8] = b"message";

    /// A signer that answers its two questions in these words, and writes down what it is asked.
    fn signer(folder: &std::path::Path, public: &str, signature: &str) -> Result<ExternalSigner, ExternalError> {
        let script = "cat > \"$1.asked\"; case $(cat \"$1.asked\") in *public-key*) cat \"$1.public\" ;; *) cat \"$1.signature\" ;; esac";
        let base = folder.join("signer").display().to_string();
        fs::write(format!("{base}.public"), public).unwrap();
        fs::write(format!("{base}.signature"), signature).unwrap();
        let arguments = ["-c", script, "sh", &base].map(str::to_owned).to_vec();
        let environment = BTreeMap::from([("PATH".to_owned(), std::env::var("PATH").unwrap())]);
        let path = "/bin/sh".into();
        ExternalSigner::open(Program { path, arguments, environment, time: TIME_LIMIT, answer: ANSWER_LIMIT })
    }

    fn public(key: &PrivateKey) -> String {
        json!({ "publicKey": key.public().to_pem(), "more": 1 }).to_string()
    }

    fn asked(folder: &std::path::Path) -> Value {
        let line = fs::read_to_string(folder.join("signer.asked")).unwrap();
        assert_eq!(line.matches('\n').count(), 1, "{line}");
        serde_json::from_str(&line).unwrap()
    }

    /// Signatures of keys here are the same each time, so that they can be answered with.
    #[test]
    fn a_program_signs_for_each_kind_of_key() {
        for (algorithm, digest) in [
            (KeyAlgorithm::P256, Some(DigestAlgorithm::Sha256)),
            (KeyAlgorithm::Rsa2048, Some(DigestAlgorithm::Sha256)),
            (KeyAlgorithm::P384, Some(DigestAlgorithm::Sha384)),
            (KeyAlgorithm::P521, Some(DigestAlgorithm::Sha512)),
            (KeyAlgorithm::Ed25519, None),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let key = PrivateKey::generate_with(algorithm).unwrap();
            let signature = key.sign(MESSAGE).unwrap();
            let answer = json!({ "signature": STANDARD.encode(&signature) }).to_string();
            let signer = signer(folder.path(), &public(&key), &answer).unwrap();
            assert_eq!(asked(folder.path()), json!({ "version": 1, "operation": "public-key" }));
            assert_eq!(signer.public(), key.public());
            assert_eq!(Signer::sign(&signer, MESSAGE).unwrap(), signature, "{algorithm}");
            let expected = match digest {
                Some(digest) => {
                    let (name, digest) = (digest.name(), STANDARD.encode(digest.digest(MESSAGE)));
                    json!({ "version": 1, "operation": "sign", "digestAlgorithm": name, "digest": digest })
                }
                None => json!({ "version": 1, "operation": "sign", "message": STANDARD.encode(MESSAGE) }),
            };
            assert_eq!(asked(folder.path()), expected, "{algorithm}");
        }
    }

    #[test]
    fn a_program_chooses_among_the_digests_of_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let key = PrivateKey::generate_with(KeyAlgorithm::P384).unwrap();
        let wants = |digest: &str| json!({ "publicKey": key.public().to_pem(), "digestAlgorithm": digest }).to_string();
        let chosen = signer(folder.path(), &wants("sha256"), "").unwrap();
        assert_eq!(chosen.digest, Some(DigestAlgorithm::Sha256));
        for digest in ["sha512", "md5", ""] {
            let error = signer(folder.path(), &wants(digest), "").err().unwrap();
            assert!(matches!(error, ExternalError::Digest { .. }), "{error}");
        }
    }

    #[test]
    fn what_is_no_signature_is_not_used() {
        let key = PrivateKey::generate().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let other = STANDARD.encode(key.sign(b"other").unwrap());
        type Expected = fn(&ExternalError) -> bool;
        let cases: [(String, Expected); 7] = [
            (json!({ "error": "the \u{1b}[31mdevice is locked" }).to_string(), |error| {
                error.to_string() == "`/bin/sh` refused: the [31mdevice is locked"
            }),
            (json!({ "signature": other }).to_string(), |error| matches!(error, ExternalError::Signature { .. })),
            (json!({ "signature": "" }).to_string(), |error| matches!(error, ExternalError::Signature { .. })),
            (json!({ "signature": "?" }).to_string(), |error| matches!(error, ExternalError::Base64 { .. })),
            (json!({}).to_string(), |error| matches!(error, ExternalError::Missing { field: "signature", .. })),
            ("no JSON".to_owned(), |error| matches!(error, ExternalError::Answer { .. })),
            (String::new(), |error| matches!(error, ExternalError::Answer { .. })),
        ];
        for (answer, expected) in cases {
            let signer = signer(folder.path(), &public(&key), &answer).unwrap();
            let error = signer.signature(MESSAGE).unwrap_err();
            assert!(expected(&error), "{answer}: {error}");
            assert!(matches!(Signer::sign(&signer, MESSAGE), Err(KeyError::Signer { .. })));
        }
        for (answer, expected) in [
            (json!({ "publicKey": "x" }).to_string(), "`/bin/sh` gave no public key that can be used"),
            (json!({ "signature": "x" }).to_string(), "`/bin/sh` answered without `publicKey`"),
            (json!({ "error": "no such key" }).to_string(), "`/bin/sh` refused: no such key"),
            ("{} {}".to_owned(), "`/bin/sh` did not answer with a JSON object of the protocol"),
        ] {
            let error = signer(folder.path(), &answer, "").err().unwrap();
            assert_eq!(error.to_string(), expected);
        }
    }
}
