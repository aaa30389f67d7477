//! Programs that keep credentials: `docker-credential-NAME get` (docker-credential-helpers, "Development").

use crate::Credentials;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

/// How long a helper may take: it may have to ask a person to unlock something.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Longest answer of a helper, in bytes.
const ANSWER_LIMIT: u64 = 64 << 10;

/// A helper that gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum HelperError {
    /// The name could lead anywhere.
    #[error("`{name}` is not the name of a credential helper")]
    Name {
        /// The name.
        name: String,
    },
    /// The program cannot be run.
    #[error("docker-credential-{name} cannot be run")]
    Run {
        /// The helper's name.
        name: String,
        /// Why not.
        source: io::Error,
    },
    /// The program did not end in time.
    #[error("docker-credential-{name} did not answer within 30 seconds")]
    TimedOut {
        /// The helper's name.
        name: String,
    },
    /// The program failed, or said something else than credentials.
    #[error("docker-credential-{name} gives no credentials for {server}")]
    Answer {
        /// The helper's name.
        name: String,
        /// What it was asked for.
        server: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// Asks a helper for the credentials of a server; `None` if it has none. The helper sees this environment and no other.
pub async fn get(
    name: &str,
    server: &str,
    environment: &BTreeMap<String, String>,
) -> Result<Option<Credentials>, HelperError> {
    let valid = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if !valid {
        return Err(HelperError::Name { name: name.chars().take(100).collect() });
    }
    let timed_out = || HelperError::TimedOut { name: name.to_owned() };
    let asked = tokio::time::timeout(TIME_LIMIT, ask(name, server, environment)).await;
    let (success, answer) =
        asked.map_err(|_| timed_out())?.map_err(|source| HelperError::Run { name: name.to_owned(), source })?;
    if !success && String::from_utf8_lossy(&answer).contains("credentials not found") {
        return Ok(None);
    }
    let parsed = serde_json::from_slice::<Answer>(&answer).ok().filter(|_| success);
    let Answer { username, secret } =
        parsed.ok_or_else(|| HelperError::Answer { name: name.to_owned(), server: server.to_owned() })?;
    Ok(Some(Credentials::named(username, secret)))
}

async fn ask(name: &str, server: &str, environment: &BTreeMap<String, String>) -> io::Result<(bool, Vec<u8>)> {
    let mut command = Command::new(format!("docker-credential-{name}"));
    command.arg("get").env_clear().envs(environment).kill_on_drop(true);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that does not read its question fails by itself.
        let _ = stdin.write_all(server.as_bytes()).await;
    }
    let mut answer = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(ANSWER_LIMIT).read_to_end(&mut answer).await?;
    }
    Ok((child.wait().await?.success(), answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;
    use std::os::unix::fs::PermissionsExt;

    /// A script that is still being written while another test starts a program cannot be run.
    static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

    async fn answer(script: &str) -> Result<Option<Credentials>, HelperError> {
        let _alone = ONE_AT_A_TIME.lock().await;
        let folder = std::env::temp_dir().join(format!("consign-helper-{}-{}", std::process::id(), script.len()));
        std::fs::create_dir_all(&folder).unwrap();
        let program = folder.join("docker-credential-test");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:/usr/bin:/bin", folder.display());
        let result = get("test", "ghcr.io", &BTreeMap::from([("PATH".to_owned(), path)])).await;
        std::fs::remove_dir_all(&folder).unwrap();
        result
    }

    #[tokio::test]
    async fn asks_for_the_server() {
        let found = answer(r#"read server; echo "{\"Username\":\"me\",\"Secret\":\"for $server\"}""#).await.unwrap();
        let Some(Credentials::Basic { username, password }) = found else { panic!("{found:?}") };
        assert_eq!((username.as_str(), password.expose()), ("me", "for ghcr.io"));
        let token = answer(r#"echo '{"Username":"<token>","Secret":"long-lived"}'"#).await.unwrap();
        assert_eq!(token, Some(Credentials::Identity(Secret::new("long-lived"))));
    }

    #[tokio::test]
    async fn tells_none_from_failure() {
        assert!(answer("echo credentials not found in native keychain; exit 1").await.unwrap().is_none());
        assert!(matches!(answer("exit 3").await, Err(HelperError::Answer { .. })));
        assert!(matches!(get("../evil", "x", &BTreeMap::new()).await, Err(HelperError::Name { .. })));
        assert!(matches!(get("absent-helper", "x", &BTreeMap::new()).await, Err(HelperError::Run { .. })));
    }
}
