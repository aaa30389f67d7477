use std::fmt;

/// Whose package it is: the format of its names, and the order of its versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A Debian package, of Debian or of a distribution made like it.
    Debian,
    /// A package of apk: Alpine, Wolfi and others.
    Alpine,
    /// A package of rpm: Fedora, Red Hat, SUSE and others.
    Rpm,
    /// A distribution of Python's.
    Python,
    /// A package of npm.
    Npm,
    /// A module of Go, its standard library among them.
    Go,
    /// A crate.
    Cargo,
    /// An artifact of Maven; its name is `group:artifact`.
    Maven,
    /// A gem of Ruby's.
    Gem,
    /// A package of Composer.
    Composer,
    /// A package of NuGet.
    NuGet,
    /// Another, of which an SBOM says that it is there. Its package URL, if it has one, says whose it is.
    Other,
}

impl Kind {
    /// All that are known, in order.
    pub const ALL: [Self; 11] = [
        Self::Debian,
        Self::Alpine,
        Self::Rpm,
        Self::Python,
        Self::Npm,
        Self::Go,
        Self::Cargo,
        Self::Maven,
        Self::Gem,
        Self::Composer,
        Self::NuGet,
    ];

    /// Returns its type in package URLs (purl-spec, `types-doc`).
    pub fn purl_type(self) -> &'static str {
        match self {
            Self::Debian => "deb",
            Self::Alpine => "apk",
            Self::Rpm => "rpm",
            Self::Python => "pypi",
            Self::Npm => "npm",
            Self::Go => "golang",
            Self::Cargo => "cargo",
            Self::Maven => "maven",
            Self::Gem => "gem",
            Self::Composer => "composer",
            Self::NuGet => "nuget",
            Self::Other => "generic",
        }
    }

    /// Returns whether a package manager of a distribution installs it.
    pub fn is_of_distribution(self) -> bool {
        matches!(self, Self::Debian | Self::Alpine | Self::Rpm)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if *self == Self::Other { "other" } else { self.purl_type() })
    }
}
