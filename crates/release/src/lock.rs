//! Between a lock and what a build takes from one.

use crate::{Event, Job, Recipe, ReleaseError, Workshop};
use consign_build::{ChosenPackage, Resolution, ResolveRequest, Specification};
use consign_image::{ImageError, ImageReference, Place};
use consign_oci::Descriptor;
use consign_plan::{LockedImage, LockedPackage};
use std::collections::BTreeMap;

/// What an image is made of, as far as its file leaves that open.
pub(crate) enum Choice {
    /// Packages or a base image, for an image file.
    ImageFile(Box<Resolution>),
    /// What the images are that a Dockerfile names, by the reference as it is written.
    Dockerfile(BTreeMap<String, Descriptor>),
}

impl Workshop {
    /// Returns what an image is made of: what its lock says, else what is chosen now, for all its platforms together.
    pub(crate) async fn choice(&self, job: &Job) -> Result<Choice, ReleaseError> {
        match (&job.recipe, &job.locked) {
            (Recipe::ImageFile(_), Some(locked)) => Ok(Choice::ImageFile(Box::new(resolution(locked)))),
            (Recipe::ImageFile(file), None) => Ok(Choice::ImageFile(Box::new(self.resolve(file, job, None).await?))),
            (Recipe::Dockerfile(recipe), locked) => {
                let keep = locked.as_ref().map(|locked| &locked.images);
                Ok(Choice::Dockerfile(self.images(recipe, job, keep, locked.is_some()).await?))
            }
        }
    }

    /// Chooses what an image is to be locked to. `keep` is an earlier choice, which stays as far as it is to be had. `None` where nothing is left
    /// open.
    pub async fn lock(&self, job: &Job, keep: Option<&LockedImage>) -> Result<Option<LockedImage>, ReleaseError> {
        let question = job.recipe.question(&job.planned.name, &job.platforms, &self.host.platform)?;
        let Some(question) = question else { return Ok(None) };
        match &job.recipe {
            Recipe::ImageFile(file) => {
                let base = keep.filter(|kept| kept.request == question).and_then(|kept| kept.base.clone());
                let keep = keep.map(|kept| Resolution { base, ..resolution(kept) });
                let chosen = self.resolve(file, job, keep.as_ref()).await?;
                let warnings = chosen.warnings.iter().map(|(platform, warnings)| (platform, &warnings[..]));
                self.warn_once(&job.planned.name, warnings);
                // What was consulted is no part of what was chosen.
                let Resolution { suite, base, packages, locked: _, consulted: _, warnings: _ } = chosen;
                let packages = packages
                    .into_iter()
                    .map(|(platform, packages)| (platform, packages.into_iter().map(locked).collect()));
                Ok(Some(LockedImage::new(question, base, suite, packages.collect())))
            }
            Recipe::Dockerfile(recipe) => {
                let mut images = self.images(recipe, job, keep.map(|kept| &kept.images), false).await?;
                // One that is written with a digest is its own lock.
                let open = recipe.open_images(&job.platforms, &self.host.platform);
                let open = open.map_err(|source| self.no_images(job, source))?;
                images.retain(|name, _| open.contains_key(name));
                Ok(Some(LockedImage::of_images(question, images)))
            }
        }
    }

    async fn resolve(
        &self,
        file: &Specification,
        job: &Job,
        keep: Option<&Resolution>,
    ) -> Result<Resolution, ReleaseError> {
        let request = ResolveRequest {
            platforms: &job.platforms,
            store: &self.store,
            fetcher: &self.fetcher,
            sources: &self.debian,
            base: job.base.as_ref(),
            keep,
            reuse: self.reuse,
            now: self.now,
        };
        let image = job.planned.name.clone();
        let chooses = file.leaves_open();
        if chooses {
            self.tell(Event::Resolving { image: image.clone() });
        }
        match consign_build::resolve(file, &request).await {
            Ok(resolution) => {
                let packages = resolution.packages.values().map(Vec::len).max().unwrap_or_default();
                if chooses {
                    self.tell(Event::Resolved { image, packages });
                }
                Ok(resolution)
            }
            Err(source) => Err(ReleaseError::Resolve { image, source: Box::new(source) }),
        }
    }

    async fn images(
        &self,
        recipe: &consign_dockerfile::Recipe,
        job: &Job,
        keep: Option<&BTreeMap<String, Descriptor>>,
        locked: bool,
    ) -> Result<BTreeMap<String, Descriptor>, ReleaseError> {
        let (open, nothing) = (self.opener()?, BTreeMap::new());
        let request = consign_dockerfile::ResolveRequest {
            platforms: &job.platforms,
            host: &self.host.platform,
            store: &self.store,
            open: &open,
            keep: keep.unwrap_or(&nothing),
            locked,
            offline: self.fetcher.is_offline(),
        };
        consign_dockerfile::resolve(recipe, &request).await.map_err(|source| self.no_images(job, source))
    }

    fn no_images(&self, job: &Job, source: consign_dockerfile::BuildError) -> ReleaseError {
        ReleaseError::Images { image: job.planned.name.clone(), source: Box::new(source) }
    }

    /// Returns what opens images.
    pub(crate) fn opener(
        &self,
    ) -> Result<impl Fn(&ImageReference) -> Result<Place, ImageError> + Send + Sync + use<>, ReleaseError> {
        let (client, store) = (self.client(self.hosts.clone())?.with_mirrors(), self.store.clone());
        Ok(move |reference: &ImageReference| Place::open(reference, &client, || Ok(store.clone())))
    }
}

fn resolution(locked: &LockedImage) -> Resolution {
    let LockedImage { base, suite, packages, .. } = locked.clone();
    let packages = packages.into_iter().map(|(platform, packages)| {
        let chosen = packages.into_iter().map(|package| {
            let LockedPackage { name, version, architecture, suite, path, size, digest, url } = package;
            ChosenPackage { name, version, architecture, suite, path, size, sha256: digest, url, archive: None }
        });
        (platform, chosen.collect())
    });
    let (consulted, warnings) = (BTreeMap::new(), BTreeMap::new());
    Resolution { locked: true, suite, base, packages: packages.collect(), consulted, warnings }
}

fn locked(package: ChosenPackage) -> LockedPackage {
    let ChosenPackage { name, version, architecture, suite, path, size, sha256, url, archive: _ } = package;
    LockedPackage { name, version, architecture, suite, path, size, digest: sha256, url }
}
