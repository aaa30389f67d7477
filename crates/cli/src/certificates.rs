//! Certificates that registries have of their own: those that the configuration names, and those in the folders of docker and podman.

use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::reading::read_file;
use consign_plan::configuration::{RegistrySettings, Spanned};
use consign_plan::{Code, Configuration, ConfigurationError};
use consign_registry::{Secret, Tls, TlsError};
use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Largest file with certificates or a key, in bytes.
const PEM_LIMIT: u64 = 1 << 20;
/// Most files in a folder of certificates.
const FILES: usize = 200;

/// Returns what a registry has of its own. What the configuration does not say is looked for in the first folder of docker's and podman's that there is.
pub(crate) fn of(
    registry: &str,
    configuration: Option<&Configuration>,
    environment: &Environment,
) -> Result<Tls, CommandError> {
    let mut tls = Tls::default();
    let settings =
        configuration.and_then(|configuration| Some((configuration, configuration.registries.get(registry)?)));
    if let Some((configuration, settings)) = settings {
        configured(&mut tls, configuration, settings)?;
        // It is served by this program, in plain HTTP.
        if settings.serve.is_some() {
            return Ok(tls);
        }
    }
    for folder in environment.certificate_folders(registry) {
        if let Some(files) = files(&folder)? {
            found(&mut tls, &folder, &files)?;
            break;
        }
    }
    Ok(tls)
}

fn configured(tls: &mut Tls, configuration: &Configuration, settings: &RegistrySettings) -> Result<(), CommandError> {
    let refused = |path: &Spanned<String>, problem: String| {
        let message = format!("`{}` {problem}", path.value);
        CommandError::from(ConfigurationError::from(configuration.file.diagnostic(
            Code::Value,
            path.span,
            message,
            None,
        )))
    };
    let read = |path: &Spanned<String>| {
        read_file(&configuration.resolve(path), PEM_LIMIT)
            .map_err(|error| refused(path, format!("cannot be read: {error}")))
    };
    if let Some(path) = &settings.ca {
        let trusted = tls.trust(read(path)?.as_bytes());
        trusted.map_err(|error| refused(path, format!("cannot be used: {}", with_cause(&error))))?;
    }
    if let Some(identity) = &settings.client_certificate {
        let (certificate, key) = (read(&identity.certificate)?, Secret::new(read(&identity.key)?));
        let path =
            |error: &TlsError| if matches!(error, TlsError::NoKey) { &identity.key } else { &identity.certificate };
        let identified = tls.identify(certificate.as_bytes(), &key);
        identified.map_err(|error| refused(path(&error), format!("cannot be used: {}", with_cause(&error))))?;
    }
    Ok(())
}

/// Takes what a folder has, and what the configuration did not say: `*.crt` is trusted, and of pairs `NAME.cert` and `NAME.key` the first is shown.
fn found(tls: &mut Tls, folder: &Path, files: &BTreeSet<String>) -> Result<(), CommandError> {
    let refused = |name: &str, error: &(dyn Error + 'static)| {
        let message = format!("{} cannot be used: {}", folder.join(name).display(), with_cause(error));
        CommandError::new(ExitCode::Failed, message)
            .hint("docker and podman read this folder, too; `ca` and `client-certificate` under `registries:` count before it")
    };
    let read = |name: &str| read_file(&folder.join(name), PEM_LIMIT).map_err(|error| refused(name, &error));
    if !tls.trusts() {
        for name in files.iter().filter(|name| name.ends_with(".crt")) {
            tls.trust(read(name)?.as_bytes()).map_err(|error| refused(name, &error))?;
        }
    }
    let pair = files.iter().find_map(|name| Some((name, format!("{}.key", name.strip_suffix(".cert")?))));
    if let Some((certificate, key)) = pair.filter(|_| !tls.identifies()) {
        let identified = tls.identify(read(certificate)?.as_bytes(), &Secret::new(read(&key)?));
        identified.map_err(|error| refused(certificate, &error))?;
    }
    Ok(())
}

/// Returns the names of the files in a folder that are for certificates; `None` if there are none, or none for us.
fn files(folder: &PathBuf) -> Result<Option<BTreeSet<String>>, CommandError> {
    use io::ErrorKind::{InvalidFilename, NotADirectory, NotFound, PermissionDenied};
    let failed = |error: io::Error| {
        let message = format!("cannot read the certificates in {}", folder.display());
        CommandError::new(ExitCode::Failed, message).cause(error)
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), NotFound | NotADirectory | PermissionDenied | InvalidFilename) => {
            return Ok(None);
        }
        Err(error) => return Err(failed(error)),
    };
    let mut names = BTreeSet::new();
    for entry in entries {
        // A name that is no text ends with none of these.
        let name = entry.map_err(failed)?.file_name().into_string();
        names.extend(name.ok().filter(|name| [".crt", ".cert", ".key"].iter().any(|ending| name.ends_with(ending))));
        if names.len() > FILES {
            return Err(failed(io::Error::other(format!("there are more than {FILES} files"))));
        }
    }
    Ok(Some(names).filter(|names| !names.is_empty()))
}

/// Returns what is wrong, and why.
fn with_cause(error: &(dyn Error + 'static)) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
