//! What syft finds in the same files, and what it writes of them.

use super::machine::{catalogue, printed};
use super::{composer, gem};
use consign_package::language::python::normalized_name;
use consign_package::sbom;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const WHEEL: &str = "Metadata-Version: 2.1\nName: Foo.Bar\nVersion: 1.0\nLicense: MIT\n\ntext\n";
const EGG: &str = "Metadata-Version: 1.1\nName: old\nVersion: 0.9\n";

/// Writes packages of each kind but .NET's, of which syft lists those as well that no program uses; and whatever npm has on this machine.
fn fill(folder: &Path) {
    let list = format!(r#"{{"packages": [{}]}}"#, composer::CONSOLE);
    for (path, contents) in [
        ("py/Foo.Bar-1.0.dist-info/METADATA", WHEEL),
        ("py/old-0.9-py3.11.egg-info/PKG-INFO", EGG),
        ("py/alone-1.egg-info", "Metadata-Version: 1.0\nName: alone\nVersion: 1\n"),
        ("gems/specifications/rake-13.0.6.gemspec", gem::RAKE),
        ("app/vendor/composer/installed.json", &list),
        ("app/node_modules/a/package.json", r#"{"name": "a", "version": "1.0.0", "license": {"type": "MIT"}}"#),
        ("app/node_modules/a/dist/package.json", r#"{"type": "module"}"#),
        ("app/package.json", r#"{"name": "app", "version": "0.1.0"}"#),
    ] {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
    }
    if let Some(npm) = printed("npm", &["root", "--global"]) {
        Command::new("cp").arg("-rL").arg(npm).arg(folder).status().unwrap();
    }
}

#[test]
fn syft_finds_the_same() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    // syft writes names of Python's as they are compared.
    let normalized = |line: String| line.replace("Foo.Bar", &normalized_name("Foo.Bar"));
    let found: BTreeSet<String> = catalogue(folder.path()).into_iter().map(normalized).collect();
    let mut urls = Vec::new();
    for format in ["syft-json", "spdx-json", "cyclonedx-json"] {
        let mut syft = Command::new("syft");
        syft.args(["scan", "--quiet", "--output", format, "--override-default-catalogers", "image"]);
        let syft =
            syft.arg(format!("dir:{}", folder.path().display())).env("SYFT_CHECK_FOR_APP_UPDATE", "false").output();
        let Ok(output) = syft else {
            println!("not run: what syft finds (not installed)");
            return;
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let sbom = sbom::read(&output.stdout).unwrap();
        let packages = sbom.packages.iter().filter(|package| !package.purls.is_empty());
        let listed: BTreeSet<String> = packages
            .clone()
            .map(|package| {
                let name = match package.group.as_deref() {
                    Some(group) => format!("{group}/{}", package.name),
                    None => package.name.clone(),
                };
                format!("{name} {}", package.version.as_deref().unwrap_or("-"))
            })
            .collect();
        let different: Vec<_> = found.symmetric_difference(&listed).collect();
        assert!(different.is_empty(), "{format}: {different:?}");
        urls.push(packages.flat_map(|package| package.purls.clone()).collect::<BTreeSet<_>>());
        println!("{format}: {} packages", listed.len());
    }
    assert!(urls.windows(2).all(|pair| pair[0] == pair[1]), "{urls:?}");
}
