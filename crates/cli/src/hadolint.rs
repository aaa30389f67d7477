//! hadolint, for those who want its verdict on their Dockerfiles.

use crate::error::CommandError;
use crate::exit_code::ExitCode;
use consign_plan::configuration::{SourceFile, Warning};
use serde::Deserialize;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// Longest report, in bytes.
const LIMIT: u64 = 16 << 20;

/// What hadolint says of a place (its `--format json`).
#[derive(Debug, Deserialize)]
struct Finding {
    code: String,
    line: usize,
    message: String,
}

/// Runs hadolint on a Dockerfile, in the file's folder, where it looks for its own configuration. It reads ignore comments itself.
pub(crate) fn check(path: &Path, text: &str) -> Result<Vec<Warning>, CommandError> {
    let report = match run(path, text) {
        Ok(report) => report,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let message =
                format!("`lint: {{engine: hadolint}}` for {}, and there is no hadolint on PATH", path.display());
            return Err(CommandError::new(ExitCode::Configuration, message)
                .hint("install hadolint, or take `lint` out: consign has rules of its own"));
        }
        Err(error) => return Err(failed(path, "cannot be run").cause(error)),
    };
    let findings: Vec<Finding> = match serde_json::from_slice(&report.output) {
        Ok(findings) => findings,
        Err(_) => {
            let said: String =
                report.errors.chars().chain(String::from_utf8_lossy(&report.output).chars()).take(1000).collect();
            return Err(failed(path, format!("has failed: {}", said.trim())));
        }
    };
    let source = SourceFile::other(&path.to_string_lossy(), text);
    let lines: Vec<&str> = text.lines().collect();
    let warning = |finding: &Finding| {
        let line = lines.get(finding.line.saturating_sub(1)).copied().unwrap_or_default();
        source.warning(&finding.code, source.line(finding.line.max(1), line), &finding.message)
    };
    Ok(findings.iter().take(super::lint::LIMIT).map(warning).collect())
}

struct Report {
    output: Vec<u8>,
    errors: String,
}

fn run(path: &Path, text: &str) -> io::Result<Report> {
    // Files, so that neither waits for the other.
    let (mut input, mut errors) = (tempfile::tempfile()?, tempfile::tempfile()?);
    input.write_all(text.as_bytes())?;
    input.rewind()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut child = Command::new("hadolint")
        .args(["--format", "json", "-"])
        .current_dir(folder)
        .stdin(input)
        .stdout(Stdio::piped())
        .stderr(errors.try_clone()?)
        .spawn()?;
    let mut output = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(LIMIT).read_to_end(&mut output)?;
    }
    // Whether there are findings is what its status says.
    child.wait()?;
    Ok(Report { output, errors: start(&mut errors)? })
}

fn start(file: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(1000).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn failed(path: &Path, what: impl Display) -> CommandError {
    CommandError::new(ExitCode::Failed, format!("hadolint for {} {what}", path.display()))
}
