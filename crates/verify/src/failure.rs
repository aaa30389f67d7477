use crate::Piece;
use crate::error::list;
use consign_image::ImageError;
use consign_oci::{Digest, Platform, Repository, Tag};
use consign_trust::SignatureError;
use std::io;

impl Failure {
    /// Returns whether it is that something is not signed as it says: anybody can attach what is wrong in this way, and it counts for nothing.
    pub(crate) fn is_of_a_signature(&self) -> bool {
        matches!(self, Self::Bundle { .. })
    }
}

/// Something that is there, but wrong.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Bytes are not those that their digest promises.
    #[error("{piece} was altered: its bytes do not match its digest")]
    Altered {
        /// What was altered.
        piece: Piece,
    },
    /// Something that is referred to is not there.
    #[error("{piece} is missing")]
    Missing {
        /// What is missing.
        piece: Piece,
    },
    /// Bytes are not the document that they should be, or too large to be one.
    #[error("{piece} cannot be read: {source}")]
    Unreadable {
        /// What cannot be read.
        piece: Piece,
        /// Why not.
        source: Box<ImageError>,
    },
    /// A document is not as large as its descriptor says.
    #[error("{piece} has {found} bytes, but its descriptor says {stated}")]
    Size {
        /// Which document.
        piece: Piece,
        /// Bytes as stated.
        stated: u64,
        /// Bytes as found.
        found: u64,
    },
    /// A document is of another type than its descriptor says.
    #[error("{piece} is a `{found}`, but its descriptor says `{stated}`")]
    MediaType {
        /// Which document.
        piece: Piece,
        /// Media type as stated.
        stated: String,
        /// Media type as found.
        found: String,
    },
    /// The reference names one image, or an index names another index.
    #[error("{piece} is not {expected}")]
    Shape {
        /// Which document.
        piece: Piece,
        /// What it should be.
        expected: &'static str,
    },
    /// More of something than is looked at.
    #[error("{piece}: {count} {what}, more than the {limit} allowed here")]
    TooMany {
        /// What lists them.
        piece: Piece,
        /// Of what there are too many.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// More bytes than are read in all.
    #[error("{piece}: with it, more than {limit} bytes of statements would have to be read")]
    TooMuch {
        /// What was to be read.
        piece: Piece,
        /// How many bytes are read.
        limit: u64,
    },
    /// The config is malformed.
    #[error("{piece} is not an image config: {source}")]
    Config {
        /// Which config.
        piece: Piece,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The config is of another platform than the index says.
    #[error("{piece} is for {found}")]
    Platform {
        /// Which config.
        piece: Piece,
        /// The platform in it.
        found: Platform,
    },
    /// The config describes another number of layers.
    #[error("{piece} describes {described} layers, but the manifest has {layers}")]
    LayerCount {
        /// Which config.
        piece: Piece,
        /// Layers in the config.
        described: usize,
        /// Layers in the manifest.
        layers: usize,
    },
    /// The layer is of a type that cannot be looked into.
    #[error("{piece} is a `{media_type}`, which consign does not unpack")]
    LayerType {
        /// Which layer.
        piece: Piece,
        /// Its media type.
        media_type: String,
    },
    /// The layer cannot be decompressed.
    #[error("{piece} cannot be decompressed: {source}")]
    Decompression {
        /// Which layer.
        piece: Piece,
        /// Why not.
        source: io::Error,
    },
    /// The layer holds something else than the config says.
    #[error("{piece}: uncompressed, it has the digest {found}, but the config says {stated}")]
    DiffId {
        /// Which layer.
        piece: Piece,
        /// Digest in the config.
        stated: Digest,
        /// Digest of the uncompressed bytes.
        found: Digest,
    },
    /// A bundle says that the key signed it, and it did not, or signed something else.
    #[error("{piece} is not valid: {source}")]
    Bundle {
        /// Which bundle.
        piece: Piece,
        /// What is wrong with it.
        source: SignatureError,
    },
    /// What is signed cannot be written as a statement.
    #[error("{piece} cannot be written as a statement: {source}")]
    Statement {
        /// What is signed.
        piece: Piece,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A signature says that it is part of a release, and there is no release record.
    #[error("the index {index} is signed as part of a release, and has no release record by the one who signed it")]
    NoRecord {
        /// Digest of the index.
        index: Digest,
    },
    /// A release record is malformed.
    #[error("{piece} is malformed: {source}")]
    Record {
        /// Which record.
        piece: Piece,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A release record has no valid time.
    #[error("{piece} has no valid time: {source}")]
    RecordTime {
        /// Which record.
        piece: Piece,
        /// What is wrong with it.
        source: jiff::Error,
    },
    /// A release record is of another index.
    #[error("{piece} is of another index: {found}")]
    RecordIndex {
        /// Which record.
        piece: Piece,
        /// The index in it.
        found: Digest,
    },
    /// A release record disagrees with itself on the policy.
    #[error("{piece} names the policy {stated}, but its requirements are those of {found}")]
    RecordPolicy {
        /// Which record.
        piece: Piece,
        /// Digest of the policy, as stated.
        stated: Digest,
        /// Digest of the policy with these requirements.
        found: Digest,
    },
    /// A release record lists other images than the index.
    #[error("{piece} lists other platforms than the index: recorded {}; found {}", list(recorded), list(found))]
    RecordPlatforms {
        /// Which record.
        piece: Piece,
        /// What the record lists and the index has not.
        recorded: Vec<String>,
        /// What the index has and the record does not list.
        found: Vec<String>,
    },
    /// No release record names the reference.
    #[error("{repository}:{tag} is not what was released: the release record names {}", list(released))]
    NotReleased {
        /// The repository.
        repository: Repository,
        /// The tag.
        tag: Tag,
        /// The references that were released.
        released: Vec<String>,
    },
    /// The reference has a tag and a digest, and the tag names something else.
    #[error("{repository}:{tag} does not name {digest}: it names {}", .found.as_ref().map_or_else(|| "nothing".to_owned(), Digest::to_string))]
    TagNames {
        /// The repository.
        repository: Repository,
        /// The tag.
        tag: Tag,
        /// What it should name.
        digest: Digest,
        /// What it names.
        found: Option<Digest>,
    },
    /// What may be the record of a later release cannot be read.
    #[error("whether `{tag}` was moved back cannot be told: of what `{candidate}` names ({digest}), {failure}")]
    Undecided {
        /// The tag.
        tag: Tag,
        /// The tag of what may be a later release.
        candidate: Tag,
        /// The index that it names.
        digest: Digest,
        /// What is wrong with what is about that index.
        failure: Box<Failure>,
    },
    /// The tag was moved to an older release.
    #[error(
        "tag `{tag}` was moved back, or the release of {newer_version} has not moved it yet: it names {version} ({digest}), but {newer_version} \
         ({newer_digest}) was released under it later; if that release was interrupted, run it again"
    )]
    TagMoved {
        /// The tag.
        tag: Tag,
        /// The version that it names.
        version: String,
        /// The index that it names.
        digest: Digest,
        /// The version that it should name.
        newer_version: String,
        /// The index that it should name.
        newer_digest: Digest,
    },
}
