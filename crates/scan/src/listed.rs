use crate::ScanError;
use crate::component::Component;
use crate::ecosystem::Ecosystem;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// The packages that an SPDX document lists.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) components: Vec<Component>,
    /// Of each, the numbers of the packages of distributions' kinds that brought it.
    owners: Vec<Vec<usize>>,
}

impl Listed {
    /// Reads a document. The image itself and its distribution are no packages.
    pub(crate) fn of(sbom: &Value) -> Result<Self, ScanError> {
        let packages = sbom.get("packages").and_then(Value::as_array).ok_or(ScanError::Packages)?;
        let contained: Vec<&Value> = packages
            .iter()
            .filter(|package| package["primaryPackagePurpose"] != "CONTAINER" && !is_operating_system(package))
            .collect();
        let mut components: Vec<Component> = contained.iter().map(|package| Component::of_package(package)).collect();
        let ids = contained.iter().map(|package| package["SPDXID"].as_str().unwrap_or_default());
        let by_id: HashMap<&str, usize> = ids.zip(0..).collect();
        let mut owners = vec![Vec::new(); components.len()];
        for relationship in relationships(sbom).filter(|relationship| relationship["relationshipType"] == "CONTAINS") {
            let number = |key: &str| relationship[key].as_str().and_then(|id| by_id.get(id).copied());
            // An image contains packages, too; only a distribution's package may speak for what is in it.
            if let (Some(owner), Some(owned)) = (number("spdxElementId"), number("relatedSpdxElement"))
                && components[owner].is_of_distribution()
            {
                owners[owned].push(owner);
            }
        }
        take_epochs(&mut components);
        Ok(Self { components, owners })
    }

    /// Returns the packages of distributions' kinds that brought a package.
    pub(crate) fn owners(&self, number: usize) -> impl Iterator<Item = &Component> {
        let owners = self.owners.get(number).into_iter().flatten();
        owners.filter_map(|owner| self.components.get(*owner))
    }
}

/// Takes the epochs of source packages from those that are installed under their names.
fn take_epochs(components: &mut [Component]) {
    let mut epochs: HashMap<(Ecosystem, String, String), String> = HashMap::new();
    for component in components.iter().filter(|component| !component.is_without_epoch) {
        let Component { ecosystem, package, installed, version, .. } = component;
        if installed == package {
            let plain = version.split_once(':').map_or(version.as_str(), |(_, rest)| rest);
            epochs.insert((ecosystem.clone(), package.clone(), plain.to_owned()), version.clone());
        }
    }
    for component in components.iter_mut().filter(|component| component.is_without_epoch) {
        let source = (component.ecosystem.clone(), component.package.clone(), component.version.clone());
        if let Some(version) = epochs.get(&source) {
            component.version.clone_from(version);
            component.is_without_epoch = false;
        }
    }
}

/// Returns the name and number of the distribution that an SPDX document says the image is made of.
pub(crate) fn distribution(sbom: &Value) -> Option<(&str, &str)> {
    let packages = sbom.get("packages").and_then(Value::as_array)?;
    let system = packages.iter().find(|package| is_operating_system(package))?;
    Some((system["name"].as_str()?, system["versionInfo"].as_str().unwrap_or_default()))
}

/// Returns, in words, where an SPDX document says that packages may be of which nothing is known (SPDX 2.3, clause 11.1.1).
pub(crate) fn unlisted(sbom: &Value) -> BTreeSet<String> {
    let unknown = relationships(sbom).filter(|relationship| {
        relationship["relationshipType"] == "CONTAINS" && relationship["relatedSpdxElement"] == "NOASSERTION"
    });
    let words = |relationship: &Value| relationship["comment"].as_str().unwrap_or("what is not listed").to_owned();
    unknown.map(words).collect()
}

fn relationships(sbom: &Value) -> impl Iterator<Item = &Value> {
    sbom.get("relationships").and_then(Value::as_array).into_iter().flatten()
}

/// The text of SPDX 2.3 (clause 7.24) has a dash, and its JSON Schema had an underscore until 2.3.1.
fn is_operating_system(package: &Value) -> bool {
    matches!(package["primaryPackagePurpose"].as_str(), Some("OPERATING-SYSTEM" | "OPERATING_SYSTEM"))
}
