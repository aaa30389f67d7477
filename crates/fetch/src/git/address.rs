use super::access::https_host;
use std::fmt;

/// Longest address that is read, in bytes.
const LENGTH_LIMIT: usize = 4096;
/// Where the names of branches and of tags begin.
const BRANCHES: &str = "refs/heads/";
const TAGS: &str = "refs/tags/";

/// A git repository, and what of it is wanted, as Dockerfiles write it (Dockerfile reference, "ADD", "Adding files from a Git repository").
#[derive(Clone, PartialEq, Eq)]
pub struct GitAddress {
    /// Where the repository is, with the user and the password that stand in it.
    pub(super) remote: String,
    /// A branch, a tag or a commit; otherwise what the repository has as its `HEAD`.
    pub(super) reference: Option<String>,
    /// The folder that is wanted, without slashes at its ends; empty: all.
    pub(super) subfolder: String,
    /// What the commit, or the tag, must be: its id, or how that begins.
    pub(super) checksum: Option<String>,
    /// Whether the folder `.git` is wanted, where the address says so.
    pub keep_history: Option<bool>,
    /// Whether submodules are wanted.
    pub(super) submodules: bool,
}

/// An address of a repository that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GitAddressError {
    /// A parameter is unknown.
    #[error(
        "`{name}` is not known: it may have ref, branch, tag, commit, checksum, subdir, keep-git-dir and submodules"
    )]
    Parameter {
        /// Its name.
        name: String,
    },
    /// A parameter has no value, several, or one that makes no sense.
    #[error("`{name}` has no value that makes sense, or several")]
    Value {
        /// Its name.
        name: String,
    },
    /// Two parts say different things.
    #[error("`{one}` and `{other}` are not the same")]
    Conflict {
        /// What one says.
        one: String,
        /// What the other says.
        other: String,
    },
    /// Something in it can be no name.
    #[error("`{name}` is neither a branch, nor a tag, nor a commit")]
    Name {
        /// What is written.
        name: String,
    },
    /// The folder leads out of the repository.
    #[error("the folder `{folder}` is not in the repository")]
    Folder {
        /// The folder.
        folder: String,
    },
    /// It is too long.
    #[error("it is longer than {limit} bytes")]
    Length {
        /// The most that is read.
        limit: usize,
    },
}

impl GitAddress {
    /// Reads an address; `None` if it is not one of a repository: `git://`, `ssh://`, `USER@HOST:PATH`, and `http://` and `https://` where the path
    /// ends with `.git`. After `#` stand the reference and the folder, `REF:FOLDER`; after `?` the parameters.
    pub fn parse(text: &str) -> Result<Option<Self>, GitAddressError> {
        let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
        let (remote, query) = rest.split_once('?').unwrap_or((rest, ""));
        let needs_suffix = remote.starts_with("http://") || remote.starts_with("https://");
        if !is_remote(remote) || (needs_suffix && !remote.ends_with(".git")) {
            return Ok(None);
        }
        if text.len() > LENGTH_LIMIT {
            return Err(GitAddressError::Length { limit: LENGTH_LIMIT });
        }
        let (reference, folder) = fragment.split_once(':').unwrap_or((fragment, ""));
        let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let mut parameters =
            Parameters { reference: filled(reference), folder: filled(folder), ..Parameters::default() };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decoded(value).ok_or_else(|| GitAddressError::Value { name: clip(name) })?;
            parameters.set(name, &value)?;
        }
        parameters.address(remote).map(Some)
    }

    /// Has the commit, or the tag, be one whose id begins so, besides what the address says.
    pub fn require(&mut self, checksum: &str) -> Result<(), GitAddressError> {
        if !is_start_of_commit(checksum) {
            return Err(GitAddressError::Name { name: clip(checksum) });
        }
        join(&mut self.checksum, checksum.to_owned())?;
        if self.reference.is_none() && is_commit(checksum) {
            self.reference = self.checksum.clone();
        }
        Ok(())
    }

    /// Returns the host that HTTPS leads to, with its port; `None` where it is reached otherwise.
    pub fn https_host(&self) -> Option<&str> {
        https_host(&self.remote)
    }

    /// Returns the repository as it may be shown: without user and password.
    pub fn repository(&self) -> String {
        shown(&self.remote)
    }

    /// Returns how the address of this in a provenance is written (SPDX 2.3, clause 7.7): `git+https://HOST/PATH@REF#FOLDER`.
    pub fn locator(&self) -> String {
        let repository = self.repository();
        let scheme = if repository.contains("://") { "git+" } else { "git+ssh://" };
        let repository = if repository.contains("://") { repository } else { repository.replacen(':', "/", 1) };
        let reference = self.reference.as_ref().map(|reference| format!("@{reference}")).unwrap_or_default();
        let folder = if self.subfolder.is_empty() { String::new() } else { format!("#{}", self.subfolder) };
        let scheme = if repository.starts_with("git://") { "" } else { scheme };
        format!("{scheme}{repository}{reference}{folder}")
    }

    /// Returns the reference, if it is the whole id of a commit.
    pub(super) fn commit(&self) -> Option<&str> {
        self.reference.as_deref().filter(|reference| is_commit(reference))
    }

    /// Returns whether the folder `.git` comes with the files: only with all of them.
    pub(super) fn keeps_history(&self) -> bool {
        self.keep_history == Some(true) && self.subfolder.is_empty()
    }
}

impl fmt::Debug for GitAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.locator())
    }
}

/// What the parts of an address say.
#[derive(Default)]
struct Parameters {
    reference: Option<String>,
    branch: Option<String>,
    tag: Option<String>,
    folder: Option<String>,
    checksum: Option<String>,
    keep_history: Option<bool>,
    submodules: Option<bool>,
}

impl Parameters {
    fn set(&mut self, name: &str, value: &str) -> Result<(), GitAddressError> {
        let place = match name {
            "ref" => &mut self.reference,
            "branch" => &mut self.branch,
            "tag" => &mut self.tag,
            "subdir" => &mut self.folder,
            "commit" | "checksum" => &mut self.checksum,
            "keep-git-dir" => return switch(name, value, &mut self.keep_history),
            "submodules" => return switch(name, value, &mut self.submodules),
            _ => return Err(GitAddressError::Parameter { name: clip(name) }),
        };
        if value.is_empty() {
            return Err(GitAddressError::Value { name: clip(name) });
        }
        join(place, value.to_owned())
    }

    fn address(self, remote: &str) -> Result<GitAddress, GitAddressError> {
        let full = |prefix: &str, name: String| match name.starts_with(prefix) {
            true => name,
            false => format!("{prefix}{name}"),
        };
        let mut reference = self.reference;
        let (branch, tag) = (self.branch.map(|name| full(BRANCHES, name)), self.tag.map(|name| full(TAGS, name)));
        for named in branch.into_iter().chain(tag) {
            join(&mut reference, named)?;
        }
        if let Some(checksum) = &self.checksum
            && !is_start_of_commit(checksum)
        {
            return Err(GitAddressError::Name { name: clip(checksum) });
        }
        // A commit alone is what is wanted, too, if that is all of its id.
        let reference = reference.or_else(|| self.checksum.clone().filter(|checksum| is_commit(checksum)));
        if let Some(reference) = reference.as_ref().filter(|reference| !is_name(reference)) {
            return Err(GitAddressError::Name { name: clip(reference) });
        }
        let written = self.folder.unwrap_or_default();
        let parts: Vec<&str> = written.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        if parts.contains(&"..") || written.contains('\0') {
            return Err(GitAddressError::Folder { folder: clip(&written) });
        }
        Ok(GitAddress {
            remote: remote.to_owned(),
            reference,
            subfolder: parts.join("/"),
            checksum: self.checksum,
            keep_history: self.keep_history,
            submodules: self.submodules.unwrap_or(true),
        })
    }
}

fn join(place: &mut Option<String>, value: String) -> Result<(), GitAddressError> {
    match place {
        Some(known) if *known != value => Err(GitAddressError::Conflict { one: clip(known), other: clip(&value) }),
        _ => {
            *place = Some(value);
            Ok(())
        }
    }
}

fn switch(name: &str, value: &str, place: &mut Option<bool>) -> Result<(), GitAddressError> {
    let value = match value {
        "" | "1" | "t" | "T" | "true" | "TRUE" | "True" => true,
        "0" | "f" | "F" | "false" | "FALSE" | "False" => false,
        _ => return Err(GitAddressError::Value { name: clip(name) }),
    };
    if place.replace(value).is_some_and(|known| known != value) {
        return Err(GitAddressError::Value { name: clip(name) });
    }
    Ok(())
}

/// Returns whether a repository may be there, in a form that no program takes for something else.
pub(super) fn is_remote(text: &str) -> bool {
    if text.chars().any(|character| character.is_control() || character.is_whitespace()) {
        return false;
    }
    let is_word = |text: &str, others: &str| {
        text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.chars().all(|character| character.is_ascii_alphanumeric() || others.contains(character))
    };
    for scheme in ["https://", "http://", "ssh://", "git://"] {
        if let Some(rest) = text.strip_prefix(scheme) {
            let host = rest.split('/').next().unwrap_or_default();
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            return host.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[');
        }
    }
    let Some((user, rest)) = text.split_once('@') else { return false };
    let Some((host, path)) = rest.split_once(':') else { return false };
    is_word(user, "-_") && is_word(host, "-.") && !path.is_empty() && !path.starts_with('-')
}

/// Returns whether this is all of a commit's id (SHA-1 or SHA-256).
pub(super) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && is_hex(text)
}

fn is_start_of_commit(text: &str) -> bool {
    (4..=64).contains(&text.len()) && is_hex(text)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Returns whether this may name a branch or a tag (git-check-ref-format(1)).
fn is_name(text: &str) -> bool {
    let refused = |character: char| character.is_control() || " ~^:?*[\\".contains(character);
    !text.is_empty()
        && !text.starts_with(['-', '/', '.'])
        && !text.ends_with(['/', '.'])
        && !text.contains(refused)
        && !["..", "//", "@{"].iter().any(|part| text.contains(part))
}

/// Returns an address without user and password. The user of `USER@HOST:PATH` is no secret.
pub(super) fn shown(remote: &str) -> String {
    let Some((scheme, rest)) = remote.split_once("://") else { return remote.to_owned() };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}/{path}")
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

fn clip(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_dockerfiles_write() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        for (text, expected) in [
            ("https://example.org/a.git", "https://example.org/a.git - - - - true"),
            ("https://example.org/a.git#v1:some/sub", "https://example.org/a.git v1 some/sub - - true"),
            ("https://example.org/a.git#:sub/", "https://example.org/a.git - sub - - true"),
            ("https://me:secret@example.org/a.git#main", "https://me:secret@example.org/a.git main - - - true"),
            ("git@example.org:team/a.git#v1", "git@example.org:team/a.git v1 - - - true"),
            ("ssh://git@example.org:22/a", "ssh://git@example.org:22/a - - - - true"),
            ("git://example.org/a", "git://example.org/a - - - - true"),
            ("git://example.org/a?branch=b%2Fc", "git://example.org/a refs/heads/b/c - - - true"),
            ("git://example.org/a?tag=refs/tags/v1#refs/tags/v1", "git://example.org/a refs/tags/v1 - - - true"),
            (
                "git://h/a?ref=v1&checksum=0123abc&subdir=d&keep-git-dir&submodules=false",
                "git://h/a v1 d 0123abc true false",
            ),
            (&format!("git://h/a?commit={commit}"), &format!("git://h/a {commit} - {commit} - true")),
        ] {
            let address = GitAddress::parse(text).unwrap().unwrap();
            let dash = |text: Option<String>| text.filter(|text| !text.is_empty()).unwrap_or_else(|| "-".to_owned());
            let found = format!(
                "{} {} {} {} {} {}",
                address.remote,
                dash(address.reference.clone()),
                dash(Some(address.subfolder.clone())),
                dash(address.checksum.clone()),
                dash(address.keep_history.map(|keep| keep.to_string())),
                address.submodules
            );
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn leaves_other_addresses_alone() {
        for text in [
            "a.git",
            "https://example.org/a",
            "https://example.org/a#b.git",
            "https://example.org/a?b.git",
            "file:///a.git",
            "ext::sh -c x",
            "./git@example.org:a",
            "-o@host:a",
            "git@-host:a",
            "git@host",
            "ssh://-oProxyCommand=x/a",
            "git://",
        ] {
            assert_eq!(GitAddress::parse(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, expected) in [
            ("git://h/a?depth=1", "`depth` is not known"),
            ("git://h/a?ref=", "`ref` has no value"),
            ("git://h/a?ref=%zz", "`ref` has no value"),
            ("git://h/a?keep-git-dir=maybe", "`keep-git-dir` has no value"),
            ("git://h/a?ref=a&ref=b", "`a` and `b` are not the same"),
            ("git://h/a?ref=a#b", "`b` and `a` are not the same"),
            ("git://h/a?branch=a&tag=a", "`refs/heads/a` and `refs/tags/a` are not the same"),
            ("git://h/a?checksum=xyz1", "`xyz1` is neither"),
            ("git://h/a#-x", "`-x` is neither"),
            ("git://h/a#a..b", "`a..b` is neither"),
            ("git://h/a#b^{}", "`b^{}` is neither"),
            ("git://h/a#b:../c", "the folder `../c` is not in the repository"),
        ] {
            let message = GitAddress::parse(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{text}: {message}");
        }
    }

    #[test]
    fn shows_no_passwords() {
        for (text, repository, locator) in [
            ("https://me:secret@h/a.git?subdir=c#b", "https://h/a.git", "git+https://h/a.git@b#c"),
            ("git@h:t/a.git#b", "git@h:t/a.git", "git+ssh://git@h/t/a.git@b"),
            ("git://h/a", "git://h/a", "git://h/a"),
        ] {
            let address = GitAddress::parse(text).unwrap().unwrap();
            assert_eq!(address.repository(), repository);
            assert_eq!(address.locator(), locator);
            assert!(!format!("{address:?}").contains("secret"));
        }
    }
}
