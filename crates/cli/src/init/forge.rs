use consign_oci::Repository;

/// The repositories of images that belong to a git repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Forge {
    /// Its registry.
    pub(crate) registry: &'static str,
    /// The image of the same name.
    pub(crate) repository: String,
}

impl Forge {
    /// Returns what belongs to git's remote, where that is known.
    pub(crate) fn of_remote(url: &str) -> Option<Self> {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let rest = rest.split_once('@').map_or(rest, |(_, rest)| rest);
        let (host, path) = rest.split_once(['/', ':'])?;
        // The port of `ssh://` comes before the path.
        let path = path.split_once('/').filter(|(port, _)| port.parse::<u16>().is_ok()).map_or(path, |(_, path)| path);
        let registry = match host {
            "github.com" => "ghcr.io",
            "gitlab.com" => "registry.gitlab.com",
            _ => return None,
        };
        let path = path.trim_end_matches('/');
        let repository = format!("{registry}/{}", path.strip_suffix(".git").unwrap_or(path).to_ascii_lowercase());
        let is_right = path.contains('/') && repository.parse::<Repository>().is_ok();
        is_right.then_some(Self { registry, repository })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_go_where_the_source_is() {
        for (url, expected) in [
            ("https://github.com/Team/App.git", Some("ghcr.io/team/app")),
            ("git@github.com:team/app.git", Some("ghcr.io/team/app")),
            ("ssh://git@github.com:22/team/app", Some("ghcr.io/team/app")),
            ("https://gitlab.com/group/sub/app", Some("registry.gitlab.com/group/sub/app")),
            ("https://git.example.com/team/app", None),
            ("https://github.com/team", None),
            ("https://github.com/-team-/..", None),
            ("app", None),
        ] {
            assert_eq!(Forge::of_remote(url).map(|forge| forge.repository).as_deref(), expected, "{url}");
        }
    }
}
