//! What is spoilt in the store is made anew, and nobody else's store is used.

use crate::common::TestEnvironment;
use insta::assert_snapshot;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// Returns the files of the store's blobs, sorted.
fn blobs(environment: &TestEnvironment) -> Vec<PathBuf> {
    let entries = fs::read_dir(environment.beside("store/store/blobs/sha256")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Changes a byte in the middle of a file.
fn spoil(path: &PathBuf) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn whatever_is_spoilt_in_the_store_running_again_heals_it() {
    let environment = TestEnvironment::with_image();
    environment.replace("image.yaml", "[linux/amd64, linux/arm64]", "[linux/amd64]");
    environment.consign(&["release"]).expect(0);
    let mut failed = 0;
    for blob in blobs(&environment) {
        spoil(&blob);
        // All of it is to be sent again.
        fs::remove_dir_all(environment.path("registry")).unwrap();
        let run = environment.consign(&["release", "--quiet"]);
        if run.status != 0 {
            failed += 1;
            assert!(run.error().contains("is corrupt") && run.error().contains("running again"), "{run}");
            environment.consign(&["release", "--quiet"]).expect(0);
        }
    }
    assert!(failed > 0, "layers are read only when they are sent");
}

#[test]
fn a_spoilt_layer_is_told_once() {
    let environment = TestEnvironment::with_image();
    environment.consign(&["build"]).expect(0);
    let layers = blobs(&environment).into_iter().filter(|path| fs::read(path).unwrap().starts_with(b"\x1f\x8b"));
    layers.collect::<Vec<_>>().iter().for_each(spoil);
    let build = || environment.consign(&["build", "--jobs", "1", "--quiet", "--to", "oci-archive:image.tar"]);
    assert_snapshot!(build(), @"
    status 1
    --- stdout
    IMAGE  PLATFORM     BUILD   INVENTORY  TRIAL  GATE  SIGN  PUBLISH  VERIFY  DIGEST
    hello  linux/amd64  cached  cached     -      -     -     -        -       000000000001
    hello  linux/arm64  cached  cached     -      -     -     -        -       000000000002
    --- stderr
    error: blob sha256:000000000003… in the store is corrupt: its bytes have the digest sha256:000000000004…; it is thrown away, and running again makes it anew
    ");
    // One of them was read.
    assert_eq!(build().status, 1);
    build().expect(0);
}

#[test]
fn a_store_that_others_may_write_to_is_refused() {
    let environment = TestEnvironment::with_image();
    environment.consign(&["build"]).expect(0);
    let root = environment.beside("store/store");
    fs::set_permissions(&root, Permissions::from_mode(0o777)).unwrap();
    assert_snapshot!(environment.consign(&["release"]), @"
    status 1
    --- stderr
    error: others than its owner may write to [root]/store/store (its mode is 0777)
    hint: if nobody else wrote to it, `chmod go-w [root]/store/store`; else delete it, and make again what images with a name it held
    ");
    assert!(!environment.path("registry").exists());
}
