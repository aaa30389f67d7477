//! Package URLs (ECMA-427): names of packages that say whose they are, such as `pkg:deb/debian/curl@7.88.1-10?arch=amd64`.

mod encoding;
mod error;
mod parse;
mod rules;

pub use error::PackageUrlError;

use std::collections::BTreeMap;
use std::fmt;

/// A package URL in its canonical form. Two are equal if they name the same package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageUrl {
    kind: String,
    namespace: Option<String>,
    name: String,
    version: Option<String>,
    qualifiers: BTreeMap<String, String>,
    subpath: Option<String>,
}

/// What a package URL is made of, as plain text that is not encoded. Empty means absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parts<'a> {
    /// The type, such as `deb`.
    pub kind: &'a str,
    /// The namespace; its segments are separated by slashes.
    pub namespace: &'a str,
    /// The name.
    pub name: &'a str,
    /// The version.
    pub version: &'a str,
    /// Keys and values, in any order. Pairs with an empty value are as good as absent.
    pub qualifiers: &'a [(&'a str, &'a str)],
    /// The path within the package; its segments are separated by slashes.
    pub subpath: &'a str,
}

impl PackageUrl {
    /// Makes a package URL of its parts, in the canonical form of its type.
    pub fn build(parts: &Parts<'_>) -> Result<Self, PackageUrlError> {
        let owned = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let mut qualifiers = BTreeMap::new();
        for (key, value) in parts.qualifiers {
            parse::add_qualifier(&mut qualifiers, key, value)?;
        }
        Self {
            kind: parts.kind.to_owned(),
            namespace: owned(parts.namespace.trim_matches('/')),
            name: parts.name.to_owned(),
            version: owned(parts.version),
            qualifiers,
            subpath: owned(parts.subpath),
        }
        .checked()
    }

    /// Makes the package URL of a distribution's package, from what is known to be in order. The vendor is one segment.
    pub(crate) fn of_distribution(
        kind: &str,
        vendor: &str,
        name: &str,
        version: &str,
        qualifiers: &[(&str, &str)],
    ) -> Self {
        let given = qualifiers.iter().filter(|(_, value)| !value.is_empty());
        Self {
            kind: kind.to_owned(),
            namespace: Some(vendor.to_lowercase().replace('/', "-")).filter(|vendor| !vendor.is_empty()),
            name: name.to_owned(),
            version: Some(version.to_owned()).filter(|version| !version.is_empty()),
            qualifiers: given.map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            subpath: None,
        }
    }

    /// Returns the package URL of the same package in this distribution: its `ID` is the namespace, and with its `VERSION_ID` or codename the
    /// qualifier `distro`, as other tools write it. What vendors publish of packages of rpm calls two of them by other names.
    #[must_use]
    pub fn in_distribution(mut self, vendor: &str, release: Option<&str>) -> Self {
        let vendor = vendor.to_lowercase().replace('/', "-");
        match release {
            Some(release) => _ = self.qualifiers.insert("distro".to_owned(), format!("{vendor}-{release}")),
            None => _ = self.qualifiers.remove("distro"),
        }
        self.namespace = Some(match vendor.as_str() {
            "rhel" if self.kind == "rpm" => "redhat".to_owned(),
            other if self.kind == "rpm" && other.starts_with("opensuse") => "opensuse".to_owned(),
            _ => vendor,
        });
        self
    }

    /// Returns it with a version, where it names none: what lists packages often says that beside it.
    #[must_use]
    pub fn of_version(mut self, version: &str) -> Self {
        self.version = self.version.or_else(|| Some(version.to_owned())).filter(|version| !version.is_empty());
        self
    }

    /// Returns it without these qualifiers.
    #[must_use]
    pub fn without(mut self, keys: &[&str]) -> Self {
        self.qualifiers.retain(|key, _| !keys.contains(&key.as_str()));
        self
    }

    /// Returns the type, such as `deb`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Returns the namespace; its segments are separated by slashes.
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the version.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Returns the value of a qualifier; it is never empty.
    pub fn qualifier(&self, key: &str) -> Option<&str> {
        self.qualifiers.get(key).map(String::as_str)
    }

    /// Returns all qualifiers, in the order of their keys.
    pub fn qualifiers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.qualifiers.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Returns the path within the package.
    pub fn subpath(&self) -> Option<&str> {
        self.subpath.as_deref()
    }

    /// Applies the rules for every component, then those of the type.
    fn checked(mut self) -> Result<Self, PackageUrlError> {
        self.kind.make_ascii_lowercase();
        parse::check_type(&self.kind)?;
        if self.name.trim_matches('/').is_empty() {
            return Err(PackageUrlError::NoName);
        }
        self.namespace = self.namespace.as_deref().and_then(|namespace| joined(namespace, |_| true));
        self.subpath = self.subpath.as_deref().and_then(|path| joined(path, |segment| !matches!(segment, "." | "..")));
        rules::apply(&mut self)?;
        Ok(self)
    }
}

/// Joins the segments that are not empty and wanted; `None` where there are none.
fn joined(path: &str, wanted: impl Fn(&str) -> bool) -> Option<String> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty() && wanted(segment)).collect();
    (!segments.is_empty()).then(|| segments.join("/"))
}

impl fmt::Display for PackageUrl {
    /// Writes the canonical form.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "pkg:{}/", self.kind)?;
        if let Some(namespace) = &self.namespace {
            write!(formatter, "{}/", encoding::Path(namespace))?;
        }
        if rules::has_path_for_name(&self.kind) {
            write!(formatter, "{}", encoding::Path(&self.name))?;
        } else {
            write!(formatter, "{}", encoding::Text(&self.name))?;
        }
        if let Some(version) = &self.version {
            write!(formatter, "@{}", encoding::Text(version))?;
        }
        for (number, (key, value)) in self.qualifiers.iter().enumerate() {
            let separator = if number == 0 { '?' } else { '&' };
            write!(formatter, "{separator}{key}={}", encoding::Text(value))?;
        }
        self.subpath.iter().try_for_each(|subpath| write!(formatter, "#{}", encoding::Path(subpath)))
    }
}
