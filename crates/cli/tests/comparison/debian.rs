//! A layer of Debian's packages, as dpkg leaves them, but for what their scripts would do.

use crate::common::LayerWriter;
use consign_testkit::tools::not_run;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fmt::Write;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tar::{Archive, EntryType};

/// What is there, with what it needs: programs and libraries of npm, Python, Ruby, Java and Go.
const PACKAGES: [&str; 22] = [
    "age",
    "base-files",
    "direnv",
    "eslint",
    "gulp",
    "libguava-java",
    "libguice-java",
    "libjetty9-java",
    "liblog4j2-java",
    "libmaven3-core-java",
    "libspring-web-java",
    "mocha",
    "npm",
    "python3-flask",
    "python3-pip",
    "python3-requests",
    "python3-sqlalchemy",
    "rails",
    "ruby-sinatra",
    "webpack",
    "yarnpkg",
    "zip",
];
/// Other packages are left out from this size on, in bytes: they are the large libraries of C, with nothing in them that anybody lists.
const LARGE: u64 = 1_000_000;
/// Folders that are links in a system of today. Packages may still have files there.
const MERGED: [&str; 4] = ["bin", "lib", "lib64", "sbin"];
/// Archives that are put into another one, too.
const JARS: [&str; 3] = ["guava.jar", "log4j-api.jar", "log4j-core.jar"];

/// Files of `/usr/share/java`, by name.
pub(crate) type Jars = BTreeMap<String, Vec<u8>>;

/// Has apt fetch the packages, and returns their files, in order. `None`, and says so, where that cannot be.
pub(crate) fn fetch(folder: &Path) -> Option<Vec<PathBuf>> {
    fs::create_dir_all(folder.join("archives/partial")).unwrap();
    fs::write(folder.join("status"), "").unwrap();
    let mut command = Command::new("apt-get");
    for option in [
        format!("Dir::State::status={}", folder.join("status").display()),
        format!("Dir::Cache::archives={}", folder.join("archives").display()),
        "APT::Install-Recommends=false".to_owned(),
        "APT::Sandbox::User=root".to_owned(),
    ] {
        command.args(["-o", &option]);
    }
    let install = command.args(["--quiet=2", "--yes", "--download-only", "install"]).args(PACKAGES);
    if !install.output().is_ok_and(|output| output.status.success()) {
        not_run("an image of Debian's packages (apt-get has none: apt-get update)");
        return None;
    }
    let archives = fs::read_dir(folder.join("archives")).unwrap().map(|entry| entry.unwrap().path());
    let mut debs: Vec<PathBuf> = archives.filter(|path| path.extension() == Some(OsStr::new("deb"))).collect();
    let is_named = |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        PACKAGES.iter().any(|package| name.strip_prefix(package).is_some_and(|rest| rest.starts_with('_')))
    };
    debs.retain(|path| is_named(path) || fs::metadata(path).unwrap().len() < LARGE);
    debs.sort();
    Some(debs)
}

/// Writes the layer, and returns some of its files.
pub(crate) fn unpack(debs: &[PathBuf], layer: &mut LayerWriter) -> Jars {
    let mut unpacked = Unpacked { layer, folders: BTreeSet::new(), jars: Jars::new() };
    for name in MERGED {
        unpacked.folder(&format!("usr/{name}"));
        unpacked.layer.link(name, &format!("usr/{name}"));
    }
    unpacked.folder("var/lib/dpkg/info");
    let mut status = String::new();
    for deb in debs {
        let (control, digests) = control(deb);
        let field = |name: &str| control.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let mut name = field("Package").unwrap().to_owned();
        let (first, rest) = control.split_once('\n').unwrap();
        writeln!(status, "{first}\nStatus: install ok installed\n{}\n", rest.trim_end()).unwrap();
        if field("Multi-Arch") == Some("same") {
            name = format!("{name}:{}", field("Architecture").unwrap());
        }
        let files = unpacked.files(deb);
        let info = |end: &str| format!("var/lib/dpkg/info/{name}.{end}");
        unpacked.layer.file(&info("list"), files.as_bytes());
        if let Some(digests) = digests {
            unpacked.layer.file(&info("md5sums"), digests.as_bytes());
        }
    }
    unpacked.layer.file("var/lib/dpkg/status", status.as_bytes());
    unpacked.jars
}

/// A layer with the files of some packages.
struct Unpacked<'a> {
    layer: &'a mut LayerWriter,
    folders: BTreeSet<String>,
    jars: Jars,
}

impl Unpacked<'_> {
    /// Adds a folder with those that it lies in, each once.
    fn folder(&mut self, path: &str) {
        if let Some((parent, _)) = path.rsplit_once('/') {
            self.folder(parent);
        }
        if self.folders.insert(path.to_owned()) {
            self.layer.folder(path);
        }
    }

    /// Adds the files of a package, and returns what dpkg would list of it.
    fn files(&mut self, deb: &Path) -> String {
        let mut command = Command::new("dpkg-deb");
        let mut child = command.arg("--fsys-tarfile").arg(deb).stdout(Stdio::piped()).spawn().unwrap();
        let mut archive = Archive::new(child.stdout.take().unwrap());
        let mut listed = "/.\n".to_owned();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().to_str().unwrap().to_owned();
            let path = path.trim_start_matches("./").trim_end_matches('/');
            if path.is_empty() || path == "." {
                continue;
            }
            writeln!(listed, "/{path}").unwrap();
            let place = merged(path);
            let target = entry.link_name().unwrap().map(|target| target.to_str().unwrap().to_owned());
            match (entry.header().entry_type(), target) {
                (EntryType::Directory, _) => self.folder(&place),
                (EntryType::Symlink, Some(target)) => self.layer.link(&place, &target),
                (EntryType::Link, Some(target)) => {
                    self.layer.hard_link(&place, &merged(target.trim_start_matches("./")));
                }
                _ => {
                    let mut contents = Vec::new();
                    entry.read_to_end(&mut contents).unwrap();
                    self.layer.file_with_mode(&place, entry.header().mode().unwrap(), &contents);
                    if let Some(name) = place.strip_prefix("usr/share/java/").filter(|name| JARS.contains(name)) {
                        self.jars.insert(name.to_owned(), contents);
                    }
                }
            }
        }
        // It waits until all that it writes is read.
        io::copy(&mut archive.into_inner(), &mut io::sink()).unwrap();
        assert!(child.wait().unwrap().success(), "{}", deb.display());
        listed
    }
}

/// Returns where a file of a package really lies.
fn merged(path: &str) -> String {
    let first = path.split('/').next().unwrap_or_default();
    if MERGED.contains(&first) { format!("usr/{path}") } else { path.to_owned() }
}

/// Returns what a package says of itself, and the digests of its files.
fn control(deb: &Path) -> (String, Option<String>) {
    let Output { stdout, status, .. } = Command::new("dpkg-deb").arg("--ctrl-tarfile").arg(deb).output().unwrap();
    assert!(status.success(), "{}", deb.display());
    let mut files = BTreeMap::new();
    for entry in Archive::new(&stdout[..]).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_str().unwrap().trim_start_matches("./").to_owned();
        let mut text = Vec::new();
        entry.read_to_end(&mut text).unwrap();
        files.insert(path, String::from_utf8_lossy(&text).into_owned());
    }
    (files.remove("control").unwrap(), files.remove("md5sums"))
}
