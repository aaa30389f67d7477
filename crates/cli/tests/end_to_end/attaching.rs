//! Signatures and attestations that are attached to images where they lie: cosign verifies ours, and we verify cosign's.

use crate::common::{Destination, TestEnvironment};
use crate::signed_elsewhere::{SIGN, cosign};
use consign_testkit::tools::peer;
use serde_json::Value;

/// An image of two platforms that nobody signed, and a key.
struct World {
    environment: TestEnvironment,
    registry: Destination,
}

impl World {
    fn new(referrers_api: bool) -> Self {
        let environment = TestEnvironment::with_image();
        let registry = Destination::start_with(|options| options.referrers_api = referrers_api);
        environment.consign(&["build", "--to", "oci-archive:hello.tar"]).expect(0);
        let world = Self { environment, registry };
        world.run(&["copy", "--no-referrers", "oci-archive:hello.tar", &world.image()]).expect(0);
        world
    }

    fn image(&self) -> String {
        format!("{}/team/plain:1", self.registry.host())
    }

    fn run(&self, arguments: &[&str]) -> crate::common::Run {
        self.environment.consign(arguments)
    }

    /// Runs a command on the image.
    fn on(&self, arguments: &[&str]) -> crate::common::Run {
        self.run(&[arguments, &[&self.image()]].concat())
    }

    fn verify(&self, key: &str) -> crate::common::Run {
        self.on(&["verify", "--key", key])
    }

    /// Returns what is listed about the index.
    fn attached(&self) -> Vec<String> {
        let tree = self.on(&["tree", "--output", "json"]).expect(0).json();
        let children = tree["children"].as_array().unwrap().iter();
        let leaves = children.filter(|child| child.get("children").is_none() && child.get("size").is_none());
        leaves.map(|child| child["label"].as_str().unwrap().to_owned()).collect()
    }
}

/// What cosign needs to verify what is in no log, on a registry without TLS.
const VERIFY: [&str; 5] =
    ["--key", "cosign.pub", "--insecure-ignore-tlog", "--allow-http-registry", "--allow-insecure-registry"];

#[test]
fn cosign_verifies_what_is_signed_in_the_older_form() {
    let Some(program) = peer("cosign") else { return };
    let world = World::new(true);
    let signed =
        world.on(&["sign", "--key", "cosign.key", "--signature-format", "both", "-a", "team=base", "--output", "json"]);
    let signed = signed.expect(0).json();
    let manifests = signed[0]["manifests"].as_array().unwrap();
    assert_eq!(manifests.len(), 3);
    let all = |parts: &[&[&str]]| cosign(&world.environment, &program, &parts.concat());
    let repository = world.image().replace(":1", "");
    for manifest in manifests {
        assert_eq!((&manifest["signed"], &manifest["removed"]), (&Value::from(true), &Value::from(0)));
        let name = format!("{repository}@{}", manifest["digest"].as_str().unwrap());
        let found = all(&[&["verify", "-a", "team=base"], &VERIFY, &[&name]]);
        let found: Value = serde_json::from_str(&found).unwrap();
        assert_eq!(found[0]["critical"]["identity"]["docker-reference"], *repository, "{found}");
        assert_eq!(found[0]["critical"]["image"]["docker-manifest-digest"], manifest["digest"]);
    }
    world.verify("cosign.pub").expect(0);
    let tree = all(&[&["tree", "--allow-http-registry"], &[&world.image()]]);
    assert!(tree.contains(".sig"), "{tree}");

    world.environment.write("sbom.json", r#"{"spdxVersion":"SPDX-2.3","name":"hello"}"#);
    let attest = [
        "attest",
        "--key",
        "cosign.key",
        "--type",
        "spdxjson",
        "--predicate",
        "sbom.json",
        "--signature-format",
        "both",
    ];
    world.on(&attest).expect(0);
    let envelope: Value =
        serde_json::from_str(&all(&[&["verify-attestation", "--type", "spdxjson"], &VERIFY, &[&world.image()]]))
            .unwrap();
    assert_eq!(envelope["payloadType"], "application/vnd.in-toto+json");
    let downloaded = world.on(&["download", "sbom"]).expect(0).stdout;
    assert_eq!(serde_json::from_str::<Value>(&downloaded).unwrap()["name"], "hello");
}

#[test]
fn annotations_with_commas_between_them() {
    let world = World::new(true);
    world.on(&["sign", "--key", "cosign.key", "-a", "a=1,b=2", "-a", "c=3", "-a", "\"d=4,5\""]).expect(0);
    for wanted in [&["-a", "a=1,b=2"][..], &["-a", "c=3,a=1"], &["-a", "b=2", "-a", "c=3"], &["-a", "\"d=4,5\""]] {
        world.on(&[&["verify", "--key", "cosign.pub"], wanted].concat()).expect(0);
    }
    world.on(&["verify", "--key", "cosign.pub", "-a", "a=1,b=3"]).expect(12);
    world.on(&["verify", "--key", "cosign.pub", "-a", "a=1,,b=2"]).expect(2);
    for command in [&["verify", "--key", "cosign.pub"], &["sign", "--key", "cosign.key"]] {
        let run = world.on(&[&command[..], &["-a", "a=1,b=2", "-a", "a=2"]].concat()).expect(2);
        assert!(run.error().contains("says two things of `a`: `1` and `2`"), "{run}");
        world.on(&[&command[..], &["-a", "a=1,a=1"]].concat()).expect(0);
    }
}

#[test]
fn a_policy_alone_says_whose_signatures_count() {
    let world = World::new(true);
    for name in ["first", "second", "third"] {
        world.run(&["keygen", "--output-key-prefix", name]).expect(0);
    }
    world.on(&["sign", "--key", "second.key"]).expect(0);
    let policy = |identities: &str| {
        world
            .environment
            .write("policies/policy.yaml", format!("policy: {{require: [completeness], identities: {identities}}}\n"));
    };
    let verify = |more: &[&str]| world.on(&[&["verify", "--policy", "policies/policy.yaml"], more].concat());
    // Names are of files beside the policy.
    let [first, second, third] =
        ["first", "second", "third"].map(|name| format!("{{key: ../{name}.pub, for: signatures}}"));
    policy(&format!("[{first}, {second}]"));
    let by = verify(&["--output", "json"]).expect(0).json();
    assert_eq!(by["verified"], true);
    let copied = format!("{}/copied/plain:1", world.registry.host());
    world.run(&["promote", "--policy", "policies/policy.yaml", &world.image(), &copied]).expect(0);
    // The command line says it otherwise.
    assert!(verify(&["--key", "first.pub"]).expect(13).error().contains("not signed by key"));
    policy(&format!("[{first}, {third}]"));
    verify(&["--key", "second.pub"]).expect(0);
    let run = verify(&[]).expect(13);
    assert_eq!(run.error().matches("key sha256:").count(), 2 + 1, "two that count, and whose it is: {run}");
    world.run(&["promote", "--policy", "policies/policy.yaml", &world.image(), &copied]).expect(13);
    // Whose statements count for something else is not who signs.
    policy("[{key: ../second.pub, for: provenance}]");
    let run = verify(&[]).expect(2);
    assert!(
        run.stderr.contains("nobody says whose signature is asked for") && run.stderr.contains("`for: signatures`"),
        "{run}"
    );
    let run = world.on(&["verify"]).expect(2);
    assert!(run.stderr.contains("`--policy FILE` alone"), "{run}");
    // What is said of certificates is not lost on a policy that names keys.
    policy(&format!("[{second}]"));
    verify(&["--insecure-ignore-sct"]).expect(2);
    policy("[{key: ../absent.pub, for: signatures}]");
    verify(&[]).expect(3);
}

/// The older form is shown beside the newer one: of each manifest, in the repository of the image or another.
#[test]
fn a_tree_shows_the_older_form() {
    let world = World::new(true);
    world.environment.write("claim.json", r#"{"tested":true}"#);
    let elsewhere = format!("{}/team/signatures", world.registry.host());
    for (repository, platforms) in [(None, 2), (Some(elsewhere.as_str()), 2)] {
        let run = |arguments: &[&str]| {
            let invocation = world.environment.invocation();
            let invocation = match repository {
                Some(repository) => invocation.variable("COSIGN_REPOSITORY", repository),
                None => invocation,
            };
            invocation.run(&[arguments, &[&world.image()]].concat()).expect(0)
        };
        let older = ["--key", "cosign.key", "--signature-format", "legacy"];
        run(&[&["sign"], &older[..]].concat());
        run(&[&["attest", "--type", "vuln", "--predicate", "claim.json"], &older[..]].concat());
        let tree = run(&["tree", "--output", "json"]).json();
        let tagged = |node: &Value| -> Vec<Value> {
            let children = node["children"].as_array().into_iter().flatten();
            children.filter(|child| child.get("tag").is_some()).cloned().collect()
        };
        let tag =
            |node: &Value, suffix: &str| format!("{}.{suffix}", node["digest"].as_str().unwrap().replace(':', "-"));
        let [signatures, attestations] = &tagged(&tree)[..] else { panic!("{tree}") };
        assert_eq!(
            (&signatures["tag"], &signatures["label"]),
            (&tag(&tree, "sig").into(), &"signatures (.sig)".into())
        );
        assert_eq!(signatures["children"][0]["label"], "signature");
        assert!(signatures["children"][0]["size"].as_u64().unwrap() > 0);
        assert_eq!(attestations["tag"], tag(&tree, "att"));
        assert_eq!(attestations["children"][0]["label"], "https://cosign.sigstore.dev/attestation/vuln/v1");
        let of_platforms = tree["children"].as_array().unwrap().iter().filter(|child| child.get("tag").is_none());
        let signed: Vec<Value> = of_platforms.flat_map(tagged).collect();
        assert_eq!(signed.iter().map(|node| &node["label"]).collect::<Vec<_>>(), vec!["signatures (.sig)"; platforms]);
        let text = run(&["tree"]).stdout;
        assert_eq!(
            (text.matches("signatures (.sig)").count(), text.matches("attestations (.att)").count()),
            (3, 1),
            "{text}"
        );
    }
    // What lies in the repository of the image is not shown in place of what lies elsewhere.
    let nowhere = format!("{}/team/nothing", world.registry.host());
    let run = world.environment.invocation().variable("COSIGN_REPOSITORY", &nowhere).run(&["tree", &world.image()]);
    assert!(!run.expect(0).stdout.contains(".sig"));
    // An SBOM that nobody signed.
    let digest = world.on(&["digest"]).expect(0).stdout.trim().replace(':', "-");
    let sbom = format!("{}/team/plain:{digest}.sbom", world.registry.host());
    world.run(&["tag", &world.image(), &format!("{digest}.sbom")]).expect(0);
    let text = world.on(&["tree"]).expect(0).stdout;
    assert!(text.contains("sbom (.sbom)"), "{sbom}: {text}");
}

#[test]
fn what_cosign_signed_verifies() {
    let Some(program) = peer("cosign") else { return };
    let all = |world: &World, parts: &[&[&str]]| cosign(&world.environment, &program, &parts.concat());
    for referrers_api in [true, false] {
        for mode in [&["--registry-referrers-mode=legacy"][..], &["--registry-referrers-mode=oci-1-1"]] {
            let world = World::new(referrers_api);
            let key = ["generate-key-pair", "--output-key-prefix", "their"];
            all(&world, &[&key]);
            world.environment.write("claim.json", r#"{"tested":true}"#);
            // An attestation is not a signature.
            let attest = ["attest", "--type", "custom", "--predicate", "claim.json"];
            all(&world, &[&attest, &SIGN, &[&world.image()]]);
            let error = world.verify("their.pub").expect(13).error();
            assert!(error.contains("not signed by key sha256:"), "{error}");

            all(&world, &[&["sign"], mode, &SIGN, &[&world.image()]]);
            let verified = world.verify("their.pub").expect(0);
            assert!(verified.stderr.contains("no release record says that `1` is to name this image"), "{verified}");
            let signatures = world.on(&["download", "signature"]).expect(0).stdout;
            assert_eq!(signatures.lines().count(), 1, "{signatures}");
            // It is signed, but nobody released it, and nothing else is known of it.
            let released = world.on(&["verify", "--released", "--key", "their.pub"]);
            let error = released.expect(13).error();
            assert!(error.contains(" is signed, but was not released by consign: no release record"), "{error}");
            world.environment.write("policy.yaml", "policy:\n  require: [sbom]\n");
            assert_eq!(world.on(&["verify", "--policy", "policy.yaml", "--key", "their.pub"]).status, 11);
            assert_eq!(world.verify("cosign.pub").status, 13);
        }
    }
}

#[test]
fn nothing_is_signed_twice_and_older_signatures_can_be_replaced() {
    let places =
        [false, true].into_iter().flat_map(|is_layout| ["bundle", "legacy", "both"].map(|format| (is_layout, format)));
    for (is_layout, format) in places {
        let world = World::new(format != "both");
        let image = if is_layout { "oci:layout:1".to_owned() } else { world.image() };
        if is_layout {
            world.run(&["copy", "--no-referrers", &world.image(), &image]).expect(0);
        }
        let on = |arguments: &[&str]| world.run(&[arguments, &[&image]].concat());
        let form = ["--signature-format", format, "--sign-container-identity", "registry.example/team/app"];
        let form = if is_layout { &form[..] } else { &form[..2] };
        let sign = |more: &[&str]| {
            let sign = [&["sign", "--key", "cosign.key", "--output", "json"], form].concat();
            on(&[&sign, more].concat()).expect(0).json()[0]["manifests"][2].clone()
        };
        let verify = |key: &str| on(&["verify", "--key", key]);
        let count = || on(&["download", "signature"]).expect(0).stdout.lines().count();
        let forms = if format == "both" { 2 } else { 1 };
        assert_eq!(sign(&[])["signed"], true);
        assert_eq!(sign(&[])["signed"], false, "{format}");
        assert_eq!(count(), forms);
        // It says something else.
        assert_eq!(sign(&["-a", "stage=prod"])["signed"], true);
        assert_eq!(count(), 2 * forms);
        let replaced = sign(&["-a", "stage=prod", "--replace"]);
        assert_eq!((&replaced["signed"], &replaced["removed"]), (&Value::from(false), &Value::from(forms)), "{format}");
        assert_eq!(count(), forms);
        verify("cosign.pub").expect(0);
        // What somebody else signed stays.
        world.run(&["keygen", "--output-key-prefix", "other"]).expect(0);
        on(&[&["sign", "--key", "other.key"], form].concat()).expect(0);
        assert_eq!(sign(&["-a", "stage=next", "--replace"])["removed"], forms);
        assert_eq!(count(), 2 * forms);
        verify("other.pub").expect(0);
        verify("cosign.pub").expect(0);

        on(&["clean", "--type", "attestation"]).expect(0);
        verify("cosign.pub").expect(0);
        on(&["clean", "--type", "signature"]).expect(0);
        on(&["download", "signature"]).expect(1);
        assert_eq!(verify("cosign.pub").status, 13);
    }
}

#[test]
fn none_of_twenty_attestations_made_at_one_time_is_lost() {
    for format in ["bundle", "legacy"] {
        let world = World::new(false);
        let attest = |number: usize| {
            let (kind, file) = (format!("https://example.com/claim-{number}"), format!("{number}.json"));
            world.environment.write(&file, format!(r#"{{"number":{number}}}"#));
            let attest = ["attest", "--key", "cosign.key", "--signature-format", format, "--type"];
            world.on(&[&attest[..], &[&kind, "--predicate", &file]].concat()).expect(0);
        };
        std::thread::scope(|scope| (0..20).for_each(|number| drop(scope.spawn(move || attest(number)))));
        let found = world.on(&["download", "attestation"]).expect(0).stdout;
        assert_eq!(found.lines().count(), 20, "{format}");
        if format == "bundle" {
            let attached = world.attached();
            assert!((0..20).all(|number| attached.contains(&format!("https://example.com/claim-{number}"))));
        }
    }
}

#[test]
fn a_release_without_its_record_does_not_pass_for_something_plain() {
    let world = World::new(true);
    world.environment.replace("consign.yaml", "key: cosign.key", "key: cosign.key\n  format: both");
    let report = world.run(&["release", "--output", "json"]).expect(0).json();
    let _server = world.environment.serve();
    let image = world.environment.reference("team/hello:latest");
    let verify = || world.run(&["verify", "--key", "cosign.pub", &image]);
    verify().expect(0);
    if let Some(program) = peer("cosign") {
        let name = image.replace(":latest", &format!("@{}", report["images"][0]["index"].as_str().unwrap()));
        cosign(&world.environment, &program, &[&["verify"], &VERIFY[..], &[&name]].concat());
    }
    // In both forms the record is taken away; the signatures say that there was one.
    let tree = world.run(&["tree", "--output", "json", &image]).expect(0).json();
    let children = tree["children"].as_array().unwrap();
    let record = children.iter().find(|child| child["label"] == "release record").unwrap();
    let name = image.replace(":latest", &format!("@{}", record["digest"].as_str().unwrap()));
    world.run(&["delete", &name]).expect(0);
    verify().expect(0);
    world.run(&["clean", "--type", "attestation", &image]).expect(0);
    let error = verify().expect(12).error();
    assert!(error.contains("is signed as part of a release, and has no release record"), "{error}");
}

#[test]
fn what_lies_in_a_folder_can_be_signed() {
    let world = World::new(true);
    world.run(&["copy", &world.image(), "oci:layout:1"]).expect(0);
    for _ in 0..2 {
        world.run(&["sign", "--key", "cosign.key", "oci:layout:1"]).expect(0);
    }
    world.run(&["verify", "--key", "cosign.pub", "oci:layout:1"]).expect(0);
    world.run(&["sign", "--key", "cosign.key", "--signature-format", "legacy", "oci:layout:1"]).expect(2);
    let identity = ["--sign-container-identity", "registry.example/team/app"];
    let legacy = ["sign", "--key", "cosign.key", "--signature-format", "legacy"];
    world.run(&[&legacy[..], &identity, &["oci:layout:1"]].concat()).expect(0);
    // It goes where the image goes.
    world.run(&["copy", "oci:layout:1", &format!("{}/team/moved:1", world.registry.host())]).expect(0);
    let moved = format!("{}/team/moved:1", world.registry.host());
    assert_eq!(world.run(&["download", "signature", &moved]).expect(0).stdout.lines().count(), 2);
    world.run(&["sign", "--key", "cosign.key", "oci-archive:hello.tar"]).expect(1);
}
