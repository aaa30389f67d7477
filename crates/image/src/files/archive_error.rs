use consign_oci::layer::LayerError;

/// What is wrong with a tar file of images: it is damaged, or readers would understand it in different ways.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is not a tar stream, or not to its end.
    #[error(transparent)]
    Stream {
        /// What is wrong.
        source: LayerError,
    },
    /// It ends before one of its files does.
    #[error("it ends within `{entry}`")]
    Cut {
        /// Name of the file.
        entry: String,
    },
    /// The mark is missing that stands at the end of every archive.
    #[error("it ends without a mark of its end, as if the rest of it were missing; the last file in it is `{entry}`")]
    NoEnd {
        /// Name of the last file.
        entry: String,
    },
    /// A link, device or the like.
    #[error("`{entry}` is {kind}; only files and folders may be in it")]
    Kind {
        /// Name of the entry.
        entry: String,
        /// What it is.
        kind: &'static str,
    },
    /// A name that leads elsewhere, or that not everybody reads alike.
    #[error("`{entry}` is not the name of a file inside it: {reason}")]
    Name {
        /// The name.
        entry: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Two files of one name, of which readers take one or the other.
    #[error("`{entry}` is in it twice")]
    Twice {
        /// The name.
        entry: String,
    },
    /// More entries than any archive of images should have.
    #[error("it has more than {limit} entries")]
    TooManyEntries {
        /// The most that are allowed.
        limit: usize,
    },
    /// More headers than any archive of images should have.
    #[error("its headers have more than {limit} bytes")]
    TooManyHeaders {
        /// The most that are read, in bytes.
        limit: u64,
    },
    /// Docker's list names a file that is not there.
    #[error("`manifest.json` names `{entry}`, which is not in it")]
    NotThere {
        /// The name.
        entry: String,
    },
    /// Docker's list disagrees with the config of an image.
    #[error("`manifest.json` names {listed} layers, but `{config}` describes {described}")]
    LayerCount {
        /// Name of the config.
        config: String,
        /// Layers in the list.
        listed: usize,
        /// Layers in the config.
        described: usize,
    },
    /// Docker's list has an image of more layers than any should have.
    #[error("`manifest.json` names more than {limit} layers of one image")]
    TooManyLayers {
        /// The most that are allowed.
        limit: usize,
    },
    /// Docker's list would be larger than any should be if it were that of a layout.
    #[error("the images in `manifest.json`, each with its names, take more than {limit} bytes")]
    ListTooLarge {
        /// The most that are allowed, in bytes.
        limit: u64,
    },
    /// A file that should be JSON of some form.
    #[error("`{entry}`: {source}")]
    Json {
        /// Name of the file.
        entry: String,
        /// What is wrong.
        source: serde_json::Error,
    },
}

/// Returns a name from an archive as a message may show it.
pub(crate) fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).chars().take(200).flat_map(char::escape_debug).collect()
}
