use super::keys::{Key, Keys, Shape};
use super::reader::Reader;
use super::tree::Node;
use super::{Code, Spanned};

pub(super) const KEYS: Keys = Keys {
    what: "a client certificate",
    known: &[
        Key::required(
            "certificate",
            Shape::Text,
            "The file with the certificate, and those between it and the authority (PEM), relative to this file's folder.",
        ),
        Key::required("key", Shape::Text, "The file with its key (PEM), relative to this file's folder."),
    ],
    later: &[],
    rules: &[],
};

/// Who we are to a registry. Paths are as written, relative to the configuration's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The file with the certificate.
    pub certificate: Spanned<String>,
    /// The file with its key.
    pub key: Spanned<String>,
}

impl ClientCertificate {
    pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        let fields = reader.fields(node, &KEYS)?;
        for (key, what) in [("certificate", "the file with the certificate"), ("key", "the file with its key")] {
            if fields.get(key).is_none() {
                reader.missing(&fields, key, what);
            }
        }
        let mut text = |key: &str| fields.get(key).and_then(|node| reader.text(node, &format!("`{key}`")));
        let (certificate, key) = (text("certificate")?, text("key")?);
        if let Some((name, _)) = fields.entry("key").filter(|_| key.contains("PRIVATE KEY")) {
            let hint = "write the path of its file, and replace this key: it has been seen";
            reader.report_hint(Code::Secret, name.span, "a private key must not stand in the configuration", hint);
            return None;
        }
        Some(Self { certificate, key })
    }
}
