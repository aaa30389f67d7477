//! What those who know cosign type.

use crate::common::TestEnvironment;
use insta::assert_snapshot;

#[test]
fn commands_and_options_of_cosign_are_answered_with_ours() {
    let environment = TestEnvironment::new();
    assert_snapshot!(environment.consign(&["initialize"]), @"
    status 2
    --- stderr
    error: `initialize` is cosign's; here: `consign trust init`
    ");
    let sign = ["sign", "--key", "cosign.key", "--rekor-url=https://rekor.example.org", "oci:layout"];
    assert_snapshot!(environment.consign(&sign), @"
    status 2
    --- stderr
    error: `--rekor-url` is cosign's; here: `--signing-config FILE` names the services, and `consign trust init` writes such a file
    ");
    let run = environment.consign(&["--output", "json", "generate-key-pair"]).expect(2);
    assert_eq!(run.json()["error"]["message"], "`generate-key-pair` is cosign's; here: `consign keygen`");
}

#[test]
fn options_that_say_what_is_done_anyway_are_taken() {
    let environment = TestEnvironment::with_image();
    environment.consign(&["build", "--to", "oci:layout:1"]).expect(0);
    environment.write("claim.json", "{}");
    let sign = ["sign", "--key", "cosign.key", "-q"];
    let attest = ["attest", "-q", "--key", "cosign.key", "--type", "custom", "--predicate", "claim.json"];
    let sign_blob = ["sign-blob", "--key", "cosign.key", "--bundle", "claim.bundle", "claim.json"];
    let run = |command: &[&str], more: &[&str]| {
        let image: &[&str] = if command[0] == "sign-blob" { &[] } else { &["oci:layout:1"] };
        environment.consign(&[command, more, image].concat())
    };
    for command in [&sign[..], &attest, &sign_blob] {
        for more in [&["--tlog-upload=false"][..], &["--new-bundle-format", "--tlog-upload=false"]] {
            let run = run(command, more).expect(0);
            assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""), "{more:?}");
        }
        for more in ["--tlog-upload", "--tlog-upload=true"] {
            let error = run(command, &[more]).expect(2).error();
            let expected =
                "error: `--tlog-upload=true`: what is signed with a key is told to no log here\nhint: leave it out; ";
            assert!(error.starts_with(expected), "{error}");
        }
        assert!(run(command, &["--new-bundle-format=false"]).expect(2).error().contains("--signature-format legacy"));
    }
    environment.consign(&["verify", "--key", "cosign.pub", "--new-bundle-format", "oci:layout:1"]).expect(0);
    let blob = ["verify-blob", "--key", "cosign.pub", "--bundle", "claim.bundle", "--new-bundle-format", "claim.json"];
    environment.consign(&blob).expect(0);
    // Whatever else is asked for is told as usual.
    assert!(
        environment.consign(&["sign", "--key", "cosign.key", "--recursive", "oci:none"]).expect(1).stdout.is_empty()
    );
}
