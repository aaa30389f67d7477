use crate::table::align;
use crate::{printable, size};
use consign_oci::Digest;
use consign_receipt::predicate;
use serde::{Deserialize, Serialize};

/// Something in an image's graph and what hangs on it: an index, its platforms, their referrers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TreeNode {
    /// What it is: a reference, a platform, a kind of referrer.
    pub label: String,
    /// Digest of its manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// The tag that it has, where that is made of the digest of what it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Size of what an image is made of, config and layers as they are transferred, in bytes; of an index, that of all its images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// What hangs on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<TreeNode>,
}

impl TreeNode {
    /// Makes a node with nothing on it.
    pub fn new(label: impl Into<String>, digest: Digest, size: u64) -> Self {
        Self { label: label.into(), digest: Some(digest), tag: None, size: Some(size), children: Vec::new() }
    }

    /// Makes the node of a referrer that claims something of this predicate type.
    pub fn receipt(predicate_type: &str, digest: Digest, size: u64) -> Self {
        Self::new(predicate::label(predicate_type), digest, size)
    }

    /// Returns the node with this one hanging on it, after the others.
    #[must_use]
    pub fn with(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// Returns the tree for people: one line for each node, with the start of its digest and its size.
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        // What is still to be written: a node, what stands before its own label, and before its children's.
        let mut pending = vec![(self, String::new(), String::new())];
        while let Some((node, own, below)) = pending.pop() {
            let digest = node.digest.as_ref().map(|digest| format!("{}:{}", digest.algorithm().name(), digest.short()));
            let size = node.size.map(size);
            lines.push(vec![own + &printable(&node.label), digest.unwrap_or_default(), size.unwrap_or_default()]);
            for (index, child) in node.children.iter().enumerate().rev() {
                let (branch, rest) =
                    if index + 1 == node.children.len() { ("└── ", "    ") } else { ("├── ", "│   ") };
                pending.push((child, format!("{below}{branch}"), format!("{below}{rest}")));
            }
        }
        align(&lines)
    }
}
