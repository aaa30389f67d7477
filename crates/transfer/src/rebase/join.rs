//! One platform's image on another base: a pure function of three manifests and configs.

use super::difference::{Difference, differences};
use super::history::{joined as joined_history, layers_told_of};
use super::layer_type::named_in;
use super::marks::{Marks, mark, mark_layers};
use super::problem::RebaseProblem;
use consign_image::LAYER_LIMIT;
use consign_oci::{DOCUMENT_LIMIT, Exact, ImageConfig, Manifest};
use serde_json::{Value, json};

/// An image for one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Single {
    pub(crate) manifest: Exact<Manifest>,
    pub(crate) config: Exact<ImageConfig>,
}

/// An image on its new base.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) image: Single,
    /// How many layers are its own.
    pub(crate) own: usize,
    pub(crate) differences: Vec<Difference>,
}

/// Puts an image onto a new base: the layers of the old base, which are its first, are replaced by those of the new one. All else stays as it was
/// written, also what consign does not know; where nothing changes, bytes do not.
pub(crate) fn join(image: &Single, old: &Single, new: &Single, marks: &Marks) -> Result<Joined, RebaseProblem> {
    for (what, single) in [("image", image), ("old base", old), ("new base", new)] {
        check(what, single)?;
    }
    let above = begins_with(image, old)?;
    let own = image.manifest.layers.len() - above;
    let diff_ids = &image.config.rootfs.diff_ids;
    // Every run would put the image onto itself once more.
    if own > 0 && new.config.rootfs.diff_ids.starts_with(diff_ids) {
        return Err(RebaseProblem::Circle);
    }
    let count = new.manifest.layers.len() + own;
    if count > LAYER_LIMIT {
        return Err(RebaseProblem::TooManyLayers { count, limit: LAYER_LIMIT });
    }
    let config = config(image, old, new, above)?;
    let manifest = manifest(image, new, above, &config, marks)?;
    let differences = differences(&old.config.config, &new.config.config);
    Ok(Joined { image: Single { manifest, config }, own, differences })
}

/// Checks that manifest and config are of the same image.
fn check(what: &'static str, Single { manifest, config }: &Single) -> Result<(), RebaseProblem> {
    let (layers, listed) = (manifest.layers.len(), config.rootfs.diff_ids.len());
    if layers != listed {
        return Err(RebaseProblem::Listed { what, layers, listed });
    }
    let told = layers_told_of(&config.history);
    if !config.history.is_empty() && told != layers {
        return Err(RebaseProblem::History { what, layers, told });
    }
    Ok(())
}

/// Checks that an image's first layers are the old base's, and returns how many these are.
fn begins_with(image: &Single, old: &Single) -> Result<usize, RebaseProblem> {
    let base = old.manifest.layers.len();
    if image.manifest.layers.len() < base {
        return Err(RebaseProblem::Fewer { layers: image.manifest.layers.len(), base });
    }
    let pairs = image.manifest.layers.iter().zip(&old.manifest.layers);
    let contents = image.config.rootfs.diff_ids.iter().zip(&old.config.rootfs.diff_ids);
    for (number, ((layer, of_base), (content, content_of_base))) in (1..).zip(pairs.zip(contents)) {
        let (found, expected) = (layer.digest.clone(), of_base.digest.clone());
        match (found == expected, content == content_of_base) {
            (true, true) => {}
            (false, true) => return Err(RebaseProblem::Packed { number, found, expected }),
            (false, false) => return Err(RebaseProblem::Layer { number, found, expected }),
            (true, false) => return Err(RebaseProblem::Content { number, layer: found }),
        }
    }
    Ok(base)
}

fn config(image: &Single, old: &Single, new: &Single, above: usize) -> Result<Exact<ImageConfig>, RebaseProblem> {
    let original: Value = serde_json::from_slice(image.config.bytes())?;
    let of_base: Value = serde_json::from_slice(new.config.bytes())?;
    let version = |config: &Value| config.get("os.version").cloned();
    if version(&original) != version(&of_base) {
        return Err(RebaseProblem::Version);
    }
    let mut value = original.clone();
    let diff_ids = new.config.rootfs.diff_ids.iter().chain(image.config.rootfs.diff_ids.iter().skip(above));
    value["rootfs"]["diff_ids"] = json!(diff_ids.collect::<Vec<_>>());
    let history = joined_history((&image.config, &original), &old.config, (&new.config, &of_base));
    if !history.is_empty() {
        value["history"] = Value::Array(history);
    }
    if value == original { Ok(image.config.clone()) } else { Ok(Exact::read(written("config", &value)?)?) }
}

fn manifest(
    image: &Single,
    new: &Single,
    above: usize,
    config: &Exact<ImageConfig>,
    marks: &Marks,
) -> Result<Exact<Manifest>, RebaseProblem> {
    let original: Value = serde_json::from_slice(image.manifest.bytes())?;
    let of_base: Value = serde_json::from_slice(new.manifest.bytes())?;
    let mut value = original.clone();
    let mut layers = Vec::new();
    for mut layer in list(&of_base, "layers") {
        let stated = layer.get("mediaType").and_then(Value::as_str).unwrap_or_default();
        let manifest = &image.manifest.media_type;
        let Some(name) = named_in(manifest, stated) else {
            return Err(RebaseProblem::LayerType { layer: stated.to_owned(), manifest: manifest.clone() });
        };
        layer["mediaType"] = json!(name);
        layers.push(layer);
    }
    layers.extend(list(&original, "layers").into_iter().skip(above));
    if !layers.is_empty() {
        value["layers"] = Value::Array(layers);
    }
    refer(&mut value["config"], config.digest().to_string(), config.bytes().len());
    mark(&mut value, marks);
    mark_layers(&mut value, &new.config.rootfs.diff_ids);
    if value == original { Ok(image.manifest.clone()) } else { Ok(Exact::read(written("manifest", &value)?)?) }
}

/// Makes a descriptor name other bytes. Where it said what the old ones are, or where else they lie, that goes.
pub(super) fn refer(descriptor: &mut Value, digest: String, size: usize) {
    if descriptor.get("digest").and_then(Value::as_str) == Some(digest.as_str()) {
        return;
    }
    if let Value::Object(descriptor) = descriptor {
        descriptor.remove("data");
        descriptor.remove("urls");
        descriptor.insert("digest".to_owned(), json!(digest));
        descriptor.insert("size".to_owned(), json!(size));
    }
}

fn list(value: &Value, key: &str) -> Vec<Value> {
    value.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Writes a document that others will read, who take no larger ones.
pub(super) fn written(what: &'static str, value: &Value) -> Result<Vec<u8>, RebaseProblem> {
    let bytes = serde_json::to_vec(value)?;
    let size = bytes.len() as u64;
    if size > DOCUMENT_LIMIT {
        return Err(RebaseProblem::TooLarge { what, size, limit: DOCUMENT_LIMIT });
    }
    Ok(bytes)
}
