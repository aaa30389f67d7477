mod legacy;

use crate::arguments::{Output, Reference};
use crate::attaching::legacy_place;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use consign_image::{Place, Trouble};
use consign_oci::{Descriptor, Digest, Document, Index, Manifest, annotation, media_type};
use consign_receipt::predicate;
use consign_report::TreeNode;
use std::collections::BTreeMap;

/// Annotations that say what a referrer states: that of Sigstore bundles, and that of statements without a signature.
const PREDICATE_TYPES: [&str; 2] = [annotation::BUNDLE_PREDICATE_TYPE, annotation::PREDICATE_TYPE];
/// Most entries of an index that are shown.
const ENTRY_LIMIT: usize = 256;
/// Longest text of a stranger's that is shown, in characters: a table is as wide as its widest cell.
const LABEL_LIMIT: usize = 120;

pub(crate) async fn run(arguments: &Reference, session: &Session) -> Result<ExitCode, CommandError> {
    let (place, root) = session.open(&arguments.reference).await?;
    let elsewhere = legacy_place(&root.digest, session).await?;
    let places = Places { image: &place, legacy: elsewhere.as_ref().unwrap_or(&place) };
    let mut tree = node(&places, &arguments.reference.to_string(), &root.digest, session).await?;
    match place.document(&root).await? {
        Document::Manifest(manifest) => tree.size = Some(total(&blobs(&manifest))),
        Document::Index(index) => platforms(&places, &index, &mut tree, session).await?,
    }
    match session.output {
        Output::Json => session.printer.json(&tree)?,
        Output::Table => session.printer.data(&tree.text())?,
    }
    Ok(ExitCode::Done)
}

/// Where an image lies, and where the older form of what is about it does.
struct Places<'a> {
    image: &'a Place,
    legacy: &'a Place,
}

/// Hangs what an index lists on its node. The index is as large as all of it together, where all of it can be read.
async fn platforms(
    places: &Places<'_>,
    index: &Index,
    tree: &mut TreeNode,
    session: &Session,
) -> Result<(), CommandError> {
    let mut all = Some(BTreeMap::new());
    for child in index.manifests.iter().take(ENTRY_LIMIT) {
        let label = child.platform.as_ref().map_or_else(|| "manifest".to_owned(), ToString::to_string);
        let mut node = node(places, &label, &child.digest, session).await?;
        let (blobs, embedded) = match places.image.document(child).await {
            Ok(Document::Manifest(manifest)) => (Some(blobs(&manifest)), embedded(&manifest)),
            Ok(Document::Index(_)) => (None, Vec::new()),
            Err(error) if error.trouble() == Trouble::Unavailable => return Err(error.into()),
            Err(error) => {
                session.printer.note(&format!("note: {label}: {error}"));
                (None, Vec::new())
            }
        };
        node.size = blobs.as_ref().map(total);
        node.children.extend(embedded);
        all = all.zip(blobs).map(|(mut all, blobs)| {
            all.extend(blobs);
            all
        });
        tree.children.push(node);
    }
    if let Some(left @ 1..) = index.manifests.len().checked_sub(ENTRY_LIMIT) {
        session.printer.note(&format!("note: {left} more entries of the index are not shown"));
        all = None;
    }
    tree.size = all.as_ref().map(total);
    Ok(())
}

/// Makes the nodes of the statements that an entry of an index holds, as BuildKit writes them.
fn embedded(manifest: &Manifest) -> Vec<TreeNode> {
    let layers = manifest.layers.iter().filter(|layer| layer.media_type == media_type::IN_TOTO);
    let node = |layer: &Descriptor| TreeNode {
        label: kind(layer),
        digest: Some(layer.digest.clone()),
        size: Some(layer.size),
        ..TreeNode::default()
    };
    layers.take(ENTRY_LIMIT).map(node).collect()
}

/// Makes the node of a manifest and of what is about it. That has no size here: its manifest says little, and is not opened.
async fn node(places: &Places<'_>, label: &str, digest: &Digest, session: &Session) -> Result<TreeNode, CommandError> {
    let node = |label: &str, digest: &Digest| TreeNode {
        label: label.to_owned(),
        digest: Some(digest.clone()),
        ..TreeNode::default()
    };
    let mut parent = node(label, digest);
    let referrers = places.image.referrers(digest).await?;
    parent.children = referrers.iter().map(|referrer| node(&kind(referrer), &referrer.digest)).collect();
    parent.children.sort_by(|one, other| one.label.cmp(&other.label));
    parent.children.extend(legacy::nodes(places.legacy, digest, session).await?);
    Ok(parent)
}

/// Returns what a referrer states, else its type.
fn kind(referrer: &Descriptor) -> String {
    let stated = PREDICATE_TYPES.iter().find_map(|key| referrer.annotations.get(*key));
    let kind = stated.map(|predicate_type| predicate::label(predicate_type)).or(referrer.artifact_type.as_deref());
    shortened(kind.unwrap_or("artifact"))
}

/// Returns a stranger's text, no longer than is shown.
fn shortened(kind: &str) -> String {
    match kind.char_indices().nth(LABEL_LIMIT) {
        Some((end, _)) => format!("{}…", &kind[..end]),
        None => kind.to_owned(),
    }
}

/// Returns the sizes in bytes of what an image is made of, config and layers, as they are transferred.
fn blobs(manifest: &Manifest) -> BTreeMap<Digest, u64> {
    manifest.layers.iter().chain([&manifest.config]).map(|blob| (blob.digest.clone(), blob.size)).collect()
}

/// Adds up sizes. Descriptors may state any.
fn total(blobs: &BTreeMap<Digest, u64>) -> u64 {
    blobs.values().fold(0, |total, size| total.saturating_add(*size))
}
