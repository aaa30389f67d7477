//! A build by a BuildKit that is already there. Its image comes into the store like any other, so it passes the same gates.

use super::image::{annotations, parameters};
use super::{BuildError, NamedContext, Recipe, Request};
use crate::buildkit::{Builder, BuildkitError, Context, Form, Network, Options, Progress, Recompute, Secret, Solve};
use crate::instruction;
use consign_image::{Base, Built, ImageError, Layout, Parts, Place, rfc3339};
use consign_oci::Platform;
use consign_receipt::predicate::ResourceDescriptor;
use serde_json::json;
use std::io;
use std::path::Path;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

/// A build by BuildKit that failed.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The daemon failed, or could not be spoken to.
    #[error(transparent)]
    Buildkit(Box<BuildkitError>),
    /// No daemon builds for the platform.
    #[error("no builder builds for {platform}: they build for {}", offered.join("; "))]
    Platform {
        /// What is wanted.
        platform: Platform,
        /// What each builds for.
        offered: Vec<String>,
    },
    /// What the daemon handed over cannot be read.
    #[error("what the builder handed over is no image")]
    Image(#[from] ImageError),
    /// What the daemon handed over holds no image.
    #[error("the builder handed over an archive without an image")]
    Empty,
    /// What the daemon hands over cannot be written.
    #[error("cannot write what the builder hands over")]
    Output {
        /// Why not.
        source: io::Error,
    },
}

impl From<BuildkitError> for RemoteError {
    fn from(error: BuildkitError) -> Self {
        Self::Buildkit(Box::new(error))
    }
}

/// Builds an image for one platform by one of the recipe's builders.
pub(super) async fn build(recipe: &Recipe, request: &Request<'_>) -> Result<Built, BuildError> {
    let builder = choose(recipe, request.platform).await?;
    let scratch = request.store.scratch()?;
    let archive = scratch.path().join("image.tar");
    let form = solve(recipe, request, &builder, &archive).await?;
    let base = imported(&archive, form, request).await?;
    let created = rfc3339(request.time())?;
    let layers = base.layers();
    let parts = Parts {
        platform: request.platform.clone(),
        created: base.config.created.clone().unwrap_or_else(|| created.clone()),
        author: base.config.author.clone(),
        config: base.config.config.clone(),
        layers: layers.clone(),
        history: base.config.history.clone(),
        annotations: annotations(None, created, request),
    };
    let (manifest, config) = parts.write(request.store)?;
    let mut external_parameters = parameters(recipe, request);
    external_parameters["builder"] = json!(builder.address().to_string());
    let images = request.images.iter();
    let resolved_dependencies = images
        .map(|(name, image)| ResourceDescriptor::named("base image", Some(format!("oci://{name}")), &image.digest))
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
        observed: false,
    })
}

/// Connects to the builder that builds natively for a platform, else to one that emulates it.
async fn choose(recipe: &Recipe, platform: &Platform) -> Result<Builder, RemoteError> {
    let options = Options { tls: None, environment: recipe.builder_environment.clone() };
    let (mut emulating, mut offered) = (None, Vec::new());
    for address in &recipe.builders {
        let builder = Builder::connect(address, &options).await?;
        let mut platforms = builder.workers().iter().map(|worker| &worker.platforms);
        if platforms.clone().any(|platforms| platforms.first() == Some(platform)) {
            return Ok(builder);
        }
        if platforms.any(|platforms| platforms.contains(platform)) {
            emulating = emulating.or(Some(builder));
        } else {
            let platforms = builder.workers().iter().flat_map(|worker| &worker.platforms);
            let platforms: Vec<String> = platforms.map(Platform::to_string).collect();
            offered.push(format!("{address} for {}", platforms.join(", ")));
        }
    }
    emulating.ok_or_else(|| RemoteError::Platform { platform: platform.clone(), offered })
}

async fn solve(recipe: &Recipe, request: &Request<'_>, builder: &Builder, archive: &Path) -> Result<Form, RemoteError> {
    let mut solve = Solve::new(recipe.text.clone(), recipe.context.folder());
    solve.dockerignore = recipe.context.own_patterns().map(str::as_bytes).map(<[u8]>::to_vec);
    for (name, context) in &recipe.contexts {
        let context = match context {
            NamedContext::Folder(context) => Context::Folder(context.folder().to_owned()),
            NamedContext::Image(reference) => Context::Image(reference.clone()),
        };
        solve.contexts.insert(name.clone(), context);
    }
    for (name, image) in request.images {
        // What was looked up, or is locked, and nothing else.
        let pinned = format!("{}@{}", name.split('@').next().unwrap_or(name), image.digest);
        solve.contexts.entry(name.clone()).or_insert(Context::Image(pinned));
    }
    solve.target.clone_from(&recipe.target);
    solve.platform = Some(request.platform.clone());
    solve.arguments = recipe.arguments.clone();
    solve.recompute = if request.reuse { Recompute::Nothing } else { Recompute::Everything };
    solve.network = match recipe.network {
        instruction::Network::Default => Network::Default,
        instruction::Network::None => Network::None,
        instruction::Network::Host => Network::Host,
    };
    solve.created = i64::try_from(request.time()).ok();
    solve.secrets = recipe.secrets.iter().map(|(id, secret)| (id.clone(), Secret::new(secret.clone()))).collect();
    solve.agents = recipe.agents.clone();
    let output = request.output;
    let mut progress = |progress: Progress| match progress {
        Progress::Started { name, .. } => output(&name),
        Progress::Log { bytes, .. } => String::from_utf8_lossy(&bytes).lines().for_each(output),
        Progress::Warning { text, .. } => output(&text),
        Progress::Ended { .. } | Progress::Moved { .. } => {}
    };
    let failed = |source| RemoteError::Output { source };
    let mut file = File::create(archive).await.map_err(failed)?;
    let solved = builder.solve(&solve, &mut file, &mut progress).await?;
    file.flush().await.map_err(failed)?;
    Ok(solved.form)
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
