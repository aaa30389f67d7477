//! Packages that one program lists and another does not.

use crate::listing::{Listing, Package, Shown};
use std::fmt;

/// Who lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The other program alone.
    Theirs,
    /// consign alone.
    Ours,
}

/// A package that only one of two programs lists.
#[derive(Clone, Debug)]
pub(crate) struct Difference {
    pub(crate) peer: &'static str,
    pub(crate) side: Side,
    pub(crate) package: Package,
    pub(crate) shown: Shown,
    /// Whether the one that does not list it lists another package of its kind by the same file.
    pub(crate) is_named_otherwise: bool,
}

impl Difference {
    /// Returns whether all files that show it have a name with such an end.
    pub(crate) fn lies_in(&self, end: &str) -> bool {
        !self.shown.paths.is_empty() && self.shown.paths.iter().all(|path| path.ends_with(end))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Package { kind, name, version } = &self.package;
        let paths: Vec<&str> = self.shown.paths.iter().map(String::as_str).collect();
        let side = if self.side == Side::Theirs { "only" } else { "not" };
        write!(formatter, "{side} {}: {kind} `{name}` `{version}` in {}", self.peer, paths.join(", "))
    }
}

/// Compares what two programs list.
pub(crate) fn differences(peer: &'static str, theirs: &Listing, ours: &Listing) -> Vec<Difference> {
    let sides = [(Side::Theirs, theirs, ours), (Side::Ours, ours, theirs)];
    let of_side = |(side, one, other): (Side, &Listing, &Listing)| {
        let alone = one.packages.iter().filter(|(package, _)| !other.has(package));
        let difference = |(package, shown): (&Package, &Shown)| Difference {
            peer,
            side,
            package: package.clone(),
            shown: shown.clone(),
            is_named_otherwise: other.lists_at(&package.kind, &shown.paths),
        };
        alone.map(difference).collect::<Vec<_>>()
    };
    sides.into_iter().flat_map(of_side).collect()
}
