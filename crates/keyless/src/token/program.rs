//! Programs that give tokens.

use super::{LIMIT, TokenError};
use crate::Secret;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

/// How long a program may take.
const TIME: Duration = Duration::from_secs(60);

/// Runs a program, and returns what it prints. What it says of errors is seen by whoever runs this.
pub(super) async fn output(program: &Path, arguments: &[&str]) -> Result<Secret, TokenError> {
    let failed = |problem: &str| TokenError::ProgramFailed { program: program.to_owned(), problem: problem.to_owned() };
    let broken = |source| TokenError::Program { program: program.to_owned(), source };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(broken)?;
    let stdout = child.stdout.take().ok_or_else(|| failed("prints nothing"))?;
    let mut text = zeroize::Zeroizing::new(String::new());
    let run = async {
        stdout.take(LIMIT as u64 + 1).read_to_string(&mut text).await?;
        child.wait().await
    };
    let ended = tokio::time::timeout(TIME, run).await.map_err(|_| failed("takes too long"))?;
    let status = ended.map_err(broken)?;
    // Whoever prints on is ended by that nobody reads it.
    if text.len() > LIMIT {
        return Err(TokenError::TooLong { limit: LIMIT });
    }
    if !status.success() {
        return Err(failed(&format!("ends with {status}")));
    }
    Ok(Secret::new(text.trim()))
}
