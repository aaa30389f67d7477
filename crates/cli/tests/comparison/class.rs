//! The ways in which consign differs from the two others on purpose.

use crate::difference::Difference;
use crate::difference::Side::{self, Ours, Theirs};

/// Differences for one reason.
pub(crate) struct Class {
    pub(crate) peer: &'static str,
    pub(crate) side: Side,
    /// Type of their package URLs; `None`: any.
    pub(crate) kind: Option<&'static str>,
    is_one: fn(&Difference) -> bool,
    /// How many there may be: some more than there were when this was written, since what is published changes.
    pub(crate) most: usize,
    pub(crate) why: &'static str,
}

impl Class {
    pub(crate) fn covers(&self, difference: &Difference) -> bool {
        let is_of_kind = self.kind.is_none_or(|kind| kind == difference.package.kind);
        is_of_kind && self.peer == difference.peer && self.side == difference.side && (self.is_one)(difference)
    }
}

/// All of them. The first that covers a difference has it.
pub(crate) const CLASSES: &[Class] = &[
    Class {
        peer: "syft",
        side: Theirs,
        kind: Some("maven"),
        is_one: |difference| difference.is_named_otherwise,
        most: 90,
        why: "of an archive that does not name its coordinates, or has those of others as well, syft makes a group and an artifact up; consign lists it without",
    },
    Class {
        peer: "syft",
        side: Ours,
        kind: Some("maven"),
        is_one: |difference| difference.is_named_otherwise,
        most: 45,
        why: "the same archives, as consign names them, and those around them that say nothing of themselves",
    },
    Class {
        peer: "syft",
        side: Theirs,
        kind: Some("npm"),
        is_one: |difference| difference.package.version.is_empty() && difference.lies_in("/package.json"),
        most: 10,
        why: "a package.json without a version is a part of another package",
    },
    Class {
        peer: "syft",
        side: Theirs,
        kind: Some("golang"),
        is_one: |difference| difference.is_named_otherwise && difference.package.name != "stdlib",
        most: 6,
        why: "programs that Debian builds outside of a module have none, and syft takes the path of the program for one; consign lists Go's library",
    },
    Class {
        peer: "syft",
        side: Theirs,
        kind: Some("nuget"),
        is_one: |difference| difference.lies_in(".dll"),
        most: 4,
        why: "syft takes each library of .NET for a package of its name; consign lists what deps.json says",
    },
    Class {
        peer: "syft",
        side: Ours,
        kind: Some("nuget"),
        is_one: |difference| difference.lies_in(".deps.json"),
        most: 6,
        why: "syft 1.18 leaves out what deps.json says of packages without a library of that name beside it",
    },
    Class {
        peer: "trivy",
        side: Ours,
        kind: None,
        is_one: |difference| difference.shown.is_owned,
        most: 2500,
        why: "what lies in a package of Debian's is not listed by trivy; consign lists it in that package",
    },
    Class {
        peer: "trivy",
        side: Ours,
        kind: Some("maven"),
        is_one: |difference| !difference.package.name.contains('/'),
        most: 5,
        why: "of an archive that does not name its coordinates trivy asks a database of digests, which has none here; consign lists it by its name",
    },
];
