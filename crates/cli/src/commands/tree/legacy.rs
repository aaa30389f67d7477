//! What cosign's older form keeps about a manifest, under tags that are made of its digest.

use super::{ENTRY_LIMIT, shortened};
use crate::error::CommandError;
use crate::session::Session;
use consign_image::{Place, Trouble};
use consign_oci::{Descriptor, Digest, Document, annotation};
use consign_receipt::predicate;
use consign_report::TreeNode;
use consign_sign::{LegacyKind, layers_of};
use futures::future::join_all;

/// The annotations by which layers say what they state.
const PREDICATE_TYPES: [&str; 2] = ["predicateType", annotation::PREDICATE_TYPE];

/// Makes a node for each tag of the older form that is there, with what it has. `place` is where that form is kept. Tags that cannot be read are told of.
pub(super) async fn nodes(place: &Place, about: &Digest, session: &Session) -> Result<Vec<TreeNode>, CommandError> {
    // The store has no tags.
    if matches!(place, Place::Store { .. }) {
        return Ok(Vec::new());
    }
    let found = join_all(LegacyKind::ALL.map(|kind| tagged(place, about, kind))).await;
    let mut nodes = Vec::new();
    for (kind, found) in LegacyKind::ALL.into_iter().zip(found) {
        match found {
            Ok(node) => nodes.extend(node),
            Err(error) if error.trouble() == Trouble::Unavailable => return Err(error.into()),
            Err(error) => session.printer.note(&format!("note: {}: {error}", name(kind))),
        }
    }
    Ok(nodes)
}

async fn tagged(
    place: &Place,
    about: &Digest,
    kind: LegacyKind,
) -> Result<Option<TreeNode>, consign_image::ImageError> {
    let Some(tag) = kind.tag(about) else { return Ok(None) };
    let Some(document) = place.with_tag(&tag).find(None).await?.document() else { return Ok(None) };
    let children = match &document {
        Document::Manifest(manifest) => {
            layers_of(manifest, kind).take(ENTRY_LIMIT).map(|layer| layer_node(layer, kind)).collect()
        }
        Document::Index(_) => Vec::new(),
    };
    let digest = Some(document.digest().clone());
    Ok(Some(TreeNode { label: name(kind), digest, tag: Some(tag.to_string()), children, ..TreeNode::default() }))
}

fn layer_node(layer: &Descriptor, kind: LegacyKind) -> TreeNode {
    let stated = PREDICATE_TYPES.iter().find_map(|key| layer.annotations.get(*key));
    let label = match (kind, stated) {
        (LegacyKind::Signatures, _) => predicate::label(predicate::SIGNATURE),
        (LegacyKind::Attestations, Some(stated)) => predicate::label(stated),
        (LegacyKind::Attestations | LegacyKind::Sbom, _) => &layer.media_type,
    };
    TreeNode::new(shortened(label), layer.digest.clone(), layer.size)
}

/// Names what lies under a tag by how it ends.
fn name(kind: LegacyKind) -> String {
    let what = match kind {
        LegacyKind::Signatures => "signatures",
        LegacyKind::Attestations => "attestations",
        LegacyKind::Sbom => "sbom",
    };
    format!("{what} (.{})", kind.suffix())
}
