use super::keys::{Key, Keys, Shape};
use super::reader::{Reader, clip};
use super::tree::{Node, Value};
use super::{AdvisorySettings, Code, IdentitySettings, advisories, identity, image_rules, nearest};
use consign_receipt::{Engine, ImageRules, Policy, Requirement};
use std::collections::BTreeSet;

pub(super) const KEYS: Keys = Keys {
    what: "`policy`",
    known: &[
        Key::new("require", REQUIREMENTS, "What every image must have. Default: completeness, provenance and an SBOM."),
        Key::new(
            "advisories",
            Shape::Mapping(&advisories::KEYS),
            "How much is tolerated of what advisories say about packages. Default: nobody asks.",
        ),
        Key::new(
            "image",
            Shape::Mapping(&image_rules::KEYS),
            "What becomes of what the settings and files of an image say, and of its packages' licences. Default: nobody asks.",
        ),
        Key::new(
            "identities",
            Shape::List(&Shape::Mapping(&identity::KEYS)),
            "Whose signed receipts count, besides those of the release's own key: of platforms that come from other machines, and of images that are scanned.",
        ),
    ],
    later: &["maximum-age", "overrides"],
    rules: &[],
};

/// What can be required of an image.
pub(super) const REQUIREMENTS: Shape = Shape::Some(&Shape::Word(|| Requirement::ALL.map(Requirement::word).to_vec()));

/// The section `policy`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySettings {
    /// What every image must have. Empty: the default of [`Policy`].
    pub require: BTreeSet<Requirement>,
    /// How much is tolerated of what advisories say; `None`: nobody asks.
    pub advisories: Option<AdvisorySettings>,
    /// What becomes of what settings and files say; `None`: nobody asks.
    pub image: Option<ImageRules>,
    /// Whose signed receipts count, besides those of the release's own key.
    pub identities: Vec<IdentitySettings>,
}

impl PolicySettings {
    /// Returns the policy that is meant.
    pub fn policy(&self) -> Policy {
        let policy = Policy::new(self.require.iter().copied());
        let policy = self.advisories.iter().map(|settings| settings.rules.clone()).fold(policy, Policy::tolerating);
        self.image.iter().cloned().fold(policy, Policy::judging)
    }

    /// `engine`: the scanner of others that compares.
    pub(crate) fn read(reader: &mut Reader<'_>, node: &Node, engine: Option<Engine>) -> Self {
        let Some(fields) = reader.fields(node, &KEYS) else { return Self::default() };
        let advisories = fields.get("advisories").map(|node| AdvisorySettings::read(reader, node, engine));
        let require = fields
            .get("require")
            .map(|node| requirements(reader, node, "require", advisories.is_some()))
            .unwrap_or_default();
        let image = fields.get("image").and_then(|node| image_rules::read(reader, node));
        let identities = fields.get("identities").map(|node| IdentitySettings::read_all(reader, node));
        Self { require, advisories: advisories.flatten(), image, identities: identities.unwrap_or_default() }
    }
}

/// Reads what is required, where it stands under `key`.
pub(super) fn requirements(
    reader: &mut Reader<'_>,
    node: &Node,
    key: &str,
    has_advisories: bool,
) -> BTreeSet<Requirement> {
    if matches!(&node.value, Value::Sequence(items) if items.is_empty()) {
        let hint = "an empty policy would not mean that everything passes; leave it out for the default";
        reader.report_hint(Code::Value, node.span, format!("`{key}` lists nothing"), hint);
    }
    let mut require = BTreeSet::new();
    for word in reader.texts(node, &format!("`{key}`")) {
        match Requirement::ALL.into_iter().find(|requirement| requirement.word() == word.value) {
            Some(Requirement::Advisories) if !has_advisories => {
                let hint = "add `advisories:` to the policy, with `databases` and `maximum-severity`";
                let message = "`advisories` is required, and nothing says which databases and how much passes";
                reader.report_hint(Code::Value, word.span, message, hint);
            }
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
    require
}
