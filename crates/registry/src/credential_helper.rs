//! Programs that keep credentials: `docker-credential-NAME get`, `store` and `erase` (docker-credential-helpers, "Development").

use crate::Credentials;
use crate::credentials::IDENTITY;
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
    /// The program failed to keep or to forget credentials. What it says may hold them, and is not repeated.
    #[error("docker-credential-{name} does not {action} credentials for {server}")]
    Refused {
        /// The helper's name.
        name: String,
        /// What it was asked to do.
        action: &'static str,
        /// The server.
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
    let (success, answer) = ask(name, "get", server.as_bytes(), environment).await?;
    if !success && is_nothing(&answer) {
        return Ok(None);
    }
    let parsed = serde_json::from_slice::<Answer>(&answer).ok().filter(|_| success);
    let Answer { username, secret } =
        parsed.ok_or_else(|| HelperError::Answer { name: name.to_owned(), server: server.to_owned() })?;
    Ok(Credentials::kept(&username, &secret))
}

/// Has a helper keep the credentials of a server, in place of others that it has. Those that are no name with a secret cannot be kept.
pub async fn store(
    name: &str,
    server: &str,
    credentials: &Credentials,
    environment: &BTreeMap<String, String>,
) -> Result<(), HelperError> {
    let refused = || HelperError::Refused { name: name.to_owned(), action: "keep", server: server.to_owned() };
    let (username, secret) = match credentials {
        Credentials::Basic { username, password } => (username.as_str(), password),
        Credentials::Identity(token) => (IDENTITY, token),
        Credentials::Anonymous | Credentials::Bearer(_) => return Err(refused()),
    };
    let told = serde_json::json!({ "ServerURL": server, "Username": username, "Secret": secret.expose() });
    let (success, _) = ask(name, "store", told.to_string().as_bytes(), environment).await?;
    if success { Ok(()) } else { Err(refused()) }
}

/// Has a helper forget the credentials of a server. That it has none is no failure.
pub async fn erase(name: &str, server: &str, environment: &BTreeMap<String, String>) -> Result<(), HelperError> {
    let (success, answer) = ask(name, "erase", server.as_bytes(), environment).await?;
    if success || is_nothing(&answer) {
        return Ok(());
    }
    Err(HelperError::Refused { name: name.to_owned(), action: "forget", server: server.to_owned() })
}

fn is_nothing(answer: &[u8]) -> bool {
    String::from_utf8_lossy(answer).contains("credentials not found")
}

/// Runs a helper and returns whether it succeeded, and what it printed.
async fn ask(
    name: &str,
    action: &str,
    told: &[u8],
    environment: &BTreeMap<String, String>,
) -> Result<(bool, Vec<u8>), HelperError> {
    let valid = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if !valid {
        return Err(HelperError::Name { name: name.chars().take(100).collect() });
    }
    let asked = tokio::time::timeout(TIME_LIMIT, run(name, action, told, environment)).await;
    let asked = asked.map_err(|_| HelperError::TimedOut { name: name.to_owned() })?;
    asked.map_err(|source| HelperError::Run { name: name.to_owned(), source })
}

async fn run(
    name: &str,
    action: &str,
    told: &[u8],
    environment: &BTreeMap<String, String>,
) -> io::Result<(bool, Vec<u8>)> {
    let mut command = Command::new(format!("docker-credential-{name}"));
    command.arg(action).env_clear().envs(environment).kill_on_drop(true);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that does not read what it is told fails by itself.
        let _ = stdin.write_all(told).await;
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
        with_helper(script, async |environment| get("test", "ghcr.io", environment).await).await
    }

    async fn with_helper<T>(script: &str, ask: impl AsyncFnOnce(&BTreeMap<String, String>) -> T) -> T {
        let _alone = ONE_AT_A_TIME.lock().await;
        let folder = std::env::temp_dir().join(format!("consign-helper-{}-{}", std::process::id(), script.len()));
        std::fs::create_dir_all(&folder).unwrap();
        let program = folder.join("docker-credential-test");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:/usr/bin:/bin", folder.display());
        let result = ask(&BTreeMap::from([("PATH".to_owned(), path)])).await;
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
        assert!(answer(r#"echo '{"Username":"","Secret":""}'"#).await.unwrap().is_none());
        assert!(answer("echo credentials not found in native keychain; exit 1").await.unwrap().is_none());
        assert!(matches!(answer("exit 3").await, Err(HelperError::Answer { .. })));
        assert!(matches!(get("../evil", "x", &BTreeMap::new()).await, Err(HelperError::Name { .. })));
        assert!(matches!(get("absent-helper", "x", &BTreeMap::new()).await, Err(HelperError::Run { .. })));
    }

    #[tokio::test]
    async fn tells_what_to_keep_and_what_to_forget() {
        let file = std::env::temp_dir().join(format!("consign-helper-told-{}", std::process::id()));
        let script = format!("echo \"$1\" >> {0}; cat >> {0}; echo >> {0}", file.display());
        with_helper(&script, async |environment| {
            for (username, secret) in [("me", "hush"), ("<token>", "long")] {
                store("test", "ghcr.io", &Credentials::named(username, secret), environment).await.unwrap();
            }
            erase("test", "ghcr.io", environment).await.unwrap();
        })
        .await;
        let told = std::fs::read_to_string(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        let expected = "store\n{\"Secret\":\"hush\",\"ServerURL\":\"ghcr.io\",\"Username\":\"me\"}\n\
                        store\n{\"Secret\":\"long\",\"ServerURL\":\"ghcr.io\",\"Username\":\"<token>\"}\nerase\nghcr.io\n";
        assert_eq!(told, expected);
        let refused = with_helper("cat; exit 1", async |environment| {
            let stored = store("test", "ghcr.io", &Credentials::named("me", "hush"), environment).await;
            (stored, erase("test", "ghcr.io", environment).await)
        });
        let (stored, erased) = refused.await;
        assert_eq!(stored.unwrap_err().to_string(), "docker-credential-test does not keep credentials for ghcr.io");
        assert!(erased.is_err());
        let nothing = "echo credentials not found in native keychain; exit 1";
        with_helper(nothing, async |environment| erase("test", "ghcr.io", environment).await).await.unwrap();
    }
}
