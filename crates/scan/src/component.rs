use crate::ScanError;
use crate::ecosystem::Ecosystem;
use crate::family::Family;
use consign_package::deb::installed::is_signed_copy;
use consign_package::{Kind, PackageUrl};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// Hosts from which distributions themselves publish. A package that says that it is from elsewhere is not theirs.
const HOSTS: [&str; 9] = [
    "debian.org",
    "ubuntu.com",
    "alpinelinux.org",
    "wolfi.dev",
    "cgr.dev",
    "almalinux.org",
    "rockylinux.org",
    "redhat.com",
    "fedoraproject.org",
];

/// A package of an image, by what advisories know it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Component {
    /// Where it comes from.
    pub(crate) ecosystem: Ecosystem,
    /// Name by which advisories call it: of its source package, where they are about those.
    pub(crate) package: String,
    /// Version of that; empty: nobody says. A rebuild of a binary package alone is no change of it.
    pub(crate) version: String,
    /// Name that it is installed under.
    pub(crate) installed: String,
    /// Module of a distribution's that it is part of, as `name:stream…`.
    pub(crate) module: Option<String>,
    /// Its package URL, as written.
    pub(crate) purl: String,
    /// Where the package of a distribution comes from that brought it: then it is for that distribution to say what is wrong with it.
    pub(crate) owner: Option<Ecosystem>,
}

impl Component {
    /// Returns the packages that an SPDX document lists. The image itself and its distribution are no packages.
    pub(crate) fn all(sbom: &Value) -> Result<Vec<Self>, ScanError> {
        let packages = sbom.get("packages").and_then(Value::as_array).ok_or(ScanError::Packages)?;
        let contained = packages.iter().filter(|package| {
            !matches!(package["primaryPackagePurpose"].as_str(), Some("CONTAINER" | "OPERATING-SYSTEM"))
        });
        let all: Vec<(&str, Self)> = contained
            .map(|package| (package["SPDXID"].as_str().unwrap_or_default(), Self::of_package(package)))
            .collect();
        let by_id: HashMap<&str, &Self> = all.iter().map(|(id, component)| (*id, component)).collect();
        let mut owners: HashMap<&str, Ecosystem> = HashMap::new();
        let relationships = sbom.get("relationships").and_then(Value::as_array).into_iter().flatten();
        for relationship in relationships.filter(|relationship| relationship["relationshipType"] == "CONTAINS") {
            let text = |key: &str| relationship[key].as_str().unwrap_or_default();
            // An image contains packages, too; only a distribution's package speaks for what is in it.
            if let Some(owner) = by_id.get(text("spdxElementId"))
                && matches!(owner.ecosystem, Ecosystem::Distribution(..))
            {
                owners.insert(text("relatedSpdxElement"), owner.ecosystem.clone());
            }
        }
        let owned = all.iter().map(|(id, component)| Self { owner: owners.get(id).cloned(), ..component.clone() });
        Ok(owned.collect())
    }

    /// Reads a package. Of one without a package URL that can be read, only the name is known.
    fn of_package(package: &Value) -> Self {
        let references = package.get("externalRefs").and_then(Value::as_array).into_iter().flatten();
        let purl = references.filter(|reference| reference["referenceType"] == "purl");
        let mut purl = purl.filter_map(|reference| reference["referenceLocator"].as_str());
        let component = purl.next().and_then(Self::of_purl).unwrap_or_else(|| {
            let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
            let ecosystem = Ecosystem::Other("packages without a package URL".to_owned());
            Self::plain(ecosystem, text("name"), text("versionInfo"), "")
        });
        component.of_supplier(package["supplier"].as_str())
    }

    /// Returns the name and number of the distribution that an SPDX document says the image is made of.
    pub(crate) fn distribution(sbom: &Value) -> Option<(&str, &str)> {
        let packages = sbom.get("packages").and_then(Value::as_array)?;
        let system = packages.iter().find(|package| package["primaryPackagePurpose"] == "OPERATING-SYSTEM")?;
        Some((system["name"].as_str()?, system["versionInfo"].as_str().unwrap_or_default()))
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

    /// Reads a package URL (purl-spec, `types`). A package of a kind that is not known keeps only its name.
    pub(crate) fn of_purl(purl: &str) -> Option<Self> {
        let url: PackageUrl = purl.parse().ok()?;
        let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.purl_type() == url.kind()) else {
            let ecosystem = Ecosystem::Other(url.kind().to_owned());
            return Some(Self::plain(ecosystem, url.name().to_owned(), version(&url), purl));
        };
        if kind.is_of_distribution() {
            return Self::of_distribution(kind, &url, purl);
        }
        let name = match (kind, url.namespace()) {
            (_, None) => url.name().to_owned(),
            (Kind::Maven, Some(namespace)) => format!("{namespace}:{}", url.name()),
            (_, Some(namespace)) => format!("{namespace}/{}", url.name()),
        };
        let ecosystem = match url.qualifier("repository_url") {
            Some(place) => Ecosystem::Other(format!("{} of {place}", url.kind())),
            None => Ecosystem::Language(kind),
        };
        Some(Self::plain(ecosystem, name, version(&url), purl))
    }

    fn plain(ecosystem: Ecosystem, name: String, version: String, purl: &str) -> Self {
        Self {
            ecosystem,
            package: name.clone(),
            version,
            installed: name,
            module: None,
            purl: purl.to_owned(),
            owner: None,
        }
    }

    fn of_distribution(kind: Kind, url: &PackageUrl, purl: &str) -> Option<Self> {
        let (vendor, upstream) = (url.namespace().unwrap_or_default(), url.qualifier("upstream"));
        let release = url.qualifier("distro").and_then(|text| release(kind, vendor, text));
        let ecosystem = Ecosystem::of_package(kind, vendor, release);
        let mut version = version(url);
        let epoch = url.qualifier("epoch").filter(|epoch| kind == Kind::Rpm && *epoch != "0" && !version.contains(':'));
        if let Some(epoch) = epoch.filter(|_| !version.is_empty()) {
            version = format!("{epoch}:{version}");
        }
        // The source package stands there only where it differs.
        let source = upstream.and_then(|text| source(kind, text, &version));
        let is_by_source = !matches!(&ecosystem, Ecosystem::Distribution(family, _) if !family.is_by_source());
        let (package, version) = source.filter(|_| is_by_source).unwrap_or_else(|| (url.name().to_owned(), version));
        let elsewhere = url.qualifier("repository_url").filter(|place| !is_of_distribution(place));
        let ecosystem = match elsewhere {
            Some(place) => Ecosystem::Other(format!("{}/{vendor} of {place}", url.kind())),
            None if kind == Kind::Debian && is_signed_copy(&package) => {
                Ecosystem::Other(format!("{ecosystem} (signed copies of a source that is not named)"))
            }
            None => ecosystem,
        };
        let module = url.qualifier("rpmmod").or(url.qualifier("modularitylabel")).map(str::to_owned);
        Some(Self {
            ecosystem,
            package,
            version,
            installed: url.name().to_owned(),
            module,
            purl: purl.to_owned(),
            owner: None,
        })
    }

    /// Takes account of who supplied it: what others than the distribution made of the same name is another package.
    fn of_supplier(mut self, supplier: Option<&str>) -> Self {
        let supplier = supplier.and_then(|supplier| supplier.strip_prefix("Organization: "));
        if let (Ecosystem::Distribution(family, _), Some(supplier)) = (&self.ecosystem, supplier)
            && family.kind() == Kind::Rpm
            && !family.is_supplied_by(supplier)
        {
            self.ecosystem = Ecosystem::Other(format!("rpm of {supplier}"));
        }
        self
    }
}

fn version(url: &PackageUrl) -> String {
    url.version().unwrap_or_default().to_owned()
}

/// Returns the release in the qualifier `distro`, such as `debian-12`: other tools write another name there than the vendor's.
fn release<'a>(kind: Kind, vendor: &str, text: &'a str) -> Option<&'a str> {
    let own = Family::of_vendor(kind, vendor);
    let after = |name: &str| text.strip_prefix(name)?.strip_prefix('-');
    after(vendor).or_else(|| {
        let ends = text.match_indices('-').map(|(end, _)| end);
        let mut names = ends.filter(|end| own.is_some() && Family::of_vendor(kind, &text[..*end]) == own);
        names.next_back().map(|end| &text[end + 1..])
    })
}

/// Returns name and version of a source package. rpm writes it as a file name, without the epoch: that of the package itself counts.
fn source(kind: Kind, text: &str, version: &str) -> Option<(String, String)> {
    if kind == Kind::Rpm
        && let Some(file) = text.strip_suffix(".src.rpm")
    {
        let (rest, release) = file.rsplit_once('-')?;
        let (name, number) = rest.rsplit_once('-')?;
        let epoch = version.split_once(':').map(|(epoch, _)| format!("{epoch}:")).unwrap_or_default();
        return Some((name.to_owned(), format!("{epoch}{number}-{release}")));
    }
    Some(match text.rsplit_once('@') {
        Some((package, source)) if !source.is_empty() => (package.to_owned(), source.to_owned()),
        Some((package, _)) => (package.to_owned(), version.to_owned()),
        None => (text.to_owned(), version.to_owned()),
    })
}

fn is_of_distribution(place: &str) -> bool {
    let place = place.split_once("://").map_or(place, |(_, rest)| rest);
    let host = place.split(['/', ':']).next().unwrap_or_default();
    HOSTS.iter().any(|known| host.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
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
            let release = Some("12".to_owned());
            assert_eq!(component.ecosystem, Ecosystem::Distribution(Family::Debian, release), "{purl}");
            assert_eq!((component.package.as_str(), component.version), (source, source_version.to_string()), "{purl}");
            assert_eq!(component.installed, name);
        }
    }

    #[test]
    fn reads_others() {
        let text = |purl: &str| {
            let component = Component::of_purl(purl)?;
            Some(format!("{}, {} {}", component.ecosystem, component.package, component.version))
        };
        for (purl, expected) in [
            ("pkg:deb/debian/a@1", Some("Debian of an unknown release, a 1")),
            ("pkg:deb/debian/a", Some("Debian of an unknown release, a ")),
            ("pkg:deb/kali/a@1?distro=kali-2024", Some("deb/kali, a 1")),
            ("pkg:deb/debian/a@1?distro=ubuntu-22.04", Some("Debian of an unknown release, a 1")),
            (
                "pkg:deb/debian/a@1?distro=debian-12&repository_url=https://download.docker.com/linux",
                Some("deb/debian of https://download.docker.com/linux, a 1"),
            ),
            ("pkg:deb/debian/a@1?distro=debian-12&repository_url=http://deb.debian.org/debian", Some("Debian:12, a 1")),
            (
                "pkg:deb/debian/a@1?distro=debian-12&repository_url=http://notdebian.org",
                Some("deb/debian of http://notdebian.org, a 1"),
            ),
            ("pkg:npm/%40scope/a@1#x", Some("npm, @scope/a 1")),
            ("pkg:golang/github.com/gorilla/websocket@v1.4.0", Some("Go, github.com/gorilla/websocket v1.4.0")),
            ("pkg:golang/stdlib@1.21.0", Some("Go, stdlib 1.21.0")),
            (
                "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1?type=jar",
                Some("Maven, org.apache.logging.log4j:log4j-core 2.14.1"),
            ),
            ("pkg:composer/symfony/http-kernel@v5.4.1", Some("Packagist, symfony/http-kernel v5.4.1")),
            ("pkg:cargo/serde@1.0.0", Some("crates.io, serde 1.0.0")),
            (
                "pkg:cargo/serde@1.0.0?repository_url=https://example.org",
                Some("cargo of https://example.org, serde 1.0.0"),
            ),
            ("pkg:pypi/django", Some("PyPI, django ")),
            (
                "pkg:apk/alpine/libssl1.1@1.1.1d-r3?arch=x86_64&distro=alpine-3.11.5&upstream=openssl",
                Some("Alpine:v3.11, openssl 1.1.1d-r3"),
            ),
            ("pkg:apk/wolfi/libssl3@3.1.0-r0?distro=wolfi-20230201&upstream=openssl", Some("Wolfi, openssl 3.1.0-r0")),
            (
                "pkg:rpm/almalinux/openssl-libs@1.1.1k-9.el8_7?arch=x86_64&distro=almalinux-8.7&epoch=1&upstream=openssl-1.1.1k-9.el8_7.src.rpm",
                Some("AlmaLinux:8, openssl-libs 1:1.1.1k-9.el8_7"),
            ),
            (
                "pkg:rpm/rocky/openssl-libs@1.1.1k-9.el8_7?distro=rocky-8.7&epoch=1&upstream=openssl-1.1.1k-9.el8_7.src.rpm",
                Some("Rocky Linux:8, openssl 1:1.1.1k-9.el8_7"),
            ),
            ("pkg:rpm/redhat/bash@4.4-1?distro=rhel-8.4", Some("Red Hat:enterprise_linux:8, bash 4.4-1")),
            ("pkg:rpm/opensuse/bash@4.4-1?distro=opensuse-leap-15.5", Some("openSUSE:Leap 15.5, bash 4.4-1")),
            ("pkg:swift/x/y@1", Some("swift, y 1")),
            (
                "pkg:deb/debian/linux-image-amd64@6.1.27-1?distro=debian-12&upstream=linux-signed-amd64%406.1.27%2B1",
                Some("Debian:12 (signed copies of a source that is not named), linux-signed-amd64 6.1.27+1"),
            ),
            ("pkg:deb/debian/%ff@1", None),
            ("pkg:deb/debian/a@1?upstream=%ff", None),
            ("pkg:deb", None),
            ("pkg:deb/debian/@1", None),
            ("http://a", None),
            ("", None),
        ] {
            assert_eq!(text(purl).as_deref(), expected, "{purl}");
        }
    }

    #[test]
    fn what_others_than_the_distribution_supply_is_not_its() {
        let purl = "pkg:rpm/almalinux/docker-ce@25-1.el9?distro=almalinux-9.3";
        for (supplier, expected) in [
            (None, "AlmaLinux:9"),
            (Some("NOASSERTION"), "AlmaLinux:9"),
            (Some("Organization: AlmaLinux"), "AlmaLinux:9"),
            (Some("Organization: Docker"), "rpm of Docker"),
            (Some("Organization: Fedora Project"), "rpm of Fedora Project"),
        ] {
            let component = Component::of_purl(purl).unwrap().of_supplier(supplier);
            assert_eq!(component.ecosystem.to_string(), expected);
        }
    }
}
