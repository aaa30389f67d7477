use super::image::platforms;
use super::keys::{Key, Keys, Rule, Shape};
use super::reader::Reader;
use super::tree::{Node, Value};
use super::{Code, Spanned, image};
use consign_oci::Platform;

pub(super) const KEYS: Keys = Keys {
    what: "a builder",
    known: &[
        Key::required(
            "address",
            Shape::Text,
            "Where it is: unix:///PATH, tcp://HOST:PORT, docker-container://NAME, kube-pod://POD.",
        ),
        Key::new(
            "ca",
            Shape::Text,
            "The certificates of the authorities that vouch for it (PEM), relative to this file's folder. Turns TLS on.",
        ),
        Key::new("certificate", Shape::Text, "The certificate to show to it (PEM), relative to this file's folder."),
        Key::new(
            "key",
            Shape::Text,
            "The file with the key of that certificate (PEM), relative to this file's folder.",
        ),
        Key::new("platforms", image::PLATFORMS, "The platforms that it builds for. Default: all that it says it can."),
    ],
    later: &["serverName"],
    rules: &[Rule::Together("certificate", "key")],
};

/// Who builds Dockerfiles in consign's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuilderKind {
    /// The program `docker`.
    Docker,
    /// The program `buildah`.
    Buildah,
    /// The daemons that `builders` lists.
    Buildkit,
}

impl BuilderKind {
    pub(super) const ALL: [Self; 3] = [Self::Docker, Self::Buildah, Self::Buildkit];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Buildah => "buildah",
            Self::Buildkit => "buildkit",
        }
    }
}

/// A BuildKit daemon that builds in consign's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuilderSettings {
    /// Its address, as written.
    pub address: Spanned<String>,
    /// How both sides recognize each other.
    pub tls: Option<TlsSettings>,
    /// What it builds for; all that it says it can if there are none.
    pub platforms: Vec<Platform>,
}

/// How a builder is recognized, and how it recognizes us. Paths are as written, relative to the configuration's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// The file with the authorities' certificates.
    pub authorities: Spanned<String>,
    /// The files with the certificate to show, and with its key.
    pub identity: Option<(Spanned<String>, Spanned<String>)>,
}

impl BuilderSettings {
    /// Reads a lone address, or one with what belongs to it.
    pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        let Value::Mapping(_) = node.value else {
            let address = reader.text(node, "a builder")?;
            return Some(Self { address, tls: None, platforms: Vec::new() });
        };
        let fields = reader.fields(node, &KEYS)?;
        if fields.get("address").is_none() {
            reader.missing(&fields, "address", "where the builder is, such as `tcp://HOST:PORT`");
        }
        let mut text = |key: &str| fields.get(key).and_then(|node| reader.text(node, &format!("`{key}`")));
        let (address, authorities) = (text("address"), text("ca"));
        let (certificate, key) = (text("certificate"), text("key"));
        let platforms = fields.get("platforms").map(|node| platforms(reader, node)).unwrap_or_default();
        let platforms = platforms.into_iter().map(|platform| platform.value).collect();
        let stated = |key: &str| fields.entry(key).map(|(key, _)| key);
        match (stated("certificate"), stated("key")) {
            (Some(_), None) => reader.missing(&fields, "key", "`certificate` stands alone"),
            (None, Some(_)) => reader.missing(&fields, "certificate", "`key` stands alone"),
            (Some(_), Some(_)) if stated("ca").is_none() => {
                reader.missing(&fields, "ca", "without it nobody knows whether the builder is the right one");
            }
            _ => {}
        }
        let inline = key.as_ref().is_some_and(|key| key.contains("PRIVATE KEY"));
        if let (true, Some(key)) = (inline, stated("key")) {
            let hint = "write the path of its file, and replace this key: it has been seen";
            reader.report_hint(Code::Secret, key.span, "a private key must not stand in the configuration", hint);
        }
        let first = ["ca", "certificate", "key"].into_iter().find_map(stated);
        if let (Some(key), Some(address)) = (first, &address)
            && !address.starts_with("tcp:")
        {
            let message =
                format!("`{}` is for builders at `tcp://`, and this one is at `{}`", key.value, address.value);
            reader.report(Code::Value, key.span, message);
        }
        let identity = certificate.zip(key);
        let tls = authorities.map(|authorities| TlsSettings { authorities, identity });
        Some(Self { address: address?, tls, platforms })
    }
}
