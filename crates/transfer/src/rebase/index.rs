//! The list of platforms of an image that lies on another base now.

use super::join::{refer, written};
use super::marks::{Marks, mark, repeat};
use super::problem::RebaseProblem;
use consign_oci::{Descriptor, Document, Exact, Index, Manifest};
use serde_json::Value;

/// Returns whether an entry of a list is for no platform: attestations that BuildKit keeps there are about other bytes afterwards.
pub(super) fn is_left_out(entry: &Descriptor) -> bool {
    entry.platform.as_ref().is_none_or(|platform| platform.os() == "unknown" || platform.architecture() == "unknown")
}

/// Makes the list name these images, one for each entry that is for a platform. All else of it stays as it was written.
pub(super) fn index(
    original: &Exact<Index>,
    images: &[&Exact<Manifest>],
    marks: &Marks,
) -> Result<Document, RebaseProblem> {
    let before: Value = serde_json::from_slice(original.bytes())?;
    let mut value = before.clone();
    let mut entries = Vec::new();
    let mut images = images.iter();
    if let Some(Value::Array(values)) = before.get("manifests") {
        for (mut value, entry) in values.iter().cloned().zip(&original.manifests) {
            if let Some(image) = if is_left_out(entry) { None } else { images.next() } {
                refer(&mut value, image.digest().to_string(), image.bytes().len());
                // What an entry says stands in its image too.
                repeat(&mut value, &image.annotations);
                entries.push(value);
            }
        }
    }
    value["manifests"] = Value::Array(entries);
    mark(&mut value, marks);
    let index = if value == before { original.clone() } else { Exact::read(written("index", &value)?)? };
    Ok(Document::Index(index))
}
