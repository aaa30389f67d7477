use super::keys::{Key, Keys, Shape};
use super::reader::{Reader, clip};
use super::tree::Node;
use consign_receipt::Engine;

pub(super) const KEYS: Keys = Keys {
    what: "`scan`",
    known: &[Key::new(
        "engine",
        Shape::Word(|| words().to_vec()),
        "Who says what is known against the packages of images: `consign`, the default, by the databases of the policy, or `trivy` or `grype`, which is then run on each platform with its own.",
    )],
    later: &[],
    rules: &[],
};

/// What consign itself is called.
const OWN: &str = "consign";

fn words() -> [&'static str; 3] {
    let [first, second] = Engine::ALL.map(Engine::word);
    [OWN, first, second]
}

/// Reads the section `scan`: which scanner of others says what is known against packages; `None`: consign does.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Engine> {
    let fields = reader.fields(node, &KEYS)?;
    let word = reader.text(fields.get("engine")?, "`engine`")?;
    let engine = Engine::ALL.into_iter().find(|engine| engine.word() == word.value);
    if engine.is_none() && word.value != OWN {
        reader.unknown_word(&word, &words(), format!("`{}` is no value of `engine`", clip(&word)));
    }
    engine
}
