//! Which addresses are asked: whoever stands on the way would be shown tokens.

use super::WebError;
use reqwest::Url;
use std::net::IpAddr;

/// Reads the address of a service: by HTTPS, unless it is on this machine.
pub(crate) fn parse(text: &str) -> Result<Url, WebError> {
    let url = Url::parse(text).map_err(|_| WebError::Address { url: text.chars().take(200).collect() })?;
    safe(&url)?;
    Ok(url)
}

/// Refuses what is not asked by HTTPS, unless it is on this machine.
fn safe(url: &Url) -> Result<(), WebError> {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let is_near = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
    match url.scheme() {
        "https" if !host.is_empty() => Ok(()),
        "http" if is_near => Ok(()),
        _ => Err(WebError::Plain { url: shown(url) }),
    }
}

/// Returns an address without what may be secret: login, query and fragment.
pub(crate) fn shown(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_shown_to_nobody_on_the_way() {
        for (text, allowed) in [
            ("https://fulcio.sigstore.dev", true),
            ("http://127.0.0.1:8080/authority", true),
            ("http://localhost:8080", true),
            ("http://[::1]:8080", true),
            ("http://fulcio.sigstore.dev", false),
            ("http://localhost.example", false),
            ("http://10.0.0.1", false),
            ("file:///etc/passwd", false),
            ("fulcio.sigstore.dev", false),
            ("", false),
        ] {
            assert_eq!(parse(text).is_ok(), allowed, "{text}");
        }
    }

    #[test]
    fn what_may_be_secret_is_not_shown() {
        let url = Url::parse("https://user:hunter2@host.example:8443/path?token=hunter2#hunter2").unwrap();
        assert_eq!(shown(&url), "https://host.example:8443/path");
    }
}
