//! cosign 3, where it is on `PATH`: it verifies ours, and we verify its own, all in bundles that refer to images.

use crate::common::{TestEnvironment, TestSigstore};
use consign_testkit::sigstore::claims;
use consign_testkit::tools::{Peer, find_major};
use serde_json::Value;

const PERSON: &str = "dev@example.com";
const NO_LOG: [&str; 2] = ["--use-signing-config=false", "--tlog-upload=false"];

/// A release, and cosign.
struct World {
    environment: TestEnvironment,
    cosign: Peer,
}

impl World {
    fn new(cosign: &Peer) -> Self {
        Self { environment: TestEnvironment::with_image(), cosign: cosign.clone() }
    }

    fn cosign(&self, arguments: &[&[&str]]) -> Result<String, String> {
        let mut command = self.environment.surrounded(self.cosign.command(), &self.environment.folder());
        command.env("COSIGN_PASSWORD", "").args(arguments.concat());
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        if output.status.success() { Ok(said) } else { Err(format!("{said}\n{error}")) }
    }

    fn image(&self) -> String {
        self.environment.reference("team/hello:1.2.3")
    }

    /// Returns the name of a platform's manifest.
    fn platform(&self) -> String {
        let index = self.environment.consign(&["inspect", "--raw", &self.image()]).expect(0).json();
        self.environment.reference(&format!("team/hello@{}", index["manifests"][0]["digest"].as_str().unwrap()))
    }

    /// Lets cosign verify a release and what is stated of a platform.
    fn is_verified(&self, who: &[&str]) {
        let found = self.cosign(&[&["verify"], who, &[&self.image()]]).unwrap();
        let found: Value = serde_json::from_str(&found).unwrap();
        let types = found.as_array().unwrap().iter().map(|found| found["critical"]["type"].as_str().unwrap());
        assert!(types.into_iter().any(|kind| kind == "https://sigstore.dev/cosign/sign/v1"), "{found}");
        for kind in ["spdxjson", "slsaprovenance1"] {
            let envelope = self.cosign(&[&["verify-attestation", "--type", kind], who, &[&self.platform()]]).unwrap();
            assert!(envelope.contains("payload"), "{envelope}");
        }
        self.cosign(&[&["verify-attestation", "--type", "vuln"], who, &[&self.platform()]]).unwrap_err();
        let tree = self.cosign(&[&["tree", "--allow-http-registry", &self.platform()]]).unwrap();
        assert!(tree.contains("https://spdx.dev/Document artifacts via OCI referrer"), "{tree}");
    }
}

#[test]
fn keys() {
    let Some(cosign) = find_major("cosign", 3) else { return };
    let world = World::new(&cosign);
    world.environment.consign(&["release"]).expect(0);
    let _server = world.environment.serve();
    let with = |key: &'static str| ["--key", key, "--insecure-ignore-tlog", "--allow-http-registry"];
    world.is_verified(&with("cosign.pub"));
    world.cosign(&[&["generate-key-pair", "--output-key-prefix", "their"]]).unwrap();
    world.cosign(&[&["verify"], &with("their.pub"), &[&world.image()]]).unwrap_err();

    let sign = ["--key", "their.key", "--allow-http-registry", "--yes"];
    world.cosign(&[&["sign", "--recursive"], &sign, &NO_LOG, &[&world.image()]]).unwrap();
    world.environment.write("claim.json", r#"{"tested": true}"#);
    let claim = ["--type", "custom", "--predicate", "claim.json"];
    world.cosign(&[&["attest"], &claim, &sign, &NO_LOG, &[&world.image()]]).unwrap();
    let image = world.image();
    let verify = ["verify", "--key", "their.pub", &image];
    world.environment.consign(&verify).expect(0);
    let statement =
        world.environment.consign(&[&verify[..], &["--type", "custom", "--output", "json"]].concat()).expect(0).stdout;
    assert!(statement.contains("tested"), "{statement}");

    // Its keys sign here, ours there.
    world.environment.write("blob", "bytes");
    for [signs, verifies] in [["their", "their"], ["cosign", "cosign"]] {
        let [key, public] = [format!("{signs}.key"), format!("{verifies}.pub")];
        let bundle = ["--bundle", "blob.json", "blob"];
        world.environment.consign(&[&["sign-blob", "--key", &key], &bundle[..]].concat()).expect(0);
        world.cosign(&[&["verify-blob", "--insecure-ignore-tlog", "--key", &public], &bundle]).unwrap();
        world.cosign(&[&["sign-blob", "--yes", "--key", &key], &NO_LOG, &bundle]).unwrap();
        world.environment.consign(&[&["verify-blob", "--key", &public], &bundle[..]].concat()).expect(0);
    }
}

#[test]
fn identities() {
    let Some(cosign) = find_major("cosign", 3) else { return };
    for version in [1, 2] {
        let (world, sigstore) = (World::new(&cosign), TestSigstore::start());
        let [services, root] = sigstore.files(&world.environment, version);
        let keyless = format!("  keyless: {{signing-config: '{services}', trusted-root: '{root}'}}\n");
        world.environment.replace("consign.yaml", "  key: cosign.key\n", &keyless);
        let token = sigstore.token(&claims::person(PERSON));
        world.environment.invocation().variable("SIGSTORE_ID_TOKEN", &token).run(&["release"]).expect(0);
        let _server = world.environment.serve();
        let who = |identity: &'static str| {
            [
                "--certificate-identity",
                identity,
                "--certificate-oidc-issuer",
                sigstore.issuer(),
                "--trusted-root",
                &root,
            ]
        };
        let by = |identity| [&who(identity)[..], &["--allow-http-registry"]].concat();
        world.is_verified(&by(PERSON));
        world.cosign(&[&["verify"], &by("eve@example.com"), &[&world.image()]]).unwrap_err();

        // What cosign asks of a log of version 1 is more than that of the test kit answers.
        if version == 1 {
            continue;
        }
        world.environment.consign(&["clean", "--type", "all", &world.image()]).expect(0);
        let image = world.image();
        let verify = [&["verify"], &who(PERSON)[..], &[&image]].concat();
        world.environment.consign(&verify).expect(13);
        let services = ["--signing-config", &services, "--trusted-root", &root, "--identity-token", "token"];
        world.environment.write("token", token);
        let registry = ["--allow-http-registry", "--yes", "--recursive"];
        world.cosign(&[&["sign"], &services, &registry, &[&image]]).unwrap();
        world.environment.consign(&verify).expect(0);
    }
}
