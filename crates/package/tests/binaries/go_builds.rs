//! Programs that Go builds here, against what `go version -m` says of them.

use crate::lines;
use consign_package::language::binary;
use std::path::Path;
use std::process::{Command, Output};

/// Runs `go` without the web; `None` where it is not installed.
fn go(folder: &Path, target: &str, arguments: &[&str]) -> Option<Output> {
    let (system, architecture) = target.split_once('/').unwrap();
    let variables = [
        ("GOOS", system),
        ("GOARCH", architecture),
        ("CGO_ENABLED", "0"),
        ("GOFLAGS", "-mod=vendor"),
        ("GOPROXY", "off"),
        ("GOTOOLCHAIN", "local"),
        ("GOWORK", "off"),
    ];
    Command::new("go").args(arguments).envs(variables).current_dir(folder).output().ok()
}

/// Writes a module that needs another, a fork of one, and a folder in place of one.
fn module(folder: &Path) {
    let files = [
        (
            "go.mod",
            "module a.example/tool/v2\n\ngo 1.20\n\nrequire (\n\tx.example/folder v1.0.0\n\tx.example/needed v1.2.3\n\tx.example/old v1.0.0\n)\n\n\
            replace x.example/old => x.example/fork v1.1.0\n\nreplace x.example/folder => ./folder\n",
        ),
        (
            "main.go",
            "package main\n\nimport (\n\t\"x.example/folder\"\n\t\"x.example/needed\"\n\t\"x.example/old\"\n)\n\nvar version string\n\n\
            func main() { println(folder.Name, needed.Name, old.Name, version) }\n",
        ),
        ("folder/go.mod", "module x.example/folder\n\ngo 1.20\n"),
        (
            "vendor/modules.txt",
            "# x.example/folder v1.0.0 => ./folder\n## explicit; go 1.20\nx.example/folder\n# x.example/needed v1.2.3\n## explicit; go 1.20\n\
            x.example/needed\n# x.example/old v1.0.0 => x.example/fork v1.1.0\n## explicit; go 1.20\nx.example/old\n# x.example/folder => ./folder\n\
            # x.example/old => x.example/fork v1.1.0\n",
        ),
    ];
    for name in ["folder", "needed", "old"] {
        let path = folder.join("vendor/x.example").join(name);
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("a.go"), format!("package {name}\n\nconst Name = \"{name}\"\n")).unwrap();
    }
    std::fs::create_dir_all(folder.join("folder")).unwrap();
    for (path, text) in files {
        std::fs::write(folder.join(path), text).unwrap();
    }
}

/// Returns what `go version -m` says of a program, as lines of ours: the release of Go, and a line for each module.
fn said(output: &str) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    let known = |version: &str| if matches!(version, "" | "(devel)") { "?" } else { version }.to_owned();
    for line in output.lines().skip(1) {
        let columns: Vec<&str> = line.trim_start_matches('\t').split('\t').collect();
        match columns[..] {
            ["mod" | "dep", path, version, ..] => said.push(format!("{path} {}", known(version))),
            ["=>", path, version, ..] => {
                let replaced = said.pop().unwrap();
                let name = replaced.split(' ').next().unwrap();
                said.push(if known(version) == "?" {
                    format!("{name} ? ({path})")
                } else {
                    format!("{path} {version}")
                });
            }
            _ => {}
        }
    }
    said
}

#[test]
fn agrees_with_go() {
    let folder = tempfile::tempdir().unwrap();
    module(folder.path());
    for target in ["linux/amd64", "windows/386", "darwin/arm64", "linux/s390x"] {
        // A program without its symbols keeps this.
        let arguments = ["build", "-buildvcs=false", "-ldflags", "-s -w -X main.version=v2.3.4", "-o", "tool"];
        let Some(output) = go(folder.path(), target, &arguments) else {
            println!("not run: programs of Go (go is not installed)");
            return;
        };
        assert!(output.status.success(), "{target}: {}", String::from_utf8_lossy(&output.stderr));
        let found = binary::read(&std::fs::read(folder.path().join("tool")).unwrap()).unwrap();
        let output = go(folder.path(), target, &["version", "-m", "tool"]).unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let mut expected = said(&text);
        assert_eq!(expected.remove(0), "a.example/tool/v2 ?", "{target}: {text}");
        let release = text.lines().next().unwrap().split_whitespace().nth(1).unwrap();
        let own = ["a.example/tool/v2 v2.3.4".to_owned(), format!("stdlib {}", release.trim_start_matches("go"))];
        assert_eq!(lines(&found), [&own[..], &expected].concat(), "{target}");
        assert!(lines(&found).contains(&"x.example/fork v1.1.0".to_owned()));
        assert!(lines(&found).contains(&"x.example/folder ? (./folder)".to_owned()));
    }
}

#[test]
fn agrees_with_go_about_its_own_programs() {
    let folder = tempfile::tempdir().unwrap();
    let Some(root) = go(folder.path(), "linux/amd64", &["env", "GOROOT"]) else {
        println!("not run: programs of Go's own (go is not installed)");
        return;
    };
    let root = String::from_utf8(root.stdout).unwrap();
    let mut count = 0;
    for program in ["bin/go", "bin/gofmt"] {
        let Ok(contents) = std::fs::read(Path::new(root.trim()).join(program)) else { continue };
        let found = lines(&binary::read(&contents).unwrap());
        let version = go(folder.path(), "linux/amd64", &["env", "GOVERSION"]).unwrap();
        let version = String::from_utf8(version.stdout).unwrap();
        let release = format!("stdlib {}", version.trim().trim_start_matches("go"));
        assert!(found.contains(&release), "{program}: {found:?}");
        count += 1;
    }
    assert!(count > 0, "no program below {root}");
}
