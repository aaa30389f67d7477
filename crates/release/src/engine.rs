//! Runs scanners of others on what lies anywhere.

use crate::ReleaseError;
use crate::scanned_image::Compared;
use consign_image::{Place, Sink};
use consign_oci::{Document, Exact, Manifest};
use consign_receipt::{Engine, Receipt};
use consign_scan::{Database, EngineReport, Subject, engine_receipt};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use tokio::process::Command;

/// Longest report, in bytes.
const REPORT_LIMIT: u64 = 256 << 20;
/// How much of what a scanner says beside is shown where it fails, in bytes from the end.
const COMPLAINT: usize = 2000;
/// What a platform is called in the folder that is shown to a scanner. It has one manifest, so that no scanner chooses another.
const IMAGE: &str = "image";
const REPORT: &str = "report.json";
const ASIDE: &str = "aside.json";
const COMPLAINTS: &str = "complaints";

/// A scanner of others on this machine.
#[derive(Clone, Debug)]
pub struct EngineProgram {
    /// Which.
    pub engine: Engine,
    /// Its program.
    pub path: PathBuf,
    /// All that it is told by its environment.
    pub environment: Vec<(String, String)>,
    /// Where the image lies while it is looked at: a folder that is there.
    pub scratch: PathBuf,
    /// Whether it has to do without the network.
    pub offline: bool,
}

/// Who compares images with advisories.
#[derive(Clone, Debug)]
pub enum Scanner {
    /// consign, with this database.
    Database(Arc<Database>),
    /// A scanner of others, with what it has.
    Engine(Arc<EngineProgram>),
}

/// Why a scanner gave no verdict.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The image cannot be laid out for it.
    #[error("the image cannot be laid out for it")]
    Image(#[source] Box<consign_image::ImageError>),
    /// Something on this machine cannot be read or written.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it did not work.
        source: io::Error,
    },
    /// It failed.
    #[error("it ended with {status}: {complaint}")]
    Failed {
        /// Its exit status.
        status: std::process::ExitStatus,
        /// The end of what it said.
        complaint: String,
    },
    /// It wrote more than any report has.
    #[error("it wrote more than {limit} bytes")]
    Size {
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// What it wrote is something else.
    #[error(transparent)]
    Report(#[from] consign_scan::ScanError),
}

impl EngineProgram {
    /// Shows the scanner one platform, by itself, in a folder with nothing else that it could read, and returns its verdict whole: what of that is tolerated is for
    /// the gate to say. `sbom`: what consign found in the image, which says its distribution.
    pub(crate) async fn scan(
        &self,
        image: &Compared<'_>,
        place: &Place,
        manifest: &Exact<Manifest>,
        sbom: &Receipt,
    ) -> Result<Receipt, ReleaseError> {
        let failed = |source| ReleaseError::Engine {
            image: image.name.to_owned(),
            platform: image.platform.clone(),
            engine: self.engine,
            source: Box::new(source),
        };
        let folder =
            tempfile::tempdir_in(&self.scratch).map_err(io_error("make a folder in", &self.scratch)).map_err(failed)?;
        self.lay_out(folder.path(), place, manifest).await.map_err(failed)?;
        let (report, aside) = self.run(folder.path()).await.map_err(failed)?;
        let subject = Subject {
            digest: image.digest,
            platform: Some(image.platform),
            sbom: &sbom.statement.predicate,
            created: image.created,
        };
        let written = EngineReport { engine: self.engine, report: &report, aside: &aside };
        engine_receipt(&subject, &written).map_err(EngineError::Report).map_err(failed)
    }

    /// Writes the platform as a layout with one image.
    async fn lay_out(&self, folder: &Path, place: &Place, manifest: &Exact<Manifest>) -> Result<(), EngineError> {
        let layout = Sink::Layout { folder: folder.join(IMAGE), tag: None };
        let of_image = |error| EngineError::Image(Box::new(error));
        for blob in [&manifest.config].into_iter().chain(&manifest.layers) {
            layout.put_blob(blob, place).await.map_err(of_image)?;
        }
        layout.name(&Document::Manifest(manifest.clone()), &[]).await.map_err(of_image)
    }

    /// Returns the report, and what it does not say.
    async fn run(&self, folder: &Path) -> Result<(Vec<u8>, Vec<u8>), EngineError> {
        match self.engine {
            Engine::Trivy => {
                let mut arguments = vec!["image", "--input", IMAGE, "--format", "json", "--output", REPORT];
                // What the environment may say otherwise would be left out of the receipt.
                arguments.extend([
                    "--list-all-pkgs",
                    "--scanners",
                    "vuln",
                    "--exit-code",
                    "0",
                    "--ignore-unfixed=false",
                ]);
                arguments.extend(["--severity", "UNKNOWN,LOW,MEDIUM,HIGH,CRITICAL", "--no-progress"]);
                if self.offline {
                    arguments.extend(["--skip-db-update", "--skip-java-db-update", "--offline-scan"]);
                }
                self.call(folder, &arguments, COMPLAINTS).await?;
                self.call(folder, &["version", "--format", "json"], ASIDE).await?;
            }
            Engine::Grype => {
                let (image, report, aside) =
                    (format!("oci-dir:{IMAGE}"), format!("json={REPORT}"), format!("cyclonedx-json={ASIDE}"));
                self.call(folder, &[&image, "--output", &report, "--output", &aside], COMPLAINTS).await?;
            }
        }
        Ok((bounded(&folder.join(REPORT))?, bounded(&folder.join(ASIDE))?))
    }

    /// Calls the program, which writes into a file of the folder what it says.
    async fn call(&self, folder: &Path, arguments: &[&str], output: &str) -> Result<(), EngineError> {
        let complaints = folder.join(COMPLAINTS);
        let create =
            |path: &Path| File::options().create(true).append(true).open(path).map_err(io_error("write", path));
        let mut command = Command::new(&self.path);
        command.args(arguments).current_dir(folder).env_clear().envs(self.environment.iter().cloned());
        command.stdin(Stdio::null()).stdout(create(&folder.join(output))?).stderr(create(&complaints)?);
        // Whoever stops waiting ends it.
        let status = command.kill_on_drop(true).status().await.map_err(io_error("run", &self.path))?;
        if status.success() {
            return Ok(());
        }
        let said = bounded(&complaints)?;
        let end = said.get(said.len().saturating_sub(COMPLAINT)..).unwrap_or_default();
        Err(EngineError::Failed { status, complaint: String::from_utf8_lossy(end).trim().to_owned() })
    }
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> EngineError {
    let path = path.to_owned();
    move |source| EngineError::Io { action, path, source }
}

/// Reads a whole file, if it is no larger than reports are.
fn bounded(path: &Path) -> Result<Vec<u8>, EngineError> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(io_error("read", path))?;
    file.take(REPORT_LIMIT + 1).read_to_end(&mut bytes).map_err(io_error("read", path))?;
    match bytes.len() as u64 > REPORT_LIMIT {
        true => Err(EngineError::Size { limit: REPORT_LIMIT }),
        false => Ok(bytes),
    }
}
