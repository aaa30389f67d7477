//! Packages as each of the three programs lists them.

use crate::purl;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What tells a package from all others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Package {
    pub(crate) kind: String,
    pub(crate) name: String,
    /// Empty where none is known.
    pub(crate) version: String,
}

/// How a program shows it to be there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    /// The files that show it, where they are named; those in archives without what lies within.
    pub(crate) paths: BTreeSet<String>,
    /// Whether it always lies in a package of Debian's, as consign says.
    pub(crate) is_owned: bool,
}

/// All packages that a program lists.
#[derive(Default)]
pub(crate) struct Listing {
    pub(crate) packages: BTreeMap<Package, Shown>,
}

impl Listing {
    /// Reads the CycloneDX document of consign's.
    pub(crate) fn of_consign(document: &Value) -> Self {
        let mut listing = Self::default();
        listing.components(document);
        listing
    }

    fn components(&mut self, parent: &Value) {
        for component in list(&parent["components"]) {
            if let Some(purl) = component["purl"].as_str() {
                let places = list(&component["evidence"]["occurrences"]).iter();
                let is_owner = |property: &Value| property["name"] == "consign:owner";
                let is_owned = list(&component["properties"]).iter().any(is_owner);
                self.add(purl, places.map(|place| &place["location"]), is_owned);
            }
            self.components(component);
        }
    }

    /// Reads syft's own form.
    pub(crate) fn of_syft(document: &Value) -> Self {
        let mut listing = Self::default();
        for artifact in list(&document["artifacts"]) {
            let places = list(&artifact["locations"]).iter().map(|location| &location["path"]);
            listing.add(artifact["purl"].as_str().unwrap_or_default(), places, false);
        }
        listing
    }

    /// Reads the CycloneDX document of trivy's. What has no package URL is a program or the distribution.
    pub(crate) fn of_trivy(document: &Value) -> Self {
        let mut listing = Self::default();
        for component in list(&document["components"]) {
            let Some(purl) = component["purl"].as_str() else { continue };
            let properties = list(&component["properties"]).iter();
            let paths = properties.filter(|property| property["name"] == "aquasecurity:trivy:FilePath");
            listing.add(purl, paths.map(|property| &property["value"]), false);
        }
        listing
    }

    fn add<'a>(&mut self, purl: &str, paths: impl Iterator<Item = &'a Value>, is_owned: bool) {
        let paths = paths.filter_map(Value::as_str).map(|path| path.split("!/").next().unwrap_or_default());
        let paths = paths.map(|path| format!("/{}", path.trim_start_matches('/')));
        let known = self.packages.entry(purl::package(purl));
        let shown = known.or_insert_with(|| Shown { is_owned, ..Shown::default() });
        shown.is_owned &= is_owned;
        shown.paths.extend(paths);
    }

    pub(crate) fn has(&self, package: &Package) -> bool {
        self.packages.contains_key(package)
    }

    /// Returns whether one of these files shows some package of that kind to be there.
    pub(crate) fn lists_at(&self, kind: &str, paths: &BTreeSet<String>) -> bool {
        let mut of_kind = self.packages.iter().filter(|(package, _)| package.kind == kind);
        of_kind.any(|(_, shown)| !shown.paths.is_disjoint(paths))
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
