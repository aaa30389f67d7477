//! The example as people run it, on the distribution's own packages, and what other programs say of the result.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;
mod cosign;
mod page;
mod surroundings;

use common::{TestEnvironment, free_port};
use consign_testkit::tools::{not_run, peer};
use page::Page;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const PLATFORMS: [&str; 3] = ["linux/amd64", "linux/arm64", "linux/ppc64le"];

#[test]
fn the_example_is_released_and_others_agree() {
    if !Path::new("/etc/apt").is_dir() {
        return not_run("a machine with apt sources");
    }
    let page = Page { port: free_port() };
    let environment = example(&page);
    let report = environment.consign(&["release", "--output", "json"]).expect(0).json();
    assert_every_stage_is(&report, "ok");
    environment.log().clear();

    let again = environment.consign(&["release", "--output", "json"]).expect(0).json();
    assert_every_stage_is(&again, "ok or cached");
    assert_eq!(environment.log().writes(), [""; 0]);

    let _server = environment.serve();
    let first = environment.reference("hello/web:1.0.0");
    let second = environment.reference("mirror/hello-web:1.0.0");
    for reference in [&first, &second] {
        environment.consign(&["verify", "--content", "--key", "cosign.pub", reference]).expect(0);
    }
    skopeo_lists_and_copies(&environment, [&first, &second]);
    cosign::believes(&environment, &report, "hello/web");
    page.is_served_by_podman(&environment, &first, "amd64");
    page.is_served_by_podman(&environment, &first, "arm64");
}

/// Copies the example, with ports that nobody uses.
fn example(page: &Page) -> TestEnvironment {
    let environment = TestEnvironment::new();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/hello");
    for file in ["consign.yaml", "image.yaml", "nginx.conf", "site/index.html"] {
        environment.write(file, fs::read(example.join(file)).unwrap());
    }
    environment.replace("consign.yaml", "localhost:5080", &environment.registry());
    environment.replace("nginx.conf", "8080", &page.port.to_string());
    environment.commit("The example.");
    environment.git(&["tag", "v1.0.0"]);
    environment
}

fn assert_every_stage_is(report: &Value, outcomes: &str) {
    let rows = report["images"][0]["rows"].as_array().unwrap();
    let platforms: Vec<&str> = rows.iter().map(|row| row["platform"].as_str().unwrap()).collect();
    assert_eq!(platforms, PLATFORMS);
    for row in rows {
        let stages = row["stages"].as_object().unwrap();
        assert_eq!(stages.len(), 7, "{row}");
        assert!(stages.values().all(|outcome| outcomes.contains(outcome.as_str().unwrap())), "{row}");
    }
}

fn skopeo_lists_and_copies(environment: &TestEnvironment, references: [&str; 2]) {
    let Some(skopeo) = peer("skopeo") else { return };
    let raw = |reference: &str| {
        let arguments = ["inspect", "--raw", "--tls-verify=false", &format!("docker://{reference}")];
        skopeo.run(arguments).unwrap()
    };
    let index = raw(references[0]);
    assert_eq!(index, raw(references[1]));
    let index: Value = serde_json::from_str(&index).unwrap();
    let manifests = index["manifests"].as_array().unwrap();
    let platform = |manifest: &Value| {
        let part = |key: &str| manifest["platform"][key].as_str().unwrap().to_owned();
        format!("{}/{}", part("os"), part("architecture"))
    };
    assert_eq!(manifests.iter().map(platform).collect::<Vec<_>>(), PLATFORMS);
    for reference in references {
        for architecture in ["amd64", "arm64", "ppc64le"] {
            let folder = format!("oci:{}", environment.beside(&format!("copy-{architecture}")).display());
            let source = format!("docker://{reference}");
            let select = ["--override-os=linux", &format!("--override-arch={architecture}")];
            let copy = ["copy", "--quiet", "--src-tls-verify=false", &source, &folder];
            skopeo.run(select.iter().copied().chain(copy)).unwrap();
        }
    }
    let names = |reference: &str| {
        let (repository, _) = reference.rsplit_once(':').unwrap();
        let listed = skopeo.run(["list-tags", "--tls-verify=false", &format!("docker://{repository}")]).unwrap();
        let listed: Value = serde_json::from_str(&listed).unwrap();
        let tags = listed["Tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap().to_owned());
        tags.collect::<BTreeSet<_>>()
    };
    // Nothing else: no tag for a platform is left behind.
    let tags = ["1", "1.0", "1.0.0", "latest"].map(str::to_owned);
    assert!(references.iter().all(|reference| names(reference) == BTreeSet::from(tags.clone())));
}
