//! Where else the tests are run.

use super::{Stack, TESTS, base};
use crate::{Fixture, NOBODY};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

const NONE: Option<&str> = None;

/// Runs all tests.
pub(crate) fn run_all(root: &Path, who: &str) -> ExitCode {
    println!("{who}: {:?}", consign_sandbox::Ids::of_this_process());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let fixture = Fixture { root: root.to_owned(), is_root: rustix::process::geteuid().is_root(), runtime };
    for (name, test) in TESTS {
        println!("test {name} (as {who})");
        test(&fixture);
    }
    println!("{} tests passed as {who}", TESTS.len());
    ExitCode::SUCCESS
}

fn leave_mounts() {
    unshare(CloneFlags::CLONE_NEWNS).unwrap();
    mount(NONE, "/", NONE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NONE).unwrap();
}

/// Runs the tests where layers cannot be stacked, since they are on what is stacked already, as in a container: they are copied instead.
pub(crate) fn run_in_overlay(root: &Path, folder: &Path) -> ExitCode {
    leave_mounts();
    let path = |name: &str| {
        let path = folder.join(name);
        fs::create_dir(&path).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let options = format!("lowerdir={},upperdir={},workdir={}", path("lower"), path("upper"), path("work"));
    let merged = path("merged");
    mount(Some("overlay"), merged.as_str(), Some("overlay"), MsFlags::empty(), Some(options.as_str())).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let fixture = Fixture { root: root.to_owned(), is_root: true, runtime };
    let mut stack = Stack::of(&fixture, &[&base()]);
    let (command, upper) = stack.probe(&["exit", "0"]);
    fixture.text(&command);
    assert!(upper.with_file_name("work-1").join("tree").exists(), "it was not copied");
    run_all(root, "root in an overlay")
}

/// Runs the tests as an ordinary user for whom ids were set aside.
pub(crate) fn run_with_more_ids(root: &Path) -> ExitCode {
    if !Path::new("/usr/bin/newuidmap").exists() {
        println!("not run: newuidmap (the package uidmap brings it)");
        return ExitCode::SUCCESS;
    }
    leave_mounts();
    let folder = tempfile::tempdir().unwrap();
    let ranges = folder.path().join("ranges");
    fs::write(&ranges, format!("{NOBODY}:200000:65536\n")).unwrap();
    for file in ["/etc/subuid", "/etc/subgid"] {
        mount(Some(&ranges), file, NONE, MsFlags::MS_BIND, NONE).unwrap();
    }
    let program = root.join("probe");
    let run =
        |words: &[&str]| Command::new(&program).arg0("test").args(words).uid(NOBODY).gid(NOBODY).status().unwrap();
    assert!(run(&["layers", root.to_str().unwrap()]).success());
    ExitCode::SUCCESS
}
