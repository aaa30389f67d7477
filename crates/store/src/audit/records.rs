use super::graph::Graph;
use super::{Auditor, Problem, Remedy, outside};
use crate::receipts::{artifact_of, subject_of};
use crate::references::{NOTES, name_of};
use crate::steps::Step;
use crate::walk::{Entry, Listing, Tree, read_record};
use crate::{StoreError, derived, steps};
use consign_oci::Descriptor;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::fs::File;
use std::path::PathBuf;

/// A record that is open, so that what is removed is what was read.
struct Record {
    path: PathBuf,
    file: File,
    /// What to do if something is wrong with it.
    remedy: Remedy,
}

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
            if !derived::is_name(entry.name()) {
                self.leave(entry.path, Problem::Stray);
                continue;
            }
            let Some(record) = self.open(entry, Remedy::Remove) else { continue };
            let sums = derived::sums(&record.file).map_err(|source| Problem::Unreadable { source });
            let equal = |(expected, found)| match expected == found {
                true => Ok(()),
                false => Err(Problem::Sum { expected, found }),
            };
            if let Err(problem) = outside(&record.file).and(sums).and_then(equal) {
                self.wrong(record, problem);
            }
        }
        Ok(())
    }

    fn references(&self, graph: &mut Graph<'_>) -> Result<(), StoreError> {
        let root = self.store.root.join("references");
        for entry in Tree::of(&root)? {
            let entry = entry?;
            let Some(name) = entry.path.strip_prefix(&root).ok().and_then(name_of) else {
                self.leave(entry.path, Problem::Stray);
                continue;
            };
            // A base image is brought here for the platforms that are built, though its index lists more.
            let sparse = name.starts_with(NOTES);
            // Nobody makes an image anew because its name has gone.
            let remedy = if sparse { Remedy::Remove } else { Remedy::Name };
            if let Some((record, descriptor)) = self.record::<Descriptor>(entry, remedy)
                && let Some(problem) = graph.problem(&descriptor, sparse)
            {
                self.wrong(record, problem);
            }
        }
        Ok(())
    }

    fn receipts(&self, graph: &mut Graph<'_>) -> Result<(), StoreError> {
        for algorithm in Listing::of(&self.store.root.join("receipts"))? {
            let algorithm = algorithm?;
            if !algorithm.metadata.is_dir() {
                self.leave(algorithm.path, Problem::Stray);
                continue;
            }
            for subject in Listing::of(&algorithm.path)? {
                let subject = subject?;
                if subject_of(&algorithm, &subject).is_none() {
                    self.leave(subject.path, Problem::Stray);
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
        let Some(expected) = artifact_of(&entry).map(str::to_owned) else {
            return self.leave(entry.path, Problem::Stray);
        };
        let Some((record, descriptor)) = self.record::<Descriptor>(entry, Remedy::Remove) else { return };
        let problem = match descriptor.digest.hex() == expected {
            true => graph.problem(&descriptor, false),
            false => Some(Problem::Name { expected, found: descriptor.digest }),
        };
        if let Some(problem) = problem {
            self.wrong(record, problem);
        }
    }

    fn steps(&self, graph: &mut Graph<'_>) -> Result<(), StoreError> {
        for entry in Listing::of(&self.store.root.join("steps"))? {
            let entry = entry?;
            if !steps::is_name(entry.name()) {
                self.leave(entry.path, Problem::Stray);
                continue;
            }
            if let Some((record, step)) = self.record::<Step<IgnoredAny>>(entry, Remedy::Remove)
                && let Some(blob) = step.blobs.into_iter().find(|blob| !graph.has(blob))
            {
                self.wrong(record, Problem::Missing { blob });
            }
        }
        Ok(())
    }

    /// Reads a record; `None` if it is none, which is noted, or has gone meanwhile.
    fn record<T: DeserializeOwned>(&self, entry: Entry, remedy: Remedy) -> Option<(Record, T)> {
        self.count(|audit| audit.records += 1);
        let record = self.open(entry, remedy)?;
        match outside(&record.file).and_then(|()| read_record(&record.file)) {
            Ok(value) => Some((record, value)),
            Err(problem) => {
                self.wrong(record, problem);
                None
            }
        }
    }

    fn open(&self, entry: Entry, remedy: Remedy) -> Option<Record> {
        match entry.open() {
            Ok(file) => Some(Record { path: entry.path, file: file?, remedy }),
            Err(problem) => {
                self.leave(entry.path, problem);
                None
            }
        }
    }

    fn wrong(&self, record: Record, problem: Problem) {
        self.found(record.path, problem, record.remedy, &record.file);
    }
}
