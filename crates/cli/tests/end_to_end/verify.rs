use crate::common::{Run, TestEnvironment};
use insta::assert_snapshot;
use serde_json::Value;
use std::fs;

/// A release, and the digests in it.
struct Released {
    environment: TestEnvironment,
    index: String,
}

impl Released {
    fn new() -> Self {
        let environment = TestEnvironment::with_image();
        let report = environment.consign(&["release", "--output", "json"]).expect(0).json();
        let index = report["images"][0]["index"].as_str().unwrap().to_owned();
        // What is asked for is what lies there: nobody serves or sends anything by the configuration.
        fs::remove_file(environment.path("consign.yaml")).unwrap();
        Self { environment, index }
    }

    fn verify(&self, arguments: &[&str]) -> Run {
        let reference = self.environment.reference("team/hello:1.2.3");
        self.environment.consign(&[&["verify", "--key", "cosign.pub", &reference], arguments].concat())
    }

    fn blob(&self, digest: &str) -> String {
        format!("registry/blobs/{}", digest.replace(':', "/"))
    }

    fn document(&self, digest: &str) -> Value {
        serde_json::from_str(&self.environment.read(&self.blob(digest))).unwrap()
    }

    /// Returns the digest of the first platform's manifest.
    fn manifest(&self) -> String {
        self.document(&self.index)["manifests"][0]["digest"].as_str().unwrap().to_owned()
    }

    /// Returns the digest of the bundle about `subject` that states `predicate_type`.
    fn bundle(&self, subject: &str, predicate_type: &str) -> String {
        let folder = format!("registry/repositories/team/hello/_referrers/{}", subject.replace(':', "/"));
        let entries = fs::read_dir(self.environment.path(&folder)).unwrap();
        let manifests = entries.map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            self.document(&name.replacen('-', ":", 1))
        });
        let stated = |manifest: &Value| {
            manifest["annotations"]["dev.sigstore.bundle.predicateType"]
                .as_str()
                .is_some_and(|stated| stated == predicate_type)
        };
        let manifest = manifests.into_iter().find(stated).unwrap();
        manifest["layers"][0]["digest"].as_str().unwrap().to_owned()
    }

    /// Changes one byte of a blob for as long as `body` runs.
    fn altered<T>(&self, digest: &str, body: impl FnOnce() -> T) -> T {
        let path = self.environment.path(&self.blob(digest));
        let whole = fs::read(&path).unwrap();
        let mut bytes = whole.clone();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
        let result = body();
        fs::write(&path, whole).unwrap();
        result
    }
}

#[test]
fn checks_everything_from_the_tag_down() {
    let released = Released::new();
    let _server = released.environment.serve();
    assert_snapshot!(released.verify(&[]), @"
    status 0
    --- stdout
    MANIFEST     SIGNED                       DIGEST
    index        release record, signature    sha256:000000000001…
    linux/amd64  provenance, sbom, signature  sha256:000000000002…
    linux/arm64  provenance, sbom, signature  sha256:000000000003…

    linux/amd64: SPDX-2.3, 1 package; built by https://consign.dev/builder
    linux/arm64: SPDX-2.3, 1 package; built by https://consign.dev/builder
    signed by key sha256:000000000004…
    verified  localhost:PORT1/team/hello:1.2.3  hello 1.2.3, 14 checks
    ");
    assert_snapshot!(released.verify(&["--content"]).expect(0).stdout.lines().last().unwrap().contains("; every layer was hashed"), @"true");
    let by_digest = released.environment.reference(&format!("mirror/hello@{}", released.index));
    released.environment.consign(&["verify", "--key", "cosign.pub", &by_digest]).expect(0);
    let json = released.verify(&["--output", "json"]).expect(0).json();
    assert_eq!(json["index"], released.index);
    assert_eq!(json["releaseRecord"]["version"], "1.2.3");
    let of: Vec<&str> = json["manifests"].as_array().unwrap().iter().filter_map(|one| one["of"].as_str()).collect();
    assert_eq!(of, ["index", "linux/amd64", "linux/arm64"]);
}

#[test]
fn says_what_was_altered() {
    let released = Released::new();
    let _server = released.environment.serve();
    let manifest = released.manifest();
    let config = released.document(&manifest)["config"]["digest"].as_str().unwrap().to_owned();
    let cases = [
        (released.index.clone(), "index"),
        (manifest.clone(), "linux/amd64 manifest"),
        (config, "linux/amd64 config"),
        (released.bundle(&manifest, "https://spdx.dev/Document"), "SBOM"),
        (released.bundle(&manifest, "https://slsa.dev/provenance/v1"), "provenance"),
        (released.bundle(&manifest, "https://sigstore.dev/cosign/sign/v1"), "signature"),
        (released.bundle(&released.index, "https://sigstore.dev/cosign/sign/v1"), "signature"),
        (released.bundle(&released.index, "https://consign.dev/attestation/release-record/v1"), "release record"),
    ];
    let mut said = String::new();
    for (digest, what) in cases {
        let run = released.altered(&digest, || released.verify(&[])).expect(12);
        said.push_str(&format!("{what}: {}\n", run.error().lines().collect::<Vec<_>>().join(" / ")));
    }
    assert_snapshot!(said, @"
    index: error: verification failed: manifest of the index sha256:000000000001… was altered: its bytes do not match its digest
    linux/amd64 manifest: error: verification failed: manifest of linux/amd64 sha256:000000000001… was altered: its bytes do not match its digest
    linux/amd64 config: error: verification failed: config of linux/amd64 sha256:000000000001… was altered: its bytes do not match its digest
    SBOM: error: verification failed: sbom of linux/amd64 sha256:000000000001… was altered: its bytes do not match its digest
    provenance: error: verification failed: provenance of linux/amd64 sha256:000000000001… was altered: its bytes do not match its digest
    signature: error: verification failed: signature of linux/amd64 sha256:000000000001… was altered: its bytes do not match its digest
    signature: error: verification failed: signature of the index sha256:000000000001… was altered: its bytes do not match its digest
    release record: error: verification failed: release record of the index sha256:000000000001… was altered: its bytes do not match its digest
    ");
    released.verify(&[]).expect(0);
}

#[test]
fn an_altered_layer_is_found_when_content_is_read() {
    let released = Released::new();
    let _server = released.environment.serve();
    let layer = released.document(&released.manifest())["layers"][0]["digest"].as_str().unwrap().to_owned();
    let (without, with) = released.altered(&layer, || (released.verify(&[]), released.verify(&["--content"])));
    without.expect(0);
    assert_snapshot!(with, @"
    status 12
    --- stderr
    error: verification failed: layer of linux/amd64 sha256:000000000001… was altered: its bytes do not match its digest
    ");
}

#[test]
fn something_that_is_missing_is_named() {
    let released = Released::new();
    let _server = released.environment.serve();
    let environment = &released.environment;
    let manifest = released.manifest();
    let link = format!("registry/repositories/team/hello/_manifests/{}", manifest.replace(':', "/"));
    fs::remove_file(environment.path(&link)).unwrap();
    let run = released.verify(&[]);
    assert_snapshot!(run, @"
    status 12
    --- stderr
    error: verification failed: manifest of linux/amd64 sha256:000000000001… is missing
    ");
    assert_snapshot!(environment.consign(&["verify", "--key", "cosign.pub", &environment.reference("team/hello:9")]), @"
    status 14
    --- stderr
    error: there is no image localhost:PORT1/team/hello:9
    ");
}

#[test]
fn a_stripped_signature_is_missed() {
    let released = Released::new();
    let _server = released.environment.serve();
    let referrers = format!("registry/repositories/team/hello/_referrers/{}", released.manifest().replace(':', "/"));
    fs::remove_dir_all(released.environment.path(&referrers)).unwrap();
    assert_snapshot!(released.verify(&[]), @"
    status 13
    --- stderr
    error: not signed by key sha256:000000000001…: manifest of linux/amd64 sha256:000000000002…
    hint: was it signed with another key? `consign tree REF` shows what is attached
    ");
}

#[test]
fn another_key_is_not_enough() {
    let released = Released::new();
    let _server = released.environment.serve();
    let environment = &released.environment;
    environment.consign(&["keygen", "--output-key-prefix", "other"]).expect(0);
    let reference = environment.reference("team/hello:1.2.3");
    let run = environment.consign(&["verify", "--key", "other.pub", &reference]);
    assert_snapshot!(run, @"
    status 13
    --- stderr
    error: not signed by key sha256:000000000001…: manifest of the index sha256:000000000002…; manifest of linux/amd64 sha256:000000000003…; manifest of linux/arm64 sha256:000000000004…; there are 8 signatures or attestations by others, which say that they are by key sha256:000000000005…
    hint: was it signed with another key? `consign tree REF` shows what is attached
    ");
    let private = environment.consign(&["verify", "--key", "cosign.key", &reference]);
    assert_snapshot!(private, @"
    status 1
    --- stderr
    error: cannot read the public key in cosign.key
      caused by: expected `PUBLIC KEY`, but the file says `ENCRYPTED SIGSTORE PRIVATE KEY`
    hint: this is the private key: whoever verifies needs the public one, which `consign public-key --key FILE` prints
    ");
}

#[test]
fn an_unsigned_image_is_told_apart() {
    let environment = TestEnvironment::with_image();
    environment.replace("consign.yaml", "signing:\n  key: cosign.key\n", "");
    environment.consign(&["release"]).expect(0);
    let _server = environment.serve();
    assert_snapshot!(environment.consign(&["verify", "--key", "cosign.pub", &environment.reference("team/hello:latest")]), @"
    status 13
    --- stderr
    error: not signed by key sha256:000000000001…: manifest of the index sha256:000000000002…; manifest of linux/amd64 sha256:000000000003…; manifest of linux/arm64 sha256:000000000004…
    hint: was it signed with another key? `consign tree REF` shows what is attached
    ");
}

#[test]
fn a_registry_that_is_down_says_nothing_about_the_image() {
    let released = Released::new();
    assert_snapshot!(released.verify(&[]), @"
    status 14
    --- stderr
    error: cannot ask localhost:PORT1/team/hello for the image
      caused by: GET http://localhost:PORT1/v2/team/hello/manifests/1.2.3: connection refused
    hint: is the registry running, and is its name right?
    ");
}

#[test]
fn a_tag_moved_back_is_noticed() {
    let environment = TestEnvironment::with_image();
    environment.consign(&["release"]).expect(0);
    let tags = environment.path("registry/repositories/team/hello/_tags");
    let old = fs::read(tags.join("latest")).unwrap();
    environment.write("hello.txt", "A fix for a hole.\n");
    environment.commit("Fix a hole.");
    environment.git(&["tag", "v1.2.4"]);
    environment.consign(&["release"]).expect(0);
    let _server = environment.serve();
    let latest = environment.reference("team/hello:latest");
    environment.consign(&["verify", "--key", "cosign.pub", &latest]).expect(0);

    fs::write(tags.join("latest"), &old).unwrap();
    assert_snapshot!(environment.consign(&["verify", "--key", "cosign.pub", &latest]), @"
    status 12
    --- stderr
    error: verification failed: tag `latest` was moved back, or the release of 1.2.4 has not moved it yet: it names 1.2.3 (sha256:000000000001…), but 1.2.4 (sha256:000000000002…) was released under it later; if that release was interrupted, run it again
    ");
    // Under its own tag the older release is what it was.
    environment.consign(&["verify", "--key", "cosign.pub", &environment.reference("team/hello:1.2.3")]).expect(0);
    // A tag that no release gave it.
    fs::write(tags.join("stable"), &old).unwrap();
    assert_snapshot!(environment.consign(&["verify", "--key", "cosign.pub", &environment.reference("team/hello:stable")]), @"
    status 12
    --- stderr
    error: verification failed: localhost:PORT1/team/hello:stable is not what was released: the release record names localhost:PORT1/team/hello:1.2.3; localhost:PORT1/team/hello:1.2; localhost:PORT1/team/hello:1; localhost:PORT1/team/hello:latest; localhost:PORT1/mirror/hello:1.2.3; localhost:PORT1/mirror/hello:1.2; localhost:PORT1/mirror/hello:1; localhost:PORT1/mirror/hello:latest
    ");
}
