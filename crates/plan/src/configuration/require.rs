//! What an image must show before it is mirrored.

use super::keys::{Key, Keys, Shape};
use super::reader::{Reader, not_empty};
use super::tree::{Node, Value};
use super::{SignerSettings, Spanned, policy, signer};
use consign_receipt::Requirement;
use std::collections::BTreeSet;

pub(super) const KEYS: Keys = Keys {
    what: "`require`",
    known: &[
        signer::KEY,
        signer::CERTIFICATE,
        Key::new(
            "receipts",
            policy::REQUIREMENTS,
            "What every platform must have, beside what its release had to show.",
        ),
        Key::new(
            "policy",
            Shape::Text,
            "Also asks for what the policy in this file does: a configuration, or one with only its section `policy`.",
        ),
        Key::new("content", Shape::Flag, "Whether every layer is read and hashed first, too. Default: false."),
    ],
    later: &["identities"],
    rules: &[signer::RULE],
};

/// What an image must show before it is mirrored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequireSettings {
    /// Who must have signed everything.
    pub signer: SignerSettings,
    /// What every platform must have.
    pub receipts: BTreeSet<Requirement>,
    /// A file with a policy, as written.
    pub policy: Option<Spanned<String>>,
    /// Whether every layer is read.
    pub content: bool,
}

impl RequireSettings {
    /// Reads one, or a list of which an image must show all.
    pub(super) fn read_all(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<Self>> {
        let Value::Sequence(items) = &node.value else { return Self::read(reader, node).map(|only| vec![only]) };
        not_empty(reader, node, "signer");
        // All of them are looked at, so that all problems are reported at once.
        let read: Vec<Option<Self>> = items.iter().map(|item| Self::read(reader, item)).collect();
        read.into_iter().collect()
    }

    fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        let fields = reader.fields(node, &KEYS)?;
        let policy = fields.get("policy").map(|node| reader.text(node, "`policy`"));
        let receipts =
            fields.get("receipts").map(|node| policy::requirements(reader, node, "receipts", policy.is_some()));
        let content = fields.get("content").map(|node| reader.boolean(node, "`content`"));
        let signer = SignerSettings::read(reader, &fields, "whoever releases the image")?;
        let (policy, content) =
            (policy.map_or(Some(None), |policy| policy.map(Some))?, content.unwrap_or(Some(false))?);
        Some(Self { signer, receipts: receipts.unwrap_or_default(), policy, content })
    }
}
