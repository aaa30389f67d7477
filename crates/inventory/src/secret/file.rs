//! Secrets in files that programs look for by name.

use super::is_filler;
use super::placeholder::is_placeholder;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

/// Returns the secrets of a file that is known by its name, each with where its line begins, in bytes.
pub(super) fn in_known(path: &str, text: &[u8]) -> Vec<(&'static str, usize)> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let (rule, of_line): (&'static str, fn(&str) -> Option<&str>) = match name {
        ".npmrc" | "npmrc" => ("npm-login", npm),
        ".netrc" | "_netrc" => ("netrc-login", netrc),
        ".pypirc" => ("pypi-login", ini),
        ".git-credentials" => ("git-login", address),
        ".pgpass" => ("postgresql-login", postgresql),
        ".my.cnf" => ("mysql-login", ini),
        // Its folder is wherever `CARGO_HOME` says.
        "credentials" | "credentials.toml" if folder.ends_with("cargo") || names_registry(text) => {
            ("cargo-login", cargo)
        }
        _ => return Vec::new(),
    };
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let is_secret = std::str::from_utf8(line).ok().and_then(|line| of_line(line.trim())).is_some_and(is_login);
        if is_secret && found.len() < super::MARK_LIMIT {
            found.push((rule, start));
        }
        start += line.len();
    }
    found
}

/// Returns whether what stands in place of a password may be one: not the name of a variable, nor a filler.
fn is_login(text: &str) -> bool {
    let text = text.trim_matches(['"', '\'']);
    text.len() >= 4 && !is_placeholder(text) && !(text.len() >= 8 && is_filler(text.as_bytes()))
}

/// Returns whether a text has a table of cargo's logins ("The Cargo Book", "Credentials").
fn names_registry(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n').any(|line| line.trim_ascii_start().starts_with(b"[registr"))
}

fn npm(line: &str) -> Option<&str> {
    let (key, value) = line.split_once('=').filter(|_| !line.starts_with(['#', ';']))?;
    let key = key.trim();
    let key = key.rsplit(':').next().unwrap_or(key);
    ["_authToken", "_auth", "_password"].contains(&key).then_some(value.trim())
}

fn netrc(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace().skip_while(|word| *word != "password");
    words.next().filter(|_| !line.starts_with('#'))?;
    words.next()
}

fn ini(line: &str) -> Option<&str> {
    let (key, value) = line.split_once(['=', ':'])?;
    (key.trim() == "password").then_some(value.trim())
}

fn cargo(line: &str) -> Option<&str> {
    let (key, value) = line.split_once('=')?;
    ["token", "secret-key"].contains(&key.trim()).then_some(value.trim())
}

/// Returns the password in the address of a server (RFC 3986, section 3.2.1).
fn address(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("://")?;
    let (user, _) = rest.split_once('@')?;
    Some(user.split_once(':')?.1)
}

/// Returns the last of `host:port:database:user:password`.
fn postgresql(line: &str) -> Option<&str> {
    line.splitn(5, ':').nth(4).filter(|_| !line.starts_with('#'))
}

/// Returns whether a text is docker's or podman's list of logins, with a password or token in it (docker-login(1), containers-auth.json(5)).
pub(super) fn is_docker(text: &[u8]) -> bool {
    let Ok(document) = serde_json::from_slice::<Value>(text) else { return false };
    let Some(logins) = document.get("auths").and_then(Value::as_object) else { return false };
    let said = |login: &Value, key: &str| login.get(key).and_then(Value::as_str).is_some_and(is_login);
    logins.values().any(|login| {
        login.get("auth").and_then(Value::as_str).is_some_and(is_docker_login)
            || ["identitytoken", "registrytoken", "password"].iter().any(|key| said(login, key))
    })
}

/// Returns whether there may be a password in what docker keeps: `user:password` as base64. In manuals it says just that.
fn is_docker_login(text: &str) -> bool {
    let login = BASE64_STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    match login.as_deref().and_then(|login| login.split_once(':')) {
        Some((_, password)) => is_login(password) && !["pass", "password", "secret", "token"].contains(&password),
        None => is_login(text),
    }
}
