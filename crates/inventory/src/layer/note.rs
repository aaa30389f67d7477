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
    /// What was written to a database last, as long as it lies beside that very one: numbers of two notes of the same layer, of what the database lists alone
    /// and of what it lists with this. `None`: no such database lies beside it in its layer.
    Log(Option<(u32, u32)>),
    /// The packages that the file shows to be there.
    Found(Vec<Listed>),
    /// The files of a package, one on each line, with digests where the file has them.
    Files(String),
    /// The licences of a package.
    Licences(Vec<String>),
    /// Nobody looked into the database. That counts only where one is looked for.
    Unread,
    /// The database cannot be read, in words. That counts only where one is looked for.
    Unreadable(String),
    /// The file stands for itself and cannot be read, in words, and what of it could be.
    Damaged(String, Vec<Listed>),
}

impl Note {
    /// Returns whether it shows packages to be there.
    pub(crate) fn shows_packages(&self) -> bool {
        matches!(self, Self::Found(listed) | Self::Damaged(_, listed) if !listed.is_empty())
    }

    /// Returns the memory that it takes, roughly, in bytes.
    pub(crate) fn size(&self) -> usize {
        let inner = match self {
            Self::Release(_) | Self::Unread | Self::Log(_) => 0,
            Self::Database(listed) | Self::Found(listed) => listed.iter().map(Listed::size).sum(),
            Self::Files(text) | Self::Unreadable(text) => text.len(),
            Self::Licences(licences) => licences.iter().map(|text| text.len() + 24).sum(),
            Self::Damaged(reason, listed) => reason.len() + listed.iter().map(Listed::size).sum::<usize>(),
        };
        size_of::<Self>() + inner
    }
}
