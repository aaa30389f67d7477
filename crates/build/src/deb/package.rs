use consign_oci::layer::Entry;
use consign_package::deb::{Relation, Version};
use std::collections::BTreeMap;

/// A package that was taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) architecture: String,
    /// Fields of the control file, in its order, values as written.
    pub(crate) control: Vec<(String, String)>,
    /// Maintainer scripts and triggers by name.
    pub(crate) scripts: BTreeMap<String, String>,
    /// Configuration files, absolute.
    pub(crate) conffiles: Vec<String>,
    /// The list of MD5 sums, as shipped.
    pub(crate) md5sums: Option<String>,
    /// Packages whose files it may overwrite.
    pub(crate) replaces: Vec<Relation>,
    /// What it puts into the image, in the archive's order and with the paths of the archive.
    pub(crate) entries: Vec<Entry>,
}

impl Package {
    /// Returns a field of the control file.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.control.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Returns whether it may overwrite files of the other package (Debian policy, section 7.6.1).
    pub(crate) fn may_overwrite(&self, other: &Self) -> bool {
        let Ok(version) = other.version.parse::<Version>() else { return false };
        self.replaces.iter().any(|relation| relation.name == other.name && relation.accepts(&version))
    }

    /// Returns the time of the newest file, in seconds since 1970.
    pub(crate) fn newest(&self) -> u64 {
        self.entries.iter().map(|entry| entry.mtime).max().unwrap_or(0)
    }

    /// Returns the name that dpkg's files about it begin with: with the architecture where several may be installed side by side.
    pub(crate) fn database_name(&self) -> String {
        match self.field("Multi-Arch") {
            Some("same") => format!("{}:{}", self.name, self.architecture),
            _ => self.name.clone(),
        }
    }
}
