//! The key is looked at before any work begins, by those who will need it.

use crate::common::TestEnvironment;
use insta::assert_snapshot;
use std::process::Command;

#[test]
fn a_key_that_is_not_there_is_noticed_at_once() {
    let environment = TestEnvironment::with_image();
    environment.write("none.key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
    for key in ["missing.key", "none.key", "env://RELEASE_KEY"] {
        let configuration = environment.read("consign.yaml");
        environment.replace("consign.yaml", "key: cosign.key", &format!("key: {key}"));
        for command in [&["release"][..], &["build", "--to", "oci-archive:hello.tar"]] {
            let run = environment.consign(command).expect(1);
            assert!(run.stderr.starts_with(&format!("error: the signing key `{key}` cannot be used")), "{run}");
            assert!(run.stdout.is_empty(), "{run}");
        }
        assert_eq!(environment.stored_blobs(), 0);
        environment.write("consign.yaml", configuration);
    }
}

#[test]
fn who_does_not_sign_needs_no_key() {
    let environment = TestEnvironment::with_image();
    environment.replace("consign.yaml", "key: cosign.key", "key: missing.key");
    for command in [&["check"][..], &["plan"], &["build"], &["release", "--dry-run"]] {
        environment.consign(command).expect(0);
    }
    // What others built counts only if this key signed it.
    let from = ["release", "--dry-run", "--from", "oci-archive:hello.tar"];
    assert!(environment.consign(&from).expect(1).error().contains("missing.key"));
}

#[test]
fn a_password_that_nobody_can_be_asked_for_is_noticed_at_once() {
    let environment = TestEnvironment::with_image();
    let inner = environment.invocation().without("COSIGN_PASSWORD").command(&["release"]);
    // Without a terminal, wherever the tests are run.
    let mut command = Command::new("setsid");
    command.arg("--wait").arg(inner.get_program()).args(inner.get_args()).env_clear();
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = command.current_dir(inner.get_current_dir().unwrap()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert_snapshot!(String::from_utf8(output.stderr).unwrap(), @"
    error: there is no password for the signing key `cosign.key`, and no terminal to ask for it on
    hint: set COSIGN_PASSWORD, or name a file with the password in COSIGN_PASSWORD_FILE; without a terminal, `sign`, `attest`, `sign-blob` and the commands for keys read it from standard input, too
    ");
    assert_eq!(environment.stored_blobs(), 0);
}
