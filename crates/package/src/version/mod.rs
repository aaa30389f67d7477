//! The order of versions, as each ecosystem has it.
//!
//! Every order takes what the ecosystem's own tool takes, and a little more where published versions are sloppy. What is no version is an error:
//! nobody may call it older or newer. Numbers may have any length, for they are compared as digits.
//!
//! On what it takes, an order is total and transitive, but for two that go in circles in their own tools, too: Composer's, where `#` weighs as much
//! as any number and as none, and Maven's, where `1-alpha` is newer than `1.sp`, that than `1`, and that than `1-alpha`.

mod apk;
mod composer;
mod dpkg;
mod ecosystem;
mod go;
mod legacy_python;
mod maven;
mod nuget;
mod number;
mod numbers;
mod python;
mod rpm;
mod ruby_gems;
mod semantic;

use crate::Kind;
use std::cmp::Ordering;

/// Longest version, in bytes.
const LENGTH_LIMIT: usize = 512;

/// A text that is no version in the order that it was compared in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{version}` is no version of {order}")]
pub struct VersionError {
    /// The text; cut short where it is very long.
    pub version: String,
    /// The name of the order.
    pub order: &'static str,
}

/// An order of versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VersionOrder {
    /// dpkg's (deb-version(7)).
    Dpkg,
    /// That of apk-tools (apk-package(5)): of version 3, but digits after a letter count, as in version 2.
    Apk,
    /// rpm's, of epoch, version and release (rpm-version(7)).
    Rpm,
    /// Python's (PEP 440); what is older than that standard comes before all else, as setuptools had it.
    Python,
    /// That of Semantic Versioning 2.0, for versions with more or fewer numbers too.
    Semantic,
    /// npm's (node-semver, in its loose mode).
    Npm,
    /// Go's, of modules and of the toolchain.
    Go,
    /// Maven's (`ComparableVersion`).
    Maven,
    /// That of `Gem::Version`.
    RubyGems,
    /// Composer's, as Packagist has it: PHP's `version_compare`.
    Composer,
    /// NuGet's, with four numbers.
    NuGet,
    /// That of R's packages (`package_version`).
    Cran,
    /// That of Haskell's packages (`Data.Version`).
    Hackage,
    /// That of Dart's packages (`pub_semver`), in which builds count.
    Pub,
}

impl VersionOrder {
    /// All of them, in order.
    pub const ALL: [Self; 14] = [
        Self::Dpkg,
        Self::Apk,
        Self::Rpm,
        Self::Python,
        Self::Semantic,
        Self::Npm,
        Self::Go,
        Self::Maven,
        Self::RubyGems,
        Self::Composer,
        Self::NuGet,
        Self::Cran,
        Self::Hackage,
        Self::Pub,
    ];

    /// Returns the order of the versions of a kind of packages.
    pub fn of(kind: Kind) -> Self {
        match kind {
            Kind::Debian => Self::Dpkg,
            Kind::Alpine => Self::Apk,
            Kind::Rpm => Self::Rpm,
            Kind::Python => Self::Python,
            Kind::Npm => Self::Npm,
            Kind::Go => Self::Go,
            // The order of others is not known: this is what most of them have.
            Kind::Cargo | Kind::Other => Self::Semantic,
            Kind::Maven => Self::Maven,
            Kind::Gem => Self::RubyGems,
            Kind::Composer => Self::Composer,
            Kind::NuGet => Self::NuGet,
        }
    }

    /// Returns the order of an ecosystem, by the name that the OSV schema gives it, without a release; none where it is not known.
    pub fn of_ecosystem(name: &str) -> Option<Self> {
        ecosystem::order(name)
    }

    /// Returns the name of the order, for messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dpkg => "dpkg",
            Self::Apk => "apk",
            Self::Rpm => "rpm",
            Self::Python => "Python",
            Self::Semantic => "Semantic Versioning",
            Self::Npm => "npm",
            Self::Go => "Go",
            Self::Maven => "Maven",
            Self::RubyGems => "RubyGems",
            Self::Composer => "Composer",
            Self::NuGet => "NuGet",
            Self::Cran => "CRAN",
            Self::Hackage => "Hackage",
            Self::Pub => "Dart",
        }
    }

    /// Compares two versions.
    pub fn compare(self, one: &str, other: &str) -> Result<Ordering, VersionError> {
        match self {
            Self::Dpkg => self.compared::<dpkg::Version>(one, other),
            Self::Apk => self.compared::<apk::Version>(one, other),
            Self::Rpm => self.compared::<rpm::Version>(one, other),
            Self::Python => self.compared::<python::Version>(one, other),
            Self::Semantic => self.compared::<semantic::Version>(one, other),
            Self::Npm => self.compared::<semantic::Npm>(one, other),
            Self::Go => self.compared::<go::Version>(one, other),
            Self::Maven => self.compared::<maven::Version>(one, other),
            Self::RubyGems => self.compared::<ruby_gems::Version>(one, other),
            Self::Composer => self.compared::<composer::Version>(one, other),
            Self::NuGet => self.compared::<nuget::Version>(one, other),
            Self::Cran => self.compared::<numbers::Cran>(one, other),
            Self::Hackage => self.compared::<numbers::Hackage>(one, other),
            Self::Pub => self.compared::<semantic::Pub>(one, other),
        }
    }

    fn compared<'a, V: Comparable<'a>>(self, one: &'a str, other: &'a str) -> Result<Ordering, VersionError> {
        let parsed = |text: &'a str| {
            let is_bounded = text.len() <= LENGTH_LIMIT && !text.chars().any(char::is_control);
            let version = is_bounded.then(|| V::parse(text.trim())).flatten();
            version.ok_or_else(|| VersionError { version: text.chars().take(100).collect(), order: self.name() })
        };
        Ok(parsed(one)?.compare(&parsed(other)?))
    }
}

/// A version as one order sees it.
trait Comparable<'a>: Sized {
    /// Reads a text that is bounded and has neither control characters nor spaces around it; none where it is no version.
    fn parse(text: &'a str) -> Option<Self>;

    fn compare(&self, other: &Self) -> Ordering;
}
