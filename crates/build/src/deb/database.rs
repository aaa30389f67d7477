//! dpkg's database of what is installed, as dpkg writes it (dpkg, `lib/dpkg/parse.c`, "fieldinfos"; deb-conffiles(5)).

use super::maker::Maker;
use super::package::Package;
use crate::tree::{Segment, Tree, TreeError};
use bytes::Bytes;
use consign_oci::layer::{Contents, Entry, Kind};
use md5::{Digest as _, Md5};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The fields that dpkg writes first, in its order; all others follow in the order of the control file.
const ORDER: [&str; 25] = [
    "Package",
    "Essential",
    "Protected",
    "Status",
    "Priority",
    "Section",
    "Installed-Size",
    "Origin",
    "Maintainer",
    "Bugs",
    "Architecture",
    "Multi-Arch",
    "Source",
    "Version",
    "Replaces",
    "Provides",
    "Depends",
    "Pre-Depends",
    "Recommends",
    "Suggests",
    "Breaks",
    "Conflicts",
    "Enhances",
    "Conffiles",
    "Description",
];

/// Writes the list of installed packages, and dpkg's empty folders. Packages come sorted by name.
pub(crate) fn write(maker: &mut Maker<'_>, packages: &[Package]) -> Result<(), TreeError> {
    let status: Vec<String> = packages.iter().map(paragraph).collect();
    maker.file("var/lib/dpkg/status", status.join("\n"), 0o644)?;
    maker.file("var/lib/dpkg/info/format", "1\n", 0o644)?;
    for folder in ["alternatives", "parts", "triggers", "updates"] {
        maker.directory(&format!("var/lib/dpkg/{folder}"), 0o755)?;
    }
    Ok(())
}

/// Writes what dpkg keeps about one package into the package's own segment.
pub(crate) fn write_info(tree: &mut Tree, package: &Package, mtime: u64) -> Result<(), TreeError> {
    let mut put = |name: &str, contents: Bytes, mode| {
        let path = format!("var/lib/dpkg/info/{}.{name}", package.database_name()).parse()?;
        let entry = Entry { mode, mtime, ..Entry::new(path, Kind::File(contents.into())) };
        tree.put(entry, Segment::Package(package.name.clone()))
    };
    let mut list = "/.\n".to_owned();
    for entry in &package.entries {
        // Writing to a string cannot fail.
        let _ = writeln!(list, "{}", entry.path);
    }
    put("list", list.into(), 0o644)?;
    if let Some(md5sums) = &package.md5sums {
        put("md5sums", md5sums.clone().into(), 0o644)?;
    }
    if !package.conffiles.is_empty() {
        put("conffiles", package.conffiles.iter().map(|path| format!("{path}\n")).collect::<String>().into(), 0o644)?;
    }
    for (name, script) in &package.scripts {
        put(name, script.clone().into(), if name == "triggers" { 0o644 } else { 0o755 })?;
    }
    Ok(())
}

fn paragraph(package: &Package) -> String {
    let mut text = String::new();
    let mut field = |name: &str, value: &str| {
        let separator = if value.starts_with('\n') { "" } else { " " };
        let _ = writeln!(text, "{name}:{separator}{}", value.trim_end());
    };
    for name in ORDER {
        match name {
            "Status" => field(name, "install ok installed"),
            "Conffiles" => {
                let lines = conffiles(package);
                if !lines.is_empty() {
                    field(name, &lines);
                }
            }
            name => {
                if let Some(value) = package.field(name) {
                    field(name, value);
                }
            }
        }
    }
    for (name, value) in &package.control {
        if !ORDER.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            field(name, value);
        }
    }
    text
}

fn conffiles(package: &Package) -> String {
    let listed: BTreeSet<&str> = package.conffiles.iter().map(|path| path.trim_start_matches('/')).collect();
    let mut sums: BTreeMap<&str, String> = BTreeMap::new();
    for entry in &package.entries {
        if let (path, Kind::File(Contents::Bytes(contents))) = (entry.path.as_str(), &entry.kind)
            && listed.contains(path)
        {
            sums.insert(path, Md5::digest(contents).iter().map(|byte| format!("{byte:02x}")).collect());
        }
    }
    let mut lines = String::new();
    for path in &package.conffiles {
        if let Some(sum) = sums.get(path.trim_start_matches('/')) {
            let _ = write!(lines, "\n {path} {sum}");
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package() -> Package {
        let control = "Package: a\nSource: b\nVersion: 1\nArchitecture: amd64\nMulti-Arch: same\nMaintainer: M\nHomepage: h\n\
                       Section: s\nPriority: optional\nDepends: c (>= 1)\nDescription: short";
        let mut control: Vec<(String, String)> = control
            .lines()
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        control.last_mut().unwrap().1.push_str("\n long\n .\n more");
        let entry = |path: &str, kind| Entry { mode: 0o644, mtime: 3, ..Entry::new(path.parse().unwrap(), kind) };
        Package {
            name: "a".into(),
            version: "1".into(),
            architecture: "amd64".into(),
            control,
            scripts: [("triggers".to_owned(), "activate-noawait ldconfig\n".to_owned())].into(),
            conffiles: vec!["/etc/a.conf".into()],
            md5sums: Some("x  usr/bin/a\n".into()),
            replaces: Vec::new(),
            entries: vec![entry("etc", Kind::Directory), entry("etc/a.conf", Kind::File("".into()))],
        }
    }

    #[test]
    fn writes_fields_in_the_order_of_dpkg() {
        let expected = "Package: a\nStatus: install ok installed\nPriority: optional\nSection: s\nMaintainer: M\n\
            Architecture: amd64\nMulti-Arch: same\nSource: b\nVersion: 1\nDepends: c (>= 1)\nConffiles:\n \
            /etc/a.conf d41d8cd98f00b204e9800998ecf8427e\nDescription: short\n long\n .\n more\nHomepage: h\n";
        assert_eq!(paragraph(&package()), expected);
    }

    #[test]
    fn a_file_that_is_listed_often_is_hashed_once() {
        let mut package = package();
        let contents = vec![b'x'; 1 << 20];
        package.entries[1].kind = Kind::File(contents.into());
        // Hashed each time, this would be 100 GiB.
        package.conffiles = vec!["/etc/a.conf".into(); 100_000];
        let lines = conffiles(&package);
        assert_eq!(lines.lines().count(), 100_001);
        let one: std::collections::BTreeSet<&str> = lines.lines().collect();
        assert_eq!(one.len(), 2);
    }

    #[test]
    fn keeps_what_a_package_brought() {
        let mut tree = Tree::default();
        write_info(&mut tree, &package(), 3).unwrap();
        assert_eq!(tree.file("var/lib/dpkg/info/a:amd64.list").unwrap().unwrap(), "/.\n/etc\n/etc/a.conf\n");
        assert_eq!(tree.file("var/lib/dpkg/info/a:amd64.conffiles").unwrap().unwrap(), "/etc/a.conf\n");
        assert!(
            tree.contains("var/lib/dpkg/info/a:amd64.md5sums") && tree.contains("var/lib/dpkg/info/a:amd64.triggers")
        );
    }
}
