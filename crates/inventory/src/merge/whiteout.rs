use crate::InventoryError;
use consign_oci::layer::EntryPath;

/// What an entry hides in lower layers (image-spec, layer.md, "Whiteouts").
pub(crate) enum Whiteout {
    /// It is an entry like others.
    None,
    /// One path.
    Path(EntryPath),
    /// All that is in this folder.
    Folder(EntryPath),
    /// Nothing: it is a note of a file system to itself.
    Metadata,
}

impl Whiteout {
    /// Tells it by the name.
    pub(crate) fn of(place: &EntryPath) -> Result<Self, InventoryError> {
        let folder = || place.parent().unwrap_or_default();
        Ok(match place.name().strip_prefix(".wh.") {
            None => Self::None,
            Some(".wh..opq") => Self::Folder(folder()),
            Some(name) if name.starts_with(".wh.") || matches!(name, "" | ".") => Self::Metadata,
            Some(name) => Self::Path(folder().join(name)?),
        })
    }
}
