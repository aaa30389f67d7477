use super::layer::ENVELOPE;
use super::{LegacyLayer, SIMPLE_SIGNING};
use consign_oci::{Descriptor, Digest, Exact, Manifest, Tag, media_type};
use serde_json::json;

/// What the types of artifacts begin with that have such layers and name their image, as cosign 2 writes them with
/// `--registry-referrers-mode=oci-1-1`.
pub const LEGACY_ARTIFACT: &str = "application/vnd.dev.cosign.artifact.";

/// What lies under a tag of the older form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LegacyKind {
    /// Signatures: `sha256-….sig`.
    Signatures,
    /// Attestations: `sha256-….att`.
    Attestations,
    /// An SBOM that nobody signed: `sha256-….sbom`.
    Sbom,
}

impl LegacyKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Signatures, Self::Attestations, Self::Sbom];

    /// Returns how the tag ends.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Signatures => "sig",
            Self::Attestations => "att",
            Self::Sbom => "sbom",
        }
    }

    /// Returns the tag for what is about `image`; `None` for digests too long for a tag.
    pub fn tag(self, image: &Digest) -> Option<Tag> {
        format!("{}-{}.{}", image.algorithm().name(), image.hex(), self.suffix()).parse().ok()
    }

    /// Returns the media type of its layers; SBOMs have any.
    fn layer(self) -> Option<&'static str> {
        match self {
            Self::Signatures => Some(SIMPLE_SIGNING),
            Self::Attestations => Some(ENVELOPE),
            Self::Sbom => None,
        }
    }
}

/// A manifest of the older form, and its config.
#[derive(Clone, Debug)]
pub struct LegacyManifest {
    /// The manifest.
    pub manifest: Exact<Manifest>,
    /// The bytes of its config.
    pub config: Vec<u8>,
}

/// Returns the layers of a manifest that are of a kind.
pub fn layers_of(manifest: &Manifest, kind: LegacyKind) -> impl Iterator<Item = &Descriptor> {
    manifest.layers.iter().filter(move |layer| kind.layer().is_none_or(|expected| layer.media_type == expected))
}

/// Returns the manifest with the layers of `before` and these, and its config, as cosign writes them; `None` if it has all of them already. The same
/// layers with the same annotations are not added again.
pub fn extended(
    before: Option<&Manifest>,
    layers: &[LegacyLayer],
) -> Result<Option<LegacyManifest>, serde_json::Error> {
    let mut all: Vec<Descriptor> = before.map(|before| before.layers.clone()).unwrap_or_default();
    let known = all.len();
    for layer in layers {
        if all.iter().all(|known| !is_same(known, &layer.descriptor)) {
            all.push(layer.descriptor.clone());
        }
    }
    if all.len() == known && before.is_some() {
        return Ok(None);
    }
    manifest_of(before, all).map(Some)
}

/// Returns the manifest without a layer, and its config; `None` if it has no such layer.
pub fn without(manifest: &Manifest, layer: &Descriptor) -> Result<Option<LegacyManifest>, serde_json::Error> {
    let rest: Vec<Descriptor> = manifest.layers.iter().filter(|known| !is_same(known, layer)).cloned().collect();
    if rest.len() == manifest.layers.len() {
        return Ok(None);
    }
    manifest_of(Some(manifest), rest).map(Some)
}

/// Makes the manifest with these layers. What else the one before it says stays.
fn manifest_of(before: Option<&Manifest>, layers: Vec<Descriptor>) -> Result<LegacyManifest, serde_json::Error> {
    let diff_ids: Vec<&Digest> = layers.iter().map(|layer| &layer.digest).collect();
    let config = serde_json::to_vec(&json!({
        "architecture": "",
        "created": "0001-01-01T00:00:00Z",
        "history": layers.iter().map(|_| json!({ "created": "0001-01-01T00:00:00Z" })).collect::<Vec<_>>(),
        "os": "",
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
        "config": {},
    }))?;
    let mut manifest = Manifest::new(Descriptor::of(media_type::CONFIG, &config), layers);
    if let Some(before) = before {
        manifest.annotations.clone_from(&before.annotations);
    }
    Ok(LegacyManifest { manifest: Exact::write(manifest)?, config })
}

fn is_same(one: &Descriptor, other: &Descriptor) -> bool {
    one.digest == other.digest && one.media_type == other.media_type && one.annotations == other.annotations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(text: &str) -> LegacyLayer {
        LegacyLayer { descriptor: Descriptor::of(SIMPLE_SIGNING, text.as_bytes()), bytes: text.into() }
    }

    #[test]
    fn adds_what_is_not_there() {
        let one = extended(None, &[layer("a")]).unwrap().unwrap().manifest;
        assert!(extended(Some(&one), &[layer("a")]).unwrap().is_none());
        let LegacyManifest { manifest: two, config } =
            extended(Some(&one), &[layer("a"), layer("b")]).unwrap().unwrap();
        assert_eq!(two.layers, [layer("a").descriptor, layer("b").descriptor]);
        assert!(two.config.digest.matches(&config));
        let mut again = layer("a");
        again.descriptor.annotations.insert("by".to_owned(), "somebody else".to_owned());
        assert_eq!(extended(Some(&one), &[again]).unwrap().unwrap().manifest.layers.len(), 2);
        let rest = without(&two, &layer("a").descriptor).unwrap().unwrap().manifest;
        assert_eq!(rest.layers, [layer("b").descriptor]);
        assert!(without(&one, &layer("b").descriptor).unwrap().is_none());
    }

    #[test]
    fn tags_are_made_of_digests() {
        let digest = Digest::of(b"image");
        let tag = LegacyKind::Attestations.tag(&digest).unwrap();
        assert_eq!(tag.as_str(), format!("sha256-{}.att", digest.hex()));
        assert!(tag.is_about_a_digest());
    }
}
