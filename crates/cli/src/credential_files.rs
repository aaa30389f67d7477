use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::reading::read_text;
use consign_oci::Repository;
use consign_registry::docker_config::{DockerConfig, Found};
use consign_registry::{Credentials, credential_helper};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::ErrorKind;
use std::path::PathBuf;

/// Largest file of credentials, in bytes.
const LIMIT: u64 = 4 << 20;

/// Docker's and podman's files, and what their credential helpers said.
pub(crate) struct CredentialFiles {
    files: Vec<(PathBuf, DockerConfig)>,
    for_helpers: BTreeMap<String, String>,
    /// By helper and server: a helper may ask a person each time.
    asked: HashMap<(String, String), Option<Credentials>>,
}

impl CredentialFiles {
    /// Reads the files. One that is not there says nothing; one that cannot be read is an error. Helpers will not see the variables `secrets`.
    pub(crate) fn read(environment: &Environment, secrets: &BTreeSet<&str>) -> Result<Self, CommandError> {
        let mut files = Vec::new();
        for path in environment.credential_files() {
            let text = match read_text(&path, LIMIT) {
                Ok(text) => text,
                // A home that is no folder has none either, as daemons' often is.
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => continue,
                Err(error) => {
                    let message = format!("cannot read the credentials in {}", path.display());
                    return Err(CommandError::new(ExitCode::Failed, message).cause(error));
                }
            };
            let file = DockerConfig::parse(&text).map_err(|error| {
                let message = format!("{} is not a file of credentials", path.display());
                CommandError::new(ExitCode::Failed, message).cause(error)
            })?;
            files.push((path, file));
        }
        Ok(Self { files, for_helpers: environment.for_helpers(secrets), asked: HashMap::new() })
    }

    /// Returns how to log in to a repository: the first file that says something about it counts.
    pub(crate) async fn find(&mut self, repository: &Repository) -> Result<Credentials, CommandError> {
        for (path, file) in &self.files {
            let question = match file.find(repository) {
                Found::None => continue,
                Found::Credentials(credentials) => return Ok(credentials),
                Found::Helper { name, server } => (name, server),
            };
            let known = match self.asked.get(&question) {
                Some(known) => known.clone(),
                None => {
                    let asked = credential_helper::get(&question.0, &question.1, &self.for_helpers).await;
                    let asked = asked.map_err(|error| {
                        let (path, registry) = (path.display(), repository.registry());
                        CommandError::of(ExitCode::Failed, &error).hint(format!(
                            "{path} names it; `docker-config: false` under `registries: {registry}` in the configuration does without"
                        ))
                    })?;
                    self.asked.insert(question, asked.clone());
                    asked
                }
            };
            if let Some(credentials) = known {
                return Ok(credentials);
            }
        }
        Ok(Credentials::Anonymous)
    }
}
