//! Files that are on this machine, where programs of languages are installed.

use consign_package::deb::copyright;
use consign_package::language::reader;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns what a program prints, or says that it is not there.
#[expect(clippy::print_stdout, reason = "a test says what it does not run")]
pub(crate) fn printed(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success());
    if output.is_none() {
        println!("not run: files of {program} (not installed)");
    }
    Some(String::from_utf8_lossy(&output?.stdout).trim().to_owned())
}

/// Returns the files below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path(), found),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
}

/// Reads all that is below a folder, and returns `NAME VERSION` of each package, each once, in order.
pub(crate) fn catalogue(folder: &Path) -> Vec<String> {
    let mut paths = Vec::new();
    files(folder, &mut paths);
    let mut found = Vec::new();
    for path in paths {
        let name = path.to_string_lossy();
        let Some(reader) = reader(&name) else { continue };
        found.extend(super::names(&reader.read(&name, &std::fs::read(&path).unwrap()).unwrap()));
    }
    found.sort();
    found.dedup();
    found
}

/// Python's own library for this lists the same.
#[test]
fn pythons_distributions() {
    const LISTED: &str = "import importlib.metadata as m, site, sys\n\
        for folder in sys.argv[1:]:\n for d in m.distributions(path=[folder]):\n  print(d.metadata['Name'], d.version)\n";
    let Some(folder) = printed("python3", &["-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"]) else {
        return;
    };
    let Some(listed) = printed("python3", &["-c", LISTED, &folder]) else { return };
    let found = catalogue(Path::new(&folder));
    let missing: Vec<&str> = listed.lines().filter(|line| !found.iter().any(|found| found == line)).collect();
    assert_eq!(missing, [""; 0], "of {found:?}");
    println!("{} distributions of python3", found.len());
}

/// npm lists the same. What it does not list are parts of other packages.
#[test]
fn npms_packages() {
    let Some(folder) = printed("npm", &["root", "--global"]) else { return };
    let Some(listed) = printed("npm", &["ls", "--global", "--all", "--parseable", "--long"]) else { return };
    let found = catalogue(Path::new(&folder));
    // PATH:NAME@VERSION, with more behind where something is to be said.
    let listed = listed.lines().filter_map(|line| line.split(':').nth(1)?.rsplit_once('@'));
    // The folder itself is listed without a version.
    let listed = listed.filter(|(_, version)| !version.is_empty());
    let listed: Vec<String> = listed.map(|(name, version)| format!("{name} {version}")).collect();
    let missing: Vec<_> = listed.iter().filter(|line| !found.contains(line)).collect();
    assert!(missing.is_empty(), "{missing:?} of {found:?}");
    println!("{} packages of npm, {} of them listed", found.len(), listed.len());
}

/// Most packages of a Debian machine name licences, and most of their names are known.
#[test]
fn debians_licences() {
    let mut paths = Vec::new();
    files(Path::new("/usr/share/doc"), &mut paths);
    paths.retain(|path| copyright::package_of(&path.to_string_lossy()).is_some());
    if paths.len() < 50 {
        println!("not run: licences of Debian packages (not a Debian machine)");
        return;
    }
    let (mut named, mut all, mut unknown) = (0, 0, Vec::new());
    for path in &paths {
        let found = copyright::licences(&std::fs::read(path).unwrap());
        named += usize::from(!found.is_empty());
        all += found.len();
        unknown.extend(found.into_iter().filter(|licence| licence.expression.is_none()).map(|licence| licence.written));
    }
    println!("{} files, {named} name licences: {all}, of which {} are unknown", paths.len(), unknown.len());
    assert!(named * 10 > paths.len() * 7, "{named} of {}", paths.len());
    assert!(unknown.len() * 2 < all, "{unknown:?}");
}
