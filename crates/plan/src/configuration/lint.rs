use super::keys::{Key, Keys, Shape};
use super::reader::Reader;
use super::tree::Node;

pub(super) const KEYS: Keys = Keys {
    what: "`lint`",
    known: &[Key::new(
        "engine",
        Shape::Word(|| LintEngine::ALL.map(LintEngine::word).to_vec()),
        "Who says what could be better in the Dockerfile: `consign`, the default, or `hadolint`, which is then run with its own configuration.",
    )],
    later: &[],
    rules: &[],
};

/// Who says what could be better in a Dockerfile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LintEngine {
    /// consign itself.
    #[default]
    Consign,
    /// The program `hadolint`.
    Hadolint,
}

impl LintEngine {
    const ALL: [Self; 2] = [Self::Consign, Self::Hadolint];

    fn word(self) -> &'static str {
        match self {
            Self::Consign => "consign",
            Self::Hadolint => "hadolint",
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Self {
        let Some(fields) = reader.fields(node, &KEYS) else { return Self::default() };
        reader.word(&fields, "engine", Self::ALL, Self::word).unwrap_or_default()
    }
}
