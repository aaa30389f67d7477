//! What settings and files of an image say, and releases that it keeps from happening.

use crate::advisories::advise;
use crate::common::{TestEnvironment, program};
use serde_json::json;

const POLICY: &str = "policy:
  image:
    root-user: refuse
    no-health-check: report
    entrypoint: refuse
    setuid-files: refuse
    secrets: refuse
    denied-licenses: [\"AGPL-*\"]
";

/// An image with something of everything that a policy may be against.
fn environment() -> TestEnvironment {
    let environment = TestEnvironment::with_image();
    environment.write(
        "image.yaml",
        "platforms: [linux/amd64, linux/arm64]\nentrypoint: [/bin/hello]\nfiles:\n\
         - {source: settings, path: /app/.env}\n\
         - {source: hello.txt, path: /usr/bin/tool, mode: \"4755\"}\n\
         - {source: package.json, path: /app/node_modules/a/package.json}\n",
    );
    environment.write("settings", format!("A=b\nTOKEN=ghp_{}\n", "k7Rw2TzQ9mXb4LsV6nHd8PyJ3cGf5BtZ1xKq"));
    environment.write("package.json", json!({"name": "a", "version": "1.0.0", "license": "AGPL-3.0-only"}).to_string());
    environment.write(".gitignore", "/advisories\n/layout\n/policy.yaml\n/registry\n");
    environment.replace("consign.yaml", "signing:\n", &format!("{POLICY}signing:\n"));
    environment.commit("An image.");
    environment.git(&["tag", "v2.0.0"]);
    environment
}

const REFUSED: [&str; 5] = [
    "it runs as root: no user is stated",
    "its program cannot be started: `/bin/hello` is not in the image",
    "/usr/bin/tool runs as user 0, whoever starts it (mode 4755)",
    "there is a secret in /app/.env:2: github-token",
    "a 1.0.0: its licence is denied: AGPL-3.0-only",
];

#[test]
fn what_the_policy_refuses_is_not_released() {
    let environment = environment();
    let run = environment.consign(&["release", "--output", "json"]).expect(11);
    for platform in ["linux/amd64", "linux/arm64"] {
        for reason in REFUSED {
            assert!(run.error().contains(&format!("{platform}: {reason}")), "{reason}: {}", run.error());
        }
    }
    let report = run.json();
    assert_eq!(report["images"][0]["rows"][0]["stages"]["inventory"], "failed");
    assert_eq!(report["images"][0]["reasons"].as_array().unwrap().len(), 10);
    assert!(report["warnings"].to_string().contains("linux/amd64: it has no health check"), "{}", report["warnings"]);
    assert!(!environment.path("registry").exists());
    assert!(!run.to_string().contains("k7Rw2TzQ"), "the secret itself is never said");
}

#[test]
fn what_is_mended_or_has_a_reason_is_released_and_verified() {
    let environment = environment();
    for architecture in ["amd64", "arm64"] {
        environment.write_program(&format!("bin/{architecture}"), &program(architecture, "Hello.\n", 0));
    }
    environment.replace("image.yaml", "entrypoint:", "user: \"65532\"\nentrypoint:");
    environment.replace("image.yaml", "files:\n", "files:\n- {source: \"bin/{arch}\", path: /bin/hello}\n");
    environment.replace("package.json", "AGPL-3.0-only", "AGPL-3.0-only OR MIT");
    environment.replace(
        "consign.yaml",
        "    secrets: refuse\n",
        "    secrets: refuse\n    allowed-setuid-files: /usr/bin/tool\n    ignore:\n\
         \x20     - {rule: secrets, path: /app/*, reason: opens nothing, owner: team@example.org, until: 2999-12-31}\n\
         \x20     - {rule: root-user, reason: old, owner: team@example.org, until: 2020-01-01}\n",
    );
    environment.commit("Mended.");
    environment.git(&["tag", "v2.0.1"]);
    let report = environment.consign(&["release", "--output", "json"]).expect(0).json();
    let ended = "ignored root-user: ended on 2020-01-01 and has no effect; ask team@example.org";
    assert!(report["warnings"].to_string().contains(ended), "{}", report["warnings"]);
    let again = environment.consign(&["release", "--output", "json"]).expect(0).json();
    assert_eq!(again["images"][0]["rows"][0]["stages"]["inventory"], "cached");
    let _server = environment.serve();
    let reference = environment.reference("team/hello:2.0.1");
    let verify = |more: &[&str]| {
        let arguments = [&["verify", &reference, "--key", "cosign.pub", "--output", "json"], more].concat();
        environment.consign(&arguments)
    };
    let verified = verify(&[]).expect(0).json();
    let signed = json!(["image facts", "provenance", "sbom", "signature"]);
    assert_eq!(verified["manifests"][1]["signed"], signed);
    assert_eq!(verified["releaseRecord"]["imageRules"]["consequences"]["secrets"], "refuse");
    // Another policy hears the same and may say something else.
    environment.write("policy.yaml", "policy:\n  image: {no-health-check: refuse}\n");
    let refused = verify(&["--policy", "policy.yaml"]).expect(11);
    assert!(refused.error().contains("linux/arm64: it has no health check"), "{}", refused.error());
}

#[test]
fn what_no_policy_asks_for_is_not_published() {
    let environment = environment();
    environment.replace("consign.yaml", POLICY, "");
    environment.commit("No policy.");
    environment.git(&["tag", "v2.0.1"]);
    environment.consign(&["release"]).expect(0);
    let _server = environment.serve();
    let reference = environment.reference("team/hello:2.0.1");
    let verify = ["verify", &reference, "--key", "cosign.pub", "--output", "json"];
    let verified = environment.consign(&verify).expect(0).json();
    assert_eq!(verified["manifests"][1]["signed"], json!(["provenance", "sbom", "signature"]));
    environment.write("policy.yaml", POLICY);
    let run = environment.consign(&[&verify[..], &["--policy", "policy.yaml"]].concat()).expect(11);
    assert!(run.error().contains("linux/amd64: no list of what settings and files say"), "{}", run.error());
}

#[test]
fn scan_shows_and_judges_any_image() {
    let environment = environment();
    environment.consign(&["build", "--quiet", "--to", "oci:layout"]).expect(0);
    advise(&environment, "CVE-2026-1", None, Some("low"));
    let scan = |more: &[&str]| environment.consign(&[&["scan", "--db", "advisories", "oci:layout"], more].concat());
    // Without a policy only what anybody should look at.
    insta::assert_snapshot!(scan(&[]), @"
    status 16
    --- stdout
    RULE          SETTINGS AND FILES                                               PLATFORMS
    entrypoint    its program cannot be started: `/bin/hello` is not in the image  linux/amd64, linux/arm64
    setuid-files  /usr/bin/tool runs as user 0, whoever starts it (mode 4755)      linux/amd64, linux/arm64
    secrets       there is a secret in /app/.env:2: github-token                   linux/amd64, linux/arm64

    linux/amd64: none of 1 package could be compared, and whether advisories match is not known; not compared: 1 of npm
    linux/arm64: none of 1 package could be compared, and whether advisories match is not known; not compared: 1 of npm
    advisories: 1 record, the newest of 2026-01-02T03:04:05Z, sha256:000000000001…
    --- stderr
    error: oci:layout: the advisory database is not enough
      caused by: linux/amd64: the advisory database has no records about any of the 1 packages, which are of npm
      caused by: linux/arm64: the advisory database has no records about any of the 1 packages, which are of npm
    ");
    environment.write("policy.yaml", POLICY);
    let policy = ["--policy", "policy.yaml"];
    let run = scan(&policy).expect(11);
    for reason in REFUSED {
        assert!(run.error().contains(&format!("linux/arm64: {reason}")), "{reason}: {}", run.error());
    }
    assert!(run.stdout.contains("no-health-check  it has no health check"), "{}", run.stdout);
    let report = scan(&[&policy[..], &["--output", "json"]].concat()).expect(11).json();
    assert_eq!(report["platforms"][0]["facts"]["setuidFiles"][0]["mode"], "4755");
    let judgements: Vec<_> =
        report["findings"].as_array().unwrap().iter().map(|found| found["judgement"].clone()).collect();
    assert_eq!(judgements, ["refused", "reported", "refused", "refused", "refused", "refused"]);
    assert_eq!(report["findings"][0]["platforms"], json!(["linux/amd64", "linux/arm64"]));
    // Findings as data are of no use where nothing was compared.
    let versions = json!([{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "0.1.0"}]}]);
    let affected = json!([{"package": {"ecosystem": "npm", "name": "a"}, "ranges": versions}]);
    let record =
        json!({"schema_version": "1.6.0", "id": "GHSA-1", "modified": "2026-01-02T03:04:05Z", "affected": affected});
    environment.write("advisories/GHSA-1.json", record.to_string());
    let log = scan(&[&policy[..], &["--output", "sarif"]].concat()).expect(0).json();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(results.len(), 6);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    let markdown = scan(&[&policy[..], &["--output", "markdown"]].concat()).expect(11).stdout;
    assert!(markdown.contains("| `secrets` | `there is a secret in /app/.env:2: github-token` |"), "{markdown}");
}

#[test]
fn a_policy_about_images_alone_needs_no_advisories() {
    let environment = environment();
    environment.consign(&["build", "--quiet", "--to", "oci:layout"]).expect(0);
    environment.write("policy.yaml", POLICY);
    let scan =
        |more: &[&str]| environment.consign(&[&["scan", "--policy", "policy.yaml", "oci:layout"], more].concat());
    let run = scan(&[]).expect(11);
    for reason in REFUSED {
        assert!(run.error().contains(&format!("linux/arm64: {reason}")), "{reason}: {}", run.error());
    }
    assert!(run.stdout.contains("linux/amd64: not compared with advisories\n"), "{run}");
    assert!(!run.stdout.contains("advisories:") && !run.error().contains("advisories"), "{run}");
    let report = scan(&["--output", "json"]).expect(11).json();
    assert_eq!((&report["advisories"], report.get("database")), (&json!([]), None));
    assert_eq!(report["findings"].as_array().unwrap().len(), 6);
    let log = scan(&["--output", "sarif"]).expect(0).json();
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), 6);
    environment.write("policy.yaml", "policy:\n  image: {no-health-check: report}\n");
    scan(&[]).expect(0);
    // A database that lies here is not asked about; one that is named is. What is about advisories needs one.
    advise(&environment, "CVE-2026-1", None, Some("low"));
    environment.consign(&["db", "build", "advisories", "--to", "advisories.db"]).expect(0);
    scan(&[]).expect(0);
    scan(&["--db", "advisories.db"]).expect(16);
    std::fs::remove_file(environment.path("advisories.db")).unwrap();
    for more in [&["--output", "openvex"][..], &["--output", "cyclonedx-json"], &["--since", "oci:layout"]] {
        assert!(scan(more).expect(2).error().contains("nothing says which advisories"), "{more:?}");
    }
    let folder = ["scan", "--policy", "policy.yaml", "dir:."];
    assert!(environment.consign(&folder).expect(2).error().contains("nothing says which advisories"));
}
