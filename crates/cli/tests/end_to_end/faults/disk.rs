//! Registries whose disks are full: real ones, of real processes.

use super::scenario::{Before, FOLDERS, Scenario, Serving, TAGS, check_order, count_moved};
use super::told::{Case, Points};
use crate::common::program_path;
use consign_testkit::tools::{not_run, peer, spread};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Room for everything.
const LARGE: usize = 100_000;
/// How many sizes of disks are tried where there is no time for all of them: over the whole run, and where its end is near.
const SPREAD: usize = 5;
const SPREAD_AT_THE_END: usize = 5;
/// Files that the last steps of a release make: tags, and what is written on the way to them.
const END: usize = 14;

/// A registry on a file system of its own, which holds so many files and folders and no more. Both end when this is dropped.
struct SmallDisk {
    process: Child,
    folder: PathBuf,
}

impl SmallDisk {
    /// Runs a registry; `None` where the kernel gives no file system to whoever asks.
    fn start(folder: &Path, files: usize, port: u16, registry: &[&OsStr]) -> Option<Self> {
        fs::create_dir_all(folder).unwrap();
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c"]);
        command.arg("mount -t tmpfs -o nr_inodes=\"$0\" tmpfs \"$1\" && shift && exec \"$@\"");
        command.arg(files.to_string()).arg(folder).args(registry);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = command.spawn().ok()?;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if process.try_wait().unwrap().is_some() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(Self { process, folder: folder.to_owned() })
    }

    /// Returns where the folder is for those who do not have the file system.
    fn seen_from_outside(&self) -> PathBuf {
        Path::new("/proc").join(self.process.id().to_string()).join("root").join(self.folder.strip_prefix("/").unwrap())
    }

    /// Makes room for everything.
    fn grow(&self) {
        let mut command = Command::new("nsenter");
        command.args(["--user", "--preserve-credentials", "--mount", "--target", &self.process.id().to_string()]);
        command.args(["mount", "-o", &format!("remount,nr_inodes={LARGE}")]).arg(&self.folder);
        assert!(command.status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Returns how many files and folders there are in a folder, with itself.
fn count(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    1 + entries.map(|entry| if entry.path().is_dir() { count(&entry.path()) } else { 1 }).sum::<usize>()
}

/// Returns the sizes to try, for a release that needs so many files.
fn sizes(first: usize, needed: usize) -> Vec<usize> {
    let all = |range: std::ops::Range<usize>| range.collect::<Vec<_>>();
    [spread(&all(first..needed - END), SPREAD), spread(&all(needed - END..needed), SPREAD_AT_THE_END)].concat()
}

#[test]
fn a_disk_that_fills_leaves_nothing_half_done() {
    let mut scenario = Scenario::new(Serving::Others, Before::Nothing);
    let _other = scenario.serve(1);
    let (folder, port) = (scenario.environment.path(FOLDERS[0]), scenario.ports[0]);
    let listen = format!("127.0.0.1:{port}");
    let serve = ["registry", "serve", "--root", folder.to_str().unwrap(), "--listen", &listen];
    let serve: Vec<&OsStr> = [program_path()].into_iter().chain(serve.map(OsStr::new)).collect();
    let start = |files| SmallDisk::start(&folder, files, port, &serve);
    let Some(large) = start(LARGE) else { return not_run("a small disk (unshare)") };
    scenario.folders[0] = large.seen_from_outside();
    let first = count(&scenario.folders[0]) + 2;
    scenario.environment.consign(&["release", "--quiet"]).expect(0);
    scenario.note_complete();
    let needed = count(&scenario.folders[0]);
    drop(large);
    let mut points = Points::default();
    for size in sizes(first, needed) {
        let _case = Case(format!("a disk for {size} of {needed} files"));
        let disk = start(size).unwrap();
        scenario.folders[0] = disk.seen_from_outside();
        scenario.reset_all_but(0);
        let run = scenario.fail();
        scenario.check_what_is_left();
        let report = run.json();
        let tags = scenario.check_what_is_said(&report);
        assert_eq!(tags.unknown, None, "{report}");
        assert_eq!(run.status, 1, "{report}");
        let said = report["error"].to_string();
        assert!(said.contains("507 UNKNOWN: the registry's disk is full"), "{said}");
        disk.grow();
        scenario.complete();
        points.note(Some(if tags.moved.is_empty() { "before tags" } else { "amid tags" }));
    }
    points.tell("a disk is full");
}

#[test]
fn a_full_disk_of_somebody_elses_registry_leaves_nothing_half_done() {
    let Some(program) = peer("docker-registry") else { return };
    let scenario = Scenario::new(Serving::Others, Before::Nothing);
    let _other = scenario.serve(1);
    let (folder, port) = (scenario.environment.path(FOLDERS[0]), scenario.ports[0]);
    fs::remove_dir_all(&folder).unwrap();
    let configuration = scenario.environment.beside("configuration.yaml");
    let text = format!(
        "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n",
        folder.display()
    );
    fs::write(&configuration, text).unwrap();
    let command = program.command();
    let serve = [command.get_program(), OsStr::new("serve"), configuration.as_os_str()];
    let start = |files| SmallDisk::start(&folder, files, port, &serve);
    let Some(large) = start(LARGE) else { return not_run("a small disk (unshare)") };
    scenario.environment.consign(&["release", "--quiet"]).expect(0);
    let needed = count(&large.seen_from_outside());
    drop(large);
    let mut points = Points::default();
    for size in sizes(8, needed) {
        let _case = Case(format!("a disk for {size} of {needed} files"));
        let disk = start(size).unwrap();
        scenario.reset_all_but(0);
        let run = scenario.fail();
        let most = verified_tags(&scenario, &run.json());
        // How many files docker-registry needs depends on what comes at the same time: a disk that is nearly large enough may be.
        let is_complete = run.status == 0 && most == TAGS.len() && size + END > needed;
        assert!(run.status == 1 || is_complete, "{run}");
        disk.grow();
        let run = scenario.environment.consign(&["release", "--quiet", "--output", "json"]).expect(0);
        assert_eq!(verified_tags(&scenario, &run.json()), TAGS.len());
        points.note(Some(match most {
            _ if is_complete => "large enough",
            0 => "before tags",
            _ => "amid tags",
        }));
    }
    points.tell("a disk of docker-registry is full");
}

/// Verifies every tag that is there, and checks that they have moved in order and that a report says so. Returns how many are there where the
/// most are.
fn verified_tags(scenario: &Scenario, report: &Value) -> usize {
    let counts = Scenario::repositories().map(|(registry, repository)| {
        let repository = format!("{}/{repository}", scenario.host(registry));
        let destinations =
            report["images"].as_array().unwrap().iter().flat_map(|image| image["destinations"].as_array());
        let said = destinations.flatten().find(|destination| destination["repository"] == repository).unwrap();
        let is_there = |tag: &str| {
            let reference = format!("{repository}:{tag}");
            let run = scenario.environment.consign(&["verify", "--content", "--key", "cosign.pub", &reference]);
            let is_absent = run.status == 14 && run.stderr.contains("there is no image");
            assert!(run.status == 0 || is_absent, "{run}");
            let state =
                said["tags"].as_array().unwrap().iter().find(|said| said["tag"] == tag).unwrap()["state"].as_str();
            assert_eq!(state == Some("moved") || state == Some("unchanged"), run.status == 0, "{reference}: {said}");
            run.status == 0
        };
        count_moved(&repository, TAGS.map(is_there))
    });
    check_order(&counts)
}
