use consign_fetch::without_secrets;
use consign_image::{ImageReference, ImageReferenceError};
use consign_scan::PublishedFeed;
use std::path::{Path, PathBuf};

/// Where a database, or a part of one, comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseSource {
    /// Feeds that are known by name.
    Feed(PublishedFeed),
    /// A feed at an address.
    Address(String),
    /// Feeds in a folder, an archive or a file.
    Path(PathBuf),
    /// A database that was published as an artifact.
    Published(ImageReference),
}

/// A text that names no source.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseSourceError {
    /// Nothing is known by that name.
    #[error(
        "`{text}` is no feed that is known by name ({}), no address, no path and no reference; a path begins with `.` or `/`, a reference with its registry",
        PublishedFeed::NAMES.join(", ")
    )]
    Unknown {
        /// What was read.
        text: String,
    },
    /// It looks like a reference, and is none.
    #[error("`{text}` is no place of a database")]
    Reference {
        /// What was read.
        text: String,
        /// Why not.
        source: ImageReferenceError,
    },
    /// An engine has images alone.
    #[error("`{text}` is no place of a database: engines keep images, and no artifacts")]
    Engine {
        /// What was read.
        text: String,
    },
}

impl DatabaseSource {
    /// Reads a source: a name of feeds, an address (`https:`, `http:` or `file:`), a path that begins with `.` or `/`, or a reference to a database
    /// that was published. What it is never depends on what is there. `folder`: what paths are relative to; `year`: the last that has feeds.
    pub fn parse(text: &str, folder: &Path, year: i16) -> Result<Self, DatabaseSourceError> {
        let unknown = || DatabaseSourceError::Unknown { text: without_secrets(text) };
        if let Some(feed) = PublishedFeed::named(text, year) {
            return Ok(Self::Feed(feed));
        }
        if ["https://", "http://", "file://"].iter().any(|scheme| text.starts_with(scheme)) {
            return Ok(Self::Address(text.to_owned()));
        }
        if text.starts_with(['.', '/']) {
            return Ok(Self::Path(folder.join(text)));
        }
        if !is_reference(text) {
            return Err(unknown());
        }
        match text.parse() {
            Ok(ImageReference::Engine { .. }) => Err(DatabaseSourceError::Engine { text: text.to_owned() }),
            Ok(reference) => Ok(Self::Published(reference)),
            Err(source) => Err(DatabaseSourceError::Reference { text: text.to_owned(), source }),
        }
    }

    /// Returns whether a server is asked for it.
    pub(super) fn is_asked(&self) -> bool {
        match self {
            Self::Feed(_) | Self::Published(_) => true,
            Self::Address(address) => !address.starts_with("file:"),
            Self::Path(_) => false,
        }
    }
}

/// Returns whether a text begins with a registry, which has a dot or a port, or is this machine; or with the scheme of another place.
fn is_reference(text: &str) -> bool {
    let schemes =
        ["docker://", "oci:", "oci-archive:", "docker-archive:", "docker-daemon:", "containers-storage:", "store:"];
    let host = text.split_once('/').map(|(host, _)| host);
    schemes.iter().any(|scheme| text.starts_with(scheme))
        || host.is_some_and(|host| host.contains(['.', ':']) || host == "localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_sources_apart_by_how_they_are_written() {
        let parse = |text: &str| DatabaseSource::parse(text, Path::new("/here"), 2026);
        assert!(matches!(parse("debian"), Ok(DatabaseSource::Feed(_))));
        assert!(matches!(parse("osv:npm"), Ok(DatabaseSource::Feed(_))));
        assert_eq!(parse("./debian").unwrap(), DatabaseSource::Path("/here/./debian".into()));
        assert_eq!(parse("/feeds").unwrap(), DatabaseSource::Path("/feeds".into()));
        assert!(matches!(parse("https://a.example/x.json"), Ok(DatabaseSource::Address(_))));
        for reference in
            ["ghcr.io/team/advisories:1", "localhost/x", "localhost:5000/x", "docker://team/x", "oci:layout:1"]
        {
            assert!(matches!(parse(reference), Ok(DatabaseSource::Published(_))), "{reference}");
        }
        for unknown in ["", "debain", "team/advisories", "feeds/debian", "osv:"] {
            assert!(matches!(parse(unknown), Err(DatabaseSourceError::Unknown { .. })), "{unknown}");
        }
        assert!(matches!(parse("ghcr.io/UPPER"), Err(DatabaseSourceError::Reference { .. })));
        assert!(matches!(parse("docker-daemon:x"), Err(DatabaseSourceError::Engine { .. })));
    }
}
