use super::record::is_safe_path;
use super::{OpenPgpError, Paragraph, ParagraphError, UntrustedSignature};
use consign_oci::{Digest, DigestError};
use jiff::{Timestamp, fmt::rfc2822};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What an archive says of one suite (Debian repository format, "Release files").
///
/// Made by [`super::verify_release`] and [`super::verify_detached`] only, so whoever holds one knows that it was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Release {
    /// Who made the archive, such as `Debian`.
    pub origin: Option<String>,
    /// What the archive is called.
    pub label: Option<String>,
    /// Such as `stable`.
    pub suite: Option<String>,
    /// Such as `bookworm`.
    pub codename: Option<String>,
    /// The distribution's version, such as `12.5`.
    pub version: Option<String>,
    /// When it was made.
    pub date: Option<Timestamp>,
    /// Until when it may be used.
    pub valid_until: Option<Timestamp>,
    /// Components, such as `main`.
    pub components: Vec<String>,
    /// Debian's names of the architectures.
    pub architectures: Vec<String>,
    /// Whether packages are to be had of it only where nothing else will do, as of backports.
    pub not_automatic: bool,
    /// Whether indexes can be fetched by their hash.
    pub acquire_by_hash: bool,
    /// Digest and size in bytes of each file, by its path below the suite's folder.
    pub files: BTreeMap<String, (Digest, u64)>,
}

/// Why a release file is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The file is too large.
    #[error("the release file is larger than {limit} bytes")]
    TooLarge {
        /// The most that is accepted, in bytes.
        limit: usize,
    },
    /// The file is not text, or has line ends of a kind that could be read in two ways.
    #[error("the release file is not plain UTF-8 text with line feeds")]
    NotText,
    /// The file is not exactly one signed text.
    #[error("line {line} of the release file: {reason}")]
    Frame {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// The signatures cannot be read.
    #[error("the signatures of the release file cannot be read")]
    OpenPgp {
        /// What is wrong.
        source: OpenPgpError,
    },
    /// The signatures are too large.
    #[error("the signatures of the release file are larger than {limit} bytes")]
    SignaturesTooLarge {
        /// The most that is accepted, in bytes.
        limit: usize,
    },
    /// The signatures' armor has too many headers.
    #[error("the signatures of the release file have headers with more than {limit} colons")]
    TooManyHeaders {
        /// The most colons that are accepted; each header has at least one.
        limit: usize,
    },
    /// There are too many signatures.
    #[error("more than {limit} signatures")]
    TooManySignatures {
        /// The most that are accepted.
        limit: usize,
    },
    /// No signature counts.
    #[error("no valid signature by a key in {}: {}", join(keyring.iter().map(|path| path.display())), join(signatures.iter()))]
    Untrusted {
        /// The files that the trusted keys come from.
        keyring: Vec<PathBuf>,
        /// The signatures, each with why it does not count.
        signatures: Vec<UntrustedSignature>,
    },
    /// The text is not control data.
    #[error("the release file is not valid")]
    Paragraph {
        /// What is wrong.
        source: ParagraphError,
    },
    /// A time is not one.
    #[error("the release file's field `{field}` is not a time: `{value}`")]
    Time {
        /// The field.
        field: &'static str,
        /// What was read.
        value: String,
        /// What is wrong.
        source: jiff::Error,
    },
    /// A line of the list of files is not one.
    #[error("the release file's field `SHA256`: `{line}` is not a hash, a size and a path")]
    File {
        /// What was read.
        line: String,
    },
    /// A digest in the list of files is not one.
    #[error("the release file's field `SHA256`")]
    Digest {
        /// What is wrong.
        source: DigestError,
    },
    /// A file is listed with two digests.
    #[error("the release file's field `SHA256` names `{path}` twice, differently")]
    Contradiction {
        /// The file.
        path: String,
    },
    /// There is no list of files with hashes that count.
    #[error("the release file has no SHA256 hashes")]
    NoHashes,
    /// It may no longer be used.
    #[error("the release file expired at {valid_until}")]
    Expired {
        /// Until when it could be used.
        valid_until: Timestamp,
    },
    /// It was made in the future.
    #[error("the release file is from the future: {date}")]
    Future {
        /// When it says that it was made.
        date: Timestamp,
    },
}

impl Release {
    /// Returns the digest and size in bytes of a file.
    pub fn file(&self, path: &str) -> Option<&(Digest, u64)> {
        self.files.get(path)
    }

    /// Returns where a file can be fetched: by its hash where the archive allows it, since names may be replaced meanwhile
    /// (Debian repository format, "indices acquisition via hashsums").
    pub fn location(&self, path: &str) -> Option<String> {
        let (digest, _) = self.files.get(path)?;
        if !self.acquire_by_hash {
            return Some(path.to_owned());
        }
        let folder = path.rsplit_once('/').map(|(folder, _)| format!("{folder}/")).unwrap_or_default();
        Some(format!("{folder}by-hash/SHA256/{}", digest.hex()))
    }

    /// Reads a text that was verified.
    pub(super) fn parse(text: &str) -> Result<Self, ReleaseError> {
        let paragraph = Paragraph::parse(text).map_err(|source| ReleaseError::Paragraph { source })?;
        let field = |name| paragraph.get(name).filter(|value| !value.is_empty()).map(str::to_owned);
        let words = |name| paragraph.words(name).map(str::to_owned).collect();
        let time = |field: &'static str| {
            let parse = |value: &str| {
                rfc2822::parse(value).map(|time| time.timestamp()).map_err(|source| ReleaseError::Time {
                    field,
                    value: value.chars().take(100).collect(),
                    source,
                })
            };
            paragraph.get(field).map(parse).transpose()
        };
        Ok(Self {
            origin: field("Origin"),
            label: field("Label"),
            suite: field("Suite"),
            codename: field("Codename"),
            version: field("Version"),
            date: time("Date")?,
            valid_until: time("Valid-Until")?,
            components: words("Components"),
            architectures: words("Architectures"),
            not_automatic: paragraph.get("NotAutomatic") == Some("yes"),
            acquire_by_hash: paragraph.get("Acquire-By-Hash") == Some("yes"),
            files: files(&paragraph)?,
        })
    }
}

fn files(paragraph: &Paragraph) -> Result<BTreeMap<String, (Digest, u64)>, ReleaseError> {
    let mut files = BTreeMap::new();
    for line in paragraph.lines("SHA256") {
        let error = || ReleaseError::File { line: line.chars().take(200).collect() };
        let mut words = line.split_whitespace();
        let (Some(hash), Some(size), Some(path), None) = (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(error());
        };
        if !is_safe_path(path) {
            return Err(error());
        }
        let digest = Digest::from_sha256_hex(hash).map_err(|source| ReleaseError::Digest { source })?;
        let value = (digest, size.parse().map_err(|_| error())?);
        match files.insert(path.to_owned(), value.clone()) {
            Some(other) if other != value => return Err(ReleaseError::Contradiction { path: path.to_owned() }),
            _ => {}
        }
    }
    if files.is_empty() { Err(ReleaseError::NoHashes) } else { Ok(files) }
}

fn join(items: impl Iterator<Item = impl ToString>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn reads_fields_and_files() {
        let text = format!(
            "Origin: Debian\nSuite: stable\nCodename: bookworm\nDate: Sat, 10 Feb 2024 11:07:25 UTC\nValid-Until: Sat, 17 Feb 2024 11:07:25 UTC\n\
             NotAutomatic: yes\nAcquire-By-Hash: yes\nArchitectures: amd64 arm64\nComponents: main contrib\nMD5Sum:\n 0 3 other\nSHA256:\n {HASH}  3 main/Packages.xz\n {HASH} 3 x\n"
        );
        let release = Release::parse(&text).unwrap();
        assert_eq!(release.origin.as_deref(), Some("Debian"));
        assert_eq!(release.date.unwrap().to_string(), "2024-02-10T11:07:25Z");
        assert_eq!(release.valid_until.unwrap().to_string(), "2024-02-17T11:07:25Z");
        assert!(release.not_automatic);
        assert_eq!(release.architectures, ["amd64", "arm64"]);
        assert_eq!(release.files.keys().collect::<Vec<_>>(), ["main/Packages.xz", "x"]);
        assert_eq!(release.file("x").unwrap().1, 3);
        assert_eq!(release.location("main/Packages.xz").unwrap(), format!("main/by-hash/SHA256/{HASH}"));
        assert_eq!(release.location("x").unwrap(), format!("by-hash/SHA256/{HASH}"));
        assert_eq!(release.location("other"), None);
        let plain = Release::parse(&text.replace("By-Hash: yes", "By-Hash: no")).unwrap();
        assert_eq!(plain.location("main/Packages.xz").unwrap(), "main/Packages.xz");
    }

    #[test]
    fn refuses_what_is_no_release() {
        for (fields, expected) in [
            (String::new(), "the release file has no SHA256 hashes"),
            ("MD5Sum:\n 0 3 x\n".to_owned(), "the release file has no SHA256 hashes"),
            ("SHA256:\n 0 3 x\n".to_owned(), "the release file's field `SHA256`"),
            (format!("SHA256:\n {HASH} x x\n"), "is not a hash, a size and a path"),
            (format!("SHA256:\n {HASH} 3 ../x\n"), "is not a hash, a size and a path"),
            (format!("SHA256:\n {HASH} 3 x\n {HASH} 4 x\n"), "names `x` twice, differently"),
            (
                format!("Date: yesterday\nSHA256:\n {HASH} 3 x\n"),
                "the release file's field `Date` is not a time: `yesterday`",
            ),
            (format!("Suite: a\nSHA256:\n {HASH} 3 x\nSuite: b\n"), "the release file is not valid"),
        ] {
            let error = Release::parse(&format!("Origin: x\n{fields}")).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
