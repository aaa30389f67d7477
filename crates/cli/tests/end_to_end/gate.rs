//! What must keep a release from happening, and that it then leaves no trace at a destination.

use crate::common::{TestEnvironment, endless_program, foreign_platform, host_platform, program, runs_here};
use consign_oci::Platform;
use insta::assert_snapshot;
use std::process::Stdio;
use std::time::Duration;

/// An image of one program that ends with what `exit` says for an architecture.
fn with_program(platforms: &[&Platform], exit: impl Fn(&str) -> u8) -> TestEnvironment {
    let environment = TestEnvironment::with_image();
    let platforms: Vec<String> = platforms.iter().map(ToString::to_string).collect();
    environment.replace("image.yaml", "linux/amd64, linux/arm64", &platforms.join(", "));
    environment.replace(
        "image.yaml",
        "{source: hello.txt, path: /etc/hello.txt}",
        "{source: \"bin/{arch}\", path: /bin/hello}",
    );
    for architecture in ["amd64", "arm64"] {
        let text = format!("Hello from {architecture}.\n");
        environment.write_program(&format!("bin/{architecture}"), &program(architecture, &text, exit(architecture)));
    }
    environment.commit("A program.");
    environment.git(&["tag", "v1.3.0"]);
    environment
}

fn test_on(environment: &TestEnvironment, platforms: &str) {
    let tests = format!(
        "\n    tests:\n      - name: it greets\n        command: [/bin/hello]\n        expect: {{output: Hello from}}{platforms}\nsigning:"
    );
    environment.replace("consign.yaml", "\nsigning:", &tests);
}

#[test]
fn a_trial_that_passes() {
    let environment = with_program(&[&host_platform()], |_| 0);
    test_on(&environment, "");
    environment.consign(&["release"]).expect(0);
    let rows = environment.consign(&["release", "--output", "json"]).expect(0).json();
    assert_eq!(rows["images"][0]["rows"][0]["stages"]["trial"], "cached");
    let _server = environment.serve();
    let reference = environment.reference("team/hello:1.3.0");
    let verified =
        environment.consign(&["verify", &reference, "--key", "cosign.pub", "--output", "json"]).expect(0).json();
    assert_eq!(verified["manifests"][1]["signed"], serde_json::json!(["provenance", "sbom", "signature", "trial"]));
}

#[test]
fn a_trial_that_fails_on_one_platform() {
    let foreign = foreign_platform();
    if !runs_here(&foreign) {
        return;
    }
    let environment =
        with_program(&[&host_platform(), &foreign], |architecture| u8::from(architecture == foreign.architecture()));
    test_on(&environment, "");
    let run = environment.consign(&["release", "--output", "json"]).expect(10);
    let report = run.json();
    let outcome = |platform: &str, stage: &str| {
        let rows = report["images"][0]["rows"].as_array().unwrap();
        rows.iter().find(|row| row["platform"] == platform).unwrap()["stages"][stage].clone()
    };
    assert_eq!(outcome(&foreign.to_string(), "trial"), "failed");
    assert_eq!(outcome(&host_platform().to_string(), "trial"), "ok");
    assert_eq!(outcome(&host_platform().to_string(), "publish"), "skipped");
    assert!(run.error().contains(&format!("{foreign}: trial failed: it greets")), "{}", run.error());
    assert!(!environment.path("registry").exists());
}

#[test]
fn a_trial_that_fails_at_home() {
    let environment = with_program(&[&host_platform(), &foreign_platform()], |_| 3);
    test_on(&environment, &format!("\n        platforms: [{}]", host_platform()));
    let run = environment.consign(&["release", "--quiet"]).expect(10);
    // Placeholders as long as what they stand for, for the table.
    let text = run
        .to_string()
        .replace(host_platform().architecture(), "host!")
        .replace(foreign_platform().architecture(), "other");
    assert_snapshot!(text, @"
    status 10
    --- stdout
    IMAGE  PLATFORM     BUILD  INVENTORY  TRIAL   GATE    SIGN     PUBLISH  VERIFY   DIGEST
    hello  linux/host!  ok     ok         failed  failed  skipped  skipped  skipped  000000000001
    hello  linux/other  ok     ok         -       failed  skipped  skipped  skipped  000000000002

    hello
      localhost:PORT1/team/hello: 1.3.0 not moved, 1.3 not moved, 1 not moved, latest not moved
      localhost:PORT1/mirror/hello: 1.3.0 not moved, 1.3 not moved, 1 not moved, latest not moved
      trial: linux/host!: trial failed: it greets
        it greets: ended with exit code 3, not 0
        Hello from host!.
    --- stderr
    error: hello: the gate closed; nothing was written to a registry
      caused by: linux/host!: trial failed: it greets
    ");
    assert!(!environment.path("registry").exists());
    // Only building it is no better.
    let build = environment.consign(&["build", "--to", "oci-archive:hello.tar"]).expect(10);
    assert!(build.error().contains("it greets: ended with exit code 3, not 0"), "{}", build.error());
    assert!(!environment.path("hello.tar").exists());
}

#[test]
fn a_policy_that_is_not_met() {
    let environment = TestEnvironment::with_image();
    environment.replace("consign.yaml", "signing:", "policy:\n  require: [completeness, trials]\nsigning:");
    assert_snapshot!(environment.consign(&["release", "--quiet"]), @"
    status 11
    --- stdout
    IMAGE  PLATFORM     BUILD  INVENTORY  TRIAL  GATE    SIGN     PUBLISH  VERIFY   DIGEST
    hello  linux/amd64  ok     ok         -      failed  skipped  skipped  skipped  000000000001
    hello  linux/arm64  ok     ok         -      failed  skipped  skipped  skipped  000000000002

    hello
      localhost:PORT1/team/hello: 1.2.3 not moved, 1.2 not moved, 1 not moved, latest not moved
      localhost:PORT1/mirror/hello: 1.2.3 not moved, 1.2 not moved, 1 not moved, latest not moved
      gate: linux/amd64: no trials
      gate: linux/arm64: no trials
    --- stderr
    error: hello: the gate closed; nothing was written to a registry
      caused by: linux/amd64: no trials
      caused by: linux/arm64: no trials
    ");
    assert!(!environment.path("registry").exists());
}

#[test]
fn a_running_registry_is_not_written_to_either() {
    let environment = TestEnvironment::with_image();
    environment.replace("consign.yaml", "    serve: registry\n", "    plain-http: true\n");
    environment.replace("consign.yaml", "signing:", "policy:\n  require: [trials]\nsigning:");
    let _server = environment.serve();
    environment.consign(&["release"]).expect(11);
    assert_eq!(environment.log().requests(), [""; 0]);
}

#[test]
fn one_image_that_fails_keeps_the_others_back() {
    let environment = TestEnvironment::with_image();
    let registry = environment.registry();
    environment.replace(
        "consign.yaml",
        "signing:",
        &format!(
            "  - source: other.yaml\n    destination: {registry}/team/other\n    tests: [{{command: [/bin/missing], platforms: [{}]}}]\nsigning:",
            host_platform()
        ),
    );
    environment
        .write("other.yaml", format!("platforms: [{}]\nfiles: [{{source: hello.txt, path: /a}}]\n", host_platform()));
    let run = environment.consign(&["release"]).expect(10);
    assert!(run.error().contains("other: the gate closed"), "{}", run.error());
    assert!(run.stderr.contains("\nother gate failed: 1 reason\n"), "{}", run.stderr);
    assert!(!environment.path("registry").exists());
}

#[test]
fn what_a_killed_run_unpacked_is_removed_by_the_next() {
    let environment = with_program(&[&host_platform()], |_| 0);
    let architecture = host_platform().architecture().to_owned();
    environment.write_program(&format!("bin/{architecture}"), &endless_program(&architecture));
    test_on(&environment, "");
    let partial = environment.beside("store/store/partial");
    let unpacked = || {
        let entries = std::fs::read_dir(&partial).into_iter().flatten().flatten();
        entries.filter(|entry| entry.path().join("root/bin/hello").exists()).count()
    };
    let mut command = environment.invocation().command(&["build", "--quiet"]);
    let mut running = command.stdout(Stdio::null()).spawn().unwrap();
    while unpacked() == 0 {
        assert!(running.try_wait().unwrap().is_none(), "the program ended");
        std::thread::sleep(Duration::from_millis(10));
    }
    running.kill().unwrap();
    running.wait().unwrap();
    assert_eq!(unpacked(), 1);
    environment.replace("consign.yaml", "command: [/bin/hello]", "command: [/bin/missing]");
    environment.consign(&["build", "--quiet"]).expect(10);
    assert_eq!(unpacked(), 0);
}
