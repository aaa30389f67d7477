use crate::ecosystem::Ecosystem;
use crate::family::Family;
use crate::stranger::{is_of_distribution, is_stranger};
use consign_package::deb::installed::is_signed_copy;
use consign_package::sbom::BUILT_FROM;
use consign_package::{Kind, PackageUrl};
use serde_json::Value;

/// Stands there of a package of which nothing says whether its source has another name.
pub(crate) const NO_SOURCE: &str = "NOASSERTION";

/// A package of an image, by what advisories know it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Component {
    /// Where it comes from.
    pub(crate) ecosystem: Ecosystem,
    /// Name by which advisories call it: of its source package, where they are about those.
    pub(crate) package: String,
    /// Version of that; empty: nobody says. A rebuild of a binary package alone is no change of it.
    pub(crate) version: String,
    /// Whether the epoch of that version is not known: rpm does not write it where it names a source package.
    pub(crate) is_without_epoch: bool,
    /// Whether nothing says of which source package it is, and advisories are about those: its own name stands for it.
    pub(crate) is_without_source: bool,
    /// Name that it is installed under.
    pub(crate) installed: String,
    /// Module of a distribution's that it is part of, as `name:stream…`.
    pub(crate) module: Option<String>,
    /// Its package URL, as written.
    pub(crate) purl: String,
}

impl Component {
    /// Reads a package of an SPDX document. Of one without a package URL that can be read, only the name is known.
    pub(crate) fn of_package(package: &Value) -> Self {
        let references = package.get("externalRefs").and_then(Value::as_array).into_iter().flatten();
        let purl = references.filter(|reference| reference["referenceType"] == "purl");
        let mut purl = purl.filter_map(|reference| reference["referenceLocator"].as_str());
        let component =
            purl.next().and_then(|purl| Self::read(purl, package["sourceInfo"].as_str())).unwrap_or_else(|| {
                let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
                let ecosystem = Ecosystem::Other("packages without a package URL".to_owned());
                Self::plain(ecosystem, text("name"), text("versionInfo"), "")
            });
        component.of_supplier(package["supplier"].as_str())
    }

    /// Reads a package URL (purl-spec, `types`). A package of a kind that is not known keeps only its name.
    pub(crate) fn of_purl(purl: &str) -> Option<Self> {
        Self::read(purl, None)
    }

    /// Reads a package URL, and what stands beside it of where the package is from.
    fn read(purl: &str, origin: Option<&str>) -> Option<Self> {
        let url: PackageUrl = purl.parse().ok()?;
        let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.purl_type() == url.kind()) else {
            let ecosystem = Ecosystem::Other(url.kind().to_owned());
            return Some(Self::plain(ecosystem, url.name().to_owned(), version(&url), purl));
        };
        if kind.is_of_distribution() {
            return Self::of_distribution(kind, &url, purl, origin);
        }
        let name = match (kind, url.namespace()) {
            // All records name a group.
            (Kind::Maven, None) => {
                return Some(Self::plain(Ecosystem::Groupless, url.name().to_owned(), version(&url), purl));
            }
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
            is_without_epoch: false,
            is_without_source: false,
            installed: name,
            module: None,
            purl: purl.to_owned(),
        }
    }

    fn of_distribution(kind: Kind, url: &PackageUrl, purl: &str, origin: Option<&str>) -> Option<Self> {
        let (vendor, upstream) = (url.namespace().unwrap_or_default(), url.qualifier("upstream"));
        let release = url.qualifier("distro").and_then(|text| release(kind, vendor, text));
        let ecosystem = Ecosystem::of_package(kind, vendor, release);
        let mut version = version(url);
        let has_epochs = matches!(kind, Kind::Rpm | Kind::Debian);
        let epoch = url.qualifier("epoch").filter(|epoch| has_epochs && *epoch != "0" && !version.contains(':'));
        if let Some(epoch) = epoch.filter(|_| !version.is_empty()) {
            version = format!("{epoch}:{version}");
        }
        // The source package stands there only where it differs, or beside it.
        let source = upstream
            .and_then(|text| source(kind, url.name(), text, &version))
            .or_else(|| built_from(kind, url.name(), origin?, &version));
        let is_by_source = !matches!(&ecosystem, Ecosystem::Distribution(family, _) if !family.is_by_source());
        let is_without_source = is_by_source && source.is_none() && origin == Some(NO_SOURCE);
        let (package, version) = source.filter(|_| is_by_source).unwrap_or_else(|| (url.name().to_owned(), version));
        let is_without_epoch = kind == Kind::Rpm && package != url.name();
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
            is_without_epoch,
            is_without_source,
            installed: url.name().to_owned(),
            module,
            purl: purl.to_owned(),
        })
    }

    /// Takes account of who supplied it: what others than the distribution made of the same name is another package.
    fn of_supplier(mut self, supplier: Option<&str>) -> Self {
        if let Ecosystem::Distribution(family, _) = &self.ecosystem
            && is_stranger(*family, supplier, &self.version)
        {
            let supplier = supplier.and_then(|supplier| supplier.strip_prefix("Organization: "));
            let supplier = supplier.unwrap_or("nobody who is named");
            self.ecosystem = Ecosystem::Other(format!("{} of {supplier}", family.kind().purl_type()));
        }
        self
    }

    /// Returns whether it is a package of a distribution's kind, whoever made it.
    pub(crate) fn is_of_distribution(&self) -> bool {
        ["pkg:deb/", "pkg:apk/", "pkg:rpm/"].iter().any(|start| self.purl.starts_with(start))
    }
}

fn version(url: &PackageUrl) -> String {
    url.version().unwrap_or_default().to_owned()
}

/// Returns the release in the qualifier `distro`, such as `debian-12`: other tools write another name there than the vendor's, or none: `3.20.1`, `bookworm`.
fn release<'a>(kind: Kind, vendor: &str, text: &'a str) -> Option<&'a str> {
    let own = Family::of_vendor(kind, vendor);
    let after = |name: &str| text.strip_prefix(name)?.strip_prefix('-');
    after(vendor).or_else(|| {
        let ends = text.match_indices('-').map(|(end, _)| end);
        let mut names = ends.filter(|end| own.is_some() && Family::of_vendor(kind, &text[..*end]) == own);
        let named = names.next_back().map(|end| &text[end + 1..]);
        named.or_else(|| own.filter(|family| family.has_release(text)).map(|_| text))
    })
}

/// Returns name and version of a source package. rpm writes it as a file name, without the epoch: where the name is that of the package itself, so
/// is the epoch.
fn source(kind: Kind, package: &str, text: &str, version: &str) -> Option<(String, String)> {
    if kind == Kind::Rpm
        && let Some(file) = text.strip_suffix(".src.rpm")
    {
        let (rest, release) = file.rsplit_once('-')?;
        let (name, number) = rest.rsplit_once('-')?;
        let epoch = version.split_once(':').filter(|_| name == package).map(|(epoch, _)| format!("{epoch}:"));
        let epoch = epoch.unwrap_or_default();
        return Some((name.to_owned(), format!("{epoch}{number}-{release}")));
    }
    Some(match text.rsplit_once('@') {
        Some((package, source)) if !source.is_empty() => (package.to_owned(), source.to_owned()),
        Some((package, _)) => (package.to_owned(), version.to_owned()),
        None => (text.to_owned(), version.to_owned()),
    })
}

/// Returns name and version of a source package that stand beside the package URL. trivy takes the package's epoch for that of any source of rpm's, so
/// it counts only where the name is the package's, too.
fn built_from(kind: Kind, package: &str, words: &str, version: &str) -> Option<(String, String)> {
    let mut words = words.strip_prefix(BUILT_FROM)?.split_whitespace();
    let (name, stated) = (words.next()?, words.next().unwrap_or(version));
    let without_epoch = stated.split_once(':').filter(|_| kind == Kind::Rpm && name != package).map(|(_, rest)| rest);
    Some((name.to_owned(), without_epoch.unwrap_or(stated).to_owned()))
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
            ("pkg:deb/debian/a@1?distro=bookworm", Some("Debian:12, a 1")),
            ("pkg:deb/debian/a@1?distro=12.5", Some("Debian:12, a 1")),
            ("pkg:deb/debian/a@1?distro=jammy", Some("Debian of an unknown release, a 1")),
            ("pkg:deb/debian/a@1?distro=slim", Some("Debian of an unknown release, a 1")),
            ("pkg:deb/ubuntu/a@1?distro=jammy", Some("Ubuntu:22.04, a 1")),
            ("pkg:deb/ubuntu/a@1?distro=ubuntu-jammy", Some("Ubuntu:22.04, a 1")),
            ("pkg:apk/alpine/a@1-r0?distro=3.11.5", Some("Alpine:v3.11, a 1-r0")),
            ("pkg:apk/alpine/a@1-r0?distro=v3.11", Some("Alpine:v3.11, a 1-r0")),
            ("pkg:apk/alpine/a@1-r0?distro=edge", Some("Alpine:edge, a 1-r0")),
            ("pkg:deb/debian/zlib@1.2.13-1?distro=debian-12&epoch=1", Some("Debian:12, zlib 1:1.2.13-1")),
            ("pkg:deb/debian/zlib@1:1.2.13-1?distro=debian-12&epoch=1", Some("Debian:12, zlib 1:1.2.13-1")),
            ("pkg:deb/debian/zlib@1.2.13-1?distro=debian-12&epoch=0", Some("Debian:12, zlib 1.2.13-1")),
            (
                "pkg:deb/debian/zlib1g@1.2.13-1?distro=debian-12&epoch=1&upstream=zlib",
                Some("Debian:12, zlib 1:1.2.13-1"),
            ),
            ("pkg:apk/alpine/a@1-r0?distro=3.11.5&epoch=1", Some("Alpine:v3.11, a 1-r0")),
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
                Some("Rocky Linux:8, openssl 1.1.1k-9.el8_7"),
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
    fn a_source_may_stand_beside_the_package_url() {
        for (purl, origin, expected) in [
            ("deb/debian/libssl3@3.0.14-1+b2?distro=12", "built package from: openssl 3.0.14-1", "openssl 3.0.14-1"),
            ("deb/debian/zlib1g@1.2-1?distro=12&epoch=1", "built package from: zlib", "zlib 1:1.2-1"),
            ("deb/debian/x@1?distro=12&upstream=y%402", "built package from: z 3", "y 2"),
            ("deb/debian/x@1?distro=12&upstream=y%402", NO_SOURCE, "y 2"),
            ("deb/debian/x@1?distro=12", "found in /var/lib/dpkg/status", "x 1"),
            ("deb/debian/x@1?distro=12", "built package from: ", "x 1"),
            ("deb/debian/x@1?distro=12", NO_SOURCE, "x 1 without source"),
            ("apk/wolfi/libssl3@3-r0?distro=wolfi", NO_SOURCE, "libssl3 3-r0 without source"),
            // Their advisories name what is installed.
            ("rpm/almalinux/x@1?distro=almalinux-9", NO_SOURCE, "x 1"),
            ("rpm/almalinux/x@1?distro=almalinux-9", "built package from: y 2", "x 1"),
            ("rpm/rocky/perl-libs@5-1?distro=rocky-9&epoch=4", "built package from: perl 4:5-1", "perl 5-1"),
            ("rpm/rocky/perl@5-1?distro=rocky-9&epoch=4", "built package from: perl 4:5-1", "perl 4:5-1"),
            ("npm/x@1", NO_SOURCE, "x 1"),
            (
                "deb/debian/linux-image-amd64@6.1-1?distro=12",
                "built package from: linux-signed-amd64 6.1+1",
                "linux-signed-amd64 6.1+1",
            ),
        ] {
            let component = Component::read(&format!("pkg:{purl}"), Some(origin)).unwrap();
            let mark = if component.is_without_source { " without source" } else { "" };
            assert_eq!(format!("{} {}{mark}", component.package, component.version), expected, "{purl} {origin}");
            assert_eq!(
                matches!(component.ecosystem, Ecosystem::Other(_)),
                expected.starts_with("linux-signed"),
                "{purl} {origin}"
            );
        }
    }

    #[test]
    fn what_others_than_the_distribution_supply_is_not_its() {
        for (purl, supplier, expected) in [
            ("pkg:rpm/almalinux/docker-ce@25-1?distro=almalinux-9.3", None, "rpm of nobody who is named"),
            ("pkg:rpm/almalinux/bash@5-1?distro=almalinux-9.3", Some("Organization: AlmaLinux"), "AlmaLinux:9"),
            ("pkg:rpm/almalinux/docker-ce@25-1?distro=almalinux-9.3", Some("Organization: Docker"), "rpm of Docker"),
            ("pkg:deb/debian/bash@5-1?distro=debian-12", None, "Debian:12"),
            (
                "pkg:deb/debian/nodejs@20-1?distro=debian-12",
                Some("Organization: NodeSource (nodejs@nodesource.com)"),
                "deb of NodeSource (nodejs@nodesource.com)",
            ),
        ] {
            let component = Component::of_purl(purl).unwrap().of_supplier(supplier);
            assert_eq!(component.ecosystem.to_string(), expected);
        }
    }

    #[test]
    fn a_source_of_rpm_has_no_epoch_but_that_of_the_package_of_its_name() {
        for (name, version, expected) in [
            ("perl", "5.32.1-481.1.el9&epoch=4", "4:5.32.1-481.1.el9"),
            ("perl-Errno", "1.30-481.1.el9", "5.32.1-481.1.el9 without epoch"),
            ("perl-libs", "5.32.1-481.1.el9&epoch=4", "5.32.1-481.1.el9 without epoch"),
        ] {
            let (version, epoch) = version.split_once('&').unwrap_or((version, ""));
            let purl = format!(
                "pkg:rpm/rocky/{name}@{version}?distro=rocky-9.3&upstream=perl-5.32.1-481.1.el9.src.rpm&{epoch}"
            );
            let component = Component::of_purl(purl.trim_end_matches('&')).unwrap();
            let mark = if component.is_without_epoch { " without epoch" } else { "" };
            assert_eq!(format!("{}{mark}", component.version), expected, "{name}");
        }
    }
}
