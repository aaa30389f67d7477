use crate::arguments::Output;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use consign_sign::PrivateKey;
use serde_json::json;
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The two files of a key, neither of which was there.
pub(crate) struct KeyFiles {
    private: PathBuf,
    public: PathBuf,
}

impl KeyFiles {
    /// Returns the names for a prefix: PREFIX.key and PREFIX.pub. Files that are there already are an error.
    pub(crate) fn new(prefix: &Path) -> Result<Self, CommandError> {
        let this = Self { private: with_ending(prefix, ".key"), public: with_ending(prefix, ".pub") };
        for path in [&this.private, &this.public] {
            if fs::symlink_metadata(path).is_ok() {
                let error = CommandError::new(ExitCode::Conflict, format!("{} exists already", path.display()));
                return Err(error.hint("name other files with `--output-key-prefix PREFIX`"));
            }
        }
        Ok(this)
    }

    /// Writes both files, or neither. The private one is its owner's alone from the start.
    pub(crate) fn write(&self, key: &PrivateKey, password: &[u8]) -> Result<(), CommandError> {
        let private = written(&self.private, 0o600, key.to_encrypted_pem(password)?.as_bytes())?;
        let public = written(&self.public, 0o644, key.public().to_pem().as_bytes())?;
        named(private, &self.private)?;
        named(public, &self.public).inspect_err(|_| {
            // Nobody has seen it: it was made a moment ago.
            let _ = fs::remove_file(&self.private);
        })
    }

    /// Says where the files are.
    pub(crate) fn tell(&self, session: &Session) -> Result<(), CommandError> {
        let (private, public) = (self.private.display().to_string(), self.public.display().to_string());
        match session.output {
            Output::Json => session.printer.json(&json!({ "privateKey": private, "publicKey": public }))?,
            Output::Table => {
                session.printer.note(&format!("The private key is in {private}, the public key in {public}."));
            }
        }
        Ok(())
    }
}

/// Adds an ending; a dot in the prefix begins none.
fn with_ending(prefix: &Path, ending: &str) -> PathBuf {
    let mut path = prefix.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

/// Writes a file that has not its name yet.
fn written(path: &Path, mode: u32, bytes: &[u8]) -> Result<NamedTempFile, CommandError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    let file = builder.prefix(".consign-").permissions(Permissions::from_mode(mode)).tempfile_in(folder);
    let written = file.and_then(|mut file| {
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        Ok(file)
    });
    written.map_err(|error| unwritten(path, error))
}

/// Gives a file its name, if none has it.
fn named(file: NamedTempFile, path: &Path) -> Result<(), CommandError> {
    file.persist_noclobber(path).map(drop).map_err(|error| unwritten(path, error.error))
}

fn unwritten(path: &Path, error: std::io::Error) -> CommandError {
    CommandError::new(ExitCode::Failed, format!("cannot write {}", path.display())).cause(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_pair_is_not_left() {
        let folder = tempfile::tempdir().unwrap();
        let files = KeyFiles::new(&folder.path().join("a")).unwrap();
        // Somebody else was faster.
        fs::write(&files.public, "other").unwrap();
        let key = PrivateKey::generate().unwrap();
        let error = files.write(&key, b"").unwrap_err();
        assert_eq!(error.message, format!("cannot write {}", files.public.display()));
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, std::slice::from_ref(&files.public));
        assert_eq!(fs::read_to_string(&files.public).unwrap(), "other");
    }
}
