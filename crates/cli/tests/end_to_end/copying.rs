//! `copy`.

use crate::common::{Destination, TestEnvironment};
use consign_testkit::tools::peer;
use insta::assert_snapshot;
use serde_json::Value;

/// Releases an image of two platforms, signed, and returns the environment, the released name and its digest.
fn released() -> (TestEnvironment, String, String) {
    let environment = TestEnvironment::with_image();
    let report = environment.consign(&["release", "--output", "json"]).expect(0).json();
    let reference = environment.reference("team/hello:latest");
    (environment, reference, report["images"][0]["index"].as_str().unwrap().to_owned())
}

#[test]
fn what_was_signed_verifies_where_it_arrives() {
    let (environment, released, digest) = released();
    let _server = environment.serve();
    let mirror = Destination::start();
    let to = format!("{}/mirror/hello:1", mirror.host());
    assert_eq!(environment.consign(&["copy", &released, &to]).expect(0).stdout, format!("{digest}\n"));
    assert_eq!(mirror.tags_written().len(), 1);
    let by_digest = format!("{}/mirror/hello@{digest}", mirror.host());
    environment.consign(&["verify", &by_digest, "--key", "cosign.pub"]).expect(0);
    // Nothing is done twice.
    mirror.forget();
    let again = environment.consign(&["copy", &released, &to, "--output", "json"]).expect(0).json();
    assert_eq!((again["state"].as_str(), mirror.requests(), mirror.writes()), (Some("unchanged"), 1, 0));
    // And by way of files.
    for (place, name) in [("oci:layout:1", "one"), ("oci-archive:file.tar", "two"), ("store:copied", "three")] {
        environment.consign(&["copy", &to, place]).expect(0);
        let back = format!("{}/back/{name}:1", mirror.host());
        environment.consign(&["copy", place, &back]).expect(0);
        let by_digest = format!("{}/back/{name}@{digest}", mirror.host());
        environment.consign(&["verify", &by_digest, "--key", "cosign.pub"]).expect(0);
    }
}

#[test]
fn a_part_of_the_platforms_keeps_their_digests_and_signatures() {
    let (environment, released, digest) = released();
    let _server = environment.serve();
    let whole = environment.consign(&["inspect", "--raw", &released]).expect(0).json();
    environment.consign(&["copy", &released, "oci:layout:1", "--platform", "linux/arm64"]).expect(0);
    let part = environment.consign(&["inspect", "--raw", "oci:layout:1"]).expect(0);
    assert_ne!(consign_oci::Digest::of(part.stdout.as_bytes()).to_string(), digest);
    let part = part.json();
    assert_eq!(part["manifests"].as_array().unwrap().len(), 1);
    assert_eq!(part["manifests"][0], whole["manifests"][1]);
    let tree = environment.consign(&["tree", "oci:layout:1"]).expect(0).stdout;
    assert!(tree.contains("linux/arm64") && tree.contains("signature") && !tree.contains("linux/amd64"), "{tree}");
    assert_snapshot!(environment.consign(&["copy", &released, "oci:other", "--platform", "linux/s390x"]), @"
    status 1
    --- stderr
    error: localhost:PORT1/team/hello has no image for linux/s390x; it has linux/amd64, linux/arm64
    ");
}

#[test]
fn in_dockers_format_and_back() {
    let (environment, released, digest) = released();
    let _server = environment.serve();
    let mirror = Destination::start();
    let docker = format!("{}/mirror/hello:docker", mirror.host());
    let run = environment.consign(&["copy", &released, &docker, "--format", "docker"]).expect(0);
    let list: Value = environment.consign(&["inspect", "--raw", &docker]).expect(0).json();
    assert_eq!(list["mediaType"], "application/vnd.docker.distribution.manifest.list.v2+json");
    // What was released says when it was made, and of which commit: docker has no place for that.
    let said = run.stderr.replace(run.stdout.trim(), "NEW").replace(&digest, "OLD");
    let notes: Vec<&str> = said.lines().filter(|line| line.starts_with("note:")).collect();
    assert_snapshot!(notes.join("\n"), @"
    note: in docker's format the image has the digest NEW in place of OLD; signatures and all else about that one stay behind
    note: docker's format has no place for `annotations`, which is left out
    ");
    let tree = environment.consign(&["tree", &docker]).expect(0).stdout;
    assert!(!tree.contains("signature"), "{tree}");
    let oci = format!("oci:{}:1", environment.path("oci").display());
    environment.consign(&["copy", &docker, &oci, "--format", "oci"]).expect(0);
    let list: Value = environment.consign(&["inspect", "--raw", &oci]).expect(0).json();
    assert_eq!(list["mediaType"], "application/vnd.oci.image.index.v1+json");
    // Others take it for what it is, and make the same of it.
    let Some(skopeo) = peer("skopeo") else { return };
    let at = |name: &str| environment.path(name);
    let copy = |from: &str, to: &str, more: &[&str]| {
        let arguments = ["--insecure-policy", "copy", "--quiet", "--src-tls-verify=false"];
        skopeo.run(arguments.iter().chain(more).chain(&[from, &format!("dir:{}", at(to).display())])).unwrap();
        let manifest: Value = serde_json::from_slice(&std::fs::read(at(to).join("manifest.json")).unwrap()).unwrap();
        manifest
    };
    let from = format!("docker://{docker}");
    assert_eq!(copy(&from, "whole", &["--all"]), environment.consign(&["inspect", "--raw", &docker]).expect(0).json());
    let ours = copy(&from, "ours", &[]);
    let theirs = copy(&format!("docker://{released}"), "theirs", &["--format", "v2s2"]);
    assert_eq!((&ours["mediaType"], &ours["layers"]), (&theirs["mediaType"], &theirs["layers"]));
    assert_eq!(ours["config"]["mediaType"], theirs["config"]["mediaType"]);
    let theirs = copy(&oci, "back", &["--format", "v2s2"]);
    assert_eq!((&ours["mediaType"], &ours["layers"]), (&theirs["mediaType"], &theirs["layers"]));
}

#[test]
fn every_tag() {
    let (environment, released, digest) = released();
    let _server = environment.serve();
    let mirror = Destination::start();
    let (from, to) = (released.rsplit_once(':').unwrap().0, format!("{}/mirror/hello", mirror.host()));
    let tags = environment.consign(&["copy", "--all-tags", from, &to]).expect(0).stdout;
    assert!(tags.lines().count() > 2 && tags.lines().skip(1).all(|line| line.ends_with(&digest)), "{tags}");
    let again = environment.consign(&["copy", "--all-tags", from, &to, "--output", "json"]).expect(0).json();
    assert!(again["tags"].as_array().unwrap().iter().all(|tag| tag["state"] == "unchanged"), "{again}");
    assert_snapshot!(environment.consign(&["copy", "--all-tags", &released, "oci:layout"]), @"
    status 2
    --- stderr
    error: `--all-tags` copies every tag, and SRC names one image: localhost:PORT1/team/hello:latest
    hint: leave the tag or digest out
    ");
    assert_snapshot!(environment.consign(&["copy", "--all-tags", from, "store:x"]), @"
    status 2
    --- stderr
    error: `--all-tags` copies every tag, and DST names one image: store:x
    hint: leave the tag or digest out
    ");
}

#[test]
fn what_is_not_there_or_cannot_be_written() {
    let environment = TestEnvironment::new();
    assert_snapshot!(environment.consign(&["copy", "oci:absent", "oci:other"]), @"
    status 1
    --- stderr
    error: absent is not an OCI layout: it has no file `oci-layout`
    ");
    assert_snapshot!(environment.consign(&["copy", "store:absent", "oci:other"]), @"
    status 1
    --- stderr
    error: there is no image store:absent
    ");
    assert_snapshot!(environment.consign(&["copy", "store:absent", "docker-archive:x.tar"]), @"
    status 1
    --- stderr
    error: x.tar is not written: `docker-archive:` is read only, and `docker load` takes what `oci-archive:` writes
    ");
    assert!(!environment.path("other").exists());
    // A tag would not be written beside it.
    let to = format!("localhost:1/team/app:1@sha256:{}", "0".repeat(64));
    let refused = [&["copy", "store:absent", &to][..], &["promote", "store:absent", &to, "--key", "cosign.pub"]];
    let [copy, promote] = refused.map(|command| environment.consign(command).to_string());
    assert_snapshot!(copy, @"
    status 2
    --- stderr
    error: DST is given a tag, and localhost:1/team/app:1@sha256:000000000001… names a digest
    hint: leave the digest out
    ");
    assert_eq!(copy, promote);
}
