use crate::RegistryError;
use crate::options::HostOptions;
use consign_oci::Repository;
use reqwest::Url;
use std::net::IpAddr;

/// Docker Hub is spoken to under another name than images on it have.
const DOCKER_HUB: (&str, &str) = ("docker.io", "registry-1.docker.io");

/// Returns whether reading a manifest counts against a limit that asking for its digest does not (docs.docker.com, "Docker Hub pull usage and limits").
pub(crate) fn counts_reads(repository: &Repository) -> bool {
    repository.registry() == DOCKER_HUB.0
}

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

/// Returns where an answer to a request at `from` leads: never from HTTPS to HTTP, and never from elsewhere into this machine or its network.
pub(crate) fn follow(from: &Url, location: &str) -> Result<Url, RegistryError> {
    let refused = |problem: &str| RegistryError::Protocol { url: redacted(from), problem: problem.to_owned() };
    let to = from.join(location).map_err(|_| refused("it leads to something that is not a URL"))?;
    if !matches!((from.scheme(), to.scheme()), ("https", "https") | ("http", "http" | "https")) {
        return Err(refused("it leads from HTTPS to something less safe"));
    }
    if leads_inside(from, &to) {
        return Err(refused("it leads to an address of this machine or its network"));
    }
    Ok(to)
}

/// Returns whether `to` is an address, written as such, that only this machine or its network can reach, while `from` is a name.
/// A registry elsewhere could otherwise have requests made that it cannot make.
pub(crate) fn leads_inside(from: &Url, to: &Url) -> bool {
    let is_inside = |address: IpAddr| match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_unspecified(),
    };
    let localhost = |url: &Url| url.host_str().is_some_and(|host| host == "localhost" || host.ends_with(".localhost"));
    let inside = |url: &Url| localhost(url) || address(url).is_some_and(is_inside);
    inside(to) && !inside(from)
}

/// Returns the address that a URL names instead of a host.
pub(crate) fn address(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_matches(['[', ']']).parse().ok()
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
    fn what_is_elsewhere_does_not_lead_inside() {
        for (from, to, allowed) in [
            ("https://ghcr.io/", "https://cdn.example/x", true),
            ("https://ghcr.io/", "https://93.184.216.34/x", true),
            ("https://ghcr.io/", "https://169.254.169.254/latest/meta-data", false),
            ("https://ghcr.io/", "https://10.0.0.1/x", false),
            ("https://ghcr.io/", "https://2130706433/x", false),
            ("https://ghcr.io/", "https://0x7f.1/x", false),
            ("https://ghcr.io/", "https://[::1]/x", false),
            ("https://ghcr.io/", "https://[::ffff:169.254.169.254]/x", false),
            ("https://ghcr.io/", "https://[fe80::1]/x", false),
            ("https://ghcr.io/", "https://[fd00:ec2::254]/x", false),
            ("https://ghcr.io/", "https://localhost/x", false),
            ("https://93.184.216.34/", "https://10.0.0.1/x", false),
            ("http://127.0.0.1:5000/", "http://127.0.0.1:9000/x", true),
            ("http://localhost:5000/", "http://127.0.0.1:9000/x", true),
            ("http://10.0.0.1:5000/", "http://10.0.0.2/x", true),
        ] {
            assert_eq!(follow(&Url::parse(from).unwrap(), to).is_ok(), allowed, "{from} {to}");
        }
    }

    #[test]
    fn messages_hold_no_secrets() {
        let url = Url::parse("https://user:password@ghcr.io/x?signature=secret#secret").unwrap();
        assert_eq!(redacted(&url), "https://ghcr.io/x");
    }
}
