//! The file that an image is made from. What is wrong with it is shown as what is wrong with the configuration is.

use crate::arguments::DockerArguments;
use crate::caches;
use crate::environment::FOR_THE_WEB;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use consign_build::{Problem, Specification, SpecificationError};
use consign_dockerfile::buildkit::AddressError;
use consign_dockerfile::context::Context;
use consign_dockerfile::instruction::{Dockerfile, Network};
use consign_dockerfile::{BuildError, Daemon, NamedContext, Program};
use consign_oci::Platform;
use consign_plan::configuration::{BuilderKind, ImageSettings, NetworkSetting, SourceFile};
use consign_plan::{Code, Configuration, ConfigurationError};
use consign_release::Recipe;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Reads the file of an image: a Dockerfile by its name, else an image file or a Dockerfile by what is in it.
pub(crate) fn read(
    configuration: &Configuration,
    image: &ImageSettings,
    path: &Path,
    text: &str,
) -> Result<Recipe, CommandError> {
    if is_dockerfile(path) {
        return dockerfile(configuration, image, path, text);
    }
    if Specification::is_image_file(text) {
        let file = Specification::parse(&path.to_string_lossy(), text);
        let file = file.map_err(|error| refusal(text, &error))?;
        return Ok(Recipe::ImageFile(Box::new(file)));
    }
    if consign_dockerfile::syntax::read(text.as_bytes()).is_ok() {
        return dockerfile(configuration, image, path, text);
    }
    let hint =
        "this version builds Dockerfiles, and image files with `packages`, `files` or `base`; it builds no apko files";
    let message = "this is neither an image file that consign builds nor a Dockerfile";
    let span = image.source.span;
    let diagnostic = configuration.file.diagnostic(Code::Source, span, message.to_owned(), Some(hint.to_owned()));
    Err(ConfigurationError::from(diagnostic).into())
}

/// Returns the build arguments of the command line. A name alone stands for the variable of that name, if it is set, as with `docker build`.
pub(crate) fn arguments(session: &Session, docker: &DockerArguments) -> Result<BTreeMap<String, String>, CommandError> {
    let mut arguments = BTreeMap::new();
    for written in &docker.build_arguments {
        let (name, value) = match written.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (written.as_str(), session.environment.get_even_empty(written)),
        };
        if name.is_empty() {
            let message = format!("`--build-arg {written}` has no name");
            return Err(CommandError::new(ExitCode::Usage, message).hint("write `--build-arg NAME=VALUE`"));
        }
        if let Some(value) = value {
            arguments.insert(name.to_owned(), value.to_owned());
        }
    }
    Ok(arguments)
}

/// Returns the sockets of SSH agents that the command line gives.
pub(crate) fn agents(session: &Session, docker: &DockerArguments) -> Result<BTreeMap<String, PathBuf>, CommandError> {
    let agent = |written: &String| {
        let missing = || {
            let message = format!("`--ssh {written}`: SSH_AUTH_SOCK is not set, so there is no agent");
            CommandError::new(ExitCode::Usage, message).hint("name its socket: `--ssh NAME=SOCKET`")
        };
        agent(session, written, |path| PathBuf::from(path)).ok_or_else(missing)
    };
    docker.agents.iter().map(agent).collect()
}

/// Reads `NAME[=SOCKET]`; `None` where a socket is neither named nor in the environment.
pub(crate) fn agent(session: &Session, written: &str, resolve: impl Fn(&str) -> PathBuf) -> Option<(String, PathBuf)> {
    match written.split_once('=') {
        Some((name, socket)) => Some((name.to_owned(), resolve(socket))),
        None => Some((written.to_owned(), session.environment.get("SSH_AUTH_SOCK")?.into())),
    }
}

/// Returns a configuration for a Dockerfile alone: it is built for these platforms, and goes nowhere.
pub(crate) fn alone(path: &Path, platforms: &[Platform]) -> Result<Configuration, ConfigurationError> {
    let folder = std::path::absolute(path).ok();
    let folder = folder.as_deref().and_then(Path::parent).and_then(Path::file_name).unwrap_or_default();
    let name: String = folder.to_string_lossy().to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let name = if name.is_empty() { "image" } else { &name };
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let source = serde_json::Value::from(file);
    let platforms: Vec<String> = platforms.iter().map(Platform::to_string).collect();
    let platforms = match &platforms[..] {
        [] => String::new(),
        platforms => format!(", platforms: [{}]", platforms.join(", ")),
    };
    let text = format!("build: [{{ source: {source}, destination: \"localhost/{name}:latest\"{platforms} }}]\n");
    Configuration::parse(&path.to_string_lossy(), &text)
}

/// Opens the context that the command line gives.
pub(crate) fn context(folder: &Path, dockerfile: &Path) -> Result<Context, CommandError> {
    if !folder.is_dir() {
        let message = format!("`--context {}` is no folder", folder.display());
        return Err(CommandError::new(ExitCode::Usage, message));
    }
    Context::open(folder, dockerfile).map_err(|error| CommandError::of(ExitCode::Configuration, &error))
}

/// Returns whether a file is a Dockerfile by its name.
pub(crate) fn is_dockerfile(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let named = name.starts_with("Dockerfile") || name.ends_with(".Dockerfile") || name == "Containerfile";
    named && !name.ends_with(".dockerignore")
}

/// Returns whether a text is a Dockerfile: it has nothing but instructions, and one is FROM.
pub(crate) fn is_dockerfile_s_text(text: &str) -> bool {
    let source = consign_dockerfile::syntax::read(text.as_bytes()).ok();
    source.and_then(|source| Dockerfile::new(source).ok()).is_some_and(|file| !file.stages.is_empty())
}

/// Says why the file of an image cannot be read.
pub(crate) fn unreadable(
    session: &Session,
    configuration: &Configuration,
    image: &ImageSettings,
    path: &Path,
    error: &io::Error,
) -> CommandError {
    if error.kind() == io::ErrorKind::InvalidData
        && is_dockerfile(path)
        && let Ok(bytes) = std::fs::read(path)
        && let Err(source) = consign_dockerfile::syntax::read(&bytes)
    {
        return in_dockerfile(&String::from_utf8_lossy(&bytes), BuildError::Syntax { path: path.to_owned(), source });
    }
    if session.is_dockerfile() {
        // There is no configuration to point at.
        let error = CommandError::new(ExitCode::Configuration, format!("cannot read {}: {error}", path.display()));
        return error.hint("name another file with `-f FILE`, or another folder with `-C DIR`");
    }
    let message = format!("cannot read the image file: {error}");
    let diagnostic = configuration.file.diagnostic(Code::Source, image.source.span, message, None);
    ConfigurationError::from(diagnostic).into()
}

fn dockerfile(
    configuration: &Configuration,
    image: &ImageSettings,
    path: &Path,
    text: &str,
) -> Result<Recipe, CommandError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let context = match &image.docker.context {
        Some(context) => configuration.resolve(&context.value),
        None => folder.map_or_else(|| PathBuf::from("."), Path::to_owned),
    };
    let mut recipe = match consign_dockerfile::Recipe::read(path, text.as_bytes(), &context) {
        Ok(recipe) => recipe,
        Err(error) => return Err(in_dockerfile(text, error)),
    };
    recipe.target.clone_from(&image.docker.target);
    recipe.network = match image.docker.network {
        NetworkSetting::Default => Network::Default,
        NetworkSetting::Host => Network::Host,
        NetworkSetting::None => Network::None,
    };
    for (name, written) in &image.docker.contexts {
        recipe.contexts.insert(name.clone(), named_context(written, |path| configuration.resolve(path))?);
    }
    for builder in &image.docker.builders {
        let address = builder.address.value.parse().map_err(|error: AddressError| {
            let diagnostic = configuration.file.diagnostic(Code::Value, builder.address.span, error.to_string(), None);
            ConfigurationError::from(diagnostic)
        })?;
        // Certificates are read where something is built.
        recipe.builders.push(Daemon { address, tls: None, platforms: builder.platforms.clone() });
    }
    recipe.program = image.docker.builder.as_ref().and_then(|kind| match kind.value {
        BuilderKind::Docker => Some(Program::Docker),
        BuilderKind::Buildah => Some(Program::Buildah),
        BuilderKind::Buildkit => None,
    });
    caches::configure(configuration, image, &mut recipe)?;
    Ok(Recipe::Dockerfile(Box::new(recipe)))
}

/// Reads a context that has a name: an image after `docker-image://` or `oci-layout://`, a git repository, an address on the web, else a folder.
fn named_context(written: &str, resolve: impl Fn(&str) -> PathBuf) -> Result<NamedContext, CommandError> {
    if let Some(reference) = written.strip_prefix("docker-image://") {
        return Ok(NamedContext::Image(reference.to_owned()));
    }
    if let Some(layout) = written.strip_prefix("oci-layout://") {
        return oci_layout(layout, resolve);
    }
    match NamedContext::remote(written) {
        Ok(Some(remote)) => return Ok(remote),
        Ok(None) => {}
        Err(error) => return Err(CommandError::of(ExitCode::Configuration, &error)),
    }
    let folder = resolve(written);
    if written.contains("://") || !folder.is_dir() {
        let message =
            format!("the context `{written}` is neither a folder nor an image, and is not fetched from anywhere");
        let hint = "write `docker-image://REF` or `oci-layout://FOLDER:TAG` for an image, `https://HOST/PATH.git#REF` for a git repository";
        return Err(CommandError::new(ExitCode::Configuration, message).hint(hint));
    }
    let context = Context::open(&folder, &folder.join("Dockerfile"));
    context.map(NamedContext::Folder).map_err(|error| CommandError::of(ExitCode::Configuration, &error))
}

/// Reads `FOLDER[:TAG]`.
fn oci_layout(written: &str, resolve: impl Fn(&str) -> PathBuf) -> Result<NamedContext, CommandError> {
    if written.contains('@') {
        let message = format!("`oci-layout://{written}` names an image by its digest");
        return Err(
            CommandError::new(ExitCode::Configuration, message).hint("name it by its tag: `oci-layout://FOLDER:TAG`")
        );
    }
    let (folder, tag) = match written.rsplit_once(':') {
        Some((folder, tag)) if !tag.contains('/') => (folder, format!(":{tag}")),
        _ => (written, String::new()),
    };
    Ok(NamedContext::Image(format!("oci:{}{tag}", resolve(folder).display())))
}

/// Beginnings of variables that programs see which build, or reach into containers and pods of builders.
const BUILDER_VARIABLES: [&str; 7] =
    ["DOCKER_", "BUILDX_", "BUILDAH_", "CONTAINER_", "CONTAINERS_", "STORAGE_", "XDG_"];
/// Further ones.
const OTHER_BUILDER_VARIABLES: [&str; 6] =
    ["PATH", "HOME", "TMPDIR", "KUBECONFIG", "REGISTRY_AUTH_FILE", "SSH_AUTH_SOCK"];
/// Holds passwords for registries; programs have those that they need in their own files.
const LOGIN: &str = "DOCKER_AUTH_CONFIG";

/// Returns what programs see that build, or reach into containers and pods of builders.
pub(crate) fn builder_environment(session: &Session) -> BTreeMap<String, String> {
    let wanted = |name: &str| {
        OTHER_BUILDER_VARIABLES.contains(&name)
            || FOR_THE_WEB.contains(&name)
            || BUILDER_VARIABLES.iter().any(|beginning| name.starts_with(beginning))
    };
    let all =
        session.environment.all().iter().filter(|(name, value)| wanted(name) && *name != LOGIN && !value.is_empty());
    all.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Returns what git sees where it fetches repositories: where programs are, and the way to the web.
pub(crate) fn git_environment(session: &Session) -> BTreeMap<String, String> {
    let value = |name: &str| Some((name.to_owned(), session.environment.get(name)?.to_owned()));
    let mut environment: BTreeMap<_, _> = ["PATH", "HOME"].into_iter().chain(FOR_THE_WEB).filter_map(value).collect();
    // As other programs call it.
    if let Some(certificates) = environment.get("SSL_CERT_FILE").cloned() {
        environment.insert("GIT_SSL_CAINFO".to_owned(), certificates);
    }
    environment
}

/// Returns the contexts that the command line gives names.
pub(crate) fn contexts(docker: &DockerArguments) -> Result<BTreeMap<String, NamedContext>, CommandError> {
    let mut contexts = BTreeMap::new();
    for written in &docker.contexts {
        let Some((name, context)) = written.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            let message = format!("`--build-context {written}` has no name");
            return Err(CommandError::new(ExitCode::Usage, message)
                .hint("write `--build-context NAME=FOLDER`, or an address in place of the folder"));
        };
        contexts.insert(name.to_owned(), named_context(context, |path| PathBuf::from(path))?);
    }
    Ok(contexts)
}

/// Points at the line of a Dockerfile that cannot be read.
fn in_dockerfile(text: &str, error: BuildError) -> CommandError {
    let (path, lines, message) = match &error {
        BuildError::Syntax { path, source } => (path, source.lines, source.problem.to_string()),
        BuildError::Instruction { path, source } => {
            (path, source.lines, format!("{}: {}", source.keyword, source.problem))
        }
        _ => return CommandError::of(ExitCode::Configuration, &error),
    };
    let file = SourceFile::other(&path.to_string_lossy(), text);
    let width = text.lines().nth(lines.first.saturating_sub(1)).map_or(1, |line| line.chars().count().max(1));
    let span = file.span(lines.first, 1, width);
    ConfigurationError::from(file.diagnostic(Code::Syntax, span, message, None)).into()
}

/// Points at the place in the image file's text.
fn refusal(text: &str, error: &SpecificationError) -> ConfigurationError {
    let file = SourceFile::other(&error.file, text);
    let position = error.position;
    let span = file.span(position.line, position.column, position.width);
    file.diagnostic(code(&error.problem), span, error.problem.to_string(), error.problem.hint()).into()
}

fn code(problem: &Problem) -> Code {
    match problem {
        Problem::Syntax { .. } => Code::Syntax,
        Problem::TooLarge { .. } | Problem::TooMuch => Code::TooLarge,
        Problem::UnknownKey { .. } => Code::UnknownKey,
        Problem::DuplicateKey { .. } => Code::DuplicateKey,
        Problem::Type { .. } => Code::WrongType,
        Problem::MissingKey { .. } | Problem::Empty => Code::MissingKey,
        Problem::Value { key: "platforms", .. } => Code::Platform,
        Problem::Value { .. } | Problem::Kind { .. } => Code::Value,
    }
}
