//! What is in images is listed: of every platform, wherever they lie, as documents that others read.

use crate::advisories::environment;
use crate::common::TestEnvironment;
use consign_oci::{Descriptor, Digest, media_type};
use consign_testkit::tools::peer;
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::fs;

/// An image of two platforms in a layout; on arm64 it has a package more.
fn layout() -> TestEnvironment {
    let environment = environment();
    environment.consign(&["build", "--quiet", "--to", "oci:layout"]).expect(0);
    environment
}

fn names(document: &Value) -> Vec<&str> {
    let packages = document["packages"].as_array().unwrap().iter();
    let names = packages.filter(|package| package.get("primaryPackagePurpose").is_none());
    names.map(|package| package["name"].as_str().unwrap()).collect()
}

#[test]
fn every_platform_is_listed() {
    let environment = layout();
    assert_snapshot!(environment.consign(&["sbom", "--output", "tree", "oci:layout"]), @"
    status 0
    --- stdout
    oci:layout
    ├── linux/amd64               sha256:000000000001
    │   ├── debian 13
    │   └── deb: 2
    │       ├── base-files 13
    │       └── program 1.0-1
    └── linux/arm64               sha256:000000000002
        ├── debian 13
        └── deb: 3
            ├── base-files 13
            ├── libtool 1.9-1+b1
            └── program 1.0-1
    ");
    let index = environment.consign(&["sbom", "oci:layout"]).expect(0).json();
    assert_eq!(names(&index), ["base-files", "program", "base-files", "libtool", "program"]);
    let arm64 = environment.consign(&["sbom", "--platform", "linux/arm64", "oci:layout"]).expect(0).json();
    assert_eq!(names(&arm64), ["base-files", "libtool", "program"]);
    let source_info = "built from the source package tool 1.9-1; found in /var/lib/dpkg/status (layer 1 of 1, sha256:";
    let libtool = &arm64["packages"][3];
    assert!(libtool["sourceInfo"].as_str().unwrap().starts_with(source_info), "{libtool}");
    let absent = environment.consign(&["sbom", "--platform", "linux/s390x", "oci:layout"]).expect(1);
    assert!(absent.error().contains("linux/amd64, linux/arm64"), "{}", absent.error());
    environment.consign(&["sbom", "--output", "sarif", "oci:layout"]).expect(2);
    environment.consign(&["scan", "--output", "tree", "--db", "advisories", "oci:layout"]).expect(2);
}

#[test]
fn the_same_image_gives_the_same_bytes() {
    let environment = layout();
    for format in ["spdx-json", "cyclonedx-json"] {
        let list = |store: &str| {
            let run = environment.invocation().store(store).run(&["sbom", "--format", format, "oci:layout"]);
            run.expect(0).stdout
        };
        let first = list("store");
        // What was kept, and what another machine finds.
        assert_eq!(list("store"), first, "{format}");
        assert_eq!(list("other"), first, "{format}");
        assert_eq!(environment.consign(&["sbom", "--output", format, "oci:layout"]).expect(0).stdout, first);
    }
}

#[test]
fn there_is_a_document_for_each_platform_and_one_for_the_index() {
    let environment = layout();
    for (format, end) in [("spdx-json", "spdx.json"), ("cyclonedx-json", "cdx.json")] {
        environment.consign(&["sbom", "--format", format, "--to", "sboms", "oci:layout"]).expect(0);
        for (name, arguments) in [("index", &[][..]), ("linux-arm64", &["--platform", "linux/arm64"])] {
            let whole = [&["sbom", "--format", format, "oci:layout"], arguments].concat();
            let expected = environment.consign(&whole).expect(0).stdout;
            assert_eq!(environment.read(&format!("sboms/{name}.{end}")), expected, "{name}");
        }
    }
    assert_eq!(fs::read_dir(environment.path("sboms")).unwrap().count(), 6);
    // Whoever may read other new files may read these.
    environment.write("sboms/other", "");
    let mode = |name: &str| fs::metadata(environment.path(name)).unwrap().permissions();
    assert_eq!(mode("sboms/index.spdx.json"), mode("sboms/other"));
}

#[test]
fn judges_accept_the_documents() {
    let environment = layout();
    environment.consign(&["sbom", "--to", "sboms", "oci:layout"]).expect(0);
    environment.consign(&["sbom", "--format", "cyclonedx-json", "--to", "sboms", "oci:layout"]).expect(0);
    judge(&environment, &["index", "linux-amd64", "linux-arm64"]);
}

/// Has others read the documents with these names.
#[expect(clippy::panic, reason = "a test fails by panicking")]
fn judge(environment: &TestEnvironment, names: &[&str]) {
    for name in names {
        let path = |end: &str| environment.path(&format!("sboms/{name}.{end}"));
        if let Some(validator) = peer("pyspdxtools") {
            let arguments = [
                "--version".as_ref(),
                "SPDX-2.3".as_ref(),
                "--infile".as_ref(),
                path("spdx.json").into_os_string().as_os_str(),
            ]
            .map(ToOwned::to_owned);
            validator.run(arguments).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        if let Some(validator) = peer("cyclonedx-validate") {
            validator.run([path("cdx.json")]).unwrap_or_else(|error| panic!("{name}: {error}"));
            let spoilt = environment.read(&format!("sboms/{name}.cdx.json")).replace("\"library\"", "\"book\"");
            environment.write("spoilt.json", spoilt);
            assert!(validator.run([environment.path("spoilt.json")]).is_err(), "it accepts anything");
        }
    }
}

/// Writes the index of the image in the layout anew.
fn alter_index(environment: &TestEnvironment, alter: impl Fn(&mut Vec<Value>)) {
    let mut list: Value = serde_json::from_str(&environment.read("layout/index.json")).unwrap();
    let root = list["manifests"][0]["digest"].as_str().unwrap().replace("sha256:", "layout/blobs/sha256/");
    let mut index: Value = serde_json::from_str(&environment.read(&root)).unwrap();
    alter(index["manifests"].as_array_mut().unwrap());
    let index = index.to_string();
    let digest = Digest::of(index.as_bytes());
    environment.write(&format!("layout/blobs/sha256/{}", digest.hex()), &index);
    let descriptor = Descriptor::new(media_type::INDEX, digest, index.len() as u64);
    list["manifests"] = json!([descriptor]);
    environment.write("layout/index.json", list.to_string());
}

#[test]
fn a_platform_may_have_several_images() {
    let environment = layout();
    alter_index(&environment, |manifests| {
        manifests[1]["platform"] = manifests[0]["platform"].clone();
        manifests.push(manifests[0].clone());
    });
    environment.consign(&["sbom", "--to", "sboms", "oci:layout"]).expect(0);
    environment.consign(&["sbom", "--format", "cyclonedx-json", "--to", "sboms", "oci:layout"]).expect(0);
    let files = fs::read_dir(environment.path("sboms")).unwrap();
    let mut files: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    // Those of two images, and of the index, in two formats.
    assert_eq!(files.len(), 6, "{files:?}");
    let names: Vec<&str> = files.iter().filter_map(|file| file.strip_suffix(".spdx.json")).collect();
    assert!(names[1].starts_with("linux-amd64-") && names[2].starts_with("linux-amd64-"), "{names:?}");
    judge(&environment, &names);
    let index: Value = serde_json::from_str(&environment.read("sboms/index.spdx.json")).unwrap();
    let ids = index["packages"].as_array().unwrap().iter().map(|package| package["SPDXID"].to_string());
    let ids: Vec<String> = ids.collect();
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len(), "{ids:?}");
}

#[test]
fn the_list_of_a_layout_may_be_the_image() {
    let environment = layout();
    let list: Value = serde_json::from_str(&environment.read("layout/index.json")).unwrap();
    let root = list["manifests"][0]["digest"].as_str().unwrap().to_owned();
    let index = environment.read(&root.replace("sha256:", "layout/blobs/sha256/"));
    let sbom = || environment.consign(&["sbom", "oci:layout"]).expect(0).stdout;
    let expected = sbom();
    environment.write("layout/index.json", &index);
    assert_eq!(sbom(), expected);
    // It is an image wherever one may stand.
    environment.consign(&["copy", "oci:layout", "oci:copied:1"]).expect(0);
    let copied: Value = serde_json::from_str(&environment.read("copied/index.json")).unwrap();
    assert_eq!(copied["manifests"][0]["digest"], root);
    assert_eq!(environment.read(&root.replace("sha256:", "copied/blobs/sha256/")), index);
}

#[test]
fn an_index_may_leave_platforms_to_the_images() {
    let environment = layout();
    let platforms = || -> Vec<String> {
        let tree = environment.consign(&["sbom", "--output", "tree", "oci:layout"]).expect(0).stdout;
        let lines = tree.lines().filter(|line| line.contains(" linux/"));
        lines.map(|line| line.split_whitespace().nth(1).unwrap().to_owned()).collect()
    };
    let expected = platforms();
    assert_eq!(expected, ["linux/amd64", "linux/arm64"]);
    alter_index(&environment, |manifests| {
        manifests.iter_mut().for_each(|entry| drop(entry.as_object_mut().unwrap().remove("platform")));
    });
    assert_eq!(platforms(), expected);
    alter_index(&environment, |manifests| {
        manifests.iter_mut().for_each(|entry| entry["mediaType"] = json!(media_type::INDEX));
    });
    let refused = environment.consign(&["sbom", "oci:layout"]).expect(5);
    assert!(refused.error().contains("is an index of indexes"), "{refused}");
}

#[test]
fn where_an_image_lies_changes_no_document() {
    let environment = layout();
    environment.consign(&["build", "--quiet", "--to", "oci:folder/other"]).expect(0);
    for format in ["spdx-json", "cyclonedx-json"] {
        let list = |place: &str| environment.consign(&["sbom", "--format", format, place]).expect(0).stdout;
        let document = list("oci:layout");
        assert_eq!(document, list("oci:folder/other"));
        assert!(!document.contains("repository_url") && !document.contains("layout"), "{document}");
    }
}
