use super::keys::{Key, Keys, Shape};
use super::reader::{Reader, clip, listed};
use super::tree::{Node, Value};
use super::{Code, Spanned, nearest};
use consign_receipt::Requirement;
use std::collections::BTreeSet;

/// What an identity may be named for. Contents are listed and compared with advisories again wherever an image arrives, so that nobody's word is needed.
const NAMEABLE: [Requirement; 2] = [Requirement::Provenance, Requirement::Trials];

pub(super) const KEYS: Keys = Keys {
    what: "an identity",
    known: &[
        Key::required(
            "key",
            Shape::Text,
            "The public key: a file as `consign keygen` makes it, relative to this file's folder.",
        ),
        Key::new(
            "for",
            Shape::Some(&Shape::Word(|| NAMEABLE.map(Requirement::word).to_vec())),
            "Which of its signed receipts count. Default: both.",
        ),
    ],
    later: &["certificate-identity", "certificate-oidc-issuer"],
    rules: &[],
};

/// Somebody else whose signed receipts count, such as the machine that builds a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentitySettings {
    /// Path of the public key as written: relative to the configuration's folder.
    pub key: Spanned<String>,
    /// What its receipts count for; at least one.
    pub requirements: BTreeSet<Requirement>,
}

impl IdentitySettings {
    pub(crate) fn read_all(reader: &mut Reader<'_>, node: &Node) -> Vec<Self> {
        let Value::Sequence(items) = &node.value else {
            reader.report(Code::WrongType, node.span, "`identities` must be a list");
            return Vec::new();
        };
        items.iter().filter_map(|item| Self::read(reader, item)).collect()
    }

    fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        let fields = reader.fields(node, &KEYS)?;
        let requirements =
            fields.get("for").map_or_else(|| BTreeSet::from(NAMEABLE), |node| requirements(reader, node));
        let Some(node) = fields.get("key") else {
            reader.missing(&fields, "key", "a public key, such as `consign keygen` makes");
            return None;
        };
        let key = reader.text(node, "`key`")?;
        if key.contains("-----BEGIN") || key.contains("://") {
            let message = "the public key of an identity is named by its file";
            reader.report_hint(Code::Value, node.span, message, "write the path of a file such as `cosign.pub`");
            return None;
        }
        Some(Self { key, requirements })
    }
}

fn requirements(reader: &mut Reader<'_>, node: &Node) -> BTreeSet<Requirement> {
    if matches!(&node.value, Value::Sequence(items) if items.is_empty()) {
        let hint = "leave it out for both, or leave out the identity";
        reader.report_hint(Code::Value, node.span, "`for` lists nothing", hint);
    }
    let mut requirements = BTreeSet::new();
    for word in reader.texts(node, "`for`") {
        if let Some(requirement) = NAMEABLE.into_iter().find(|requirement| requirement.word() == word.value) {
            requirements.insert(requirement);
            continue;
        }
        let words = NAMEABLE.map(Requirement::word);
        let derived = Requirement::ALL.into_iter().any(|requirement| requirement.word() == word.value);
        let hint = match nearest(&word, words) {
            _ if derived => "it is looked up again in the image itself, wherever that comes from".to_owned(),
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it can be {}", listed(&words)),
        };
        let message = format!("`{}` is nothing that a signature speaks for", clip(&word));
        reader.report_hint(Code::Value, word.span, message, hint);
    }
    requirements
}
