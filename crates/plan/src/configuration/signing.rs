use super::advisories::word;
use super::keys::{Key, Keys, Shape};
use super::reader::Reader;
use super::tree::Node;
use super::{Code, KeyReference, KeyReferenceError, Spanned};

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
}

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
        Some(Self { key: Spanned::new(key, node.span), format })
    }
}
