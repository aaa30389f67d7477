use crate::Repository;
use crate::reference::{DEFAULT_REGISTRY, PATH_LIMIT, clip, valid_component, valid_registry};
use std::fmt;
use std::str::FromStr;

/// Other names of Docker Hub.
const HUB: [&str; 3] = ["index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"];
/// A path for requests that are about no repository.
const NO_REPOSITORY: &str = "consign";

/// A registry, or what lies below a path on it: `ghcr.io`, `ghcr.io/team`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryPath {
    registry: String,
    path: String,
}

impl RegistryPath {
    /// Returns the registry's host and port as written, such as `localhost:5000` or `docker.io`.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// Returns the path on the registry; empty if all of it is meant.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns whether a repository lies here.
    pub fn holds(&self, repository: &Repository) -> bool {
        self.has(repository.registry(), repository.path())
    }

    /// Returns whether another path is the same, or lies here.
    pub fn contains(&self, other: &Self) -> bool {
        self.has(&other.registry, &other.path)
    }

    fn has(&self, registry: &str, path: &str) -> bool {
        let below = || match path.strip_prefix(&self.path) {
            Some(rest) => rest.is_empty() || rest.starts_with('/'),
            None => false,
        };
        registry == self.registry && (self.path.is_empty() || below())
    }

    /// Returns the rest of the path of a repository that lies below.
    pub fn rest_of<'r>(&self, repository: &'r Repository) -> Option<&'r str> {
        let rest = match &*self.path {
            "" => repository.path(),
            path => repository.path().strip_prefix(path)?.strip_prefix('/')?,
        };
        (repository.registry() == self.registry).then_some(rest)
    }

    /// Returns the repository below whose path goes on so; `None` if there can be none.
    pub fn below(&self, rest: &str) -> Option<Repository> {
        format!("{self}/{rest}").parse().ok()
    }

    /// Returns a repository that lies here, for requests that name none. It may not be there.
    pub fn some_repository(&self) -> Repository {
        let path = if self.path.is_empty() { NO_REPOSITORY } else { &self.path };
        Repository::of_valid(&self.registry, path)
    }
}

impl fmt::Display for RegistryPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.path {
            "" => formatter.write_str(&self.registry),
            path => write!(formatter, "{}/{path}", self.registry),
        }
    }
}

impl fmt::Debug for RegistryPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A text that names no registry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` does not name a registry: {reason}")]
pub struct RegistryPathError {
    /// What was read.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl FromStr for RegistryPath {
    type Err = RegistryPathError;

    /// Parses `HOST[:PORT][/PATH]`, and the address of a registry's API, such as `https://index.docker.io/v1/`, which some programs write in its place.
    fn from_str(text: &str) -> Result<Self, RegistryPathError> {
        let error = |reason| RegistryPathError { text: clip(text), reason };
        let address = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let name = address.unwrap_or(text).trim_end_matches('/');
        let api = address.and_then(|_| name.strip_suffix("/v1").or_else(|| name.strip_suffix("/v2")));
        let (registry, path) = api.unwrap_or(name).split_once('/').unwrap_or((api.unwrap_or(name), ""));
        let registry = if HUB.contains(&registry) { DEFAULT_REGISTRY } else { registry };
        if !valid_registry(registry) {
            return Err(error("it must be a host name or address, with an optional port"));
        }
        // References would take it for a part of a path on Docker Hub.
        if !registry.contains(['.', ':', '[']) && registry != "localhost" {
            return Err(error("a host has a dot in its name, or a port"));
        }
        if path.len() > PATH_LIMIT {
            return Err(error("the path is longer than 255 characters"));
        }
        if !path.is_empty() && !path.split('/').all(valid_component) {
            return Err(error(
                "each part of the path is lower-case letters and digits, separated by `.`, `_`, `__` or `-`",
            ));
        }
        Ok(Self { registry: registry.to_owned(), path: path.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_hosts_and_paths() {
        for (text, expected) in [
            ("ghcr.io", "ghcr.io"),
            ("ghcr.io/team/a", "ghcr.io/team/a"),
            ("localhost", "localhost"),
            ("localhost:5000/", "localhost:5000"),
            ("[::1]:5000", "[::1]:5000"),
            ("https://index.docker.io/v1/", "docker.io"),
            ("index.docker.io", "docker.io"),
            ("http://localhost:5000/v2", "localhost:5000"),
            ("quay.io/v2", "quay.io/v2"),
        ] {
            assert_eq!(text.parse::<RegistryPath>().unwrap().to_string(), expected, "{text}");
        }
        for text in ["", "team", "ghcr.io/Team", "ghcr.io//a", "user@ghcr.io", "ghcr.io/a:1", "ftp://ghcr.io", "a b.c"]
        {
            assert!(text.parse::<RegistryPath>().is_err(), "{text}");
        }
    }

    #[test]
    fn knows_what_lies_in_it() {
        let repository: Repository = "ghcr.io/team/app".parse().unwrap();
        for (text, holds) in [
            ("ghcr.io", true),
            ("ghcr.io/team", true),
            ("ghcr.io/team/app", true),
            ("ghcr.io/te", false),
            ("ghcr.io/team/app/part", false),
            ("quay.io", false),
        ] {
            assert_eq!(text.parse::<RegistryPath>().unwrap().holds(&repository), holds, "{text}");
        }
        assert_eq!("ghcr.io/a".parse::<RegistryPath>().unwrap().some_repository().to_string(), "ghcr.io/a");
        assert_eq!("docker.io".parse::<RegistryPath>().unwrap().some_repository().registry(), "docker.io");
    }
}
