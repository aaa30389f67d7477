//! `sync` of images that are signed and attested where they arrive.

use crate::advisories::{self, advise};
use crate::common::{Destination, Run, TestEnvironment, TestSigstore};
use crate::signed_elsewhere::cosign;
use crate::syncing::released;
use consign_testkit::registry::Fault;
use consign_testkit::sigstore::Service;
use consign_testkit::tools::peer;
use serde_json::{Value, json};

const WORKFLOW: &str = "https://github.com/octo/app/.github/workflows/release.yaml@refs/heads/main";
const COPY_RECORD: &str = "https://consign.dev/attestation/copy-record/v1";

/// An image of two platforms that nobody signed, and where it is mirrored to.
struct World {
    environment: TestEnvironment,
    from: Destination,
    to: Destination,
    signing: String,
}

impl World {
    fn new() -> Self {
        Self::of(TestEnvironment::with_image())
    }

    fn of(environment: TestEnvironment) -> Self {
        let (from, to) = (Destination::start(), Destination::start());
        environment.consign(&["build", "--to", "oci-archive:hello.tar"]).expect(0);
        let name = format!("{}/app:1", from.host());
        environment.consign(&["copy", "--no-referrers", "oci-archive:hello.tar", &name]).expect(0);
        Self { environment, from, to, signing: "{key: cosign.key}".to_owned() }
    }

    fn image(&self) -> String {
        format!("{}/mirror:1", self.to.host())
    }

    /// Writes a list of one entry, with these keys beside those of every entry, and this beside the list.
    fn list(&self, keys: &str, more: &str) {
        let (from, to, signing) = (self.from.host(), self.to.host(), &self.signing);
        let entry = format!("{{source: '{from}/app:1', destination: '{to}/mirror:1'{keys}}}");
        self.environment.write("mirrors.yaml", format!("sync: [{entry}]\nsigning: {signing}\n{more}"));
    }

    fn sync(&self, more: &[&str]) -> Run {
        self.environment.consign(&[&["sync", "-f", "mirrors.yaml"], more].concat())
    }

    /// Mirrors, and returns the state, and how much was signed and attested.
    fn synced(&self, more: &[&str]) -> (String, Value, Value) {
        let report = self.sync(&[&["--output", "json"], more].concat()).expect(0).json();
        let image = &report["entries"][0]["images"][0];
        (image["state"].as_str().unwrap().to_owned(), image["signed"].clone(), image["attested"].clone())
    }

    /// Returns the statements of a type, signed with the key, about an image or its platforms.
    fn stated(&self, predicate_type: &str) -> Vec<Value> {
        let verify = ["verify", "--key", "cosign.pub", "--type", predicate_type, "--output", "json"];
        let lines = self.environment.consign(&[&verify[..], &[&self.image()]].concat()).expect(0).stdout;
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn requests(&self) -> usize {
        self.from.requests() + self.to.requests()
    }

    fn forget(&self) {
        self.from.forget();
        self.to.forget();
    }
}

fn outcome(state: &str, signed: usize, attested: usize) -> (String, Value, Value) {
    (state.to_owned(), json!(signed), json!(attested))
}

#[test]
fn an_image_is_signed_and_attested_before_a_tag_names_it() {
    let world = World::new();
    world.list(", sign: true, attest: [sbom, copied-from]", "");
    // The index and two platforms; an SBOM of each platform, and from where it came.
    assert_eq!(world.synced(&["--dry-run"]), outcome("copied", 3, 3));
    assert_eq!(world.to.writes(), 0);
    assert_eq!(world.synced(&[]), outcome("copied", 3, 3));
    let records = world.to.records();
    let last = records.iter().rfind(|record| record.writes()).unwrap();
    assert_eq!((&last.method[..], &last.path[..]), ("PUT", "/v2/mirror/manifests/1"));
    assert_eq!(world.to.tags_written(), ["mirror:1"]);

    world.environment.consign(&["verify", "--key", "cosign.pub", &world.image()]).expect(0);
    assert_eq!(world.stated("spdxjson").len(), 2);
    let records = world.stated(COPY_RECORD);
    let digest = world.environment.consign(&["digest", &world.image()]).expect(0).stdout.trim().to_owned();
    let record = &records[0]["predicate"];
    assert_eq!(record["source"], format!("{}/app:1@{digest}", world.from.host()), "{records:?}");
    assert_eq!((&record["destination"], &record["verifiedBy"]), (&json!(world.image()), &Value::Null));

    // Nothing is done again. It takes one request for each side, one for the index, one for what is attached to each of three, and two for each of four
    // statements; where it is only signed, one for what is attached to the index, and two for its signature.
    for (keys, requests) in [(", sign: true, attest: [sbom, copied-from]", 14), (", sign: true", 5), ("", 2)] {
        world.list(keys, "");
        for more in [&[][..], &["--dry-run"]] {
            world.forget();
            let ended = world.sync(more).expect(0);
            assert_eq!(ended.stdout, "");
            assert_eq!((world.requests(), world.to.writes()), (requests, 0), "{keys}: {:#?}", world.to.lines());
        }
    }
}

#[test]
fn what_is_there_and_not_signed_is_signed_and_nothing_is_copied() {
    for keys in [", sign: true", ", sign: true, immutable: '.*'"] {
        let world = World::new();
        world.list("", "");
        world.sync(&[]).expect(0);
        world.forget();
        world.list(keys, "");
        assert_eq!(world.synced(&["--dry-run"]), outcome("unchanged", 3, 0), "{keys}");
        let ended = world.sync(&[]).expect(0);
        assert!(ended.stdout.contains("/mirror:1  unchanged, 3 signed  sha256:"), "{}", ended.stdout);
        assert!(
            ended.stderr.contains("Altogether 0 manifests written by digest; of their blobs 0 sent"),
            "{}",
            ended.stderr
        );
        assert_eq!(world.to.tags_written(), Vec::<String>::new(), "{keys}");
        let asked = world.from.lines();
        assert!(asked.iter().all(|line| line.contains(" /v2/app/manifests/1 ")), "{keys}: {asked:#?}");
        world.environment.consign(&["verify", "--key", "cosign.pub", &world.image()]).expect(0);
        assert_eq!(world.synced(&[]), outcome("unchanged", 0, 0), "{keys}");
        // Only of what `always` says everything is looked at again, and nothing signed twice.
        let ended = world.sync(&["--always", "--output", "json"]).expect(0).json();
        assert_eq!(ended["entries"][0]["images"][0]["signed"], 0, "{keys}");
    }
}

#[test]
fn what_cannot_be_signed_has_no_tag_and_stops_no_other() {
    let world = World::new();
    let (from, to) = (world.from.host(), world.to.host());
    let entry = |name: &str| format!("{{source: '{from}/app:1', destination: '{to}/{name}:1', sign: true}}");
    let list = format!("sync: [{}, {}]\nsigning: {{key: cosign.key}}\n", entry("bad"), entry("good"));
    world.environment.write("mirrors.yaml", list);
    world.to.hook(|head| head.uri.path().starts_with("/v2/bad/referrers/").then(|| Fault::status(403)));
    let ended = world.sync(&[]).expect(6);
    assert!(ended.stdout.contains("/bad:1   failed") && ended.stdout.contains("copied, 3 signed"), "{}", ended.stdout);
    assert!(ended.stderr.contains("/bad:1 could not be signed and attested"), "{}", ended.stderr);
    assert_eq!(world.to.tags_written(), ["good:1"]);
    // Whoever has no key learns it before anything is asked.
    world.forget();
    world.environment.replace("mirrors.yaml", "cosign.key", "absent.key");
    let ended = world.sync(&[]).expect(1);
    assert!(ended.stderr.contains("absent.key") && world.requests() == 0, "{}", ended.stderr);
}

#[test]
fn cosign_verifies_mirrored_images_in_the_older_form() {
    let Some(program) = peer("cosign") else { return };
    let mut world = World::new();
    world.signing = "{key: cosign.key, format: both}".to_owned();
    world.list(", sign: true, attest: sbom", "");
    assert_eq!(world.synced(&[]), outcome("copied", 3, 2));
    let raw = world.environment.consign(&["inspect", "--raw", &world.image()]).expect(0).stdout;
    let list: Value = serde_json::from_str(&raw).unwrap();
    let platforms = list["manifests"].as_array().unwrap().iter();
    let mut names: Vec<String> = platforms
        .map(|entry| world.image().replace(":1", &format!("@{}", entry["digest"].as_str().unwrap())))
        .collect();
    let options =
        ["--key", "cosign.pub", "--insecure-ignore-tlog", "--allow-http-registry", "--allow-insecure-registry"];
    for name in &names {
        let sbom = [&["verify-attestation", "--type", "spdxjson"], &options[..], &[name]].concat();
        cosign(&world.environment, &program, &sbom);
    }
    names.push(world.image());
    for name in &names {
        cosign(&world.environment, &program, &[&["verify"], &options[..], &[name]].concat());
    }
    assert_eq!(world.synced(&[]), outcome("unchanged", 0, 0));
}

#[test]
fn a_job_mirrors_and_signs_without_a_key() {
    let (mut world, sigstore) = (World::new(), TestSigstore::start());
    let [services, root] = sigstore.files(&world.environment, 2);
    world.signing = format!("{{keyless: {{signing-config: '{services}', trusted-root: '{root}'}}}}");
    world.list(", sign: true, attest: [sbom, copied-from]", "");
    for (state, signed, attested) in [("copied", 3, 3), ("unchanged", 0, 0)] {
        let sync = ["sync", "-f", "mirrors.yaml", "--output", "json"];
        let report = sigstore.job(&world.environment).run(&sync).expect(0).json();
        let image = &report["entries"][0]["images"][0];
        assert_eq!(image["state"], state, "{report:#}");
        assert_eq!((&image["signed"], &image["attested"]), (&json!(signed), &json!(attested)), "{report:#}");
        // One certificate, and an entry of the log for each statement, of the first run alone.
        assert_eq!([Service::Authority, Service::Log].map(|service| sigstore.requests(service)), [1, 6]);
    }
    let who = ["--certificate-identity", WORKFLOW, "--certificate-oidc-issuer", sigstore.issuer()];
    let image = world.image();
    let verify = [&["verify"], &who[..], &["--trusted-root", &root, &image]].concat();
    world.environment.consign(&verify).expect(0);
}

#[test]
fn what_is_known_against_an_image_is_stated_anew_only_where_it_changes() {
    let world = World::of(advisories::environment());
    let policy = "policy: {advisories: {databases: [advisories], maximum-severity: critical}}\n";
    world.list(", attest: vuln", "");
    let ended = world.sync(&[]).expect(3);
    assert!(ended.stderr.contains("nothing says which advisories"), "{}", ended.stderr);
    world.list(", attest: vuln", policy);
    assert_eq!(world.synced(&["--dry-run"]), outcome("copied", 0, 2));
    assert_eq!(world.synced(&[]), outcome("copied", 0, 2));
    assert_eq!(world.synced(&[]), outcome("unchanged", 0, 0));
    let found = |world: &World| -> Vec<usize> {
        let statements = world.stated("vuln");
        let result = |statement: &Value| statement["predicate"]["scanner"]["result"].clone();
        let results = statements.iter().map(result);
        let mut found: Vec<usize> = results.map(|result| result["vulnerabilities"].as_array().unwrap().len()).collect();
        found.sort_unstable();
        found
    };
    assert_eq!(found(&world), [0, 1]);
    // Another database that finds the same is no news.
    advise(&world.environment, "CVE-2026-8", Some("0.2"), Some("low"));
    assert_eq!(world.synced(&[]), outcome("unchanged", 0, 0));
    advise(&world.environment, "CVE-2026-7", None, Some("low"));
    assert_eq!(world.synced(&["--dry-run"]), outcome("unchanged", 0, 1));
    assert_eq!(world.synced(&[]), outcome("unchanged", 0, 1));
    // It takes the place of the older one.
    assert_eq!(found(&world), [0, 2]);
}

#[test]
fn who_signed_what_consign_did_not_release_may_be_required() {
    let (world, sigstore) = (World::new(), TestSigstore::start());
    let [services, root] = sigstore.files(&world.environment, 2);
    let (issuer, from) = (sigstore.issuer(), format!("{}/app:1", world.from.host()));
    let certificate = |identity: &str| {
        format!(", require: {{certificate: {{identity: '{identity}', issuer: '{issuer}', trusted-root: '{root}'}}}}")
    };
    let keyless = ["sign", "--signing-config", &services, "--trusted-root", &root, &from];
    for (require, other, sign) in [
        (", require: {key: cosign.pub}".to_owned(), None, &["sign", "--key", "cosign.key", &from][..]),
        (certificate(WORKFLOW), Some(certificate(&WORKFLOW.replace("octo", "eve"))), &keyless[..]),
    ] {
        world.list(&require, "");
        world.sync(&["--dry-run"]).expect(13);
        sigstore.job(&world.environment).run(sign).expect(0);
        world.sync(&["--dry-run"]).expect(0);
        if let Some(other) = other {
            world.list(&other, "");
            world.sync(&["--dry-run"]).expect(13);
        }
    }
}

#[test]
fn each_of_several_must_have_signed() {
    let environment = TestEnvironment::with_image();
    let (_released, from) = released(&environment);
    let mirrored = Destination::start();
    let to = format!("{}/mirror", mirrored.host());
    environment.consign(&["keygen", "--output-key-prefix", "other"]).expect(0);
    let require = "[{key: cosign.pub, receipts: [sbom]}, {key: other.pub}]";
    let list = format!("sync: [{{source: '{from}', destination: '{to}', require: {require}}}]\n");
    environment.write("mirrors.yaml", list);
    let ended = environment.consign(&["sync", "-f", "mirrors.yaml"]).expect(13);
    assert!(ended.stderr.contains("is not let in\n") && ended.stderr.contains("not signed by key"), "{}", ended.stderr);
    assert_eq!(mirrored.writes(), 0);
    environment.consign(&["sign", "--key", "other.key", &from]).expect(0);
    environment.consign(&["sync", "-f", "mirrors.yaml"]).expect(0);
    assert_eq!(mirrored.tags_written(), ["mirror:latest"]);
}
