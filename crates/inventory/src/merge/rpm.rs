//! The forms that a database of rpm's has had. A conversion may leave the old one behind.

use super::{Image, Node};
use crate::InventoryError;
use consign_oci::layer::EntryPath;

const FOLDERS: [&[&str]; 2] = [
    &["var/lib/rpm/rpmdb.sqlite", "var/lib/rpm/Packages.db", "var/lib/rpm/Packages"],
    &["usr/lib/sysimage/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/Packages.db", "usr/lib/sysimage/rpm/Packages"],
];

/// Returns the databases beside which a newer one lies: rpm reads one of a folder. Of those of one layer the newest form counts.
pub(super) fn older(image: &mut Image) -> Result<Vec<&'static str>, InventoryError> {
    let mut older = Vec::new();
    for paths in FOLDERS {
        let mut there = Vec::new();
        for path in paths {
            let place: Option<EntryPath> = image.tree.follow(&path.parse()?)?;
            let place = place.filter(|place| matches!(image.tree.get(place), Some(Node::Noted(_))));
            let layers = place.and_then(|place| image.tree.layers_of(place.as_str()));
            there.extend(layers.map(|(_, layer)| (layer, *path)));
        }
        let newest = there.iter().map(|(layer, _)| *layer).max();
        let counts = there.iter().find(|(layer, _)| Some(*layer) == newest).map(|(_, path)| *path);
        older.extend(there.into_iter().map(|(_, path)| path).filter(|path| Some(*path) != counts));
    }
    Ok(older)
}
