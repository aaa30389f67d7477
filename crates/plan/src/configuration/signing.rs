use super::advisories::word;
use super::keys::{Key, Keys, Shape};
use super::reader::{Reader, clip, listed};
use super::tree::Node;
use super::{Code, KeyReference, KeyReferenceError, SourceFile, Spanned, Warning, nearest};
use consign_consumer::{Consumer, Form, Reading, SignedBy};

pub(super) const KEYS: Keys = Keys {
    what: "`signing`",
    known: &[
        Key::required(
            "key",
            Shape::Text,
            "The private key: a file as `consign keygen` makes it; `env://NAME`, an environment variable that holds one; `k8s://NAMESPACE/SECRET`, a secret of Kubernetes; or `exec:PROGRAM ARGUMENT…`, which signs for a key management service or a device.",
        ),
        Key::new(
            "format",
            Shape::Word(|| SignatureFormat::ALL.map(SignatureFormat::word).to_vec()),
            "The form of signatures and attestations: what cosign 3 reads (`bundle`), what podman and older policy engines read (`legacy`), or both. \
             `bundle` if not given.",
        ),
        Key::new(
            "consumers",
            Shape::Some(&Shape::Word(|| Consumer::ALL.map(Consumer::word).to_vec())),
            "Who else verifies the images: `check` warns of one that cannot read what is signed.",
        ),
    ],
    later: &["keyless"],
    rules: &[],
};

/// The section `signing`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningSettings {
    /// The key to sign with.
    pub key: Spanned<KeyReference>,
    /// The form of what is signed.
    pub format: SignatureFormat,
    /// Who else verifies it.
    pub consumers: Vec<Spanned<Consumer>>,
}

/// Name of the rule that warns of those who cannot read what is signed.
const UNREAD: &str = "UnreadSignature";

/// In which form signatures and attestations are attached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureFormat {
    /// Sigstore bundles.
    #[default]
    Bundle,
    /// cosign's older form.
    Legacy,
    /// Both.
    Both,
}

impl SignatureFormat {
    const ALL: [Self; 3] = [Self::Bundle, Self::Legacy, Self::Both];

    fn word(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Legacy => "legacy",
            Self::Both => "both",
        }
    }

    /// Returns the forms that there are then.
    pub fn forms(self) -> &'static [Form] {
        match self {
            Self::Bundle => &[Form::Bundle],
            Self::Legacy => &[Form::Legacy],
            Self::Both => &[Form::Bundle, Form::Legacy],
        }
    }
}

impl SigningSettings {
    pub(crate) fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        let fields = reader.fields(node, &KEYS)?;
        let Some(node) = fields.get("key") else {
            reader.missing(&fields, "key", "the private key to sign with, such as `consign keygen` makes");
            return None;
        };
        let text = reader.text(node, "`key`")?;
        let key = match text.parse() {
            Ok(key) => key,
            Err(error) => {
                // A line that is shown must not be that of a key itself.
                let (code, span) = match error {
                    KeyReferenceError::Secret => (Code::Secret, fields.entry("key")?.0.span),
                    KeyReferenceError::Scheme { .. } => (Code::NotSupported, node.span),
                    _ => (Code::Value, node.span),
                };
                reader.report_hint(code, span, error.to_string(), error.hint());
                return None;
            }
        };
        let format = word(reader, &fields, "format", SignatureFormat::ALL, SignatureFormat::word).unwrap_or_default();
        let consumers = fields.get("consumers").map(|node| consumers(reader, node)).unwrap_or_default();
        Some(Self { key: Spanned::new(key, node.span), format, consumers })
    }

    /// Warns of those who verify the images and cannot read what is signed.
    pub(super) fn warnings<'a>(&'a self, file: &'a SourceFile) -> impl Iterator<Item = Warning> + 'a {
        self.consumers.iter().filter_map(|consumer| {
            let readings = self.format.forms().iter().map(|form| consumer.value.reads(*form, SignedBy::Key));
            if readings.min().is_some_and(Reading::is_read) {
                return None;
            }
            let (name, format) = (consumer.value.word(), self.format.word());
            let message = format!("{name} cannot read what is signed with a key and `format: {format}`: `format: both` signs for it, too");
            Some(file.warning(UNREAD, consumer.span, &message))
        })
    }
}

fn consumers(reader: &mut Reader<'_>, node: &Node) -> Vec<Spanned<Consumer>> {
    let mut found: Vec<Spanned<Consumer>> = Vec::new();
    for word in reader.texts(node, "`consumers`") {
        match Consumer::ALL.into_iter().find(|consumer| consumer.word() == word.value) {
            Some(consumer) if found.iter().all(|other| other.value != consumer) => {
                found.push(Spanned::new(consumer, word.span));
            }
            Some(_) => reader.report(Code::DuplicateName, word.span, format!("`{}` stands twice", word.value)),
            None => {
                let words = Consumer::ALL.map(Consumer::word);
                let hint = match nearest(&word, words) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known are {}", listed(&words)),
                };
                let message = format!("`{}` is nobody who is known to verify images", clip(&word));
                reader.report_hint(Code::Value, word.span, message, hint);
            }
        }
    }
    found
}
