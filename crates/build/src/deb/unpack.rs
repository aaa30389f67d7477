//! Packages become one tree, whatever their order.

use super::package::Package;
use super::{glob, merged};
use crate::tree::{Segment, Tree, TreeError};
use consign_oci::layer::{Entry, EntryPath, Kind};
use std::collections::BTreeMap;

/// Packages that do not fit together.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// Two packages bring the same file, and neither says that it replaces the other.
    #[error("`{path}` is in both {first} and {second}")]
    Conflict {
        /// The file.
        path: EntryPath,
        /// One package.
        first: String,
        /// The other.
        second: String,
    },
    /// An entry does not fit what is there.
    #[error("cannot unpack {package}")]
    Tree {
        /// The package.
        package: String,
        /// Why not.
        source: TreeError,
    },
    /// A hard link of a package leads to nothing.
    #[error("`{path}` of {package} is a hard link to `{target}`, which the package does not have")]
    HardLink {
        /// The package.
        package: String,
        /// The link.
        path: EntryPath,
        /// What it names.
        target: EntryPath,
    },
}

/// Unpacks packages. Excluded paths stay out, except the files on copyright; times are at most `latest`.
pub(crate) fn unpack(packages: &[Package], exclude: &[String], latest: Option<u64>) -> Result<Tree, UnpackError> {
    let time = |time: u64| latest.map_or(time, |latest| time.min(latest));
    let newest = packages.iter().map(Package::newest).max().map(time).unwrap_or_default();
    let mut ordered: Vec<&Package> = packages.iter().collect();
    // Folders keep the mode of the first that brings them, which for the shared ones is base-files.
    ordered.sort_by_key(|package| (package.name != "base-files", &package.name));

    let mut unpacking = Unpacking { tree: Tree::default(), packages, exclude };
    unpacking.layout(&merged::links(packages), newest)?;
    // Links first, those near the root before those below, so that every path is written through the links that lead to it.
    let mut links: Vec<(&Package, &Entry)> = Vec::new();
    for package in &ordered {
        links.extend(unpacking.wanted(package).filter(|e| matches!(e.kind, Kind::Symlink(_))).map(|e| (*package, e)));
    }
    links.sort_by_key(|(_, entry)| entry.path.as_str().split('/').count());
    for (package, entry) in links {
        unpacking.put(package, Entry { mtime: time(entry.mtime), ..entry.clone() })?;
    }
    for package in &ordered {
        let folders: Vec<&Entry> = unpacking.wanted(package).filter(|e| e.kind == Kind::Directory).collect();
        for entry in folders {
            unpacking.put_folder(package, Entry { mtime: time(entry.mtime), ..entry.clone() })?;
        }
    }
    for package in &ordered {
        for entry in unpacking.files(package)? {
            unpacking.put(package, Entry { mtime: time(entry.mtime), ..entry })?;
        }
    }
    Ok(unpacking.tree)
}

struct Unpacking<'a> {
    tree: Tree,
    packages: &'a [Package],
    exclude: &'a [String],
}

impl<'a> Unpacking<'a> {
    fn layout(&mut self, links: &[&str], mtime: u64) -> Result<(), UnpackError> {
        let failed = |source| UnpackError::Tree { package: "the merged layout".to_owned(), source };
        for name in links {
            for (path, kind, mode) in [
                (format!("usr/{name}"), Kind::Directory, 0o755),
                ((*name).to_owned(), Kind::Symlink(format!("usr/{name}")), 0o777),
            ] {
                let path = path.parse().map_err(|error| failed(TreeError::Path(error)))?;
                let entry = Entry { mode, mtime, ..Entry::new(path, kind) };
                self.tree.put(entry, Segment::Generated).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn wanted<'p>(&self, package: &'p Package) -> impl Iterator<Item = &'p Entry> + use<'a, 'p> {
        let exclude = self.exclude;
        package.entries.iter().filter(move |entry| {
            let path = entry.path.as_str();
            let is_licence = path.starts_with("usr/share/doc/") && entry.path.name() == "copyright";
            is_licence || !exclude.iter().any(|pattern| glob::matches(pattern, path))
        })
    }

    /// Returns the files of a package at their real paths. Of several names of one file the first in order is the file, as a layer needs it.
    fn files(&self, package: &Package) -> Result<Vec<Entry>, UnpackError> {
        let real = |path: &EntryPath| self.tree.resolve_parent(path).map_err(|source| tree_error(package, source));
        let mut originals: BTreeMap<EntryPath, &Entry> = BTreeMap::new();
        for entry in package.entries.iter().filter(|entry| matches!(entry.kind, Kind::File(_))) {
            originals.insert(real(&entry.path)?, entry);
        }
        let mut names: BTreeMap<EntryPath, Vec<EntryPath>> = BTreeMap::new();
        for entry in self.wanted(package) {
            let path = real(&entry.path)?;
            match &entry.kind {
                Kind::File(_) => names.entry(path.clone()).or_default().push(path),
                Kind::HardLink(target) => {
                    let target = real(target)?;
                    if !originals.contains_key(&target) {
                        return Err(UnpackError::HardLink { package: package.name.clone(), path, target });
                    }
                    names.entry(target).or_default().push(path);
                }
                _ => {}
            }
        }
        let mut files = Vec::new();
        for (original, mut paths) in names {
            let Some(original) = originals.get(&original) else { continue };
            paths.sort();
            let first = paths[0].clone();
            files.push(Entry { path: first.clone(), ..(*original).clone() });
            for path in paths.into_iter().skip(1) {
                files.push(Entry { path, kind: Kind::HardLink(first.clone()), ..(*original).clone() });
            }
        }
        Ok(files)
    }

    fn put_folder(&mut self, package: &Package, entry: Entry) -> Result<(), UnpackError> {
        let path = self.tree.resolve_parent(&entry.path).map_err(|source| tree_error(package, source))?;
        match self.tree.get_mut(&path) {
            // A folder that was only made to hold something takes the mode of the package that brings it.
            Some(node) if node.segment == Segment::Generated && node.entry.kind == Kind::Directory => {
                node.entry = Entry { path, ..entry };
                node.segment = Segment::Package(package.name.clone());
                Ok(())
            }
            // A link to a folder stays, as it does for dpkg; what the package has in the folder goes through it.
            Some(node) if matches!(node.entry.kind, Kind::Symlink(_)) => Ok(()),
            _ => self.tree_put(package, entry),
        }
    }

    fn put(&mut self, package: &Package, entry: Entry) -> Result<(), UnpackError> {
        let path = self.tree.resolve_parent(&entry.path).map_err(|source| tree_error(package, source))?;
        let Some(node) = self.tree.get(&path) else { return self.tree_put(package, entry) };
        let Segment::Package(owner) = &node.segment else { return self.tree_put(package, entry) };
        if *owner == package.name {
            // The same file by its old and its new path: a link there only leads to the file.
            return match entry.kind {
                Kind::Symlink(_) => Ok(()),
                _ => self.tree_put(package, entry),
            };
        }
        let Some(other) = self.packages.iter().find(|other| other.name == *owner) else { return Ok(()) };
        if package.may_overwrite(other) {
            self.tree_put(package, entry)
        } else if other.may_overwrite(package) {
            Ok(())
        } else {
            let mut both = [package.name.clone(), owner.clone()];
            both.sort();
            let [first, second] = both;
            Err(UnpackError::Conflict { path, first, second })
        }
    }

    fn tree_put(&mut self, package: &Package, entry: Entry) -> Result<(), UnpackError> {
        self.tree.put(entry, Segment::Package(package.name.clone())).map_err(|source| tree_error(package, source))
    }
}

fn tree_error(package: &Package, source: TreeError) -> UnpackError {
    UnpackError::Tree { package: package.name.clone(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, entries: &[(&str, Kind)]) -> Package {
        let entry = |(path, kind): &(&str, Kind)| Entry {
            mode: if *path == "tmp" { 0o1777 } else { 0o755 },
            mtime: 100,
            ..Entry::new(path.parse().unwrap(), kind.clone())
        };
        Package {
            name: name.into(),
            version: "1".into(),
            architecture: "amd64".into(),
            control: Vec::new(),
            scripts: Default::default(),
            conffiles: Vec::new(),
            md5sums: None,
            replaces: Vec::new(),
            entries: entries.iter().map(entry).collect(),
        }
    }

    fn file(contents: &'static str) -> Kind {
        Kind::File(contents.into())
    }

    fn link(target: &str) -> Kind {
        Kind::Symlink(target.into())
    }

    fn listing(tree: &Tree) -> Vec<String> {
        let line = |node: &crate::tree::Node| match &node.entry.kind {
            Kind::File(contents) => {
                format!("{} = {}", node.entry.path, String::from_utf8_lossy(&contents.read(99).unwrap()))
            }
            Kind::Symlink(target) => format!("{} -> {target}", node.entry.path),
            Kind::HardLink(target) => format!("{} == {target}", node.entry.path),
            Kind::Directory => format!("{}/", node.entry.path),
            other => panic!("{other:?}"),
        };
        tree.nodes().map(line).collect()
    }

    #[test]
    fn the_layout_is_merged() {
        let packages = [
            package("a", &[("bin", Kind::Directory), ("bin/sh", link("dash")), ("bin/dash", file("d"))]),
            package("b", &[("lib64/ld.so", link("/lib/x")), ("usr/bin/env", file("e"))]),
        ];
        let tree = unpack(&packages, &[], None).unwrap();
        let expected = [
            "/bin -> usr/bin",
            "/lib -> usr/lib",
            "/lib64 -> usr/lib64",
            "/sbin -> usr/sbin",
            "/usr/",
            "/usr/bin/",
            "/usr/bin/dash = d",
            "/usr/bin/env = e",
            "/usr/bin/sh -> dash",
            "/usr/lib/",
            "/usr/lib64/",
            "/usr/lib64/ld.so -> /lib/x",
            "/usr/sbin/",
        ];
        assert_eq!(listing(&tree), expected);
    }

    #[test]
    fn the_order_of_packages_does_not_matter() {
        let one =
            package("one", &[("usr/share/x", link("y")), ("usr/share/y", Kind::Directory), ("tmp", Kind::Directory)]);
        let other = package("other", &[("usr/share/x", Kind::Directory), ("usr/share/x/f", file("f"))]);
        let tree = unpack(&[one.clone(), other.clone()], &[], None).unwrap();
        assert_eq!(tree, unpack(&[other, one], &[], None).unwrap());
        assert_eq!(tree.file("usr/share/y/f").unwrap().unwrap(), "f");
        assert_eq!(tree.get(&"tmp".parse().unwrap()).unwrap().entry.mode, 0o1777);
    }

    #[test]
    fn two_packages_may_not_bring_the_same_file() {
        let packages = [package("a", &[("usr/x", file("a"))]), package("b", &[("usr/x", file("b"))])];
        let error = unpack(&packages, &[], None).unwrap_err();
        assert_eq!(error.to_string(), "`/usr/x` is in both a and b");
        for (winner, relation, contents) in [(0, "b", "a"), (1, "a (<< 2)", "b")] {
            let mut packages = packages.clone();
            packages[winner].replaces = vec![relation.parse().unwrap()];
            assert_eq!(unpack(&packages, &[], None).unwrap().file("usr/x").unwrap().unwrap(), contents);
        }
        let mut packages = packages;
        packages[1].replaces = vec!["a (<< 1)".parse().unwrap()];
        assert!(unpack(&packages, &[], None).is_err());
    }

    #[test]
    fn one_package_may_name_a_file_by_both_paths() {
        let packages = [package("a", &[("bin/x", file("x")), ("usr/bin/x", link("/bin/x"))])];
        assert_eq!(unpack(&packages, &[], None).unwrap().file("usr/bin/x").unwrap().unwrap(), "x");
    }

    #[test]
    fn hard_links_come_after_their_file() {
        let packages = [package("a", &[("usr/z", file("z")), ("usr/a", Kind::HardLink("usr/z".parse().unwrap()))])];
        let tree = unpack(&packages, &[], None).unwrap();
        assert!(
            listing(&tree).contains(&"/usr/a = z".to_owned())
                && listing(&tree).contains(&"/usr/z == /usr/a".to_owned())
        );
        let packages = [package("a", &[("usr/a", Kind::HardLink("etc/passwd".parse().unwrap()))])];
        assert!(matches!(unpack(&packages, &[], None), Err(UnpackError::HardLink { .. })));
    }

    #[test]
    fn excluded_paths_stay_out_and_licences_stay_in() {
        let entries = [
            ("usr/share/doc/a", Kind::Directory),
            ("usr/share/doc/a/copyright", file("c")),
            ("usr/share/doc/a/README", file("r")),
            ("usr/share/doc/b/README", file("r")),
        ];
        let tree = unpack(&[package("a", &entries)], &["/usr/share/doc/**".to_owned()], Some(7)).unwrap();
        assert!(tree.contains("usr/share/doc/a/copyright"));
        assert!(!tree.contains("usr/share/doc/a/README") && !tree.contains("usr/share/doc/b"));
        assert!(tree.nodes().all(|node| node.entry.mtime <= 7));
    }
}
