//! Statements of OpenVEX that are attached to an image, and whose of them count.

use crate::advisories::environment;
use crate::common::{Destination, OpenArchive, Run, TestEnvironment, attach};
use crate::signed_elsewhere::{SIGN, cosign};
use consign_oci::Digest;
use consign_receipt::Statement;
use consign_sign::PrivateKey;
use consign_testkit::registry::Fault;
use consign_testkit::tools::peer;
use serde_json::{Value, json};

const VERSIONED: &str = "https://openvex.dev/ns/v0.2.0";
const PLAIN: &str = "https://openvex.dev/ns";
const POLICY: &str = "policy:\n  advisories:\n    databases: [advisories]\n    maximum-severity: low\n";
const UNSIGNED: &str =
    "an attached document of OpenVEX does not count: nobody signed it whom the policy names for `vex`";

/// A document about the advisory that speaks against the image on arm64.
fn document(status: &str, products: Value, time: &str) -> Value {
    json!({
        "@context": VERSIONED, "@id": "https://example.org/vex", "author": "security@example.org", "timestamp": time, "version": 1,
        "statements": [{
            "vulnerability": {"name": "CVE-2026-1"}, "products": products, "status": status,
            "justification": "vulnerable_code_not_present",
        }],
    })
}

fn harmless() -> Value {
    document("not_affected", json!([]), "2026-01-01T00:00:00Z")
}

/// Names whoever has the key in a policy.
fn named(environment: &TestEnvironment, key: &PrivateKey, about: &str) -> String {
    environment.write("security.pub", key.public().to_pem());
    format!("{POLICY}  identities: [{{key: security.pub, for: {about}}}]\n")
}

/// Returns why documents do not count, as a scan says.
fn warnings(run: &Run) -> Vec<String> {
    let all = run.json()["warnings"].as_array().cloned().unwrap_or_default();
    let all = all.iter().filter_map(Value::as_str).filter(|warning| warning.contains("OpenVEX"));
    all.map(str::to_owned).collect()
}

#[test]
fn a_scan_hears_whom_the_policy_names() {
    let environment = environment();
    let digests = environment.consign(&["release", "--quiet", "--output", "json"]).expect(0).digests();
    let [index, amd64, arm64] = &digests[..] else { panic!("{digests:?}") };
    let _server = environment.serve();
    let repository = environment.reference("team/hello");
    let image = environment.reference("team/hello:latest");
    let (security, stranger) = (PrivateKey::generate().unwrap(), PrivateKey::generate().unwrap());
    environment.write("policy.yaml", named(&environment, &security, "vex"));
    let scan = || environment.consign(&["scan", "--policy", "policy.yaml", "--output", "json", &image]);
    assert_eq!(warnings(&scan().expect(15)), [""; 0]);
    let digest = |text: &str| text.parse::<Digest>().unwrap();
    let both = ["linux/amd64", "linux/arm64"];
    let other = document("not_affected", json!(["pkg:oci/other"]), "2026-01-01T00:00:00Z");
    // What was attached before stays.
    for (about, predicate_type, claim, key, status, unheard) in [
        (amd64, VERSIONED, harmless(), Some(&security), 15, &[][..]),
        (index, VERSIONED, other, Some(&security), 15, &[]),
        (index, "https://openvex.dev/nsx", harmless(), Some(&security), 15, &[]),
        (arm64, VERSIONED, harmless(), None, 15, &both[1..]),
        (index, PLAIN, harmless(), Some(&stranger), 15, &both),
        (arm64, VERSIONED, harmless(), Some(&security), 0, &both),
        (
            index,
            PLAIN,
            document("affected", json!([format!("pkg:oci/hello@{index}")]), "2026-02-01T00:00:00Z"),
            Some(&security),
            15,
            &both,
        ),
        (index, PLAIN, document("fixed", json!([index]), "2026-03-01T00:00:00Z"), Some(&security), 0, &both),
    ] {
        attach(&repository, &Statement::new(&digest(about), predicate_type, claim.clone()), key);
        let run = scan().expect(status);
        let expected: Vec<String> = unheard.iter().map(|platform| format!("{platform}: {UNSIGNED}")).collect();
        assert_eq!(warnings(&run), expected, "{about} {predicate_type} {claim}");
    }
    let found = &scan().expect(0).json()["advisories"][0];
    assert_eq!((&found["judgement"], &found["ignored"]["owner"]), (&json!("ignored"), &json!("security@example.org")));
    // What a platform is called by its own digest alone, its index says nothing about.
    let by_digest = format!("{repository}@{arm64}");
    environment.consign(&["scan", "--policy", "policy.yaml", &by_digest]).expect(0);

    // Whoever is named for something else is not heard, and what nobody is named for is not asked for.
    environment.write("policy.yaml", named(&environment, &security, "[provenance, trials]"));
    environment.log().clear();
    assert_eq!(warnings(&scan().expect(15)), [""; 0]);
    let asked = environment.log().requests().into_iter().filter(|line| line.contains("/referrers/")).count();
    assert_eq!(asked, 0);
    environment.write("policy.yaml", named(&environment, &stranger, "vex"));
    assert_eq!(warnings(&scan().expect(0)), both.map(|platform| format!("{platform}: {UNSIGNED}")));
}

#[test]
fn what_is_signed_and_malformed_is_told() {
    let environment = environment();
    let digests = environment.consign(&["release", "--quiet", "--output", "json"]).expect(0).digests();
    let _server = environment.serve();
    let security = PrivateKey::generate().unwrap();
    let claim = json!({"@context": "https://spdx.dev", "author": "a"});
    let statement = Statement::new(&digests[0].parse().unwrap(), VERSIONED, claim);
    attach(&environment.reference("team/hello"), &statement, Some(&security));
    environment.write("policy.yaml", named(&environment, &security, "vex"));
    let image = environment.reference("team/hello:latest");
    let run = environment.consign(&["scan", "--policy", "policy.yaml", "--output", "json", &image]).expect(15);
    let expected = "linux/amd64: an attached document of OpenVEX does not count: its `@context` is `https://spdx.dev`";
    assert!(warnings(&run)[0].starts_with(expected), "{:?}", warnings(&run));
}

#[test]
fn a_registry_that_lists_no_referrers_has_them_under_a_tag() {
    let environment = environment();
    let digests = environment.consign(&["release", "--quiet", "--output", "json"]).expect(0).digests();
    let registry = Destination::start_with(|options| options.referrers_api = false);
    let repository = format!("{}/team/hello", registry.host());
    {
        let _server = environment.serve();
        let image = environment.reference("team/hello:latest");
        environment.consign(&["copy", "--no-referrers", &image, &format!("{repository}:1")]).expect(0);
    }
    let security = PrivateKey::generate().unwrap();
    environment.write("policy.yaml", named(&environment, &security, "vex"));
    let scan = || environment.consign(&["scan", "--policy", "policy.yaml", &format!("{repository}:1")]);
    scan().expect(15);
    let statement = Statement::new(&digests[0].parse().unwrap(), PLAIN, harmless());
    attach(&repository, &statement, Some(&security));
    scan().expect(0);
    // That nobody says what there is does not mean that there is nothing.
    registry.hook(|head| head.uri.path().contains("/manifests/sha256-").then(|| Fault::status(403)));
    let refused = scan();
    assert!(refused.status != 0 && refused.status != 15, "{refused}");
    environment.write("policy.yaml", POLICY);
    scan().expect(15);
}

#[test]
fn what_cosign_attests_counts() {
    let Some(program) = peer("cosign") else { return };
    let environment = environment();
    let digests = environment.consign(&["release", "--quiet", "--output", "json"]).expect(0).digests();
    let _server = environment.serve();
    cosign(&environment, &program, &["generate-key-pair", "--output-key-prefix", "their"]);
    environment.write("predicate.json", harmless().to_string());
    let attest = ["attest", "--new-bundle-format", "--type", "openvex", "--predicate", "predicate.json"];
    let image = format!("{}@{}", environment.reference("team/hello"), digests[0]);
    cosign(&environment, &program, &[&attest[..], &SIGN, &[&image]].concat());
    environment.write("policy.yaml", format!("{POLICY}  identities: [{{key: their.pub, for: vex}}]\n"));
    environment.consign(&["scan", "--policy", "policy.yaml", &image]).expect(0);
    environment.write("policy.yaml", format!("{POLICY}  identities: [{{key: cosign.pub, for: vex}}]\n"));
    environment.consign(&["scan", "--policy", "policy.yaml", &image]).expect(15);
}

#[test]
fn a_release_hears_what_came_with_an_archive() {
    let environment = environment();
    let security = PrivateKey::generate().unwrap();
    let policy =
        named(&environment, &security, "vex").replace("policy:\n", "policy:\n  require: [completeness, sbom]\n");
    environment.replace("consign.yaml", "signing:\n", &format!("{policy}signing:\n"));
    environment.consign(&["build", "--quiet", "--to", "oci-archive:both.tar"]).expect(0);
    environment.consign(&["build", "--quiet", "--platform", "linux/arm64", "--to", "oci-archive:arm64.tar"]).expect(0);
    environment.consign(&["build", "--quiet", "--platform", "linux/amd64", "--to", "oci-archive:amd64.tar"]).expect(0);
    let release = |from: &[&str]| {
        let from: Vec<String> = from.iter().map(|name| format!("oci-archive:{name}.tar")).collect();
        let from = from.iter().flat_map(|from| ["--from", from]);
        environment.consign(&["release"].into_iter().chain(from).collect::<Vec<_>>())
    };
    let apart = ["amd64", "arm64"];
    assert!(!release(&apart).expect(15).stderr.contains("OpenVEX"));
    let with = |name: &str, key: Option<&PrivateKey>| {
        let archive = OpenArchive::open(&environment.path(&format!("{name}.tar")));
        let statement = Statement::new(&archive.manifest.digest, VERSIONED, harmless());
        match key {
            Some(key) => archive.signed(&statement, key),
            None => archive.claim(&statement),
        }
        .write();
    };
    // What is about the other platform, or nobody who counts has said.
    with("amd64", Some(&security));
    release(&apart).expect(15);
    with("arm64", None);
    with("arm64", Some(&PrivateKey::generate().unwrap()));
    let refused = release(&apart).expect(15);
    assert!(refused.stderr.contains(UNSIGNED), "{refused}");
    assert!(!environment.path("registry").exists());

    // What is about the index that they came in.
    release(&["both"]).expect(15);
    with("both", Some(&security));
    release(&["both"]).expect(0);
    with("arm64", Some(&security));
    release(&apart).expect(0);
    let _server = environment.serve();
    let image = environment.reference("team/hello:latest");
    environment.consign(&["verify", "--key", "cosign.pub", &image]).expect(0);
    // Those about platforms go on with them, signed with the key of the release.
    let tree = environment.consign(&["tree", &image]).expect(0).stdout;
    assert_eq!(tree.matches("vex").count(), 2, "{tree}");
    environment.write("policy.yaml", format!("{POLICY}  identities: [{{key: cosign.pub, for: vex}}]\n"));
    environment.consign(&["scan", "--policy", "policy.yaml", &image]).expect(0);
}
