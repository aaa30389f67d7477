//! Who else verifies images, and whether they can.

use super::keys::{Key, Shape};
use super::reader::{Reader, clip};
use super::tree::Node;
use super::{Code, SigningBy, SigningSettings, SourceFile, Spanned, Warning};
use consign_consumer::{Consumer, Reading, SignedBy};

/// Who else verifies what is signed.
pub(super) const KEY: Key = Key::new(
    "consumers",
    Shape::Some(&Shape::Word(|| Consumer::ALL.map(Consumer::word).to_vec())),
    "Who else verifies the images: `check` warns of one that cannot read what is signed.",
);
/// Name of the rule that warns of those who cannot read what is signed.
const UNREAD: &str = "UnreadSignature";

/// Reads those who are named, each once.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Vec<Spanned<Consumer>> {
    let mut found: Vec<Spanned<Consumer>> = Vec::new();
    for word in reader.texts(node, "`consumers`") {
        match Consumer::ALL.into_iter().find(|consumer| consumer.word() == word.value) {
            Some(consumer) if found.iter().all(|other| other.value != consumer) => {
                found.push(Spanned::new(consumer, word.span));
            }
            Some(_) => reader.report(Code::DuplicateName, word.span, format!("`{}` stands twice", word.value)),
            None => {
                let message = format!("`{}` is nobody who is known to verify images", clip(&word));
                reader.unknown_word(&word, &Consumer::ALL.map(Consumer::word), message);
            }
        }
    }
    found
}

/// Warns of those who cannot read what is signed.
pub(super) fn warnings(signing: &SigningSettings, file: &SourceFile) -> Vec<Warning> {
    let (by, means) = match &signing.by {
        SigningBy::Key(_) => (SignedBy::Key, "with a key"),
        // Whom the token in a file names may have a mail address; whom a CI names has none.
        SigningBy::Keyless(settings) if settings.identity_token.is_some() => (SignedBy::Address, "without a key"),
        SigningBy::Keyless(_) => (SignedBy::Workflow, "without a key"),
    };
    let warning = |consumer: &Spanned<Consumer>| {
        let name = consumer.value.word();
        let message = match signing.format.forms().iter().map(|form| consumer.value.reads(*form, by)).min()? {
            Reading::Yes | Reading::Told(_) => return None,
            Reading::NotSigner => {
                format!(
                    "{name} knows those who sign without a key by mail address alone, and a workflow has none: sign with a `key`"
                )
            }
            Reading::NotForm => {
                let format = signing.format.word();
                format!(
                    "{name} cannot read what is signed {means} and `format: {format}`: `format: both` signs for it, too"
                )
            }
        };
        Some(file.warning(UNREAD, consumer.span, &message))
    };
    signing.consumers.iter().filter_map(warning).collect()
}
