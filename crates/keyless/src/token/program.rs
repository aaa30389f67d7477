//! Programs that give tokens.

use super::TokenError;
use crate::Secret;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

/// How long a program may take.
const TIME: Duration = Duration::from_secs(60);
/// Longest output that is read, in bytes.
const LIMIT: u64 = 64 << 10;

/// Runs a program, and returns what it prints. What it says of errors is seen by whoever runs this.
pub(super) async fn output(program: &'static str, arguments: &[&str]) -> Result<Secret, TokenError> {
    let failed = |problem: &str| TokenError::ProgramFailed { program, problem: problem.to_owned() };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|source| TokenError::Program { program, source })?;
    let stdout = child.stdout.take().ok_or_else(|| failed("prints nothing"))?;
    let mut text = zeroize::Zeroizing::new(String::new());
    let run = async {
        stdout.take(LIMIT + 1).read_to_string(&mut text).await?;
        child.wait().await
    };
    let status = tokio::time::timeout(TIME, run).await.map_err(|_| failed("takes too long"))?;
    let status = status.map_err(|source| TokenError::Program { program, source })?;
    if !status.success() {
        return Err(failed(&format!("ends with {status}")));
    }
    Ok(Secret::new(text.trim()))
}
