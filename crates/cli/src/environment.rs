use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Variables that say how programs reach the web, and whom they trust there.
pub(crate) const FOR_THE_WEB: [&str; 10] = [
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
];
/// Variables that credential helpers may see, beside those: where programs, files and their person are, how to ask that person, and how to reach a network.
const FOR_HELPERS: [&str; 26] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TMPDIR",
    "TZ",
    "LANG",
    "LANGUAGE",
    "TERM",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSH_AUTH_SOCK",
    "GNUPGHOME",
    "GPG_TTY",
    "GPG_AGENT_INFO",
    "DOCKER_CONFIG",
    "REGISTRY_AUTH_FILE",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "MSI_ENDPOINT",
    "MSI_SECRET",
    "BOTO_CONFIG",
    "KUBECONFIG",
];
/// Beginnings of further ones: languages, folders, the password store, and the clouds whose registries have helpers.
const FOR_HELPERS_BEGIN: [&str; 8] =
    ["LC_", "XDG_", "PASSWORD_STORE_", "AWS_", "GOOGLE_", "CLOUDSDK_", "AZURE_", "GCR_"];

/// The environment, read once. Libraries get what they need of it as values.
#[derive(Clone)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
    /// Podman's folder for where no variable names one for the time that somebody is logged in to this machine.
    containers: PathBuf,
}

impl Environment {
    /// Reads the environment. Variables that are not UTF-8 are as good as not set.
    pub(crate) fn read() -> Self {
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let containers = PathBuf::from(format!("/run/containers/{}", rustix::process::getuid().as_raw()));
        Self { variables: variables.collect(), containers }
    }

    /// Makes an environment of these variables.
    #[cfg(test)]
    pub(crate) fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { variables: variables.into_iter().collect(), containers: PathBuf::from("/absent") }
    }

    /// Returns a variable that is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Returns a variable that is set, even if it is empty: a password may be.
    pub(crate) fn get_even_empty(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Returns the same environment without variables whose names begin like this.
    pub(crate) fn without(&self, beginning: &str) -> Self {
        let mut this = self.clone();
        this.variables.retain(|name, _| !name.starts_with(beginning));
        this
    }

    /// Returns all variables.
    pub(crate) fn all(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// Returns the variables that a credential helper may see. Passwords and tokens of others are not among them: neither those that `secrets`
    /// names, whatever they are called, nor any that no helper is known to need, such as `COSIGN_PASSWORD`.
    pub(crate) fn for_helpers(&self, secrets: &BTreeSet<&str>) -> BTreeMap<String, String> {
        let needed = |name: &str| {
            FOR_HELPERS.contains(&name)
                || FOR_THE_WEB.contains(&name)
                || FOR_HELPERS_BEGIN.iter().any(|beginning| name.starts_with(beginning))
        };
        let variables = self.variables.iter().filter(|(name, _)| needed(name) && !secrets.contains(name.as_str()));
        variables.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Returns the folder for what can be made again (XDG base directory specification).
    pub(crate) fn cache_folder(&self) -> PathBuf {
        let cache = self.get("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || self.get("HOME").map(|home| PathBuf::from(home).join(".cache"));
        cache.or_else(home).unwrap_or_else(|| PathBuf::from("/var/cache")).join("consign")
    }

    /// Returns the folder for what is kept and cannot be made again (XDG base directory specification).
    pub(crate) fn data_folder(&self) -> PathBuf {
        let data = self.folder("XDG_DATA_HOME").filter(|path| path.is_absolute());
        data.or_else(|| self.at_home(".local/share")).unwrap_or_else(|| PathBuf::from("/var/lib")).join("consign")
    }

    /// Returns the folders that certificates for a registry may be in, in the order in which they are looked for: podman's (containers-certs.d(5)),
    /// and docker's, which without root has one in the home, too.
    pub(crate) fn certificate_folders(&self, registry: &str) -> Vec<PathBuf> {
        let home = || self.get("HOME").map(|home| PathBuf::from(home).join(".config"));
        let own = self.get("XDG_CONFIG_HOME").map(PathBuf::from).or_else(home);
        let folders = own.into_iter().chain([PathBuf::from("/etc")]);
        folders
            .flat_map(|folder| {
                ["containers", "docker"].map(|program| folder.join(program).join("certs.d").join(registry))
            })
            .collect()
    }

    /// Returns the files that credentials may be in, in the order in which they are looked at: the one that was named, docker's, then those of podman
    /// and skopeo (containers-auth.json(5)).
    pub(crate) fn credential_files(&self) -> Vec<PathBuf> {
        let named = self.folder("REGISTRY_AUTH_FILE");
        let docker = self.folder("DOCKER_CONFIG").or_else(|| self.at_home(".docker"));
        let docker = docker.map(|folder| folder.join("config.json"));
        let containers = if named.is_some() { Vec::new() } else { self.containers_files() };
        named.into_iter().chain(docker).chain(containers).collect()
    }

    /// Returns the file that credentials are written to: the first of those that variables name.
    pub(crate) fn credential_file(&self) -> Option<PathBuf> {
        self.credential_files().into_iter().find(|file| !file.starts_with(&self.containers))
    }

    fn containers_files(&self) -> Vec<PathBuf> {
        let of_session = match self.folder("XDG_RUNTIME_DIR") {
            Some(folder) => Some(folder.join("containers/auth.json")),
            // Nobody named it, so it is nobody's error that it cannot be looked into: it is root's where only root has logged in.
            None => Some(self.containers.join("auth.json")).filter(|file| file.exists()),
        };
        let of_user = self.folder("XDG_CONFIG_HOME").or_else(|| self.at_home(".config"));
        let of_user = of_user.map(|folder| folder.join("containers/auth.json"));
        of_session.into_iter().chain(of_user).collect()
    }

    fn folder(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from)
    }

    fn at_home(&self, below: &str) -> Option<PathBuf> {
        self.folder("HOME").map(|home| home.join(below))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::of(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn helpers_see_what_they_need() {
        let all = [
            "PATH",
            "HOME",
            "AWS_PROFILE",
            "AWS_DEPLOY_SECRET",
            "XDG_RUNTIME_DIR",
            "https_proxy",
            "LC_ALL",
            "COSIGN_PASSWORD",
            "COSIGN_PRIVATE_KEY",
            "SIGSTORE_ID_TOKEN",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            "GITHUB_TOKEN",
            "GHCR_TOKEN",
            "DOCKER_AUTH_CONFIG",
            "CI_JOB_TOKEN",
            "LD_PRELOAD",
        ];
        let all: Vec<(&str, &str)> = all.iter().map(|name| (*name, "x")).collect();
        let seen = environment(&all).for_helpers(&BTreeSet::from(["AWS_DEPLOY_SECRET", "GHCR_TOKEN"]));
        let names: Vec<&str> = seen.keys().map(String::as_str).collect();
        assert_eq!(names, ["AWS_PROFILE", "HOME", "LC_ALL", "PATH", "XDG_RUNTIME_DIR", "https_proxy"]);
    }

    #[test]
    fn credentials_are_looked_for_where_other_programs_keep_them() {
        for (variables, expected) in [
            (&[][..], &[][..]),
            (&[("HOME", "/h")][..], &["/h/.docker/config.json", "/h/.config/containers/auth.json"][..]),
            (
                &[("HOME", "/h"), ("XDG_RUNTIME_DIR", "/r"), ("XDG_CONFIG_HOME", "/c"), ("DOCKER_CONFIG", "/d")][..],
                &["/d/config.json", "/r/containers/auth.json", "/c/containers/auth.json"][..],
            ),
            (
                &[("HOME", "/h"), ("XDG_RUNTIME_DIR", "/r"), ("REGISTRY_AUTH_FILE", "/a.json")][..],
                &["/a.json", "/h/.docker/config.json"][..],
            ),
        ] {
            let expected: Vec<PathBuf> = expected.iter().map(PathBuf::from).collect();
            assert_eq!(environment(variables).credential_files(), expected);
            assert_eq!(environment(variables).credential_file(), expected.first().cloned());
        }
    }

    #[test]
    fn podmans_folder_needs_no_variable() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("auth.json");
        let found = |variables: &[(&str, &str)]| {
            let environment = Environment { containers: folder.path().to_owned(), ..environment(variables) };
            environment.credential_files().contains(&file)
        };
        assert!(!found(&[]));
        std::fs::write(&file, "{}").unwrap();
        assert!(found(&[]) && found(&[("HOME", "/h")]));
        assert!(!found(&[("XDG_RUNTIME_DIR", "/r")]) && !found(&[("REGISTRY_AUTH_FILE", "/a.json")]));
        let environment = Environment { containers: folder.path().to_owned(), ..environment(&[]) };
        assert_eq!(environment.credential_file(), None);
    }
}
