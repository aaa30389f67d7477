//! Where a loader looks for libraries (ld.so(8); musl, `ldso/dynlink.c`).

use super::{Files, Linked, Machine, gnu_triplet};
use consign_oci::Platform;
use consign_oci::layer::EntryPath;
use std::sync::Arc;

/// Most folders of one kind.
const FOLDER_LIMIT: usize = 256;
/// Longest path, in bytes (`PATH_MAX`).
const PATH_LIMIT: usize = 4096;
/// Where musl looks, unless a file of the image says otherwise.
const MUSL_FOLDERS: [&str; 3] = ["/lib", "/usr/local/lib", "/usr/lib"];
/// Where loaders of glibc look after all others, beside Debian's folders for an architecture.
const GNU_FOLDERS: [&str; 4] = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"];
/// Beginnings of the names under which musl's loader is itself the library.
const MUSL_ITSELF: [&str; 7] = ["libc.", "libpthread.", "librt.", "libm.", "libdl.", "libutil.", "libxnet."];

/// A program's way to its libraries.
pub struct Search<'a, F> {
    image: &'a F,
    machine: Machine,
    triplet: Option<String>,
    /// Folders that count for all libraries.
    folders: Vec<String>,
    /// Those of `LD_LIBRARY_PATH`.
    first: &'a [String],
    /// The loader, where it is musl's.
    musl: Option<EntryPath>,
}

/// A library that was found.
#[derive(Clone, Debug)]
pub enum Library {
    /// Where it is, and what it is linked to.
    Found(EntryPath, Arc<Linked>),
    /// There is a file, and nobody could look into it.
    Unread,
}

impl<'a, F: Files> Search<'a, F> {
    /// Makes the way of a program for this machine that is loaded by `loader`. `first`: the folders of `LD_LIBRARY_PATH`.
    pub fn new(
        image: &'a F,
        platform: &Platform,
        machine: Machine,
        loader: Option<&EntryPath>,
        first: &'a [String],
    ) -> Self {
        let musl = loader.filter(|loader| is_musl(image, loader)).cloned();
        let triplet = gnu_triplet(platform);
        let folders = match &musl {
            Some(loader) => musl_folders(image, loader),
            None => {
                let debian =
                    triplet.iter().flat_map(|triplet| ["/lib/", "/usr/lib/"].map(|start| format!("{start}{triplet}")));
                let gnu = GNU_FOLDERS.into_iter().map(str::to_owned);
                // A loader that lies elsewhere was built for the folder that it lies in.
                let own = loader.and_then(EntryPath::parent).map(|folder| format!("/{folder}"));
                image.listed_folders().into_iter().take(FOLDER_LIMIT).chain(debian).chain(gnu).chain(own).collect()
            }
        };
        Self { image, machine, triplet, folders, first, musl }
    }

    /// Returns whether musl's loader goes it.
    pub fn is_musl(&self) -> bool {
        self.musl.is_some()
    }

    /// Returns the library that a file at `path` gets under a name. `inherited` are folders of those that needed the file.
    pub fn library(&self, name: &str, path: &EntryPath, linked: &Linked, inherited: &[String]) -> Option<Library> {
        if let Some(loader) = self.musl.as_ref().filter(|_| MUSL_ITSELF.iter().any(|start| name.starts_with(start))) {
            return self.image.linked(loader).map(|linked| Library::Found(loader.clone(), linked));
        }
        if name.contains('/') {
            return self.fitting(name);
        }
        let own = linked
            .runpath
            .as_ref()
            .unwrap_or(&linked.rpath)
            .iter()
            .take(FOLDER_LIMIT)
            .flat_map(|folder| self.expanded(folder, path));
        let inherited = inherited.iter().filter(|_| linked.runpath.is_none());
        let folders =
            own.chain(inherited.take(FOLDER_LIMIT).cloned()).chain(self.first.iter().take(FOLDER_LIMIT).cloned());
        folders.chain(self.folders.iter().cloned()).find_map(|folder| self.fitting(&format!("{folder}/{name}")))
    }

    /// Returns a library if it is one for the machine: others are passed over.
    fn fitting(&self, path: &str) -> Option<Library> {
        let path = self.image.find(path)?;
        match self.image.linked(&path) {
            Some(linked) => linked.machine.runs_on(&self.machine).then_some(Library::Found(path, linked)),
            None => self.image.is_unread(&path).then_some(Library::Unread),
        }
    }

    /// Returns the further name by which a file that was loaded is known: a library of this name is not looked for any more (glibc, `_dl_map_object`).
    /// musl goes by the names that were looked for.
    pub fn further_name(&self, linked: &Linked) -> Option<String> {
        linked.soname.clone().filter(|_| !self.is_musl())
    }

    /// Returns the folders that those needed by a file at `path` look in too (`DT_RPATH`).
    pub fn inherited(&self, path: &EntryPath, linked: &Linked) -> Vec<String> {
        match linked.runpath {
            Some(_) => Vec::new(),
            None => linked.rpath.iter().take(FOLDER_LIMIT).flat_map(|folder| self.expanded(folder, path)).collect(),
        }
    }

    /// Fills in what stands for the file's own folder, and for the folder of libraries.
    fn expanded(&self, folder: &str, path: &EntryPath) -> Vec<String> {
        let origin = path.parent().unwrap_or_default().to_string();
        // No path is longer, whatever stands in it how often.
        if folder.len().saturating_add(folder.matches("ORIGIN").count().saturating_mul(origin.len())) > PATH_LIMIT {
            return Vec::new();
        }
        let folder = folder.replace("${ORIGIN}", &origin).replace("$ORIGIN", &origin).replace("${LIB}", "$LIB");
        if !folder.contains("$LIB") {
            return vec![folder];
        }
        let debian = self.triplet.iter().map(|triplet| format!("lib/{triplet}"));
        debian.chain(["lib64".to_owned(), "lib".to_owned()]).map(|lib| folder.replace("$LIB", &lib)).collect()
    }
}

/// Returns whether a loader is musl's: it may have another name, as where Debian puts a link to it.
fn is_musl(image: &impl Files, loader: &EntryPath) -> bool {
    let soname = || image.linked(loader).and_then(|linked| linked.soname.clone());
    loader.name().contains("musl") || soname().is_some_and(|name| name.contains("musl"))
}

fn musl_folders(image: &impl Files, loader: &EntryPath) -> Vec<String> {
    let stated = loader.name().strip_suffix(".so.1").and_then(|name| image.text(&format!("etc/{name}.path")));
    match stated {
        Some(text) => {
            text.split([':', '\n']).filter(|folder| !folder.is_empty()).take(FOLDER_LIMIT).map(str::to_owned).collect()
        }
        None => MUSL_FOLDERS.into_iter().map(str::to_owned).collect(),
    }
}
