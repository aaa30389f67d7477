use super::keys::{Key, Keys, Shape};
use super::reader::{Reader, clip};
use super::tree::{Node, Value};
use super::{Code, nearest};
use consign_receipt::{Policy, Requirement};
use std::collections::BTreeSet;

pub(super) const KEYS: Keys = Keys {
    what: "`policy`",
    known: &[Key::new(
        "require",
        Shape::Some(&Shape::Word(|| Requirement::ALL.map(Requirement::word).to_vec())),
        "What every image must have. Default: completeness, provenance and an SBOM.",
    )],
    later: &["maximum-age", "identities", "vulnerabilities", "overrides"],
    rules: &[],
};

/// The section `policy`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySettings {
    /// What every image must have. Empty: the default of [`Policy`].
    pub require: BTreeSet<Requirement>,
}

impl PolicySettings {
    /// Returns the policy that is meant.
    pub fn policy(&self) -> Policy {
        Policy::new(self.require.iter().copied())
    }

    pub(crate) fn read(reader: &mut Reader<'_>, node: &Node) -> Self {
        let Some(fields) = reader.fields(node, &KEYS) else { return Self::default() };
        let Some(node) = fields.get("require") else { return Self::default() };
        if matches!(&node.value, Value::Sequence(items) if items.is_empty()) {
            let hint = "an empty policy would not mean that everything passes; leave it out for the default";
            reader.report_hint(Code::Value, node.span, "`require` lists nothing", hint);
        }
        let mut require = BTreeSet::new();
        for word in reader.texts(node, "`require`") {
            match Requirement::ALL.into_iter().find(|requirement| requirement.word() == word.value) {
                Some(requirement) => {
                    require.insert(requirement);
                }
                None => {
                    let words = Requirement::ALL.map(Requirement::word);
                    let hint = match nearest(&word, words) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("a policy can require {}", super::reader::listed(&words)),
                    };
                    reader.report_hint(
                        Code::Value,
                        word.span,
                        format!("`{}` is not something to require", clip(&word)),
                        hint,
                    );
                }
            }
        }
        Self { require }
    }
}
