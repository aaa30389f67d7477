use super::keys::{Key, Keys, Shape};
use super::reader::{Reader, clip};
use super::tree::{Node, Value};
use super::{Code, SignerSettings, signer};
use consign_receipt::{Requirement, Testimony};
use std::collections::BTreeSet;

/// What an identity counts for where nothing is said. Who builds an image need not be who may say what is no flaw of it.
const DEFAULT: [Testimony; 2] = [Testimony::Provenance, Testimony::Trials];
/// The word for those whose signatures of images let them in elsewhere.
const SIGNATURES: &str = "signatures";

pub(super) const KEYS: Keys = Keys {
    what: "an identity",
    known: &[
        signer::KEY,
        signer::CERTIFICATE,
        Key::new(
            "for",
            Shape::Some(&Shape::Word(words)),
            "Which of its signed receipts count; `vex`: documents of OpenVEX that are attached to images, also for `scan`; `signatures`: those of images, in policies for others (`consign policy export`), and for `verify` and `promote` with `--policy` alone. Default: provenance and trials.",
        ),
    ],
    later: &[],
    rules: &[signer::RULE],
};

/// Somebody else whose signed receipts count, such as the machine that builds a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentitySettings {
    /// Who it is.
    pub signer: SignerSettings,
    /// What its receipts count for; at least one, unless its signatures do.
    pub about: BTreeSet<Testimony>,
    /// Whether its signatures of images let them in, here and elsewhere.
    pub signs: bool,
}

/// What an identity can count for.
fn words() -> Vec<&'static str> {
    Testimony::ALL.map(Testimony::word).into_iter().chain([SIGNATURES]).collect()
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
        let default = || (BTreeSet::from(DEFAULT), false);
        let (about, signs) = fields.get("for").map_or_else(default, |node| testimonies(reader, node));
        let signer = SignerSettings::read(reader, &fields, "somebody whose receipts count");
        Some(Self { signer: signer?, about, signs })
    }
}

fn testimonies(reader: &mut Reader<'_>, node: &Node) -> (BTreeSet<Testimony>, bool) {
    if matches!(&node.value, Value::Sequence(items) if items.is_empty()) {
        let hint = "leave it out for provenance and trials, or leave out the identity";
        reader.report_hint(Code::Value, node.span, "`for` lists nothing", hint);
    }
    let (mut about, mut signs) = (BTreeSet::new(), false);
    for word in reader.texts(node, "`for`") {
        if let Some(testimony) = Testimony::ALL.into_iter().find(|testimony| testimony.word() == word.value) {
            about.insert(testimony);
            continue;
        }
        if word.value == SIGNATURES {
            signs = true;
            continue;
        }
        let message = format!("`{}` is nothing that a signature speaks for", clip(&word));
        if Requirement::ALL.into_iter().any(|requirement| requirement.word() == word.value) {
            let hint = "it is looked up again in the image itself, wherever that comes from";
            reader.report_hint(Code::Value, word.span, message, hint);
        } else {
            reader.unknown_word(&word, &words(), message);
        }
    }
    (about, signs)
}
