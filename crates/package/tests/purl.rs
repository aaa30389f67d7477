//! Package URLs, by the cases of their specification.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use consign_package::deb::{self, PackageFile};
use consign_package::{PackageUrl, PackageUrlError, UrlParts};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// Cases that contradict others, and why.
const CONTRADICTED: [(&str, &str); 2] = [
    // "How to parse" has keys in small letters whatever they are in, and so do two cases of Maven's with `repositorY_url`, and
    // the cases of type `validate` of these very texts.
    ("parse", "pkg:gem/jruby-launcher@1.1.2?Platform=java"),
    ("parse", "pkg:Rpm/fedora/curl@7.50.3-1.fc25?Arch=i386&Distro=fedora-25"),
];

fn data() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    std::env::var_os("CONSIGN_TEST_DATA").map_or_else(beside, PathBuf::from).join("purl")
}

/// Returns the parts as the cases write them.
fn parts(url: &PackageUrl) -> Value {
    let qualifiers: Map<String, Value> =
        url.qualifiers().map(|(key, value)| (key.to_owned(), Value::from(value))).collect();
    let qualifiers = if qualifiers.is_empty() { Value::Null } else { Value::from(qualifiers) };
    json!({
        "type": url.kind(), "namespace": url.namespace(), "name": url.name(), "version": url.version(),
        "qualifiers": qualifiers, "subpath": url.subpath(),
    })
}

fn built(input: &Value) -> Result<PackageUrl, PackageUrlError> {
    let text = |key: &str| input[key].as_str().unwrap_or_default();
    let qualifiers = input["qualifiers"].as_object();
    let qualifiers: Vec<(&str, &str)> =
        qualifiers.into_iter().flatten().map(|(key, value)| (key.as_str(), value.as_str().unwrap())).collect();
    PackageUrl::build(&UrlParts {
        kind: text("type"),
        namespace: text("namespace"),
        name: text("name"),
        version: text("version"),
        qualifiers: &qualifiers,
        subpath: text("subpath"),
    })
}

/// Returns what is wrong with a case.
fn wrong(case: &Value) -> Option<String> {
    let kind = case["test_type"].as_str().unwrap();
    let input = case["input"].as_str().unwrap_or_default();
    let found = match kind {
        "parse" => input.parse().map(|url| parts(&url)),
        "validate" => input.parse().map(|url: PackageUrl| url.to_string().into()),
        "build" => built(&case["input"]).map(|url| url.to_string().into()),
        other => panic!("`{other}` is no type of case that is known"),
    };
    let failure = case["expected_failure"] == true && !CONTRADICTED.contains(&(kind, input));
    let is_right = match &found {
        Err(_) => failure,
        Ok(_) if CONTRADICTED.contains(&(kind, input)) => true,
        Ok(found) => !failure && *found == case["expected_output"],
    };
    (!is_right).then(|| format!("{kind} {}: {found:?}, not {}", case["input"], case["expected_output"]))
}

#[test]
fn agrees_with_the_cases_of_the_specification() {
    let Ok(types) = std::fs::read_dir(data().join("types")) else {
        println!("not run: cases of package URLs (no test data)");
        return;
    };
    let mut files: Vec<PathBuf> = types.map(|entry| entry.unwrap().path()).collect();
    files.push(data().join("spec/specification-test.json"));
    let mut count = 0;
    let mut wrongs = Vec::new();
    for file in &files {
        let document: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let cases = document["tests"].as_array().unwrap();
        count += cases.len();
        wrongs.extend(cases.iter().filter_map(wrong));
    }
    assert!(count > 500, "only {count} cases");
    assert!(wrongs.is_empty(), "{} of {count}:\n{}", wrongs.len(), wrongs.join("\n"));
}

#[test]
fn writes_what_it_reads_in_canonical_form() {
    for (text, expected) in [
        ("PKG://Deb/Debian/G%2B%2B@1:2.0~rc1%2Bdfsg-1", "pkg:deb/debian/g%2B%2B@1:2.0~rc1%2Bdfsg-1"),
        ("pkg:npm/@scope/name@1", "pkg:npm/%40scope/name@1"),
        ("pkg:npm/@scope/name", "pkg:npm/%40scope/name"),
        ("pkg:generic/a@1?b=&c=2", "pkg:generic/a@1?c=2"),
        ("pkg:generic/a?b=%20+&a=x=y", "pkg:generic/a?a=x%3Dy&b=%20%2B"),
        ("pkg:generic//a///b//c/@1", ""),
        ("pkg:generic//a///b//c/", "pkg:generic/a/b/c"),
        ("pkg:generic/a%2Fb@1%2F2", "pkg:generic/a%2Fb@1%2F2"),
        ("pkg:opam/git@3/16.1", "pkg:opam/git@3%2F16.1"),
        ("pkg:generic/a#./x/../y%20z/", "pkg:generic/a#x/y%20z"),
        ("pkg:generic/ä@ö", "pkg:generic/%C3%A4@%C3%B6"),
        ("pkg:git/codeberg.org/Forgejo/forgejo", "pkg:git/codeberg.org/Forgejo/forgejo"),
        ("pkg:pypi/a._-b__c", "pkg:pypi/a-b-c"),
        ("pkg:pub/a-b.c", "pkg:pub/a_b_c"),
        ("pkg:unknown-type.1/A/B@C", "pkg:unknown-type.1/A/B@C"),
    ] {
        match text.parse::<PackageUrl>() {
            Ok(url) => {
                assert_eq!(url.to_string(), expected, "{text}");
                assert_eq!(url.to_string().parse(), Ok(url), "{text}");
            }
            Err(error) => assert_eq!((expected, error), ("", PackageUrlError::NoName), "{text}"),
        }
    }
}

#[test]
fn says_what_is_wrong() {
    let encoding = |component| PackageUrlError::Encoding { component };
    let rule = |kind, rule| PackageUrlError::Rule { kind, rule };
    for (text, expected) in [
        ("", PackageUrlError::Scheme),
        ("deb/debian/a", PackageUrlError::Scheme),
        ("http://example.org/a", PackageUrlError::Scheme),
        ("pkg:", PackageUrlError::Type),
        ("pkg:deb", PackageUrlError::Type),
        ("pkg:d%65b/debian/a", PackageUrlError::Type),
        ("pkg:deb/", PackageUrlError::NoName),
        ("pkg:deb/debian/@1", PackageUrlError::NoName),
        ("pkg:generic/%2F", PackageUrlError::NoName),
        ("pkg:deb/debian/%ff", encoding("name")),
        ("pkg:deb/debian/a%2", encoding("name")),
        ("pkg:deb/%zz/a", encoding("namespace")),
        ("pkg:deb/debian/a@%e", encoding("version")),
        ("pkg:deb/debian/a?b=%", encoding("qualifiers")),
        ("pkg:deb/debian/a#%80", encoding("subpath")),
        ("pkg:generic/a%2Fb/c", PackageUrlError::Slash { component: "namespace" }),
        ("pkg:generic/a#b%2Fc", PackageUrlError::Slash { component: "subpath" }),
        ("pkg:generic/a?1=b", PackageUrlError::Key { key: "1".to_owned() }),
        ("pkg:generic/a?=b", PackageUrlError::Key { key: String::new() }),
        ("pkg:generic/a?b=1&B=2", PackageUrlError::Twice { key: "b".to_owned() }),
        ("pkg:deb/a@1", rule("deb", "needs a namespace")),
        ("pkg:pypi/a/b@1", rule("pypi", "has no namespace")),
        ("pkg:swid/a", rule("swid", "needs the qualifier `tag_id`")),
    ] {
        assert_eq!(text.parse::<PackageUrl>(), Err(expected), "{text}");
    }
}

#[test]
fn knows_the_source_of_a_package() {
    for (url, expected) in [
        ("pkg:deb/debian/libc6@2.36-9?arch=amd64&upstream=glibc%402.36-9", Some("glibc")),
        ("pkg:deb/debian/libgcc-s1@12.2.0-14?arch=amd64&distro=debian-12&upstream=gcc-12", Some("gcc-12")),
        ("pkg:deb/debian/a@1?upstream=libc%2B%2B@1", Some("libc++")),
        ("pkg:deb/debian/dash@0.5?arch=amd64", None),
        ("pkg:deb/debian/dash@0.5", None),
    ] {
        assert_eq!(deb::source_of(url).as_deref(), expected, "{url}");
    }
}

#[test]
fn writes_package_urls() {
    let version = |text: &str| text.parse::<deb::Version>().unwrap();
    let (nginx, cpp, binary) = (version("1.22.1-9"), version("1:2.0~rc1+dfsg-1"), version("1.22.1-9+b1"));
    for (expected, url) in [
        (
            "pkg:deb/debian/nginx@1.22.1-9?arch=amd64&distro=debian-12",
            deb::purl("debian", Some("12"), "nginx", &nginx, "amd64", Some(("nginx", &nginx))),
        ),
        ("pkg:deb/debian/g%2B%2B@1:2.0~rc1%2Bdfsg-1?arch=all", deb::purl("Debian", None, "g++", &cpp, "all", None)),
        (
            "pkg:deb/ubuntu/nginx-light@1.22.1-9?arch=arm64&distro=ubuntu-22.04&upstream=nginx",
            deb::purl("ubuntu", Some("22.04"), "nginx-light", &nginx, "arm64", Some(("nginx", &nginx))),
        ),
        (
            "pkg:deb/debian/nginx@1.22.1-9%2Bb1?arch=s390x&distro=debian-12&upstream=nginx%401.22.1-9",
            deb::purl("debian", Some("12"), "nginx", &binary, "s390x", Some(("nginx", &nginx))),
        ),
    ] {
        assert_eq!(url, expected);
    }
}

#[test]
fn a_lock_names_packages_in_canonical_form() {
    let file = |url| PackageFile { name: "g++", version: "1:2+b1", architecture: "amd64", path: "pool/g.deb", url };
    for (url, expected) in [
        ("pkg:deb/debian/g%2B%2B@1:2%2Bb1?arch=amd64&distro=debian-12&upstream=gcc%401:2", None),
        ("pkg:deb/debian/g++@1:2%2Bb1?arch=amd64", Some("url")),
        ("pkg:deb/debian/g%2B%2B@1:2%2Bb1?arch=arm64", Some("url")),
        ("pkg:deb/debian/g%2B%2B@1:2%2Bb1?arch=amd64&distro=a/b", Some("url")),
        ("pkg:deb/a/b/g%2B%2B@1:2%2Bb1?arch=amd64", Some("url")),
        ("pkg:deb/debian/g%2B%2B@1:2%2Bb1?arch=amd64#x", Some("url")),
    ] {
        assert_eq!(file(url).wrong(), expected, "{url}");
    }
}

#[test]
fn vendors_of_rpm_have_the_names_that_others_write() {
    for (url, vendor, release, expected) in [
        ("pkg:rpm/redhat/base@1-1", "rhel", Some("9.4"), "pkg:rpm/redhat/base@1-1?distro=rhel-9.4"),
        ("pkg:rpm/redhat/a@1", "opensuse-leap", Some("15.5"), "pkg:rpm/opensuse/a@1?distro=opensuse-leap-15.5"),
        ("pkg:rpm/redhat/a@1", "fedora", Some("42"), "pkg:rpm/fedora/a@1?distro=fedora-42"),
        ("pkg:rpm/redhat/a@1", "sles", None, "pkg:rpm/sles/a@1"),
        ("pkg:deb/debian/a@1", "rhel", None, "pkg:deb/rhel/a@1"),
    ] {
        let url: PackageUrl = url.parse().unwrap();
        assert_eq!(url.in_distribution(vendor, release).to_string(), expected);
    }
}
