//! Provenance and SBOMs in the index itself, as BuildKit puts them there.

use crate::common::TestEnvironment;
use consign_testkit::tools::peer;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn environment() -> TestEnvironment {
    let environment = TestEnvironment::with_image();
    environment.replace("consign.yaml", "signing:", "    embed-attestations: true\nsigning:");
    environment
}

#[test]
fn statements_lie_in_the_index_where_that_is_asked_for() {
    let environment = environment();
    environment.consign(&["release"]).expect(0);
    let again = environment.consign(&["release"]).expect(0);
    assert!(again.stderr.contains("publish cached: 0 written"), "{}", again.stderr);
    let _server = environment.serve();
    let image = environment.reference("team/hello:1.2.3");
    let index = environment.consign(&["inspect", "--raw", &image]).expect(0).json();
    let entries = index["manifests"].as_array().unwrap();
    assert_eq!(entries.len(), 4);
    for (image, about) in entries[..2].iter().zip(&entries[2..]) {
        assert_eq!(about["platform"], json!({ "os": "unknown", "architecture": "unknown" }));
        let annotations = json!({
            "vnd.docker.reference.digest": image["digest"],
            "vnd.docker.reference.type": "attestation-manifest",
        });
        assert_eq!(about["annotations"], annotations);
        let name = environment.reference(&format!("team/hello@{}", about["digest"].as_str().unwrap()));
        let manifest = environment.consign(&["inspect", "--raw", &name]).expect(0).json();
        let types = manifest["layers"].as_array().unwrap().iter().map(|layer| {
            assert_eq!(layer["mediaType"], "application/vnd.in-toto+json");
            layer["annotations"]["in-toto.io/predicate-type"].as_str().unwrap().to_owned()
        });
        let mut types: Vec<String> = types.collect();
        types.sort();
        assert_eq!(types, ["https://slsa.dev/provenance/v1", "https://spdx.dev/Document"]);
    }
    // The signed ones are beside it as ever, for the platforms that are images.
    let verified = environment.consign(&["verify", "--key", "cosign.pub", "--output", "json", &image]).expect(0).json();
    assert_eq!(verified["manifests"].as_array().unwrap().len(), 3, "{verified}");
    environment.consign(&["copy", &image, "oci:mirror-layout:1"]).expect(0);
    environment.consign(&["verify", "--key", "cosign.pub", "oci:mirror-layout:1"]).expect(0);
}

/// `docker buildx imagetools inspect` shows both.
#[test]
fn buildx_shows_them() {
    let Some(buildx) = peer("docker-buildx") else { return };
    let environment = environment();
    environment.consign(&["release"]).expect(0);
    let _server = environment.serve();
    let variables = BTreeMap::from([("HOME".to_owned(), environment.beside("home").display().to_string())]);
    let image = environment.reference("team/hello:1.2.3");
    let show = |format: &str| -> Value {
        let line = ["imagetools", "inspect", "--format", format, &image];
        serde_json::from_str(&buildx.run_with(&variables, line).unwrap()).unwrap()
    };
    let (sboms, provenance) = (show("{{json .SBOM}}"), show("{{json .Provenance}}"));
    for platform in ["linux/amd64", "linux/arm64"] {
        assert_eq!(sboms[platform]["SPDX"]["spdxVersion"], "SPDX-2.3", "{sboms}");
        assert_eq!(
            provenance[platform]["SLSA"]["buildDefinition"]["buildType"], "https://consign.dev/build/v1",
            "{provenance}"
        );
    }
}
