//! Databases of installed packages: `/var/lib/dpkg/status`, and the one file for each package in `/var/lib/dpkg/status.d` of
//! distroless images.

use super::paragraph;
use super::record::Identity;
use super::relation::valid_package_name;
use super::{Paragraph, ParagraphError, RecordError, Version};

/// A package that is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledPackage {
    /// Name.
    pub name: String,
    /// Version.
    pub version: Version,
    /// Debian's name of the architecture, or `all`.
    pub architecture: String,
    /// Name of the source package; of a signed copy, that of what is signed.
    pub source_name: String,
    /// Version of that source package, by which advisories go.
    pub source_version: Version,
    /// Who maintains the package.
    pub maintainer: Option<String>,
    /// Where the software comes from.
    pub homepage: Option<String>,
    /// The first line of the description.
    pub description: Option<String>,
    /// Its configuration files: of each the path, the MD5 of what the package brought, and perhaps a word on it (deb-conffiles(5)).
    pub configuration_files: Vec<String>,
    /// What was wanted, whether it worked, and how far it got, such as `install ok installed`; none in `status.d`.
    pub status: Option<String>,
}

/// Most packages that are read. No distribution has as many in all.
const PACKAGE_LIMIT: usize = 100_000;

/// A database that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstalledError {
    /// It is not control data.
    #[error("the package database is damaged")]
    Paragraph {
        /// What is wrong.
        source: ParagraphError,
    },
    /// There are more packages than in any image.
    #[error("the package database has more than {limit} packages, and no more are read")]
    Packages {
        /// The most that are read.
        limit: usize,
    },
    /// A paragraph does not describe a package.
    #[error("the package database is damaged at line {line}")]
    Record {
        /// The paragraph's first line, counted from 1.
        line: usize,
        /// What is wrong.
        source: RecordError,
    },
}

/// Reads a `status` file, or one of `status.d`. Packages of which only the configuration is left are passed over.
pub fn parse(text: &str) -> Result<Vec<InstalledPackage>, InstalledError> {
    let mut packages = Vec::new();
    for (line, text) in paragraph::split(text) {
        let paragraph = Paragraph::parse_one(text, line).map_err(|source| InstalledError::Paragraph { source })?;
        if !has_files(&paragraph) {
            continue;
        }
        if packages.len() == PACKAGE_LIMIT {
            return Err(InstalledError::Packages { limit: PACKAGE_LIMIT });
        }
        packages.push(read(&paragraph).map_err(|source| InstalledError::Record { line, source })?);
    }
    Ok(packages)
}

/// Returns whether a file of `status.d` describes a package; the others list the packages' files.
pub fn describes_package(file_name: &str) -> bool {
    !file_name.is_empty() && !file_name.starts_with('.') && !file_name.ends_with(".md5sums")
}

/// Packages that are unpacked and not yet configured have their files in place too.
fn has_files(paragraph: &Paragraph) -> bool {
    let state = paragraph.get("Status").and_then(|status| status.split_whitespace().nth(2));
    !matches!(state, Some("config-files" | "not-installed"))
}

/// Returns whether a source package, such as `linux-signed-amd64`, only holds signed copies of what another one makes. Nothing is published
/// about such.
pub fn is_signed_copy(source_name: &str) -> bool {
    source_name.ends_with("-signed") || source_name.contains("-signed-")
}

/// Returns the source package that a signed copy was made of: the only one that `Built-Using` names (Debian Policy, section 7.8).
fn signed_source(paragraph: &Paragraph) -> Option<(String, Version)> {
    let (name, relation) = paragraph.get("Built-Using")?.split_once('(')?;
    let version = relation.trim().strip_suffix(')')?.strip_prefix('=')?.trim();
    let name = Some(name.trim()).filter(|name| valid_package_name(name))?;
    Some((name.to_owned(), version.parse().ok()?))
}

fn read(paragraph: &Paragraph) -> Result<InstalledPackage, RecordError> {
    let mut identity = Identity::read(paragraph)?;
    if is_signed_copy(&identity.source_name)
        && let Some((name, version)) = signed_source(paragraph)
    {
        (identity.source_name, identity.source_version) = (name, version);
    }
    let field = |name| paragraph.get(name).filter(|value| !value.is_empty()).map(str::to_owned);
    Ok(InstalledPackage {
        name: identity.name,
        version: identity.version,
        architecture: identity.architecture,
        source_name: identity.source_name,
        source_version: identity.source_version,
        maintainer: field("Maintainer"),
        homepage: field("Homepage"),
        description: paragraph.lines("Description").next().map(str::to_owned),
        configuration_files: paragraph.lines("Conffiles").map(str::to_owned).collect(),
        status: field("Status"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: same\nSource: glibc (2.36-9)\n\
        Version: 2.36-9+b1\nMaintainer: GNU Libc <g@example.org>\nConffiles:\n /etc/a 0\nDescription: GNU C Library\n Contains.\nHomepage: https://example.org\n\n\
        Package: gone\nStatus: deinstall ok config-files\nVersion: 1\nArchitecture: all\n\n\
        Package: never\nStatus: unknown ok not-installed\n\n\
        Package: half\nStatus: install ok half-configured\nVersion: 1\nArchitecture: all\n";

    #[test]
    fn reads_what_is_installed() {
        let packages = parse(STATUS).unwrap();
        assert_eq!(packages.iter().map(|package| package.name.as_str()).collect::<Vec<_>>(), ["libc6", "half"]);
        let libc = &packages[0];
        assert_eq!(
            (libc.source_name.as_str(), libc.source_version.as_str(), libc.version.as_str()),
            ("glibc", "2.36-9", "2.36-9+b1")
        );
        assert_eq!(libc.description.as_deref(), Some("GNU C Library"));
        assert_eq!(libc.configuration_files, ["/etc/a 0"]);
        assert_eq!(libc.homepage.as_deref(), Some("https://example.org"));
        assert_eq!(libc.status.as_deref(), Some("install ok installed"));
        assert_eq!(packages[1].source_name, "half");
    }

    #[test]
    fn a_signed_copy_is_of_the_source_that_is_signed() {
        for (source, built_using, expected) in [
            ("linux-signed-amd64 (6.1.27+1)", "linux (= 6.1.27-1)", "linux 6.1.27-1"),
            ("grub-efi-amd64-signed (1+2.06+13+deb12u1)", "grub2 (= 2.06-13+deb12u1)", "grub2 2.06-13+deb12u1"),
            ("shim-signed (1.51~1+deb12u1)", "shim (= 16.1-2~deb12u1)", "shim 16.1-2~deb12u1"),
            ("linux-signed-amd64 (6.1.27+1)", "a (= 1), b (= 2)", "linux-signed-amd64 6.1.27+1"),
            ("linux-signed-amd64 (6.1.27+1)", "linux", "linux-signed-amd64 6.1.27+1"),
            ("linux-signed-amd64 (6.1.27+1)", "a, b (= 2)", "linux-signed-amd64 6.1.27+1"),
            // Others have libraries of that source in them, and are of their own.
            ("caddy (2.6)", "golang-1.19 (= 1.19.8-2)", "caddy 2.6"),
            ("unsigned (1)", "x (= 2)", "unsigned 1"),
        ] {
            let text =
                format!("Package: p\nVersion: 9\nArchitecture: all\nSource: {source}\nBuilt-Using: {built_using}\n");
            let package = &parse(&text).unwrap()[0];
            assert_eq!(
                format!("{} {}", package.source_name, package.source_version),
                expected,
                "{source} {built_using}"
            );
        }
    }

    #[test]
    fn reads_status_d() {
        let packages = parse("Package: base-files\nVersion: 12.4\nArchitecture: arm64\n").unwrap();
        assert_eq!((packages[0].name.as_str(), packages[0].status.as_deref()), ("base-files", None));
        for (name, expected) in
            [("base-files", true), ("base-files.md5sums", false), (".wh.base-files", false), ("libc6.1", true)]
        {
            assert_eq!(describes_package(name), expected, "{name}");
        }
    }

    #[test]
    fn says_where_it_is_damaged() {
        let text = format!("{STATUS}\nPackage: x\nVersion: 1\n");
        assert!(
            matches!(
                parse(&text),
                Err(InstalledError::Record { line: 27, source: RecordError::Missing { field: "Architecture", .. } })
            ),
            "{:?}",
            parse(&text)
        );
        assert!(matches!(parse("x"), Err(InstalledError::Paragraph { .. })));
    }
}
