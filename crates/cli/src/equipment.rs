//! What only a build of a Dockerfile needs, so that nothing else fails for want of it: secrets, agents, builders.

use crate::arguments::{BuilderArgument, DockerArguments};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::key::PASSWORD_FILE;
use crate::reading::read_file;
use crate::session::Session;
use crate::{recipe, secret};
use consign_dockerfile::buildkit::{AddressError, Identity, Secret, Tls, TlsPart};
use consign_dockerfile::{Daemon, Recipe};
use consign_plan::configuration::{BuilderKind, ImageSettings, KeyReference, SecretPlace, Span, Spanned, TlsSettings};
use consign_plan::{Code, Configuration, ConfigurationError};
use std::error::Error;
use std::path::PathBuf;

/// Largest file with certificates or a key, in bytes.
const PEM_LIMIT: u64 = 1 << 20;

/// Gives a build what the configuration and the command line have for it. What is not there is an error now, before anything is built.
pub(crate) fn equip(
    recipe: &mut Recipe,
    configuration: &Configuration,
    image: &ImageSettings,
    docker: &DockerArguments,
    session: &Session,
) -> Result<(), CommandError> {
    let refused = |span: Span, message: String| {
        CommandError::from(ConfigurationError::from(configuration.file.diagnostic(Code::Value, span, message, None)))
    };
    for source in &image.docker.secrets {
        let secret = secret::read(source, session, |path| configuration.resolve(path));
        let secret = secret
            .map_err(|error| refused(source.span, format!("the secret `{}`: {}", source.id, with_cause(&error))))?;
        recipe.secrets.insert(source.id.clone(), secret);
    }
    for source in &docker.secrets {
        let secret = secret::read(source, session, |path| PathBuf::from(path)).map_err(|error| {
            let message = format!("`--secret id={}`: {}", source.id, with_cause(&error));
            CommandError::new(ExitCode::Usage, message)
        })?;
        recipe.secrets.insert(source.id.clone(), secret);
    }
    keep_out(recipe, configuration, image, docker, session);
    for written in &image.docker.agents {
        let (name, socket) = recipe::agent(session, written, |path| configuration.resolve(path))
            .ok_or_else(|| refused(written.span, "SSH_AUTH_SOCK is not set, so there is no agent".to_owned()))?;
        recipe.agents.insert(name, socket);
    }
    recipe.agents.extend(recipe::agents(session, docker)?);
    for (daemon, settings) in recipe.builders.iter_mut().zip(&image.docker.builders) {
        daemon.tls = settings.tls.as_ref().map(|tls| certificates(tls, configuration, &refused)).transpose()?;
    }
    let daemons: Vec<_> = docker.builders.iter().filter_map(BuilderArgument::address).collect();
    match docker.builders.iter().find_map(BuilderArgument::program) {
        Some(_) if docker.builders.len() > 1 => {
            let error = CommandError::new(ExitCode::Usage, "`--builder` names a program, and something else");
            return Err(error.hint("only addresses can be given several times"));
        }
        Some(program) => {
            recipe.program = Some(program);
            recipe.builders.clear();
        }
        None if !daemons.is_empty() => recipe.program = None,
        None => {}
    }
    let daemon = |address| Daemon { address, tls: None, platforms: Vec::new() };
    recipe.builders.extend(daemons.into_iter().map(daemon));
    if let Some(kind) = &image.docker.builder
        && kind.value == BuilderKind::Buildkit
        && recipe.is_built_here()
    {
        let Some(address) = session.environment.get("BUILDKIT_HOST") else {
            let hint = "list `builders`, or set the variable BUILDKIT_HOST";
            let message = "`builder: buildkit` without an address";
            let hint = Some(hint.to_owned());
            let diagnostic = configuration.file.diagnostic(Code::Value, kind.span, message, hint);
            return Err(ConfigurationError::from(diagnostic).into());
        };
        let address = address.parse().map_err(|error: AddressError| {
            CommandError::new(ExitCode::Usage, "BUILDKIT_HOST names no builder").cause(error)
        })?;
        recipe.builders.push(daemon(address));
    }
    Ok(())
}

/// Keeps what signs images, and what only commands are to see, out of them.
fn keep_out(
    recipe: &mut Recipe,
    configuration: &Configuration,
    image: &ImageSettings,
    docker: &DockerArguments,
    session: &Session,
) {
    let key = configuration.signing.as_ref().and_then(|signing| match &signing.key()?.value {
        KeyReference::File(path) => Some(configuration.resolve(path)),
        KeyReference::Environment(_) | KeyReference::Kubernetes { .. } | KeyReference::Program(_) => None,
    });
    let password = session.environment.get(PASSWORD_FILE).map(PathBuf::from);
    let file = |place: &SecretPlace| match place {
        SecretPlace::File(path) => Some(path.clone()),
        SecretPlace::Variable(_) | SecretPlace::Either => None,
    };
    let configured = image.docker.secrets.iter().filter_map(|secret| file(&secret.place));
    let given = docker.secrets.iter().filter_map(|secret| file(&secret.place)).map(PathBuf::from);
    for path in key.into_iter().chain(password).chain(configured.map(|path| configuration.resolve(&path))).chain(given)
    {
        recipe.keep_out(&path);
    }
}

/// Reads what a builder is recognized by. Errors name the file and its key.
fn certificates(
    settings: &TlsSettings,
    configuration: &Configuration,
    refused: &impl Fn(Span, String) -> CommandError,
) -> Result<Tls, CommandError> {
    let read = |key: &str, path: &Spanned<String>| {
        let text = read_file(&configuration.resolve(path), PEM_LIMIT);
        text.map_err(|error| refused(path.span, format!("`{key}`: cannot read `{}`: {error}", path.value)))
    };
    let authorities = read("ca", &settings.authorities)?.into_bytes();
    let identity = match &settings.identity {
        Some((certificate, key)) => Some(Identity {
            certificates: read("certificate", certificate)?.into_bytes(),
            key: Secret::new(read("key", key)?),
        }),
        None => None,
    };
    let tls = Tls { authorities, identity, server_name: None };
    tls.check().map_err(|error| {
        let (key, path) = match (error.part, &settings.identity) {
            (TlsPart::Certificate, Some((certificate, _))) => ("certificate", certificate),
            (TlsPart::Key, Some((_, key))) => ("key", key),
            _ => ("ca", &settings.authorities),
        };
        refused(path.span, format!("`{key}`: `{}` cannot be used: {}", path.value, error.source))
    })?;
    Ok(tls)
}

/// Returns what is wrong, and why.
fn with_cause(error: &(dyn Error + 'static)) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
