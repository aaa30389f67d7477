use super::UpdateProblem;
use super::files::without_version;
use crate::web::{Request, parse, shown};
use crate::{Web, WebError};
use reqwest::Url;
use sigstore_tuf::transport::FetchFuture;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

/// Where a repository is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mirror {
    /// At an address.
    Web(Url),
    /// In a folder, as it was taken from an address.
    Folder(PathBuf),
}

impl Mirror {
    pub(super) fn parse(text: &str) -> Result<Self, WebError> {
        match text.strip_prefix("file://").filter(|path| path.starts_with('/')) {
            Some(path) => Ok(Self::Folder(PathBuf::from(path))),
            None => parse(text).map(Self::Web),
        }
    }

    /// Returns what [`Mirror::parse`] reads; what is shown to people may have less.
    pub(super) fn address(&self) -> String {
        match self {
            Self::Web(url) => url.as_str().to_owned(),
            Self::Folder(_) => self.to_string(),
        }
    }
}

impl fmt::Display for Mirror {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Web(url) => formatter.write_str(shown(url).trim_end_matches('/')),
            Self::Folder(folder) => write!(formatter, "file://{}", folder.display()),
        }
    }
}

/// A repository that is asked.
pub(super) struct Remote {
    mirror: Mirror,
    web: Web,
}

impl Remote {
    pub(super) fn new(mirror: &Mirror, web: &Web) -> Self {
        Self { mirror: mirror.clone(), web: web.clone() }
    }

    /// Returns a file in a folder. The last root is known by there being no other after it; everything else must be there.
    async fn fetch(&self, folder: &str, name: &str, limit: u64) -> Result<Option<Vec<u8>>, UpdateProblem> {
        if !is_name(name) {
            return Err(UpdateProblem::Name { file: name.chars().take(200).collect() });
        }
        let file = format!("{folder}{name}");
        let found = match &self.mirror {
            Mirror::Web(url) => self.ask(url, &file).await?,
            Mirror::Folder(folder) => {
                let read = read(&folder.join(&file), limit);
                read.map_err(|source| UpdateProblem::File { file: file.clone(), source })?
            }
        };
        match found {
            Some(bytes) if bytes.len() as u64 > limit => Err(UpdateProblem::TooLarge { file, limit }),
            None if without_version(name) != Some("root.json") => Err(UpdateProblem::Missing { file }),
            found => Ok(found),
        }
    }

    async fn ask(&self, url: &Url, file: &str) -> Result<Option<Vec<u8>>, UpdateProblem> {
        let url = crate::authority::below(url, &format!("/{file}"));
        let answer = self.web.ask(Request::get(url.clone())).await?;
        match answer.status {
            // Of files that are not there some hosts say that they are forbidden.
            403 | 404 => Ok(None),
            _ if answer.is_success() => Ok(Some(answer.body)),
            status => Err(WebError::Status { url: shown(&url), status }.into()),
        }
    }
}

impl sigstore_tuf::Repository for Remote {
    fn fetch_metadata<'a>(&'a self, name: &'a str, max_length: u64) -> FetchFuture<'a> {
        Box::pin(async move { Ok(self.fetch("", name, max_length).await?) })
    }

    fn fetch_target<'a>(&'a self, path: &'a str, max_length: u64) -> FetchFuture<'a> {
        Box::pin(async move { Ok(self.fetch("targets/", path, max_length).await?) })
    }
}

/// Returns whether something is the name of a file, and leads nowhere else: hashes and roles in metadata become parts of names.
fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~%".contains(&byte);
    name.bytes().all(is_plain) && !name.starts_with('.') && !name.is_empty() && name.len() <= 255
}

/// Reads at most one byte more than may be there.
fn read(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let is_file = match fs::metadata(path) {
        Ok(found) => found.is_file(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // Opening a pipe waits for somebody who writes to it.
    if !is_file {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        let long = "a".repeat(256);
        for (name, expected) in [
            ("timestamp.json", true),
            ("7.registry.npmjs.org.json", true),
            ("1.a%2Fb.json", true),
            ("../../etc/passwd.trusted_root.json", false),
            ("..", false),
            (".hidden", false),
            ("a/b", false),
            ("a\\b", false),
            ("a?b", false),
            ("a#b", false),
            ("", false),
            (&long, false),
        ] {
            assert_eq!(is_name(name), expected, "{name}");
        }
    }
}
