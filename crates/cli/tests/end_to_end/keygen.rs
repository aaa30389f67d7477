use crate::common::TestEnvironment;
use insta::assert_snapshot;
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn makes_a_pair_and_never_overwrites() {
    let environment = TestEnvironment::new();
    assert_snapshot!(environment.consign(&["keygen", "--output-key-prefix", "release.v1"]), @"
    status 0
    --- stderr
    The private key is in release.v1.key, the public key in release.v1.pub.
    ");
    let mode = |path: &str| fs::metadata(environment.path(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("release.v1.key"), mode("release.v1.pub")), (0o600, 0o644));
    assert!(environment.read("release.v1.key").starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"));
    assert!(environment.read("release.v1.pub").starts_with("-----BEGIN PUBLIC KEY-----\n"));

    let before = environment.read("release.v1.key");
    assert_snapshot!(environment.consign(&["keygen", "--output-key-prefix", "release.v1"]), @"
    status 4
    --- stderr
    error: release.v1.key exists already
    hint: name other files with `--output-key-prefix PREFIX`
    ");
    assert_eq!(environment.read("release.v1.key"), before);
    // Nor is half a pair completed.
    fs::remove_file(environment.path("release.v1.key")).unwrap();
    environment.consign(&["keygen", "--output-key-prefix", "release.v1"]).expect(4);
    assert!(!environment.path("release.v1.key").exists());
}

#[test]
fn says_to_programs_where_the_keys_are() {
    let environment = TestEnvironment::new();
    let run = environment.consign(&["keygen", "--output-key-prefix", "release", "--output", "json"]).expect(0);
    assert_eq!(run.json(), serde_json::json!({ "privateKey": "release.key", "publicKey": "release.pub" }));
    assert_eq!(run.stderr, "");
}
