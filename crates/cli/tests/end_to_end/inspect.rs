//! `inspect` and `tree`.

use crate::common::TestEnvironment;
use insta::assert_snapshot;

#[test]
fn shows_what_lies_at_a_registry() {
    let environment = TestEnvironment::with_image();
    let report = environment.consign(&["release", "--output", "json"]).expect(0).json();
    let _server = environment.serve();
    let reference = environment.reference("team/hello:latest");

    let raw = environment.consign(&["inspect", "--raw", &reference]).expect(0);
    let index: serde_json::Value = raw.json();
    let platforms: Vec<String> =
        index["manifests"].as_array().unwrap().iter().map(|one| one["platform"].to_string()).collect();
    assert_eq!(platforms, [r#"{"architecture":"amd64","os":"linux"}"#, r#"{"architecture":"arm64","os":"linux"}"#]);
    assert_eq!(consign_oci::Digest::of(raw.stdout.as_bytes()).to_string(), report["images"][0]["index"]);

    assert_snapshot!(environment.consign(&["tree", &reference]), @"
    status 0
    --- stdout
    localhost:PORT1/team/hello:latest  sha256:000000000001  1.3 kB
    ├── release record                 sha256:000000000002
    ├── signature                      sha256:000000000003
    ├── linux/amd64                    sha256:000000000004  636 B
    │   ├── provenance                 sha256:000000000005
    │   ├── sbom                       sha256:000000000006
    │   └── signature                  sha256:000000000007
    └── linux/arm64                    sha256:000000000008  636 B
        ├── provenance                 sha256:000000000009
        ├── sbom                       sha256:000000000010
        └── signature                  sha256:000000000011
    ");
    let tree = environment.consign(&["tree", &reference, "--output", "json"]).expect(0).json();
    assert_eq!(tree["children"].as_array().unwrap().len(), 4);

    let config =
        environment.consign(&["inspect", "--config", "--platform", "linux/arm64", &reference]).expect(0).json();
    assert_eq!(config["architecture"], "arm64");
    assert_eq!(config["config"]["Entrypoint"][0], "/bin/hello");
    let manifest = environment.consign(&["inspect", "--platform", "linux/arm64", &reference]).expect(0);
    assert_eq!(manifest.json()["layers"].as_array().unwrap().len(), 1);
    assert!(
        manifest.stderr.starts_with(report["images"][0]["rows"][1]["digest"].as_str().unwrap()),
        "{}",
        manifest.stderr
    );

    // The image of one platform is that of its platform.
    let arm64 = report["images"][0]["rows"][1]["digest"].as_str().unwrap();
    let arm64 = environment.reference(&format!("team/hello@{arm64}"));
    let same = environment.consign(&["inspect", "--platform", "linux/arm64", &arm64]).expect(0);
    assert_eq!(same.stdout, manifest.stdout);
    let error = environment.consign(&["inspect", "--platform", "linux/amd64", &arm64]).expect(1).error();
    assert_eq!(error, "error: the image has no linux/amd64; it has linux/arm64\n");
    assert_snapshot!(environment.consign(&["inspect", "--platform", "linux/s390x", &reference]), @"
    status 1
    --- stderr
    error: the image has no linux/s390x; it has linux/amd64, linux/arm64
    ");
    assert_snapshot!(environment.consign(&["inspect", &environment.reference("team/none:latest")]), @"
    status 1
    --- stderr
    error: there is no image localhost:PORT1/team/none:latest
    ");
    assert_snapshot!(environment.consign(&["tree", &environment.reference("team/hello:0.1")]), @"
    status 1
    --- stderr
    error: there is no image localhost:PORT1/team/hello:0.1
    ");
}

#[test]
fn a_reference_that_is_none() {
    let environment = TestEnvironment::new();
    assert_snapshot!(environment.consign(&["inspect", "docker-archive:x.tar"]), @"
    status 1
    --- stderr
    error: cannot open x.tar
      caused by: No such file or directory (os error 2)
    ");
    assert_snapshot!(environment.consign(&["inspect", "oci:nowhere"]), @"
    status 1
    --- stderr
    error: nowhere is not an OCI layout: it has no file `oci-layout`
    ");
    assert_snapshot!(environment.consign(&["inspect", "localhost:5000/Team"]), @"
    status 2
    --- stderr
    error: invalid value 'localhost:5000/Team' for '<REF>': `localhost:5000/Team` does not name a repository: the path must be lower-case

    For more information, try '--help'.
    ");
}
