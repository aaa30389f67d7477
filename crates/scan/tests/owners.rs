//! Who speaks for a package, and what nobody speaks for.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{database, document, judged, read, record};
use consign_oci::Digest;
use consign_scan::listed_contents;
use serde_json::{Value, json};
use std::fs;

const LOG4J: &str = "pkg:maven/org.apache.logging.log4j/log4j-core@2.11.1?type=jar";
const LOG4SHELL: &str = "org.apache.logging.log4j:log4j-core CVE-2021-44228";

fn records() -> Vec<Value> {
    vec![
        record("CVE-2021-44228", "Maven", "org.apache.logging.log4j:log4j-core", Some("2.15.0")),
        record("CVE-1", "Debian:12", "liblog4j2-java", Some("0")),
        record("CVE-2", "Debian:12", "nodejs", Some("18.1-1")),
        record("CVE-3", "AlmaLinux:9", "docker-ce", None),
        record("CVE-4", "Alpine:v3.20", "openssl", Some("3.0-r1")),
    ]
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn a_distribution_judges_what_its_packages_brought_if_it_knows_these() {
    let database = database(&records());
    let deb = |name: &str| format!("pkg:deb/debian/{name}@7.16.0?distro=debian-12");
    let team = "Debian Java Maintainers (pkg-java-maintainers@lists.alioth.debian.org)";
    let elastic = "Elasticsearch Team (info@elastic.co)";
    for (owner, supplier, found, parts) in [
        (
            deb("liblog4j2-java"),
            Some(team),
            &[][..],
            &["compared: 1 of Debian:12", "compared: 1 of Maven in packages of Debian:12"][..],
        ),
        // No feed names it: it may be Debian's, and never had an advisory.
        (deb("unheard-of"), Some(team), &[LOG4SHELL], &["compared: 1 of Debian:12", "compared: 1 of Maven"]),
        (deb("built-here"), None, &[LOG4SHELL], &["compared: 1 of Debian:12", "compared: 1 of Maven"]),
        (
            deb("elasticsearch"),
            Some(elastic),
            &[LOG4SHELL],
            &["compared: 1 of Maven", "not compared: 1 of deb of Elasticsearch Team (info@elastic.co)"],
        ),
        // A stranger's package is another, whatever its name.
        (
            deb("liblog4j2-java"),
            Some(elastic),
            &[LOG4SHELL],
            &["compared: 1 of Maven", "not compared: 1 of deb of Elasticsearch Team (info@elastic.co)"],
        ),
        (
            "pkg:apk/alpine/built-here@1-r0?distro=alpine-3.20.3".to_owned(),
            None,
            &[LOG4SHELL],
            &["compared: 1 of Alpine:v3.20", "compared: 1 of Maven"],
        ),
        (
            "pkg:apk/alpine/libssl3@3.0-r1?distro=alpine-3.20.3&upstream=openssl".to_owned(),
            None,
            &[],
            &["compared: 1 of Alpine:v3.20", "compared: 1 of Maven in packages of Alpine:v3.20"],
        ),
    ] {
        let sbom = document(&[(LOG4J, None), (&owner, supplier)], &[(2, 1), (0, 1), (0, 2)]);
        let (mut found_here, mut parts_here) = judged(&database, &sbom, None);
        found_here.sort();
        parts_here.sort();
        assert_eq!((found_here, parts_here), (owned(found), owned(parts)), "{owner}");
    }
}

#[test]
fn all_that_brought_a_package_must_be_known() {
    let database = database(&records());
    let known = "pkg:deb/debian/liblog4j2-java@2.11.1-1?distro=debian-12";
    for other in
        ["pkg:deb/debian/unheard-of@1?distro=debian-12", "pkg:rpm/almalinux/docker-ce@25-1?distro=almalinux-9.3"]
    {
        for contained in [[(2, 1), (3, 1)], [(3, 1), (2, 1)]] {
            let sbom = document(&[(LOG4J, None), (known, None), (other, Some("Docker"))], &contained);
            assert_eq!(judged(&database, &sbom, None).0, [LOG4SHELL], "{other}");
        }
    }
    // What is in an archive of a language's, and in no distribution's package, is nobody's.
    let outer = "pkg:maven/org.a/outer@1";
    assert_eq!(judged(&database, &document(&[(LOG4J, None), (outer, None)], &[(2, 1)]), None).0, [LOG4SHELL]);
}

#[test]
fn what_others_made_is_neither_compared_nor_clean() {
    let database = database(&records());
    let node = ("pkg:deb/debian/nodejs@18.0-1nodesource1?distro=debian-12", None);
    let own = ("pkg:deb/debian/nodejs@18.0-1?distro=debian-12", Some("John Doe (x@gmail.com)"));
    let docker = "pkg:rpm/almalinux/docker-ce@25-1?distro=almalinux-9.3";
    for (package, expected, part) in [
        (node, &[][..], "not compared: 1 of deb of nobody who is named"),
        (own, &["nodejs CVE-2"], "compared: 1 of Debian:12"),
        ((docker, Some("Docker")), &[], "not compared: 1 of rpm of Docker"),
        ((docker, Some("AlmaLinux")), &["docker-ce CVE-3"], "compared: 1 of AlmaLinux:9"),
    ] {
        assert_eq!(judged(&database, &document(&[package], &[]), None), (owned(expected), owned(&[part])));
    }
    let mut nameless = document(&[(docker, None)], &[]);
    nameless["packages"][1]["supplier"] = Value::Null;
    let (found, parts) = judged(&database, &nameless, None);
    assert_eq!((found, parts), (Vec::new(), vec!["not compared: 1 of rpm of nobody who is named".to_owned()]));
}

fn secdb(repository: &str, package: &str, fixes: Value) -> String {
    let packages = json!([{"pkg": {"name": package, "secfixes": fixes}}]);
    json!({"distroversion": "v3.20", "reponame": repository, "packages": packages}).to_string()
}

#[test]
fn a_release_of_alpine_is_known_by_both_of_its_repositories() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| {
        fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name)
    };
    let fixes = json!({"3.0-r1": ["CVE-1"]});
    let main = write("main.json", secdb("main", "openssl", fixes));
    let community = write("community.json", secdb("community", "chromium", json!({"0": ["CVE-2"]})));
    let record = write("osv.json", record("ALPINE-1", "Alpine:v3.20", "other", None).to_string());
    let apk = |name: &str| format!("pkg:apk/alpine/{name}@3.0-r0?distro=alpine-3.20.3");
    let purls = [apk("openssl"), apk("chromium"), apk("R")];
    let sbom = common::sbom(&purls.each_ref().map(String::as_str));
    let whole = ["compared: 3 of Alpine:v3.20"];
    for (paths, expected) in [
        (
            vec![&main],
            &[
                "compared: 1 of Alpine:v3.20",
                "not compared: 2 of Alpine:v3.20 that the database does not name, for it lacks community",
            ][..],
        ),
        (
            vec![&community],
            &[
                "compared: 1 of Alpine:v3.20",
                "not compared: 2 of Alpine:v3.20 that the database does not name, for it lacks main",
            ],
        ),
        (vec![&main, &community], &whole),
        (vec![&main, &record], &whole),
    ] {
        let (_, parts) = judged(&read(&paths).unwrap(), &sbom, None);
        assert_eq!(parts, expected, "{paths:?}");
    }
}

#[test]
fn capitals_of_names_do_not_matter_where_package_urls_have_none() {
    let database = database(&[record("CVE-1", "Alpine:v3.20", "R", Some("4.4-r1"))]);
    let sbom = common::sbom(&["pkg:apk/alpine/r@4.4-r0?distro=alpine-3.20.3"]);
    assert_eq!(judged(&database, &sbom, None).0, ["r CVE-1"]);
    let sbom = common::sbom(&["pkg:apk/alpine/r-dev@4.4-r0?distro=alpine-3.20.3&upstream=R"]);
    assert_eq!(judged(&database, &sbom, None).0, ["R CVE-1"]);
}

/// A document of a program about a package of Debian 12, with what its package URL says beside.
fn cyclonedx(tool: &str, url: &str, properties: Value) -> Value {
    let (name, _) = url.split_once('@').unwrap();
    let component = json!({
        "type": "library", "name": name, "purl": format!("pkg:deb/debian/{url}&distro=bookworm"), "properties": properties,
    });
    let tools = json!({"components": [{"type": "application", "name": tool}]});
    json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"tools": tools}, "components": [component]})
}

/// A document with the same of another form.
fn spdx(tools: &[&str], url: &str, source: &str) -> Value {
    let package = json!({
        "SPDXID": "SPDXRef-a", "name": "a", "versionInfo": "1", "sourceInfo": source,
        "externalRefs": [{"referenceType": "purl", "referenceLocator": format!("pkg:deb/debian/{url}&distro=debian-12.5")}],
    });
    let creators: Vec<String> = tools.iter().map(|tool| format!("Tool: {tool}")).collect();
    json!({"spdxVersion": "SPDX-2.3", "creationInfo": {"creators": creators}, "packages": [package]})
}

#[test]
fn a_document_without_source_packages_is_not_clean() {
    let database = database(&[
        record("CVE-1", "Debian:12", "openssl", Some("3.0.14-2")),
        record("CVE-2", "Debian:12", "bash", Some("5.2-2")),
    ]);
    let trivy = json!([
        {"name": "aquasecurity:trivy:SrcName", "value": "openssl"},
        {"name": "aquasecurity:trivy:SrcVersion", "value": "3.0.14"},
        {"name": "aquasecurity:trivy:SrcRelease", "value": "1"},
    ]);
    let libssl = "libssl3@3.0.14-1%2Bb2?arch=amd64";
    let upstream = "libssl3@3.0.14-1%2Bb2?arch=amd64&upstream=openssl%403.0.14-1";
    let bash = "bash@5.2-1?arch=amd64";
    let all = "compared: 1 of Debian:12";
    let unknown = "not compared: 1 of Debian:12 whose source packages are not named";
    for (name, document, found, part) in [
        ("trivy", cyclonedx("trivy", libssl, trivy), &["openssl CVE-1"][..], all),
        ("trivy", spdx(&["trivy-0.59.1"], libssl, "built package from: openssl 3.0.14-1"), &["openssl CVE-1"], all),
        ("another", cyclonedx("another", libssl, json!([])), &[], unknown),
        ("another", cyclonedx("another", upstream, json!([])), &["openssl CVE-1"], all),
        // A source package of that name is known.
        ("another", cyclonedx("another", bash, json!([])), &["bash CVE-2"], all),
        ("nobody", spdx(&[], libssl, "NOASSERTION"), &[], unknown),
        // These write the source wherever it has another name.
        ("syft", spdx(&["syft-1.18.1"], libssl, "acquired package info from DPKG DB"), &[], all),
        ("syft by BuildKit", spdx(&["syft-v0.105.0", "buildkit-v0.13.0"], libssl, ""), &[], all),
        ("consign", cyclonedx("consign", libssl, json!([])), &[], all),
        ("syft and another", spdx(&["syft-1.18.1", "merger-1"], libssl, ""), &[], unknown),
    ] {
        let [listed] = listed_contents(document.to_string().as_bytes()).unwrap().try_into().unwrap();
        assert_eq!(judged(&database, &listed.sbom, None), (owned(found), owned(&[part])), "{name}: {document}");
    }
}

/// A document of an index with an image for each of two platforms, as consign writes it, or as another program would.
fn index(tool: &str) -> Value {
    let image = |id: &str, version: Option<Digest>| json!({"SPDXID": format!("SPDXRef-{id}"), "name": "app", "versionInfo": version, "primaryPackagePurpose": "CONTAINER"});
    let package = |id: &str, purl: &str| json!({"SPDXID": format!("SPDXRef-{id}"), "name": id, "externalRefs": [{"referenceType": "purl", "referenceLocator": purl}]});
    let relationships = [
        ("DOCUMENT", "DESCRIBES", "Index"),
        ("Index", "CONTAINS", "Image-linux-amd64"),
        ("Index", "CONTAINS", "Image-linux-arm-v7"),
        ("Image-linux-amd64", "DESCENDANT_OF", "BaseImage-linux-amd64"),
        ("Image-linux-amd64", "CONTAINS", "bash"),
        ("bash", "CONTAINS", "log4j"),
        ("Image-linux-arm-v7", "CONTAINS", "nodejs"),
    ];
    let relationships = relationships.map(|(from, kind, to)| {
        json!({"spdxElementId": format!("SPDXRef-{from}"), "relationshipType": kind, "relatedSpdxElement": format!("SPDXRef-{to}")})
    });
    json!({
        "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "creationInfo": {"creators": [format!("Tool: {tool}-0.1.0")]},
        "packages": [
            image("Index", None),
            image("Image-linux-amd64", Some(Digest::of(b"amd64"))),
            image("BaseImage-linux-amd64", None),
            image("Image-linux-arm-v7", Some(Digest::of(b"arm"))),
            package("bash", "pkg:deb/debian/bash@5-1?arch=amd64&distro=debian-12"),
            package("log4j", LOG4J),
            package("nodejs", "pkg:deb/debian/nodejs@18.0-1?arch=armhf&distro=debian-12"),
        ],
        "relationships": relationships,
    })
}

#[test]
fn each_image_of_an_index_is_judged_for_itself() {
    let database = database(&records());
    let listed = |document: &Value| {
        let images = listed_contents(document.to_string().as_bytes()).unwrap().into_iter();
        let images = images.map(|image| {
            let (mut found, _) = judged(&database, &image.sbom, None);
            found.sort();
            (image.platform.to_string(), image.digest, found)
        });
        images.collect::<Vec<_>>()
    };
    let own = [
        ("linux/amd64".to_owned(), Some(Digest::of(b"amd64")), owned(&[LOG4SHELL])),
        ("linux/arm/v7".to_owned(), Some(Digest::of(b"arm")), owned(&["nodejs CVE-2"])),
    ];
    assert_eq!(listed(&index("consign")), own);
    let whole = [("linux/amd64".to_owned(), None, owned(&["nodejs CVE-2", LOG4SHELL]))];
    assert_eq!(listed(&index("another")), whole);
    // What no image has is not left out.
    let mut document = index("consign");
    document["relationships"].as_array_mut().unwrap().pop();
    assert_eq!(listed(&document), whole);
}
