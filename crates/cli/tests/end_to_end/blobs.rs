//! Files that are signed, and whose signature a bundle is.

use crate::common::{TestEnvironment, network_calls, watch};
use consign_testkit::tools::not_run;
use consign_testkit::trace::{self, End};
use insta::assert_snapshot;
use serde_json::json;
use std::fs;

const ISSUER: &str = "https://token.actions.githubusercontent.com";
const WORKFLOW: &str = "https://github.com/prefix-dev/sigstore-example/.github/workflows/action.yaml@refs/heads/main";

/// Whose signature that of `blob.txt` is.
const PERSON: [&str; 4] =
    ["--certificate-identity", "w.vollprecht@gmail.com", "--certificate-oidc-issuer", "https://github.com/login/oauth"];

/// Returns a folder with bundles of others: the test data of the room `trust`.
fn environment() -> TestEnvironment {
    let environment = TestEnvironment::new();
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../trust/tests/data");
    for entry in fs::read_dir(data).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), environment.path(entry.file_name().to_str().unwrap())).unwrap();
    }
    environment
}

/// Verifies the file of a person.
fn blob<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["verify-blob", "blob.txt", "--bundle", "blob.json"], more].concat()
}

/// Verifies the statement of a workflow about a file.
fn attestation<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let digest = "sha256:54303491a8418fbed24344b513546182c29b43bf282ceb433af65e2299f9271f";
    let whose = ["--certificate-identity", WORKFLOW, "--certificate-oidc-issuer", ISSUER];
    [&["verify-blob", digest, "--bundle", "attestation.json"], &whose[..], more].concat()
}

#[test]
fn whose_signature_it_is() {
    let environment = environment();
    assert_snapshot!(environment.consign(&blob(&PERSON)), @"
    status 0
    --- stdout
    verified  blob.txt
    by        w.vollprecht@gmail.com
    issuer    https://github.com/login/oauth
    signed    2025-12-03T18:36:42Z
    logged    https://rekor.sigstore.dev 738312748
    ");
    let run = environment.consign(&blob(&[&PERSON[..], &["--output", "json"]].concat())).expect(0);
    assert_eq!(run.json()["by"]["subject"], "w.vollprecht@gmail.com");
    assert_eq!(run.json()["logEntries"], json!([{ "log": "https://rekor.sigstore.dev", "index": 738_312_748 }]));
    assert_eq!(run.json()["times"], json!(["2025-12-03T18:36:42Z", "2025-12-03T18:36:43Z"]));

    // As patterns, which match all of it.
    let patterns = |subject: &'static str| {
        blob(&["--certificate-identity-regexp", subject, "--certificate-oidc-issuer-regexp", "https://github[.]com/.*"])
    };
    environment.consign(&patterns(".*@gmail[.]com")).expect(0);
    assert_snapshot!(environment.consign(&patterns("vollprecht@gmail[.]com")), @"
    status 12
    --- stderr
    error: the signature is by somebody else
      caused by: subject: found `w.vollprecht@gmail.com`, wanted all of it matching `vollprecht@gmail[.]com`
        issuer: `https://github.com/login/oauth`, as wanted
    hint: if the signature is by whom you trust, ask for what was found; else do not use what is signed
    ");
}

#[test]
fn of_another_file_or_none() {
    let environment = environment();
    environment.write("blob.txt", "another");
    assert_snapshot!(environment.consign(&blob(&PERSON)), @"
    status 12
    --- stderr
    error: the bundle is about something else: message digest in bundle does not match artifact hash
    hint: is this the file that was signed, and the bundle that was made for it?
    ");
    environment.write("blob.json", "{}");
    assert_snapshot!(environment.consign(&blob(&PERSON)), @"
    status 12
    --- stderr
    error: not a Sigstore bundle
      caused by: missing field `mediaType` at line 1 column 2
    hint: bundles of the versions 0.1, 0.2 and 0.3 are read, with one signature each, and what `cosign sign-blob --bundle` wrote before version 3
    ");
    fs::remove_file(environment.path("blob.json")).unwrap();
    assert_snapshot!(environment.consign(&blob(&PERSON)), @"
    status 13
    --- stderr
    error: there is no signature in blob.json
      caused by: No such file or directory (os error 2)
    ");
}

#[test]
fn somebody_must_be_named() {
    let environment = environment();
    for whose in [
        &[][..],
        &["--certificate-identity", "a"],
        &["--certificate-identity-regexp", ".*"],
        &["--certificate-oidc-issuer", "a"],
        &["--certificate-oidc-issuer-regexp", ".*"],
        &["--certificate-identity", "", "--certificate-oidc-issuer", "a"],
        &["--certificate-identity-regexp", "", "--certificate-oidc-issuer", "a"],
        &["--certificate-identity-regexp", "a)|(?:.*", "--certificate-oidc-issuer", "a"],
        &["--certificate-identity", "a", "--certificate-oidc-issuer", "a", "--certificate-claim", "issuer"],
        &["--certificate-identity", "a", "--certificate-oidc-issuer", "a", "--certificate-claim", "nothing=a"],
        &["--certificate-identity", "a", "--certificate-identity-regexp", "a", "--certificate-oidc-issuer", "a"],
        &["--key", "key.pub", "--certificate-identity", "a"],
        &["--key", "key.pub", "--certificate-github-workflow-ref", "a"],
        &["--signature", "blob.json"],
    ] {
        let run = environment.consign(&blob(whose)).expect(2);
        assert_eq!(run.stdout, "", "{whose:?}");
    }
    assert_snapshot!(environment.consign(&blob(&["--certificate-identity", "a"])), @"
    status 2
    --- stderr
    error: nobody says whose signature is asked for: `--certificate-oidc-issuer` is missing
    hint: `--key FILE` asks for that of a key; `--certificate-identity` and `--certificate-oidc-issuer`, both, for that of a person or a workflow
    ");
}

#[test]
fn what_a_workflow_must_be() {
    let environment = environment();
    let kind = ["--type", "https://schemas.conda.org/attestations-publish-1.schema.json"];
    for claims in [
        &["--certificate-github-workflow-repository", "prefix-dev/sigstore-example"][..],
        &["--certificate-github-workflow-ref", "refs/heads/main", "--certificate-github-workflow-trigger", "push"],
        &["--certificate-github-workflow-name", "Package and sign"],
        &["--certificate-github-workflow-sha", "193b5bd7d3985809503963ae400594ea16df31cf"],
        &[
            "--certificate-claim",
            "runner-environment=github-hosted",
            "--certificate-claim",
            "source-repository-ref~refs/heads/.*",
        ],
    ] {
        environment.consign(&attestation(&[&kind[..], claims].concat())).expect(0);
    }
    let other = [
        "--certificate-github-workflow-repository",
        "prefix-dev/sigstore",
        "--certificate-claim",
        "build-trigger=push",
    ];
    assert_snapshot!(environment.consign(&attestation(&[&kind[..], &other].concat())), @"
    status 12
    --- stderr
    error: the certificate's claim `github-workflow-repository` is not what is asked for
      caused by: subject: `https://github.com/prefix-dev/sigstore-example/.github/workflows/action.yaml@refs/heads/main`, as wanted
        issuer: `https://token.actions.githubusercontent.com`, as wanted
        github-workflow-repository: found `prefix-dev/sigstore-example`, wanted `prefix-dev/sigstore`
        build-trigger: `push`, as wanted
    hint: if the signature is by whom you trust, ask for what was found; else do not use what is signed
    ");
}

#[test]
fn a_statement_about_a_file_is_no_signature_of_it() {
    let environment = environment();
    assert_snapshot!(environment.consign(&attestation(&[])), @"
    status 12
    --- stderr
    error: the bundle is not what is asked for: it is a statement of the type `https://schemas.conda.org/attestations-publish-1.schema.json`
    hint: if that statement is what you want, say its type with `--type`
    ");
    environment.consign(&attestation(&["--type", "https://slsa.dev/provenance/v1"])).expect(12);
    // Nor the other way round.
    environment.consign(&blob(&[&PERSON[..], &["--type", "https://slsa.dev/provenance/v1"]].concat())).expect(12);
}

#[test]
fn keys() {
    let environment = environment();
    environment.write("app", "the program");
    let sign = ["sign-blob", "app", "--key", "cosign.key"];
    let printed = environment.consign(&sign).expect(0);
    let files = ["--bundle", "app.json", "--output-signature", "app.sig"];
    let run = environment.consign(&[&sign[..], &files].concat()).expect(0);
    assert_eq!(run.stdout, "");
    assert_eq!(printed.stdout.trim(), environment.read("app.sig"));
    let first = environment.read("app.json");
    environment.consign(&[&sign[..], &files].concat()).expect(0);
    assert_eq!(environment.read("app.json"), first);

    let verify = |artifact: &str, signature: [&str; 2], key: &str| {
        environment.consign(&["verify-blob", artifact, signature[0], signature[1], "--key", key])
    };
    let (bundle, bare) = (["--bundle", "app.json"], ["--signature", "app.sig"]);
    let digest =
        environment.consign(&["verify-blob", "app", "--bundle", "app.json", "--key", "cosign.pub", "--output", "json"]);
    let digest = digest.expect(0).json()["digest"].as_str().unwrap().to_owned();
    for signature in [bundle, bare] {
        verify("app", signature, "cosign.pub").expect(0);
        verify(&digest, signature, "cosign.pub").expect(0);
        let run = verify("app", signature, "key.pub").expect(12);
        assert!(run.error().contains("the signature is not one of key"), "{run}");
        verify("blob.txt", signature, "cosign.pub").expect(12);
    }
    verify("key.txt", ["--bundle", "key.json"], "key.pub").expect(0);
    assert_snapshot!(verify("blob.txt", ["--bundle", "blob.json"], "key.pub"), @"
    status 12
    --- stderr
    error: the bundle was signed with a certificate, not with a key
    hint: say whose signature is asked for, with `--certificate-identity` and `--certificate-oidc-issuer`
    ");
    let whose = ["--certificate-identity", "a", "--certificate-oidc-issuer", "a"];
    let run = environment.consign(&[&["verify-blob", "app", "--bundle", "app.json"], &whose[..]].concat());
    assert_snapshot!(run, @"
    status 12
    --- stderr
    error: the bundle has no certificate: it was signed with a key
    hint: name the public key with `--key`
    ");
}

#[test]
fn trusted_roots() {
    let environment = environment();
    let show = |more: &[&str]| environment.consign(&[&["trust", "show"], more].concat());
    assert_snapshot!(show(&["--trusted-root", "other-name-root.json"]), @"
    status 0
    --- stdout
    WHAT                   NAME                                               ID            FROM                  UNTIL
    log                    http://rekor.rekor-system.172.18.255.1.sslip.io    000000000001  2024-07-12T18:35:53Z  -
    certificate-authority  http://fulcio.fulcio-system.172.18.255.1.sslip.io  000000000002  2024-07-12T18:35:53Z  -
    certificate-log        http://ctlog.ctlog-system.172.18.255.1.sslip.io    000000000003  2024-07-12T18:35:53Z  -
    ");
    let members = &show(&["--output", "json"]).expect(0).json()["roots"][0]["members"];
    let kinds: Vec<_> = members.as_array().unwrap().iter().map(|member| member["kind"].as_str().unwrap()).collect();
    assert!(
        ["log", "certificate-authority", "certificate-log", "timestamp-authority"]
            .iter()
            .all(|kind| kinds.contains(kind))
    );
    environment.write("none.json", "{");
    assert_snapshot!(show(&["--trusted-root", "none.json"]), @"
    status 3
    --- stderr
    error: cannot read the trusted root in none.json
      caused by: root 1 in it is not a trusted root of Sigstore
      caused by: EOF while parsing an object at line 1 column 1
    hint: `trusted_root.json` is what `cosign trusted-root create` and `gh attestation trusted-root` write
    ");
    show(&["--trusted-root", "missing.json"]).expect(3);

    let verify = |more: &[&str]| {
        let digest = "sha256:bc103b4a84971ef6459b294a2b98568a2bfb72cded09d4acd1e16366a401f95b";
        let whose = ["--certificate-identity", "foo!oidc.local", "--certificate-oidc-issuer", "http://oidc.local:8080"];
        environment.consign(&[&["verify-blob", digest, "--bundle", "other-name.json"], &whose[..], more].concat())
    };
    verify(&["--trusted-root", "other-name-root.json"]).expect(0);
    assert_snapshot!(verify(&[]), @"
    status 12
    --- stderr
    error: the trusted root has no transparency log 000000000001…
    hint: if it was made with another Sigstore than the public one, name that one's root with `--trusted-root`
    ");
}

#[test]
fn the_protocol_of_the_conformance_suite() {
    let environment = environment();
    let verify = |arguments: &[&str]| environment.consign(&[&["conformance", "verify-bundle"], arguments].concat());
    let subject = "a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf";
    let identity = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
    let whose = ["--certificate-identity", identity, "--certificate-oidc-issuer", ISSUER];
    let digest = format!("sha256:{subject}");
    verify(&[&["--staging", "--bundle", "rekor2-attestation.json"], &whose[..], &[&digest]].concat()).expect(0);
    verify(&[&["--bundle", "rekor2-attestation.json"], &whose[..], &[&digest]].concat()).expect(12);
    verify(&["--bundle", "key.json", "--key", "key.pub", "key.txt"]).expect(0);
    verify(&["--bundle", "key.json", "--key", "key.pub", "blob.txt"]).expect(12);
    // Not shown to anybody else.
    assert!(!environment.consign(&["--help"]).expect(0).stdout.contains("conformance"));
}

#[test]
fn nothing_is_asked_of_a_network() {
    if !trace::is_permitted() {
        return not_run("watching a process (ptrace)");
    }
    let environment = environment();
    for arguments in [blob(&PERSON), vec!["trust", "show"]] {
        let traced = watch(&environment, &[], &arguments);
        assert_eq!(traced.end, End::Exited(0), "{}", traced.stderr);
        let calls = network_calls(&traced);
        assert!(calls.is_empty(), "{arguments:?}: {calls:?}");
    }
}
