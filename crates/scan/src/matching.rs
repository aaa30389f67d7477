use crate::comparison::Comparison;
use crate::component::Component;
use crate::ecosystem::Ecosystem;
use crate::entry::Entry;
use crate::module::of_stream;
use crate::range::Effect;
use crate::{Database, DatabaseError};
use consign_oci::Platform;
use consign_package::Kind;
use std::collections::BTreeSet;

/// A package as advisories are asked about it. Several that are installed may be the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Package {
    pub(crate) ecosystem: Ecosystem,
    pub(crate) name: String,
    /// Empty: nobody says.
    pub(crate) version: String,
    is_without_epoch: bool,
    module: Option<String>,
}

/// What one record says about a package that it matches.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(crate) entry: Entry,
    /// Where the package of the record comes from, and its name.
    pub(crate) place: (Ecosystem, String),
    /// The version that is free of it.
    pub(crate) fixed: Option<String>,
    /// Whether nobody knows if the package is affected.
    pub(crate) undetermined: bool,
}

impl From<&Component> for Package {
    fn from(component: &Component) -> Self {
        let Component { ecosystem, package, version, is_without_epoch, module, .. } = component;
        Self {
            ecosystem: ecosystem.clone(),
            name: package.clone(),
            version: version.clone(),
            is_without_epoch: *is_without_epoch,
            module: module.clone(),
        }
    }
}

impl Package {
    /// Returns how its versions are compared; `None`: nobody knows.
    pub(crate) fn comparison(&self) -> Option<Comparison> {
        let comparison = Comparison::from(self.ecosystem.order()?);
        Some(if self.is_without_epoch { comparison.without_epochs() } else { comparison })
    }

    /// Returns where records may be about it, and under which names.
    fn places(
        &self,
        installed: &BTreeSet<String>,
        database: &Database,
    ) -> Result<Vec<(Ecosystem, String)>, DatabaseError> {
        if self.ecosystem == Ecosystem::Groupless {
            let names = database.maven_names(&self.name)?;
            return Ok(names.into_iter().map(|name| (Ecosystem::Language(Kind::Maven), name)).collect());
        }
        let mut names = BTreeSet::from([&self.name]);
        if matches!(self.ecosystem, Ecosystem::Distribution(family, _) if family.is_by_both()) {
            names.extend(installed);
        }
        Ok(names.into_iter().map(|name| (self.ecosystem.clone(), name.clone())).collect())
    }
}

impl Database {
    /// Returns what matches a package that is installed under these names, on a platform; `None`: on any.
    pub(crate) fn hits(
        &self,
        package: &Package,
        installed: &BTreeSet<String>,
        platform: Option<&Platform>,
    ) -> Result<Vec<Hit>, DatabaseError> {
        let mut hits = Vec::new();
        for place in package.places(installed, self)? {
            let about = self.about(&place.0, &place.1)?;
            let about = if package.ecosystem.has_modules() {
                of_stream(about, &package.version, package.module.as_deref())
            } else {
                about
            };
            for entry in about {
                let effect = entry.versions.effect(&package.version, package.comparison());
                if effect == Effect::NotAffected || !entry.reach.includes(platform) {
                    continue;
                }
                let (fixed, undetermined) = match effect {
                    Effect::Affected(fixed) => (fixed, package.ecosystem == Ecosystem::Groupless),
                    _ => (None, true),
                };
                hits.push(Hit { entry, place: place.clone(), fixed, undetermined });
            }
        }
        Ok(hits)
    }

    /// Returns whether anything is said of a package of a distribution's, if only that it is free of something.
    pub(crate) fn knows(&self, component: &Component) -> Result<bool, DatabaseError> {
        let installed = BTreeSet::from([component.installed.clone()]);
        for (ecosystem, name) in Package::from(component).places(&installed, self)? {
            if self.names(&ecosystem, &name)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
