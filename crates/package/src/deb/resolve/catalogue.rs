use super::{Preferred, Target};
use crate::deb::{IndexError, PackageRecord, Relation, Version};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// Most work that a choice may take: bytes of the index that are read, and names that are compared.
const WORK_LIMIT: usize = 250_000_000;

/// A package that can be chosen.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) record: PackageRecord,
    /// The position of its index.
    pub(super) index: usize,
    pub(super) last_resort: bool,
    /// Whether it is asked for to be tried first.
    pub(super) preferred: bool,
}

/// All packages of all targets, by name and by what they provide. Read when first asked for.
pub(super) struct Catalogue<'a> {
    targets: &'a [Target<'a>],
    preferred: &'a Preferred,
    shelves: Vec<Shelf>,
    work: Cell<usize>,
}

/// What was read of one target.
#[derive(Default)]
struct Shelf {
    named: RefCell<HashMap<String, Rc<[Rc<Candidate>]>>>,
    providers: RefCell<HashMap<String, Rc<[String]>>>,
}

impl Candidate {
    /// Returns how willingly it is taken to provide a name: the smaller the sooner.
    pub(super) fn reluctance(&self) -> (bool, u8) {
        let priority = match self.record.priority.as_deref() {
            Some("required") => 0,
            Some("important") => 1,
            Some("standard") => 2,
            Some("extra") => 4,
            _ => 3,
        };
        (self.last_resort, priority)
    }
}

impl<'a> Catalogue<'a> {
    pub(super) fn new(targets: &'a [Target<'a>], preferred: &'a Preferred) -> Self {
        let shelves = targets.iter().map(|_| Shelf::default()).collect();
        Self { targets, preferred, shelves, work: Cell::new(0) }
    }

    /// Counts work that is about to be done. Returns whether it may be.
    pub(super) fn allows(&self, work: usize) -> bool {
        self.work.set(self.work.get().saturating_add(work));
        !self.is_exhausted()
    }

    /// Returns whether more work was to be done than is allowed.
    pub(super) fn is_exhausted(&self) -> bool {
        self.work.get() > WORK_LIMIT
    }

    pub(super) fn targets(&self) -> &'a [Target<'a>] {
        self.targets
    }

    /// Returns Debian's name of a target's architecture.
    pub(super) fn architecture(&self, target: usize) -> &'a str {
        self.targets[target].architecture
    }

    /// Returns whether a dependency is on what runs on the target. Where there is one architecture, `any` and `native` mean it.
    pub(super) fn is_here(&self, target: usize, relation: &Relation) -> bool {
        relation
            .arch_qualifier
            .as_deref()
            .is_none_or(|qualifier| matches!(qualifier, "any" | "native") || qualifier == self.architecture(target))
    }

    /// Returns the packages of a name: what is preferred, then those of a last resort last, the newest first, of equal ones
    /// that of the first index only.
    pub(super) fn named(&self, target: usize, name: &str) -> Result<Rc<[Rc<Candidate>]>, IndexError> {
        if let Some(found) = self.shelves[target].named.borrow().get(name) {
            return Ok(found.clone());
        }
        let key = (self.architecture(target).to_owned(), name.to_owned());
        let preferred = self.preferred.get(&key);
        let mut found: Vec<Candidate> = self
            .gather(target, name)?
            .map(|(index, record)| Candidate {
                preferred: preferred == Some(&record.version),
                last_resort: self.targets[target].indexes[index].last_resort,
                record,
                index,
            })
            .collect();
        found.sort_by(|left, right| {
            let newest_first = || right.record.version.cmp(&left.record.version);
            (!left.preferred, left.last_resort)
                .cmp(&(!right.preferred, right.last_resort))
                .then_with(newest_first)
                .then(left.index.cmp(&right.index))
        });
        found.dedup_by(|later, earlier| {
            later.last_resort == earlier.last_resort && later.record.version == earlier.record.version
        });
        let found: Rc<[_]> = found.into_iter().map(Rc::new).collect();
        self.shelves[target].named.borrow_mut().insert(name.to_owned(), found.clone());
        Ok(found)
    }

    /// Returns the names of the packages that provide a name on a target, sorted.
    pub(super) fn providers(&self, target: usize, name: &str) -> Result<Rc<[String]>, IndexError> {
        if let Some(found) = self.shelves[target].providers.borrow().get(name) {
            return Ok(found.clone());
        }
        let mut names = BTreeSet::new();
        for searched in self.targets[target].indexes {
            for (provider, bytes) in searched.index.providers(name)? {
                self.allows(bytes);
                names.insert(provider);
            }
        }
        let mut here = Vec::new();
        for provider in names {
            let provides = |candidate: &Rc<Candidate>| {
                self.allows(candidate.record.names());
                candidate.record.provides.iter().any(|provided| provided.name == name)
            };
            if self.named(target, &provider)?.iter().any(provides) {
                here.push(provider);
            }
        }
        let names: Rc<[String]> = here.into();
        self.shelves[target].providers.borrow_mut().insert(name.to_owned(), names.clone());
        Ok(names)
    }

    /// Returns the newest version that a target has of a name.
    pub(super) fn newest(&self, target: usize, name: &str) -> Result<Option<Version>, IndexError> {
        Ok(self.named(target, name)?.iter().map(|candidate| candidate.record.version.clone()).max())
    }

    /// Returns the versions of the source packages from which a target has packages of a name.
    pub(super) fn source_versions(&self, target: usize, name: &str) -> Result<BTreeSet<Version>, IndexError> {
        Ok(self.named(target, name)?.iter().map(|candidate| candidate.record.source_version.clone()).collect())
    }

    /// Reads the packages that all of a target's indexes have of a name, as far as they run there, with their indexes.
    fn gather(&self, target: usize, name: &str) -> Result<impl Iterator<Item = (usize, PackageRecord)>, IndexError> {
        let Target { architecture, indexes } = self.targets[target];
        let mut found = Vec::new();
        for (index, searched) in indexes.iter().enumerate() {
            found.extend(searched.index.named(name)?.into_iter().map(|record| (index, record)));
        }
        self.allows(found.iter().map(|(_, record)| record.paragraph.text().len()).sum());
        Ok(found
            .into_iter()
            .filter(move |(_, record)| record.architecture == "all" || record.architecture == architecture))
    }
}
