//! `download blob` and `export`, and the bytes that `inspect` prints.

use crate::common::{Destination, TestEnvironment};
use consign_oci::Digest;
use consign_testkit::registry::Fault;
use consign_testkit::tools::peer;
use insta::assert_snapshot;
use std::fs;
use std::process::{Command, Stdio};

/// Builds an image of two platforms and copies it to a registry. Returns its name there.
fn copied(environment: &TestEnvironment, registry: &Destination) -> String {
    environment.consign(&["build", "hello", "--to", "oci:layout:1"]).expect(0);
    let image = format!("{}/team/hello:1", registry.host());
    environment.consign(&["copy", "oci:layout:1", &image]).expect(0);
    image
}

/// Returns what the program writes to standard output, which may be no text.
fn bytes(environment: &TestEnvironment, arguments: &[&str]) -> Vec<u8> {
    let output = environment.invocation().command(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn a_blob_comes_whole_or_not_at_all() {
    let environment = TestEnvironment::with_image();
    let registry = Destination::start();
    let image = copied(&environment, &registry);
    let manifest = environment.consign(&["inspect", "--platform", "linux/arm64", &image]).expect(0).json();
    let digest = manifest["layers"][0]["digest"].as_str().unwrap();
    let blob = format!("{image}@{digest}");
    let layer = bytes(&environment, &["download", "blob", &blob]);
    assert_eq!(Digest::of(&layer).to_string(), digest);
    environment.write("file", "old");
    let local = format!("oci:layout@{digest}");
    for blob in [&blob, &local] {
        environment.consign(&["download", "blob", blob, "-o", "file"]).expect(0);
        assert!(fs::read(environment.path("file")).unwrap() == layer);
    }
    let absent = format!("{image}@{}", Digest::of(b"absent"));
    assert_snapshot!(environment.consign(&["download", "blob", &absent, "-o", "absent"]).to_string().replace(&registry.host(), "HOST"), @"
    status 1
    --- stderr
    error: HOST/team/hello has no sha256:000000000001…
    hint: `consign inspect --raw REF` names the blobs of an image; manifests are no blobs
    ");
    assert_snapshot!(environment.consign(&["download", "blob", &image]).to_string().replace(&registry.host(), "HOST"), @"
    status 2
    --- stderr
    error: invalid value 'HOST/team/hello:1' for '<REF@DIGEST>': `HOST/team/hello:1` names no blob: its digest must follow, as in `ghcr.io/team/app@sha256:…`

    For more information, try '--help'.
    ");
    // Others of that length, and more than there should be.
    for text in [vec![b'x'; layer.len()], [&layer[..], b"x"].concat()] {
        let text: &'static [u8] = text.leak();
        registry.fail(1, |method, path| method == "GET" && path.contains("/blobs/"), move || Fault::bytes(text));
        let run = environment.consign(&["download", "blob", &blob, "-o", "file"]).expect(1);
        assert!(run.error().contains(digest) || run.error().contains("do not match"), "{run}");
        assert!(fs::read(environment.path("file")).unwrap() == layer);
    }
    let left: Vec<_> = fs::read_dir(environment.folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".consign-")), "{left:?}");
}

#[test]
fn the_file_system_of_a_platform_is_one_archive() {
    let environment = TestEnvironment::with_image();
    let registry = Destination::start();
    let image = copied(&environment, &registry);
    let tar = ["--to-stdout", "-x", "srv/data"];
    for reference in [&image, "oci:layout:1"] {
        environment.consign(&["export", "--platform", "linux/arm64", reference, "root.tar"]).expect(0);
        let output = Command::new("tar").arg("-f").arg(environment.path("root.tar")).args(tar).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "for arm64\n");
    }
    let written = fs::read(environment.path("root.tar")).unwrap();
    assert!(bytes(&environment, &["export", "--platform", "linux/arm64", &image, "-"]) == written);
    // A reader that has gone away is no failure.
    assert!(bytes(&environment, &["export", "--platform", "linux/arm64", &image]) == written);
    let mut child = environment.invocation().command(&["export", "--platform", "linux/arm64", &image]);
    let mut child = child.stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
    assert_snapshot!(environment.consign(&["export", "--platform", "linux/s390x", &image, "none.tar"]), @"
    status 1
    --- stderr
    error: the image has no linux/s390x; it has linux/amd64, linux/arm64
    ");
    assert!(!environment.path("none.tar").exists());
    // Nothing of what was fetched stays.
    let store: Vec<_> =
        fs::read_dir(environment.beside("store")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(store.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{store:?}");
}

#[test]
fn inspect_prints_what_skopeo_does() {
    let Some(skopeo) = peer("skopeo") else { return };
    let environment = TestEnvironment::with_image();
    let registry = Destination::start();
    let image = copied(&environment, &registry);
    let of_skopeo = |arguments: &[&str]| {
        let name = format!("docker://{image}");
        let all = [arguments, &["--tls-verify=false", &*name]].concat();
        skopeo.run(all).unwrap()
    };
    let ours =
        |arguments: &[&str]| environment.consign(&[&["inspect"], arguments, &[&*image]].concat()).expect(0).stdout;
    assert_eq!(ours(&["--raw"]), of_skopeo(&["inspect", "--raw"]));
    for architecture in ["amd64", "arm64"] {
        let platform = format!("linux/{architecture}");
        let config = of_skopeo(&["--override-arch", architecture, "inspect", "--config", "--raw"]);
        assert_eq!(ours(&["--config", "--raw", "--platform", &platform]), config);
        assert_eq!(ours(&["--config", "--platform", &platform]), config);
        let manifest = ours(&["--raw", "--platform", &platform]);
        let by_digest =
            environment.consign(&["inspect", "--raw", &format!("{image}@{}", Digest::of(manifest.as_bytes()))]);
        assert_eq!(by_digest.expect(0).stdout, manifest);
    }
}
