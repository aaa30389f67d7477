//! The files that `docker login` and `podman login` write: docker's `config.json` and containers' `auth.json` (containers-auth.json(5)).

mod edit;
mod file;
mod json;
mod keeping;

pub use edit::{ConfigText, Keeper};
pub use file::{ConfigFileError, read, update};
pub use keeping::{KeepingError, Kept, forget, keep};

use crate::{Credentials, Secret};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use consign_oci::Repository;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// Keys of Docker Hub, which has had several names. Helpers know it by the second.
const DOCKER_HUB: [&str; 4] = ["docker.io", "https://index.docker.io/v1/", "index.docker.io", "registry-1.docker.io"];

/// Credentials by registry, or by a part of a registry.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DockerConfig {
    #[serde(default, deserialize_with = "or_none")]
    auths: BTreeMap<String, Entry>,
    #[serde(default, deserialize_with = "or_none")]
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
    /// To be exchanged for others at the token service.
    identitytoken: Option<String>,
    /// To be shown to the registry as it is.
    registrytoken: Option<String>,
}

/// Reads a value. Programs write `null` where there is none.
fn or_none<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// What a file says about a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    None,
    /// The credentials themselves.
    Credentials(Credentials),
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
        let mut config: Self = serde_json::from_value(object.into())?;
        // An empty name says that the file itself has the credentials.
        config.cred_helpers.retain(|_, name| !name.is_empty());
        config.creds_store = config.creds_store.filter(|name| !name.is_empty());
        Ok(config)
    }

    /// Returns what the file says about a repository: the longest key that it lies in wins, and of two that are as long, the helper.
    pub fn find(&self, repository: &Repository) -> Found {
        let keys = keys(repository);
        for key in &keys {
            if let Some(name) = self.cred_helpers.get(key) {
                return Found::Helper { name: name.clone(), server: key.clone() };
            }
            let entry = self.entry(key);
            match (entry.and_then(Entry::credentials), entry, &self.creds_store) {
                (Some(credentials), ..) => return Found::Credentials(credentials),
                // An entry without credentials says that they are in the store.
                (None, Some(_), Some(name)) => return Found::Helper { name: name.clone(), server: key.clone() },
                _ => {}
            }
        }
        let Some(name) = &self.creds_store else { return Found::None };
        Found::Helper { name: name.clone(), server: server_of(repository.registry()).to_owned() }
    }

    /// Returns the entry of a key. Some programs write the address of the registry's API instead of its name.
    fn entry(&self, key: &str) -> Option<&Entry> {
        self.auths
            .get(key)
            .or_else(|| self.auths.iter().find(|(written, _)| name_of(written) == Some(key)).map(|(_, entry)| entry))
    }
}

/// Returns what credential helpers know a registry by.
pub fn server_of(registry: &str) -> &str {
    if registry == DOCKER_HUB[0] { DOCKER_HUB[1] } else { registry }
}

/// Returns what is named by an address such as `https://ghcr.io/v2/`.
fn name_of(address: &str) -> Option<&str> {
    let name = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?.trim_end_matches('/');
    Some(name.strip_suffix("/v1").or_else(|| name.strip_suffix("/v2")).unwrap_or(name))
}

impl Entry {
    fn credentials(&self) -> Option<Credentials> {
        let some = |text: &Option<String>| text.as_ref().filter(|text| !text.is_empty()).map(Secret::new);
        if let Some(token) = some(&self.identitytoken) {
            return Some(Credentials::Identity(token));
        }
        if let Some(token) = some(&self.registrytoken) {
            return Some(Credentials::Bearer(token));
        }
        // Programs may leave the name and the password empty where they have written both as one.
        let Some(auth) = self.auth.as_deref().filter(|auth| !auth.is_empty()) else {
            return Credentials::kept(self.username.as_ref()?, self.password.as_ref()?);
        };
        let text = String::from_utf8(BASE64.decode(auth.trim()).ok()?).ok()?;
        let (username, password) = text.split_once(':')?;
        Credentials::kept(username, password.trim_end_matches('\0'))
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
        registry if registry == DOCKER_HUB[0] => keys.extend(DOCKER_HUB.iter().map(|key| (*key).to_owned())),
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
        Found::Credentials(Credentials::named(username, password))
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
        assert_eq!(find(config, "debian"), helper("pass", "https://index.docker.io/v1/"));
    }

    #[test]
    fn a_helper_without_a_name_is_none() {
        let config =
            r#"{"auths": {"ghcr.io": {"auth": "bWU6c2VjcmV0"}}, "credHelpers": {"ghcr.io": ""}, "credsStore": ""}"#;
        assert_eq!(find(config, "ghcr.io/a"), basic("me", "secret"));
        assert_eq!(find(config, "quay.io/a"), Found::None);
    }

    #[test]
    fn the_longest_key_wins_over_helpers_too() {
        let config = r#"{"auths": {"ghcr.io": {"auth": "bWU6c2VjcmV0"}, "ghcr.io/team/app": {"auth": "eW91Om90aGVy"}},
            "credHelpers": {"ghcr.io/team": "pass", "ghcr.io": "gcloud"}}"#;
        assert_eq!(find(config, "ghcr.io/team/app"), basic("you", "other"));
        assert_eq!(find(config, "ghcr.io/team/app/part"), basic("you", "other"));
        assert_eq!(find(config, "ghcr.io/team/web"), helper("pass", "ghcr.io/team"));
        assert_eq!(find(config, "ghcr.io/a"), helper("gcloud", "ghcr.io"));
    }

    #[test]
    fn reads_tokens() {
        let identity = Found::Credentials(Credentials::Identity(Secret::new("long")));
        // "<token>:long" and "00000000-0000-0000-0000-000000000000:" in base64.
        for entry in [
            r#"{"identitytoken": "long"}"#,
            r#"{"auth": "MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwOg==", "identitytoken": "long"}"#,
            r#"{"auth": "PHRva2VuPjpsb25n", "identitytoken": ""}"#,
            r#"{"username": "<token>", "password": "long"}"#,
        ] {
            assert_eq!(find(&format!(r#"{{"auths": {{"ghcr.io": {entry}}}}}"#), "ghcr.io/a"), identity, "{entry}");
        }
        let shown = Found::Credentials(Credentials::Bearer(Secret::new("as it is")));
        assert_eq!(find(r#"{"auths": {"ghcr.io": {"registrytoken": "as it is"}}}"#, "ghcr.io/a"), shown);
    }

    #[test]
    fn an_empty_name_and_password_are_none() {
        // "me:secret" and ":" in base64.
        for (entry, expected) in [
            (r#"{"auth": "bWU6c2VjcmV0", "username": "", "password": ""}"#, basic("me", "secret")),
            (r#"{"auth": "bWU6c2VjcmV0", "username": "you", "password": "other"}"#, basic("me", "secret")),
            (r#"{"auth": "", "username": "you", "password": "other"}"#, basic("you", "other")),
            (r#"{"username": "", "password": ""}"#, Found::None),
            (r#"{"auth": "Og=="}"#, Found::None),
        ] {
            assert_eq!(find(&format!(r#"{{"auths": {{"ghcr.io": {entry}}}}}"#), "ghcr.io/a"), expected, "{entry}");
        }
    }

    #[test]
    fn what_is_null_is_absent() {
        let config = r#"{"auths": null, "credHelpers": null, "credsStore": null}"#;
        assert_eq!(find(config, "ghcr.io/a"), Found::None);
    }

    #[test]
    fn keys_may_be_addresses() {
        for key in ["https://quay.io", "https://quay.io/", "http://quay.io/v1/", "https://quay.io/v2"] {
            let config = format!(r#"{{"auths": {{"{key}": {{"auth": "bWU6c2VjcmV0"}}}}}}"#);
            assert_eq!(find(&config, "quay.io/a"), basic("me", "secret"), "{key}");
            assert_eq!(find(&config, "quay.io.example/a"), Found::None, "{key}");
        }
    }

    #[test]
    fn what_is_broken_is_no_credential() {
        for auth in ["", "%%%", "bWU="] {
            assert_eq!(find(&format!(r#"{{"auths": {{"ghcr.io": {{"auth": "{auth}"}}}}}}"#), "ghcr.io/a"), Found::None);
        }
        assert!(DockerConfig::parse("[]").is_err());
    }
}
