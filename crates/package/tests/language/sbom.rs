//! SBOMs of others.

use super::samples::{BITNAMI, CYCLONEDX, SYFT, TAGS};
use consign_package::sbom::{Format, Sbom, SbomError, is_wanted, read};
use std::path::{Path, PathBuf};

const DIGEST: &str = "sha256:69f0237c7f8cf0b8a329d1bf1d6870c870c4ec323e39d3a6da59596632d0f2f4";

fn names(sbom: &Sbom) -> Vec<&str> {
    sbom.packages.iter().map(|package| package.name.as_str()).collect()
}

#[test]
fn knows_them_by_name() {
    for (path, expected) in [
        ("opt/bitnami/redis/.spdx-redis.spdx", true),
        ("var/lib/db/sbom/bash-5.2.21-r1.spdx.json", true),
        ("usr/share/sbom/a.cdx.json", true),
        ("app/bom.json", true),
        ("app/sbom.json", true),
        ("app/abom.json", false),
        ("app/spdx.json", false),
        ("app/package.json", false),
    ] {
        assert_eq!(is_wanted(path), expected, "{path}");
    }
}

#[test]
fn reads_spdx() {
    let sbom = read(format!("\u{feff}{BITNAMI}").as_bytes()).unwrap();
    assert_eq!(sbom.format, Format::Spdx("2.3".to_owned()));
    assert_eq!(names(&sbom), ["redis", "lua", "jemalloc"]);
    let redis = &sbom.packages[0];
    assert!(redis.is_described && !sbom.packages[1].is_described);
    assert_eq!(redis.purls, ["pkg:bitnami/redis@7.0.8-0?arch=amd64", "pkg:generic/redis@7.0.8"]);
    assert_eq!(redis.licences, ["BSD-3-Clause"]);
    assert_eq!((redis.supplier.as_deref(), redis.homepage.as_deref()), (Some("VMware, Inc."), None));
    assert_eq!(redis.checksums, ["sha3256:abcd"]);
    assert_eq!(sbom.packages[1].supplier.as_deref(), Some("R. I."));
    assert_eq!(sbom.tools, ["bitnami-generator", "by hand"]);
    assert_eq!(sbom.packages[1].source, Some(("lua5".to_owned(), Some("2:5.1-1".to_owned()))));
    assert_eq!(redis.source, None);
    assert_eq!(sbom.owned, [(0, 1), (1, 2)]);
    assert_eq!(sbom.unlisted, ["modules"]);
    let own: Vec<_> = sbom.own_licences.iter().map(|(id, name)| format!("{id}: {name}")).collect();
    assert_eq!(own, ["LicenseRef-a: You may.", "LicenseRef-b: B"]);
    let described = sbom.described.unwrap();
    assert_eq!(
        (described.name.as_deref(), described.version.as_deref(), described.digest),
        (Some("redis"), Some("7.0.8"), None)
    );
}

#[test]
fn reads_tags_and_values() {
    assert_eq!(read(TAGS.as_bytes()).unwrap(), read(BITNAMI.as_bytes()).unwrap());
}

#[test]
fn a_document_may_be_called_like_its_package() {
    let text = r#"{"SPDXID": "SPDXRef-a", "spdxVersion": "SPDX-2.2", "documentDescribes": ["SPDXRef-a"], "packages": [
        {"SPDXID": "SPDXRef-a", "name": "a", "primaryPackagePurpose": "CONTAINER"}, {"SPDXID": "SPDXRef-b", "name": "b"}],
        "relationships": [{"spdxElementId": "SPDXRef-a", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-b"},
            {"spdxElementId": "SPDXRef-b", "relationshipType": "DESCRIBED_BY", "relatedSpdxElement": "SPDXRef-a"}]}"#;
    let sbom = read(text.as_bytes()).unwrap();
    assert_eq!(sbom.packages.iter().map(|package| package.is_described).collect::<Vec<_>>(), [true, false]);
    // An image has everything; that is no claim about files.
    assert_eq!(sbom.owned, []);
    let other = text.replacen("SPDXRef-a", "SPDXRef-own", 1).replacen(r#""documentDescribes": ["SPDXRef-a"], "#, "", 1);
    let other = other.replace("DESCRIBED_BY", "DESCRIBES").replace(
        r#""SPDXRef-b", "relationshipType": "DESCRIBES""#,
        r#""SPDXRef-own", "relationshipType": "DESCRIBES""#,
    );
    assert!(read(other.as_bytes()).unwrap().packages[0].is_described);
}

#[test]
fn reads_cyclonedx() {
    let sbom = read(CYCLONEDX.as_bytes()).unwrap();
    assert_eq!(sbom.format.to_string(), "CycloneDX 1.6");
    assert_eq!(names(&sbom), ["alpine", "alpine", "log4j-core", "shaded"]);
    assert_eq!(sbom.packages.iter().filter(|package| package.is_described).count(), 1);
    let log4j = &sbom.packages[2];
    assert_eq!((log4j.group.as_deref(), log4j.version.as_deref()), (Some("org.apache"), Some("2.14.1")));
    assert_eq!(log4j.licences, ["Apache-2.0", "Own licence", "MIT OR ISC"]);
    assert_eq!((log4j.supplier.as_deref(), log4j.homepage.as_deref()), (Some("Apache"), Some("https://w")));
    assert_eq!(log4j.checksums, ["sha1:00ff"]);
    assert_eq!(sbom.packages[1].purpose.as_deref(), Some("operating-system"));
    assert_eq!(sbom.packages[3].supplier.as_deref(), Some("A. B."));
    assert_eq!(sbom.owned, [(2, 3)]);
    assert_eq!(sbom.unlisted, ["incomplete_first_party_only"]);
    assert_eq!(sbom.described.unwrap().digest.as_deref(), Some(DIGEST));
}

#[test]
fn reads_syfts_own() {
    let sbom = read(SYFT.as_bytes()).unwrap();
    assert_eq!(sbom.format, Format::Syft("16.0.18".to_owned()));
    assert_eq!(sbom.tools, ["syft"]);
    assert_eq!(names(&sbom), ["python3.11", "six"]);
    assert_eq!(sbom.packages[0].licences, ["GPL-2"]);
    assert_eq!(sbom.packages[1].licences, ["The MIT License", "MIT"]);
    assert_eq!(sbom.owned, [(0, 1)]);
    assert_eq!(sbom.described.unwrap().digest.as_deref(), Some(DIGEST));
}

#[test]
fn knows_who_wrote_cyclonedx() {
    for (tools, expected) in [
        ("null", &[][..]),
        (r#"[{"vendor": "anchore", "name": "Syft", "version": "0.84"}, {"vendor": "x"}]"#, &["syft"]),
        (r#"{"components": [{"type": "application", "name": "trivy"}], "services": []}"#, &["trivy"]),
        (r#"{"services": [{"name": "x"}]}"#, &[]),
    ] {
        let text = format!(r#"{{"bomFormat": "CycloneDX", "metadata": {{"tools": {tools}}}}}"#);
        assert_eq!(read(text.as_bytes()).unwrap().tools, expected, "{tools}");
    }
}

#[test]
fn reads_the_source_packages_that_trivy_names() {
    for (parts, expected) in [
        (&[("Name", "openssl"), ("Version", "3.0.14"), ("Release", "1")][..], Some(("openssl", Some("3.0.14-1")))),
        (
            &[("Epoch", "1"), ("Name", "zlib"), ("Release", "1+b1"), ("Version", "1.2.13.dfsg")],
            Some(("zlib", Some("1:1.2.13.dfsg-1+b1"))),
        ),
        (&[("Epoch", "0"), ("Name", "base-files"), ("Version", "12.4")], Some(("base-files", Some("12.4")))),
        (&[("Name", "musl"), ("Version", "1.2.5-r0")], Some(("musl", Some("1.2.5-r0")))),
        (&[("Name", "x")], Some(("x", None))),
        (&[("Version", "1")], None),
    ] {
        let properties: Vec<_> = parts
            .iter()
            .map(|(name, value)| format!(r#"{{"name": "aquasecurity:trivy:Src{name}", "value": "{value}"}}"#))
            .collect();
        let properties =
            format!(r#"{{"name": "aquasecurity:trivy:PkgID", "value": "y@1"}}, {}"#, properties.join(", "));
        let text =
            format!(r#"{{"bomFormat": "CycloneDX", "components": [{{"name": "y", "properties": [{properties}]}}]}}"#);
        let source = read(text.as_bytes()).unwrap().packages.remove(0).source;
        let source = source.as_ref().map(|(name, version)| (name.as_str(), version.as_deref()));
        assert_eq!(source, expected, "{parts:?}");
    }
}

#[test]
fn says_what_it_does_not_read() {
    for (text, expected) in [
        ("", "damaged at line 1, column 0"),
        ("{", "damaged at line 1, column 1"),
        ("{}", "no SBOM: it has neither"),
        (r#"{"bomFormat": "other"}"#, "no SBOM"),
        ("<bom/>", "an SBOM as XML, which consign does not read"),
        ("SPDXVersion: SPDX-2.3\n\nno tag\n", "damaged at line 3: neither"),
        ("SPDXVersion: SPDX-2.3\nPackageName: <text>a\n", "damaged at line 2: a `<text>`"),
        ("SPDXVersion: SPDX-3.0\n", "an SBOM as SPDX 3.0"),
        (r#"{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": []}"#, "an SBOM as SPDX 3"),
        (r#"{"spdxVersion": "SPDX-4.0"}"#, "an SBOM as SPDX-4.0"),
        (r#"{"spdxVersion": "SPDX-2.3", "packages": {}}"#, "damaged at line 1, column 4"),
    ] {
        let error = read(text.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
    let large = vec![b' '; consign_package::sbom::SIZE_LIMIT + 1];
    assert!(matches!(read(&large), Err(SbomError::TooLarge { .. })));
}

#[test]
fn bounds_how_much_there_is() {
    let many =
        format!(r#"{{"spdxVersion": "SPDX-2.3", "packages": [{}]}}"#, vec![r#"{"name": "a"}"#; 1_000_001].join(","));
    assert!(read(many.as_bytes()).is_err());
    // What says nothing costs nothing.
    let empty = format!(r#"{{"spdxVersion": "SPDX-2.3", "packages": [{}]}}"#, vec!["{}"; 490_000].join(","));
    assert!(read(empty.as_bytes()).unwrap().packages.is_empty());
    let many = format!(r#"{{"bomFormat": "CycloneDX", "components": [{}]}}"#, vec!["{}"; 500_000].join(","));
    assert!(matches!(read(many.as_bytes()), Err(SbomError::TooMany { .. })));
    let deep = r#"{"name": "a", "components": ["#.repeat(1000);
    let deep = format!(r#"{{"bomFormat": "CycloneDX", "components": [{deep}"#);
    assert!(matches!(read(deep.as_bytes()), Err(SbomError::Json { .. })));
    let deep = format!(r#"{{"bomFormat": "CycloneDX", "other": {}{}}}"#, "[".repeat(1_000_000), "]".repeat(1_000_000));
    drop(read(deep.as_bytes()));
}

/// Documents that apko wrote of its images.
#[test]
fn reads_what_apko_writes() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("CONSIGN_TEST_DATA").map_or_else(beside, PathBuf::from).join("apk/apko/golden/sboms");
    let Ok(contents) = std::fs::read(data.join("sbom-x86_64.spdx.json")) else {
        println!("not run: SBOMs of apko (no test data)");
        return;
    };
    let sbom = read(&contents).unwrap();
    assert_eq!(sbom.described.unwrap().digest.as_deref(), Some(DIGEST));
    let packages = sbom.packages.iter().filter(|package| package.purls.iter().any(|purl| purl.starts_with("pkg:apk/")));
    let packages: Vec<_> = packages.map(|package| (package.name.as_str(), package.licences.join(","))).collect();
    assert_eq!(packages, [("pretend-baselayout", "MIT".to_owned()), ("replayout", "MIT".to_owned())]);
    assert_eq!(sbom.packages.iter().filter(|package| package.is_described).count(), 1);
}
