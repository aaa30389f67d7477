//! A layer of an application: what people install beside the distribution's packages, and none of those knows of.

use crate::common::LayerWriter;
use crate::debian::Jars;
use consign_testkit::tools::{find, not_run};
use std::fs;
use std::io::{Cursor, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Where Python's packages lie: as in a virtual environment.
const PYTHON: &str = "opt/app/lib/python3/site-packages";
/// Python's packages. With shfmt-py comes a program of Go, with tabula-py an archive of Java that others were copied into, with pythonnet .NET.
const WHEELS: [&str; 17] = [
    "blinker==1.7.0",
    "certifi==2023.7.22",
    "charset-normalizer==3.3.2",
    "click==8.1.7",
    "clr-loader==0.2.6",
    "flask==3.0.0",
    "idna==3.4",
    "itsdangerous==2.1.2",
    "jinja2==3.1.2",
    "markupsafe==2.1.3",
    "pythonnet==3.0.3",
    "requests==2.31.0",
    "shfmt-py==4.2.0",
    "tabula-py==2.9.0",
    "urllib3==2.0.7",
    "werkzeug==3.0.1",
    "zope.interface==6.1",
];
const NODE: &str = "srv/web";
const NODE_PACKAGES: [&str; 2] = ["express@4.18.2", "@babel/parser@7.23.0"];

/// Installs the application into a folder. `None`, and says so, where that cannot be. Packages of npm's are a part of it where npm is there.
pub(crate) fn install(folder: &Path) -> Option<PathBuf> {
    let web = folder.join(NODE);
    fs::create_dir_all(&web).unwrap();
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--no-compile", "--target"]);
    pip.arg(folder.join(PYTHON)).args(WHEELS);
    let mut commands = vec![("packages of pip's", pip)];
    if has_npm() {
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"]).arg(&web);
        npm.args(NODE_PACKAGES);
        commands.push(("packages of npm's", npm));
    }
    for (name, mut command) in commands {
        if !command.output().is_ok_and(|output| output.status.success()) {
            not_run(&format!("an image with {name}"));
            return None;
        }
    }
    Some(folder.to_owned())
}

/// Returns whether packages of npm's can be installed. Debian's npm has hundreds of packages itself, so nobody misses it; what Debian packages of npm's is
/// compared all the same.
pub(crate) fn has_npm() -> bool {
    find("npm").is_some()
}

/// Writes the layer: the application, and archives in an archive.
pub(crate) fn add(application: &Path, jars: &Jars, layer: &mut LayerWriter) {
    add_below(application, "", layer);
    let inner = jars.iter().map(|(name, contents)| (format!("WEB-INF/lib/{name}"), contents.as_slice()));
    let war = zipped(inner);
    layer.file("srv/outer.war", &zipped([("lib/inner.war".to_owned(), &war[..])].into_iter()));
}

fn add_below(folder: &Path, place: &str, layer: &mut LayerWriter) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let place = format!("{place}{}", entry.file_name().to_str().unwrap());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            layer.folder(&place);
            add_below(&entry.path(), &format!("{place}/"), layer);
        } else if kind.is_symlink() {
            layer.link(&place, fs::read_link(entry.path()).unwrap().to_str().unwrap());
        } else {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            layer.file_with_mode(&place, mode, &fs::read(entry.path()).unwrap());
        }
    }
}

fn zipped<'a>(files: impl Iterator<Item = (String, &'a [u8])>) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, contents) in files {
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(contents).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
