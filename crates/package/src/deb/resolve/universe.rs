use super::Searched;
use crate::deb::{IndexError, PackageRecord, PackagesIndex, Relation};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::rc::Rc;

/// A package that can be chosen.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) record: PackageRecord,
    pub(super) index: usize,
    last_resort: bool,
}

/// All packages for one architecture, by name and by what they provide. Read when first asked for.
pub(super) struct Universe<'a> {
    indexes: &'a [Searched<'a>],
    architecture: &'a str,
    named: HashMap<String, Rc<[Rc<Candidate>]>>,
    provided: HashMap<String, Rc<[Rc<Candidate>]>>,
}

impl<'a> Universe<'a> {
    pub(super) fn new(indexes: &'a [Searched<'a>], architecture: &'a str) -> Self {
        Self { indexes, architecture, named: HashMap::new(), provided: HashMap::new() }
    }

    pub(super) fn architecture(&self) -> &str {
        self.architecture
    }

    /// Returns whether a dependency is on what runs here. Where there is one architecture, `any` and `native` mean it.
    pub(super) fn is_here(&self, relation: &Relation) -> bool {
        relation
            .arch_qualifier
            .as_deref()
            .is_none_or(|qualifier| matches!(qualifier, "any" | "native") || qualifier == self.architecture)
    }

    /// Returns the packages of a name: those of a last resort last, the newest first, of equal ones that of the first index only.
    pub(super) fn named(&mut self, name: &str) -> Result<Rc<[Rc<Candidate>]>, IndexError> {
        if let Some(found) = self.named.get(name) {
            return Ok(found.clone());
        }
        let mut found = self.gather(|index| index.named(name))?;
        found.sort_by(|left, right| {
            let newest_first = || right.record.version.cmp(&left.record.version);
            left.last_resort.cmp(&right.last_resort).then_with(newest_first).then(left.index.cmp(&right.index))
        });
        found.dedup_by(|later, earlier| {
            later.last_resort == earlier.last_resort && later.record.version == earlier.record.version
        });
        let found: Rc<[_]> = found.into();
        self.named.insert(name.to_owned(), found.clone());
        Ok(found)
    }

    /// Returns the packages that provide a name, the best first.
    pub(super) fn providers(&mut self, name: &str) -> Result<Rc<[Rc<Candidate>]>, IndexError> {
        if let Some(found) = self.provided.get(name) {
            return Ok(found.clone());
        }
        let mut names: Vec<String> =
            self.gather(|index| index.providers(name))?.iter().map(|found| found.record.name.clone()).collect();
        names.sort();
        names.dedup();
        let mut found = Vec::new();
        for provider in names {
            // By way of the name, so that a package is one candidate however it was found.
            let versions = self.named(&provider)?;
            found.extend(
                versions
                    .iter()
                    .filter(|version| version.record.provides.iter().any(|provided| provided.name == name))
                    .cloned(),
            );
        }
        // A stable sort, so that names stay in order, and under each the newest first.
        found.sort_by_key(|candidate| {
            let priority = match candidate.record.priority.as_deref() {
                Some("required") => 2,
                Some("important") => 1,
                _ => 0,
            };
            (candidate.last_resort, Reverse(priority))
        });
        let found: Rc<[_]> = found.into();
        self.provided.insert(name.to_owned(), found.clone());
        Ok(found)
    }

    fn gather(
        &self,
        ask: impl Fn(&PackagesIndex) -> Result<Vec<PackageRecord>, IndexError>,
    ) -> Result<Vec<Rc<Candidate>>, IndexError> {
        let mut found = Vec::new();
        for (index, searched) in self.indexes.iter().enumerate() {
            let last_resort = searched.last_resort;
            let here = ask(searched.index)?
                .into_iter()
                .filter(|record| record.architecture == "all" || record.architecture == self.architecture);
            found.extend(here.map(|record| Rc::new(Candidate { record, index, last_resort })));
        }
        Ok(found)
    }
}
