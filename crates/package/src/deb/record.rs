use super::relation::{is_word, valid_package_name};
use super::{Clause, Paragraph, Relation, RelationError, Version, VersionError, parse_clauses, parse_relations};
use consign_oci::{Digest, DigestError};

/// What an index says of one package file (Debian repository format, "Packages Indices").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageRecord {
    /// Name.
    pub name: String,
    /// Version.
    pub version: Version,
    /// Debian's name of the architecture, or `all`.
    pub architecture: String,
    /// Name of the source package.
    pub source_name: String,
    /// Version of the source package.
    pub source_version: Version,
    /// What it needs: Pre-Depends, then Depends.
    pub depends: Vec<Clause>,
    /// Other names that it goes by.
    pub provides: Vec<Relation>,
    /// What it cannot be installed beside.
    pub conflicts: Vec<Relation>,
    /// What does not work beside it.
    pub breaks: Vec<Relation>,
    /// Whose files it may overwrite.
    pub replaces: Vec<Relation>,
    /// Whether the distribution cannot do without it.
    pub essential: bool,
    /// `required`, `important`, `standard`, `optional` or `extra`.
    pub priority: Option<String>,
    /// `same`, `foreign` or `allowed`.
    pub multi_arch: Option<String>,
    /// Path of the file below the repository's address. Relative, and never leaves it.
    pub filename: String,
    /// Size of the file, in bytes.
    pub size: u64,
    /// Digest of the file.
    pub sha256: Digest,
    /// Estimate of the size when installed, in KiB.
    pub installed_size: Option<u64>,
    /// All fields, with their exact text.
    pub paragraph: Paragraph,
}

/// A paragraph that does not describe a package.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A field is missing.
    #[error("package `{package}`: the field `{field}` is missing")]
    Missing {
        /// The package, as far as known.
        package: String,
        /// The field.
        field: &'static str,
    },
    /// A field has a value that it cannot have.
    #[error("package `{package}`: the field `{field}` cannot be `{value}`")]
    Value {
        /// The package, as far as known.
        package: String,
        /// The field.
        field: &'static str,
        /// What was read.
        value: String,
    },
    /// A version is wrong.
    #[error("package `{package}`: the field `{field}`")]
    Version {
        /// The package.
        package: String,
        /// The field.
        field: &'static str,
        /// What is wrong.
        source: VersionError,
    },
    /// A list of packages is wrong.
    #[error("package `{package}`: the field `{field}`")]
    Relation {
        /// The package.
        package: String,
        /// The field.
        field: &'static str,
        /// What is wrong.
        source: RelationError,
    },
    /// The digest is wrong.
    #[error("package `{package}`: the field `SHA256`")]
    Digest {
        /// The package.
        package: String,
        /// What is wrong.
        source: DigestError,
    },
}

impl PackageRecord {
    /// Largest package file that is fetched, in bytes: it is read into memory.
    pub const SIZE_LIMIT: u64 = 2 << 30;

    /// Reads a paragraph of an index.
    pub fn from_paragraph(paragraph: Paragraph) -> Result<Self, RecordError> {
        let identity = Identity::read(&paragraph)?;
        let package = || identity.name.clone();
        let required = |field| required(&paragraph, &identity.name, field);
        let number = |field, value: &str| value.parse().map_err(|_| invalid(&identity.name, field, value));
        let clauses = |field| {
            let text = paragraph.get(field).unwrap_or_default();
            parse_clauses(text).map_err(|source| RecordError::Relation { package: package(), field, source })
        };
        let relations = |field| {
            let text = paragraph.get(field).unwrap_or_default();
            parse_relations(text).map_err(|source| RecordError::Relation { package: package(), field, source })
        };
        let filename = required("Filename")?;
        let filename = filename.strip_prefix("./").unwrap_or(filename);
        if !is_safe_path(filename) {
            return Err(invalid(&identity.name, "Filename", filename));
        }
        let sha256 = Digest::from_sha256_hex(required("SHA256")?);
        Ok(Self {
            depends: [clauses("Pre-Depends")?, clauses("Depends")?].concat(),
            provides: relations("Provides")?,
            conflicts: relations("Conflicts")?,
            breaks: relations("Breaks")?,
            replaces: relations("Replaces")?,
            essential: paragraph.get("Essential") == Some("yes"),
            priority: paragraph.get("Priority").map(str::to_owned),
            multi_arch: paragraph.get("Multi-Arch").map(str::to_owned),
            filename: filename.to_owned(),
            size: number("Size", required("Size")?)?,
            sha256: sha256.map_err(|source| RecordError::Digest { package: package(), source })?,
            installed_size: paragraph.get("Installed-Size").map(|value| number("Installed-Size", value)).transpose()?,
            name: identity.name,
            version: identity.version,
            architecture: identity.architecture,
            source_name: identity.source_name,
            source_version: identity.source_version,
            paragraph,
        })
    }

    /// Returns whether the package has this name or provides it, in a version that is meant.
    pub fn satisfies(&self, relation: &Relation) -> bool {
        let named = self.name == relation.name && relation.accepts(&self.version);
        named || self.provides.iter().any(|provided| provided.name == relation.name && meets(provided, relation))
    }

    /// Returns the number of names that it goes by.
    pub(crate) fn names(&self) -> usize {
        1 + self.provides.len()
    }

    /// Returns the number of Conflicts and Breaks.
    pub(crate) fn opposed(&self) -> usize {
        self.conflicts.len() + self.breaks.len()
    }

    /// Returns whether a relation of this package is on what has the architecture of `other`, which for `all` is that of what it serves.
    fn means(&self, relation: &Relation, other: &Self) -> bool {
        match relation.arch_qualifier.as_deref() {
            None | Some("any" | "native") => true,
            Some(qualifier) if other.architecture == "all" => qualifier == self.architecture,
            Some(qualifier) => qualifier == other.architecture,
        }
    }

    /// Returns whether this package cannot be installed beside `other`, going by its own Conflicts and Breaks, and why.
    pub fn excludes(&self, other: &Self) -> Option<&Relation> {
        // A package may provide what it conflicts with, to be the only one of its kind.
        let clashes =
            |relation: &&Relation| self.name != other.name && self.means(relation, other) && other.satisfies(relation);
        self.conflicts.iter().chain(&self.breaks).find(clashes)
    }
}

/// Returns whether a provided name is enough: only a provided version can meet a constraint (Debian policy, section 7.5).
fn meets(provided: &Relation, relation: &Relation) -> bool {
    match (&relation.constraint, &provided.constraint) {
        (None, _) => true,
        (Some(_), Some((_, version))) => relation.accepts(version),
        (Some(_), None) => false,
    }
}

/// What names a package, in an index as in an installed database.
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) version: Version,
    pub(crate) architecture: String,
    pub(crate) source_name: String,
    pub(crate) source_version: Version,
}

impl Identity {
    pub(crate) fn read(paragraph: &Paragraph) -> Result<Self, RecordError> {
        let name = required(paragraph, "", "Package")?;
        if !valid_package_name(name) {
            return Err(invalid(name, "Package", name));
        }
        let version = |field, text: &str| {
            text.parse::<Version>().map_err(|source| RecordError::Version { package: name.to_owned(), field, source })
        };
        let own = version("Version", required(paragraph, name, "Version")?)?;
        let architecture = required(paragraph, name, "Architecture")?;
        if !is_word(architecture) {
            return Err(invalid(name, "Architecture", architecture));
        }
        let source = paragraph.get("Source").unwrap_or(name);
        let (source_name, source_version) = match source.split_once('(') {
            Some((source_name, rest)) => {
                let text = rest.strip_suffix(')').ok_or_else(|| invalid(name, "Source", source))?;
                (source_name.trim(), version("Source", text.trim())?)
            }
            None => (source, own.clone()),
        };
        if !valid_package_name(source_name) {
            return Err(invalid(name, "Source", source));
        }
        Ok(Self {
            name: name.to_owned(),
            version: own,
            architecture: architecture.to_owned(),
            source_name: source_name.to_owned(),
            source_version,
        })
    }
}

fn required<'a>(paragraph: &'a Paragraph, package: &str, field: &'static str) -> Result<&'a str, RecordError> {
    paragraph.get(field).ok_or_else(|| RecordError::Missing { package: package.to_owned(), field })
}

fn invalid(package: &str, field: &'static str, value: &str) -> RecordError {
    let clip = |text: &str| text.chars().take(200).collect();
    RecordError::Value { package: clip(package), field, value: clip(value) }
}

/// Returns whether a path below a repository's address is relative and stays below it, also once it is part of an address.
pub(crate) fn is_safe_path(path: &str) -> bool {
    path.len() <= 4096
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
        && path.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'?' | b'#'))
        // The percent sign could hide any of the above.
        && !path.to_ascii_lowercase().contains("%2")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn record(fields: &str) -> Result<PackageRecord, RecordError> {
        let text = format!("{fields}\nFilename: pool/a.deb\nSize: 3\nSHA256: {DIGEST}\n");
        PackageRecord::from_paragraph(Paragraph::parse(&text).unwrap())
    }

    fn package(name: &str, fields: &str) -> PackageRecord {
        record(&format!("Package: {name}\nVersion: 2-1+b1\nArchitecture: amd64\n{fields}")).unwrap()
    }

    #[test]
    fn reads_records() {
        let record = package(
            "a",
            "Source: s (2-1)\nPre-Depends: b\nDepends: c | d,\n e (>= 1)\nProvides: f (= 3)\nEssential: yes\nInstalled-Size: 7",
        );
        assert_eq!((record.source_name.as_str(), record.source_version.as_str()), ("s", "2-1"));
        assert_eq!(record.depends.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2, 1]);
        assert_eq!((record.essential, record.installed_size, record.size), (true, Some(7), 3));
        assert_eq!(record.sha256.hex(), DIGEST);
        let plain = package("a", "Source: s");
        assert_eq!((plain.source_name.as_str(), plain.source_version.as_str()), ("s", "2-1+b1"));
    }

    #[test]
    fn refuses_what_is_no_record() {
        for fields in [
            "Version: 1\nArchitecture: all",
            "Package: a\nArchitecture: all",
            "Package: a\nVersion: 1",
            "Package: ../a\nVersion: 1\nArchitecture: all",
            "Package: a\nVersion: 1_\nArchitecture: all",
            "Package: a\nVersion: 1\nArchitecture: a/b",
            "Package: a\nVersion: 1\nArchitecture: all\nSource: s (2",
            "Package: a\nVersion: 1\nArchitecture: all\nSource: ../s",
            "Package: a\nVersion: 1\nArchitecture: all\nDepends: b (",
            "Package: a\nVersion: 1\nArchitecture: all\nInstalled-Size: -1",
        ] {
            assert!(record(fields).is_err(), "{fields}");
        }
    }

    #[test]
    fn knows_safe_paths() {
        for path in ["pool/main/n/nginx/nginx_1.22.1-9_amd64.deb", "a", "pool/a_1%3a2_all.deb", "pool/g++_1~2.deb"] {
            assert!(is_safe_path(path), "{path}");
        }
        for path in
            ["", "/a", "a/", "a//b", "../a", "a/../b", "./a", "a\\b", "a?b", "a#b", "a b", "%2e%2e/a", "a%2Fb", "é"]
        {
            assert!(!is_safe_path(path), "{path}");
        }
    }

    #[test]
    fn satisfies_and_excludes() {
        let package = package("a", "Provides: mail, cache (= 3)");
        for (relation, expected) in [
            ("a", true),
            ("a (>= 2)", true),
            ("a (>> 3)", false),
            ("mail", true),
            ("mail (>= 0)", false),
            ("cache (>= 3)", true),
            ("cache (<< 3)", false),
            ("b", false),
        ] {
            assert_eq!(package.satisfies(&relation.parse().unwrap()), expected, "{relation}");
        }
        let only = self::package("b", "Provides: mail\nConflicts: mail\nBreaks: c");
        assert_eq!(only.excludes(&package).unwrap().name, "mail");
        assert_eq!(only.excludes(&only), None);
        assert_eq!(package.excludes(&only), None);
    }
}
