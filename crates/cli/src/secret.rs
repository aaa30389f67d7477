use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::str::FromStr;

/// Largest secret, in bytes, as with Docker.
const LIMIT: u64 = 500 << 10;

/// Where a secret for commands of Dockerfiles is, as with `docker build --secret`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecretSource {
    pub(crate) id: String,
    from: From,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum From {
    File(PathBuf),
    Variable(String),
    /// The variable of the secret's name, else the file.
    Either,
}

/// A text that names no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write `id=NAME,src=FILE` or `id=NAME,env=VARIABLE`")]
pub(crate) struct SecretSourceError;

impl FromStr for SecretSource {
    type Err = SecretSourceError;

    fn from_str(text: &str) -> Result<Self, SecretSourceError> {
        let (mut id, mut file, mut variable, mut kind) = (None, None, None, None);
        for field in text.split(',') {
            let (key, value) = field.split_once('=').ok_or(SecretSourceError)?;
            let place = match key {
                "id" => &mut id,
                "src" | "source" => &mut file,
                "env" => &mut variable,
                "type" => &mut kind,
                _ => return Err(SecretSourceError),
            };
            if value.is_empty() || place.replace(value.to_owned()).is_some() {
                return Err(SecretSourceError);
            }
        }
        let id = id.ok_or(SecretSourceError)?;
        let from = match (file, variable, kind.as_deref()) {
            (None, Some(variable), None | Some("env")) => From::Variable(variable),
            // So is a variable named where its kind is.
            (Some(variable), None, Some("env")) => From::Variable(variable),
            (None, None, Some("env")) => From::Variable(id.clone()),
            (Some(file), None, None | Some("file")) => From::File(file.into()),
            (None, None, None | Some("file")) => From::Either,
            _ => return Err(SecretSourceError),
        };
        Ok(Self { id, from })
    }
}

impl SecretSource {
    /// Reads the secret.
    pub(crate) fn read(&self, session: &Session) -> Result<Vec<u8>, CommandError> {
        let variable = |name: &str| session.environment.get_even_empty(name).map(|value| value.as_bytes().to_vec());
        match &self.from {
            From::Variable(name) => variable(name).ok_or_else(|| {
                let message = format!("`--secret id={}`: the variable `{name}` is not set", self.id);
                CommandError::new(ExitCode::Usage, message)
            }),
            From::File(path) => self.file(path),
            From::Either => match variable(&self.id) {
                Some(secret) => Ok(secret),
                None => self.file(&PathBuf::from(&self.id)),
            },
        }
    }

    fn file(&self, path: &PathBuf) -> Result<Vec<u8>, CommandError> {
        let mut secret = Vec::new();
        let read = File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut secret));
        let message = format!("`--secret id={}`: cannot read {}", self.id, path.display());
        read.map_err(|error| CommandError::new(ExitCode::Usage, message).cause(error))?;
        if secret.len() as u64 > LIMIT {
            let message = format!("`--secret id={}`: {} has more than {LIMIT} bytes", self.id, path.display());
            return Err(CommandError::new(ExitCode::Usage, message));
        }
        Ok(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_docker_reads() {
        let source = |id: &str, from| Ok(SecretSource { id: id.to_owned(), from });
        for (text, expected) in [
            ("id=a,src=f", source("a", From::File("f".into()))),
            ("type=file,id=a,source=f", source("a", From::File("f".into()))),
            ("id=a,env=V", source("a", From::Variable("V".to_owned()))),
            ("id=a,type=env", source("a", From::Variable("a".to_owned()))),
            ("id=a", source("a", From::Either)),
            ("src=f", Err(SecretSourceError)),
            ("id=a,src=f,env=V", Err(SecretSourceError)),
            ("id=a,x=y", Err(SecretSourceError)),
            ("id=", Err(SecretSourceError)),
            ("a", Err(SecretSourceError)),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
        }
    }
}
