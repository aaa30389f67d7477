//! Errors for programs: one JSON document on standard output, and JSON lines on standard error where progress is.

use crate::common::TestEnvironment;
use insta::assert_snapshot;
use serde_json::{Value, json};

#[test]
fn a_configuration_that_is_right_is_a_result() {
    let environment = TestEnvironment::with_image();
    let run = environment.consign(&["check", "--output", "json"]).expect(0);
    assert_eq!(run.json(), json!({ "file": "consign.yaml", "images": ["hello"], "mirrored": 0, "warnings": [] }));
    assert_eq!(run.stderr, "");
}

#[test]
fn every_command_says_what_went_wrong_in_json() {
    let environment = TestEnvironment::with_image();
    let gone = environment.reference("team/gone:1");
    std::fs::remove_file(environment.path("data/arm64")).unwrap();
    for (arguments, code, kind) in [
        (&["-f", "none.yaml", "check"][..], 3, "configuration"),
        (&["plan", "other"][..], 2, "usage"),
        (&["build"][..], 3, "configuration"),
        (&["release"][..], 3, "configuration"),
        (&["verify", "--key", "cosign.pub", &gone][..], 14, "unavailable"),
        (&["verify", "--key", "none.pub", &gone][..], 1, "failed"),
        (&["tree", &gone][..], 1, "failed"),
        (&["inspect", &gone][..], 1, "failed"),
        (&["keygen"][..], 4, "conflict"),
        (&["registry", "serve", "--root", "registry", "--listen", "192.0.2.1:80"][..], 2, "usage"),
        (&["-C", "nowhere", "plan"][..], 2, "usage"),
        (&["relaese"][..], 2, "usage"),
        (&["release", "--from"][..], 2, "usage"),
    ] {
        let run = environment.consign(&[&["--output", "json"], arguments].concat()).expect(code);
        let error = &run.json()["error"];
        assert_eq!((&error["code"], &error["kind"]), (&json!(code), &json!(kind)), "{arguments:?} {error}");
        let message = error["message"].as_str().unwrap();
        assert!(!message.is_empty() && run.stderr.contains(message), "{arguments:?} {run}");
        assert!(error["causes"].is_array() && error["hints"].is_array(), "{arguments:?} {error}");

        // The same for whoever reads progress.
        let run = environment.consign(&[&["--progress", "json"], arguments].concat()).expect(code);
        let lines: Vec<Value> = run.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let last = lines.last().unwrap();
        assert_eq!((&last["event"], &last["kind"]), (&json!("error"), &json!(kind)), "{arguments:?} {run}");
    }
}

#[test]
fn a_configuration_is_described_line_by_line() {
    let environment = TestEnvironment::with_image();
    environment.replace("consign.yaml", "source", "sourec");
    let run = environment.consign(&["check", "--output", "json"]).expect(3);
    let error = &run.json()["error"];
    assert_eq!(error["diagnostics"][0]["line"], 2, "{error}");
    assert!(error["message"].as_str().unwrap().starts_with("consign.yaml:2:"), "{error}");
}

#[test]
fn a_report_is_printed_with_its_error() {
    let environment = TestEnvironment::with_image();
    environment.replace("consign.yaml", "    serve: registry\n", "    plain-http: true\n");
    let run = environment.consign(&["release", "--output", "json", "--quiet"]).expect(1);
    let report = run.json();
    assert_eq!(report["images"][0]["rows"][0]["stages"]["publish"], "failed");
    assert_eq!(report["images"][0]["signed"], false);
    assert_eq!(report["error"]["code"], 1);
    assert_snapshot!(report["error"]["causes"][0].as_str().unwrap().replace(&environment.registry(), "HOST"), @"HEAD http://HOST/v2/team/hello/manifests/1.2.3: connection refused");
    assert_eq!(report["error"]["hints"], json!(["is the registry running, and is its name right?"]));
}

#[test]
fn notes_are_json_lines_too() {
    let environment = TestEnvironment::with_image();
    let run = environment.consign(&["release", "--dry-run", "--progress", "json"]).expect(0);
    let lines: Vec<Value> = run.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.last().unwrap()["event"], "note");
}

#[test]
fn files_that_are_too_long_are_named_and_not_cut_off() {
    let environment = TestEnvironment::with_image();
    let configuration = environment.read("consign.yaml") + &"#".repeat(2 << 20);
    environment.write("consign.yaml", configuration);
    assert_snapshot!(environment.consign(&["plan"]).expect(3).error(), @"
    error: cannot read consign.yaml
      caused by: it has more than 2097152 bytes
    hint: name another file with `-f FILE`, or another folder with `-C DIR`
    ");
}
