use crate::cloud::Cloud;
use crate::ecr::Ecr;
use crate::{Credentials, Listings, Tls};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// How a client speaks to registries.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What is particular about some hosts, by `host` or `host:port` as repositories name them.
    pub hosts: BTreeMap<String, HostOptions>,
    /// Says who asks.
    pub user_agent: String,
    /// The folder in which it is kept where large uploads go on that were broken off, so that a later run need not send again what has arrived.
    pub uploads: Option<PathBuf>,
    /// How hosts are asked that list repositories by an API of their own.
    pub listings: Listings,
}

/// What is particular about one registry.
#[derive(Clone, Debug, Default)]
pub struct HostOptions {
    /// Whether to speak plain HTTP. `None`: on loopback only.
    pub plain_http: Option<bool>,
    /// Whom it is recognized by beside the system's certificates, and how it recognizes us.
    pub tls: Tls,
    /// How to log in where `repositories` says nothing.
    pub credentials: Credentials,
    /// How to log in to some repositories, by their path or the parts that it begins with. Of several the longest counts.
    pub repositories: BTreeMap<String, Credentials>,
    /// Registries that have what this one has, as `HOST[/PATH]`, in the order in which they are asked: see [`crate::Client::with_mirrors`].
    pub mirrors: Vec<String>,
    /// What is particular about it as a registry of Amazon ECR: there keys of AWS log in where nothing else does.
    pub ecr: Option<Ecr>,
    /// What gives tokens for it as a registry of another cloud: they log in where nothing else does.
    pub cloud: Option<Cloud>,
}

impl HostOptions {
    /// Logs in to every repository in one way, whatever was said before.
    pub fn log_in_everywhere(&mut self, credentials: Credentials) {
        self.repositories.clear();
        self.credentials = credentials;
    }

    /// Returns how to log in to the repository with this path.
    pub fn credentials_of(&self, path: &str) -> &Credentials {
        let mut start = path;
        loop {
            match (self.repositories.get(start), start.rsplit_once('/')) {
                (Some(found), _) => return found,
                (None, Some((parent, _))) => start = parent,
                (None, None) => return &self.credentials,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_start_of_a_path_counts() {
        let named = |name: &str| Credentials::named(name, "");
        let mut host = HostOptions { credentials: named("host"), ..HostOptions::default() };
        for path in ["team", "team/a", "other/b/c"] {
            host.repositories.insert(path.to_owned(), named(path));
        }
        for (path, expected) in [
            ("team/a", "team/a"),
            ("team/a/deep/down", "team/a"),
            ("team/ab", "team"),
            ("team", "team"),
            ("teamwork", "host"),
            ("other/b", "host"),
            ("other/b/c/d", "other/b/c"),
        ] {
            assert_eq!(*host.credentials_of(path), named(expected), "{path}");
        }
        host.log_in_everywhere(named("all"));
        assert_eq!(*host.credentials_of("team/a"), named("all"));
    }
}
