//! What came with an archive counts only if somebody signed it whom the policy names.

use crate::common::{OpenArchive, Run, TestEnvironment};
use consign_oci::{Digest, Platform};
use consign_plan::PlannedTrial;
use consign_receipt::{Statement, predicate};
use consign_sign::PrivateKey;
use serde_json::json;

/// A platform that nothing here emulates: its tests must have been run elsewhere.
const ELSEWHERE: &str = "linux/sparc64";
const COUNTS_NOT: &str =
    "no trials that counts: what there is was neither made here nor signed by an identity that the policy names";

/// An archive that was built without tests, and a release that has some planned.
struct Handed {
    environment: TestEnvironment,
}

impl Handed {
    fn new() -> Self {
        let environment = TestEnvironment::with_image();
        environment
            .write("image.yaml", format!("platforms: [{ELSEWHERE}]\nfiles: [{{source: hello.txt, path: /hello}}]\n"));
        environment.commit("Another platform.");
        environment.consign(&["build", "--to", "oci-archive:hello.tar"]).expect(0);
        environment.replace("consign.yaml", "signing:", "    tests: [{command: [/hello]}]\nsigning:");
        Self { environment }
    }

    fn archive(&self) -> OpenArchive {
        OpenArchive::open(&self.environment.path("hello.tar"))
    }

    fn release(&self) -> Run {
        self.environment.consign(&["release", "--quiet", "--from", "oci-archive:hello.tar"])
    }

    /// The gate stays closed, says why, and no registry was ever written to.
    #[track_caller]
    fn is_refused(&self, what: &str, status: i32, reason: &str) {
        let run = self.release();
        assert_eq!(run.status, status, "{what}: {}", run.stderr);
        assert!(run.error().contains(reason), "{what}: {}", run.error());
        assert!(!self.environment.path("registry").exists(), "{what}");
    }

    fn own_key(&self) -> PrivateKey {
        PrivateKey::from_pem(&self.environment.read("cosign.key"), b"").unwrap()
    }

    /// Names the key in the policy, for what is written there.
    fn name(&self, key: &PrivateKey, requirements: &str) {
        self.environment.write("runner.pub", key.public().to_pem());
        let policy = format!("policy:\n  identities: [{{key: runner.pub, for: {requirements}}}]\nsigning:");
        self.environment.replace("consign.yaml", "signing:", &policy);
    }
}

/// The digest of the list of tests that is planned.
fn planned_tests() -> Digest {
    let platform: Platform = ELSEWHERE.parse().unwrap();
    let planned = PlannedTrial {
        name: "/hello".to_owned(),
        command: vec!["/hello".to_owned()],
        user: None,
        environment: Default::default(),
        timeout_seconds: 60,
        exit: 0,
        output: None,
        platforms: vec![platform],
    };
    Digest::of(&serde_json::to_vec(&[planned]).unwrap())
}

fn trial(subject: &Digest, result: &str, tests: &Digest) -> Statement {
    let key = if result == "PASSED" { "passedTests" } else { "failedTests" };
    let predicate = json!({"result": result, "configuration": [{"digest": {"sha256": tests.hex()}}], key: ["/hello"]});
    Statement::new(subject, predicate::TEST_RESULT, predicate)
}

#[test]
fn a_forged_trial_does_not_pass_the_gate() {
    let handed = Handed::new();
    handed.is_refused("none", 11, "linux/sparc64: no trials");
    let manifest = handed.archive().manifest.digest.clone();
    let passed = trial(&manifest, "PASSED", &planned_tests());

    let original = std::fs::read(handed.environment.path("hello.tar")).unwrap();
    let again = || {
        handed.environment.write("hello.tar", &original);
        handed.archive()
    };
    again().claim(&passed).write();
    handed.is_refused("nobody signed it", 11, COUNTS_NOT);

    let stranger = PrivateKey::generate().unwrap();
    again().signed(&passed, &stranger).write();
    handed.is_refused("a stranger signed it", 11, COUNTS_NOT);

    let own = handed.own_key();
    let about_another = trial(&Digest::of(b"another image"), "PASSED", &planned_tests());
    again().signed(&about_another, &own).write();
    handed.is_refused("it is about another image", 11, COUNTS_NOT);

    let of_others = trial(&manifest, "PASSED", &Digest::of(b"other tests"));
    again().signed(&of_others, &own).write();
    handed.is_refused("it is of other tests", 11, "linux/sparc64: no trials");

    let other_predicate = Statement::new(&manifest, "https://example.com/trial", passed.predicate.clone());
    again().signed(&other_predicate, &own).write();
    handed.is_refused("it is of another type", 11, "linux/sparc64: no trials");

    let malformed = Statement::new(&manifest, predicate::TEST_RESULT, json!({"result": "GOOD"}));
    again().signed(&malformed, &own).write();
    handed.is_refused("it says nothing", 11, "the trials is malformed");

    let failed = trial(&manifest, "FAILED", &planned_tests());
    again().signed(&passed, &own).signed(&failed, &own).write();
    handed.is_refused("it contradicts another", 10, "linux/sparc64: trial failed: /hello");
    again().signed(&failed, &own).claim(&passed).write();
    handed.is_refused(
        "one that failed was signed, and one that passed was not",
        10,
        "linux/sparc64: trial failed: /hello",
    );

    // What nobody signed cannot harm either.
    again().signed(&passed, &own).claim(&failed).write();
    handed.release().expect(0);
    assert!(handed.environment.path("registry").exists());
}

#[test]
fn an_identity_counts_for_what_the_policy_names_it_for() {
    let handed = Handed::new();
    let runner = PrivateKey::generate().unwrap();
    let manifest = handed.archive().manifest.digest.clone();
    handed.archive().signed(&trial(&manifest, "PASSED", &planned_tests()), &runner).write();
    handed.is_refused("nobody names it", 11, COUNTS_NOT);
    handed.name(&runner, "provenance");
    handed.is_refused("it is named for something else", 11, COUNTS_NOT);
    handed.environment.replace("consign.yaml", "for: provenance", "for: [provenance, trials]");
    let run = handed.environment.consign(&["release", "--from", "oci-archive:hello.tar"]).expect(0);
    assert!(run.stderr.contains("trial ok: as the policy's identities have signed"), "{}", run.stderr);
    // What the identity signed is signed with the release's key now, so that one key verifies everything.
    let _server = handed.environment.serve();
    let reference = handed.environment.reference("team/hello:main");
    let tree = handed.environment.consign(&["tree", &reference]).expect(0);
    assert_eq!(tree.stdout.matches("trial").count(), 1, "{}", tree.stdout);
    handed.environment.consign(&["verify", "--key", "cosign.pub", &reference]).expect(0);
}

#[test]
fn a_native_runner_signs_with_its_own_key() {
    let environment = TestEnvironment::with_image();
    let runner = PrivateKey::generate().unwrap();
    let own = environment.read("cosign.key");
    environment.write("runner.pub", runner.public().to_pem());
    environment.write("cosign.key", runner.to_encrypted_pem(b"").unwrap());
    environment.consign(&["build", "--to", "oci-archive:hello.tar"]).expect(0);
    environment.write("cosign.key", own);
    let release = ["release", "--quiet", "--from", "oci-archive:hello.tar"];
    assert!(environment.consign(&release).expect(11).error().contains("no provenance that counts"));
    environment.replace("consign.yaml", "signing:", "policy: {identities: [{key: runner.pub, for: trials}]}\nsigning:");
    assert!(environment.consign(&release).expect(11).error().contains("no provenance that counts"));
    assert!(!environment.path("registry").exists());
    environment.replace("consign.yaml", ", for: trials", "");
    environment.consign(&release).expect(0);
    let _server = environment.serve();
    environment.consign(&["verify", "--key", "cosign.pub", &environment.reference("team/hello:1")]).expect(0);
}

#[test]
fn what_lay_beside_an_image_is_not_signed() {
    let environment = TestEnvironment::with_image();
    environment.write("image.yaml", "platforms: [linux/amd64]\nfiles: [{source: hello.txt, path: /hello}]\n");
    environment.commit("One platform.");
    environment.git(&["tag", "v2.0.0"]);
    environment.consign(&["build", "--to", "oci-archive:hello.tar"]).expect(0);
    let archive = OpenArchive::open(&environment.path("hello.tar"));
    let manifest = archive.manifest.digest.clone();
    let forged = json!({
        "buildDefinition": {"buildType": "https://example.com/forged", "externalParameters": {}},
        "runDetails": {"builder": {"id": "https://example.com/somebody-else"}},
    });
    let lying = json!({"spdxVersion": "SPDX-2.3", "name": "nothing to see here", "packages": []});
    let own = PrivateKey::from_pem(&environment.read("cosign.key"), b"").unwrap();
    archive
        .claim(&Statement::new(&manifest, predicate::PROVENANCE, forged.clone()))
        .signed(&Statement::new(&manifest, predicate::PROVENANCE, forged), &PrivateKey::generate().unwrap())
        .claim(&Statement::new(&manifest, predicate::SBOM, lying.clone()))
        .signed(&Statement::new(&manifest, predicate::SBOM, lying), &own)
        .write();
    environment.consign(&["release", "--quiet", "--from", "oci-archive:hello.tar"]).expect(0);
    let _server = environment.serve();
    let tree = environment.consign(&["tree", &environment.reference("team/hello:2")]).expect(0).stdout;
    // The genuine provenance, and the SBOM that was made again here.
    assert_eq!((tree.matches("provenance").count(), tree.matches("sbom").count()), (1, 1), "{tree}");
    let reference = environment.reference("team/hello:2");
    let verified = environment.consign(&["verify", "--key", "cosign.pub", "--output", "json", &reference]).expect(0);
    assert!(
        !verified.stdout.contains("somebody-else") && !verified.stdout.contains("nothing to see"),
        "{}",
        verified.stdout
    );
}

#[test]
fn without_receipts_there_is_nothing_that_counts() {
    let environment = TestEnvironment::with_image();
    environment.write("image.yaml", "platforms: [linux/amd64]\nfiles: [{source: hello.txt, path: /hello}]\n");
    environment.consign(&["build", "--to", "oci-archive:hello.tar"]).expect(0);
    OpenArchive::open(&environment.path("hello.tar")).without_receipts().write();
    let release = ["release", "--quiet", "--from", "oci-archive:hello.tar"];
    let error = environment.consign(&release).expect(11).error();
    assert!(error.ends_with("linux/amd64: no provenance\n"), "{error}");
    // Where nobody asks for it, it goes without.
    environment.replace("consign.yaml", "signing:", "policy: {require: [completeness, sbom]}\nsigning:");
    environment.consign(&release).expect(0);
}

#[test]
fn an_archive_of_another_release_is_refused() {
    let environment = TestEnvironment::with_image();
    let build = || environment.consign(&["build", "--quiet", "--to", "oci-archive:hello.tar"]).expect(0);
    let refused = |what: &str| {
        let run = environment.consign(&["release", "--quiet", "--from", "oci-archive:hello.tar"]).expect(4);
        let expected = format!("hello.tar brings linux/amd64 of another {what}: ");
        assert!(run.error().contains(&expected), "{}", run.error());
        assert!(run.error().contains("hint: build every platform from the commit that is released"), "{}", run.error());
        assert!(!environment.path("registry").exists());
    };
    build();
    environment.commit("Second.");
    refused("commit");
    // An earlier commit under the same version, as well as another version of the same commit.
    build();
    environment.git(&["tag", "v2.0.0"]);
    refused("version");
    build();
    environment.replace("consign.yaml", "source: image.yaml", "name: other\n    source: image.yaml");
    refused("image");
    environment.replace("consign.yaml", "name: other\n    ", "");
    environment.write("copy.yaml", environment.read("image.yaml"));
    environment.replace("consign.yaml", "source: image.yaml", "source: copy.yaml");
    refused("image file");
    environment.replace("consign.yaml", "source: copy.yaml", "source: image.yaml");
    environment.consign(&["release", "--quiet", "--from", "oci-archive:hello.tar"]).expect(0);
}

#[test]
fn an_archive_of_modified_files_is_not_the_commit() {
    let environment = TestEnvironment::with_image();
    environment.write("hello.txt", "Modified.\n");
    environment.consign(&["build", "--quiet", "--to", "oci-archive:hello.tar"]).expect(0);
    environment.write("hello.txt", "Hello.\n");
    let run = environment.consign(&["release", "--quiet", "--from", "oci-archive:hello.tar"]).expect(4);
    assert!(run.error().contains("of another commit: files that differ from "), "{}", run.error());
    assert!(!environment.path("registry").exists());
}

#[test]
fn unsigned_provenance_of_another_commit_is_refused_as_such() {
    let environment = TestEnvironment::with_image();
    let signed = environment.read("consign.yaml");
    environment.replace("consign.yaml", "signing:\n  key: cosign.key\n", "");
    environment.consign(&["build", "--quiet", "--to", "oci-archive:hello.tar"]).expect(0);
    environment.write("consign.yaml", signed);
    environment.commit("Second.");
    let run = environment.consign(&["release", "--quiet", "--from", "oci-archive:hello.tar"]).expect(4);
    assert!(run.error().contains("of another commit"), "{}", run.error());
}

#[test]
fn an_archive_that_was_built_outside_of_git_is_not_the_commit() {
    let environment = TestEnvironment::with_image();
    // The version is written, so that it is the same without git.
    environment.replace("consign.yaml", "/team/hello, ", "/team/hello:1.2.3, ");
    environment.replace("consign.yaml", "/mirror/hello]", "/mirror/hello:1.2.3]");
    let hidden = environment.beside("git");
    std::fs::rename(environment.path(".git"), &hidden).unwrap();
    environment.write("hello.txt", "Altered.\n");
    environment.consign(&["build", "--quiet", "--to", "oci-archive:hello.tar"]).expect(0);
    std::fs::rename(hidden, environment.path(".git")).unwrap();
    environment.write("hello.txt", "Hello.\n");
    let run = environment.consign(&["release", "--quiet", "--from", "oci-archive:hello.tar"]).expect(4);
    assert!(run.error().contains("of another commit: none is stated, and "), "{}", run.error());
    assert!(!environment.path("registry").exists());
}
