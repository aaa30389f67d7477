use super::{Lock, LockedImage, LockedPackage};
use consign_oci::{Digest, Platform};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// What differs between two locks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "change", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Change {
    /// An image is locked that was not.
    Added {
        /// Name of the image.
        image: String,
    },
    /// An image is no longer locked.
    Removed {
        /// Name of the image.
        image: String,
    },
    /// The image file, or the platforms, ask for something else.
    Request {
        /// Name of the image.
        image: String,
    },
    /// The base image is another one.
    Base {
        /// Name of the image.
        image: String,
        /// What it was.
        from: Option<Digest>,
        /// What it is.
        to: Option<Digest>,
    },
    /// An image that the Dockerfile names is another one.
    Image {
        /// Name of the image.
        image: String,
        /// The image, as the Dockerfile names it.
        name: String,
        /// What it was.
        from: Option<Digest>,
        /// What it is.
        to: Option<Digest>,
    },
    /// The advisory database is another one.
    Advisories {
        /// What it was.
        from: Option<Digest>,
        /// What it is.
        to: Option<Digest>,
    },
    /// Packages are of another suite.
    Suite {
        /// Name of the image.
        image: String,
        /// What it was.
        from: Option<String>,
        /// What it is.
        to: Option<String>,
    },
    /// It is the same, but something else had changed what was written.
    Written {
        /// Name of the image.
        image: String,
    },
    /// A package has another version, came, or went.
    Package {
        /// Name of the image.
        image: String,
        /// The package.
        name: String,
        /// What it was; `null` where it was not there.
        from: Option<String>,
        /// What it is; `null` where it is not there.
        to: Option<String>,
        /// The platforms that this is so on.
        platforms: Vec<String>,
    },
}

/// Returns what turns one lock into another, by image and package.
pub fn changes(old: &Lock, new: &Lock) -> Vec<Change> {
    let mut changes = Vec::new();
    let none = BTreeMap::new();
    let (locked, chosen) = (old.images.as_ref().unwrap_or(&none), new.images.as_ref().unwrap_or(&none));
    for (image, before) in locked {
        match chosen.get(image) {
            Some(after) => of_image(image, before, after, &mut changes),
            None => changes.push(Change::Removed { image: image.clone() }),
        }
    }
    let added = chosen.keys().filter(|image| !locked.contains_key(*image));
    changes.extend(added.map(|image| Change::Added { image: image.clone() }));
    let database = |lock: &Lock| lock.advisories.as_ref().map(|database| database.digest.clone());
    if old.advisories != new.advisories {
        changes.push(Change::Advisories { from: database(old), to: database(new) });
    }
    changes
}

fn of_image(image: &str, before: &LockedImage, after: &LockedImage, changes: &mut Vec<Change>) {
    let (image, told) = (image.to_owned(), changes.len());
    let base = |locked: &LockedImage| locked.base.as_ref().map(|base| base.digest.clone());
    if base(before) != base(after) {
        changes.push(Change::Base { image: image.clone(), from: base(before), to: base(after) });
    }
    let names = before.images.keys().chain(after.images.keys().filter(|name| !before.images.contains_key(*name)));
    for name in names {
        let digest = |locked: &LockedImage| locked.images.get(name).map(|image| image.digest.clone());
        let (from, to) = (digest(before), digest(after));
        if from != to {
            changes.push(Change::Image { image: image.clone(), name: name.clone(), from, to });
        }
    }
    if before.suite != after.suite {
        let (from, to) = (before.suite.clone(), after.suite.clone());
        changes.push(Change::Suite { image: image.clone(), from, to });
    }
    let mut found: BTreeMap<(String, Option<String>, Option<String>), Vec<String>> = BTreeMap::new();
    let platforms =
        before.packages.keys().chain(after.packages.keys().filter(|key| !before.packages.contains_key(*key)));
    for platform in platforms {
        let (old, new) = (by_name(before, platform), by_name(after, platform));
        let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
        for name in names {
            let (from, to) = (old.get(name), new.get(name));
            if from != to {
                let entry = ((*name).to_owned(), text(from, to), text(to, from));
                found.entry(entry).or_default().push(platform.to_string());
            }
        }
    }
    let packages = found.into_iter();
    changes.extend(packages.map(|((name, from, to), platforms)| Change::Package {
        image: image.clone(),
        name,
        from,
        to,
        platforms,
    }));
    if changes.len() > told {
        return;
    }
    if before.request != after.request {
        changes.push(Change::Request { image });
    } else if before != after {
        changes.push(Change::Written { image });
    }
}

fn by_name<'a>(locked: &'a LockedImage, platform: &Platform) -> BTreeMap<&'a str, &'a LockedPackage> {
    let packages = locked.packages.get(platform).into_iter().flatten();
    packages.map(|package| (package.name.as_str(), package)).collect()
}

/// Returns the version, and where that does not tell two packages apart what does.
fn text(package: Option<&&LockedPackage>, other: Option<&&LockedPackage>) -> Option<String> {
    let LockedPackage { name: _, version, architecture: _, suite, path, size, digest, url } = package?;
    let Some(other) = other.filter(|other| other.version == *version) else { return Some(version.clone()) };
    let what = if other.digest != *digest {
        digest.short().to_owned()
    } else if (&other.suite, &other.path) != (suite, path) {
        format!("{suite} {path}")
    } else if other.size != *size {
        format!("{size} bytes")
    } else {
        // The architecture stands in it.
        url.clone()
    };
    Some(format!("{version} ({what})"))
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |digest: &Option<Digest>| {
            digest.as_ref().map_or_else(|| "none".to_owned(), |digest| digest.short().to_owned())
        };
        match self {
            Self::Added { image } => write!(formatter, "{image}: locked"),
            Self::Removed { image } => write!(formatter, "{image}: no longer locked"),
            Self::Request { image } => write!(formatter, "{image}: the same, for another request"),
            Self::Base { image, from, to } => write!(formatter, "{image}: base image {} → {}", short(from), short(to)),
            Self::Image { image, name, from, to } => {
                write!(formatter, "{image}: {name} {} → {}", short(from), short(to))
            }
            Self::Advisories { from, to } => {
                write!(formatter, "advisory database {} → {}", short(from), short(to))
            }
            Self::Suite { image, from, to } => {
                let name = |suite: &Option<String>| suite.clone().unwrap_or_else(|| "none".to_owned());
                write!(formatter, "{image}: suite {} → {}", name(from), name(to))
            }
            Self::Written { image } => {
                write!(formatter, "{image}: the same, written anew: something else had changed it")
            }
            Self::Package { image, name, from, to, platforms } => {
                let platforms = platforms.join(", ");
                match (from, to) {
                    (Some(from), Some(to)) => write!(formatter, "{image}: {name} {from} → {to} ({platforms})"),
                    (None, Some(to)) => write!(formatter, "{image}: + {name} {to} ({platforms})"),
                    (Some(from), None) => write!(formatter, "{image}: - {name} {from} ({platforms})"),
                    (None, None) => write!(formatter, "{image}: {name}"),
                }
            }
        }
    }
}
