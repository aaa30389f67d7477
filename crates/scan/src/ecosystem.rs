use std::fmt;

/// Numbers of Debian releases by the names that `os-release` has where there is no number yet.
const DEBIAN_RELEASES: &[(&str, &str)] =
    &[("buster", "10"), ("bullseye", "11"), ("bookworm", "12"), ("trixie", "13"), ("forky", "14"), ("duke", "15")];

/// Where a package comes from, so far as advisories tell such places apart (OSV schema, "Defined Ecosystems").
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Ecosystem {
    /// Debian, and the number of its release.
    Debian(Option<String>),
    /// Ubuntu, and the number of its release.
    Ubuntu(Option<String>),
    /// Another, whose versions are not compared.
    Other(String),
}

impl Ecosystem {
    /// Reads the ecosystem of a record, such as `Debian:12` or `Ubuntu:22.04:LTS`, in any case. What is only for subscribers of Ubuntu Pro is another.
    pub(crate) fn of_record(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        let mut parts = lower.split(':');
        let name = parts.next().unwrap_or_default();
        let release = parts.next().filter(|release| !release.is_empty());
        match (name, release) {
            ("ubuntu", Some("pro")) => Self::Other(text.to_owned()),
            ("ubuntu", release) => Self::Ubuntu(release.map(str::to_owned)),
            ("debian", release) => Self::Debian(release.map(debian_number)),
            _ => Self::Other(text.to_owned()),
        }
    }

    /// Returns the ecosystem of a Debian package by vendor and release, as a package URL has them.
    pub(crate) fn of_package(vendor: &str, release: Option<&str>) -> Self {
        match vendor {
            "debian" => Self::Debian(release.map(debian_number)),
            "ubuntu" => Self::Ubuntu(release.map(str::to_owned)),
            other => Self::Other(format!("deb/{other}")),
        }
    }

    /// Returns the ecosystems whose records are about packages of this one: itself, and all releases of it.
    pub(crate) fn looked_up(&self) -> Vec<Self> {
        match self {
            Self::Debian(Some(_)) => vec![self.clone(), Self::Debian(None)],
            Self::Ubuntu(Some(_)) => vec![self.clone(), Self::Ubuntu(None)],
            Self::Debian(None) | Self::Ubuntu(None) => vec![self.clone()],
            Self::Other(_) => Vec::new(),
        }
    }
}

/// Returns the number of a release that is named by number, point release or name.
fn debian_number(release: &str) -> String {
    let known = DEBIAN_RELEASES.iter().find(|(name, _)| *name == release);
    known.map_or_else(|| release.split('.').next().unwrap_or(release), |(_, number)| number).to_owned()
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Debian(Some(release)) => write!(formatter, "Debian:{release}"),
            Self::Ubuntu(Some(release)) => write!(formatter, "Ubuntu:{release}"),
            Self::Debian(None) => formatter.write_str("Debian of an unknown release"),
            Self::Ubuntu(None) => formatter.write_str("Ubuntu of an unknown release"),
            Self::Other(name) => formatter.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_and_packages_meet() {
        for (record, vendor, release, expected) in [
            ("Debian:12", "debian", Some("12"), true),
            ("Debian:12", "debian", Some("12.5"), true),
            ("Debian:12", "debian", Some("bookworm"), true),
            ("Debian:bookworm", "debian", Some("12"), true),
            ("Debian", "debian", Some("12"), true),
            ("Debian", "debian", None, true),
            ("Debian:12", "debian", None, false),
            ("Debian:12", "debian", Some("13"), false),
            ("Debian:12", "ubuntu", Some("12"), false),
            ("Ubuntu:22.04:LTS", "ubuntu", Some("22.04"), true),
            ("Ubuntu:22.04", "ubuntu", Some("22.04"), true),
            ("Ubuntu:Pro:22.04:LTS", "ubuntu", Some("22.04"), false),
            ("debian:12", "debian", Some("12"), true),
            ("DEBIAN:Bookworm", "debian", Some("12"), true),
            ("ubuntu:22.04:lts", "ubuntu", Some("22.04"), true),
            ("UBUNTU:PRO:22.04", "ubuntu", Some("22.04"), false),
            ("Ubuntu", "ubuntu", Some("22.04"), true),
            ("Debian:12", "raspbian", Some("12"), false),
            ("PyPI", "debian", Some("12"), false),
        ] {
            let package = Ecosystem::of_package(vendor, release);
            let found = package.looked_up().contains(&Ecosystem::of_record(record));
            assert_eq!(found, expected, "{record} {vendor} {release:?}");
        }
    }
}
