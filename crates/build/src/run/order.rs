use super::error::{RunError, RunOutput};
use super::inputs::{Inputs, Reading, plain};
use super::output::Lines;
use super::process::{Process, RunExit};
use super::text;
use crate::request::Request;
use crate::specification::{FileSpecification, Place, RunSpecification, Variable};
use crate::template::{fill, known};
use consign_oci::{Digest, Platform};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Names how commands are run: raise it when that changes what they make.
const FORMAT: u32 = 1;

/// A command for one platform: all words filled in.
pub(super) struct Order<'a> {
    run: &'a RunSpecification,
    platform: &'a Platform,
    words: Vec<String>,
    environment: BTreeMap<String, String>,
    /// Values that are shown nowhere.
    secrets: Vec<String>,
    directory: String,
    /// The image file's folder.
    folder: PathBuf,
    inputs: Option<Vec<(String, &'a Place)>>,
    listing: Option<&'a [String]>,
    /// What the command makes, for all platforms of the image: each may find there what it made for the others.
    made: BTreeSet<String>,
}

impl<'a> Order<'a> {
    pub(super) fn new(
        run: &'a RunSpecification,
        files: &[FileSpecification],
        request: &'a Request<'_>,
    ) -> Result<Self, RunError> {
        let platform = request.platform;
        let filled = |text: &str, place: &Place| {
            let filled = fill(text, platform);
            match known(&filled) {
                Some(word) => {
                    Err(RunError::Word { place: place.clone(), word: word.to_owned(), platform: platform.clone() })
                }
                None => Ok(filled),
            }
        };
        // What commands see always; what the image file says wins.
        let mut environment = request.runner.given().clone();
        let time = request.epoch.or(request.source_time).unwrap_or(0);
        environment.insert("SOURCE_DATE_EPOCH".to_owned(), time.to_string());
        let mut secrets = Vec::new();
        for (name, variable) in &run.environment {
            let value = match variable {
                Variable::Text(text) => filled(text, &run.place)?,
                Variable::Environment { env, place } => {
                    let unset = || RunError::Variable { place: place.clone(), name: env.clone() };
                    let value = request.runner.named(env).ok_or_else(unset)?.to_owned();
                    secrets.push(value.clone());
                    value
                }
            };
            environment.insert(name.clone(), value);
        }
        let inputs = run
            .inputs
            .as_ref()
            .map(|inputs| inputs.iter().map(|input| Ok((filled(&input.path, &input.place)?, &input.place))).collect());
        let made = |file: &FileSpecification| -> Vec<String> {
            request.platforms.iter().map(|platform| plain(&fill(&file.source, platform))).collect()
        };
        // The parent of a bare file name is the empty path.
        let folder = request.root_folder;
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        Ok(Self {
            run,
            platform,
            words: run.command.iter().map(|word| filled(word, &run.place)).collect::<Result<_, _>>()?,
            environment,
            secrets,
            directory: filled(&run.directory, &run.place)?,
            folder: folder.canonicalize().map_err(|source| RunError::Read { path: folder.to_owned(), source })?,
            inputs: inputs.transpose()?,
            listing: request.listing,
            made: files.iter().flat_map(made).collect(),
        })
    }

    /// Returns the command, for messages.
    pub(super) fn command(&self) -> String {
        format!("`{}`", text::command(&self.words))
    }

    /// Reads what the command's results follow from; `None` where nobody can say what that is.
    pub(super) fn inputs(&self) -> Result<Option<Inputs>, RunError> {
        let reading = Reading { folder: &self.folder, listing: self.listing, made: &self.made };
        match &self.inputs {
            Some(inputs) => reading.named(inputs).map(Some),
            None => reading.listed(),
        }
    }

    /// Returns the digest of everything that decides what the command makes, as far as is known. The platform is in it where a word stands for it.
    pub(super) fn key(&self, inputs: Option<&Inputs>) -> Digest {
        // Where nothing is told by them, these may differ from one run to the next.
        let decides = |name: &str| !["HOME", "USER", "TMPDIR"].contains(&name);
        let environment: BTreeMap<&String, &String> = self
            .environment
            .iter()
            .filter(|(name, _)| decides(name) || self.run.environment.contains_key(*name))
            .collect();
        let all = json!({
            "step": "run",
            "format": FORMAT,
            "command": self.words,
            "environment": environment,
            "directory": self.directory,
            "folder": self.folder,
            "inputs": inputs.map(Inputs::digest),
        });
        Digest::of(all.to_string().as_bytes())
    }

    /// Runs the command. A command that fails is an error with the last lines that it wrote.
    pub(super) async fn run(&self, request: &Request<'_>) -> Result<(), RunError> {
        let folder = self.folder.join(&self.directory);
        if !folder.is_dir() {
            return Err(RunError::Directory { place: self.run.place.clone(), path: folder });
        }
        let process = Process {
            words: &self.words,
            environment: &self.environment,
            folder: &folder,
            time_limit: self.run.timeout,
        };
        let mut lines = Lines::new(&self.secrets, request.output);
        let exit = process.run(request.runner, &mut lines).await.map_err(|source| RunError::Start {
            place: self.run.place.clone(),
            command: self.command(),
            source,
        })?;
        if exit == RunExit::Code(0) {
            return Ok(());
        }
        Err(RunError::Failed {
            place: self.run.place.clone(),
            command: self.command(),
            platform: self.platform.clone(),
            exit,
            source: RunOutput::new(lines.finish()),
        })
    }

    /// Refuses inputs that are not what they were before the command ran: what it made might follow from the one or the other.
    pub(super) fn check_unchanged(&self, before: Option<&Inputs>) -> Result<(), RunError> {
        let Some(before) = before else { return Ok(()) };
        let after = self.inputs()?;
        match after.as_ref().and_then(|after| before.difference(after)) {
            Some(path) => {
                Err(RunError::Changed { place: self.run.place.clone(), command: self.command(), path: path.to_owned() })
            }
            None => Ok(()),
        }
    }
}
