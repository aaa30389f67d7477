//! Whether the user's programs would start in the image: their loader, their libraries and the versions of these are looked up in it,
//! as the loader does.

mod error;
mod image;
#[cfg(test)]
mod tests;
mod version;

pub use error::{LinkageError, LinkageProblem};
pub(crate) use image::BaseFiles;

use crate::deb::glob;
use crate::local_files::LocalFile;
use crate::tree::{CONTENTS_LIMIT, Tree};
use consign_oci::Platform;
use consign_oci::layer::EntryPath;
use consign_package::elf::{Files, Library, Linked, Script, Search};
use image::Image;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Most libraries that one program is looked at with.
const COUNT_LIMIT: usize = 1024;

/// What a program finds around it.
pub(crate) struct Surroundings<'a> {
    /// What is built.
    pub(crate) platform: &'a Platform,
    /// The image, the user's files included.
    pub(crate) tree: &'a Tree,
    /// What is known of the base image's files.
    pub(crate) base: &'a BaseFiles,
    /// Whether there is anything but the user's files.
    pub(crate) stands_alone: bool,
    /// Whether the image is made of packages.
    pub(crate) packages: bool,
    /// The environment of the image, as `NAME=value`.
    pub(crate) environment: &'a [String],
}

/// Returns whether it matters for any of these files what else is in the image.
pub(crate) fn matters(files: &[LocalFile]) -> bool {
    let is_linked = |file: &LocalFile| match file.contents().map(|contents| contents.read(CONTENTS_LIMIT)) {
        None => false,
        // Whoever reads it next says why it cannot be read.
        Some(Err(_)) => true,
        Some(Ok(contents)) => {
            Linked::read(&contents).is_some_and(|linked| linked.interpreter.is_some() || !linked.needed.is_empty())
        }
    };
    files.iter().any(|file| file.start().starts_with(b"#!") || (file.is_elf() && is_linked(file)))
}

/// Refuses a program that would not start in the image. Returns what there is to warn of.
pub(crate) fn check(files: &[LocalFile], surroundings: &Surroundings<'_>) -> Result<Vec<String>, LinkageError> {
    let image = Image::new(surroundings.tree, surroundings.base);
    let folders = |name: &str| -> Vec<String> {
        let variable =
            surroundings.environment.iter().find_map(|variable| variable.strip_prefix(name)?.strip_prefix('='));
        variable.unwrap_or_default().split(':').filter(|folder| !folder.is_empty()).map(str::to_owned).collect()
    };
    let (first, programs) = (folders("LD_LIBRARY_PATH"), folders("PATH"));
    let mut warnings = Vec::new();
    for file in files {
        // Another may have taken its place since.
        let Some(contents) = file.contents() else { continue };
        let Some(path) =
            image.find(file.path().as_str()).filter(|path| surroundings.tree.contents(path.as_str()) == Some(contents))
        else {
            continue;
        };
        let script = Script::read(file.start()).filter(|_| file.is_executable());
        if let Some(program) = script.and_then(|script| script.missing(&image, &programs)) {
            warnings.push(format!("`{}` is a script for `{program}`, which is not in the image", file.source));
        }
        if !file.is_elf() {
            continue;
        }
        let Some(linked) = image.linked(&path) else { continue };
        let checked = Checked { surroundings, image: &image, file, path: &path, linked };
        checked.check(&first).map_err(|problem| LinkageError {
            place: file.place().clone(),
            file: file.source.clone(),
            platform: surroundings.platform.clone(),
            problem,
            packages: surroundings.packages,
        })?;
    }
    Ok(warnings)
}

/// One program or library.
struct Checked<'a, 'image> {
    surroundings: &'a Surroundings<'a>,
    image: &'a Image<'image>,
    file: &'a LocalFile,
    path: &'a EntryPath,
    linked: Arc<Linked>,
}

impl Checked<'_, '_> {
    fn check(&self, first: &[String]) -> Result<(), LinkageProblem> {
        let loader = match &self.linked.interpreter {
            Some(loader) if self.is_provided(loader) => None,
            Some(loader) => Some(self.image.find(loader).ok_or_else(|| LinkageProblem::Loader {
                loader: loader.clone(),
                other: self.image.other_loader(loader),
            })?),
            // Nothing in the image can load a library.
            None if self.surroundings.stands_alone => return Ok(()),
            None => None,
        };
        let search = Search::new(self.image, self.surroundings.platform, self.linked.machine, loader.as_ref(), first);
        let mut found: BTreeMap<String, Option<(EntryPath, Arc<Linked>)>> = BTreeMap::new();
        // The loader is loaded first, under its own name.
        if let Some((path, linked)) = loader.and_then(|path| Some((path.clone(), self.image.linked(&path)?)))
            && let Some(name) = search.further_name(&linked)
        {
            found.insert(name, Some((path, linked)));
        }
        let mut queue = VecDeque::from([(self.path.clone(), self.linked.clone(), Vec::new())]);
        while let Some((path, linked, inherited)) = queue.pop_front() {
            let mut passed_on: Vec<String> =
                inherited.iter().cloned().chain(search.inherited(&path, &linked)).collect();
            passed_on.truncate(COUNT_LIMIT);
            for name in &linked.needed {
                if found.len() < COUNT_LIMIT && !found.contains_key(name) {
                    let library = search.library(name, &path, &linked, &inherited);
                    if library.is_none() && !self.may_be_absent(name) {
                        let needed_by = self.needed_by(&path);
                        return Err(LinkageProblem::Library { library: name.clone(), needed_by });
                    }
                    // What one that nobody could look into needs is not known.
                    let library = match library {
                        Some(Library::Found(path, library)) => Some((path, library)),
                        Some(Library::Unread) | None => None,
                    };
                    if let Some((path, linked)) = &library {
                        queue.push_back((path.clone(), linked.clone(), passed_on.clone()));
                        if let Some(name) = search.further_name(linked) {
                            found.entry(name).or_insert_with(|| library.clone());
                        }
                    }
                    found.insert(name.clone(), library);
                }
            }
            if !search.is_musl() {
                self.check_versions(&path, &linked, &found)?;
            }
        }
        Ok(())
    }

    /// Refuses libraries that lack the versions of symbols that a file was linked to.
    fn check_versions(
        &self,
        path: &EntryPath,
        linked: &Linked,
        found: &BTreeMap<String, Option<(EntryPath, Arc<Linked>)>>,
    ) -> Result<(), LinkageProblem> {
        let lacking = linked.wanted_versions.iter().filter_map(|(name, version)| {
            let (library, facts) = found.get(name)?.as_ref()?;
            let there = &facts.defined_versions;
            // Of a library without versions, any symbol will do.
            (!there.is_empty() && !there.contains(version)).then_some((library, version, there))
        });
        match lacking.max_by(|(_, one, _), (_, other, _)| version::compare(one, other)) {
            None => Ok(()),
            Some((library, version, there)) => Err(LinkageProblem::Version {
                library: library.to_string(),
                version: version.clone(),
                latest: version::latest(version, there).map(str::to_owned),
                needed_by: self.needed_by(path),
            }),
        }
    }

    /// Returns whether a library need not be found: it comes from elsewhere, or whoever loads this one may have loaded that before.
    fn may_be_absent(&self, name: &str) -> bool {
        self.is_provided(name) || (self.linked.interpreter.is_none() && self.image.has_name(name))
    }

    fn is_provided(&self, name: &str) -> bool {
        let last = name.rsplit('/').next().unwrap_or_default();
        self.file.provided().iter().any(|pattern| pattern == name || glob::matches(pattern, last))
    }

    fn needed_by(&self, path: &EntryPath) -> Option<String> {
        (path != self.path).then(|| path.to_string())
    }
}
