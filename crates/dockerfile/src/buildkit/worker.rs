use super::protocol::control::WorkerRecord;
use consign_oci::Platform;
use std::collections::BTreeMap;

/// Most platforms of one worker that are read.
const PLATFORM_LIMIT: usize = 100;

/// One of a daemon's workers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Its name.
    pub id: String,
    /// What it builds for: its own platform first, then what it emulates.
    pub platforms: Vec<Platform>,
    /// What it says of itself, such as `org.mobyproject.buildkit.worker.executor`.
    pub labels: BTreeMap<String, String>,
    /// The version of its BuildKit; empty before 0.11 and in some engines.
    pub version: String,
}

impl Worker {
    pub(crate) fn new(record: WorkerRecord) -> Self {
        let mut platforms: Vec<Platform> = Vec::new();
        for platform in record.platforms.into_iter().take(PLATFORM_LIMIT) {
            // A daemon lists variants apart that are one platform to us.
            match Platform::new(&platform.os, &platform.architecture, Some(&platform.variant)) {
                Ok(platform) if !platforms.contains(&platform) => platforms.push(platform),
                _ => {}
            }
        }
        let version = record.version.unwrap_or_default().version;
        Self { id: record.id, platforms, labels: record.labels, version }
    }
}

#[cfg(test)]
mod tests {
    use super::super::protocol::control::PlatformRecord;
    use super::*;

    #[test]
    fn platforms_are_listed_once() {
        let record = |architecture: &str, variant: &str| PlatformRecord {
            architecture: architecture.to_owned(),
            os: "linux".to_owned(),
            variant: variant.to_owned(),
        };
        let platforms = vec![record("amd64", ""), record("arm64", "v8"), record("arm64", ""), record("no/thing", "")];
        let worker = Worker::new(WorkerRecord { id: "one".to_owned(), platforms, ..WorkerRecord::default() });
        let names: Vec<_> = worker.platforms.iter().map(Platform::to_string).collect();
        assert_eq!(names, ["linux/amd64", "linux/arm64"]);
    }
}
