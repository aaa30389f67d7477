//! How the layers of an image were made, when some of them are replaced.

use consign_oci::{History, ImageConfig};
use serde_json::{Value, json};

/// Returns how many layers the history tells of.
pub(super) fn layers_told_of(history: &[History]) -> usize {
    history.iter().filter(|entry| !entry.empty_layer).count()
}

/// Joins the histories of a new base and of what an image has above its old one. Entries stay as they were written, also what consign does not know
/// of them. `config` and `new_config` are those of the image and the new base.
pub(super) fn joined(image: (&ImageConfig, &Value), old: &ImageConfig, new: (&ImageConfig, &Value)) -> Vec<Value> {
    let ((image, image_value), (new, new_value)) = (image, new);
    if image.history.is_empty() && new.history.is_empty() {
        return Vec::new();
    }
    let of_base = entries(new, new_value, new.rootfs.diff_ids.len());
    let own = match image.history.is_empty() {
        true => vec![json!({}); image.rootfs.diff_ids.len().saturating_sub(old.rootfs.diff_ids.len())],
        false => entries(image, image_value, 0).split_off(beginning(image, old)),
    };
    [of_base, own].concat()
}

/// Returns the entries; for a config without any, one that says nothing for each layer, since other programs expect as many as there are layers.
fn entries(config: &ImageConfig, value: &Value, layers: usize) -> Vec<Value> {
    match value.get("history") {
        Some(Value::Array(entries)) if !config.history.is_empty() => entries.clone(),
        _ => vec![json!({}); layers],
    }
}

/// Returns where the image's own entries begin: after those of the old base. Where these stand there in other words, after its last layer.
fn beginning(image: &ImageConfig, old: &ImageConfig) -> usize {
    if !old.history.is_empty() && image.history.starts_with(&old.history) {
        return old.history.len();
    }
    let layers = image.history.iter().enumerate().filter(|(_, entry)| !entry.empty_layer);
    match old.rootfs.diff_ids.len().checked_sub(1) {
        Some(last) => layers.map(|(position, _)| position + 1).nth(last).unwrap_or(image.history.len()),
        None => 0,
    }
}
