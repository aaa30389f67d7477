//! Between a lock and what a build takes from one.

use crate::{Event, Job, ReleaseError, Workshop};
use consign_build::{ChosenPackage, Resolution, ResolveRequest};
use consign_plan::{LockedImage, LockedPackage};
use std::collections::BTreeMap;

impl Workshop {
    /// Returns what an image is made of: what its lock says, else what is chosen now, for all its platforms together.
    pub(crate) async fn resolution(&self, job: &Job) -> Result<Resolution, ReleaseError> {
        match &job.locked {
            Some(locked) => Ok(resolution(locked)),
            None => self.resolve(job, None).await,
        }
    }

    /// Chooses what an image is to be locked to. `keep` is an earlier choice, which stays as far as it is to be had.
    pub async fn lock(&self, job: &Job, keep: Option<&LockedImage>) -> Result<LockedImage, ReleaseError> {
        let asked = job.specification.question(&job.platforms);
        let base = keep.filter(|kept| kept.request == asked).and_then(|kept| kept.base.clone());
        let keep = keep.map(|kept| Resolution { base, ..resolution(kept) });
        let chosen = self.resolve(job, keep.as_ref()).await?;
        let warnings = chosen.warnings.iter().map(|(platform, warnings)| (platform, &warnings[..]));
        self.warn_once(&job.planned.name, warnings);
        Ok(locked(job, chosen))
    }

    async fn resolve(&self, job: &Job, keep: Option<&Resolution>) -> Result<Resolution, ReleaseError> {
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
        let chooses = job.specification.leaves_open();
        if chooses {
            self.tell(Event::Resolving { image: image.clone() });
        }
        match consign_build::resolve(&job.specification, &request).await {
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

fn locked(job: &Job, chosen: Resolution) -> LockedImage {
    // What was consulted is no part of what was chosen.
    let Resolution { suite, base, packages, locked: _, consulted: _, warnings: _ } = chosen;
    let packages = packages.into_iter().map(|(platform, packages)| {
        let locked = packages.into_iter().map(|package| {
            let ChosenPackage { name, version, architecture, suite, path, size, sha256, url, archive: _ } = package;
            LockedPackage { name, version, architecture, suite, path, size, digest: sha256, url }
        });
        (platform, locked.collect())
    });
    LockedImage::new(job.specification.question(&job.platforms), base, suite, packages.collect())
}
