use std::fmt;
use std::str::FromStr;

/// What references there are, for messages.
const FORMS: &str =
    "a key is a file, `env://NAME`, `k8s://NAMESPACE/SECRET` or `exec:PROGRAM ARGUMENT…` (docs/keys.md)";
/// How cosign names keys that services and devices keep.
const ELSEWHERE: [&str; 5] = ["awskms", "azurekms", "gcpkms", "hashivault", "pkcs11"];
/// Longest name of a namespace or a secret (RFC 1123, as Kubernetes limits its names).
const NAME_LIMIT: usize = 253;

/// Where a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyReference {
    /// In a file, by its path as written.
    File(String),
    /// In the environment variable with this name.
    Environment(String),
    /// In a secret of Kubernetes, as `cosign generate-key-pair k8s://…` makes it.
    Kubernetes {
        /// Its namespace.
        namespace: String,
        /// Its name.
        secret: String,
    },
    /// Where only a program gets at it: the program and its arguments, of which there is one word at least.
    Program(Vec<String>),
}

impl KeyReference {
    /// Returns the path that is in the reference, as written: the file's, or the program's if it is not one that is looked for on `PATH`.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::File(path) => Some(path),
            Self::Program(words) => words.first().map(String::as_str).filter(|program| program.contains('/')),
            Self::Environment(_) | Self::Kubernetes { .. } => None,
        }
    }
}

/// A text that names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyReferenceError {
    /// It is a private key itself, which has been seen now.
    #[error("a private key must not stand in the place of its name")]
    Secret,
    /// It is empty.
    #[error("the name of the key is empty")]
    Empty,
    /// What stands after `env://` is not the name of a variable.
    #[error("after `env://` stands the name of an environment variable")]
    Variable,
    /// What stands after `k8s://` is not a namespace with a name.
    #[error("after `k8s://` stands `NAMESPACE/SECRET`, in lower case")]
    Kubernetes,
    /// What stands after `exec:` is not a program with its arguments.
    #[error("after `exec:` stands a program with its arguments, in which quotation marks are closed")]
    Program,
    /// Keys at such places are not known.
    #[error("keys at `{scheme}:` are not supported by this version")]
    Scheme {
        /// What stands before the colon.
        scheme: String,
    },
}

impl KeyReferenceError {
    /// Returns what to write instead.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Secret => "write the path of the key file, or `env://NAME`, and replace this key: it has been seen",
            Self::Scheme { scheme } if ELSEWHERE.contains(&scheme.as_str()) => {
                "a program of yours can ask the service or the device for signatures: `exec:PROGRAM ARGUMENT…` (docs/keys.md)"
            }
            _ => FORMS,
        }
    }
}

impl FromStr for KeyReference {
    type Err = KeyReferenceError;

    fn from_str(text: &str) -> Result<Self, KeyReferenceError> {
        if text.contains("PRIVATE KEY") {
            return Err(KeyReferenceError::Secret);
        }
        if text.trim().is_empty() {
            return Err(KeyReferenceError::Empty);
        }
        if let Some(line) = text.strip_prefix("exec:") {
            let words = shlex::split(line).filter(|words| words.first().is_some_and(|program| !program.is_empty()));
            return words.map(Self::Program).ok_or(KeyReferenceError::Program);
        }
        match text.split_once("://") {
            Some(("env", name)) if is_variable(name) => Ok(Self::Environment(name.to_owned())),
            Some(("env", _)) => Err(KeyReferenceError::Variable),
            Some(("k8s", name)) => match name.split_once('/') {
                Some((namespace, secret)) if is_name(namespace) && is_name(secret) => {
                    Ok(Self::Kubernetes { namespace: namespace.to_owned(), secret: secret.to_owned() })
                }
                _ => Err(KeyReferenceError::Kubernetes),
            },
            Some((scheme, _)) => Err(KeyReferenceError::Scheme { scheme: super::reader::clip(scheme) }),
            None if text.starts_with("pkcs11:") => Err(KeyReferenceError::Scheme { scheme: "pkcs11".to_owned() }),
            None => Ok(Self::File(text.to_owned())),
        }
    }
}

impl fmt::Display for KeyReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => formatter.write_str(path),
            Self::Environment(name) => write!(formatter, "env://{name}"),
            Self::Kubernetes { namespace, secret } => write!(formatter, "k8s://{namespace}/{secret}"),
            Self::Program(words) => {
                let line = shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "));
                write!(formatter, "exec:{line}")
            }
        }
    }
}

/// Returns whether a text can be the name of an environment variable.
pub(super) fn is_variable(name: &str) -> bool {
    name.len() <= 256
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Returns whether a text can be the name of something in Kubernetes. None begins like an option.
fn is_name(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    name.len() <= NAME_LIMIT
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name.bytes().all(is_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(words: &[&str]) -> KeyReference {
        KeyReference::Program(words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn keys_are_named_in_four_ways() {
        let kubernetes = KeyReference::Kubernetes { namespace: "ci".to_owned(), secret: "cosign.release-1".to_owned() };
        for (text, expected, path) in [
            ("cosign.key", KeyReference::File("cosign.key".to_owned()), Some("cosign.key")),
            ("C:key", KeyReference::File("C:key".to_owned()), Some("C:key")),
            ("env://COSIGN_PRIVATE_KEY", KeyReference::Environment("COSIGN_PRIVATE_KEY".to_owned()), None),
            ("k8s://ci/cosign.release-1", kubernetes, None),
            ("exec:sign", program(&["sign"]), None),
            ("exec:./sign 'alias/a b' -x", program(&["./sign", "alias/a b", "-x"]), Some("./sign")),
        ] {
            let reference: KeyReference = text.parse().unwrap();
            assert_eq!(reference, expected, "{text}");
            assert_eq!(reference.to_string(), text);
            assert_eq!(reference.path(), path, "{text}");
        }
    }

    #[test]
    fn what_names_no_key_is_said() {
        let scheme = |scheme: &str| KeyReferenceError::Scheme { scheme: scheme.to_owned() };
        for (text, expected, hint) in [
            ("", KeyReferenceError::Empty, FORMS),
            (" ", KeyReferenceError::Empty, FORMS),
            ("-----BEGIN PRIVATE KEY-----", KeyReferenceError::Secret, "replace this key"),
            ("env://", KeyReferenceError::Variable, FORMS),
            ("env://A-B", KeyReferenceError::Variable, FORMS),
            ("k8s://ci", KeyReferenceError::Kubernetes, FORMS),
            ("k8s://ci/", KeyReferenceError::Kubernetes, FORMS),
            ("k8s:///key", KeyReferenceError::Kubernetes, FORMS),
            ("k8s://ci/--output", KeyReferenceError::Kubernetes, FORMS),
            ("k8s://ci/a/b", KeyReferenceError::Kubernetes, FORMS),
            ("exec:", KeyReferenceError::Program, FORMS),
            ("exec: ", KeyReferenceError::Program, FORMS),
            ("exec:'' x", KeyReferenceError::Program, FORMS),
            ("exec:sign 'x", KeyReferenceError::Program, FORMS),
            ("awskms:///alias/release", scheme("awskms"), "`exec:PROGRAM"),
            ("pkcs11:token=a;object=b", scheme("pkcs11"), "`exec:PROGRAM"),
            ("https://example.org/cosign.key", scheme("https"), FORMS),
        ] {
            let error = text.parse::<KeyReference>().unwrap_err();
            assert_eq!(error, expected, "{text}");
            assert!(error.hint().contains(hint), "{text}");
        }
    }
}
