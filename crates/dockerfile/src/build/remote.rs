//! A build by somebody else: a BuildKit that is already there, or a program. Its image comes into the store like any other, so it passes the same gates.

use super::image::{annotations, dockerfile, parameters};
use super::{BuildError, Daemon, NamedContext, Recipe, RemoteError, Request, program};
use crate::buildkit::{Builder, Cache, Context, Form, Network, Options, Progress, Recompute, Secret, Solve};
use crate::instruction;
use consign_image::{Base, Built, ImageReference, Layout, Parts, Place, rfc3339};
use consign_oci::Platform;
use consign_receipt::predicate::ResourceDescriptor;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

/// Names of Docker Hub; references have the first.
const DOCKER_HUB: [&str; 3] = ["docker.io", "registry-1.docker.io", "index.docker.io"];
/// What of a config is the image's, beside what OCI knows (Docker image specification v1.2). The rest is of the container that it was made in.
const IMAGE_KEYS: [&str; 5] = ["ArgsEscaped", "Healthcheck", "OnBuild", "Shell", "StopTimeout"];

/// Builds an image for one platform by one of the recipe's daemons, or by its program.
pub(super) async fn build(recipe: &Recipe, request: &Request<'_>) -> Result<Built, BuildError> {
    recipe.places_anew()?;
    if let Some(path) = recipe.folders().find_map(|folder| folder.exposed()) {
        return Err(RemoteError::Exposed { path: path.to_owned() }.into());
    }
    let scratch = request.store.scratch()?;
    let archive = scratch.path().join("image.tar");
    let (form, by) = match recipe.program {
        Some(program) => {
            (program::build(program, recipe, request, scratch.path(), &archive).await?, program.to_string())
        }
        None => {
            let builder = choose(recipe, request.platform).await?;
            (solve(recipe, request, &builder, &archive).await?, builder.address().to_string())
        }
    };
    let base = imported(&archive, form, request).await?;
    let created = rfc3339(request.time())?;
    let layers = base.layers();
    let mut config = base.config.config.clone();
    config.other.retain(|key, _| IMAGE_KEYS.contains(&key.as_str()));
    let mut history = base.config.history.clone();
    if recipe.program.is_some() {
        // Buildah names images of its own there, which differ from run to run.
        history.iter_mut().for_each(|step| step.comment = None);
    }
    let parts = Parts {
        platform: request.platform.clone(),
        created: base.config.created.clone().unwrap_or_else(|| created.clone()),
        author: base.config.author.clone(),
        config,
        layers: layers.clone(),
        history,
        annotations: annotations(None, created, request),
    };
    let (manifest, config) = parts.write(request.store)?;
    let mut external_parameters = parameters(recipe, request);
    external_parameters["builder"] = json!(by);
    let images = request.images.iter();
    let resolved_dependencies = images
        .map(|(name, image)| ResourceDescriptor::named("base image", Some(format!("oci://{name}")), &image.digest))
        .chain([dockerfile(recipe)])
        .collect();
    Ok(Built {
        platform: request.platform.clone(),
        manifest,
        config,
        layers,
        resolved_dependencies,
        external_parameters,
        warnings: Vec::new(),
        reused: false,
    })
}

/// Connects to the builder that builds natively for a platform, else to one that emulates it.
async fn choose(recipe: &Recipe, platform: &Platform) -> Result<Builder, RemoteError> {
    let (mut emulating, mut offered) = (None, Vec::new());
    let names = |platforms: &[Platform]| platforms.iter().map(Platform::to_string).collect::<Vec<_>>().join(", ");
    for Daemon { address, tls, platforms: stated } in &recipe.builders {
        if !stated.is_empty() && !stated.contains(platform) {
            offered.push(format!("{address} for {}", names(stated)));
            continue;
        }
        let options = Options { tls: tls.clone(), environment: recipe.builder_environment.clone() };
        let builder = Builder::connect(address, &options).await?;
        let mut platforms = builder.workers().iter().map(|worker| &worker.platforms);
        if platforms.clone().any(|platforms| platforms.first() == Some(platform)) {
            return Ok(builder);
        }
        if platforms.any(|platforms| platforms.contains(platform)) {
            emulating = emulating.or(Some(builder));
        } else {
            let platforms: Vec<_> = builder.workers().iter().flat_map(|worker| worker.platforms.clone()).collect();
            offered.push(format!("{address} for {}", names(&platforms)));
        }
    }
    emulating.ok_or_else(|| RemoteError::Platform { platform: platform.clone(), offered })
}

async fn solve(recipe: &Recipe, request: &Request<'_>, builder: &Builder, archive: &Path) -> Result<Form, BuildError> {
    let mut solve = Solve::new(recipe.text.clone(), recipe.context.folder());
    solve.dockerignore = recipe.context.own_patterns().map(str::as_bytes).map(<[u8]>::to_vec);
    if builder.has_named_contexts().await.map_err(RemoteError::from)? {
        for (name, context) in &recipe.contexts {
            let context = match context {
                NamedContext::Folder(context) => Context::Folder(context.folder().to_owned()),
                NamedContext::Image(reference) if reference.starts_with("oci:") => {
                    return Err(RemoteError::Layout { name: name.clone() }.into());
                }
                NamedContext::Image(reference) => Context::Image(looked_up(reference, request)),
                NamedContext::Repository(written) | NamedContext::Web(written) => Context::Remote(written.clone()),
            };
            solve.contexts.insert(name.clone(), context);
        }
        for name in request.images.keys() {
            // What was looked up, or is locked, and nothing else.
            solve.contexts.entry(name.clone()).or_insert(Context::Image(looked_up(name, request)));
        }
    } else {
        recipe.check_contexts(|| builder.address().to_string())?;
        solve.dockerfile = recipe.pinned(request).await?;
    }
    solve.labels = recipe.labels.clone();
    solve.target.clone_from(&recipe.target);
    solve.platform = Some(request.platform.clone());
    solve.arguments = recipe.arguments.clone();
    solve.recompute = match request.reuse {
        false => Recompute::Everything,
        true if recipe.anew.is_empty() => Recompute::Nothing,
        true => Recompute::Stages(recipe.anew.clone()),
    };
    solve.network = match recipe.network {
        instruction::Network::Default => Network::Default,
        instruction::Network::None => Network::None,
        instruction::Network::Host => Network::Host,
    };
    solve.insecure = recipe.insecure;
    // What was left by others is looked at, too.
    let own = |caches: &[Cache]| caches.iter().map(|cache| cache.of_platform(request.platform)).collect::<Vec<_>>();
    solve.cache_from = own(&recipe.cache_from);
    solve.cache_from.extend(recipe.cache_from.iter().filter(|cache| cache.kind == "registry").cloned());
    solve.cache_to = own(&recipe.cache_to);
    solve.created = i64::try_from(request.time()).ok();
    solve.secrets = recipe.secrets.iter().map(|(id, secret)| (id.clone(), Secret::new(secret.clone()))).collect();
    solve.agents = recipe.agents.clone();
    let logins = request.logins.clone();
    solve.credentials = Some(Arc::new(move |host: String| {
        // Docker Hub by the names that daemons have for it.
        let name = if DOCKER_HUB.contains(&host.as_str()) { DOCKER_HUB[0] } else { &host };
        let login = logins.get(name).cloned();
        Box::pin(async move { login })
    }));
    let output = request.output;
    let mut progress = |progress: Progress| match progress {
        Progress::Started { name, .. } => output(&name),
        Progress::Log { bytes, .. } => String::from_utf8_lossy(&bytes).lines().for_each(output),
        Progress::Warning { text, .. } => output(&text),
        Progress::Ended { .. } | Progress::Moved { .. } => {}
    };
    let failed = |source| RemoteError::Output { source };
    let mut file = File::create(archive).await.map_err(failed)?;
    let solved = builder.solve(&solve, &mut file, &mut progress).await.map_err(RemoteError::from)?;
    file.flush().await.map_err(failed)?;
    Ok(solved.form)
}

/// Returns an image by the digest that was looked up, or is locked.
fn looked_up(name: &str, request: &Request<'_>) -> String {
    let Some(image) = request.images.get(name) else { return name.to_owned() };
    let name = match name.parse() {
        Ok(ImageReference::Registry(reference)) => reference.repository.to_string(),
        _ => name.split('@').next().unwrap_or(name).to_owned(),
    };
    format!("{name}@{}", image.digest)
}

impl Recipe {
    /// Refuses folders with names, which a builder does not take.
    pub(super) fn check_contexts(&self, builder: impl FnOnce() -> String) -> Result<(), RemoteError> {
        let folders = self.contexts.iter().filter(|(_, context)| !matches!(context, NamedContext::Image(_)));
        let names: Vec<String> = folders.map(|(name, _)| name.clone()).collect();
        if names.is_empty() { Ok(()) } else { Err(RemoteError::Contexts { builder: builder(), names }) }
    }
}

/// Brings the image of an archive into the store.
async fn imported(archive: &Path, form: Form, request: &Request<'_>) -> Result<Base, BuildError> {
    let layout = match form {
        Form::Oci => Layout::archive(archive),
        Form::Docker => Layout::docker_archive(archive),
    };
    let place = Place::Layout { layout: layout.map_err(RemoteError::from)?, tag: None };
    let root = place.root().await.map_err(RemoteError::from)?.ok_or(RemoteError::Empty)?;
    let base = Base::fetch(&place, &root, request.platform, request.store, request.offline).await;
    base.map_err(|source| BuildError::Handed { source: Box::new(source) })
}
