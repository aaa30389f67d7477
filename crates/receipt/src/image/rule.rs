use serde::{Deserialize, Serialize};
use std::fmt;

/// Something about an image that a policy may be against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageRule {
    /// It runs as root.
    RootUser,
    /// It names a user or a group that it does not have.
    UnknownUser,
    /// It does not say how to tell that it works.
    NoHealthCheck,
    /// Its program is not there, or cannot be started.
    Entrypoint,
    /// A file runs as its owner or its group, whoever starts it.
    SetuidFiles,
    /// A secret is in it.
    Secrets,
    /// A package has a licence that is denied.
    DeniedLicenses,
    /// Of a package no licence is known.
    UnknownLicense,
}

impl ImageRule {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::RootUser,
        Self::UnknownUser,
        Self::NoHealthCheck,
        Self::Entrypoint,
        Self::SetuidFiles,
        Self::Secrets,
        Self::DeniedLicenses,
        Self::UnknownLicense,
    ];

    /// Returns the word that configurations have for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::RootUser => "root-user",
            Self::UnknownUser => "unknown-user",
            Self::NoHealthCheck => "no-health-check",
            Self::Entrypoint => "entrypoint",
            Self::SetuidFiles => "setuid-files",
            Self::Secrets => "secrets",
            Self::DeniedLicenses => "denied-licenses",
            Self::UnknownLicense => "unknown-license",
        }
    }

    /// Returns how several of the kind are called.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::RootUser | Self::UnknownUser => "users",
            Self::NoHealthCheck => "health checks",
            Self::Entrypoint => "programs",
            Self::SetuidFiles => "files run as their owner or group, whoever starts them",
            Self::Secrets => "secrets",
            Self::DeniedLicenses => "packages have a denied licence",
            Self::UnknownLicense => "packages have no licence that is known",
        }
    }
}

impl fmt::Display for ImageRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_as_its_word() {
        for rule in ImageRule::ALL {
            assert_eq!(serde_json::to_value(rule).unwrap(), rule.word());
        }
        assert!(ImageRule::ALL.is_sorted());
    }
}
