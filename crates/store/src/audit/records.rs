use super::graph::Graph;
use super::{Auditor, Problem, outside};
use crate::records::RECORD_LIMIT;
use crate::references::{NOTES, name_of};
use crate::steps::Step;
use crate::walk::{Entry, Listing, Tree};
use crate::{StoreError, derived};
use consign_oci::{Descriptor, Digest};
use serde::de::{DeserializeOwned, IgnoredAny};
use std::fs;
use std::io;
use std::path::PathBuf;

impl Auditor<'_> {
    /// Reads every record and looks whether it has what it needs.
    pub(super) fn records(&self) -> Result<(), StoreError> {
        let mut graph = Graph::new(self.store);
        self.references(&mut graph)?;
        self.receipts(&mut graph)?;
        self.steps(&mut graph)?;
        self.derived()
    }

    /// Compares what can be made again with the sums that it ends with.
    fn derived(&self) -> Result<(), StoreError> {
        for entry in Listing::of(&self.store.root.join("derived"))? {
            let entry = entry?;
            let key = entry.name().rsplit_once('-').map(|(_, hex)| format!("sha256:{hex}").parse::<Digest>());
            match (key, outside(&entry)) {
                (Some(Ok(_)), Some(problem)) => self.found(entry.path, problem),
                (Some(Ok(_)), None) => match derived::sums(&entry.path) {
                    Ok((expected, found)) if expected != found => {
                        self.found(entry.path, Problem::Sum { expected, found });
                    }
                    Err(source) if source.kind() != io::ErrorKind::NotFound => {
                        self.found(entry.path, Problem::Unreadable { source });
                    }
                    _ => {}
                },
                _ => self.found(entry.path, Problem::Stray),
            }
        }
        Ok(())
    }

    fn references(&self, graph: &mut Graph<'_>) -> Result<(), StoreError> {
        let root = self.store.root.join("references");
        for entry in Tree::of(&root)? {
            let entry = entry?;
            let Some(name) = entry.path.strip_prefix(&root).ok().and_then(name_of) else {
                self.found(entry.path, Problem::Stray);
                continue;
            };
            // A base image is brought here for the platforms that are built, though its index lists more.
            let sparse = name.starts_with(NOTES);
            if let Some((path, descriptor)) = self.record::<Descriptor>(entry)
                && let Some(problem) = graph.problem(&descriptor, sparse)
            {
                self.found(path, problem);
            }
        }
        Ok(())
    }

    fn receipts(&self, graph: &mut Graph<'_>) -> Result<(), StoreError> {
        for algorithm in Listing::of(&self.store.root.join("receipts"))? {
            let algorithm = algorithm?;
            for subject in Listing::of(&algorithm.path)? {
                let subject = subject?;
                let digest = format!("{}:{}", algorithm.name(), subject.name()).parse::<Digest>();
                if digest.is_err() || !subject.metadata.is_dir() {
                    self.found(subject.path, Problem::Stray);
                    continue;
                }
                for entry in Listing::of(&subject.path)? {
                    self.receipt(entry?, graph);
                }
            }
        }
        Ok(())
    }

    fn receipt(&self, entry: Entry, graph: &mut Graph<'_>) {
        let Some(expected) = entry.name().strip_suffix(".json").map(str::to_owned) else {
            return self.found(entry.path, Problem::Stray);
        };
        let Some((path, descriptor)) = self.record::<Descriptor>(entry) else { return };
        let problem = match descriptor.digest.hex() == expected {
            true => graph.problem(&descriptor, false),
            false => Some(Problem::Name { expected, found: descriptor.digest }),
        };
        if let Some(problem) = problem {
            self.found(path, problem);
        }
    }

    fn steps(&self, graph: &mut Graph<'_>) -> Result<(), StoreError> {
        for entry in Listing::of(&self.store.root.join("steps"))? {
            let entry = entry?;
            let key = entry.name().strip_suffix(".json").map(|hex| format!("sha256:{hex}").parse::<Digest>());
            if !matches!(key, Some(Ok(_))) {
                self.found(entry.path, Problem::Stray);
                continue;
            }
            if let Some((path, step)) = self.record::<Step<IgnoredAny>>(entry)
                && let Some(blob) = step.blobs.into_iter().find(|blob| !graph.has(blob))
            {
                self.found(path, Problem::Missing { blob });
            }
        }
        Ok(())
    }

    /// Reads a record; `None` if it is none, which is noted.
    fn record<T: DeserializeOwned>(&self, entry: Entry) -> Option<(PathBuf, T)> {
        self.count(|audit| audit.records += 1);
        match read(&entry) {
            Ok(record) => Some((entry.path, record?)),
            Err(problem) => {
                self.found(entry.path, problem);
                None
            }
        }
    }
}

/// Reads a record; `None` if it has gone meanwhile.
fn read<T: DeserializeOwned>(entry: &Entry) -> Result<Option<T>, Problem> {
    if let Some(problem) = outside(entry) {
        return Err(problem);
    }
    let size = entry.metadata.len();
    if size > RECORD_LIMIT {
        return Err(Problem::TooLarge { limit: RECORD_LIMIT, size });
    }
    let bytes = match fs::read(&entry.path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Problem::Unreadable { source }),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|source| Problem::Record { source })
}
