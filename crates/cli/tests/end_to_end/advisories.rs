//! What advisories say, and what becomes of a release that they speak against.

use crate::common::TestEnvironment;
use consign_testkit::mirror::{Mirror, MirrorPackage};
use insta::assert_snapshot;
use serde_json::{Value, json};

/// An image of packages for two platforms, of which one has a package more. The database is a folder of records, two of them about that package.
pub(crate) fn environment() -> TestEnvironment {
    environment_of("13", "")
}

/// The same with another number of the distribution's release on amd64, and with the file by which trivy knows Debian, unless it would be empty.
pub(crate) fn environment_of(release_on_amd64: &str, debian_version: &str) -> TestEnvironment {
    let environment = TestEnvironment::with_image();
    environment.replace(
        ".gitignore",
        "/mirror*\n",
        "/mirror*\n/advisories*\n/other\n/layout\n/policy.yaml\n/strict.yaml\n/old.yaml\n",
    );
    environment.write("image.yaml", "packages: [program]\nsuite: stable\nplatforms: [linux/amd64, linux/arm64]\n");
    let package = |name: &str, architecture: &str, needs: &str| {
        let package = MirrorPackage::new(name, "1.9-1+b1", architecture).field("Source", "tool (1.9-1)");
        package.field("Depends", needs).file(&format!("usr/lib/{name}"), b"x", 0o644).time(1_650_000_000)
    };
    let base = |architecture: &str, release: &str| {
        let release = format!("ID=debian\nVERSION_ID=\"{release}\"\n");
        let base = MirrorPackage::new("base-files", "13", architecture);
        let base = base.file("etc/os-release", release.as_bytes(), 0o644).time(1_650_000_000);
        match debian_version {
            "" => base,
            version => base.file("etc/debian_version", version.as_bytes(), 0o644),
        }
    };
    let program = |architecture: &str, needs: &str| {
        MirrorPackage::new("program", "1.0-1", architecture).field("Depends", needs).time(1_650_000_000)
    };
    // Only on one platform the program needs a library.
    let mirror = Mirror::new("stable").architectures(&["amd64", "arm64"]);
    let mirror = mirror.package(base("amd64", release_on_amd64)).package(base("arm64", "13"));
    let mirror = mirror.package(program("amd64", "base-files")).package(program("arm64", "base-files, libtool"));
    let mirror = mirror.package(package("libtool", "arm64", "base-files"));
    let written = mirror.write(&environment.path("mirror")).unwrap();
    environment.write("mirror.gpg", written.keyring);
    let mirrors = format!(
        "debian:\n  mirrors:\n    - uri: file://{}\n      suites: [stable]\n      signed-by: mirror.gpg\n",
        environment.path("mirror").display()
    );
    environment.write("consign.yaml", environment.read("consign.yaml") + &mirrors);
    advise(&environment, "CVE-2026-1", Some("2.0-1"), Some("high"));
    advise(&environment, "CVE-2026-9", Some("0.1"), Some("critical"));
    environment.commit("Packages.");
    environment.git(&["tag", "v2.0.0"]);
    environment
}

/// Writes a record about the package's source.
pub(crate) fn advise(environment: &TestEnvironment, id: &str, fixed: Option<&str>, severity: Option<&str>) {
    let mut events = vec![json!({"introduced": "0"})];
    events.extend(fixed.map(|fixed| json!({"fixed": fixed})));
    let record = json!({
        "id": id,
        "modified": "2026-01-02T03:04:05Z",
        "aliases": [format!("DSA-{id}")],
        "database_specific": {"severity": severity},
        "affected": [{
            "package": {"ecosystem": "Debian:13", "name": "tool"},
            "ranges": [{"type": "ECOSYSTEM", "events": events}],
        }],
    });
    environment.write(&format!("advisories/{id}.json"), record.to_string());
}

/// Adds the policy's section, with further lines in it.
fn ask(environment: &TestEnvironment, more: &str) {
    let section =
        format!("policy:\n  advisories:\n    databases: [advisories]\n    maximum-severity: medium\n{more}signing:\n");
    environment.replace("consign.yaml", "signing:\n", &section);
}

fn ignore(until: &str) -> String {
    format!(
        "    ignore:\n      - {{advisory: DSA-CVE-2026-1, reason: not reachable, owner: team@example.org, until: {until}}}\n"
    )
}

#[test]
fn an_advisory_that_matches_on_one_platform() {
    let environment = environment();
    ask(&environment, "");
    assert_snapshot!(environment.consign(&["release", "--quiet"]), @"
    status 15
    --- stdout
    IMAGE  PLATFORM     BUILD  INVENTORY  SCAN    TRIAL  GATE    SIGN     PUBLISH  VERIFY   DIGEST
    hello  linux/amd64  ok     ok         ok      -      failed  skipped  skipped  skipped  000000000001
    hello  linux/arm64  ok     ok         failed  -      failed  skipped  skipped  skipped  000000000002

    hello
      localhost:PORT1/team/hello: 2.0.0 not moved, 2.0 not moved, 2 not moved, latest not moved
      localhost:PORT1/mirror/hello: 2.0.0 not moved, 2.0 not moved, 2 not moved, latest not moved
      scan: linux/arm64: tool 1.9-1: CVE-2026-1, severity high, fixed in 2.0-1
    --- stderr
    error: hello: the gate closed; nothing was written to a registry
      caused by: linux/arm64: tool 1.9-1: CVE-2026-1, severity high, fixed in 2.0-1
    hint: there are newer packages: build it again, after `consign lock --update` where a lock names their versions
    ");
    assert!(!environment.path("registry").exists());
    // All platforms stand in the report, with what was found on which.
    let report = environment.consign(&["release", "--quiet", "--output", "json"]).expect(15).json();
    let image = &report["images"][0];
    assert_eq!(image["advisories"][0]["platforms"], json!(["linux/arm64"]));
    assert_eq!(image["advisories"][0]["judgement"], "refused");
    assert_eq!(image["rows"][0]["stages"]["scan"], "cached");
    assert_eq!(image["rows"][1]["stages"]["scan"], "failed");
}

#[test]
fn a_running_registry_is_not_written_to() {
    let environment = environment();
    ask(&environment, "");
    environment.replace("consign.yaml", "    serve: registry\n", "    plain-http: true\n");
    let _server = environment.serve();
    environment.consign(&["release"]).expect(15);
    assert_eq!(environment.log().requests(), [""; 0]);
}

#[test]
fn what_is_ignored_for_a_reason_is_released_and_verified() {
    let environment = environment();
    ask(&environment, &ignore("2999-12-31"));
    assert_snapshot!(environment.consign(&["release", "--quiet"]), @"
    status 0
    --- stdout
    IMAGE  PLATFORM     BUILD  INVENTORY  SCAN  TRIAL  GATE  SIGN  PUBLISH  VERIFY  DIGEST
    hello  linux/amd64  ok     ok         ok    -      ok    ok    ok       ok      000000000001
    hello  linux/arm64  ok     ok         ok    -      ok    ok    ok       ok      000000000002

    hello  sha256:000000000003…  signed
      localhost:PORT1/team/hello: 2.0.0 moved, 2.0 moved, 2 moved, latest moved
      localhost:PORT1/mirror/hello: 2.0.0 moved, 2.0 moved, 2 moved, latest moved
      ignored: linux/arm64: tool 1.9-1: CVE-2026-1, severity high, fixed in 2.0-1: not reachable (team@example.org, until 2999-12-31)

    Anybody can verify it:
      consign verify --key cosign.pub localhost:PORT1/team/hello:2.0.0
      cosign verify --key cosign.pub --insecure-ignore-tlog=true localhost:PORT1/team/hello:2.0.0
      consign verify --key cosign.pub localhost:PORT1/mirror/hello:2.0.0
      cosign verify --key cosign.pub --insecure-ignore-tlog=true localhost:PORT1/mirror/hello:2.0.0
    ");
    let again = environment.consign(&["release"]).expect(0);
    assert!(again.stderr.contains("publish cached: 0 written"), "{}", again.stderr);
    // Another store finds the same, byte for byte.
    let elsewhere = environment.invocation().store("elsewhere").run(&["release"]).expect(0);
    assert!(elsewhere.stderr.contains(": 0 written"), "{}", elsewhere.stderr);
    let _server = environment.serve();
    let reference = environment.reference("team/hello:2.0.0");
    let verify = |arguments: &[&str]| {
        let arguments = [&["verify", &reference, "--key", "cosign.pub", "--output", "json"], arguments].concat();
        environment.consign(&arguments)
    };
    let verified = verify(&[]).expect(0).json();
    let signed = json!(["provenance", "sbom", "signature", "vulnerabilities"]);
    assert_eq!(verified["manifests"][1]["signed"], signed);
    assert_eq!(verified["releaseRecord"]["advisories"]["ignore"][0]["owner"], "team@example.org");
    // Another policy hears the same receipts and may say something else.
    verify(&["--policy", "consign.yaml"]).expect(0);
    environment.write("strict.yaml", "policy:\n  advisories: {databases: [none], maximum-severity: low}\n");
    let refused = verify(&["--policy", "strict.yaml"]).expect(15);
    assert!(refused.error().contains("linux/arm64: tool 1.9-1: CVE-2026-1, severity high"), "{}", refused.error());
    let old = "policy:\n  advisories: {databases: [none], maximum-severity: critical, maximum-age: 1d}\n";
    environment.write("old.yaml", old);
    let refused = verify(&["--policy", "old.yaml"]).expect(16);
    assert!(
        refused.error().contains("linux/arm64: the advisory database was last changed on 2026-01-02"),
        "{}",
        refused.error()
    );
}

#[test]
fn a_release_of_a_day_to_come_is_refused() {
    let environment = environment();
    ask(&environment, &ignore("2027-12-31"));
    // The helper's commits are of a time of its own.
    let commit =
        "alias.later=!GIT_COMMITTER_DATE='4070908800 +0000' git commit --quiet --allow-empty --all --message Later";
    environment.git(&["-c", commit, "later"]);
    environment.git(&["tag", "v2.1.0"]);
    let run = environment.consign(&["release", "--quiet"]).expect(1);
    assert!(
        run.error().contains("hello: the release would be dated 2099-01-01T00:00:00Z, which is yet to come"),
        "{run}"
    );
    assert!(!environment.path("registry").exists());
}

#[test]
fn an_entry_that_has_ended_or_matches_nothing_is_reported() {
    let environment = environment();
    ask(&environment, &ignore("2026-01-01"));
    let run = environment.consign(&["release", "--quiet"]).expect(15);
    let warning =
        "warning: ignored advisory DSA-CVE-2026-1: ended on 2026-01-01 and has no effect; ask team@example.org";
    assert!(run.stdout.contains(warning), "{}", run.stdout);
    assert!(
        run.error().contains("fixed in 2.0-1; it was ignored until 2026-01-01: ask team@example.org"),
        "{}",
        run.error()
    );
    assert!(!environment.path("registry").exists());
    // Used on one platform, it stays; where the package is mended, it is of no use.
    environment.replace("consign.yaml", "2026-01-01", "2999-01-01");
    environment.replace("consign.yaml", "advisory: DSA-CVE-2026-1", "advisory: CVE-2026-77");
    advise(&environment, "CVE-2026-1", Some("1.9-1"), Some("high"));
    let run = environment.consign(&["release", "--quiet", "--output", "json"]).expect(0);
    let warning = "ignored advisory CVE-2026-77: matches nothing; team@example.org may take it out";
    assert_eq!(run.json()["warnings"], json!([warning]));
}

#[test]
fn an_unknown_severity_passes_only_where_the_policy_says_so() {
    let environment = environment();
    ask(&environment, "");
    advise(&environment, "CVE-2026-1", None, None);
    let refused = environment.consign(&["release", "--quiet"]).expect(11);
    assert!(refused.error().contains("linux/arm64: tool 1.9-1: CVE-2026-1, severity unknown, no fixed version"));
    environment.replace("consign.yaml", "    maximum-severity", "    unknown-severity: accept\n    maximum-severity");
    environment.consign(&["release", "--quiet"]).expect(0);
}

#[test]
fn a_database_that_cannot_be_used_closes_the_gate() {
    let environment = environment();
    ask(&environment, "");
    let said = |what: &str| {
        let run = environment.consign(&["release", "--quiet"]).expect(16);
        assert!(!environment.path("registry").exists(), "{what}");
        format!("# {what}\n{}\n", run.error())
    };
    environment.write("other/x.json", "{\"id\": \"X\"}");
    let mut all = String::new();
    environment.replace("consign.yaml", "[advisories]", "[missing]");
    all += &said("missing");
    environment.replace("consign.yaml", "[missing]", "[other]");
    all += &said("malformed");
    environment.write("other/x.json", "{\"id\": \"X\", \"modified\": \"2026-01-01T00:00:00Z\", \"affected\": [{\"package\": {\"ecosystem\": \"Debian:11\", \"name\": \"tool\"}}]}");
    all += &said("about another release");
    environment.replace("consign.yaml", "[other]", "[advisories]\n    maximum-age: 30d");
    // What is in the image would weigh more.
    advise(&environment, "CVE-2026-1", Some("1.9-1"), Some("high"));
    all += &said("old");
    assert_snapshot!(all, @"
    # missing
    error: cannot read missing
      caused by: No such file or directory (os error 2)
    hint: a database is what `consign db build` made, or feeds of advisories in folders, archives and files: `advisories: databases:` in the policy, or `--db`

    # malformed
    error: other/x.json is not an OSV record
      caused by: missing field `modified` at line 1 column 11
    hint: a database is what `consign db build` made, or feeds of advisories in folders, archives and files: `advisories: databases:` in the policy, or `--db`

    # about another release
    error: hello: the gate closed; nothing was written to a registry
      caused by: linux/amd64: the advisory database has no records about any of the 2 packages, which are of Debian:13
      caused by: linux/arm64: the advisory database has no records about any of the 3 packages, which are of Debian:13

    # old
    error: hello: the gate closed; nothing was written to a registry
      caused by: linux/amd64: the advisory database was last changed on 2026-01-02, and at most 30 days may have passed
      caused by: linux/arm64: the advisory database was last changed on 2026-01-02, and at most 30 days may have passed

    ");
}

#[test]
fn what_an_archive_claims_of_its_advisories_does_not_count() {
    let environment = environment();
    // Built where nobody asks, and by somebody who claims that nothing was found.
    environment.write("advisories-of-others/x.json", "{\"id\": \"X\", \"modified\": \"2026-01-01T00:00:00Z\", \"affected\": [{\"package\": {\"ecosystem\": \"Debian:13\", \"name\": \"x\"}}]}");
    ask(&environment, "");
    environment.replace("consign.yaml", "[advisories]", "[advisories-of-others]");
    environment.consign(&["build", "--quiet", "--to", "oci-archive:hello.tar"]).expect(0);
    let tree = environment.consign(&["tree", "oci-archive:hello.tar"]).expect(0);
    assert!(tree.stdout.contains("vulnerabilities"), "{tree}");
    environment.replace("consign.yaml", "[advisories-of-others]", "[advisories]");
    let run = environment.consign(&["release", "--quiet", "--from", "oci-archive:hello.tar"]).expect(15);
    assert!(run.error().contains("linux/arm64: tool 1.9-1: CVE-2026-1"), "{}", run.error());
    assert!(!environment.path("registry").exists());
}

#[test]
fn scan_looks_at_all_platforms_wherever_they_lie() {
    let environment = environment();
    environment.consign(&["release", "--quiet"]).expect(0);
    environment.consign(&["build", "--quiet", "--to", "oci:layout"]).expect(0);
    environment.consign(&["build", "--quiet", "--to", "oci-archive:hello.tar"]).expect(0);
    let _server = environment.serve();
    let reference = environment.reference("team/hello:2.0.0");
    assert_snapshot!(environment.consign(&["scan", "--db", "advisories", &reference]), @"
    status 0
    --- stdout
    PACKAGE  VERSION  ADVISORY    SEVERITY  FIXED IN  PLATFORMS
    tool     1.9-1    CVE-2026-1  high      2.0-1     linux/arm64

    linux/amd64: 0 advisories match; 2 packages, 2 of them compared; debian 13 has free fixes until 2030-06-30, and paid ones until 2035-06-30
    linux/arm64: 1 advisory matches; 3 packages, 3 of them compared; debian 13 has free fixes until 2030-06-30, and paid ones until 2035-06-30
    advisories: 2 records, the newest of 2026-01-02T03:04:05Z, sha256:000000000001…
    platforms differ: deb libtool is on some platforms only
    ");
    for place in ["oci:layout", "oci-archive:hello.tar"] {
        let report = environment.consign(&["scan", "--db", "advisories", "--output", "json", place]).expect(0).json();
        assert_eq!(report["platforms"].as_array().unwrap().len(), 2, "{place}");
        assert_eq!(report["advisories"][0]["platforms"], json!(["linux/arm64"]), "{place}");
        assert_eq!(report["advisories"][0]["advisory"], "CVE-2026-1", "{place}");
    }
    // A file that was built of them says the same.
    environment.consign(&["db", "build", "advisories", "--to", "advisories-built.db"]).expect(0);
    let of =
        |database: &str| environment.consign(&["scan", "--db", database, "--output", "json", "oci:layout"]).expect(0);
    assert_eq!(of("advisories-built.db").stdout, of("advisories").stdout);
    environment.write("policy.yaml", "policy:\n  advisories: {databases: advisories, maximum-severity: low}\n");
    let refused = environment.consign(&["scan", "--policy", "policy.yaml", "oci:layout"]).expect(15);
    assert_snapshot!(refused, @"
    status 15
    --- stdout
    PACKAGE  VERSION  ADVISORY    SEVERITY  FIXED IN  PLATFORMS    POLICY
    tool     1.9-1    CVE-2026-1  high      2.0-1     linux/arm64  refused

    linux/amd64: 0 advisories match; 2 packages, 2 of them compared; debian 13 has free fixes until 2030-06-30, and paid ones until 2035-06-30
    linux/arm64: 1 advisory matches; 3 packages, 3 of them compared; debian 13 has free fixes until 2030-06-30, and paid ones until 2035-06-30
    advisories: 2 records, the newest of 2026-01-02T03:04:05Z, sha256:000000000001…
    platforms differ: deb libtool is on some platforms only
    --- stderr
    error: oci:layout: the policy is not met, and a rebuild would fix it
      caused by: linux/arm64: tool 1.9-1: CVE-2026-1, severity high, fixed in 2.0-1
    hint: there are newer packages: build it again, after `consign lock --update` where a lock names their versions
    ");
    let json: Value =
        environment.consign(&["scan", "--policy", "policy.yaml", "oci:layout", "--output", "json"]).expect(15).json();
    assert_eq!((&json["error"]["code"], &json["advisories"][0]["judgement"]), (&json!(15), &json!("refused")));
    environment.replace("policy.yaml", "low", "high");
    environment.consign(&["scan", "--policy", "policy.yaml", "oci:layout"]).expect(0);
    let usage = environment.consign(&["scan", "oci:layout"]).expect(2);
    assert!(usage.error().contains("--db"), "{}", usage.error());
    environment.consign(&["plan", "--output", "sarif"]).expect(2);
}

#[test]
fn findings_as_sarif() {
    let environment = environment();
    environment.consign(&["build", "--quiet", "--to", "oci:layout"]).expect(0);
    let policy = "policy:\n  advisories: {databases: advisories, maximum-severity: low}\n";
    environment.write("policy.yaml", policy);
    let run = environment.consign(&["scan", "--policy", "policy.yaml", "oci:layout", "--output", "sarif"]).expect(0);
    let log = run.json();
    assert_eq!(log["version"], "2.1.0");
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 1);
    assert_eq!((&results[0]["ruleId"], &results[0]["level"]), (&json!("CVE-2026-1"), &json!("error")));
    let message = "linux/arm64: tool 1.9-1: CVE-2026-1, severity high, fixed in 2.0-1";
    assert_eq!(results[0]["message"]["text"], message);
}

#[test]
fn a_platform_that_was_not_compared_is_no_finding_of_sarif() {
    let environment = environment_of("11", "");
    environment.consign(&["build", "--quiet", "--to", "oci:layout"]).expect(0);
    environment.write("policy.yaml", "policy:\n  advisories: {databases: advisories, maximum-severity: low}\n");
    let scan = |form: &str| environment.consign(&["scan", "--policy", "policy.yaml", "oci:layout", "--output", form]);
    let not_compared =
        "linux/amd64: the advisory database has no records about any of the 2 packages, which are of Debian:11";
    let run = scan("table").expect(11);
    assert!(run.error().contains(not_compared) && run.error().contains("CVE-2026-1"), "{run}");
    let run = scan("sarif").expect(16);
    assert!(run.error().contains(not_compared) && !run.error().contains("CVE-2026-1"), "{run}");
    // The log is one, with what was found: a host of code would take an empty list for a clean image.
    let of_run = |log: &Value| {
        let invocation = log["runs"][0]["invocations"][0].clone();
        let why = invocation["toolExecutionNotifications"][0]["message"]["text"].as_str().unwrap().to_owned();
        (invocation["executionSuccessful"].clone(), log["runs"][0]["results"].as_array().unwrap().len(), why)
    };
    let log = run.json();
    let (is_successful, results, why) = of_run(&log);
    assert_eq!((is_successful, results, &log["error"]), (json!(false), 1, &Value::Null));
    assert!(why.contains(not_compared), "{why}");
    // Without a policy, too, in every form.
    let unjudged =
        |form: &str| environment.consign(&["scan", "--db", "advisories", "oci:layout", "--output", form]).expect(16);
    assert_eq!(unjudged("sarif").json(), log);
    let found = unjudged("cyclonedx-json").json();
    assert_eq!((&found["bomFormat"], &found["error"]), (&json!("CycloneDX"), &Value::Null));
    assert_eq!(found["vulnerabilities"][0]["id"], "CVE-2026-1");
    let report = unjudged("json").json();
    assert_eq!((&report["error"]["code"], &report["advisories"][0]["advisory"]), (&json!(16), &json!("CVE-2026-1")));
    for form in ["table", "markdown"] {
        let run = unjudged(form);
        let said = "linux/amd64: none of 2 packages could be compared, and whether advisories match is not known; not compared: 2 of Debian:11";
        assert!(run.stdout.contains(said) && run.error().contains(not_compared), "{run}");
        assert!(run.error().contains("the advisory database is not enough"), "{run}");
    }
    assert_eq!(unjudged("openvex").json()["error"]["code"], 16);
}

#[test]
fn an_image_whose_packages_are_not_known_is_not_one_without_any() {
    let environment = TestEnvironment::with_image();
    environment.replace(".gitignore", "/mirror*\n", "/mirror*\n/advisories*\n");
    advise(&environment, "CVE-2026-1", None, Some("high"));
    ask(&environment, "");
    environment.write("installed", "9\n");
    environment.commit("Advisories.");
    environment.git(&["tag", "v2.0.0"]);
    let run = environment.consign(&["release", "--quiet", "--output", "json"]).expect(0);
    assert_eq!(run.json()["images"][0]["rows"][0]["stages"]["scan"], "ok");
    let image = environment.read("image.yaml");
    let pacman = "files:\n- {source: installed, path: /var/lib/pacman/local/ALPM_DB_VERSION}\n";
    environment.write("image.yaml", image.replace("files:\n", pacman));
    environment.commit("Packages.");
    environment.git(&["tag", "v2.1.0"]);
    let run = environment.consign(&["release", "--quiet"]).expect(16);
    let said = "linux/arm64: nothing was compared with advisories, since it is not known which packages there are: what /var/lib/pacman/local/ALPM_DB_VERSION lists";
    assert!(run.error().contains(said), "{run}");
}

#[test]
fn a_policy_says_what_counts_beside_severities() {
    // Of two platforms, one is of a release that nobody looks after any more.
    let environment = environment_of("9", "");
    environment.replace("advisories/CVE-2026-1.json", "\"fixed\":\"2.0-1\"", "\"limit\":\"9\"");
    let other = environment.read("advisories/CVE-2026-9.json").replace("CVE-2026-9", "CVE-2026-8");
    environment.write("advisories/CVE-2026-8.json", other.replace("Debian:13", "Debian:9"));
    environment.consign(&["build", "--quiet", "--to", "oci:layout"]).expect(0);
    let listed = json!([{"cveID": "CVE-2026-1", "dateAdded": "2026-01-09", "vulnerabilityName": "A flaw in a tool"}]);
    let catalog = json!({"dateReleased": "2026-01-10T00:00:00Z", "catalogVersion": "1", "vulnerabilities": listed});
    environment.write("advisories/kev.json", catalog.to_string());
    environment.write(
        "advisories/epss.csv",
        "#model_version:v1,score_date:2026-01-10T00:00:00Z\ncve,epss,percentile\nCVE-2026-1,0.6,0.9\n",
    );
    let judged = |rules: &str| {
        let policy = format!("policy:\n  advisories:\n    databases: advisories\n    maximum-severity: {rules}\n");
        environment.write("policy.yaml", policy);
        environment.consign(&["scan", "--policy", "policy.yaml", "oci:layout"])
    };
    let told = judged("critical").expect(0);
    assert!(told.stdout.contains("warning: linux/amd64: debian 9 has had no free fixes since"), "{told}");
    let ended = judged("critical\n    end-of-life: refuse").expect(11);
    assert!(ended.error().contains("linux/amd64: debian 9 has had no free fixes"), "{ended}");
    assert!(!ended.error().contains("arm64"), "{ended}");
    // There is no last release to compare with.
    let new = judged("critical\n    new-since: latest").expect(0);
    assert!(new.stdout.contains("warning: everything that is found counts as new here"), "{new}");
    judged("low").expect(11);
    judged("low\n    unfixed: accept").expect(0);
    let exploited = judged("critical\n    unfixed: accept\n    known-exploited: refuse").expect(11);
    assert!(exploited.error().contains("known to be exploited since 2026-01-09"), "{exploited}");
    let likely = judged("critical\n    maximum-epss: 0.5").expect(11);
    assert!(likely.error().contains("EPSS 0.6"), "{likely}");
    judged("critical\n    maximum-epss: 0.6").expect(0);
    let excepted = |purl: &str| {
        judged(&format!(
            "low\n    ignore:\n      - {{advisory: CVE-2026-1, purl: '{purl}', reason: r, owner: o, until: 2999-12-31}}"
        ))
    };
    excepted("pkg:deb/debian/libtool").expect(0);
    let other = excepted("pkg:deb/debian/libtool@1.8").expect(11);
    assert!(other.stdout.contains("matches nothing"), "{other}");
}
