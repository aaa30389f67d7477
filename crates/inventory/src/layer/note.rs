use super::Listed;
use crate::Distribution;
use serde::{Deserialize, Serialize};

/// What a file says of packages, or of the image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Note {
    /// Which distribution the image is made of (os-release(5)).
    Release(Option<Distribution>),
    /// The packages of a distribution's database, or of a part of it.
    Database(Vec<Listed>),
    /// The packages of a language's that the file shows to be there.
    Found(Vec<Listed>),
    /// Paths of the files of a package, one on each line.
    Files(String),
    /// The licences of a package.
    Licences(Vec<String>),
    /// The file is there, and nobody looked into it.
    Unread,
    /// The file cannot be read, in words, and what of it could be.
    Damaged(String, Vec<Listed>),
}

impl Note {
    /// Returns the memory that it takes, roughly, in bytes.
    pub(crate) fn size(&self) -> usize {
        let inner = match self {
            Self::Release(_) | Self::Unread => 0,
            Self::Database(listed) | Self::Found(listed) => listed.iter().map(Listed::size).sum(),
            Self::Files(text) => text.len(),
            Self::Licences(licences) => licences.iter().map(|text| text.len() + 24).sum(),
            Self::Damaged(reason, listed) => reason.len() + listed.iter().map(Listed::size).sum::<usize>(),
        };
        size_of::<Self>() + inner
    }
}
