use crate::arguments::{Output, Reference};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use consign_image::Place;
use consign_oci::{Descriptor, Document};
use consign_receipt::predicate;
use consign_report::TreeNode;

/// Annotations that say what a referrer states: that of Sigstore bundles, and that of statements without a signature.
const PREDICATE_TYPES: [&str; 2] = ["dev.sigstore.bundle.predicateType", "in-toto.io/predicate-type"];

pub(crate) async fn run(arguments: &Reference, session: &Session) -> Result<ExitCode, CommandError> {
    let (place, root) = session.open(&arguments.reference).await?;
    let mut tree = node(&place, &arguments.reference.to_string(), &root).await?;
    if let Document::Index(index) = place.document(&root).await? {
        for child in &index.manifests {
            let label = child.platform.as_ref().map_or_else(|| "manifest".to_owned(), ToString::to_string);
            tree.children.push(node(&place, &label, child).await?);
        }
    }
    match session.output {
        Output::Json => session.printer.json(&tree)?,
        Output::Table => session.printer.data(&tree.text()),
    }
    Ok(ExitCode::Done)
}

/// Makes the node of a manifest and of what is about it.
async fn node(place: &Place, label: &str, descriptor: &Descriptor) -> Result<TreeNode, CommandError> {
    let mut node = TreeNode::new(label, descriptor.digest.clone(), descriptor.size);
    for referrer in place.referrers(&descriptor.digest).await? {
        let stated = PREDICATE_TYPES.iter().find_map(|key| referrer.annotations.get(*key));
        let kind = stated.map(|predicate_type| predicate::label(predicate_type)).or(referrer.artifact_type.as_deref());
        node.children.push(TreeNode::new(kind.unwrap_or("artifact"), referrer.digest.clone(), referrer.size));
    }
    node.children.sort_by(|one, other| one.label.cmp(&other.label));
    Ok(node)
}
