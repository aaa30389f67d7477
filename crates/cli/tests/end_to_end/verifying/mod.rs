//! `verify`, of images that consign released and of others, on a registry that says what it is asked.

mod attested;
mod embedded;
mod nested;
mod offline;
mod requests;
mod summary;
mod told;
mod unlisted;

use crate::common::{Destination, Run, TestEnvironment};
use consign_oci::Digest;
use serde_json::Value;

/// An image that nobody has signed yet, on a registry, and a key.
struct World {
    environment: TestEnvironment,
    registry: Destination,
}

impl World {
    fn new(referrers_api: bool) -> Self {
        Self::of(&["amd64", "arm64"], referrers_api)
    }

    /// Makes the image for these architectures.
    fn of(architectures: &[&str], referrers_api: bool) -> Self {
        let environment = TestEnvironment::with_image();
        let platforms: Vec<String> = architectures.iter().map(|architecture| format!("linux/{architecture}")).collect();
        environment.replace("image.yaml", "linux/amd64, linux/arm64", &platforms.join(", "));
        for architecture in architectures {
            environment.write(&format!("data/{architecture}"), format!("for {architecture}\n"));
        }
        let registry = Destination::start_with(|options| options.referrers_api = referrers_api);
        environment.consign(&["build", "--to", "oci:built:1"]).expect(0);
        let world = Self { environment, registry };
        world.run(&["copy", "--no-referrers", "oci:built:1", &world.image()]).expect(0);
        world
    }

    fn image(&self) -> String {
        format!("{}/team/plain:1", self.registry.host())
    }

    fn run(&self, arguments: &[&str]) -> Run {
        self.environment.consign(arguments)
    }

    /// Runs a command on the image.
    fn on(&self, arguments: &[&str]) -> Run {
        self.run(&[arguments, &[&self.image()]].concat())
    }

    /// Signs the image and all of its platforms.
    fn sign(&self, format: &str) {
        self.on(&["sign", "--key", "cosign.key", "--signature-format", format]).expect(0);
    }

    /// Attests something of a type about the index, or about a platform.
    fn attest(&self, kind: &str, platform: Option<&str>, document: &Value) {
        self.environment.write("predicate.json", document.to_string());
        let attest = ["attest", "--key", "cosign.key", "--predicate", "predicate.json", "--type", kind];
        let platform = platform.map(|platform| vec!["--platform", platform]).unwrap_or_default();
        self.on(&[&attest[..], &platform].concat()).expect(0);
    }

    fn verify(&self, arguments: &[&str]) -> Run {
        self.on(&[&["verify", "--key", "cosign.pub"], arguments].concat())
    }

    /// Returns the digests of the index and of its platforms.
    fn digests(&self) -> Vec<Digest> {
        let index = self.on(&["inspect", "--raw"]).expect(0).stdout;
        let list: Value = serde_json::from_str(&index).unwrap();
        let platforms = list["manifests"].as_array().unwrap().iter();
        let platforms = platforms.map(|entry| entry["digest"].as_str().unwrap().parse().unwrap());
        [Digest::of(index.as_bytes())].into_iter().chain(platforms).collect()
    }
}
