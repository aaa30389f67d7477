use super::keys::Shape;
use super::reader::{Reader, clip, not_empty};
use super::tree::Node;
use std::collections::BTreeSet;

pub(super) const SHAPE: Shape = Shape::Some(&Shape::Word(words));

/// What is stated about mirrored images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MirrorStatement {
    /// What is in each platform: an SBOM.
    Sbom,
    /// What is known against the packages of each platform.
    Vulnerabilities,
    /// From where it was copied.
    CopiedFrom,
}

impl MirrorStatement {
    const ALL: [Self; 3] = [Self::Sbom, Self::Vulnerabilities, Self::CopiedFrom];

    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sbom => "sbom",
            Self::Vulnerabilities => "vuln",
            Self::CopiedFrom => "copied-from",
        }
    }
}

fn words() -> Vec<&'static str> {
    MirrorStatement::ALL.map(MirrorStatement::word).to_vec()
}

pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> BTreeSet<MirrorStatement> {
    not_empty(reader, node, "statement");
    let mut statements = BTreeSet::new();
    for word in reader.texts(node, "`attest`") {
        match MirrorStatement::ALL.into_iter().find(|statement| statement.word() == word.value) {
            Some(statement) => _ = statements.insert(statement),
            None => {
                let message = format!("`{}` is nothing that is stated about mirrored images", clip(&word));
                reader.unknown_word(&word, &words(), message);
            }
        }
    }
    statements
}
