//! Runs syft and trivy, without a network.

use crate::listing::Listing;
use consign_testkit::tools::Peer;
use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

/// trivy reads no archive of Java's before it has its database of their digests, of some hundred megabytes. It takes one in which there are none.
const JAVA_DATABASE: &str = "
    CREATE TABLE artifacts (id INTEGER PRIMARY KEY, group_id TEXT, artifact_id TEXT);
    CREATE TABLE indices (artifact_id INTEGER, version TEXT, sha1 BLOB, archive_type TEXT);
    CREATE UNIQUE INDEX artifacts_idx ON artifacts (artifact_id, group_id);
    CREATE INDEX indices_artifact_idx ON indices (artifact_id);
    CREATE UNIQUE INDEX indices_sha1_idx ON indices (sha1);";
/// It is not asked to be newer.
const JAVA_METADATA: &str = r#"{"Version": 1, "NextUpdate": "2126-01-02T03:04:05Z", "UpdatedAt": "2026-01-02T03:04:05Z",
    "DownloadedAt": "2026-01-02T03:04:05Z"}"#;

/// The programs, and what they look at.
pub(crate) struct Peers {
    pub(crate) syft: Peer,
    pub(crate) trivy: Peer,
    pub(crate) sqlite: Peer,
    pub(crate) layout: PathBuf,
    /// Where trivy keeps what it knows.
    pub(crate) cache: PathBuf,
}

impl Peers {
    pub(crate) fn syft(&self) -> Listing {
        let source = format!("oci-dir:{}", self.layout.display());
        let said = self.syft.run_without_network(["scan", "--quiet", "--output", "syft-json", &source]);
        Listing::of_syft(&document(&said.unwrap()))
    }

    pub(crate) fn trivy(&self) -> Listing {
        let folder = self.cache.join("java-db");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("metadata.json"), JAVA_METADATA).unwrap();
        self.sqlite.run([folder.join("trivy-java.db").into_os_string(), JAVA_DATABASE.into()]).unwrap();
        let options = [
            "image",
            "--quiet",
            "--offline-scan",
            "--skip-db-update",
            "--skip-java-db-update",
            "--format",
            "cyclonedx",
            "--cache-dir",
        ];
        let options = options.map(OsString::from).into_iter();
        let places = [self.cache.clone().into(), "--input".into(), self.layout.clone().into()];
        Listing::of_trivy(&document(&self.trivy.run_without_network(options.chain(places)).unwrap()))
    }
}

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
