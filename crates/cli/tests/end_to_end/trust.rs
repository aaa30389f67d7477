//! What keeps somebody who may write to a registry from passing one image off as another.

use crate::common::{TestEnvironment, host_platform, program};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

fn verify(environment: &TestEnvironment, reference: &str) -> crate::common::Run {
    environment.consign(&["verify", "--key", "cosign.pub", &environment.reference(reference)])
}

fn tags(environment: &TestEnvironment) -> PathBuf {
    environment.path("registry/repositories/team/hello/_tags")
}

fn document(environment: &TestEnvironment, digest: &str) -> Value {
    serde_json::from_str(&environment.read(&format!("registry/blobs/{}", digest.replace(':', "/")))).unwrap()
}

/// Returns what the registry lists about `subject`: the file in its folder, and the manifest.
pub(crate) fn referrers(environment: &TestEnvironment, subject: &str) -> Vec<(PathBuf, Value)> {
    let folder = format!("registry/repositories/team/hello/_referrers/{}", subject.replace(':', "/"));
    let entries = fs::read_dir(environment.path(&folder)).unwrap().map(|entry| entry.unwrap().path());
    let listed = entries.map(|path| {
        let digest = path.file_name().unwrap().to_str().unwrap().replacen('-', ":", 1);
        (path, document(environment, &digest))
    });
    listed.collect()
}

fn states(manifest: &Value, predicate_type: &str) -> bool {
    manifest["annotations"]["dev.sigstore.bundle.predicateType"] == predicate_type
}

/// Releases, and returns the digest of the index.
fn release(environment: &TestEnvironment) -> String {
    let report = environment.consign(&["release", "--output", "json"]).expect(0).json();
    report["images"][0]["index"].as_str().unwrap().to_owned()
}

#[test]
fn trials_that_were_deleted_are_missed() {
    let environment = TestEnvironment::with_image();
    let host = host_platform();
    environment.write("image.yaml", format!("platforms: [{host}]\nfiles: [{{source: hello, path: /hello}}]\n"));
    environment.write_program("hello", &program(host.architecture(), "Hello.\n", 0));
    environment.replace("consign.yaml", "signing:", "    tests: [{command: [/hello]}]\nsigning:");
    environment.commit("A program.");
    environment.git(&["tag", "v1.3.0"]);
    let index = release(&environment);
    let _server = environment.serve();
    let run = environment.consign(&[
        "verify",
        "--key",
        "cosign.pub",
        "--output",
        "json",
        &environment.reference("team/hello:1.3.0"),
    ]);
    let record = run.expect(0).json()["releaseRecord"].clone();
    assert_eq!(record["requirements"], json!(["completeness", "provenance", "sbom"]));
    let tests = record["platforms"][0]["tests"].as_str().unwrap();
    let manifest = document(&environment, &index)["manifests"][0]["digest"].as_str().unwrap().to_owned();
    let referrers = referrers(&environment, &manifest);
    let trials: Vec<_> = referrers
        .iter()
        .filter(|(_, manifest)| states(manifest, "https://in-toto.io/attestation/test-result/v0.1"))
        .collect();
    assert_eq!((trials.len(), tests.len()), (1, 71));
    fs::remove_file(&trials[0].0).unwrap();
    let run = verify(&environment, "team/hello:1.3.0").expect(11);
    assert_eq!(run.error(), format!("error: the policy is not met: {host}: no trials\n"));
}

/// Releases two commits of the branch `main` one after the other, and puts `main` back on the first. Returns the digests of both.
fn branch_moved_back() -> (TestEnvironment, [String; 2]) {
    let environment = TestEnvironment::with_image();
    environment.commit("On the way.");
    let old = release(&environment);
    let tag = fs::read(tags(&environment).join("main")).unwrap();
    environment.write("hello.txt", "A fix for a hole.\n");
    environment.commit("Fix a hole.");
    let new = release(&environment);
    fs::write(tags(&environment).join("main"), tag).unwrap();
    (environment, [old, new])
}

#[test]
fn the_tag_of_a_branch_that_was_moved_back() {
    let (environment, [old, new]) = branch_moved_back();
    let _server = environment.serve();
    let run = verify(&environment, "team/hello:main").expect(12);
    assert!(run.stderr.contains("tag `main` was moved back") && run.stderr.contains(&new), "{}", run.stderr);
    let digest = verify(&environment, &format!("team/hello@{old}"));
    digest.expect(0);
    let both = verify(&environment, &format!("team/hello:main@{old}")).expect(12);
    assert!(both.stderr.contains("tag `main` was moved back"), "{}", both.stderr);
}

#[test]
fn a_damaged_record_of_a_later_release_hides_nothing() {
    let (environment, [_, new]) = branch_moved_back();
    let _server = environment.serve();
    let listed = referrers(&environment, &new);
    let record = "https://consign.dev/attestation/release-record/v1";
    let (_, manifest) = listed.iter().find(|(_, manifest)| states(manifest, record)).unwrap();
    let bundle = manifest["layers"][0]["digest"].as_str().unwrap().replace(':', "/");
    let path = environment.path(&format!("registry/blobs/{bundle}"));
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let run = verify(&environment, "team/hello:main").expect(12);
    let expected = [
        "whether `main` was moved back cannot be told: of what ",
        &format!(" names ({new}), release record of the index "),
        "was altered",
    ];
    assert!(expected.iter().all(|text| run.stderr.contains(text)), "{}", run.stderr);
}

#[test]
fn more_tags_than_are_looked_at_are_not_passed_over_in_silence() {
    let environment = TestEnvironment::with_image();
    environment.commit("On the way.");
    release(&environment);
    for number in 0..100 {
        fs::copy(tags(&environment).join("main"), tags(&environment).join(format!("branch-{number}"))).unwrap();
    }
    let _server = environment.serve();
    environment.log().clear();
    let run = verify(&environment, "team/hello:main").expect(0);
    assert_snapshot!(run.stderr, @"note: a later release was looked for under 48 other tags of the repository and not under 53 more, where it would go unnoticed");
    let asked = environment.log().requests().iter().filter(|line| line.starts_with("HEAD ")).count();
    assert_eq!(asked, 48);
    let reference = environment.reference("team/hello:main");
    let json = environment.consign(&["verify", "--key", "cosign.pub", "--output", "json", &reference]).expect(0).json();
    assert!(json["notes"][0].as_str().unwrap().contains("under 48 other tags"), "{json}");
}

#[test]
fn a_tag_beside_a_digest_must_name_it() {
    let environment = TestEnvironment::with_image();
    let old = release(&environment);
    environment.write("hello.txt", "A fix for a hole.\n");
    environment.commit("Fix a hole.");
    environment.git(&["tag", "v1.2.4"]);
    let new = release(&environment);
    let _server = environment.serve();
    verify(&environment, &format!("team/hello:latest@{new}")).expect(0);
    verify(&environment, &format!("team/hello:1.2.3@{old}")).expect(0);
    assert_snapshot!(verify(&environment, &format!("team/hello:latest@{old}")), @"
    status 12
    --- stderr
    error: verification failed: localhost:PORT1/team/hello:latest does not name sha256:000000000001…: it names sha256:000000000002…
    ");
    assert_snapshot!(verify(&environment, &format!("team/hello:1.2.4@{old}")), @"
    status 12
    --- stderr
    error: verification failed: localhost:PORT1/team/hello:1.2.4 is not what was released: the release record names localhost:PORT1/team/hello:1.2.3; localhost:PORT1/team/hello:1.2; localhost:PORT1/team/hello:1; localhost:PORT1/team/hello:latest; localhost:PORT1/mirror/hello:1.2.3; localhost:PORT1/mirror/hello:1.2; localhost:PORT1/mirror/hello:1; localhost:PORT1/mirror/hello:latest
    ");
    fs::remove_file(tags(&environment).join("1.2.3")).unwrap();
    assert_snapshot!(verify(&environment, &format!("team/hello:1.2.3@{old}")), @"
    status 12
    --- stderr
    error: verification failed: localhost:PORT1/team/hello:1.2.3 does not name sha256:000000000001…: it names nothing
    ");
}

#[test]
fn a_tag_of_something_else_is_no_concern() {
    let environment = TestEnvironment::with_image();
    environment.commit("On the way.");
    let index = release(&environment);
    // An image of Docker's first schema under another tag, as an old registry may keep it.
    let (known, other) =
        ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.v1+json");
    let bytes = format!(r#"{{"schemaVersion": 1, "mediaType": "{other}"}}"#);
    let digest = consign_oci::Digest::of(bytes.as_bytes());
    environment.write(&format!("registry/blobs/sha256/{}", digest.hex()), &bytes);
    let manifests = "registry/repositories/team/hello/_manifests";
    let entry = environment.read(&format!("{manifests}/{}", index.replace(':', "/")));
    assert!(entry.contains(known), "{entry}");
    environment.write(&format!("{manifests}/sha256/{}", digest.hex()), entry.replace(known, other));
    environment.write("registry/repositories/team/hello/_tags/old", digest.to_string());
    let _server = environment.serve();
    environment.log().clear();
    verify(&environment, "team/hello:main").expect(0);
    assert!(environment.log().requests().iter().any(|line| line.contains("GET /v2/team/hello/manifests/old 200")));
}
