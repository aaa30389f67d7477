use crate::rating::Rating;
use consign_package::deb::Version;
use std::collections::BTreeSet;

/// An advisory that matches a package, of one record or several that name each other.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(crate) names: BTreeSet<String>,
    pub(crate) rating: Rating,
    /// The version that is free of it.
    pub(crate) fixed: Option<Version>,
    /// Whether nobody knows if the package is affected.
    pub(crate) undetermined: bool,
}

impl Hit {
    /// Returns the name to call it by, and the others.
    pub(crate) fn named(&self) -> (String, Vec<String>) {
        let cve = self.names.iter().find(|name| name.starts_with("CVE-"));
        let name = cve.or(self.names.first()).cloned().unwrap_or_default();
        let aliases = self.names.iter().filter(|other| **other != name).cloned().collect();
        (name, aliases)
    }

    fn join(&mut self, other: Self) {
        self.names.extend(other.names);
        self.rating.join(other.rating);
        // Free of it is what all say is; what one knows, the other need not.
        self.fixed = match (self.undetermined, other.undetermined) {
            (true, false) => other.fixed,
            (false, true) => self.fixed.take(),
            _ => self.fixed.take().zip(other.fixed).map(|(one, other)| one.max(other)),
        };
        self.undetermined &= other.undetermined;
    }
}

/// Joins hits that share a name.
pub(crate) fn grouped(hits: Vec<Hit>) -> Vec<Hit> {
    let mut groups: Vec<Hit> = Vec::new();
    for hit in hits {
        let (same, mut others): (Vec<Hit>, Vec<Hit>) =
            groups.into_iter().partition(|group| !group.names.is_disjoint(&hit.names));
        let mut joined = hit;
        same.into_iter().for_each(|group| joined.join(group));
        others.push(joined);
        groups = others;
    }
    groups
}
