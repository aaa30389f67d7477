use crate::RegistryError;
use crate::options::HostOptions;
use consign_oci::Repository;
use reqwest::Url;

/// Docker Hub is spoken to under another name than images on it have.
const DOCKER_HUB: (&str, &str) = ("docker.io", "registry-1.docker.io");

/// Returns `scheme://host` of a repository's registry.
pub(crate) fn base(repository: &Repository, options: Option<&HostOptions>) -> String {
    let plain = options.and_then(|options| options.plain_http).unwrap_or_else(|| repository.is_loopback());
    let host = match repository.registry() {
        host if host == DOCKER_HUB.0 => DOCKER_HUB.1,
        host => host,
    };
    format!("{}://{host}", if plain { "http" } else { "https" })
}

/// Returns the URL of something in a repository, such as `manifests/latest`.
pub(crate) fn url(repository: &Repository, options: Option<&HostOptions>, rest: &str) -> Result<Url, RegistryError> {
    let text = format!("{}/v2/{}/{rest}", base(repository, options), repository.path());
    Url::parse(&text).map_err(|error| RegistryError::Protocol { url: text, problem: error.to_string() })
}

/// Returns where an answer to a request at `from` leads: never from HTTPS to HTTP.
pub(crate) fn follow(from: &Url, location: &str) -> Result<Url, RegistryError> {
    let refused = |problem: &str| RegistryError::Protocol { url: redacted(from), problem: problem.to_owned() };
    let to = from.join(location).map_err(|_| refused("it leads to something that is not a URL"))?;
    match (from.scheme(), to.scheme()) {
        ("https", "https") | ("http", "http" | "https") => Ok(to),
        _ => Err(refused("it leads from HTTPS to something less safe")),
    }
}

/// Returns whether both are on the same host and port.
pub(crate) fn same_host(one: &Url, other: &Url) -> bool {
    one.host_str() == other.host_str() && one.port_or_known_default() == other.port_or_known_default()
}

/// Returns a URL for messages: what follows `?` may be a secret.
pub(crate) fn redacted(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaks_plain_http_on_loopback_only() {
        let allowed = HostOptions { plain_http: Some(true), ..HostOptions::default() };
        for (repository, options, expected) in [
            ("localhost:5000/a", None, "http://localhost:5000"),
            ("127.0.0.1:5000/a", None, "http://127.0.0.1:5000"),
            ("ghcr.io/a/b", None, "https://ghcr.io"),
            ("debian", None, "https://registry-1.docker.io"),
            ("registry.example:5000/a", Some(&allowed), "http://registry.example:5000"),
        ] {
            assert_eq!(base(&repository.parse().unwrap(), options), expected);
        }
    }

    #[test]
    fn never_leaves_https() {
        let from = Url::parse("https://ghcr.io/v2/a/blobs/uploads/").unwrap();
        assert_eq!(follow(&from, "/v2/x").unwrap().as_str(), "https://ghcr.io/v2/x");
        assert!(follow(&from, "https://cdn.example/x").is_ok());
        for location in ["http://ghcr.io/x", "file:///etc/passwd", "http://["] {
            assert!(follow(&from, location).is_err(), "{location}");
        }
    }

    #[test]
    fn messages_hold_no_secrets() {
        let url = Url::parse("https://user:password@ghcr.io/x?signature=secret#secret").unwrap();
        assert_eq!(redacted(&url), "https://ghcr.io/x");
    }
}
