use super::advisories::word;
use super::keys::{Key, Keys, Shape};
use super::reader::Reader;
use super::tree::Node;
use super::{Code, Spanned};
use std::fmt;

pub(super) const KEYS: Keys = Keys {
    what: "`signing`",
    known: &[
        Key::required(
            "key",
            Shape::Text,
            "The private key: a file as `consign keygen` makes it, or `env://NAME` for an environment variable that holds one.",
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
    pub key: Spanned<SigningKey>,
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

/// Where a private key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SigningKey {
    /// In a file, by its path as written: relative to the configuration's folder.
    File(String),
    /// In the environment variable with this name.
    Environment(String),
}

impl fmt::Display for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => formatter.write_str(path),
            Self::Environment(name) => write!(formatter, "env://{name}"),
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
        if text.contains("PRIVATE KEY") {
            let hint = "write the path of the key file, or `env://NAME`, and replace this key: it has been seen";
            reader.report_hint(
                Code::Secret,
                fields.entry("key")?.0.span,
                "a private key must not stand in the configuration",
                hint,
            );
            return None;
        }
        let key = match text.split_once("://") {
            None => SigningKey::File(text.value),
            Some(("env", name)) if is_variable(name) => SigningKey::Environment(name.to_owned()),
            Some(("env", _)) => {
                reader.report(Code::Value, node.span, "after `env://` stands the name of an environment variable");
                return None;
            }
            Some((scheme, _)) => {
                let message = format!("keys at `{}://` are not supported by this version", super::reader::clip(scheme));
                reader.report_hint(Code::NotSupported, node.span, message, "a key is a path or `env://NAME`");
                return None;
            }
        };
        let format = word(reader, &fields, "format", SignatureFormat::ALL, SignatureFormat::word).unwrap_or_default();
        Some(Self { key: Spanned::new(key, node.span), format })
    }
}

/// Returns whether a text can be the name of an environment variable.
pub(super) fn is_variable(name: &str) -> bool {
    name.len() <= 256
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
