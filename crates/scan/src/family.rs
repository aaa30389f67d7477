use consign_package::Kind;

/// Numbers of Debian's releases by their names, which `os-release` has where there is no number yet.
const DEBIAN_RELEASES: &[(&str, &str)] = &[
    ("wheezy", "7"),
    ("jessie", "8"),
    ("stretch", "9"),
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
    ("duke", "15"),
];

/// Numbers of Ubuntu's releases by their names, of those of which packages are still met.
const UBUNTU_RELEASES: &[(&str, &str)] = &[
    ("trusty", "14.04"),
    ("xenial", "16.04"),
    ("bionic", "18.04"),
    ("cosmic", "18.10"),
    ("disco", "19.04"),
    ("eoan", "19.10"),
    ("focal", "20.04"),
    ("groovy", "20.10"),
    ("hirsute", "21.04"),
    ("impish", "21.10"),
    ("jammy", "22.04"),
    ("kinetic", "22.10"),
    ("lunar", "23.04"),
    ("mantic", "23.10"),
    ("noble", "24.04"),
    ("oracular", "24.10"),
    ("plucky", "25.04"),
    ("questing", "25.10"),
    ("resolute", "26.04"),
];

/// A distribution with advisories of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Family {
    Debian,
    Ubuntu,
    Alpine,
    Wolfi,
    Chainguard,
    MinimOs,
    AlmaLinux,
    RockyLinux,
    RedHat,
    Suse,
    OpenSuse,
    Fedora,
    AmazonLinux,
    OracleLinux,
    AzureLinux,
    Mageia,
    OpenEuler,
    PhotonOs,
}

/// Each with its name in records, the kind of its packages, and the vendors in package URLs that are it: what `os-release` calls it, and what
/// other tools write.
const FAMILIES: [(Family, &str, Kind, &[&str]); 18] = [
    (Family::Debian, "Debian", Kind::Debian, &["debian"]),
    (Family::Ubuntu, "Ubuntu", Kind::Debian, &["ubuntu"]),
    (Family::Alpine, "Alpine", Kind::Alpine, &["alpine"]),
    (Family::Wolfi, "Wolfi", Kind::Alpine, &["wolfi"]),
    (Family::Chainguard, "Chainguard", Kind::Alpine, &["chainguard"]),
    (Family::MinimOs, "MinimOS", Kind::Alpine, &["minimos"]),
    (Family::AlmaLinux, "AlmaLinux", Kind::Rpm, &["almalinux", "alma"]),
    (Family::RockyLinux, "Rocky Linux", Kind::Rpm, &["rocky", "rockylinux", "rocky-linux"]),
    (Family::RedHat, "Red Hat", Kind::Rpm, &["redhat", "rhel", "centos"]),
    (Family::Suse, "SUSE", Kind::Rpm, &["suse", "sles", "sled"]),
    (Family::OpenSuse, "openSUSE", Kind::Rpm, &["opensuse", "opensuse-leap", "opensuse-tumbleweed"]),
    (Family::Fedora, "Fedora", Kind::Rpm, &["fedora"]),
    (Family::AmazonLinux, "Amazon Linux", Kind::Rpm, &["amzn", "amazon", "amazonlinux"]),
    (Family::OracleLinux, "Oracle Linux", Kind::Rpm, &["ol", "oracle", "oraclelinux"]),
    (Family::AzureLinux, "Azure Linux", Kind::Rpm, &["azurelinux", "mariner", "cbl-mariner"]),
    (Family::Mageia, "Mageia", Kind::Rpm, &["mageia"]),
    (Family::OpenEuler, "openEuler", Kind::Rpm, &["openeuler"]),
    (Family::PhotonOs, "Photon OS", Kind::Rpm, &["photon", "photonos"]),
];

impl Family {
    fn entry(self) -> (&'static str, Kind) {
        let entry = FAMILIES.iter().find(|(family, ..)| *family == self);
        entry.map_or(("", Kind::Rpm), |(_, name, kind, _)| (*name, *kind))
    }

    pub(crate) fn name(self) -> &'static str {
        self.entry().0
    }

    pub(crate) fn kind(self) -> Kind {
        self.entry().1
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let entry = FAMILIES.iter().find(|(_, known, ..)| known.eq_ignore_ascii_case(name));
        entry.map(|(family, ..)| *family)
    }

    pub(crate) fn of_vendor(kind: Kind, vendor: &str) -> Option<Self> {
        let entry = FAMILIES.iter().find(|(_, _, known, vendors)| *known == kind && vendors.contains(&vendor));
        entry.map(|(family, ..)| *family)
    }

    /// Returns whether it has no releases.
    pub(crate) fn is_rolling(self) -> bool {
        matches!(self, Self::Wolfi | Self::Chainguard | Self::MinimOs)
    }

    /// Returns whether its records name source packages; otherwise those that are installed.
    pub(crate) fn is_by_source(self) -> bool {
        !matches!(self, Self::AlmaLinux | Self::RedHat | Self::Fedora | Self::AmazonLinux | Self::OracleLinux)
    }

    /// Returns whether its records name source packages, and others that are installed.
    pub(crate) fn is_by_both(self) -> bool {
        matches!(self, Self::Wolfi | Self::Chainguard | Self::MinimOs)
    }

    /// Returns whether a vendor of rpm packages is the distribution itself.
    pub(crate) fn is_supplied_by(self, vendor: &str) -> bool {
        let words: &[&str] = match self {
            Self::RedHat => &["red hat", "centos"],
            Self::RockyLinux => &["rocky"],
            Self::OpenSuse | Self::Suse => &["suse"],
            Self::AmazonLinux => &["amazon"],
            Self::OracleLinux => &["oracle"],
            Self::AzureLinux => &["microsoft"],
            Self::PhotonOs => &["vmware", "broadcom"],
            Self::MinimOs => &["minimus"],
            _ => return vendor.to_lowercase().contains(&self.name().to_lowercase()),
        };
        words.iter().any(|word| vendor.to_lowercase().contains(word))
    }

    /// Returns the release in what follows the name in a record's ecosystem, in lower case. `None`: it is about something else.
    pub(crate) fn release_of_record(self, text: &str) -> Option<String> {
        match self {
            Self::Ubuntu => {
                let release = text.split(':').next()?;
                (release != "pro").then(|| release.to_owned())
            }
            // The rest of a CPE name: product, version, update, edition.
            Self::RedHat => {
                let version = text.strip_prefix("enterprise_linux:")?.split(':').next()?;
                self.release(version)
            }
            Self::Suse => {
                let (product, release) = suse_product(text)?;
                let known = product == "linux enterprise server" || product.starts_with("linux enterprise module for ");
                known.then_some(release)
            }
            _ => self.release(text.split(':').next()?),
        }
    }

    /// Returns the release by which records tell packages apart, of one that is named by number, point release or name.
    pub(crate) fn release(self, text: &str) -> Option<String> {
        let major = || text.split('.').next().filter(|major| !major.is_empty()).map(str::to_owned);
        match self {
            Self::Debian => self.number(text).map(str::to_owned).or_else(major),
            Self::Ubuntu => Some(self.number(text).unwrap_or(text).to_owned()),
            Self::Alpine => {
                let number = text.strip_prefix('v').unwrap_or(text);
                if number == "edge" || number.contains("_alpha") || number.contains("_git") {
                    return Some("edge".to_owned());
                }
                let parts: Vec<&str> = number.split('.').take(2).collect();
                Some(parts.join("."))
            }
            Self::AlmaLinux | Self::RockyLinux | Self::RedHat | Self::OracleLinux | Self::AzureLinux | Self::Fedora => {
                major()
            }
            Self::OpenSuse => {
                let (text, is_tumbleweed) =
                    (text.trim_start_matches("leap").trim_start_matches(['-', ' ']), text.starts_with("tumbleweed"));
                Some(if is_tumbleweed { "tumbleweed".to_owned() } else { text.to_owned() })
            }
            // `24.03-LTS-SP1`
            Self::OpenEuler => Some(text.to_ascii_lowercase()),
            _ => Some(text.to_owned()),
        }
    }

    /// Returns the number of a release that is called by its name.
    fn number(self, text: &str) -> Option<&'static str> {
        let releases = match self {
            Self::Debian => DEBIAN_RELEASES,
            Self::Ubuntu => UBUNTU_RELEASES,
            _ => return None,
        };
        releases.iter().find(|(name, _)| *name == text).map(|(_, number)| *number)
    }

    /// Returns whether a text is a release of it, without the distribution's name.
    pub(crate) fn has_release(self, text: &str) -> bool {
        let text = if self == Self::Alpine { text.strip_prefix('v').unwrap_or(text) } else { text };
        let is_edge = self == Self::Alpine && text == "edge";
        is_edge || text.starts_with(|letter: char| letter.is_ascii_digit()) || self.number(text).is_some()
    }

    /// Returns a release as records write it.
    pub(crate) fn written(self, release: &str) -> String {
        match (self, release) {
            (Self::Alpine, "edge") => release.to_owned(),
            (Self::Alpine, release) => format!("v{release}"),
            (Self::RedHat, release) => format!("enterprise_linux:{release}"),
            (Self::Suse, release) => match release.split_once('.') {
                // From 16 on, there are no service packs.
                Some((major, _)) if major.parse().is_ok_and(|major: u32| major >= 16) => {
                    format!("Linux Enterprise Server {release}")
                }
                Some((major, pack)) => format!("Linux Enterprise Server {major} SP{pack}"),
                None => format!("Linux Enterprise Server {release}"),
            },
            (Self::OpenEuler, release) => release.to_ascii_uppercase(),
            (Self::OpenSuse, "tumbleweed") => "Tumbleweed".to_owned(),
            (Self::OpenSuse, release) => format!("Leap {release}"),
            _ => release.to_owned(),
        }
    }
}

/// Splits the likes of `linux enterprise server 15 sp5` and `linux enterprise server 16.0` into product and release.
fn suse_product(text: &str) -> Option<(&str, String)> {
    let (rest, last) = text.rsplit_once(' ')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match last.strip_prefix("sp") {
        Some(pack) if is_number(pack) => {
            let (product, major) = rest.rsplit_once(' ')?;
            is_number(major).then(|| (product, format!("{major}.{pack}")))
        }
        _ => last.split('.').take(3).all(is_number).then(|| (rest, last.to_owned())),
    }
}
