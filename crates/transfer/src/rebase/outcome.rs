use super::Difference;
use crate::Count;
use consign_oci::{Descriptor, Digest, Platform};

/// What became of an image that was to be put onto a newer base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebased {
    /// Whether anything was to be done.
    pub state: RebaseState,
    /// The image on the new base; where that is the old one, the image.
    pub root: Descriptor,
    /// What the name named before.
    pub before: Option<Descriptor>,
    /// What the new base is.
    pub base: Digest,
    /// Its name, unless it is on no registry.
    pub base_name: Option<String>,
    /// The platforms; none where the base has not moved.
    pub platforms: Vec<RebasedPlatform>,
    /// Entries of the list of platforms that are for none, and are about what was before.
    pub left_out: Vec<Descriptor>,
    /// How much was done.
    pub count: Count,
}

/// Whether anything was to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RebaseState {
    /// The new base is the old one.
    Unchanged,
    /// The name names the image on the new base already.
    Present,
    /// It names it now; in a dry run, it would.
    Rebased,
}

/// What became of one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RebasedPlatform {
    /// The platform.
    pub platform: Platform,
    /// What the image was.
    pub before: Digest,
    /// What it is.
    pub digest: Digest,
    /// The base that it was on.
    pub old_base: Digest,
    /// The base that it is on.
    pub new_base: Digest,
    /// Layers of the new base.
    pub base_layers: usize,
    /// Layers of its own.
    pub own_layers: usize,
    /// What the bases say differently about how they are run.
    pub differences: Vec<Difference>,
}
