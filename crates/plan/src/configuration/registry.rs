use super::ecr::{self, EcrSettings};
use super::keys::{Key, Keys, Rule, Shape};
use super::reader::{Fields, Reader, clip};
use super::signing::is_variable;
use super::tree::{Node, Value};
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
            "mirrors",
            Shape::Items(&Shape::Text),
            "Registries that bases are read from first, in this order, such as `mirror.example.org/hub`. Names and digests stay the registry's own.",
        ),
        Key::new(
            "ecr",
            Shape::Mapping(&ecr::KEYS),
            "What is particular about a registry of Amazon ECR: keys of AWS log in there where docker's files say nothing.",
        ),
        Key::new("docker-config", Shape::Flag, "Whether docker's and podman's files say how to log in. Default: true."),
        Key::new("plain-http", Shape::Flag, "Whether to speak plain HTTP, on loopback only. Default: true there."),
    ],
    later: &["ca", "credential-helper", "token", "client-certificate"],
    rules: &[Rule::Together("username", "password")],
};
const ENVIRONMENT_KEYS: Keys = Keys {
    what: "a credential",
    known: &[Key::required("env", Shape::Text, "The name of an environment variable.")],
    later: &["file", "command"],
    rules: &[],
};

/// One entry of `registries`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrySettings {
    /// The folder, as written, that `release` serves as this registry while it runs. The registry is on loopback and has a port.
    pub serve: Option<Spanned<String>>,
    /// How to log in.
    pub credentials: Credentials,
    /// Whether to speak plain HTTP. `None`: on loopback only.
    pub plain_http: Option<bool>,
    /// Registries that bases are read from first, as `HOST[/PATH]`.
    pub mirrors: Vec<String>,
    /// What is particular about it as a registry of Amazon ECR.
    pub ecr: Option<EcrSettings>,
}

/// Where the credentials of a registry come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Credentials {
    /// Docker's or podman's files and their credential helpers.
    #[default]
    DockerConfig,
    /// Environment variables with these names.
    Environment {
        /// The variable that holds the user name.
        username: String,
        /// The variable that holds the password or token.
        password: String,
    },
    /// Nowhere: no login.
    Anonymous,
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
            if let Some((key, _)) = fields.entry("username").or(fields.entry("password")) {
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
        let credentials = credentials(reader, &fields);
        let mirrors = mirrors(reader, &fields);
        let ecr = fields.get("ecr").and_then(|node| EcrSettings::read(reader, node));
        Some(Self { serve, credentials, plain_http, mirrors, ecr })
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

fn credentials(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Credentials {
    let docker = fields.get("docker-config").and_then(|node| reader.boolean(node, "`docker-config`"));
    let username = variable(reader, fields, "username");
    let password = variable(reader, fields, "password");
    match (fields.entry("username"), fields.entry("password"), docker) {
        (Some((key, _)), _, Some(true)) | (None, Some((key, _)), Some(true)) => {
            reader.report(
                Code::Value,
                key.span,
                "credentials come either from variables or from docker's configuration",
            );
        }
        (Some(_), None, _) => reader.missing(fields, "password", "`username` stands alone"),
        (None, Some(_), _) => reader.missing(fields, "username", "`password` stands alone"),
        _ => {}
    }
    match (username, password, docker) {
        (Some(username), Some(password), _) => Credentials::Environment { username, password },
        (_, _, Some(false)) => Credentials::Anonymous,
        _ => Credentials::DockerConfig,
    }
}

/// Reads `KEY: { env: NAME }`. A text in its place may be a secret: it is named nowhere.
fn variable(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str) -> Option<String> {
    let (name, node) = fields.entry(key)?;
    if let Value::Scalar { .. } = &node.value {
        let hint = format!("write `{key}: {{ env: NAME }}` with the name of an environment variable");
        reader.report_hint(Code::Secret, name.span, format!("`{key}` must not stand in the configuration"), hint);
        return None;
    }
    let fields = reader.fields(node, &ENVIRONMENT_KEYS)?;
    let Some(node) = fields.get("env") else {
        reader.missing(&fields, "env", "the name of an environment variable");
        return None;
    };
    let variable = reader.text(node, "`env`")?;
    if !is_variable(&variable) {
        reader.report(Code::Value, node.span, "`env` must be the name of an environment variable");
        return None;
    }
    Some(variable.value)
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
