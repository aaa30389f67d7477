use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What becomes `/` of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Root {
    /// A folder. Missing mount points are made in it.
    Folder(PathBuf),
    /// Layers that are stacked. Missing mount points are made beside them, so that they leave no trace.
    Layers(Layers),
}

impl Root {
    /// Returns whether it has layers with an upper one.
    pub(crate) fn has_upper(&self) -> bool {
        matches!(self, Self::Layers(Layers { upper: Some(_), .. }))
    }
}

impl From<PathBuf> for Root {
    fn from(folder: PathBuf) -> Self {
        Self::Folder(folder)
    }
}

impl From<&PathBuf> for Root {
    fn from(folder: &PathBuf) -> Self {
        Self::Folder(folder.clone())
    }
}

impl From<&Path> for Root {
    fn from(folder: &Path) -> Self {
        Self::Folder(folder.to_owned())
    }
}

impl From<Layers> for Root {
    fn from(layers: Layers) -> Self {
        Self::Layers(layers)
    }
}

/// Unpacked layers (see [`crate::Sandbox::unpack`]), stacked by overlayfs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layers {
    /// Folders of layers, lowest first. They are not changed, and must not be while they are in use.
    pub lower: Vec<PathBuf>,
    /// Where changes go. Without it, the whole is read-only.
    pub upper: Option<Upper>,
}

/// Where changes to stacked layers go. Nothing in it is synchronized to disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upper {
    /// An empty folder, which is an unpacked layer afterwards. Its owner, mode and time become those of the topmost layer below.
    pub folder: PathBuf,
    /// An empty folder on the same file system, for the kernel's own use; of no use afterwards.
    pub work: PathBuf,
}
