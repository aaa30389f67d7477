use consign_oci::Digest;

/// Why an image cannot be put onto another base.
#[derive(Debug, thiserror::Error)]
pub enum RebaseProblem {
    /// Manifest and config tell of different images.
    #[error("the {what} has {layers} layers, and its config lists {listed}")]
    Listed {
        /// Of what.
        what: &'static str,
        /// Layers of the manifest.
        layers: usize,
        /// Layers of the config.
        listed: usize,
    },
    /// The history is not that of the layers.
    #[error("the {what} has {layers} layers, and the history in its config tells of {told}")]
    History {
        /// Of what.
        what: &'static str,
        /// Layers.
        layers: usize,
        /// Entries that are about one.
        told: usize,
    },
    /// The image has fewer layers than the old base.
    #[error("it is not built on the old base: it has {layers} layers, and the old base has {base}")]
    Fewer {
        /// Layers of the image.
        layers: usize,
        /// Layers of the old base.
        base: usize,
    },
    /// A layer is not the old base's.
    #[error("it is not built on the old base: its layer {number} is {found}, and the old base's is {expected}")]
    Layer {
        /// Counted from one, the lowest first.
        number: usize,
        /// The image's.
        found: Digest,
        /// The old base's.
        expected: Digest,
    },
    /// A layer has the old base's content, and was compressed anew.
    #[error(
        "its layer {number} holds what the old base's does, but was compressed anew: it is {found}, and the old base's is {expected}"
    )]
    Packed {
        /// Counted from one, the lowest first.
        number: usize,
        /// The image's.
        found: Digest,
        /// The old base's.
        expected: Digest,
    },
    /// The configs say different things of the same layer.
    #[error("the configs of the image and of the old base do not agree on what layer {number}, {layer}, holds")]
    Content {
        /// Counted from one, the lowest first.
        number: usize,
        /// The layer.
        layer: Digest,
    },
    /// The new base is built on the image.
    #[error("the new base is the image itself, or built on it")]
    Circle,
    /// The image is for another version of the operating system.
    #[error("the image and the new base are for different versions of the operating system (`os.version`)")]
    Version,
    /// A layer has no name in a manifest of the image's type.
    #[error("the new base has a layer of type `{layer}`, which a manifest of type `{manifest}` has no name for")]
    LayerType {
        /// The layer's type.
        layer: String,
        /// The manifest's.
        manifest: String,
    },
    /// The result would have more layers than any image should have.
    #[error("it would have {count} layers, and images have at most {limit}")]
    TooManyLayers {
        /// How many.
        count: usize,
        /// The most that are allowed.
        limit: usize,
    },
    /// The result would be larger than is read.
    #[error("its {what} would have {size} bytes, and at most {limit} are read")]
    TooLarge {
        /// Which document.
        what: &'static str,
        /// How large.
        size: u64,
        /// The most that is allowed.
        limit: u64,
    },
    /// A document cannot be read or written again.
    #[error("a manifest or config cannot be written again")]
    Json(#[from] serde_json::Error),
}
