use crate::common::TestEnvironment;
use consign_sign::{KeyAlgorithm, PrivateKey};
use insta::assert_snapshot;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

/// A key of OpenSSL's, on P-256 with the curve in a block before it.
const OPENSSL: &str = include_str!("../../../sign/tests/data/import/sec1-p256.pem");
const OPENSSL_PUBLIC: &str = include_str!("../../../sign/tests/data/import/sec1-p256.pub");
/// One on P-384, encrypted with `pass word`.
const ENCRYPTED: &str = include_str!("../../../sign/tests/data/import/encrypted-p384.pem");
const ENCRYPTED_PUBLIC: &str = include_str!("../../../sign/tests/data/import/encrypted-p384.pub");

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
    // Nor is a link followed to where nothing is.
    symlink(environment.path("elsewhere"), environment.path("link.key")).unwrap();
    environment.consign(&["keygen", "--output-key-prefix", "link"]).expect(4);
    assert!(!environment.path("elsewhere").exists());
}

#[test]
fn says_to_programs_where_the_keys_are() {
    let environment = TestEnvironment::new();
    let run = environment.consign(&["keygen", "--output-key-prefix", "release", "--output", "json"]).expect(0);
    assert_eq!(run.json(), serde_json::json!({ "privateKey": "release.key", "publicKey": "release.pub" }));
    assert_eq!(run.stderr, "");
}

#[test]
fn makes_keys_of_each_kind_with_the_password_of_a_file() {
    let environment = TestEnvironment::new();
    environment.write("password", "pass word\nmore\n");
    for algorithm in KeyAlgorithm::ALL {
        let arguments = ["keygen", "--algorithm", algorithm.name(), "--output-key-prefix", algorithm.name()];
        environment.consign(&[&arguments[..], &["--password-file", "password"]].concat()).expect(0);
        let key = PrivateKey::from_pem(&environment.read(&format!("{algorithm}.key")), b"pass word").unwrap();
        assert_eq!(environment.read(&format!("{algorithm}.pub")), key.public().to_pem());
    }
    // Without the option, the variable names the file.
    let invocation = environment.invocation().without("COSIGN_PASSWORD").variable("COSIGN_PASSWORD_FILE", "password");
    let run = invocation.run(&["public-key", "--key", "p256.key"]).expect(0);
    assert_eq!(run.stdout, environment.read("p256.pub"));
}

#[test]
fn a_pair_that_cannot_be_written_leaves_nothing() {
    let environment = TestEnvironment::new();
    let error = environment.consign(&["keygen", "--output-key-prefix", "missing/release"]).expect(1).error();
    assert!(error.starts_with("error: cannot write missing/release.key\n"), "{error}");
    assert!(!environment.path("missing").exists());
}

#[test]
fn keys_of_other_tools_are_imported() {
    let environment = TestEnvironment::new();
    environment.write("openssl.pem", OPENSSL);
    assert_snapshot!(environment.consign(&["import-key-pair", "--key", "openssl.pem"]), @"
    status 0
    --- stderr
    The private key is in import-cosign.key, the public key in import-cosign.pub.
    ");
    assert_eq!(environment.read("import-cosign.pub"), OPENSSL_PUBLIC);
    PrivateKey::from_pem(&environment.read("import-cosign.key"), b"").unwrap();
    environment.consign(&["import-key-pair", "--key", "openssl.pem"]).expect(4);

    // One that is encrypted has a password of its own.
    environment.write("encrypted.pem", ENCRYPTED);
    environment.write("old", "pass word");
    environment.write("new", "other");
    let arguments = ["import-key-pair", "--key", "encrypted.pem", "--output-key-prefix", "encrypted"];
    let passwords = ["--key-password-file", "old", "--password-file", "new"];
    environment.consign(&[&arguments[..], &passwords].concat()).expect(0);
    assert_eq!(environment.read("encrypted.pub"), ENCRYPTED_PUBLIC);
    PrivateKey::from_pem(&environment.read("encrypted.key"), b"other").unwrap();
}

#[test]
fn what_is_not_imported_leaves_nothing() {
    let environment = TestEnvironment::new();
    environment.write("encrypted.pem", ENCRYPTED);
    environment.write("wrong", "hunter2");
    let arguments = ["import-key-pair", "--key", "encrypted.pem", "--key-password-file", "wrong"];
    let run = environment.consign(&arguments);
    assert!(!run.stderr.contains("hunter2"));
    assert_snapshot!(run, @"
    status 1
    --- stderr
    error: cannot import the key in encrypted.pem
      caused by: wrong password (or the key file was altered)
    ");
    assert_snapshot!(environment.consign(&["import-key-pair", "--key", "cosign.key"]), @"
    status 1
    --- stderr
    error: cannot import the key in cosign.key
      caused by: expected `PRIVATE KEY`, but the file says `ENCRYPTED SIGSTORE PRIVATE KEY`
    ");
    assert!(!environment.path("import-cosign.key").exists() && !environment.path("import-cosign.pub").exists());
}
