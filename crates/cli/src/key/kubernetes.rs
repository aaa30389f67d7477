//! Secrets of Kubernetes that hold keys, as `cosign generate-key-pair k8s://NAMESPACE/SECRET` makes them. They are only read, by `kubectl`, which
//! knows how to reach the cluster: by its configuration, or within a pod as that pod's service account.

use super::child::{ChildError, Program, clipped};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use zeroize::{Zeroize, Zeroizing};

/// How long the cluster may take.
const TIME_LIMIT: Duration = Duration::from_secs(60);
/// Longest answer, in bytes: secrets have a megabyte at most, and more in Base64.
const ANSWER_LIMIT: usize = 2 << 20;
/// How much of what `kubectl` says is repeated, in characters.
const SAID_LIMIT: usize = 200;

/// A secret that gives no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KubernetesError {
    /// There is no program that knows the cluster.
    #[error("`kubectl`, by which secrets of Kubernetes are read, is not on PATH")]
    NoProgram,
    /// The program gives no answer.
    #[error(transparent)]
    Child(#[from] ChildError),
    /// It refuses.
    #[error("`kubectl` gives no secret: {said}")]
    Refused {
        /// What it says last: what comes before is about its tries.
        said: String,
    },
    /// What it says is no secret.
    #[error("`kubectl` did not answer with a secret")]
    Answer,
    /// Something is not in the secret.
    #[error("the secret has no `{field}` that is a text")]
    Missing {
        /// What is missing.
        field: &'static str,
    },
}

#[derive(Deserialize)]
struct Secret {
    data: Option<Data>,
}

#[derive(Default, Deserialize)]
struct Data {
    #[serde(rename = "cosign.key")]
    key: Option<String>,
    #[serde(rename = "cosign.pub")]
    public: Option<String>,
    #[serde(rename = "cosign.password")]
    password: Option<String>,
}

impl Drop for Data {
    fn drop(&mut self) {
        self.key.zeroize();
        self.password.zeroize();
    }
}

/// What a secret holds.
pub(super) struct KeyPair {
    data: Data,
}

impl KeyPair {
    /// Asks for a secret. `kubectl` is the program, if it is there, with what it may see.
    pub(super) fn read(
        namespace: &str,
        secret: &str,
        kubectl: Option<PathBuf>,
        environment: BTreeMap<String, String>,
    ) -> Result<Self, KubernetesError> {
        let path = kubectl.ok_or(KubernetesError::NoProgram)?;
        let arguments = ["get", "secret", secret, "--namespace", namespace, "--output", "json"];
        let arguments = arguments.map(str::to_owned).to_vec();
        let program = Program { path, arguments, environment, time: TIME_LIMIT, answer: ANSWER_LIMIT };
        let ended = program.ask(Vec::new())?;
        let last = ended.said.lines().map(clipped).rfind(|line| !line.is_empty());
        if let Some(last) = last.filter(|_| ended.is_failure()) {
            return Err(KubernetesError::Refused { said: last.chars().take(SAID_LIMIT).collect() });
        }
        // The cause could show a part of the secret.
        let secret: Secret = serde_json::from_slice(&ended.success()?).map_err(|_| KubernetesError::Answer)?;
        Ok(Self { data: secret.data.unwrap_or_default() })
    }

    /// Returns the private key's file.
    pub(super) fn private(&self) -> Result<Zeroizing<String>, KubernetesError> {
        text(self.data.key.as_deref()).ok_or(KubernetesError::Missing { field: "cosign.key" })
    }

    /// Returns the public key's file.
    pub(super) fn public(&self) -> Result<Zeroizing<String>, KubernetesError> {
        text(self.data.public.as_deref()).ok_or(KubernetesError::Missing { field: "cosign.pub" })
    }

    /// Returns the private key's password, if it is there.
    pub(super) fn password(&self) -> Result<Option<Zeroizing<String>>, KubernetesError> {
        let missing = KubernetesError::Missing { field: "cosign.password" };
        match &self.data.password {
            Some(password) => text(Some(password)).ok_or(missing).map(Some),
            None => Ok(None),
        }
    }
}

fn text(base64: Option<&str>) -> Option<Zeroizing<String>> {
    let bytes = STANDARD.decode(base64?).ok()?;
    String::from_utf8(bytes).ok().map(Zeroizing::new)
}
