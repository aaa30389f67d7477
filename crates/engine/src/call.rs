use crate::EngineError;
use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

/// How much of what a program prints is kept, in bytes.
const OUTPUT_LIMIT: u64 = 4 << 20;
/// How much of what it says about itself is passed on, in characters: the end, where the reason stands.
const SAID_LIMIT: usize = 2000;

/// How a program is run.
pub(crate) struct Call<'a> {
    pub(crate) name: &'static str,
    pub(crate) path: &'a Path,
    /// Where it is run, and has its temporary files.
    pub(crate) folder: &'a Path,
    pub(crate) environment: &'a BTreeMap<String, String>,
}

impl Call<'_> {
    /// Runs the program to its end. Returns what it printed.
    pub(crate) async fn run(&self, words: &[&str]) -> Result<Vec<u8>, EngineError> {
        let failed = |source| EngineError::Start { program: self.name, source };
        let mut command = Command::new(self.path);
        command.args(words).current_dir(self.folder).env_clear().envs(self.environment).kill_on_drop(true);
        // Images are large, and there is room beside the archive.
        command.env("TMPDIR", std::path::absolute(self.folder).map_err(failed)?);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let (output, errors) = futures::future::try_join(heard(output), heard(errors)).await.map_err(failed)?;
        let status = child.wait().await.map_err(failed)?;
        if status.success() {
            return Ok(output);
        }
        let said = if errors.trim_ascii().is_empty() { output } else { errors };
        let command = [&[self.name], words].concat().join(" ");
        Err(EngineError::Failed { command, status: status.to_string(), said: last_words(&said) })
    }
}

/// Reads to the end, so that the program never waits for us, and keeps the beginning.
async fn heard(from: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    if let Some(mut from) = from {
        (&mut from).take(OUTPUT_LIMIT).read_to_end(&mut kept).await?;
        tokio::io::copy(&mut from, &mut tokio::io::sink()).await?;
    }
    Ok(kept)
}

/// Returns the end of what was said, without what would move a terminal's cursor.
pub(crate) fn last_words(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let text: Vec<char> = text.trim().chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    text[text.len().saturating_sub(SAID_LIMIT)..].iter().collect()
}

/// Finds a program on the `PATH` of an environment.
pub(crate) fn find(name: &str, environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    let is_program =
        |path: &PathBuf| path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0);
    // What lies in the folder that consign is run in is no program of this machine's.
    let folders = std::env::split_paths(environment.get("PATH")?).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(name)).find(is_program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_at_their_beginning() {
        assert_eq!(last_words(b"  a\x1b[2Jb\rc\n"), "a[2Jbc");
        let long = format!("{}end", "x".repeat(5000));
        assert_eq!(last_words(long.as_bytes()).len(), SAID_LIMIT);
        assert!(last_words(long.as_bytes()).ends_with("end"));
    }
}
