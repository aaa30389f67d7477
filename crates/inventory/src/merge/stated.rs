//! Packages of a distribution's that a document in the image states, beside its databases.

use crate::Package;
use consign_package::{Kind, PackageUrl};
use std::collections::HashMap;

/// Joins what documents state with what a database lists, where that is the same: packages bring documents about themselves.
pub(super) fn join(packages: &mut [Package], found: &mut Vec<(String, Package)>) {
    let mut listed: HashMap<Identity, Vec<(usize, Option<String>)>> = HashMap::new();
    for (index, package) in packages.iter().enumerate() {
        if let Some((identity, vendor)) = identity(package) {
            listed.entry(identity).or_default().push((index, vendor));
        }
    }
    found.retain(|(_, package)| {
        let Some((identity, vendor)) = identity(package).filter(|_| package.is_stated) else { return true };
        let same = listed.get(&identity).into_iter().flatten().find(|(index, its_vendor)| {
            let listed = &packages[*index];
            // A distribution may call itself by another name in the documents of its packages.
            let is_own = package.owner.as_ref() == Some(&listed.purl);
            let is_of_architecture = package.architecture.is_none() || package.architecture == listed.architecture;
            (is_own || *its_vendor == vendor) && is_of_architecture
        });
        let Some((index, _)) = same else { return true };
        packages[*index].join(package.clone());
        false
    });
}

/// Kind, name, version and epoch.
type Identity = (Kind, String, Option<String>, Option<String>);

/// Returns what tells a distribution's package from others, and whose it is. What it was built from, and what the release is called, is written in many ways.
fn identity(package: &Package) -> Option<(Identity, Option<String>)> {
    let url: PackageUrl = package.purl.parse().ok().filter(|_| package.kind.is_of_distribution())?;
    let epoch = url.qualifier("epoch").filter(|epoch| *epoch != "0").map(str::to_owned);
    let identity = (package.kind, url.name().to_owned(), url.version().map(str::to_owned), epoch);
    Some((identity, url.namespace().map(str::to_owned)))
}
