use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// What git is run with.
#[derive(Clone, Debug, Default)]
pub struct GitAccess {
    /// What git sees: `PATH`, `HOME`, and variables that say which proxy to use and which certificates to trust.
    pub environment: BTreeMap<String, String>,
    /// The socket of an SSH agent.
    pub agent: Option<PathBuf>,
    /// How to log in by HTTPS to the host of the repository that is asked for.
    pub login: Option<GitLogin>,
    /// A folder that repositories are kept in for as long as they are needed.
    pub scratch: PathBuf,
}

/// How to log in by HTTPS. What it is is in no debug output.
#[derive(Clone, PartialEq, Eq)]
pub enum GitLogin {
    /// A token.
    Token(String),
    /// What to say in the header `Authorization`.
    Header(String),
}

impl fmt::Debug for GitLogin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("GitLogin")
    }
}

impl GitAccess {
    /// Returns the setting by which git logs in to `remote`: only where that is on the host of the repository that was `asked` for, and only encrypted.
    pub(super) fn header_for(&self, remote: &str, asked: &str) -> Option<(String, String)> {
        let login = self.login.as_ref()?;
        let host = https_host(remote).filter(|host| https_host(asked) == Some(host))?;
        let value = match login {
            GitLogin::Header(header) => header.clone(),
            GitLogin::Token(token) => {
                format!("basic {}", BASE64_STANDARD.encode(format!("x-access-token:{}", token.trim_end())))
            }
        };
        Some((format!("http.https://{host}/.extraHeader"), format!("Authorization: {}", value.trim_end())))
    }
}

/// Returns the host of an address, with its port, if it is one of HTTPS.
pub(super) fn https_host(remote: &str) -> Option<&str> {
    let (host, _) = remote.strip_prefix("https://")?.split_once('/')?;
    Some(host.rsplit_once('@').map_or(host, |(_, host)| host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_is_logged_in_to() {
        let access = GitAccess { login: Some(GitLogin::Token("secret".to_owned())), ..GitAccess::default() };
        let asked = "https://me@git.example/a.git";
        let (name, value) = access.header_for("https://git.example/b.git", asked).unwrap();
        assert_eq!(name, "http.https://git.example/.extraHeader");
        assert_eq!(value, "Authorization: basic eC1hY2Nlc3MtdG9rZW46c2VjcmV0");
        for other in ["https://git.example.org/b.git", "https://git.example:8443/b.git", "http://git.example/b.git"] {
            assert_eq!(access.header_for(other, asked), None, "{other}");
        }
        assert_eq!(access.header_for("http://git.example/a", "http://git.example/a"), None);
        assert!(!format!("{access:?}").contains("secret"));
    }
}
