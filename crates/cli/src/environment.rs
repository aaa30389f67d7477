use std::collections::BTreeMap;
use std::path::PathBuf;

/// The environment, read once. Libraries get what they need of it as values.
#[derive(Clone)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// Reads the environment. Variables that are not UTF-8 are as good as not set.
    pub(crate) fn read() -> Self {
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self { variables: variables.collect() }
    }

    /// Returns a variable that is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Returns a variable that is set, even if it is empty: a password may be.
    pub(crate) fn get_even_empty(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Returns all variables.
    pub(crate) fn all(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// Returns the folder for what can be made again (XDG base directory specification).
    pub(crate) fn cache_folder(&self) -> PathBuf {
        let cache = self.get("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || self.get("HOME").map(|home| PathBuf::from(home).join(".cache"));
        cache.or_else(home).unwrap_or_else(|| PathBuf::from("/var/cache")).join("consign")
    }

    /// Returns the files that credentials may be in: docker's, then that of podman and skopeo.
    pub(crate) fn credential_files(&self) -> Vec<PathBuf> {
        let docker = self.get("DOCKER_CONFIG").map(PathBuf::from);
        let docker = docker.or_else(|| self.get("HOME").map(|home| PathBuf::from(home).join(".docker")));
        let containers = self.get("REGISTRY_AUTH_FILE").map(PathBuf::from);
        let runtime = self.get("XDG_RUNTIME_DIR").map(|folder| PathBuf::from(folder).join("containers/auth.json"));
        let containers = containers.or(runtime);
        docker.map(|folder| folder.join("config.json")).into_iter().chain(containers).collect()
    }
}
