//! Which addresses are asked. Whoever could say that freely would be shown keys.

use super::WebError;
use crate::endpoint::{address, redacted};
use reqwest::Url;
use std::net::IpAddr;

/// Returns the address of one of AWS's services: by HTTPS, unless it is on this machine, and a host alone, since paths would have to be signed.
pub(crate) fn service(text: &str, place: &'static str) -> Result<Url, WebError> {
    let url = parse(text, place)?;
    if url.path() != "/" || url.query().is_some() {
        return Err(WebError::source(place, format!("{} is more than a host", redacted(&url))));
    }
    safe(url, place, |_| false)
}

/// Returns an address that gives tokens: by HTTPS, unless it is on this machine.
pub(crate) fn tokens(text: &str, place: &'static str) -> Result<Url, WebError> {
    safe(parse(text, place)?, place, |_| false)
}

/// Returns the address of a container's endpoint: by HTTPS, or on this machine, or one of those of ECS and EKS (AWS SDKs and Tools Reference Guide,
/// "Container credential provider").
pub(crate) fn container(text: &str, place: &'static str) -> Result<Url, WebError> {
    const CONTAINERS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];
    safe(parse(text, place)?, place, |address| CONTAINERS.iter().any(|known| known.parse() == Ok(address)))
}

/// Returns the address of the metadata of a machine: by HTTPS, or on this machine, or one that only the machine's host can answer.
pub(crate) fn metadata(text: &str, place: &'static str) -> Result<Url, WebError> {
    let is_link_local = |address: IpAddr| match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local() || "fd00:ec2::254".parse() == Ok(v6),
    };
    safe(parse(text, place)?, place, is_link_local)
}

/// Returns the address of the metadata of a machine of Google's, which may also have one of the names that it has there.
pub(crate) fn google(text: &str, place: &'static str) -> Result<Url, WebError> {
    let url = parse(text, place)?;
    match (url.scheme(), url.host_str()) {
        ("http", Some("metadata.google.internal" | "metadata")) => Ok(url),
        _ => metadata(text, place),
    }
}

fn parse(text: &str, place: &'static str) -> Result<Url, WebError> {
    Url::parse(text).map_err(|_| WebError::source(place, "its address is not a URL"))
}

fn safe(url: Url, place: &'static str, is_known: impl Fn(IpAddr) -> bool) -> Result<Url, WebError> {
    let near = address(&url).is_some_and(|address| address.is_loopback() || is_known(address));
    match url.scheme() {
        "https" => Ok(url),
        "http" if near || url.host_str() == Some("localhost") => Ok(url),
        _ => Err(WebError::source(place, format!("{} is not reached by HTTPS", redacted(&url)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_shown_to_nobody_on_the_way() {
        type Rule = fn(&str, &'static str) -> Result<Url, WebError>;
        let rules: [(&str, Rule); 5] = [
            ("service", service),
            ("tokens", tokens),
            ("container", container),
            ("metadata", metadata),
            ("google", google),
        ];
        for (text, allowed) in [
            ("https://sts.eu-central-1.amazonaws.com", "service tokens container metadata google"),
            ("http://127.0.0.1:8080", "service tokens container metadata google"),
            ("http://localhost:8080/", "service tokens container metadata google"),
            ("http://[::1]:8080/", "service tokens container metadata google"),
            ("https://token.example/a?b=c", "tokens container metadata google"),
            ("http://169.254.170.2/v2/credentials", "container metadata google"),
            ("http://169.254.170.23/v1/credentials", "container metadata google"),
            ("http://[fd00:ec2::23]/v1/credentials", "container"),
            ("http://169.254.169.254/", "metadata google"),
            ("http://[fd00:ec2::254]/", "metadata google"),
            ("http://metadata.google.internal/", "google"),
            ("http://metadata/", "google"),
            ("http://metadata.google.internal.example/", ""),
            ("http://metadata.example/", ""),
            ("http://10.0.0.1/", ""),
            ("http://sts.amazonaws.com/", ""),
            ("http://localhost.example/", ""),
            ("http://169.254.170.2.example/", ""),
            ("file:///etc/passwd", ""),
            ("169.254.170.2", ""),
            ("", ""),
        ] {
            let found = rules.iter().filter(|(_, rule)| rule(text, "x").is_ok()).map(|(name, _)| *name);
            assert_eq!(found.collect::<Vec<_>>().join(" "), allowed, "{text}");
        }
    }
}
