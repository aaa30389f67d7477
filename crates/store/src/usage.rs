use std::collections::BTreeMap;

/// What the store holds, by what it is for.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    /// Files of each kind.
    pub kinds: BTreeMap<Kind, Amounts>,
}

/// What a file in the store is for. A blob that serves several is counted with the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Blobs of images that have a name in the store.
    Named,
    /// Blobs of images that were built here.
    Built,
    /// Blobs of base images.
    Base,
    /// Artifacts about images: signatures, attestations.
    Artifact,
    /// What other steps made: inventories, reports of trials.
    Statement,
    /// Blobs that nothing names.
    Unused,
    /// References.
    Reference,
    /// Receipts.
    Receipt,
    /// Results of steps.
    Step,
    /// Parts of layers, compressed, and other things that are made again where they are missing.
    Derived,
    /// What interrupted runs left, or others are writing.
    Unfinished,
}

/// Numbers of files, and of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// All there were.
    pub all: Amount,
    /// Those that pruning removes, or would remove.
    pub pruned: Amount,
}

/// A number of files with their size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many files.
    pub files: u64,
    /// How many bytes are in them.
    pub bytes: u64,
}

impl Amount {
    /// Adds a file.
    pub fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

impl Usage {
    /// Adds a file.
    pub(crate) fn add(&mut self, kind: Kind, bytes: u64, pruned: bool) {
        let amounts = self.kinds.entry(kind).or_default();
        amounts.all.add(bytes);
        if pruned {
            amounts.pruned.add(bytes);
        }
    }
}

impl Kind {
    /// Returns the words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Named => "named images",
            Self::Built => "built images",
            Self::Base => "base images",
            Self::Artifact => "artifacts",
            Self::Statement => "statements",
            Self::Unused => "unused blobs",
            Self::Reference => "references",
            Self::Receipt => "receipts",
            Self::Step => "steps",
            Self::Derived => "derived",
            Self::Unfinished => "unfinished",
        }
    }
}
