//! Who asks again hears the same, without anything being read again; who asks for something else hears that.

use crate::advisories::{advise, environment};
use crate::common::{Run, TestEnvironment};
use std::fs;
use std::path::PathBuf;

/// An image of two platforms in a layout, of which one has a package that an advisory is about.
fn layout() -> TestEnvironment {
    let environment = environment();
    environment.consign(&["build", "--quiet", "--to", "oci:layout"]).expect(0);
    environment
}

const SCAN: [&str; 4] = ["scan", "--db", "advisories", "oci:layout"];

/// All that can be asked about the image.
fn questions() -> Vec<Vec<&'static str>> {
    let forms = ["table", "json", "markdown", "sarif", "cyclonedx"];
    let scans = forms.map(|form| [&SCAN[..], &["--output", form]].concat());
    let predicate = [&SCAN[..], &["--platform", "linux/arm64", "--output", "cosign-vuln"]].concat();
    let sboms = ["spdx-json", "cyclonedx-json", "tree"].map(|form| vec!["sbom", "oci:layout", "--output", form]);
    let of_one = vec!["sbom", "oci:layout", "--platform", "linux/arm64"];
    scans.into_iter().chain([predicate]).chain(sboms).chain([of_one]).collect()
}

fn said(run: &Run) -> (String, String) {
    (run.stdout.clone(), run.stderr.clone())
}

/// Returns the files of this kind that are kept in the store.
fn kept(environment: &TestEnvironment, kind: &str) -> Vec<PathBuf> {
    let files =
        fs::read_dir(environment.beside("kept").join("store/derived")).unwrap().map(|file| file.unwrap().path());
    let is_of_kind = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(&format!("{kind}-"));
    files.filter(is_of_kind).collect()
}

#[test]
fn what_is_kept_is_what_would_be_found() {
    let environment = layout();
    let ask = |store: &str, question: &[&str]| environment.invocation().store(store).run(question).expect(0);
    for question in questions() {
        let first = ask("kept", &question);
        for store in ["kept", &format!("{} elsewhere", question.join(" ").replace('/', " "))] {
            assert_eq!(said(&ask(store, &question)), said(&first), "{store}: {question:?}");
        }
    }
    assert_eq!((kept(&environment, "scan").len(), kept(&environment, "sbom").len()), (2, 3));
    // What is damaged is found anew.
    for question in [&SCAN[..], &["sbom", "oci:layout"]] {
        let first = ask("kept", question);
        for path in kept(&environment, question[0]) {
            let mut bytes = fs::read(&path).unwrap();
            bytes[20] ^= 1;
            fs::write(&path, bytes).unwrap();
        }
        assert_eq!(said(&ask("kept", question)), said(&first), "{question:?}");
    }
    // Nothing but what the layout itself lists is needed for it, no manifest of a platform, config or layer; whoever never looked needs all.
    let listed = environment.read("layout/index.json");
    for blob in fs::read_dir(environment.path("layout/blobs/sha256")).unwrap() {
        let path = blob.unwrap().path();
        if !listed.contains(path.file_name().unwrap().to_str().unwrap()) {
            fs::remove_file(path).unwrap();
        }
    }
    for question in [&SCAN[..], &["sbom", "oci:layout"]] {
        ask("kept", question);
        environment.invocation().store("never").run(question).expect(1);
    }
}

#[test]
fn another_question_has_another_answer() {
    let environment = layout();
    let ask = |store: &str, arguments: &[&str], status: i32| {
        environment.invocation().store(store).run(&[&SCAN[..], arguments].concat()).expect(status)
    };
    let judged = |store: &str, status: i32| ask(store, &["--policy", "policy.yaml"], status);
    let first = ask("kept", &[], 0);
    // The same findings, told apart by other rules.
    environment.write("policy.yaml", "policy:\n  advisories: {databases: advisories, maximum-severity: low}\n");
    let refused = judged("kept", 15);
    assert_eq!(said(&judged("new", 15)), said(&refused));
    environment.write("policy.yaml", "policy:\n  advisories: {databases: advisories, maximum-severity: critical}\n");
    judged("kept", 0);
    // Other advisories.
    advise(&environment, "CVE-2026-2", None, Some("low"));
    let second = ask("kept", &[], 0);
    assert!(second.stdout.contains("CVE-2026-2") && !first.stdout.contains("CVE-2026-2"), "{second}");
    assert_eq!(said(&ask("another", &[], 0)), said(&second));
    fs::remove_file(environment.path("advisories/CVE-2026-2.json")).unwrap();
    assert_eq!(said(&ask("kept", &[], 0)), said(&first));
    // Fewer platforms.
    let one = ask("kept", &["--platform", "linux/amd64"], 0);
    assert!(!one.stdout.contains("linux/arm64"), "{one}");
    ask("kept", &["--platform", "linux/s390x"], 1);
}

#[test]
fn a_registry_is_asked_for_no_more_than_the_index() {
    let environment = environment();
    environment.consign(&["release", "--quiet"]).expect(0);
    let _server = environment.serve();
    let index = environment.reference("team/hello:2.0.0");
    let manifest = environment.consign(&["inspect", &index, "--output", "json"]).expect(0).json();
    let digest = manifest["manifests"][1]["digest"].as_str().unwrap();
    let arm64 = environment.reference(&format!("team/hello@{digest}"));
    for (reference, scan, sbom) in [(&index, &["HEAD", "GET"][..], &["HEAD"][..]), (&arm64, &["HEAD"], &["HEAD"])] {
        for (arguments, expected) in
            [(&["scan", "--db", "advisories", reference][..], scan), (&["sbom", reference], sbom)]
        {
            let first = environment.consign(arguments).expect(0);
            environment.log().clear();
            assert_eq!(said(&environment.consign(arguments).expect(0)), said(&first));
            let requests = environment.log().requests();
            let methods: Vec<&str> = requests.iter().map(|line| line.split(' ').next().unwrap()).collect();
            assert_eq!(methods, expected, "{arguments:?}: {requests:?}");
        }
    }
}
