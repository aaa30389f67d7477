use super::{AUDIENCE, IdentityToken, LIMIT, Person, TokenError, github, program};
use crate::{Secret, Web};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

/// The variable that holds a token, in GitLab CI and elsewhere.
const VARIABLE: &str = "SIGSTORE_ID_TOKEN";

/// Where identity tokens come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// GitHub Actions (GitHub docs, "OpenID Connect reference").
    GitHub {
        /// The variable `ACTIONS_ID_TOKEN_REQUEST_URL`.
        url: Secret,
        /// The variable `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.
        token: Secret,
    },
    /// The program `buildkite-agent` in a job of Buildkite: its path, or its name.
    Buildkite(PathBuf),
    /// The program `circleci` in a job of CircleCI: its path, or its name.
    CircleCi(PathBuf),
    /// The variable `SIGSTORE_ID_TOKEN`.
    Variable(Secret),
    /// A file, which whoever runs this may write again when the token ends.
    File(PathBuf),
    /// A token that is there.
    Given(IdentityToken),
    /// A person, who logs in.
    Person(Arc<Person>),
}

impl Source {
    /// Returns where tokens come from in an environment; `variable` returns variables that are set and not empty.
    pub fn detect<'v>(variable: impl Fn(&str) -> Option<&'v str>) -> Result<Self, TokenError> {
        if let Some(token) = variable(VARIABLE) {
            return Ok(Self::Variable(Secret::new(token)));
        }
        let is_true = |name| variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if is_true("GITHUB_ACTIONS") {
            let url = variable("ACTIONS_ID_TOKEN_REQUEST_URL");
            let token = variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN");
            let (url, token) = url.zip(token).ok_or(TokenError::GitHubPermission)?;
            return Ok(Self::GitHub { url: Secret::new(url), token: Secret::new(token) });
        }
        match () {
            () if is_true("GITLAB_CI") => Err(TokenError::GitLabVariable),
            () if is_true("BUILDKITE") => Ok(Self::Buildkite("buildkite-agent".into())),
            () if is_true("CIRCLECI") => Ok(Self::CircleCi("circleci".into())),
            () => Err(TokenError::NoSource),
        }
    }

    /// Returns a token, a new one each time where that can be had.
    pub async fn token(&self, web: &Web) -> Result<IdentityToken, TokenError> {
        match self {
            Self::GitHub { url, token } => github::token(web, url, token).await,
            Self::Buildkite(program) => {
                let arguments = ["oidc", "request-token", "--audience", AUDIENCE];
                self.read(&program::output(program, &arguments).await?)
            }
            Self::CircleCi(program) => {
                // `CIRCLE_OIDC_TOKEN_V2` is there as well, but for another audience.
                let claims = format!(r#"{{"aud":"{AUDIENCE}"}}"#);
                let arguments = ["run", "oidc", "get", "--root-issuer", "--claims", &claims];
                self.read(&program::output(program, &arguments).await?)
            }
            Self::Variable(token) => self.read(token),
            Self::File(path) => {
                let text = read(path).map_err(|source| TokenError::File { path: path.clone(), source })?;
                self.read(&text)
            }
            Self::Given(token) => Ok(token.clone()),
            Self::Person(person) => person.token(web).await,
        }
    }

    /// Reads a token that came from here, and says so where it is none.
    fn read(&self, text: &Secret) -> Result<IdentityToken, TokenError> {
        let unreadable = |problem| TokenError::Unreadable { from: self.to_string(), problem: Box::new(problem) };
        IdentityToken::read(text.expose()).map_err(unreadable)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GitHub { .. } => formatter.write_str("GitHub Actions"),
            Self::Buildkite(_) => formatter.write_str("Buildkite"),
            Self::CircleCi(_) => formatter.write_str("CircleCI"),
            Self::Variable(_) => write!(formatter, "the variable `{VARIABLE}`"),
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Given(token) => formatter.write_str(token.issuer()),
            Self::Person(person) => formatter.write_str(person.issuer.as_str()),
        }
    }
}

fn read(path: &PathBuf) -> io::Result<Secret> {
    // A pipe would wait for somebody who writes to it, and a device may not end.
    if !path.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
    }
    let mut text = zeroize::Zeroizing::new(String::new());
    // One byte more than a token may have: what is longer is refused as a token.
    File::open(path)?.take(LIMIT as u64 + 1).read_to_string(&mut text)?;
    Ok(Secret::new(text.as_str()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn knows_who_gives_tokens() {
        let github = &[("GITHUB_ACTIONS", "true"), ("ACTIONS_ID_TOKEN_REQUEST_URL", "u")];
        for (variables, expected) in [
            (&[][..], Err("neither a CI")),
            (&[("SIGSTORE_ID_TOKEN", "x"), ("GITHUB_ACTIONS", "true")], Ok("the variable `SIGSTORE_ID_TOKEN`")),
            (github, Err("permissions: id-token: write")),
            (&[github[0], github[1], ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "t")], Ok("GitHub Actions")),
            (&[("ACTIONS_ID_TOKEN_REQUEST_URL", "u"), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "t")], Err("neither a CI")),
            (&[("GITLAB_CI", "true")], Err("id_tokens")),
            (&[("GITLAB_CI", "true"), ("SIGSTORE_ID_TOKEN", "x")], Ok("the variable `SIGSTORE_ID_TOKEN`")),
            (&[("BUILDKITE", "true")], Ok("Buildkite")),
            (&[("CIRCLECI", "true")], Ok("CircleCI")),
            (&[("BUILDKITE", "false")], Err("neither a CI")),
        ] {
            let found =
                Source::detect(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value));
            match expected {
                Ok(expected) => assert_eq!(found.unwrap().to_string(), expected, "{variables:?}"),
                Err(expected) => {
                    let error = found.unwrap_err().to_string();
                    assert!(error.contains(expected), "{variables:?}: {error}");
                }
            }
        }
    }
}
