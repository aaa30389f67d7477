use super::keys::{Key, Keys, Shape};
use super::reader::{Reader, clip, listed};
use super::tree::{Node, Value};
use super::{Code, Spanned, nearest};
use consign_receipt::{Requirement, Testimony};
use std::collections::BTreeSet;

/// What an identity counts for where nothing is said. Who builds an image need not be who may say what is no flaw of it.
const DEFAULT: [Testimony; 2] = [Testimony::Provenance, Testimony::Trials];

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
            Shape::Some(&Shape::Word(|| Testimony::ALL.map(Testimony::word).to_vec())),
            "Which of its signed receipts count; `vex`: documents of OpenVEX that are attached to images, also for `scan`. Default: provenance and trials.",
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
    pub about: BTreeSet<Testimony>,
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
        let about = fields.get("for").map_or_else(|| BTreeSet::from(DEFAULT), |node| testimonies(reader, node));
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
        Some(Self { key, about })
    }
}

fn testimonies(reader: &mut Reader<'_>, node: &Node) -> BTreeSet<Testimony> {
    if matches!(&node.value, Value::Sequence(items) if items.is_empty()) {
        let hint = "leave it out for provenance and trials, or leave out the identity";
        reader.report_hint(Code::Value, node.span, "`for` lists nothing", hint);
    }
    let mut about = BTreeSet::new();
    for word in reader.texts(node, "`for`") {
        if let Some(testimony) = Testimony::ALL.into_iter().find(|testimony| testimony.word() == word.value) {
            about.insert(testimony);
            continue;
        }
        let words = Testimony::ALL.map(Testimony::word);
        let derived = Requirement::ALL.into_iter().any(|requirement| requirement.word() == word.value);
        let hint = match nearest(&word, words) {
            _ if derived => "it is looked up again in the image itself, wherever that comes from".to_owned(),
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it can be {}", listed(&words)),
        };
        let message = format!("`{}` is nothing that a signature speaks for", clip(&word));
        reader.report_hint(Code::Value, word.span, message, hint);
    }
    about
}
