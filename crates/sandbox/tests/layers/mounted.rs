//! What is mounted for commands.

use super::tar::{Entry, listed};
use super::{Stack, base, bind, file};
use crate::Fixture;
use consign_sandbox::{Layers, Mount, MountKind, Upper};
use std::fs;

pub(super) fn mounts_what_is_asked_for(fixture: &Fixture) {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("file"), "out").unwrap();
    let mut other = Stack::of(
        fixture,
        &[
            &[Entry::folder("out/"), Entry::file("out/bin", "1")],
            &[Entry::file("out/lib", "2"), Entry::symlink("way", "/out")],
        ],
    );
    let (_, scratch) = other.probe(&[]);
    let upper = Upper { folder: scratch, work: other.make("work") };
    let mut stack = Stack::of(fixture, &[&base()]);
    let layers = |upper, path: &str| MountKind::Layers {
        layers: Layers { lower: other.lower.clone(), upper },
        path: path.to_owned(),
    };
    let (mut command, changed) = stack.probe(&[
        "change",
        "write /bind/new x",
        "write /fixed/new x",
        "write /one x",
        "write /stage/new x",
        "write /scratch/new x",
        "write /memory/x x",
    ]);
    command.mounts.extend([
        Mount { target: "/bind".to_owned(), kind: MountKind::Bind(outside.path().to_owned()), read_only: false },
        bind(outside.path(), "/fixed"),
        bind(&outside.path().join("file"), "/one"),
        Mount { target: "/stage".to_owned(), kind: layers(None, "/way"), read_only: true },
        Mount { target: "/scratch".to_owned(), kind: layers(Some(upper), "out"), read_only: false },
        Mount { target: "/memory".to_owned(), kind: MountKind::Temporary { size: 4096 }, read_only: false },
    ]);
    let read_only = |path: &str| format!("write {path} x: ReadOnlyFilesystem\n");
    assert_eq!(fixture.text(&command), [read_only("/fixed/new"), read_only("/one"), read_only("/stage/new")].concat());
    assert_eq!(fs::read_to_string(outside.path().join("new")).unwrap(), "x");
    assert_eq!(listed(&stack.pack(&changed).1), Vec::<String>::new());
    let mounts = command.mounts.clone();
    let (mut command, _) = stack.probe(&["show", "/stage", "/stage/lib", "/one", "/scratch"]);
    command.mounts = mounts[..5].to_vec();
    let expected = "/stage 755 0:0 folder bin,lib\n/stage/lib 644 0:0 file 2\n";
    assert!(fixture.text(&command).starts_with(expected));
    command.mounts = vec![Mount { target: "/x".to_owned(), kind: layers(None, "/nowhere"), read_only: true }];
    let error = fixture.try_run(&command).unwrap_err();
    assert!(error.to_string().contains("`/nowhere`"), "{error}");
}

pub(super) fn tells_no_secret(fixture: &Fixture) {
    let mut stack = Stack::of(fixture, &[&base()]);
    let (mut command, upper) = stack.probe(&["show", "/run/secrets/key", "/run/secrets"]);
    command.mounts.push(file("/run/secrets/key", "hunter2", 0o400));
    assert_eq!(fixture.text(&command), "/run/secrets/key 400 0:0 file hunter2\n/run/secrets 755 0:0 folder key\n");
    let (packed, bytes) = stack.pack(&upper);
    assert!(packed.entries == 0 && !bytes.windows(7).any(|window| window == b"hunter2"));
}
