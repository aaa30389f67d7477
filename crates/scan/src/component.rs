use crate::ScanError;
use crate::ecosystem::Ecosystem;
use consign_package::PackageUrl;
use consign_package::deb::installed::is_signed_copy;
use serde_json::Value;
use std::collections::BTreeSet;

/// A package of an image, by what advisories know it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Component {
    /// Where it comes from.
    pub(crate) ecosystem: Ecosystem,
    /// Name of its source package.
    pub(crate) package: String,
    /// Version of its source package. A rebuild of a binary package alone is no change of it.
    pub(crate) version: String,
    /// Name that it is installed under.
    pub(crate) installed: String,
}

impl Component {
    /// Returns the packages that an SPDX document lists. The image itself and its distribution are no packages.
    pub(crate) fn all(sbom: &Value) -> Result<Vec<Self>, ScanError> {
        let packages = sbom.get("packages").and_then(Value::as_array).ok_or(ScanError::Packages)?;
        let contained = packages.iter().filter(|package| package.get("primaryPackagePurpose").is_none());
        contained
            .map(|package| {
                let name =
                    || package.get("name").and_then(Value::as_str).unwrap_or_default().chars().take(100).collect();
                let references = package.get("externalRefs").and_then(Value::as_array).into_iter().flatten();
                let purl = references.filter(|reference| reference["referenceType"] == "purl");
                let mut purl = purl.filter_map(|reference| reference["referenceLocator"].as_str());
                purl.next().and_then(Self::of_purl).ok_or_else(|| ScanError::Purl { name: name() })
            })
            .collect()
    }

    /// Returns, in words, where an SPDX document says that packages may be of which nothing is known (SPDX 2.3, clause 11.1.1).
    pub(crate) fn unlisted(sbom: &Value) -> BTreeSet<String> {
        let relationships = sbom.get("relationships").and_then(Value::as_array).into_iter().flatten();
        let unknown = relationships.filter(|relationship| {
            relationship["relationshipType"] == "CONTAINS" && relationship["relatedSpdxElement"] == "NOASSERTION"
        });
        let words = |relationship: &Value| relationship["comment"].as_str().unwrap_or("what is not listed").to_owned();
        unknown.map(words).collect()
    }

    /// Reads a package URL (purl-spec, `types/deb-definition.json`). A package of another kind keeps only its name.
    pub(crate) fn of_purl(purl: &str) -> Option<Self> {
        let url: PackageUrl = purl.parse().ok()?;
        let (name, version) = (url.name().to_owned(), url.version().unwrap_or_default().to_owned());
        if url.kind() != "deb" {
            let ecosystem = Ecosystem::Other(url.kind().to_owned());
            return Some(Self { ecosystem, package: name.clone(), version, installed: name });
        }
        let (vendor, upstream) = (url.namespace().unwrap_or_default(), url.qualifier("upstream"));
        let release = url.qualifier("distro").and_then(|text| text.strip_prefix(vendor)?.strip_prefix('-'));
        let ecosystem = Ecosystem::of_package(vendor, release);
        // The source package stands there only where it differs.
        let (package, version) = match upstream.map(|text| text.rsplit_once('@').unwrap_or((text, ""))) {
            Some((package, "")) => (package.to_owned(), version),
            Some((package, version)) => (package.to_owned(), version.to_owned()),
            None => (name.clone(), version),
        };
        if is_signed_copy(&package) {
            let ecosystem = Ecosystem::Other(format!("{ecosystem} (signed copies of a source that is not named)"));
            return Some(Self { ecosystem, package, version, installed: name });
        }
        Some(Self { ecosystem, package, version, installed: name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use consign_package::deb;

    #[test]
    fn reads_what_the_inventory_writes() {
        for (name, version, source, source_version) in [
            ("libssl3", "3.0.1-1", "openssl", "3.0.1-1"),
            ("nginx", "1.22.1-9+b1", "nginx", "1.22.1-9"),
            ("g++", "1:2.0~rc1+dfsg-1", "gcc-defaults", "1.203"),
            ("tool", "1", "tool", "1"),
        ] {
            let [version, source_version] = [version, source_version].map(|text| text.parse().unwrap());
            let source_package = Some((source, &source_version));
            let purl = deb::purl("Debian", Some("12"), name, &version, "amd64", source_package);
            let component = Component::of_purl(&purl).unwrap();
            assert_eq!(component.ecosystem, Ecosystem::Debian(Some("12".to_owned())), "{purl}");
            assert_eq!((component.package.as_str(), component.version), (source, source_version.to_string()), "{purl}");
            assert_eq!(component.installed, name);
        }
    }

    #[test]
    fn reads_others() {
        let component = |text: &str| Component::of_purl(text).map(|component| (component.ecosystem, component.package));
        let other = |ecosystem: &str, name: &str| Some((Ecosystem::Other(ecosystem.to_owned()), name.to_owned()));
        for (purl, expected) in [
            ("pkg:deb/debian/a@1", Some((Ecosystem::Debian(None), "a".to_owned()))),
            ("pkg:deb/debian/a", Some((Ecosystem::Debian(None), "a".to_owned()))),
            ("pkg:deb/kali/a@1?distro=kali-2024", other("deb/kali", "a")),
            ("pkg:npm/%40scope/a@1#x", other("npm", "a")),
            (
                "pkg:deb/debian/linux-image-amd64@6.1.27-1?distro=debian-12&upstream=linux-signed-amd64%406.1.27%2B1",
                other("Debian:12 (signed copies of a source that is not named)", "linux-signed-amd64"),
            ),
            ("pkg:deb/debian/%ff@1", None),
            ("pkg:deb/debian/a@1?upstream=%ff", None),
            ("pkg:deb", None),
            ("pkg:deb/debian/@1", None),
            ("http://a", None),
            ("", None),
        ] {
            assert_eq!(component(purl), expected, "{purl}");
        }
    }
}
