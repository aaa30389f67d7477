/// Returns where the source can be found, from the URL of a remote: without credentials, query and fragment. `None` for what
/// is only a path on this machine, or cannot be shown.
pub(super) fn public_url(url: &str) -> Option<String> {
    if url.len() > 2048 || url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return None;
    }
    let Some((scheme, rest)) = url.split_once("://") else { return scp_like(url) };
    if !matches!(scheme, "https" | "http" | "ssh" | "git" | "git+ssh" | "ssh+git") {
        return None;
    }
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (user.split(':').next(), host),
        None => (None, authority),
    };
    // The user name of ssh is part of the address; that of HTTP may be a token.
    let user = user
        .filter(|user| scheme.contains("ssh") && !user.is_empty())
        .map(|user| format!("{user}@"))
        .unwrap_or_default();
    (!host.is_empty()).then(|| format!("{scheme}://{user}{host}/{path}"))
}

/// Reads `user@host:path` (git-clone(1), "GIT URLS").
fn scp_like(url: &str) -> Option<String> {
    let (host, path) = url.split_once(':')?;
    let plain = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'@'));
    (plain && !host.is_empty() && !path.is_empty() && host.matches('@').count() <= 1).then(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_address_and_nothing_secret() {
        for (url, expected) in [
            ("https://github.com/team/app.git", Some("https://github.com/team/app.git")),
            ("https://user:hunter2@github.com/team/app", Some("https://github.com/team/app")),
            ("https://ghp_hunter2@github.com/team/app", Some("https://github.com/team/app")),
            ("https://a@hunter2@github.com/team/app", Some("https://github.com/team/app")),
            ("https://github.com/team/app?token=hunter2#hunter2", Some("https://github.com/team/app")),
            ("ssh://git@github.com:22/team/app", Some("ssh://git@github.com:22/team/app")),
            ("ssh://git:hunter2@github.com/team/app", Some("ssh://git@github.com/team/app")),
            ("git@github.com:team/app.git", Some("git@github.com:team/app.git")),
            ("github.com:team/app.git", Some("github.com:team/app.git")),
            ("/srv/git/app.git", None),
            ("../app", None),
            ("./a:b", None),
            ("file:///srv/git/app.git", None),
            ("ext::sh -c hunter2", None),
            ("https://", None),
            ("https://github.com/\u{1b}[31m", None),
        ] {
            assert_eq!(public_url(url).as_deref(), expected, "{url}");
        }
    }
}
