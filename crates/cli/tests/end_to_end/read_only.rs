//! `registry serve --read-only`.

use crate::common::{TestEnvironment, free_port};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Returns everything in a folder with its time and size, sorted.
fn listing(folder: &Path) -> Vec<(PathBuf, SystemTime, u64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let (path, metadata) = entry.map(|entry| (entry.path(), entry.metadata().unwrap())).unwrap();
        if metadata.is_dir() {
            found.extend(listing(&path));
        }
        found.push((path, metadata.modified().unwrap(), metadata.len()));
    }
    found.sort();
    found
}

#[test]
fn serves_a_folder_and_leaves_no_trace_in_it() {
    let environment = TestEnvironment::with_image();
    environment.consign(&["release"]).expect(0);
    let folder = environment.path("registry");
    let before = listing(&folder);
    fs::set_permissions(&folder, Permissions::from_mode(0o555)).unwrap();
    let server = environment.serve_with("registry", environment.port, &["--read-only"]);
    let reference = environment.reference("team/hello:1.2.3");
    environment.consign(&["verify", "--content", "--key", "cosign.pub", &reference]).expect(0);
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    drop(server);
    assert_eq!(listing(&folder), before);
}

#[test]
fn serves_beside_the_one_that_writes() {
    let environment = TestEnvironment::with_image();
    let _writer = environment.serve();
    let port = free_port();
    let _reader = environment.serve_with("registry", port, &["--read-only"]);
    environment.consign(&["release"]).expect(0);
    let reference = format!("localhost:{port}/team/hello:1.2.3");
    environment.consign(&["tree", &reference]).expect(0);
}
