//! What a build leaves in caches elsewhere.

use crate::{Job, Recipe, ReleaseError, Workshop};
use consign_dockerfile::{CacheError, Export};
use consign_oci::Platform;

impl Workshop {
    /// Leaves the steps of an image in the caches that it names. A cache that cannot be written to now is a warning: the image is there.
    pub(crate) async fn export(&self, job: &Job) -> Result<(), ReleaseError> {
        let Recipe::Dockerfile(recipe) = &job.recipe else { return Ok(()) };
        let name = &job.planned.name;
        let steps = |platform: &Platform| (platform.clone(), self.steps.of(name, platform));
        let platforms: Vec<_> = job.planned.platforms.iter().map(steps).collect();
        // Builders write their own, and what was built elsewhere has no steps here.
        if !recipe.builders.is_empty() || !job.from.is_empty() {
            return Ok(());
        }
        let open = self.opener()?;
        let (store, kitchen, offline) = (&self.store, &self.kitchen, self.fetcher.is_offline());
        let export = Export { image: name, platforms: &platforms, store, kitchen, open: &open, offline };
        for cache in &recipe.cache_to {
            match export.write(cache).await {
                Ok(warnings) => warnings.into_iter().for_each(|warning| self.warn(name, &[], warning)),
                Err(error) if error.is_refusal() => {
                    return Err(ReleaseError::Cache { image: name.clone(), source: Box::new(error) });
                }
                Err(error) => self.warn(name, &[], format!("a cache is not written: {}", chain(&error))),
            }
        }
        Ok(())
    }
}

/// Returns an error with its causes.
fn chain(error: &CacheError) -> String {
    let (mut message, mut cause) = (error.to_string(), std::error::Error::source(error));
    while let Some(error) = cause {
        message.push_str(&format!(": {error}"));
        cause = error.source();
    }
    message
}
