//! Whose signatures count.

use super::keys::{Key, Keys, Rule, Shape};
use super::reader::{Fields, Reader};
use super::tree::Node;
use super::{Code, Spanned};
use std::fmt;

/// Somebody's public key, among other keys.
pub(super) const KEY: Key = Key::new(
    "key",
    Shape::Text,
    "The public key: a file as `consign keygen` makes it, relative to this file's folder.",
);
/// What certificates of somebody must say, among other keys.
pub(super) const CERTIFICATE: Key =
    Key::new("certificate", Shape::Mapping(&CERTIFICATE_KEYS), "What the certificate of a keyless signature must say.");
/// One of the two stands there.
pub(super) const RULE: Rule = Rule::Either("key", "certificate");

const CERTIFICATE_KEYS: Keys = Keys {
    what: "`certificate`",
    known: &[
        Key::new(
            "identity",
            Shape::Text,
            "Whom it names: a mail address, or a workflow such as `https://github.com/team/app/.github/workflows/release.yml@refs/heads/main`.",
        ),
        Key::new("identity-regexp", Shape::Text, "The same as a regular expression, which must match all of it."),
        Key::new("issuer", Shape::Text, "Who vouches for that, such as `https://token.actions.githubusercontent.com`."),
        Key::new("issuer-regexp", Shape::Text, "The same as a regular expression, which must match all of it."),
        Key::new(
            "claims",
            Shape::Some(&Shape::Text),
            "What else it must say: `NAME=VALUE`, or `NAME~REGEX`, such as `source-repository-ref=refs/heads/main`.",
        ),
        Key::new(
            "trusted-root",
            Shape::Text,
            "Whose certificates, logs and timestamps count: a `trusted_root.json`, relative to this file's folder. What `trust init` chose if not given, else that of the public Sigstore.",
        ),
    ],
    later: &[],
    rules: &[Rule::Either("identity", "identity-regexp"), Rule::Either("issuer", "issuer-regexp")],
};

/// Somebody whose signatures count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignerSettings {
    /// The holder of a key: the file with the public key, as written, relative to the configuration's folder.
    Key(Spanned<String>),
    /// Whoever has certificates that say this.
    Certificate(CertificateSettings),
}

/// What a certificate must say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateSettings {
    /// Whom it names.
    pub identity: TextPattern,
    /// Who vouches for that.
    pub issuer: TextPattern,
    /// What else: `NAME=VALUE` or `NAME~REGEX`.
    pub claims: Vec<Spanned<String>>,
    /// Whose certificates count: a file, as written.
    pub trusted_root: Option<Spanned<String>>,
}

/// A text, or a regular expression for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextPattern {
    /// Exactly this.
    Exact(Spanned<String>),
    /// What this matches as a whole.
    Pattern(Spanned<String>),
}

impl SignerSettings {
    /// Reads the keys of a mapping that name somebody. `who` says whose key is missing.
    pub(super) fn read(reader: &mut Reader<'_>, fields: &Fields<'_>, who: &str) -> Option<Self> {
        match (fields.get("key"), fields.get("certificate")) {
            (None, None) => {
                reader.missing(fields, "key", &format!("the public key of {who}, or `certificate`"));
                None
            }
            (Some(_), Some(node)) => {
                reader.report(Code::Value, node.span, "`certificate` stands in place of `key`, not beside it");
                None
            }
            (Some(node), None) => key(reader, node).map(Self::Key),
            (None, Some(node)) => CertificateSettings::read(reader, node).map(Self::Certificate),
        }
    }
}

fn key(reader: &mut Reader<'_>, node: &Node) -> Option<Spanned<String>> {
    let key = reader.text(node, "`key`")?;
    if key.contains("PRIVATE KEY") {
        reader.report(Code::Secret, node.span, "a private key must not stand in the configuration");
        return None;
    }
    if key.contains("-----BEGIN") || key.contains("://") {
        let message = "the public key of somebody is named by its file";
        reader.report_hint(Code::Value, node.span, message, "write the path of a file such as `cosign.pub`");
        return None;
    }
    Some(key)
}

impl CertificateSettings {
    fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        let fields = reader.fields(node, &CERTIFICATE_KEYS)?;
        let identity = pattern(reader, &fields, "identity", "identity-regexp", "whom the certificate names");
        let issuer = pattern(reader, &fields, "issuer", "issuer-regexp", "who vouches for that");
        let claims = fields.get("claims").map(|node| reader.texts(node, "`claims`")).unwrap_or_default();
        let trusted_root = match fields.get("trusted-root") {
            Some(node) => Some(reader.text(node, "`trusted-root`")?),
            None => None,
        };
        Some(Self { identity: identity?, issuer: issuer?, claims, trusted_root })
    }
}

fn pattern(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    exact: &'static str,
    pattern: &'static str,
    what: &str,
) -> Option<TextPattern> {
    match (fields.get(exact), fields.get(pattern)) {
        (None, None) => {
            reader.missing(fields, exact, what);
            None
        }
        (Some(_), Some(node)) => {
            reader.report(Code::Value, node.span, format!("`{pattern}` stands in place of `{exact}`, not beside it"));
            None
        }
        (Some(node), None) => reader.text(node, &format!("`{exact}`")).map(TextPattern::Exact),
        (None, Some(node)) => reader.text(node, &format!("`{pattern}`")).map(TextPattern::Pattern),
    }
}

/// What it is called in a plan.
impl fmt::Display for SignerSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => formatter.write_str(&key.value),
            Self::Certificate(CertificateSettings { identity, issuer, claims, .. }) => {
                write!(formatter, "certificates of {identity} by {issuer}")?;
                claims.iter().try_for_each(|claim| write!(formatter, ", {}", claim.value))
            }
        }
    }
}

impl fmt::Display for TextPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(text) => formatter.write_str(&text.value),
            Self::Pattern(pattern) => write!(formatter, "/{}/", pattern.value),
        }
    }
}
