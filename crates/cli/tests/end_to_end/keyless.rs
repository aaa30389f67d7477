//! Signing without a key, for whom an identity token names.

use crate::common::{Run, TestEnvironment, TestSigstore};
use crate::trust::referrers;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use consign_testkit::sigstore::{Fault, Service, claims};
use consign_testkit::tools::peer;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const WORKFLOW: &str = "https://github.com/octo/app/.github/workflows/release.yaml@refs/heads/main";
/// Those who are asked when something is signed.
const ASKED: [Service; 4] = [Service::Authority, Service::Log, Service::OldLog, Service::Timestamps];

/// An image that a job of GitHub releases.
struct World {
    environment: TestEnvironment,
    sigstore: TestSigstore,
    root: String,
}

impl World {
    fn new(log_version: u32, format: &str) -> Self {
        let (environment, sigstore) = (TestEnvironment::with_image(), TestSigstore::start());
        let [services, root] = sigstore.files(&environment, log_version);
        let signing =
            format!("  keyless: {{signing-config: '{services}', trusted-root: '{root}'}}\n  format: {format}\n");
        environment.replace("consign.yaml", "  key: cosign.key\n", &signing);
        Self { environment, sigstore, root }
    }

    /// Runs the program as a job of GitHub does, with a store of its own.
    fn job(&self, store: &str, arguments: &[&str]) -> Run {
        self.sigstore.job(&self.environment).store(store).run(arguments)
    }

    fn verify(&self, identity: &str, reference: &str, more: &[&str]) -> Run {
        let issuer = self.sigstore.issuer();
        let who =
            ["--certificate-identity", identity, "--certificate-oidc-issuer", issuer, "--trusted-root", &self.root];
        self.environment.consign(&[&["verify"], &who[..], more, &[reference]].concat())
    }

    fn image(&self) -> String {
        self.environment.reference("team/hello:1.2.3")
    }

    fn requests(&self) -> [usize; 4] {
        ASKED.map(|service| self.sigstore.requests(service))
    }
}

/// The claims of a job of GitHub, one of which is another.
fn with(claim: &str, value: &str) -> Value {
    let mut claims = claims::github();
    claims[claim] = json!(value);
    claims
}

#[test]
fn what_github_says_of_the_run_is_what_the_certificate_says() {
    let world = World::new(2, "bundle");
    // A token for another commit than the one that the certificate is given for.
    let token = json!({ "value": world.sigstore.token(&with("sha", &"3".repeat(40))) }).to_string();
    world.sigstore.fail(Service::Issuer, 1, Fault::alter(move |_| token.clone().into_bytes()));
    let run = world.job("store", &["release"]).expect(1);
    let expected = format!("says that `sha` is {}, and the certificate says {}", "3".repeat(40), "2".repeat(40));
    assert!(run.stderr.contains(&expected), "{}", run.stderr);
    world.job("store", &["release"]).expect(0);
    let _server = world.environment.serve();
    let index = world.environment.consign(&["digest", &world.image()]).expect(0).stdout.trim().to_owned();
    let about_index = bundles(&world).into_iter().filter(|(about, _)| *about == index);
    let mut statements = about_index.map(|(_, bundle)| {
        let bundle: Value = serde_json::from_str(&bundle).unwrap();
        let payload = STANDARD.decode(bundle["dsseEnvelope"]["payload"].as_str().unwrap()).unwrap();
        serde_json::from_slice::<Value>(&payload).unwrap()
    });
    let statement = statements.find(|it| it["predicateType"] == "https://slsa.dev/provenance/v1").unwrap();
    let repository = "https://github.com/octo/app";
    assert_eq!(
        statement["predicate"],
        json!({
            "buildDefinition": {
                "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                "externalParameters": {
                    "workflow": {
                        "ref": "refs/heads/main",
                        "repository": repository,
                        "path": ".github/workflows/release.yaml",
                    },
                },
                "internalParameters": {
                    "github": {
                        "event_name": "push",
                        "repository_id": "4711",
                        "repository_owner_id": "42",
                        "runner_environment": "github-hosted",
                    },
                },
                "resolvedDependencies": [{
                    "uri": format!("git+{repository}@refs/heads/main"),
                    "digest": { "gitCommit": "2".repeat(40) },
                }],
            },
            "runDetails": {
                "builder": { "id": WORKFLOW },
                "metadata": { "invocationId": format!("{repository}/actions/runs/1001/attempts/1") },
            },
        })
    );
}

#[test]
fn a_job_releases_without_a_key() {
    let world = World::new(2, "bundle");
    let run = world.job("store", &["release"]).expect(0);
    let issuer = world.sigstore.issuer();
    for program in ["consign", "cosign"] {
        let line = format!(
            "  {program} verify --certificate-identity {WORKFLOW} --certificate-oidc-issuer {issuer} --trusted-root "
        );
        assert_eq!(run.stdout.matches(&line).count(), 2, "one for each repository: {}", run.stdout);
    }
    // Three signatures, a release record, what GitHub says of the run, and provenance and SBOM of two platforms: each once, whatever number of
    // repositories.
    assert_eq!(world.requests(), [1, 9, 0, 9]);

    let server = world.environment.serve();
    world.verify(WORKFLOW, &world.image(), &["--released"]).expect(0);
    let run = world.verify(&WORKFLOW.replace("octo", "eve"), &world.image(), &[]).expect(13);
    assert!(run.stderr.contains(WORKFLOW) && run.stderr.contains("/eve/app/"), "{}", run.stderr);
    let key = world.environment.consign(&["verify", "--key", "cosign.pub", &world.image()]).expect(13);
    assert!(key.stderr.contains(WORKFLOW), "{}", key.stderr);
    drop(server);

    // Nothing is signed again, though it is another run: what is there is found here, and on another machine where it went.
    world.sigstore.set_claims(with("run_id", "1002"));
    for store in ["store", "another"] {
        let report = world.job(store, &["release", "--output", "json"]).expect(0).json();
        let certificate = json!({ "certificate": { "identity": WORKFLOW, "issuer": issuer } });
        assert_eq!(world.requests(), [1, 9, 0, 9], "{store}");
        assert_eq!((&report["images"][0]["signed"], &report["signer"]), (&json!(true), &certificate));
    }
}

#[test]
fn nobody_learns_of_what_is_not_released() {
    let world = World::new(1, "both");
    world.job("store", &["release", "--dry-run"]).expect(0);
    world.environment.replace("consign.yaml", "signing:", "    tests: [{command: [/absent]}]\nsigning:");
    world.job("store", &["release"]).expect(10);
    assert_eq!(world.requests(), [0; 4]);
    // Without a token that may be shown, nothing is shown.
    world.sigstore.set_claims(with("repository_visibility", "private"));
    let text = world.environment.read("consign.yaml");
    let start = text.find("signing:").unwrap();
    let end = text.find("registries:").unwrap();
    world.environment.write("consign.yaml", format!("{}{}", &text[..start], &text[end..]));
    world.environment.replace("consign.yaml", "    tests: [{command: [/absent]}]\n", "");
    let run = world.job("store", &["release"]).expect(0);
    assert!(run.stderr.contains("not signed: ") && run.stderr.contains("disclose: true"), "{}", run.stderr);
    world.environment.write("consign.yaml", format!("{}signing: {{keyless: true}}\n{}", &text[..start], &text[end..]));
    world.environment.replace("consign.yaml", "    tests: [{command: [/absent]}]\n", "");
    let run = world.job("store", &["release"]).expect(1);
    let expected = "https://fulcio.sigstore.dev/ shows everybody what it is told, for ever, and the repository octo/app is private";
    assert!(run.stderr.contains(expected) && run.stderr.contains("--yes"), "{}", run.stderr);
    assert_eq!(world.requests(), [0; 4]);
}

/// Who signs in the older form needs a log of version 1. That there is none is found out before the public learns of anything.
#[test]
fn nobody_is_asked_for_what_no_log_can_vouch_for() {
    let world = World::new(2, "both");
    let services = world.sigstore.files(&world.environment, 2)[0].clone();
    let refused = |arguments: &[&str]| {
        let run = world.job("store", arguments).expect(3);
        let expected = format!("{services} names no log of version 1 (Rekor 1)");
        assert!(run.stderr.contains(&expected), "{}", run.stderr);
        assert!(run.stderr.contains("`--signature-format bundle`"), "{}", run.stderr);
        assert_eq!(world.requests(), [0; 4], "{arguments:?}");
    };
    refused(&["release"]);
    world.job("store", &["build", "--to", "oci-archive:hello.tar"]).expect(3);
    world.environment.replace("consign.yaml", "  format: both\n", "  format: bundle\n");
    world.job("another", &["build", "--to", "oci-archive:hello.tar"]).expect(0);
    let layout = "oci:layout";
    world.environment.consign(&["copy", "--no-referrers", "oci-archive:hello.tar", layout]).expect(0);
    let before = world.requests();
    world.environment.write("predicate.json", "{}");
    for format in ["legacy", "both"] {
        for command in [&["sign"][..], &["attest", "--type", "vuln", "--predicate", "predicate.json"]] {
            let named = ["--signing-config", &services, "--trusted-root", &world.root];
            for more in [&[][..], &named] {
                let line = [command, &["--signature-format", format], more, &[layout]].concat();
                let run = world.job("store", &line).expect(3);
                assert!(run.stderr.contains("names no log of version 1"), "{}", run.stderr);
            }
        }
    }
    assert_eq!(world.requests(), before);
    // What the configuration says of the form is of releases.
    world.environment.replace("consign.yaml", "  format: bundle\n", "  format: both\n");
    world.job("store", &["sign", layout]).expect(0);
}

#[test]
fn images_files_and_statements_are_signed_where_they_lie() {
    let world = World::new(1, "both");
    world.job("store", &["build", "--to", "oci-archive:hello.tar"]).expect(0);
    let layout = "oci:layout";
    world.environment.consign(&["copy", "--no-referrers", "oci-archive:hello.tar", layout]).expect(0);
    let sign = ["sign", "--output", "json", layout];
    let signed = world.job("store", &sign).expect(0).json();
    let count = |signed: &Value| {
        let all = signed[0]["manifests"].as_array().unwrap().iter();
        all.filter(|manifest| manifest["signed"] == true).count()
    };
    assert_eq!(count(&signed), 3);
    let asked = world.requests();
    assert_eq!(count(&world.job("store", &sign).expect(0).json()), 0, "the same has signed it");
    assert_eq!(world.requests()[2..], asked[2..]);
    world.verify(WORKFLOW, layout, &[]).expect(0);
    // Whoever replaces signatures wants some of now, and only those.
    let tree = || world.environment.consign(&["tree", layout]).expect(0).stdout.lines().count();
    let before = tree();
    assert_eq!(count(&world.job("store", &[&sign[..], &["--replace"]].concat()).expect(0).json()), 3);
    assert_eq!(tree(), before);
    world.verify(WORKFLOW, layout, &[]).expect(0);

    world.environment.write("blob", "bytes");
    let blob = ["sign-blob", "--bundle", "blob.tar", "blob"];
    world.job("store", &blob).expect(0);
    let issuer = world.sigstore.issuer();
    let who = ["--certificate-identity", WORKFLOW, "--certificate-oidc-issuer", issuer, "--trusted-root", &world.root];
    let verify = [&["verify-blob", "--bundle", "blob.tar"], &who[..], &["blob"]].concat();
    world.environment.consign(&verify).expect(0);
}

#[test]
fn a_token_is_named_by_its_file_only() {
    let world = World::new(2, "bundle");
    let token = world.sigstore.token(&claims::person("dev@example.com"));
    let run = world.environment.consign(&["sign", "--identity-token", &token, "oci:absent"]).expect(2);
    assert!(run.stderr.contains("seen by everybody") && !run.stderr.contains(&token[..20]), "{}", run.stderr);
    let [services, root] = world.sigstore.files(&world.environment, 2);
    let path = world.environment.beside("token");
    std::fs::write(&path, format!("{token}\n")).unwrap();
    world.environment.write("blob", "bytes");
    let path = path.display().to_string();
    let sign = ["sign-blob", "--identity-token", &path, "--signing-config", &services, "--trusted-root", &root];
    world.environment.consign(&[&sign[..], &["--bundle", "blob.tar", "blob"]].concat()).expect(0);
    let who = ["--certificate-identity", "dev@example.com", "--certificate-oidc-issuer", world.sigstore.issuer()];
    let verify = [&["verify-blob", "--bundle", "blob.tar", "--trusted-root", &root], &who[..], &["blob"]].concat();
    world.environment.consign(&verify).expect(0);
    // Services that do not fit the trusted root are found out before anything is handed out.
    let other = TestSigstore::start();
    let elsewhere = world.environment.beside("elsewhere");
    std::fs::write(&elsewhere, other.trusted_root().to_string()).unwrap();
    let elsewhere = elsewhere.display().to_string();
    let sign = ["sign-blob", "--identity-token", &path, "--signing-config", &services, "--trusted-root", &elsewhere];
    let run = world.environment.consign(&[&sign[..], &["--bundle", "other.tar", "blob"]].concat()).expect(1);
    assert!(run.stderr.contains("what was signed does not verify"), "{}", run.stderr);
    assert!(!world.environment.path("other.tar").exists());
}

/// Returns every bundle of a release, with what it is about.
fn bundles(world: &World) -> Vec<(String, String)> {
    let index = world.environment.consign(&["digest", &world.image()]).expect(0).stdout.trim().to_owned();
    let inspected = world.environment.consign(&["inspect", "--raw", &world.image()]).expect(0).json();
    let platforms = inspected["manifests"].as_array().unwrap().iter();
    let digests = platforms.map(|entry| entry["digest"].as_str().unwrap().to_owned()).chain([index]);
    let bundles = digests.flat_map(|digest| {
        let referrers = referrers(&world.environment, &digest).into_iter();
        let bundles = referrers.map(|(_, manifest)| {
            let bundle = manifest["layers"][0]["digest"].as_str().unwrap().replace(':', "/");
            world.environment.read(&format!("registry/blobs/{bundle}"))
        });
        bundles.map(|bundle| (digest.clone(), bundle)).collect::<Vec<_>>()
    });
    bundles.collect()
}

/// Those who have nothing to do with consign verify each signature and attestation, and refuse it from somebody else, and of something else.
#[test]
fn others_verify_what_is_signed() {
    let judges = [peer("sigstore-python"), peer("sigstore-js")];
    for version in [1, 2] {
        let world = World::new(version, "bundle");
        world.job("store", &["release"]).expect(0);
        let _server = world.environment.serve();
        let trust = world.environment.beside("trust.json");
        std::fs::write(&trust, world.sigstore.client_trust_config(version).to_string()).unwrap();
        let (trust, issuer) = (trust.display().to_string(), world.sigstore.issuer().to_owned());
        let variables = BTreeMap::from([("HOME".to_owned(), world.environment.beside("home").display().to_string())]);
        let bundles = bundles(&world);
        assert_eq!(bundles.len(), 9);
        let other = format!("sha256:{}", "0".repeat(64));
        for (number, (digest, bundle)) in bundles.into_iter().enumerate() {
            let path = world.environment.beside(&format!("bundle{number}.sigstore.json"));
            std::fs::write(&path, bundle).unwrap();
            let path = path.display().to_string();
            let [python, javascript] = &judges;
            let by_python = |identity: &str, digest: &str| {
                let line = ["--trust-config", &trust, "verify", "identity", "--offline", "--bundle", &path];
                let who = ["--cert-identity", identity, "--cert-oidc-issuer", &issuer, digest];
                python.as_ref().map(|python| python.run_with(&variables, [&line[..], &who].concat()))
            };
            let by_javascript = |identity: &str| {
                let line = [&path, &world.root, identity, &issuer];
                javascript.as_ref().map(|javascript| javascript.run_with(&variables, line))
            };
            let stranger = WORKFLOW.replace("octo", "eve");
            // Of many bundles one is enough for what is refused: each run takes a second.
            if let Some(verified) = by_python(WORKFLOW, &digest) {
                verified.unwrap();
                if number == 0 {
                    by_python(&stranger, &digest).unwrap().unwrap_err();
                    by_python(WORKFLOW, &other).unwrap().unwrap_err();
                }
            }
            if let Some(statement) = by_javascript(WORKFLOW) {
                let statement: Value = serde_json::from_str(&statement.unwrap()).unwrap();
                assert_eq!(format!("sha256:{}", statement["subject"][0]["digest"]["sha256"].as_str().unwrap()), digest);
                if number == 0 {
                    by_javascript(&stranger).unwrap().unwrap_err();
                }
            }
        }
    }
}

/// cosign of before version 3 verifies signatures and attestations in its own form.
#[test]
fn cosign_verifies_the_older_form() {
    let Some(program) = peer("cosign") else { return };
    let world = World::new(1, "both");
    world.job("store", &["release"]).expect(0);
    let _server = world.environment.serve();
    let issuer = world.sigstore.issuer();
    let image = world.image();
    let mut variables = world.sigstore.pem_files(&world.environment);
    variables.insert("HOME".to_owned(), world.environment.beside("home").display().to_string());
    let registry = ["--allow-http-registry", "--allow-insecure-registry"];
    let verify = |command: &[&str], identity: &str, image: &str| {
        let who = ["--certificate-identity", identity, "--certificate-oidc-issuer", issuer];
        program.run_with(&variables, [command, &who, &registry, &[image]].concat())
    };
    let found: Value = serde_json::from_str(&verify(&["verify"], WORKFLOW, &image).unwrap()).unwrap();
    assert_eq!(found[0]["optional"]["Subject"], WORKFLOW, "{found}");
    verify(&["verify"], &WORKFLOW.replace("octo", "eve"), &image).unwrap_err();
    let index = world.environment.consign(&["inspect", "--raw", &image]).expect(0).json();
    let platform = index["manifests"][0]["digest"].as_str().unwrap();
    let platform = world.environment.reference(&format!("team/hello@{platform}"));
    let sbom = verify(&["verify-attestation", "--type", "spdxjson"], WORKFLOW, &platform).unwrap();
    assert!(sbom.contains("payload"), "{sbom}");
    verify(&["verify-attestation", "--type", "vuln"], WORKFLOW, &platform).unwrap_err();
}
