use super::FilesError;
use blake3::Hash;
use consign_image::layer::uncompressed;
use consign_oci::Digest;
use consign_oci::layer::{Counted, Device, EntryPath, EntryPathError, Layer, LayerError, Member, MemberKind, Members};
use consign_store::Store;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, BufReader, Read};

/// What listings are called in the store.
const KIND: &str = "listing";
/// Names the form of listings: raise it when that changes.
const FORMAT: u32 = 2;
/// Largest listing, in bytes.
const LIMIT: u64 = 1 << 30;
/// Most that a layer may hold uncompressed, in bytes.
const BYTES_LIMIT: u64 = 64 << 30;
/// Most members of a layer.
const MEMBER_LIMIT: usize = 2_000_000;
/// Files whose text is kept: they say who has an account.
const TEXTS: [&str; 2] = ["etc/passwd", "etc/group"];
/// Largest such text, in bytes.
pub(crate) const TEXT_LIMIT: u64 = 1 << 20;
/// Before the name of what a layer removes (image-spec, layer.md, "Whiteouts").
const WHITEOUT: &str = ".wh.";
/// In a folder of which a layer hides all that is below (image-spec, layer.md, "Opaque Whiteout").
const OPAQUE: &str = ".wh..wh..opq";

/// What a layer does to those below, in the order of its members.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Listing {
    pub(crate) members: Vec<Listed>,
}

/// One member of a layer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Listed {
    pub(crate) path: String,
    pub(crate) kind: ListedKind,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) mtime: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) attributes: BTreeMap<String, Vec<u8>>,
}

/// What it does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum ListedKind {
    File {
        size: u64,
        #[serde(with = "hexadecimal")]
        digest: Hash,
        /// The text of a file that says who has an account.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    Directory,
    Symlink(String),
    /// Another name of this path.
    HardLink(String),
    Fifo,
    Device(Device),
    Special,
    /// Removes what lies at the path in layers below.
    Remove,
    /// Removes what lies in the folder in layers below.
    RemoveWithin,
}

impl Listing {
    /// Returns what a layer in the store does. It is read once, and what was found is kept.
    pub(crate) fn of_layer(layer: &Layer, store: &Store) -> Result<Self, FilesError> {
        let key = Digest::of(format!("{KIND} in form {FORMAT} of {}", layer.descriptor.digest).as_bytes());
        let kept = store.derived(KIND, &key, LIMIT).and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let listing = read(layer, store)?;
        if let Ok(bytes) = serde_json::to_vec(&listing) {
            store.keep_derived(KIND, &key, &bytes);
        }
        Ok(listing)
    }
}

fn read(layer: &Layer, store: &Store) -> Result<Listing, FilesError> {
    let digest = &layer.descriptor.digest;
    let too_much = |what, limit| FilesError::TooMuch { digest: digest.clone(), what, limit };
    let failed = |source| FilesError::Layer { digest: digest.clone(), source };
    let bytes = Cell::new(0);
    let mut stream = open(layer, store, &bytes)?;
    let mut listing = Listing::default();
    let mut members = Members::new(&mut stream);
    loop {
        let member = match members.next_member() {
            Ok(Some(member)) => member,
            Ok(None) => break,
            Err(_) if bytes.get() > BYTES_LIMIT => return Err(too_much("bytes", BYTES_LIMIT)),
            Err(error) => return Err(failed(error)),
        };
        if listing.members.len() == MEMBER_LIMIT {
            return Err(too_much("members", MEMBER_LIMIT as u64));
        }
        let path = |source| FilesError::Path { digest: digest.clone(), source };
        match listed(&member, &mut members).map_err(failed)? {
            Ok(listed) => listing.members.push(listed),
            Err(source) => return Err(path(source)),
        }
    }
    // To the end of the blob, where a reader that checks its digest has its say.
    io::copy(&mut stream, &mut io::sink()).map_err(|error| failed(error.into()))?;
    Ok(listing)
}

/// Opens the tar stream of a layer. It fails after so many bytes that no honest layer has them.
pub(crate) fn open<'a>(layer: &Layer, store: &Store, bytes: &'a Cell<u64>) -> Result<impl Read + use<'a>, FilesError> {
    let digest = &layer.descriptor.digest;
    let media_type = &layer.descriptor.media_type;
    let failed = |error: io::Error| FilesError::Layer { digest: digest.clone(), source: error.into() };
    let stream = uncompressed(media_type, store.open_blob(digest)?).map_err(failed)?;
    let stream = stream.ok_or_else(|| FilesError::MediaType { media_type: media_type.clone() })?;
    Ok(BufReader::with_capacity(128 << 10, Counted::new(stream, bytes, BYTES_LIMIT)))
}

/// Returns whether all its names are text. Others are shown as what they look like, and are not copied.
fn is_named(member: &Member) -> bool {
    let is_text = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok();
    is_text(&member.path)
        && match &member.kind {
            MemberKind::Symlink(target) | MemberKind::HardLink(target) => is_text(target),
            _ => true,
        }
}

fn listed(member: &Member, contents: &mut impl Read) -> Result<Result<Listed, EntryPathError>, LayerError> {
    let path: EntryPath = match text(&member.path).parse() {
        Ok(path) => path,
        Err(error) => return Ok(Err(error)),
    };
    let folder = path.parent().unwrap_or_default();
    let removal = match path.name().strip_prefix(WHITEOUT) {
        _ if path.name() == OPAQUE => Some((folder, ListedKind::RemoveWithin)),
        Some(name) => match folder.join(name) {
            Ok(path) => Some((path, ListedKind::Remove)),
            Err(error) => return Ok(Err(error)),
        },
        None => None,
    };
    let (path, kind) = match removal {
        Some(removal) => removal,
        None => {
            let kind = match &member.kind {
                _ if !is_named(member) => ListedKind::Special,
                MemberKind::File | MemberKind::SparseFile => file(&path, member.size, contents)?,
                MemberKind::Directory => ListedKind::Directory,
                MemberKind::Symlink(target) => ListedKind::Symlink(text(target)),
                MemberKind::HardLink(target) => match text(target).parse::<EntryPath>() {
                    Ok(target) => ListedKind::HardLink(target.as_str().to_owned()),
                    Err(error) => return Ok(Err(error)),
                },
                MemberKind::Fifo => ListedKind::Fifo,
                MemberKind::Device(device) => ListedKind::Device(*device),
                MemberKind::Unknown => ListedKind::Special,
            };
            (path, kind)
        }
    };
    let number = |number: u64| u32::try_from(number).unwrap_or_default();
    Ok(Ok(Listed {
        path: path.as_str().to_owned(),
        kind,
        mode: member.mode & 0o7777,
        uid: number(member.uid),
        gid: number(member.gid),
        mtime: member.mtime,
        attributes: member.attributes.clone(),
    }))
}

fn file(path: &EntryPath, size: u64, contents: &mut impl Read) -> Result<ListedKind, LayerError> {
    let mut hasher = blake3::Hasher::new();
    if is_text(path, size) {
        let mut text = Vec::new();
        contents.read_to_end(&mut text)?;
        let digest = blake3::hash(&text);
        return Ok(ListedKind::File { size, digest, text: Some(String::from_utf8_lossy(&text).into_owned()) });
    }
    io::copy(contents, &mut hasher)?;
    Ok(ListedKind::File { size, digest: hasher.finalize(), text: None })
}

/// Returns whether a file's text is kept.
pub(crate) fn is_text(path: &EntryPath, size: u64) -> bool {
    TEXTS.contains(&path.as_str()) && size <= TEXT_LIMIT
}

/// Names are bytes to the kernel.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

mod hexadecimal {
    use blake3::Hash;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hash.to_hex())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        Hash::from_hex(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
