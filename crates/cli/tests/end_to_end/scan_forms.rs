//! What `scan` says in the forms that others read, and lists of ignored advisories that others have.

use crate::advisories::{advise, environment};
use crate::common::{ImageLayout, TestEnvironment};
use consign_oci::Digest;
use consign_testkit::tools::peer;
use insta::assert_snapshot;
use serde_json::{Value, json};

/// An image in a layout, of which one platform has a package that an advisory is about.
fn built() -> TestEnvironment {
    let environment = environment();
    environment.consign(&["build", "--quiet", "--to", "oci:layout"]).expect(0);
    environment
}

#[test]
fn markdown_is_for_comments_on_changes() {
    let environment = built();
    advise(&environment, "CVE-2026-2", None, Some("low"));
    assert_snapshot!(environment.consign(&["scan", "--db", "advisories", "oci:layout", "--output", "markdown"]), @"
    status 0
    --- stdout
    ### `oci:layout`

    **Found: 2**

    | package | version | advisory | severity | fixed in | platforms |
    | --- | --- | --- | --- | --- | --- |
    | `tool` | `1.9-1` | `CVE-2026-1` | `high` | `2.0-1` | `linux/arm64` |
    | `tool` | `1.9-1` | `CVE-2026-2` | `low` | `-` | `linux/arm64` |

    - `linux/amd64: 0 advisories match; 2 packages, 2 of them compared; debian 13 has free fixes until 2030-06-30, and paid ones until 2035-06-30`
    - `linux/arm64: 2 advisories match; 3 packages, 3 of them compared; debian 13 has free fixes until 2030-06-30, and paid ones until 2035-06-30`
    - `advisories: 3 records, the newest of 2026-01-02T03:04:05Z, sha256:000000000001…`
    - `platforms differ: deb libtool is on some platforms only`
    ");
}

#[test]
fn what_is_new_since_another_image_and_what_is_gone() {
    let environment = built();
    environment.consign(&["copy", "oci:layout", "oci:older"]).expect(0);
    let scan = |since: &str, more: &[&str]| {
        let arguments = ["scan", "--db", "advisories", "oci:layout", "--since", since];
        environment.consign(&[&arguments, more].concat())
    };
    let same = scan("oci:older", &["--output", "json"]).expect(0).json();
    assert_eq!((&same["since"]["new"], &same["since"]["both"]), (&json!([]), &json!(1)));
    environment.write("image.yaml", "packages: [base-files]\nsuite: stable\nplatforms: [linux/amd64, linux/arm64]\n");
    environment.consign(&["build", "--quiet", "--to", "oci:without"]).expect(0);
    let new = scan("oci:without", &["--output", "json"]).expect(0).json();
    assert_eq!(new["since"]["new"][0]["advisory"], "CVE-2026-1");
    assert_eq!((&new["since"]["gone"], &new["since"]["both"]), (&json!([]), &json!(0)));
    let gone = environment.consign(&["scan", "--db", "advisories", "oci:without", "--since", "oci:layout"]);
    assert_snapshot!(gone, @"
    status 0
    --- stdout
    gone since oci:layout:
    PACKAGE  VERSION  ADVISORY    SEVERITY  FIXED IN  PLATFORMS
    tool     1.9-1    CVE-2026-1  high      2.0-1     linux/arm64

    since oci:layout: 0 new, 1 gone, 0 in both
    linux/amd64: 0 advisories match; 1 package, 1 of them compared; debian 13 has free fixes until 2030-06-30, and paid ones until 2035-06-30
    linux/arm64: 0 advisories match; 1 package, 1 of them compared; debian 13 has free fixes until 2030-06-30, and paid ones until 2035-06-30
    advisories: 2 records, the newest of 2026-01-02T03:04:05Z, sha256:000000000001…
    ");
    assert_snapshot!(scan("oci:without", &["--output", "markdown"]), @"
    status 0
    --- stdout
    ### `oci:layout`

    **New since `oci:without`: 1**

    | package | version | advisory | severity | fixed in | platforms |
    | --- | --- | --- | --- | --- | --- |
    | `tool` | `1.9-1` | `CVE-2026-1` | `high` | `2.0-1` | `linux/arm64` |

    **Gone since `oci:without`: 0**

    Found in both: 0.

    - `linux/amd64: 0 advisories match; 2 packages, 2 of them compared; debian 13 has free fixes until 2030-06-30, and paid ones until 2035-06-30`
    - `linux/arm64: 1 advisory matches; 3 packages, 3 of them compared; debian 13 has free fixes until 2030-06-30, and paid ones until 2035-06-30`
    - `advisories: 2 records, the newest of 2026-01-02T03:04:05Z, sha256:000000000001…`
    - `platforms differ: deb libtool is on some platforms only`
    ");
}

#[test]
fn cyclonedx_has_the_components_that_are_affected() {
    let environment = built();
    let run = environment.consign(&["scan", "--db", "advisories", "oci:layout", "--output", "cyclonedx"]).expect(0);
    let document = run.json();
    let found = document["vulnerabilities"].as_array().unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["id"], &found[0]["ratings"][0]["severity"]), (&json!("CVE-2026-1"), &json!("high")));
    let reference = found[0]["affects"][0]["ref"].as_str().unwrap();
    assert!(reference.contains("arm64") && reference.contains("libtool"), "{reference}");
    assert_eq!(found[0]["affects"].as_array().unwrap().len(), 1);
    assert_eq!(found[0]["recommendation"], "tool 2.0-1 is free of it");
    // The SBOM is the same beside, and has another name.
    let sbom = environment.consign(&["sbom", "oci:layout", "--output", "cyclonedx-json"]).expect(0).json();
    assert_eq!(document["components"], sbom["components"]);
    assert_ne!(document["serialNumber"], sbom["serialNumber"]);
    if let Some(validator) = peer("cyclonedx-validate") {
        environment.write("found.json", &run.stdout);
        validator.run([environment.path("found.json")]).unwrap();
        environment.write("spoilt.json", run.stdout.replace("\"high\"", "\"hihg\""));
        assert!(validator.run([environment.path("spoilt.json")]).is_err(), "it accepts anything");
    }
}

#[test]
fn the_predicate_of_cosign_names_the_database_and_its_day() {
    let environment = built();
    let scan = |more: &[&str]| {
        let arguments = ["scan", "--db", "advisories", "oci:layout", "--output", "cosign-vuln"];
        environment.consign(&[&arguments, more].concat())
    };
    let usage = scan(&[]).expect(2);
    assert!(usage.error().contains("name one with `--platform`"), "{usage}");
    let predicate = scan(&["--platform", "linux/arm64"]).expect(0).json();
    let report =
        environment.consign(&["scan", "--db", "advisories", "oci:layout", "--output", "json"]).expect(0).json();
    assert_eq!(predicate["scanner"]["db"]["version"], report["database"]["digest"]);
    assert_eq!(predicate["scanner"]["db"]["lastUpdate"], "2026-01-02T03:04:05Z");
    assert_eq!(predicate["scanner"]["result"]["vulnerabilities"][0]["id"], "CVE-2026-1");
    assert!(predicate["metadata"]["scanFinishedOn"].is_string() && predicate["invocation"].is_object());
}

#[test]
fn lists_of_other_tools_are_read_where_they_lie() {
    let environment = built();
    let scan = |more: &[&str]| environment.consign(&[&["scan", "--db", "advisories", "oci:layout"], more].concat());
    environment.write(".trivyignore", "# the tool is not run\nCVE-2026-1 exp:2999-01-01\nCVE-2026-77\n");
    let run = scan(&["--output", "json"]).expect(0);
    assert!(run.stderr.contains("note: .trivyignore says what is ignored"), "{run}");
    let report = run.json();
    assert_eq!(report["advisories"][0]["judgement"], "ignored");
    assert_eq!(report["advisories"][0]["ignored"]["reason"], "the tool is not run");
    assert_eq!(report["advisories"][0]["ignored"]["until"], "2998-12-31");
    assert_eq!(report["warnings"][0], "ignored advisory CVE-2026-77: matches nothing; .trivyignore may take it out");
    // A policy says itself which lists count.
    let policy = "policy:\n  advisories:\n    databases: advisories\n    maximum-severity: low\n";
    environment.write("policy.yaml", policy);
    let judged = |more: &[&str]| {
        let arguments = ["scan", "--policy", "policy.yaml", "oci:layout"];
        environment.consign(&[&arguments, more].concat())
    };
    judged(&[]).expect(15);
    judged(&["--ignore-file", ".trivyignore"]).expect(0);
    environment.write(
        "lists/.grype.yaml",
        "ignore:\n  - vulnerability: CVE-2026-1\n    package: {name: tool}\n  - fix-state: not-fixed\n",
    );
    environment.write("policy.yaml", format!("{policy}    ignore-files: lists/.grype.yaml\n"));
    let passed = judged(&[]).expect(0);
    assert!(passed.stderr.contains("lists/.grype.yaml:4: a rule is left out"), "{passed}");
    // A policy has to say something, and a list that merely lies there may be wrong.
    environment.write("silent.yaml", "policy: {require: [sbom]}\n");
    environment.consign(&["scan", "--policy", "silent.yaml", "--db", "advisories", "oci:layout"]).expect(2);
    environment.write(".trivyignore", "<html>\n");
    let spoilt = scan(&[]).expect(0);
    assert!(spoilt.stderr.contains("warning: .trivyignore is left out"), "{spoilt}");
    environment.write(".trivyignore", "CVE-2026-1 exp:2020-01-01\n");
    let ended = scan(&[]).expect(0);
    assert!(ended.stdout.contains("ended on 2019-12-31 and has no effect; ask .trivyignore"), "{ended}");
}

/// An index with two images for one platform, as those for versions of Windows are. One has the package in a version that is free of the advisory.
fn twice(environment: &TestEnvironment) -> Vec<String> {
    let folder = environment.path("twice");
    let image = |version: &str| {
        let mut layout = ImageLayout::new(&folder);
        layout.layer(|layer| {
            layer.file("etc/os-release", b"ID=debian\nVERSION_ID=\"13\"\n");
            let package = format!(
                "Package: tool\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\nDescription: x\n"
            );
            layer.file("var/lib/dpkg/status", package.as_bytes());
        });
        layout.finish();
        let index: Value = serde_json::from_str(&environment.read("twice/index.json")).unwrap();
        let mut descriptor = index["manifests"][0].clone();
        descriptor["platform"] = json!({"os": "linux", "architecture": "amd64"});
        descriptor
    };
    let images = [image("1.9-1"), image("3.0-1")];
    let media_type = "application/vnd.oci.image.index.v1+json";
    let index = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": images}).to_string();
    let digest = Digest::of(index.as_bytes());
    let root = json!({"mediaType": media_type, "digest": digest, "size": index.len()});
    environment.write(&format!("twice/blobs/sha256/{}", digest.hex()), index);
    environment.write("twice/index.json", json!({"schemaVersion": 2, "manifests": [root]}).to_string());
    let part = |image: &Value| format!("linux/amd64-{}", &image["digest"].as_str().unwrap()["sha256:".len()..][..12]);
    images.iter().map(part).collect()
}

#[test]
fn several_images_for_one_platform_are_told_apart() {
    let environment = built();
    let [affected, free] = &twice(&environment)[..] else { panic!("two images") };
    let scan =
        |form: &str| environment.consign(&["scan", "--db", "advisories", "oci:twice", "--output", form]).expect(0);
    let table = scan("table").stdout;
    for line in [
        format!("tool     1.9-1    CVE-2026-1  high      2.0-1     {affected}\n"),
        format!("{affected}: 1 advisory matches; 1 package, 1 of them compared"),
        format!("{free}: 0 advisories match; 1 package, 1 of them compared"),
        "platforms differ: deb tool: ".to_owned(),
    ] {
        assert!(table.contains(&line), "{line}: {table}");
    }
    let report = scan("json").json();
    assert_eq!(report["advisories"][0]["platforms"], json!([affected]));
    assert_eq!([&report["platforms"][0]["platform"], &report["platforms"][1]["platform"]], [affected, free]);
    // Those who pull the image by its digest are told what is in theirs.
    let statements = scan("openvex").json()["statements"].clone();
    assert_eq!((statements.as_array().unwrap().len(), statements[0]["products"].as_array().unwrap().len()), (1, 1));
}

/// The weekly job: what is out there, whatever the commit.
#[test]
fn without_a_name_everything_that_the_configuration_publishes_is_looked_at() {
    let environment = environment();
    environment.consign(&["release", "--quiet"]).expect(0);
    let _server = environment.serve();
    let registry = environment.registry();
    environment.commit("Later, and not released.");
    let mirrored = format!(
        "sync:\n  - source: {registry}/team/hello:2.0.0\n    destination: {registry}/copies/hello\n  - source: {registry}/team/hello:2.0.0\n    destination: {registry}/copies/never:1\n"
    );
    environment.write("consign.yaml", environment.read("consign.yaml") + &mirrored);
    environment
        .consign(&["copy", &environment.reference("team/hello:2.0.0"), &environment.reference("copies/hello:2.0.0")])
        .expect(0);
    let scan = |more: &[&str]| environment.consign(&[&["scan", "--db", "advisories"], more].concat());
    let report = scan(&["--output", "json"]).expect(0).json();
    let names: Vec<&str> =
        report["images"].as_array().unwrap().iter().map(|image| image["reference"].as_str().unwrap()).collect();
    let expected =
        ["copies/hello:2.0.0", "mirror/hello:latest", "team/hello:latest"].map(|name| environment.reference(name));
    assert_eq!(names, expected);
    assert_eq!(report["notPublished"], json!([environment.reference("copies/never:1")]));
    assert!(
        report["images"].as_array().unwrap().iter().all(|image| image["advisories"][0]["advisory"] == "CVE-2026-1")
    );
    let text = scan(&[]).expect(0);
    assert!(text.stdout.contains(&format!("not published: {registry}/copies/never:1")), "{text}");
    let log = scan(&["--output", "sarif"]).expect(0).json();
    assert_eq!(log["runs"].as_array().unwrap().len(), 3);
    // What cannot be looked at is told in the log, beside the others.
    let configuration = environment.read("consign.yaml");
    let unreachable = "sync:\n  - source: localhost:1/team/hello:2.0.0\n    destination: localhost:1/copies/hello:1\n";
    environment.write("consign.yaml", configuration.replace("sync:\n", unreachable));
    let partly = scan(&["--output", "sarif"]).expect(6);
    assert!(partly.error().contains("localhost:1"), "{partly}");
    let log = partly.json();
    let runs = log["runs"].as_array().unwrap();
    let invocations: Vec<_> = runs.iter().map(|run| &run["invocations"][0]).collect();
    let successes: Vec<_> = invocations.iter().map(|invocation| invocation["executionSuccessful"].clone()).collect();
    assert_eq!(successes, [true, true, true, false]);
    let said = invocations[3]["toolExecutionNotifications"][0]["message"]["text"].as_str().unwrap();
    assert!(said.contains("localhost:1/copies/hello") && log.get("error").is_none(), "{said}");
    environment.write("consign.yaml", configuration);
    // The policy of the configuration judges all of it.
    environment.replace(
        "consign.yaml",
        "signing:\n",
        "policy:\n  advisories: {databases: advisories, maximum-severity: low}\nsigning:\n",
    );
    let refused = environment.consign(&["scan"]).expect(15);
    assert_eq!(refused.error().matches("CVE-2026-1").count(), 3, "{refused}");
    environment.write("empty.yaml", "policy: {}\n");
    environment.consign(&["-f", "empty.yaml", "scan", "--db", "advisories"]).expect(3);
    scan(&["--output", "cosign-vuln"]).expect(2);
}

#[test]
fn of_more_tags_than_are_looked_at_the_newest_is_found() {
    let environment = environment();
    environment.consign(&["release", "--quiet"]).expect(0);
    let registry = environment.registry();
    let digest = environment.read("registry/repositories/team/hello/_tags/latest");
    let _server = environment.serve();
    let scan = |configuration: &str| {
        environment.write("tags.yaml", configuration);
        environment.consign(&["-f", "tags.yaml", "scan", "--db", "advisories", "--output", "json"])
    };
    let mirror =
        format!("sync:\n  - source: {registry}/mirror/hello\n    destination: {registry}/team/hello\n    tags: all\n");
    // 2.0.0, 2.0, 2 and latest are there.
    for number in 0..496 {
        environment.write(&format!("registry/repositories/team/hello/_tags/build-{number}"), &digest);
    }
    let report = scan(&mirror).expect(0).json();
    assert!(report["images"][0]["reference"].as_str().unwrap().contains("build-495"), "{report}");
    environment.write("registry/repositories/team/hello/_tags/build-496", &digest);
    let refused = scan(&mirror).expect(6);
    let said = format!("{registry}/team/hello has 501 tags, and at most 500 are looked at");
    assert!(refused.to_string().replace("PORT1", &environment.port.to_string()).contains(&said), "{refused}");
    // One tag of them is asked for.
    let report = scan(&environment.read("consign.yaml")).expect(0).json();
    assert!(report["images"].to_string().contains("team/hello:latest"), "{report}");
}

#[test]
fn documents_of_packages_are_compared_as_images_are() {
    let environment = built();
    let sbom = |form: &str, file: &str| {
        let run = environment.consign(&["sbom", "oci:layout", "--platform", "linux/arm64", "--output", form]).expect(0);
        environment.write(file, run.stdout);
    };
    sbom("spdx-json", "own.spdx.json");
    sbom("cyclonedx-json", "own.cdx.json");
    let component = json!({"type": "library", "name": "libtool", "version": "1.9-1+b1",
        "purl": "pkg:deb/debian/libtool@1.9-1%2Bb1?arch=arm64&distro=debian-13&upstream=tool%401.9-1"});
    let others = json!({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [component]});
    environment.write("others.json", others.to_string());
    for file in ["own.spdx.json", "own.cdx.json", "others.json"] {
        let run =
            environment.consign(&["scan", "--db", "advisories", &format!("sbom:{file}"), "--output", "json"]).expect(0);
        let report = run.json();
        assert_eq!(report["advisories"].as_array().unwrap().len(), 1, "{file} {run}");
        assert_eq!(report["advisories"][0]["advisory"], "CVE-2026-1", "{file}");
        assert_eq!(report["platforms"][0]["platform"], "linux/arm64", "{file}");
    }
    // Of an index, each image is judged for itself.
    let scanned = |what: &str| {
        let report = environment.consign(&["scan", "--db", "advisories", what, "--output", "json"]).expect(0).json();
        let platforms = report["platforms"].as_array().unwrap().iter();
        let platforms = platforms.map(|one| json!([one["platform"], one["digest"], one["coverage"], one["lifetime"]]));
        (platforms.collect::<Vec<_>>(), report["advisories"].clone())
    };
    let of_image = scanned("oci:layout");
    assert_eq!(of_image.0.len(), 2);
    for form in ["spdx-json", "cyclonedx-json"] {
        let whole = environment.consign(&["sbom", "oci:layout", "--output", form]).expect(0);
        environment.write("whole.json", whole.stdout);
        assert_eq!(scanned("sbom:whole.json"), of_image, "{form}");
    }
    environment.write("policy.yaml", "policy:\n  advisories: {databases: advisories, maximum-severity: low}\n");
    environment.consign(&["scan", "--policy", "policy.yaml", "sbom:others.json"]).expect(15);
    let since = ["scan", "--db", "advisories", "sbom:others.json", "--since", "oci:layout", "--output", "json"];
    assert_eq!(environment.consign(&since).expect(0).json()["since"]["both"], json!(1));
    // A list of nothing is not clean.
    environment.write("empty.json", json!({"bomFormat": "CycloneDX", "specVersion": "1.5"}).to_string());
    let empty = environment.consign(&["scan", "--db", "advisories", "sbom:empty.json"]).expect(16);
    assert!(empty.stdout.contains("the document lists no package"), "{empty}");
    environment.consign(&["scan", "--policy", "policy.yaml", "sbom:empty.json"]).expect(16);
    // What a document is about may be a package itself.
    let own =
        json!({"bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": {"component": others["components"][0]}});
    environment.write("described.json", own.to_string());
    environment.consign(&["scan", "--policy", "policy.yaml", "sbom:described.json"]).expect(15);
    environment.write("notes.json", "{\"notes\": []}");
    let unread = environment.consign(&["scan", "--db", "advisories", "sbom:notes.json"]).expect(1);
    assert!(unread.error().contains("it is no SBOM that is read"), "{unread}");
    environment.consign(&["scan", "--db", "advisories", "sbom:absent.json"]).expect(1);
    environment.consign(&["scan", "--db", "advisories", "sbom:"]).expect(2);
}
