use super::keys::{Key, Keys, Rule, Shape};
use super::reader::{Fields, Reader};
use super::tree::{Node, Value};
use super::{Code, KeyReference, KeyReferenceError, Spanned, consumers};
use consign_consumer::{Consumer, Form};

pub(super) const KEYS: Keys = Keys {
    what: "`signing`",
    known: &[
        Key::new(
            "key",
            Shape::Text,
            "The private key: a file as `consign keygen` makes it; `env://NAME`, an environment variable that holds one; `k8s://NAMESPACE/SECRET`, a secret of Kubernetes; or `exec:PROGRAM ARGUMENT…`, which signs for a key management service or a device.",
        ),
        Key::new(
            "keyless",
            Shape::Or(&Shape::Flag, &Shape::Mapping(&KEYLESS_KEYS)),
            "In place of a key: `true`, or how certificates are got for whom the CI says that runs it.",
        ),
        Key::new(
            "format",
            Shape::Word(|| SignatureFormat::ALL.map(SignatureFormat::word).to_vec()),
            "The form of signatures and attestations: what cosign 3 reads (`bundle`), what podman and older policy engines read (`legacy`), or both. \
             `bundle` if not given.",
        ),
        consumers::KEY,
    ],
    later: &[],
    rules: &[Rule::Either("key", "keyless")],
};

const KEYLESS_KEYS: Keys = Keys {
    what: "`keyless`",
    known: &[
        Key::new(
            "signing-config",
            Shape::Text,
            "Who gives certificates and timestamps and keeps logs: a `signing_config.json`, relative to this file's folder. What `trust init` chose if not given, else the public Sigstore.",
        ),
        Key::new(
            "trusted-root",
            Shape::Text,
            "Whose certificates, logs and timestamps count: a `trusted_root.json`, relative to this file's folder. What `trust init` chose if not given, else that of the public Sigstore.",
        ),
        Key::new(
            "identity-token",
            Shape::Text,
            "A file with the identity token, relative to this file's folder. If not given, the CI is asked for one.",
        ),
        Key::new(
            "disclose",
            Shape::Flag,
            "Whether the public Sigstore may be told of a repository that is not known to be public: it shows everybody, for ever, the repository, the \
             workflow and the commit. Default: false.",
        ),
    ],
    later: &[],
    rules: &[],
};

/// The section `signing`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningSettings {
    /// Who signs.
    pub by: SigningBy,
    /// The form of what is signed.
    pub format: SignatureFormat,
    /// Who else verifies it.
    pub consumers: Vec<Spanned<Consumer>>,
}

/// Who signs releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SigningBy {
    /// The holder of a key.
    Key(Spanned<KeyReference>),
    /// Whom an identity token names.
    Keyless(KeylessSettings),
}

/// How certificates are got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeylessSettings {
    /// Who gives them: a file, as written.
    pub signing_config: Option<Spanned<String>>,
    /// Whose certificates count: a file, as written.
    pub trusted_root: Option<Spanned<String>>,
    /// The identity token: a file, as written.
    pub identity_token: Option<Spanned<String>>,
    /// Whether the public may learn of what it does not see.
    pub disclose: bool,
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

    pub(super) fn word(self) -> &'static str {
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
        let by = match (fields.get("key"), fields.get("keyless")) {
            (None, None) => {
                let what = "the private key to sign with, such as `consign keygen` makes, or `keyless: true`";
                reader.missing(&fields, "key", what);
                None
            }
            (Some(_), Some(node)) => {
                reader.report(Code::Value, node.span, "`keyless` stands in place of `key`, not beside it");
                None
            }
            (Some(node), None) => key(reader, &fields, node).map(SigningBy::Key),
            (None, Some(node)) => KeylessSettings::read(reader, node).map(SigningBy::Keyless),
        };
        let format = reader.word(&fields, "format", SignatureFormat::ALL, SignatureFormat::word).unwrap_or_default();
        let consumers = fields.get("consumers").map(|node| consumers::read(reader, node)).unwrap_or_default();
        Some(Self { by: by?, format, consumers })
    }

    /// Returns the key to sign with.
    pub fn key(&self) -> Option<&Spanned<KeyReference>> {
        match &self.by {
            SigningBy::Key(key) => Some(key),
            SigningBy::Keyless(_) => None,
        }
    }
}

impl KeylessSettings {
    fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        if let Value::Scalar { .. } = &node.value {
            if reader.boolean(node, "`keyless`")? {
                return Some(Self::default());
            }
            reader.report_hint(
                Code::Value,
                node.span,
                "`keyless: false` says that nothing is signed",
                "leave `signing` out, or name a `key`",
            );
            return None;
        }
        let fields = reader.fields(node, &KEYLESS_KEYS)?;
        let mut file = |name: &str| match fields.get(name) {
            Some(node) => reader.text(node, &format!("`{name}`")).map(Some),
            None => Some(None),
        };
        let (signing_config, trusted_root) = (file("signing-config"), file("trusted-root"));
        let identity_token = file("identity-token");
        let disclose = match fields.get("disclose") {
            Some(node) => reader.boolean(node, "`disclose`")?,
            None => false,
        };
        let (signing_config, trusted_root) = (signing_config?, trusted_root?);
        Some(Self { signing_config, trusted_root, identity_token: identity_token?, disclose })
    }
}

fn key(reader: &mut Reader<'_>, fields: &Fields<'_>, node: &Node) -> Option<Spanned<KeyReference>> {
    let text = reader.text(node, "`key`")?;
    match text.parse() {
        Ok(key) => Some(Spanned::new(key, node.span)),
        Err(error) => {
            // A line that is shown must not be that of a key itself.
            let (code, span) = match error {
                KeyReferenceError::Secret => (Code::Secret, fields.entry("key")?.0.span),
                KeyReferenceError::Scheme { .. } => (Code::NotSupported, node.span),
                _ => (Code::Value, node.span),
            };
            reader.report_hint(code, span, error.to_string(), error.hint());
            None
        }
    }
}
