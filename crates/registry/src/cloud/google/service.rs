//! Which addresses are Google's. Files name them, whoever wrote those, and what is asked there is shown what proves who we are: also among the hosts of
//! Google's are some where anybody keeps what anybody reads.

use crate::cloud::CloudError;
use crate::web::{WebError, address};
use reqwest::Url;

/// A service of Google's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// It exchanges tokens of others.
    Tokens,
    /// It gives tokens of service accounts.
    Accounts,
    /// It takes what keys of service accounts have signed.
    Keys,
}

impl Service {
    fn is_at(self, host: &str) -> bool {
        match self {
            Self::Tokens => is_regional("sts", host),
            Self::Accounts => is_regional("iamcredentials", host),
            // Keys name the first, older ones the others.
            Self::Keys => matches!(host, "oauth2.googleapis.com" | "www.googleapis.com" | "accounts.google.com"),
        }
    }
}

/// Returns the address of a service, without a query.
pub(super) fn service(text: &str, service: Service, place: &'static str) -> Result<Url, CloudError> {
    let url = address::tokens(text, place)?;
    let host = url.host_str().unwrap_or_default();
    if url.scheme() == "https" && !service.is_at(host) {
        return Err(WebError::source(place, format!("{host} is no service of Google's for this")).into());
    }
    match url.query() {
        None => Ok(url),
        Some(_) => Err(WebError::source(place, "its address has a query").into()),
    }
}

/// Returns whether a host is a service's, or the service's of a region or of a network of somebody's own (AIP-4117; Google Cloud, "Private Service
/// Connect endpoints").
fn is_regional(name: &str, host: &str) -> bool {
    let is_word = |word: &str| word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let Some(host) = host.strip_suffix(".googleapis.com") else { return false };
    match host.split_once('.') {
        None => host == name || host.strip_suffix(name).is_some_and(|word| word.len() > 1 && word.ends_with('-')),
        Some((first, "p")) => first.strip_prefix(name).is_some_and(|word| word.len() > 1 && word.starts_with('-')),
        Some((first, second)) => (first == name && is_word(second)) || (second == name && is_word(first)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_has_hosts_of_its_own() {
        let services = [("tokens", Service::Tokens), ("accounts", Service::Accounts), ("keys", Service::Keys)];
        for (address, expected) in [
            ("https://sts.googleapis.com/v1/token", "tokens"),
            ("https://sts.europe-west3.googleapis.com/v1/token", "tokens"),
            ("https://europe-west3.sts.googleapis.com/v1/token", "tokens"),
            ("https://europe-west3-sts.googleapis.com/v1/token", "tokens"),
            ("https://sts-network.p.googleapis.com/v1/token", "tokens"),
            ("https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/x:generateAccessToken", "accounts"),
            ("https://iamcredentials-network.p.googleapis.com/v1/x", "accounts"),
            ("https://oauth2.googleapis.com/token", "keys"),
            ("https://www.googleapis.com/oauth2/v4/token", "keys"),
            ("https://accounts.google.com/o/oauth2/token", "keys"),
            ("http://127.0.0.1:80/token", "tokens accounts keys"),
            ("http://127.0.0.1:80/token?a=b", ""),
            ("https://sts.googleapis.com/v1/token?a=b", ""),
            ("https://oauth2.googleapis.com/token?a", ""),
            ("https://storage.googleapis.com/upload/storage/v1/b/public/o?uploadType=media&name=x", ""),
            ("https://storage.googleapis.com/public/x", ""),
            ("https://sts.storage.p.googleapis.com/x", ""),
            ("https://notsts.googleapis.com/x", ""),
            ("https://-sts.googleapis.com/x", ""),
            ("https://a.b-sts.googleapis.com/x", ""),
            ("https://127.0.0.1/token", ""),
            ("https://sts.googleapis.com.example/token", ""),
            ("https://evilgoogleapis.com/token", ""),
            ("http://sts.googleapis.com/token", ""),
        ] {
            let found = services.iter().filter(|(_, kind)| service(address, *kind, "x").is_ok()).map(|(name, _)| *name);
            assert_eq!(found.collect::<Vec<_>>().join(" "), expected, "{address}");
        }
    }
}
