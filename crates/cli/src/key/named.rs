use super::Passwords;
use super::child::Program;
use super::external::{ANSWER_LIMIT, ExternalSigner, TIME_LIMIT};
use super::kubernetes::KeyPair;
use crate::environment::Environment;
use crate::programs::{is_program, on_path};
use consign_plan::configuration::KeyReference;
use consign_sign::{PrivateKey, PublicKey, Signer};
use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Largest file with a key or a password, in bytes.
const LIMIT: usize = 64 << 10;
/// Variables that a program which has a key of its own does not see: other keys, and tokens that speak for whoever runs this.
const KEPT_BACK: [&str; 8] = [
    "BUILDKITE_AGENT_ACCESS_TOKEN",
    "CI_JOB_TOKEN",
    "COSIGN_PASSWORD",
    "COSIGN_PASSWORD_FILE",
    "COSIGN_PRIVATE_KEY",
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "SIGSTORE_ID_TOKEN",
];
/// Beginnings of further ones.
const KEPT_BACK_BEGIN: [&str; 2] = ["ACTIONS_ID_TOKEN_", "CIRCLE_OIDC_TOKEN"];

/// Why a key cannot be had.
type Failure = Box<dyn Error + Send + Sync>;

/// A reference that leads to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum NamedKeyError {
    /// It names a variable.
    #[error("the variable is not set")]
    NoVariable,
    /// It names a program.
    #[error("there is no program `{name}`")]
    NoProgram {
        /// Its name, or its path.
        name: String,
    },
}

/// A key by its reference.
pub(crate) struct NamedKey<'a> {
    reference: KeyReference,
    /// Where the path in the reference leads to, if there is one.
    path: PathBuf,
    environment: &'a Environment,
    passwords: Passwords<'a>,
}

impl<'a> NamedKey<'a> {
    /// Makes a key of a reference, whose path leads somewhere.
    pub(crate) fn new(
        reference: &KeyReference,
        resolve: impl FnOnce(&str) -> PathBuf,
        environment: &'a Environment,
        passwords: Passwords<'a>,
    ) -> Self {
        let path = reference.path().map(resolve).unwrap_or_default();
        Self { reference: reference.clone(), path, environment, passwords }
    }

    /// Returns its name.
    pub(crate) fn reference(&self) -> &KeyReference {
        &self.reference
    }

    /// Looks at whether the key is there and is one, as far as can be seen without its password. Returns whether that is still to be had.
    pub(crate) fn check(&self) -> Result<bool, Failure> {
        match &self.reference {
            KeyReference::File(_) | KeyReference::Environment(_) => {
                PrivateKey::check_pem(&self.text()?)?;
                Ok(true)
            }
            KeyReference::Kubernetes { namespace, secret } => {
                let pair = self.key_pair(namespace, secret)?;
                PrivateKey::check_pem(&pair.private()?)?;
                Ok(pair.password()?.is_none())
            }
            KeyReference::Program(words) => self.program(words).map(|_| false),
        }
    }

    /// Returns what signs with the key.
    pub(crate) fn signer(&self) -> Result<Box<dyn Signer>, Failure> {
        match &self.reference {
            KeyReference::File(_) | KeyReference::Environment(_) => Ok(Box::new(self.private(&self.text()?)?)),
            KeyReference::Kubernetes { namespace, secret } => {
                let pair = self.key_pair(namespace, secret)?;
                let text = pair.private()?;
                match pair.password()? {
                    Some(password) => Ok(Box::new(PrivateKey::from_pem(&text, password.as_bytes())?)),
                    None => Ok(Box::new(self.private(&text)?)),
                }
            }
            KeyReference::Program(words) => Ok(Box::new(ExternalSigner::open(self.program(words)?)?)),
        }
    }

    /// Returns the public key that a reference names: in place of the private one, or beside it.
    pub(crate) fn public(&self) -> Result<PublicKey, Failure> {
        match &self.reference {
            KeyReference::File(_) | KeyReference::Environment(_) => Ok(PublicKey::from_pem(&self.text()?)?),
            KeyReference::Kubernetes { namespace, secret } => {
                Ok(PublicKey::from_pem(&self.key_pair(namespace, secret)?.public()?)?)
            }
            KeyReference::Program(words) => Ok(ExternalSigner::open(self.program(words)?)?.public().clone()),
        }
    }

    fn private(&self, text: &str) -> Result<PrivateKey, Failure> {
        // What cannot be one needs no password.
        PrivateKey::check_pem(text)?;
        let password = self.passwords.get("Password of the signing key", false)?;
        Ok(PrivateKey::from_pem(text, password.as_bytes())?)
    }

    /// Returns the text of a key in a file or a variable.
    fn text(&self) -> Result<Zeroizing<String>, Failure> {
        match &self.reference {
            KeyReference::Environment(name) => {
                let text = self.environment.get(name).ok_or(NamedKeyError::NoVariable)?;
                Ok(Zeroizing::new(text.to_owned()))
            }
            _ => Ok(read_secret(&self.path)?),
        }
    }

    fn key_pair(&self, namespace: &str, secret: &str) -> Result<KeyPair, Failure> {
        let kubectl = on_path("kubectl", self.environment);
        Ok(KeyPair::read(namespace, secret, kubectl, self.for_programs())?)
    }

    /// Returns the program that has the key.
    fn program(&self, words: &[String]) -> Result<Program, Failure> {
        let (name, arguments) = words.split_first().ok_or("no program is named")?;
        let path = match self.reference.path() {
            // Absolute, so that it is not looked for on PATH.
            Some(_) => std::path::absolute(&self.path).ok().filter(|path| is_program(path)),
            None => on_path(name, self.environment),
        };
        let path = path.ok_or_else(|| NamedKeyError::NoProgram { name: name.clone() })?;
        let environment = self.for_programs();
        Ok(Program { path, arguments: arguments.to_vec(), environment, time: TIME_LIMIT, answer: ANSWER_LIMIT })
    }

    /// Returns the variables that programs may see.
    fn for_programs(&self) -> BTreeMap<String, String> {
        let is_kept_back = |name: &str| {
            KEPT_BACK.contains(&name) || KEPT_BACK_BEGIN.iter().any(|beginning| name.starts_with(beginning))
        };
        let mut variables = self.environment.all().clone();
        variables.retain(|name, _| !is_kept_back(name));
        variables
    }
}

/// Reads the text of a file with a key or a password: at most 64 KiB, of which no copy is left.
pub(crate) fn read_secret(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT + 1));
    File::open(path)?.take(LIMIT as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > LIMIT {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {LIMIT} bytes")));
    }
    let text =
        str::from_utf8(&bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not a text (UTF-8)"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_do_not_see_other_secrets() {
        let kept_back = KEPT_BACK.into_iter().chain(["ACTIONS_ID_TOKEN_REQUEST_TOKEN", "CIRCLE_OIDC_TOKEN_V2"]);
        let set = ["PATH", "HOME", "AWS_PROFILE"].into_iter().chain(kept_back);
        let environment = Environment::of(set.map(|name| (name.to_owned(), "value".to_owned())));
        let reference = "exec:sign".parse().unwrap();
        let passwords = Passwords::new(&environment, None);
        let key = NamedKey::new(&reference, |path| path.into(), &environment, passwords);
        assert_eq!(key.for_programs().keys().collect::<Vec<_>>(), ["AWS_PROFILE", "HOME", "PATH"]);
    }
}
