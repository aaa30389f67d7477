//! By which annotations an image says what it is based on.

use consign_oci::annotation::{BASE_CHAIN, BASE_DIGEST, BASE_NAME};
use consign_oci::{Digest, Reference, chain_id, media_type};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What an image's annotations are to say of its base from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Marks {
    /// What the base is called; `None` where it is on no registry.
    pub(crate) name: Option<String>,
    /// The old base's list of platforms, if that is what was found.
    pub(crate) old_root: Option<Digest>,
    /// What the name of the new one names.
    pub(crate) new_root: Digest,
    /// What that is for the platform.
    pub(crate) new_image: Digest,
    /// Whether it is said also where nothing was.
    pub(crate) add: bool,
}

/// Returns what annotations say that an image is based on: the name as it stands there, and the digest.
pub(crate) fn stated(annotations: &BTreeMap<String, String>) -> (Option<&str>, Option<&str>) {
    (annotations.get(BASE_NAME).map(String::as_str), annotations.get(BASE_DIGEST).map(String::as_str))
}

/// Writes into the annotations of a manifest or an index what it is based on now.
pub(super) fn mark(document: &mut Value, marks: &Marks) {
    let annotation = |key: &str| document.get("annotations").and_then(|annotations| annotations.get(key));
    let (name, digest) = (annotation(BASE_NAME).is_some(), annotation(BASE_DIGEST).and_then(Value::as_str));
    // Docker's manifests have no annotations.
    let is_of_oci = document.get("mediaType").is_none_or(|media_type| *media_type != media_type::DOCKER_MANIFEST);
    if !name && digest.is_none() && !(marks.add && is_of_oci) {
        return;
    }
    // Some say what the base's name named, others what that is for the platform.
    let names_root = digest.is_some() && digest == marks.old_root.as_ref().map(Digest::to_string).as_deref();
    let digest = if names_root { &marks.new_root } else { &marks.new_image };
    let annotations = &mut document["annotations"];
    if !annotations.is_object() {
        *annotations = json!({});
    }
    annotations[BASE_DIGEST] = json!(digest);
    let stated = annotations.get(BASE_NAME).and_then(Value::as_str).and_then(|name| name.parse().ok());
    match (&marks.name, annotations) {
        // It may be written in another way.
        (Some(name), _) if stated.is_some_and(|stated| name_of(&stated) == *name) => {}
        (Some(name), annotations) => annotations[BASE_NAME] = json!(name),
        (None, Value::Object(annotations)) => drop(annotations.remove(BASE_NAME)),
        (None, _) => {}
    }
}

/// Where a manifest says which layers are its base's, makes it say so of the new ones.
pub(super) fn mark_layers(manifest: &mut Value, layers: &[Digest]) {
    let Some(Value::Object(annotations)) = manifest.get_mut("annotations") else { return };
    if annotations.contains_key(BASE_CHAIN) {
        match chain_id(layers) {
            Some(chain) => drop(annotations.insert(BASE_CHAIN.to_owned(), json!(chain))),
            None => drop(annotations.remove(BASE_CHAIN)),
        }
    }
}

/// Makes the entry of a list say what the image that it names says, where it says anything of its base.
pub(super) fn repeat(entry: &mut Value, of_image: &BTreeMap<String, String>) {
    let Some(Value::Object(annotations)) = entry.get_mut("annotations") else { return };
    for key in [BASE_NAME, BASE_DIGEST, BASE_CHAIN]
        .into_iter()
        .filter(|key| annotations.contains_key(*key))
        .collect::<Vec<_>>()
    {
        match of_image.get(key) {
            Some(text) => drop(annotations.insert(key.to_owned(), json!(text))),
            None => drop(annotations.remove(key)),
        }
    }
}

/// Returns what a base is called by those who look for a newer one: the tag, which moves, unless only a digest was named.
pub(crate) fn name_of(reference: &Reference) -> String {
    match (&reference.tag, &reference.digest) {
        (Some(tag), _) => format!("{}:{tag}", reference.repository),
        (None, Some(_)) => reference.to_string(),
        (None, None) => format!("{}:latest", reference.repository),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_repeat_what_their_images_say_and_nothing_else() {
        let of_image = BTreeMap::from([(BASE_DIGEST.to_owned(), "sha256:new".to_owned())]);
        let entry = |annotations: &Value| json!({"digest": "sha256:image", "annotations": annotations});
        let mut stated = entry(&json!({BASE_NAME: "debian:12", BASE_DIGEST: "sha256:old", "other": "1"}));
        repeat(&mut stated, &of_image);
        assert_eq!(stated, entry(&json!({BASE_DIGEST: "sha256:new", "other": "1"})));
        for silent in [entry(&json!({"other": "1"})), json!({"digest": "sha256:image"})] {
            let mut repeated = silent.clone();
            repeat(&mut repeated, &of_image);
            assert_eq!(repeated, silent);
        }
    }
}
