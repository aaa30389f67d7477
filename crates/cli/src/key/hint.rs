//! What to try where a key cannot be had.

use super::external::ExternalError;
use super::kubernetes::KubernetesError;
use super::named::NamedKeyError;
use super::password::{PLACES, PasswordError};
use consign_sign::KeyError;
use std::error::Error;
use std::io;

/// Where a key of Kubernetes lies.
const KUBERNETES: &str = "k8s://";

/// Returns what to try where a key to sign with cannot be had. `name` is how it was named.
pub(crate) fn hint(name: &str, error: &(dyn Error + Send + Sync + 'static)) -> Option<&'static str> {
    match error.downcast_ref::<KeyError>() {
        Some(KeyError::Label { found, .. }) if found == "PUBLIC KEY" => {
            Some("whoever signs needs the private key, which `consign keygen` writes to `cosign.key`")
        }
        Some(KeyError::NoPem { .. } | KeyError::Label { .. }) => {
            Some("the key is a file that `consign keygen` or `consign import-key-pair` wrote")
        }
        Some(KeyError::Password) if name.starts_with(KUBERNETES) => {
            Some("the password is `cosign.password` in the same secret")
        }
        Some(KeyError::Password) => {
            Some("a password that is not typed is COSIGN_PASSWORD, else in the file that COSIGN_PASSWORD_FILE names")
        }
        _ if is_absent(error) => Some("`consign keygen` makes a key; its password is taken from COSIGN_PASSWORD"),
        _ => anywhere(error),
    }
}

/// Returns what to try where a public key cannot be had.
pub(crate) fn public_hint(error: &(dyn Error + Send + Sync + 'static)) -> Option<&'static str> {
    match error.downcast_ref::<KeyError>() {
        Some(KeyError::Label { found, .. }) if found.ends_with("PRIVATE KEY") => Some(
            "this is the private key: whoever verifies needs the public one, which `consign public-key --key FILE` prints",
        ),
        Some(KeyError::Label { found, .. }) if found == "CERTIFICATE" => Some(
            "a certificate is no key: `--certificate-identity` and `--certificate-oidc-issuer` say for whom it must be",
        ),
        Some(_) => Some("`--key` names the public key, which `consign keygen` writes to `cosign.pub`"),
        _ if is_absent(error) => Some("`--key` names the public key, which `consign keygen` writes to `cosign.pub`"),
        _ => anywhere(error),
    }
}

fn is_absent(error: &(dyn Error + Send + Sync + 'static)) -> bool {
    error.downcast_ref().is_some_and(|error: &io::Error| error.kind() == io::ErrorKind::NotFound)
}

/// Returns what to try where neither half can be had.
fn anywhere(error: &(dyn Error + Send + Sync + 'static)) -> Option<&'static str> {
    if let Some(error) = error.downcast_ref::<NamedKeyError>() {
        return Some(match error {
            NamedKeyError::NoVariable => "the variable holds the text of a key file",
            NamedKeyError::NoProgram { .. } => {
                "a name is looked for on PATH; with a `/` it is a path to a file that can be run"
            }
        });
    }
    if let Some(error) = error.downcast_ref::<KubernetesError>() {
        return match error {
            KubernetesError::NoProgram => Some("install `kubectl`, or name the key in another way: docs/keys.md"),
            KubernetesError::Missing { .. } => {
                Some("`cosign generate-key-pair k8s://NAMESPACE/SECRET` makes a secret that has it")
            }
            KubernetesError::Child(_) | KubernetesError::Refused { .. } | KubernetesError::Answer => None,
        };
    }
    if let Some(error) = error.downcast_ref::<ExternalError>() {
        return match error {
            // The program says it itself.
            ExternalError::Child(_) | ExternalError::Refused { .. } => None,
            _ => Some("docs/keys.md says what a program is asked, and what it answers"),
        };
    }
    match error.downcast_ref::<PasswordError>() {
        Some(PasswordError::Ask { .. } | PasswordError::Input { .. }) => Some(PLACES),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(error: impl Error + Send + Sync + 'static) -> Box<dyn Error + Send + Sync> {
        Box::new(error)
    }

    #[test]
    fn hints_fit_their_causes() {
        let label = |found: &str| boxed(KeyError::Label { expected: "x", found: found.to_owned() });
        for (name, error, expected) in [
            ("cosign.key", boxed(io::Error::from(io::ErrorKind::NotFound)), "`consign keygen` makes a key"),
            ("cosign.key", boxed(io::Error::from(io::ErrorKind::PermissionDenied)), ""),
            ("cosign.key", boxed(KeyError::Password), "COSIGN_PASSWORD"),
            ("k8s://ci/release", boxed(KeyError::Password), "cosign.password"),
            ("cosign.key", boxed(KeyError::OldEncryption), ""),
            ("cosign.pub", label("PUBLIC KEY"), "needs the private key"),
            ("cosign.pem", label("CERTIFICATE"), "import-key-pair"),
            ("exec:a", boxed(NamedKeyError::NoProgram { name: "a".to_owned() }), "looked for on PATH"),
            ("env://A", boxed(NamedKeyError::NoVariable), "holds the text"),
            ("k8s://ci/release", boxed(KubernetesError::NoProgram), "install `kubectl`"),
            ("exec:a", boxed(ExternalError::Signature { program: "a".to_owned() }), "docs/keys.md"),
            ("cosign.key", boxed(PasswordError::Differ), ""),
        ] {
            let hint = hint(name, &*error).unwrap_or_default();
            assert!(hint.contains(expected) && hint.is_empty() == expected.is_empty(), "{error}: {hint}");
        }
        for (error, expected) in [
            (label("ENCRYPTED SIGSTORE PRIVATE KEY"), "consign public-key"),
            (label("CERTIFICATE"), "--certificate-identity"),
            (label("OTHER"), "`cosign.pub`"),
            (boxed(io::Error::from(io::ErrorKind::NotFound)), "`cosign.pub`"),
            (boxed(NamedKeyError::NoProgram { name: "a".to_owned() }), "looked for on PATH"),
        ] {
            let hint = public_hint(&*error).unwrap_or_default();
            assert!(hint.contains(expected), "{error}: {hint}");
        }
    }
}
