//! Documents stay valid, whatever packages say of themselves.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{file, list};
use consign_inventory::{Catalogue, Described};
use consign_oci::layer::Entry;
use consign_oci::{Digest, StatedBase};
use consign_testkit::tools::peer;
use serde_json::{Value, json};
use std::fs;

/// Texts that are almost what they should be.
const ODD: [&str; 19] = [
    "https://x.yz/%zz",
    "https://x.yz/a#b#c",
    "https://x.yz/a[b]",
    "https://x.yz/%c3%a9?a=b#c",
    "http://[::1]/",
    "http://a_b.cd/",
    "http://xn--e1afmkfd.xn--p1ai/",
    "https://x.yz:99999999/",
    "DocumentRef-x:LicenseRef-y",
    "MIT+",
    "LicenseRef-z OR MIT",
    "MIT AND DocumentRef-x:LicenseRef-y",
    "GPL-2.0+ WITH LicenseRef-a",
    "NOASSERTION",
    "(",
    "\u{0}\u{202e}\n",
    "A (b) <c@d> (e)",
    "<@>",
    "\u{1f4a9}",
];

fn npm(number: usize, text: &str) -> Entry {
    let package = json!({
        "name": format!("odd-{number}"), "version": text, "license": text, "homepage": text, "author": text, "description": text,
    });
    file(&format!("{number}/node_modules/odd/package.json"), &package.to_string())
}

fn catalogue() -> Catalogue {
    let mut entries: Vec<Entry> = ODD.iter().enumerate().map(|(number, text)| npm(number, text)).collect();
    let quoted = |text: &str| text.replace(['\n', '\0'], " ");
    let paragraph = |(number, text): (usize, &&str)| {
        let text = quoted(text);
        format!(
            "Package: odd-{number}\nStatus: install ok installed\nArchitecture: all\nVersion: 1\nMaintainer: {text}\nHomepage: {text}\nDescription: {text}\n\n"
        )
    };
    entries.push(file("var/lib/dpkg/status", &ODD.iter().enumerate().map(paragraph).collect::<String>()));
    list(&[entries]).unwrap()
}

fn documents(catalogue: &Catalogue) -> [(&'static str, Value); 2] {
    let (digest, platform) = (Digest::of(b"manifest"), "linux/amd64".parse().unwrap());
    let name = digest.to_string();
    let base = StatedBase { name: Some(ODD.join(" ")), digest: Some(digest.clone()), layers: Some(2) };
    let described = Described {
        name: &name,
        repository: None,
        digest: &digest,
        platform: &platform,
        created: None,
        layers: &[],
        base: Some(&base),
    };
    [("spdx", catalogue.spdx(&described).unwrap()), ("cdx", catalogue.cyclonedx(&described).unwrap())]
}

#[test]
fn judges_accept_what_packages_say() {
    let folder = tempfile::tempdir().unwrap();
    for (format, document) in documents(&catalogue()) {
        let path = folder.path().join(format!("odd.{format}.json"));
        fs::write(&path, document.to_string()).unwrap();
        let (name, before) = match format {
            "spdx" => ("pyspdxtools", &["--version", "SPDX-2.3", "--infile"][..]),
            _ => ("cyclonedx-validate", &[][..]),
        };
        let Some(judge) = peer(name) else { continue };
        let arguments = before.iter().map(std::ffi::OsString::from).chain([path.into_os_string()]);
        if let Err(error) = judge.run(arguments) {
            panic!("{error}");
        }
    }
}

#[test]
fn only_addresses_and_known_licences_are_taken_over() {
    let [(_, spdx), _] = documents(&catalogue());
    let packages = || spdx["packages"].as_array().unwrap().iter();
    let pages: Vec<&str> = packages().filter_map(|package| package["homepage"].as_str()).collect();
    assert_eq!(pages, ["https://x.yz/%c3%a9?a=b#c"; 2]);
    for package in packages() {
        let licence = package["licenseDeclared"].as_str().unwrap();
        assert!(!licence.contains("DocumentRef-x:"), "{licence}");
    }
    let named = spdx["hasExtractedLicensingInfos"].as_array().unwrap().iter();
    assert!(named.clone().any(|licence| licence["extractedText"] == "DocumentRef-x:LicenseRef-y"));
}

#[test]
fn who_made_a_package_is_said_of_each_distribution() {
    let status = "Package: docker-ce-cli\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\nMaintainer: Docker <support@docker.com>\n";
    let apk = "P:tool\nV:1-r0\nA:x86_64\nm:Somebody <a@example.org>\n\n";
    let catalogue = list(&[vec![file("var/lib/dpkg/status", status), file("lib/apk/db/installed", apk)]]).unwrap();
    let [(_, spdx), (_, cyclonedx)] = documents(&catalogue);
    let suppliers: Vec<&str> =
        spdx["packages"].as_array().unwrap().iter().filter_map(|package| package["supplier"].as_str()).collect();
    assert_eq!(suppliers, ["Organization: Docker (support@docker.com)", "Organization: Somebody (a@example.org)"]);
    assert_eq!(cyclonedx["components"][0]["supplier"]["name"], "Docker <support@docker.com>");
}
