use super::client_certificate::{self, ClientCertificate};
use super::cloud::{self, AzureSettings, GoogleSettings};
use super::credentials::{Credentials, ENVIRONMENT_KEYS};
use super::ecr::{self, EcrSettings};
use super::keys::{Key, Keys, Rule, Shape};
use super::reader::{Fields, Reader, clip};
use super::tree::Node;
use super::{Code, Spanned};
use consign_oci::Repository;
use std::collections::BTreeMap;

pub(super) const KEYS: Keys = Keys {
    what: "a registry",
    known: &[
        Key::new(
            "serve",
            Shape::Text,
            "The folder that `release` serves as this registry while it runs; on loopback, with a port.",
        ),
        Key::new("username", Shape::Mapping(&ENVIRONMENT_KEYS), "The environment variable that holds the user name."),
        Key::new(
            "password",
            Shape::Mapping(&ENVIRONMENT_KEYS),
            "The environment variable that holds the password or token.",
        ),
        Key::new(
            "token",
            Shape::Mapping(&ENVIRONMENT_KEYS),
            "The environment variable that holds a token that the registry is shown as it is.",
        ),
        Key::new(
            "credential-helper",
            Shape::Form("^[A-Za-z0-9._-]+$"),
            "The name of the program that knows the credentials: `pass` for `docker-credential-pass`.",
        ),
        Key::new(
            "ca",
            Shape::Text,
            "The file with certificates (PEM) that are trusted beside the system's, for this registry alone, relative to this file's folder.",
        ),
        Key::new(
            "client-certificate",
            Shape::Mapping(&client_certificate::KEYS),
            "Who we are to this registry, where it wants to know.",
        ),
        Key::new(
            "mirrors",
            Shape::Items(&Shape::Text),
            "Registries that bases are read from first, in this order, such as `mirror.example.org/hub`. Names and digests stay the registry's own.",
        ),
        Key::new(
            "ecr",
            Shape::Mapping(&ecr::KEYS),
            "What is particular about a registry of Amazon ECR: keys of AWS log in there where docker's files say nothing.",
        ),
        Key::new(
            "google",
            Shape::Mapping(&cloud::GOOGLE_KEYS),
            "What is particular about a registry of Google's: identities of Google Cloud log in there where docker's files say nothing.",
        ),
        Key::new(
            "azure",
            Shape::Mapping(&cloud::AZURE_KEYS),
            "What is particular about a registry of Azure's: identities of Entra log in there where docker's files say nothing.",
        ),
        Key::new("docker-config", Shape::Flag, "Whether docker's and podman's files say how to log in. Default: true."),
        Key::new(
            "plain-http",
            Shape::Flag,
            "Whether to speak plain HTTP, on loopback only. Default: true there, unless there are certificates for it.",
        ),
    ],
    later: &[],
    rules: &[Rule::Together("username", "password")],
};
/// One entry of `registries`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrySettings {
    /// The folder, as written, that `release` serves as this registry while it runs. The registry is on loopback and has a port.
    pub serve: Option<Spanned<String>>,
    /// How to log in.
    pub credentials: Credentials,
    /// The file, as written, with certificates that are trusted beside the system's.
    pub ca: Option<Spanned<String>>,
    /// Who we are.
    pub client_certificate: Option<ClientCertificate>,
    /// Whether to speak plain HTTP. `None`: on loopback only.
    pub plain_http: Option<bool>,
    /// Registries that bases are read from first, as `HOST[/PATH]`.
    pub mirrors: Vec<String>,
    /// What is particular about it as a registry of Amazon ECR.
    pub ecr: Option<EcrSettings>,
    /// What is particular about it as a registry of Google's.
    pub google: Option<GoogleSettings>,
    /// What is particular about it as a registry of Azure's.
    pub azure: Option<AzureSettings>,
}

impl RegistrySettings {
    pub(crate) fn read_all(reader: &mut Reader<'_>, node: &Node) -> BTreeMap<String, Self> {
        let mut found: BTreeMap<String, Self> = BTreeMap::new();
        for (key, value) in reader.mapping(node, "`registries`").unwrap_or_default() {
            let host = host(key);
            if host.is_none() {
                let message = format!("`{}` is not a registry", clip(key));
                reader.report_hint(
                    Code::Reference,
                    key.span,
                    message,
                    "expected a host with an optional port, such as `ghcr.io` or `localhost:5000`",
                );
            }
            let Some(settings) = Self::read(reader, value, host.as_ref()) else { continue };
            let Some(host) = host else { continue };
            if found.insert(host.registry().to_owned(), settings).is_some() {
                reader.report(Code::DuplicateKey, key.span, format!("the registry `{}` stands twice", host.registry()));
            }
        }
        found
    }

    fn read(reader: &mut Reader<'_>, node: &Node, host: Option<&Repository>) -> Option<Self> {
        let fields = reader.fields(node, &KEYS)?;
        let loopback = host.is_none_or(Repository::is_loopback);
        let serve = fields.get("serve").and_then(|node| reader.text(node, "`serve`"));
        if let Some((key, _)) = fields.entry("serve") {
            if !loopback {
                let message = "the embedded registry serves loopback only";
                reader.report_hint(Code::NotLoopback, key.span, message, "use `localhost:PORT` or `127.0.0.1:PORT`");
            } else if host.is_some_and(|host| !has_port(host)) {
                reader.report(
                    Code::NotLoopback,
                    key.span,
                    "the embedded registry needs a port, such as `localhost:5000`",
                );
            }
            let logins = ["username", "password", "token", "credential-helper"];
            if let Some((key, _)) = logins.into_iter().find_map(|key| fields.entry(key)) {
                let message = "the embedded registry needs no credentials: it takes a token that is made for the run";
                reader.report(Code::Value, key.span, message);
            }
        }
        let plain_http = fields.get("plain-http").and_then(|node| reader.boolean(node, "`plain-http`"));
        if let (Some((key, _)), Some(true), false) = (fields.entry("plain-http"), plain_http, loopback) {
            let message =
                "plain HTTP is allowed on loopback only: anybody on the way could change what is pushed and pulled";
            reader.report(Code::NotLoopback, key.span, message);
        }
        let ca = fields.get("ca").and_then(|node| reader.text(node, "`ca`"));
        let certificate = fields.get("client-certificate").and_then(|node| ClientCertificate::read(reader, node));
        if let Some((key, _)) = fields.entry("ca").or(fields.entry("client-certificate"))
            && (serve.is_some() || plain_http == Some(true))
        {
            reader.report(
                Code::Value,
                key.span,
                "this registry is spoken to in plain HTTP, which knows no certificates",
            );
        }
        // Who names certificates does not mean plain HTTP.
        let plain_http = plain_http.or((ca.is_some() || certificate.is_some()).then_some(false));
        let credentials = Credentials::read(reader, &fields);
        let mirrors = mirrors(reader, &fields);
        let ecr = fields.get("ecr").and_then(|node| EcrSettings::read(reader, node));
        let google = fields.get("google").and_then(|node| GoogleSettings::read(reader, node));
        let azure = fields.get("azure").and_then(|node| AzureSettings::read(reader, node));
        let clouds: Vec<_> = ["ecr", "google", "azure"].iter().filter_map(|key| fields.entry(key)).collect();
        if let [_, (key, _), ..] = clouds[..] {
            reader.report(Code::Value, key.span, "a registry is one cloud's: `ecr`, `google` or `azure`");
        }
        Some(Self { serve, credentials, ca, client_certificate: certificate, plain_http, mirrors, ecr, google, azure })
    }
}

fn mirrors(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<String> {
    let Some(node) = fields.get("mirrors") else { return Vec::new() };
    let mut mirrors = Vec::new();
    for node in reader.list(node, "`mirrors`").unwrap_or_default() {
        let Some(written) = reader.text(node, "a mirror") else { continue };
        let place: Option<Repository> = format!("{}/any/name", written.value).parse().ok();
        let host = written.value.split('/').next();
        if place.is_some_and(|place| Some(place.registry()) == host) {
            mirrors.push(written.value);
        } else {
            let message = format!("`{}` is not a registry, nor a part of one", written.value);
            reader.report_hint(
                Code::Reference,
                node.span,
                message,
                "expected such as `mirror.example.org` or `mirror.example.org/hub`",
            );
        }
    }
    mirrors
}

/// Returns a repository on the registry with this name, if it is one.
fn host(name: &str) -> Option<Repository> {
    if name.contains('/') {
        return None;
    }
    let repository: Repository = format!("{name}/any/name").parse().ok()?;
    (repository.path() == "any/name").then_some(repository)
}

fn has_port(host: &Repository) -> bool {
    let registry = host.registry();
    registry.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok_and(|port| port != 0))
}
