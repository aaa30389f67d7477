use crate::family::Family;
use consign_package::Kind;
use consign_package::version::VersionOrder;
use std::fmt;

/// Where a package comes from, so far as advisories tell such places apart (OSV schema, "Defined Ecosystems").
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Ecosystem {
    /// A distribution, and the number of its release; `None`: it has none, or nobody says which.
    Distribution(Family, Option<String>),
    /// The packages of a language, at the one place where everybody publishes them.
    Language(Kind),
    /// Archives of Java's, of which nobody knows to which group of Maven's they belong.
    Groupless,
    /// Another, whose versions are not compared.
    Other(String),
}

/// Ecosystems of languages, as records name them.
const LANGUAGES: [(&str, Kind); 8] = [
    ("PyPI", Kind::Python),
    ("npm", Kind::Npm),
    ("Go", Kind::Go),
    ("crates.io", Kind::Cargo),
    ("Maven", Kind::Maven),
    ("RubyGems", Kind::Gem),
    ("Packagist", Kind::Composer),
    ("NuGet", Kind::NuGet),
];

impl Ecosystem {
    /// Reads the ecosystem of a record, such as `Debian:12` or `Ubuntu:22.04:LTS`, in any case. What is only for subscribers of Ubuntu
    /// Pro is another, and so is what another place than the usual one publishes, such as `Maven:https://example.org`.
    pub(crate) fn of_record(text: &str) -> Self {
        let (name, rest) = text.split_once(':').map_or((text, None), |(name, rest)| (name, Some(rest)));
        if let Some((_, kind)) = LANGUAGES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            return if rest.is_none() { Self::Language(*kind) } else { Self::Other(text.to_owned()) };
        }
        let Some(family) = Family::of_name(name) else { return Self::Other(text.to_owned()) };
        match rest.filter(|rest| !rest.is_empty()) {
            None => Self::Distribution(family, None),
            Some(_) if family.is_rolling() => Self::Distribution(family, None),
            Some(rest) => match family.release_of_record(&rest.to_ascii_lowercase()) {
                Some(release) => Self::Distribution(family, Some(release)),
                None => Self::Other(text.to_owned()),
            },
        }
    }

    /// Returns the ecosystem of a distribution's package by vendor and release, as a package URL has them.
    pub(crate) fn of_package(kind: Kind, vendor: &str, release: Option<&str>) -> Self {
        match Family::of_vendor(kind, vendor) {
            // Its number is the day of the snapshot.
            Some(Family::OpenSuse) if vendor == "opensuse-tumbleweed" => {
                Self::Distribution(Family::OpenSuse, Some("tumbleweed".to_owned()))
            }
            Some(family) if family.is_rolling() => Self::Distribution(family, None),
            Some(family) => Self::Distribution(family, release.and_then(|release| family.release(release))),
            None => Self::Other(format!("{}/{vendor}", kind.purl_type())),
        }
    }

    /// Returns the ecosystems whose records are about packages of this one: itself, and all releases of it.
    pub(crate) fn looked_up(&self) -> Vec<Self> {
        match self {
            Self::Distribution(family, Some(_)) => vec![self.clone(), Self::Distribution(*family, None)],
            Self::Distribution(..) | Self::Language(_) => vec![self.clone()],
            Self::Groupless | Self::Other(_) => Vec::new(),
        }
    }

    /// Returns the order of its versions.
    pub(crate) fn order(&self) -> Option<VersionOrder> {
        let kind = match self {
            Self::Distribution(family, _) => family.kind(),
            Self::Language(kind) => *kind,
            Self::Groupless => Kind::Maven,
            Self::Other(_) => return None,
        };
        Some(VersionOrder::of(kind))
    }

    /// Returns whether ranges of the type `SEMVER` mean what its own order says.
    pub(crate) fn is_semantic(&self) -> bool {
        matches!(self, Self::Language(Kind::Npm | Kind::Go | Kind::Cargo | Kind::NuGet))
    }

    /// Returns whether several streams of its packages may be beside each other.
    pub(crate) fn has_modules(&self) -> bool {
        matches!(self, Self::Distribution(family, _) if family.kind() == Kind::Rpm)
    }

    /// Returns a package's name in the form in which names are compared.
    pub(crate) fn name(&self, name: &str) -> String {
        match self {
            Self::Language(Kind::Python) => python_name(name),
            // Registries keep two names that differ in case alone apart no more, and package URLs are written in lower case.
            Self::Language(Kind::Npm | Kind::NuGet | Kind::Composer | Kind::Go) => name.to_lowercase(),
            Self::Distribution(family, _) if family.kind() != Kind::Rpm => name.to_lowercase(),
            _ => name.to_owned(),
        }
    }

    /// Returns what it is a part of: all releases of a distribution are of one feed.
    pub(crate) fn group(&self) -> String {
        match self {
            Self::Distribution(family, _) => family.name().to_owned(),
            Self::Language(_) | Self::Groupless => self.to_string(),
            Self::Other(text) => text.split(':').next().unwrap_or_default().to_owned(),
        }
    }

    /// Returns the text by which it stands in databases. [`Ecosystem::of_record`] reads it.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Distribution(family, None) => family.name().to_owned(),
            _ => self.to_string(),
        }
    }
}

/// Returns a name of Python's as all its spellings are (PEP 503).
fn python_name(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            other => normal.extend(other.to_lowercase()),
        }
    }
    normal
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Distribution(family, Some(release)) => {
                write!(formatter, "{}:{}", family.name(), family.written(release))
            }
            Self::Distribution(family, None) if family.is_rolling() => formatter.write_str(family.name()),
            Self::Distribution(family, None) => write!(formatter, "{} of an unknown release", family.name()),
            Self::Language(kind) => {
                let name = LANGUAGES.iter().find(|(_, known)| known == kind);
                formatter.write_str(name.map_or(kind.purl_type(), |(name, _)| name))
            }
            Self::Groupless => formatter.write_str("Maven artifacts whose group is not known"),
            Self::Other(name) => formatter.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_and_packages_meet() {
        for (record, kind, vendor, release, expected) in [
            ("Debian:12", Kind::Debian, "debian", Some("12"), true),
            ("Debian:12", Kind::Debian, "debian", Some("12.5"), true),
            ("Debian:12", Kind::Debian, "debian", Some("bookworm"), true),
            ("Debian:bookworm", Kind::Debian, "debian", Some("12"), true),
            ("Debian", Kind::Debian, "debian", Some("12"), true),
            ("Debian", Kind::Debian, "debian", None, true),
            ("Debian:12", Kind::Debian, "debian", None, false),
            ("Debian:12", Kind::Debian, "debian", Some("13"), false),
            ("Debian:12", Kind::Debian, "ubuntu", Some("12"), false),
            ("Ubuntu:22.04:LTS", Kind::Debian, "ubuntu", Some("22.04"), true),
            ("Ubuntu:22.04", Kind::Debian, "ubuntu", Some("22.04"), true),
            ("Ubuntu:Pro:22.04:LTS", Kind::Debian, "ubuntu", Some("22.04"), false),
            ("debian:12", Kind::Debian, "debian", Some("12"), true),
            ("DEBIAN:Bookworm", Kind::Debian, "debian", Some("12"), true),
            ("ubuntu:22.04:lts", Kind::Debian, "ubuntu", Some("22.04"), true),
            ("UBUNTU:PRO:22.04", Kind::Debian, "ubuntu", Some("22.04"), false),
            ("Ubuntu", Kind::Debian, "ubuntu", Some("22.04"), true),
            ("Debian:12", Kind::Debian, "raspbian", Some("12"), false),
            ("PyPI", Kind::Debian, "debian", Some("12"), false),
            ("Alpine:v3.11", Kind::Alpine, "alpine", Some("3.11.5"), true),
            ("Alpine:v3.11", Kind::Alpine, "alpine", Some("3.11"), true),
            ("Alpine:3.11", Kind::Alpine, "alpine", Some("3.11.5"), true),
            ("Alpine:v3.1", Kind::Alpine, "alpine", Some("3.11.5"), false),
            ("Alpine:v3.10", Kind::Alpine, "alpine", Some("3.11.5"), false),
            ("Alpine:edge", Kind::Alpine, "alpine", Some("edge"), true),
            ("Alpine:edge", Kind::Alpine, "alpine", Some("3.23_alpha20250612"), true),
            ("Alpine:v3.23", Kind::Alpine, "alpine", Some("3.23_alpha20250612"), false),
            ("Wolfi", Kind::Alpine, "wolfi", Some("20230201"), true),
            ("Wolfi", Kind::Alpine, "wolfi", None, true),
            ("Wolfi", Kind::Alpine, "chainguard", None, false),
            ("Chainguard", Kind::Alpine, "chainguard", Some("20230214"), true),
            ("AlmaLinux:8", Kind::Rpm, "almalinux", Some("8.10"), true),
            ("AlmaLinux:8", Kind::Rpm, "almalinux", Some("9.4"), false),
            ("AlmaLinux:8", Kind::Rpm, "rocky", Some("8"), false),
            ("Rocky Linux:9", Kind::Rpm, "rocky", Some("9.3"), true),
            ("Rocky Linux:9", Kind::Rpm, "rockylinux", Some("9.3"), true),
            ("Red Hat:enterprise_linux:9::baseos", Kind::Rpm, "redhat", Some("9.4"), true),
            ("Red Hat:enterprise_linux:9::baseos", Kind::Rpm, "rhel", Some("9"), true),
            ("Red Hat:enterprise_linux:7::server", Kind::Rpm, "centos", Some("7"), true),
            ("Red Hat:rhel_eus:9.2::baseos", Kind::Rpm, "redhat", Some("9.2"), false),
            ("Red Hat:openshift:4.12::el9", Kind::Rpm, "redhat", Some("9"), false),
            ("SUSE:Linux Enterprise Server 15 SP5", Kind::Rpm, "sles", Some("15.5"), true),
            ("SUSE:Linux Enterprise Module for Basesystem 15 SP5", Kind::Rpm, "suse", Some("15.5"), true),
            ("SUSE:Linux Enterprise Server 12 SP5-LTSS", Kind::Rpm, "sles", Some("12.5"), false),
            ("SUSE:Linux Enterprise Server 15", Kind::Rpm, "sles", Some("15"), true),
            ("SUSE:Linux Enterprise Server 16.0", Kind::Rpm, "sles", Some("16.0"), true),
            ("openEuler:24.03-LTS-SP1", Kind::Rpm, "openeuler", Some("24.03-LTS-SP1"), true),
            ("openEuler:24.03-LTS-SP1", Kind::Rpm, "openeuler", Some("24.03-LTS"), false),
            ("openSUSE:Leap 15.5", Kind::Rpm, "opensuse", Some("leap-15.5"), true),
            ("openSUSE:Leap 15.5", Kind::Rpm, "opensuse", Some("15.5"), true),
            ("openSUSE:Tumbleweed", Kind::Rpm, "opensuse", Some("tumbleweed-20240101"), true),
            ("openSUSE:Tumbleweed", Kind::Rpm, "opensuse-tumbleweed", Some("20240101"), true),
            ("openSUSE:Leap 15.5", Kind::Rpm, "opensuse-leap", Some("15.5"), true),
            ("Azure Linux:3", Kind::Rpm, "azurelinux", Some("3.0"), true),
            ("Maven", Kind::Rpm, "redhat", Some("9"), false),
        ] {
            let package = Ecosystem::of_package(kind, vendor, release);
            let found = package.looked_up().contains(&Ecosystem::of_record(record));
            assert_eq!(found, expected, "{record} {vendor} {release:?}");
        }
    }

    #[test]
    fn what_stands_in_databases_is_read_again() {
        for text in [
            "Debian:12",
            "Debian",
            "Ubuntu:22.04",
            "Alpine:v3.11",
            "Alpine:edge",
            "Wolfi",
            "AlmaLinux:8",
            "Rocky Linux:9",
            "Red Hat:enterprise_linux:9",
            "SUSE:Linux Enterprise Server 15 SP5",
            "SUSE:Linux Enterprise Server 16.0",
            "openEuler:24.03-LTS-SP1",
            "openSUSE:Leap 15.5",
            "openSUSE:Tumbleweed",
            "PyPI",
            "crates.io",
            "Maven",
            "Maven:https://example.org",
            "Bitnami",
            "Photon OS:3.0",
            "Ubuntu:Pro:22.04:LTS",
        ] {
            let ecosystem = Ecosystem::of_record(text);
            assert_eq!((ecosystem.key().as_str(), Ecosystem::of_record(&ecosystem.key())), (text, ecosystem.clone()));
        }
        assert_eq!(Ecosystem::of_record("Red Hat:enterprise_linux:9::baseos").key(), "Red Hat:enterprise_linux:9");
    }

    #[test]
    fn names_are_compared_as_their_registries_do() {
        for (ecosystem, name, expected) in [
            ("PyPI", "Flask_SQLAlchemy", "flask-sqlalchemy"),
            ("PyPI", "zope.interface", "zope-interface"),
            ("PyPI", "a-_.b", "a-b"),
            ("NuGet", "Newtonsoft.Json", "newtonsoft.json"),
            ("Packagist", "Symfony/Http-Kernel", "symfony/http-kernel"),
            ("Go", "github.com/BurntSushi/toml", "github.com/burntsushi/toml"),
            ("Maven", "org.Example:Lib", "org.Example:Lib"),
            ("crates.io", "serde_json", "serde_json"),
            ("Debian:12", "libX", "libx"),
            ("Alpine:v3.20", "R", "r"),
            ("AlmaLinux:9", "NetworkManager", "NetworkManager"),
        ] {
            assert_eq!(Ecosystem::of_record(ecosystem).name(name), expected);
        }
    }
}
