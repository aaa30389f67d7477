//! The images that a Dockerfile names: what they are, before anything is built, and what they have for a platform.

use super::error::MissingPlatform;
use super::{BuildError, NamedContext, Recipe, Request, StepError};
use crate::instruction::Action;
use crate::stage::{Base as StageBase, Needed};
use crate::syntax::Lines;
use consign_image::{Base, BaseError, ImageError, ImageReference, Place};
use consign_oci::{Descriptor, Document, Platform};
use consign_store::Store;
use std::collections::{BTreeMap, BTreeSet};

/// What the images of a Dockerfile are looked up with.
pub struct ResolveRequest<'a> {
    /// All platforms of the image.
    pub platforms: &'a [Platform],
    /// What this machine runs.
    pub host: &'a Platform,
    /// Where what a name stood for is noted.
    pub store: &'a Store,
    /// Opens an image.
    pub open: &'a (dyn Fn(&ImageReference) -> Result<Place, ImageError> + Sync),
    /// What is to stay as it is, as far as that is to be had: an earlier answer.
    pub keep: &'a BTreeMap<String, Descriptor>,
    /// Whether that answer is a lock, and another is none.
    pub locked: bool,
    /// Whether registries are left alone.
    pub offline: bool,
}

impl Recipe {
    /// Returns the images that are needed for these platforms, as written, each with the platforms that it is needed for.
    pub fn images(
        &self,
        platforms: &[Platform],
        host: &Platform,
    ) -> Result<BTreeMap<String, BTreeSet<Platform>>, BuildError> {
        let mut images: BTreeMap<String, BTreeSet<Platform>> = BTreeMap::new();
        for platform in platforms {
            let (graph, _) = self.graph(platform, host)?;
            for stage in &graph.stages {
                let of_stage = self.stage_platform(stage.platform.as_deref(), platform, stage.place)?;
                let used = stage.uses.iter().map(|used| (used, platform));
                for (base, platform) in used.chain([(&stage.base, &of_stage)]) {
                    if let Some(name) = self.image_of(base) {
                        images.entry(name.to_owned()).or_default().insert(platform.clone());
                    }
                }
            }
        }
        Ok(images)
    }

    /// Returns where the first stage begins that needs an image.
    fn line_of(&self, name: &str, platforms: &[Platform], host: &Platform) -> Lines {
        let graphs = platforms.iter().filter_map(|platform| self.graph(platform, host).ok());
        let stages = graphs.flat_map(|(graph, _)| graph.stages);
        let needs =
            |stage: &Needed| stage.uses.iter().chain([&stage.base]).any(|base| self.image_of(base) == Some(name));
        let first = stages.filter(needs).map(|stage| stage.place).min();
        let first = first.and_then(|place| self.file.stages.get(place));
        first.map_or(Lines { first: 1, last: 1 }, |stage| stage.lines)
    }

    /// Returns the platforms whose programs builds for these run, as far as the file says it: bases may leave commands to whoever builds on them.
    pub fn commands(&self, platforms: &[Platform], host: &Platform) -> Result<BTreeSet<Platform>, BuildError> {
        let mut found = BTreeSet::new();
        // Where a builder builds, nothing is run here.
        for platform in platforms.iter().filter(|_| self.is_built_here()) {
            let (graph, _) = self.graph(platform, host)?;
            let mut of_stages: BTreeMap<usize, Platform> = BTreeMap::new();
            for stage in graph.stages {
                // A stage on another has its platform.
                let of_stage = match &stage.base {
                    StageBase::Stage(other) => of_stages.get(other).unwrap_or(platform).clone(),
                    _ => self.stage_platform(stage.platform.as_deref(), platform, stage.place)?,
                };
                let instructions = &self.file.stages[stage.place].instructions;
                if instructions.iter().any(|instruction| matches!(instruction.action, Action::Run(_))) {
                    found.insert(of_stage.clone());
                }
                of_stages.insert(stage.place, of_stage);
            }
        }
        Ok(found)
    }

    pub(super) fn image_of<'a>(&'a self, base: &'a StageBase) -> Option<&'a str> {
        match base {
            StageBase::Image(name) => Some(name),
            StageBase::Context(name) => match self.contexts.get(name)? {
                NamedContext::Image(reference) => Some(reference),
                NamedContext::Folder(_) | NamedContext::Repository(_) | NamedContext::Web(_) => None,
            },
            StageBase::Scratch | StageBase::Stage(_) => None,
        }
    }

    /// Returns those of the images that are named without a digest. What lies in files of this machine is left out: it comes and goes with them.
    pub fn open_images(
        &self,
        platforms: &[Platform],
        host: &Platform,
    ) -> Result<BTreeMap<String, BTreeSet<Platform>>, BuildError> {
        let mut images = self.images(platforms, host)?;
        images.retain(|name, _| match name.parse() {
            Ok(ImageReference::Registry(reference)) => reference.digest.is_none(),
            Ok(_) => false,
            Err(_) => true,
        });
        Ok(images)
    }

    /// Returns the platform of a stage: what it says, else what is built for.
    pub(crate) fn stage_platform(
        &self,
        written: Option<&str>,
        platform: &Platform,
        place: usize,
    ) -> Result<Platform, BuildError> {
        let Some(written) = written else { return Ok(platform.clone()) };
        written.parse().map_err(|source| self.failed_stage(place, StepError::Platform(source)))
    }
}

/// Finds what the images are that a Dockerfile names, and that each is made for all platforms that it is needed for.
pub async fn resolve(
    recipe: &Recipe,
    request: &ResolveRequest<'_>,
) -> Result<BTreeMap<String, Descriptor>, BuildError> {
    let mut found = BTreeMap::new();
    let mut missing = Vec::new();
    for (name, platforms) in recipe.images(request.platforms, request.host)? {
        let failed = |error: StepError| BuildError::Image {
            path: recipe.path.clone(),
            lines: recipe.line_of(&name, request.platforms, request.host),
            reference: name.clone(),
            source: Box::new(error),
        };
        let place = (request.open)(&reference(&name).map_err(failed)?).map_err(|error| failed(error.into()))?;
        let kept = match request.keep.get(&name) {
            Some(kept) if request.offline => Some(kept.clone()),
            Some(kept) => Base::find(&place, kept).await.map_err(|error| failed(error.into()))?,
            None => None,
        };
        let root = match kept {
            Some(root) => root,
            None if request.locked
                && let Some(kept) = request.keep.get(&name) =>
            {
                let (base, digest) = (name.clone(), kept.digest.clone());
                return Err(failed(BaseError::Gone { base, place: place.describe(), digest }.into()));
            }
            None => Base::root(&place, request.store, request.offline).await.map_err(|error| failed(error.into()))?,
        };
        if !request.offline {
            let document = place.document(&root).await.map_err(|error| failed(error.into()))?;
            let present: Vec<Platform> = match &document {
                Document::Index(index) => index.platforms().map(|(platform, _)| platform.clone()).collect(),
                Document::Manifest(manifest) => {
                    let config = Base::config(&place, &manifest.config).await;
                    vec![config.map_err(|error| failed(error.into()))?.platform]
                }
            };
            let lacking = platforms.into_iter().filter(|platform| !present.contains(platform));
            missing.extend(lacking.map(|wanted| MissingPlatform {
                reference: name.clone(),
                wanted,
                present: present.clone(),
            }));
        }
        found.insert(name, root.plain());
    }
    if missing.is_empty() { Ok(found) } else { Err(BuildError::Platforms { missing }) }
}

/// Brings an image that a Dockerfile names into the store, for one platform.
pub(crate) async fn fetch(name: &str, platform: &Platform, request: &Request<'_>) -> Result<Base, StepError> {
    let place = (request.open)(&reference(name)?)?;
    let root = match request.images.get(name) {
        Some(root) => root.clone(),
        // A trigger names it, which nobody could know before.
        None => Base::root(&place, request.store, request.offline).await?,
    };
    let fetched = Base::fetch(&place, &root, platform, request.store, request.offline).await;
    fetched.map_err(|error: BaseError| error.of_locked(name, &root.digest).into())
}

pub(super) fn reference(written: &str) -> Result<ImageReference, StepError> {
    written.parse().map_err(|source| StepError::Reference { written: written.chars().take(300).collect(), source })
}
