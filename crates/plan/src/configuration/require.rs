//! What an image must show before it is mirrored.

use super::keys::{Key, Keys, Shape};
use super::policy;
use super::reader::Reader;
use super::tree::Node;
use super::{Code, Spanned};
use consign_receipt::Requirement;
use std::collections::BTreeSet;

pub(super) const KEYS: Keys = Keys {
    what: "`require`",
    known: &[
        Key::required("key", Shape::Text, "The public key, in a file, that must have signed everything."),
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
    later: &["identity", "identities", "issuer"],
    rules: &[],
};

/// What an image must show before it is mirrored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequireSettings {
    /// The file with the public key, as written: relative to the configuration's folder.
    pub key: Spanned<String>,
    /// What every platform must have.
    pub receipts: BTreeSet<Requirement>,
    /// A file with a policy, as written.
    pub policy: Option<Spanned<String>>,
    /// Whether every layer is read.
    pub content: bool,
}

impl RequireSettings {
    pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        let fields = reader.fields(node, &KEYS)?;
        let policy = fields.get("policy").map(|node| reader.text(node, "`policy`"));
        let receipts =
            fields.get("receipts").map(|node| policy::requirements(reader, node, "receipts", policy.is_some()));
        let content = fields.get("content").map(|node| reader.boolean(node, "`content`"));
        let Some(node) = fields.get("key") else {
            reader.missing(&fields, "key", "the public key of whoever releases the image");
            return None;
        };
        let key = reader.text(node, "`key`")?;
        if key.contains("PRIVATE KEY") {
            reader.report(Code::Secret, node.span, "a private key must not stand in the configuration");
            return None;
        }
        if key.contains("://") {
            let hint = "a public key is the path of a file, such as `cosign.pub`";
            reader.report_hint(Code::NotSupported, node.span, "keys elsewhere are not supported by this version", hint);
            return None;
        }
        let (policy, content) =
            (policy.map_or(Some(None), |policy| policy.map(Some))?, content.unwrap_or(Some(false))?);
        Some(Self { key, receipts: receipts.unwrap_or_default(), policy, content })
    }
}
