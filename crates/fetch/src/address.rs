use crate::{FetchError, RedirectError};
use reqwest::Url;
use std::path::PathBuf;

/// Most redirects that are followed.
const REDIRECT_LIMIT: usize = 5;

/// Where something is fetched from.
#[derive(Clone, Debug)]
pub(crate) enum Address {
    /// A server.
    Web(Url),
    /// A local file.
    File(PathBuf),
}

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Self, FetchError> {
        let error = || FetchError::Address { url: clip(text) };
        let url = Url::parse(text).map_err(|_| error())?;
        match url.scheme() {
            "http" | "https" if url.has_host() => Ok(Self::Web(url)),
            "file" => url.to_file_path().map(Self::File).map_err(|()| error()),
            _ => Err(error()),
        }
    }
}

/// Returns an address as it may be shown: no user, no password, no query, no fragment.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Fails only where there is no user to remove.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

/// Returns an address as it may stand where everybody reads it: no user, no password, no query, no fragment.
pub fn without_secrets(url: &str) -> String {
    Url::parse(url).map_or_else(|_| clip(url), |url| shown(&url))
}

/// Returns where a mirror has what a server has at an address: below its own, under host and path, as `wget --mirror` lays them. Who may ask the
/// server is no business of the mirror's. `None`: the address is no server's, or the mirror none.
pub fn mirrored(address: &str, mirror: &str) -> Option<String> {
    let Address::Web(address) = Address::parse(address).ok()? else { return None };
    let mut place = Url::parse(mirror).ok().filter(is_mirror)?;
    let host = address.host_str()?;
    let host = address.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    place.set_path(&format!("{}/{host}{}", place.path().trim_end_matches('/'), address.path()));
    Some(place.into())
}

/// Returns whether a text is the address of a mirror: of a server or a folder, with nothing behind its path.
pub fn is_mirror_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| is_mirror(&url))
}

fn is_mirror(url: &Url) -> bool {
    let is_place = (matches!(url.scheme(), "http" | "https") && url.has_host()) || url.scheme() == "file";
    is_place && url.query().is_none() && url.fragment().is_none()
}

/// Returns whether a redirect is followed, given the addresses so far.
pub(crate) fn judge_redirect(previous: &[Url], next: &Url) -> Result<(), RedirectError> {
    if previous.len() > REDIRECT_LIMIT {
        return Err(RedirectError::TooMany { limit: REDIRECT_LIMIT });
    }
    match next.scheme() {
        "https" => Ok(()),
        "http" if previous.iter().any(|url| url.scheme() == "https") => Err(RedirectError::Downgrade),
        "http" => Ok(()),
        _ => Err(RedirectError::Scheme),
    }
}

/// Shows a text that may not even be an address, and so may hold a password anywhere before an `@`.
fn clip(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("…@{}", rest.chars().take(200).collect::<String>()),
        None => text.chars().take(200).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_web_and_files() {
        for text in ["http://localhost:1/a", "https://example.org"] {
            assert!(matches!(Address::parse(text), Ok(Address::Web(_))), "{text}");
        }
        match Address::parse("file:///a%20b/c").unwrap() {
            Address::File(path) => assert_eq!(path, PathBuf::from("/a b/c")),
            other => panic!("{other:?}"),
        }
        for text in ["", "a/b", "ftp://example.org/", "file://host.example/a", "http://", "data:,x"] {
            assert!(matches!(Address::parse(text), Err(FetchError::Address { .. })), "{text}");
        }
    }

    #[test]
    fn shows_no_secrets() {
        let url = Url::parse("https://user:secret@example.org/a?token=secret#secret").unwrap();
        assert_eq!(shown(&url), "https://example.org/a");
        for text in ["ftp://user:secret@example.org/", "secret@[", "x?secret"] {
            let message = Address::parse(text).unwrap_err().to_string();
            assert!(!message.contains("secret"), "{message}");
        }
    }

    #[test]
    fn a_mirror_has_addresses_below_its_own() {
        let address = "https://me:secret@security-tracker.debian.org:8443/tracker/data/json?token=secret#x";
        for (mirror, expected) in [
            ("file:///feeds/", Some("file:///feeds/security-tracker.debian.org:8443/tracker/data/json")),
            ("http://mirror.example", Some("http://mirror.example/security-tracker.debian.org:8443/tracker/data/json")),
            ("http://mirror.example/a?sig=b", None),
            ("ftp://mirror.example", None),
            ("mirror.example", None),
        ] {
            assert_eq!(mirrored(address, mirror).as_deref(), expected, "{mirror}");
            assert_eq!(is_mirror_address(mirror), expected.is_some(), "{mirror}");
        }
        assert_eq!(mirrored("file:///x", "https://mirror.example"), None);
    }

    #[test]
    fn judges_redirects() {
        let url = |text: &str| Url::parse(text).unwrap();
        let (plain, safe) = (url("http://a.example/"), url("https://a.example/"));
        assert_eq!(judge_redirect(std::slice::from_ref(&plain), &safe), Ok(()));
        assert_eq!(judge_redirect(std::slice::from_ref(&plain), &plain), Ok(()));
        assert_eq!(judge_redirect(std::slice::from_ref(&safe), &plain), Err(RedirectError::Downgrade));
        assert_eq!(judge_redirect(&[plain.clone(), safe.clone(), safe.clone()], &plain), Err(RedirectError::Downgrade));
        assert_eq!(
            judge_redirect(std::slice::from_ref(&plain), &url("file:///etc/passwd")),
            Err(RedirectError::Scheme)
        );
        assert_eq!(judge_redirect(&vec![plain.clone(); 5], &plain), Ok(()));
        assert_eq!(judge_redirect(&vec![plain.clone(); 6], &plain), Err(RedirectError::TooMany { limit: 5 }));
    }
}
