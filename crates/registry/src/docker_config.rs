//! The files that `docker login` and `podman login` write: docker's `config.json` and containers' `auth.json` (containers-auth.json(5)).

use crate::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use consign_oci::Repository;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Keys of Docker Hub, which has had several names.
const DOCKER_HUB: [&str; 4] = ["docker.io", "https://index.docker.io/v1/", "index.docker.io", "registry-1.docker.io"];

/// Credentials by registry, or by a part of a registry.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DockerConfig {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
    #[serde(default)]
    creds_store: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
}

/// What a file says about a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    None,
    /// A name and a password.
    Basic {
        /// The name.
        username: String,
        /// The password.
        password: Secret,
    },
    /// That the program `docker-credential-NAME` knows.
    Helper {
        /// The helper's name.
        name: String,
        /// What to ask it for.
        server: String,
    },
}

impl DockerConfig {
    /// Parses a file.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        // A list would do for the type, but is no such file.
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text)?;
        serde_json::from_value(object.into())
    }

    /// Returns what the file says about a repository: the longest key that it lies in wins, and a helper wins over what stands in the file.
    pub fn find(&self, repository: &Repository) -> Found {
        let keys = keys(repository);
        for key in &keys {
            if let Some(name) = self.cred_helpers.get(key) {
                return Found::Helper { name: name.clone(), server: key.clone() };
            }
        }
        for key in &keys {
            let entry = self.auths.get(key).or_else(|| self.auths.get(&format!("https://{key}")));
            match (entry.and_then(Entry::credentials), entry, &self.creds_store) {
                (Some((username, password)), ..) => return Found::Basic { username, password: Secret::new(password) },
                // An entry without credentials says that they are in the store.
                (None, Some(_), Some(name)) => return Found::Helper { name: name.clone(), server: key.clone() },
                _ => {}
            }
        }
        match (&self.creds_store, keys.last()) {
            (Some(name), Some(registry)) => Found::Helper { name: name.clone(), server: registry.clone() },
            _ => Found::None,
        }
    }
}

impl Entry {
    fn credentials(&self) -> Option<(String, String)> {
        if let (Some(username), Some(password)) = (&self.username, &self.password) {
            return Some((username.clone(), password.clone()));
        }
        let decoded = BASE64.decode(self.auth.as_deref().filter(|auth| !auth.is_empty())?.trim()).ok()?;
        let text = String::from_utf8(decoded).ok()?;
        let (username, password) = text.split_once(':')?;
        Some((username.to_owned(), password.trim_end_matches('\0').to_owned()))
    }
}

/// Returns the keys that may stand for a repository, most specific first: `host/a/b`, `host/a`, `host`.
fn keys(repository: &Repository) -> Vec<String> {
    let mut keys = Vec::new();
    let mut path = repository.path();
    loop {
        keys.push(format!("{}/{path}", repository.registry()));
        match path.rsplit_once('/') {
            Some((parent, _)) => path = parent,
            None => break,
        }
    }
    match repository.registry() {
        "docker.io" => keys.extend(DOCKER_HUB.iter().map(|key| (*key).to_owned())),
        registry => keys.push(registry.to_owned()),
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(config: &str, repository: &str) -> Found {
        DockerConfig::parse(config).unwrap().find(&repository.parse().unwrap())
    }

    fn basic(username: &str, password: &str) -> Found {
        Found::Basic { username: username.into(), password: Secret::new(password) }
    }

    fn helper(name: &str, server: &str) -> Found {
        Found::Helper { name: name.into(), server: server.into() }
    }

    #[test]
    fn finds_the_most_specific_entry() {
        // "me:secret" and "you:other" in base64.
        let config = r#"{"auths": {
            "ghcr.io": {"auth": "bWU6c2VjcmV0"},
            "ghcr.io/team": {"auth": "eW91Om90aGVy"},
            "https://index.docker.io/v1/": {"auth": "bWU6c2VjcmV0"},
            "https://quay.io": {"username": "q", "password": "p:w"}
        }}"#;
        assert_eq!(find(config, "ghcr.io/a/b"), basic("me", "secret"));
        assert_eq!(find(config, "ghcr.io/team/app"), basic("you", "other"));
        assert_eq!(find(config, "ghcr.io/teamwork/app"), basic("me", "secret"));
        assert_eq!(find(config, "debian"), basic("me", "secret"));
        assert_eq!(find(config, "quay.io/a"), basic("q", "p:w"));
        assert_eq!(find(config, "gcr.io/a"), Found::None);
        assert_eq!(find("{}", "ghcr.io/a/b"), Found::None);
    }

    #[test]
    fn names_helpers() {
        let config = r#"{"auths": {"ghcr.io": {}}, "credHelpers": {"gcr.io": "gcloud"}, "credsStore": "pass"}"#;
        assert_eq!(find(config, "gcr.io/a"), helper("gcloud", "gcr.io"));
        assert_eq!(find(config, "ghcr.io/a"), helper("pass", "ghcr.io"));
        assert_eq!(find(config, "quay.io/a"), helper("pass", "quay.io"));
    }

    #[test]
    fn what_is_broken_is_no_credential() {
        for auth in ["", "%%%", "bWU="] {
            assert_eq!(find(&format!(r#"{{"auths": {{"ghcr.io": {{"auth": "{auth}"}}}}}}"#), "ghcr.io/a"), Found::None);
        }
        assert!(DockerConfig::parse("[]").is_err());
    }
}
