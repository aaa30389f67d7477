use super::{AwsError, Keys};
use crate::Secret;
use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

const PLACE: &str = "the program that the AWS profile names as `credential_process`";
/// How long the program may take: it may have to ask a person.
const TIME: Duration = Duration::from_secs(60);
/// Longest answer, in bytes.
const LIMIT: u64 = 64 << 10;

/// Runs a program that gives keys (AWS SDKs and Tools Reference Guide, "Process credential provider"). No shell reads the line, and the program sees
/// this environment and no other.
pub(super) async fn keys(line: &str, environment: &BTreeMap<String, Secret>) -> Result<Keys, AwsError> {
    let words = shlex::split(line).ok_or_else(|| AwsError::source(PLACE, "a quote in its line has no end"))?;
    let (program, arguments) =
        words.split_first().ok_or_else(|| AwsError::source(PLACE, "its line names no program"))?;
    let mut command = Command::new(program);
    command.args(arguments).env_clear().kill_on_drop(true);
    command.envs(environment.iter().map(|(name, value)| (name, value.expose())));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let run = async {
        let mut child = command.spawn()?;
        let mut answer = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            stdout.take(LIMIT).read_to_end(&mut answer).await?;
        }
        std::io::Result::Ok((child.wait().await?, answer))
    };
    let ended = tokio::time::timeout(TIME, run).await;
    let ended =
        ended.map_err(|_| AwsError::source(PLACE, format!("it did not end within {} seconds", TIME.as_secs())))?;
    match ended.map_err(|error| AwsError::source(PLACE, format!("it cannot be run: {error}")))? {
        (status, answer) if status.success() => Keys::read(&answer, PLACE),
        _ => Err(AwsError::source(PLACE, "it failed")),
    }
}
