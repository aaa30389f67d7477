use crate::PlatformName;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Versions of packages by kind and name: `deb openssl`.
pub type PackageVersions = BTreeMap<String, BTreeSet<String>>;

/// A package that is not the same on all platforms of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlatformDifference {
    /// Its kind and name: `deb openssl`.
    pub package: String,
    /// Its versions on each platform, as [`PlatformName`] says it; none where it is not there.
    pub versions: BTreeMap<String, BTreeSet<String>>,
}

impl PlatformDifference {
    /// Returns the packages that platforms of one operating system do not have alike, sorted.
    pub fn all<'a>(platforms: impl Iterator<Item = (&'a PlatformName, &'a PackageVersions)>) -> Vec<Self> {
        let mut systems: BTreeMap<&str, Vec<(String, &PackageVersions)>> = BTreeMap::new();
        for (platform, packages) in platforms {
            systems.entry(platform.platform.os()).or_default().push((platform.name.clone(), packages));
        }
        let mut differences: Vec<Self> = systems.into_values().flat_map(|platforms| of_system(&platforms)).collect();
        differences.sort_by(|one, other| one.package.cmp(&other.package));
        differences
    }

    /// Returns whether platforms that have it have other versions of it; otherwise some lack it.
    pub fn is_of_versions(&self) -> bool {
        let there: BTreeSet<&BTreeSet<String>> =
            self.versions.values().filter(|versions| !versions.is_empty()).collect();
        there.len() > 1
    }
}

fn of_system(platforms: &[(String, &PackageVersions)]) -> Vec<PlatformDifference> {
    let names: BTreeSet<&String> = platforms.iter().flat_map(|(_, packages)| packages.keys()).collect();
    let versions = |name: &String| -> BTreeMap<String, BTreeSet<String>> {
        let on = |(platform, packages): &(String, &PackageVersions)| {
            (platform.clone(), packages.get(name).cloned().unwrap_or_default())
        };
        platforms.iter().map(on).collect()
    };
    let differences = names.into_iter().map(|name| (name, versions(name)));
    let differences = differences.filter(|(_, versions)| versions.values().collect::<BTreeSet<_>>().len() > 1);
    differences.map(|(name, versions)| PlatformDifference { package: name.clone(), versions }).collect()
}

/// Says how platforms differ: a line for each package that they have in other versions, and how many only some have.
pub(crate) fn lines(differences: &[PlatformDifference]) -> Vec<String> {
    let (versions, absent): (Vec<_>, Vec<_>) = differences.iter().partition(|difference| difference.is_of_versions());
    let mut lines: Vec<String> = versions.iter().take(SHOWN).map(|difference| line(difference)).collect();
    if let Some(more @ 1..) = versions.len().checked_sub(SHOWN) {
        lines.push(format!("platforms differ: {more} more packages are there in different versions"));
    }
    match absent.len() {
        0 => {}
        1 => lines.push(format!("platforms differ: {} is on some platforms only", absent[0].package)),
        count => lines.push(format!("platforms differ: {count} packages are on some platforms only")),
    }
    lines
}

/// Most packages that are shown.
const SHOWN: usize = 50;

fn line(difference: &PlatformDifference) -> String {
    let versions = difference.versions.iter().map(|(platform, versions)| {
        let versions = versions.iter().map(String::as_str).collect::<Vec<_>>().join(" and ");
        format!("{} on {platform}", if versions.is_empty() { "absent" } else { &versions })
    });
    format!("platforms differ: {}: {}", difference.package, versions.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(packages: &[(&str, &str)]) -> PackageVersions {
        let mut all = PackageVersions::new();
        for (name, version) in packages {
            all.entry((*name).to_owned()).or_default().insert((*version).to_owned());
        }
        all
    }

    #[test]
    fn says_what_is_not_alike() {
        let platform = |text: &str| PlatformName::from(text.parse::<consign_oci::Platform>().unwrap());
        let [amd, arm, windows] = ["linux/amd64", "linux/arm64", "windows/amd64"].map(platform);
        let one = versions(&[("deb a", "1"), ("deb b", "1"), ("deb c", "1"), ("npm d", "1"), ("npm d", "2")]);
        let other = versions(&[("deb a", "1"), ("deb b", "2"), ("npm d", "2")]);
        let foreign = versions(&[("nuget e", "1")]);
        let differences = PlatformDifference::all([(&amd, &one), (&arm, &other), (&windows, &foreign)].into_iter());
        assert_eq!(
            lines(&differences),
            [
                "platforms differ: deb b: 1 on linux/amd64, 2 on linux/arm64",
                "platforms differ: npm d: 1 and 2 on linux/amd64, 2 on linux/arm64",
                "platforms differ: deb c is on some platforms only",
            ]
        );
        assert_eq!(PlatformDifference::all([(&amd, &one), (&arm, &one)].into_iter()), []);
    }
}
