use super::{Image, NoteKey};
use crate::layer::{Listed, Note};
use crate::{Distribution, InventoryError, Package, Place};
use consign_oci::layer::EntryPath;
use consign_package::Kind;
use consign_package::deb::installed;
use std::collections::{BTreeMap, HashMap};

const DPKG_STATUS: &str = "var/lib/dpkg/status";
const DPKG_STATUS_FOLDER: &str = "var/lib/dpkg/status.d";
/// Databases of one file. Those of rpm have moved below `usr`, and those of apk are about to.
const DATABASES: [&str; 9] = [
    DPKG_STATUS,
    "lib/apk/db/installed",
    "usr/lib/apk/db/installed",
    "var/lib/rpm/Packages",
    "var/lib/rpm/Packages.db",
    "var/lib/rpm/rpmdb.sqlite",
    "usr/lib/sysimage/rpm/Packages",
    "usr/lib/sysimage/rpm/Packages.db",
    "usr/lib/sysimage/rpm/rpmdb.sqlite",
];
/// Databases that are not read. What they list is not known, which is not the same as nothing.
const UNREAD: [&str; 1] = ["var/lib/pacman/local/ALPM_DB_VERSION"];

/// What tells a package from all others of a database.
type Key = (String, Option<String>, Option<String>);

/// Since which layer each package is in a distribution's databases: a file is written anew for each package that is added.
#[derive(Default)]
pub(super) struct Databases {
    seen: BTreeMap<&'static str, NoteKey>,
    since: BTreeMap<&'static str, HashMap<Key, u32>>,
}

impl Databases {
    /// Looks at the databases as they are with one more layer. One that is damaged here may be gone in the end.
    pub(super) fn look(&mut self, image: &mut Image, layer: u32) -> Result<(), InventoryError> {
        for path in DATABASES {
            let key = match image.read(&path.parse()?) {
                Ok(found) => found.map(|(_, key)| key),
                Err(InventoryError::Unread { .. }) => None,
                Err(error) => return Err(error),
            };
            if key == self.seen.get(path).copied() {
                continue;
            }
            let before = self.since.remove(path).unwrap_or_default();
            self.seen.remove(path);
            let Some(key) = key else { continue };
            self.seen.insert(path, key);
            if let Note::Database(listed) = image.note(key) {
                let since = listed.iter().map(identity);
                let since = since.map(|key| (before.get(&key).copied().unwrap_or(layer), key));
                self.since.insert(path, since.map(|(layer, key)| (key, layer)).collect());
            }
        }
        Ok(())
    }

    /// Returns the packages that the databases list, as they are in the end.
    pub(super) fn packages(
        &self,
        image: &mut Image,
        distribution: Option<&Distribution>,
    ) -> Result<Vec<Package>, InventoryError> {
        let mut packages = Vec::new();
        let mut seen = Vec::new();
        for path in DATABASES {
            // Two paths lead to one database where `lib` is a link to `usr/lib`.
            let path_is_new = image.tree.follow(&path.parse()?)?.is_none_or(|place| {
                let is_new = !seen.contains(&place);
                seen.push(place);
                is_new
            });
            if path_is_new {
                let since = self.since.get(path);
                let layer = |listed: &Listed| since.and_then(|since| since.get(&identity(listed))).copied();
                packages.extend(listed(image, &path.parse()?, distribution, layer)?);
            }
        }
        for path in status_files(image)? {
            let layer = image.tree.layer_of(&path);
            packages.extend(listed(image, &path, distribution, |_| layer)?);
        }
        for package in packages.iter_mut().filter(|package| package.kind == Kind::Debian) {
            package.licences = licences(image, &package.name)?;
        }
        Ok(packages)
    }

    /// Returns, in words, which databases are there that are not read, each once.
    pub(super) fn unread(&self, image: &mut Image) -> Result<Vec<String>, InventoryError> {
        let mut places = Vec::new();
        for path in UNREAD {
            let path: EntryPath = path.parse()?;
            let candidates = [image.tree.follow(&path)?, image.tree.place(&path)?];
            let place = candidates.into_iter().flatten().find(|place| image.tree.get(place).is_some());
            places.extend(place.filter(|place| !places.contains(place)));
        }
        Ok(places.iter().map(|place| format!("what {place} lists")).collect())
    }
}

fn identity(listed: &Listed) -> Key {
    (listed.name.clone(), listed.architecture.clone(), listed.version.clone())
}

/// Returns the packages of a database, or of a part of it.
fn listed(
    image: &mut Image,
    path: &EntryPath,
    distribution: Option<&Distribution>,
    layer: impl Fn(&Listed) -> Option<u32>,
) -> Result<Vec<Package>, InventoryError> {
    let Some((place, key)) = image.read(path)? else { return Ok(Vec::new()) };
    match image.note(key) {
        Note::Database(listed) => {
            let place = |listed: &Listed| Place {
                path: place.to_string(),
                inner_path: None,
                layer: layer(listed).unwrap_or(key.layer),
            };
            Ok(listed.iter().map(|listed| Package::new(listed.clone(), distribution, place(listed))).collect())
        }
        Note::Damaged(reason, _) => Err(InventoryError::Database { path: path.clone(), reason: reason.clone() }),
        _ => Ok(Vec::new()),
    }
}

/// Returns the files of `status.d`, one for each package, as images without a package manager have them.
fn status_files(image: &mut Image) -> Result<Vec<EntryPath>, InventoryError> {
    let folder: EntryPath = DPKG_STATUS_FOLDER.parse()?;
    let Some(place) = image.tree.follow(&folder)? else { return Ok(Vec::new()) };
    if place.name() != folder.name() {
        return Err(InventoryError::Unread { path: folder, place });
    }
    Ok(image.tree.list(&place).into_iter().filter(|path| installed::describes_package(path.name())).collect())
}

/// Returns the licences that a Debian package's copyright file names.
fn licences(image: &mut Image, package: &str) -> Result<Vec<String>, InventoryError> {
    let path = format!("usr/share/doc/{package}/copyright").parse()?;
    let Some(place) = image.tree.follow(&path)? else { return Ok(Vec::new()) };
    Ok(match image.tree.get(&place) {
        Some(super::Node::Noted(key)) => match image.note(*key) {
            Note::Licences(licences) => licences.clone(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    })
}
