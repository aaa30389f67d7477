use consign_oci::{Descriptor, Digest, Repository};
use consign_sign::{LegacyKind, LegacyLayer};
use std::collections::BTreeMap;

/// What travels with an image: signatures and attestations.
#[derive(Clone, Debug, Default)]
pub struct Artifacts {
    /// Manifests, which lie in the store, by the digest that they are about.
    pub referrers: BTreeMap<Digest, Vec<Descriptor>>,
    /// Layers of cosign's older form.
    pub layers: Vec<ArtifactLayer>,
}

/// A layer of cosign's older form.
#[derive(Clone, Debug)]
pub struct ArtifactLayer {
    /// What it is about.
    pub about: Digest,
    /// Under which tag it lies.
    pub kind: LegacyKind,
    /// The layer.
    pub layer: LegacyLayer,
    /// The repository that it names; `None` for all.
    pub repository: Option<Repository>,
}

impl Artifacts {
    /// Returns how many there are.
    pub fn count(&self) -> usize {
        self.referrers.values().map(Vec::len).sum::<usize>() + self.layers.len()
    }

    /// Returns the layers for a repository, by what they are about and the tag under which they lie.
    pub(super) fn layers_for(&self, repository: &Repository) -> BTreeMap<(&Digest, LegacyKind), Vec<LegacyLayer>> {
        let mut layers: BTreeMap<_, Vec<LegacyLayer>> = BTreeMap::new();
        for layer in self.layers.iter().filter(|layer| layer.repository.as_ref().is_none_or(|own| own == repository)) {
            layers.entry((&layer.about, layer.kind)).or_default().push(layer.layer.clone());
        }
        layers
    }
}
