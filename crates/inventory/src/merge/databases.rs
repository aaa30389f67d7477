use super::{Image, NoteKey, rpm};
use crate::layer::{Listed, Note};
use crate::{Distribution, InventoryError, Package, Place};
use consign_oci::Digest;
use consign_oci::layer::EntryPath;
use consign_package::Kind;
use consign_package::deb::installed;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

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

/// Since which layer a package is in a database, and since which the database has had these files of it.
#[derive(Clone, Debug)]
struct Since {
    package: u32,
    files: u32,
    digest: Digest,
}

/// Since which layer each package is in a distribution's databases: a file is written anew for each package that is added.
#[derive(Default)]
pub(super) struct Databases {
    seen: BTreeMap<&'static str, NoteKey>,
    since: BTreeMap<&'static str, Arc<HashMap<Key, Since>>>,
}

impl Databases {
    /// Looks at the databases as they are with one more layer. One that is damaged here may be gone in the end.
    pub(super) fn look(&mut self, image: &mut Image, layer: u32) -> Result<(), InventoryError> {
        let earlier = self.since.clone();
        for path in DATABASES {
            let key = match image.read(&path.parse()?) {
                Ok(found) => found.map(|(_, key)| key),
                Err(InventoryError::Unread { .. }) => None,
                Err(error) => return Err(error),
            };
            if key == self.seen.get(path).copied() {
                continue;
            }
            self.since.remove(path);
            self.seen.remove(path);
            let Some(key) = key else { continue };
            self.seen.insert(path, key);
            if let Note::Database(listed) = image.note(key) {
                // A database that lies elsewhere now, or has another form, still has the same packages.
                let others = DATABASES.iter().filter(|other| **other != path && family(other) == family(path));
                let before: Vec<_> = [&path].into_iter().chain(others).filter_map(|path| earlier.get(path)).collect();
                let since = listed.iter().map(|listed| {
                    let (key, digest) = (identity(listed), Digest::of(listed.files.as_bytes()));
                    let before = before.iter().find_map(|before| before.get(&key));
                    let files = before.filter(|before| before.digest == digest).map_or(layer, |before| before.files);
                    let package = before.map_or(layer, |before| before.package);
                    (key, Since { package, files, digest })
                });
                self.since.insert(path, Arc::new(since.collect()));
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
        let older = rpm::older(image)?;
        for path in DATABASES.into_iter().filter(|path| !older.contains(path)) {
            // Two paths lead to one database where `lib` is a link to `usr/lib`.
            let path_is_new = image.tree.follow(&path.parse()?)?.is_none_or(|place| {
                let is_new = !seen.contains(&place);
                seen.push(place);
                is_new
            });
            if path_is_new {
                let since = self.since.get(path);
                let since = |listed: &Listed| {
                    let since = since.and_then(|since| since.get(&identity(listed)));
                    since.map(|since| (since.package, since.files))
                };
                packages.extend(listed(image, &path.parse()?, distribution, since)?);
            }
        }
        for path in status_files(image)? {
            let layer = image.tree.layers_of(path.as_str()).map(|(since, _)| (since, since));
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
        let older = rpm::older(image)?;
        let older = older.iter().map(|path| format!("what /{path} lists: a newer database lies beside it"));
        Ok(places.iter().map(|place| format!("what {place} lists")).chain(older).collect())
    }
}

/// Returns whose a database is, by the name that its path has of it.
fn family(path: &str) -> Option<&'static str> {
    ["dpkg", "apk", "rpm"].into_iter().find(|family| path.split('/').any(|part| part == *family))
}

fn identity(listed: &Listed) -> Key {
    (listed.name.clone(), listed.architecture.clone(), listed.version.clone())
}

/// Returns the packages of a database, or of a part of it.
fn listed(
    image: &mut Image,
    path: &EntryPath,
    distribution: Option<&Distribution>,
    since: impl Fn(&Listed) -> Option<(u32, u32)>,
) -> Result<Vec<Package>, InventoryError> {
    let Some((place, key)) = image.read(path)? else { return Ok(Vec::new()) };
    match image.note(key) {
        Note::Database(listed) => {
            let package = |listed: &Listed| {
                let (layer, files_since) = since(listed).unwrap_or((key.layer, key.layer));
                let place = Place { path: place.to_string(), inner_path: None, layer };
                Package { files_since, ..Package::new(listed.clone(), distribution, place) }
            };
            Ok(listed.iter().map(package).collect())
        }
        Note::Unreadable(reason) => Err(InventoryError::Database { path: path.clone(), reason: reason.clone() }),
        // Something else lies there, of which nobody knows whether it is a database, too.
        _ => Err(InventoryError::Unread { path: path.clone(), place }),
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
