//! From an image file to platforms with their receipts. Writes to the store only.

use crate::brought::Brought;
use crate::contents::Reading;
use crate::lock::Choice;
use crate::provenance::provenance;
use crate::watching::Watching;
use crate::{Job, Outcome, Recipe, ReleaseError, Stage, Workshop, imported};
use consign_build::{Request, Resolution, Specification};
use consign_dockerfile::buildkit::{Login, Secret};
use consign_image::{Built, Place};
use consign_oci::{Descriptor, Digest, Exact, ImageConfig, Manifest, Platform, media_type};
use consign_receipt::{Receipt, Requirement, Trust};
use consign_registry::{Credentials, HostOptions};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Names how inventories are made: raise it when their bytes change.
const INVENTORY_FORMAT: u32 = 8;

/// All platforms of an image, in the order of the plan.
#[derive(Clone, Debug)]
pub struct Produced {
    /// The platforms.
    pub platforms: Vec<ProducedPlatform>,
}

impl Produced {
    /// Returns the platforms with their manifests.
    pub(crate) fn manifests(&self) -> Vec<(Platform, Descriptor)> {
        self.platforms.iter().map(|platform| (platform.platform.clone(), platform.manifest.clone())).collect()
    }

    /// Returns when the newest platform was made, RFC 3339.
    pub(crate) fn created(&self) -> String {
        newest(self.platforms.iter().filter_map(|platform| platform.created.as_deref()))
    }

    /// Returns what is wrong if a trial failed.
    pub(crate) fn failed_trials(&self, image: &str) -> Option<ReleaseError> {
        let failed = self.platforms.iter().filter(|platform| !platform.failures.is_empty());
        let failures: Vec<(Platform, Vec<String>)> =
            failed.map(|platform| (platform.platform.clone(), platform.failures.clone())).collect();
        (!failures.is_empty()).then(|| ReleaseError::TrialFailed { image: image.to_owned(), failures })
    }
}

/// Returns the latest of these RFC 3339 times; 1970 where there is none.
pub(crate) fn newest<'a>(times: impl Iterator<Item = &'a str>) -> String {
    let times = times.filter_map(|time| time.parse::<jiff::Timestamp>().ok());
    times.max().unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
}

/// One platform: an image in the store, and what is known about it.
#[derive(Clone, Debug)]
pub struct ProducedPlatform {
    /// What it runs on.
    pub platform: Platform,
    /// Its manifest.
    pub manifest: Descriptor,
    /// When it was made, RFC 3339.
    pub created: Option<String>,
    /// What is claimed about it.
    pub receipts: Vec<Receipt>,
    /// What came with it, and with the indexes that list it, if it was built elsewhere.
    pub(crate) brought: Vec<Arc<Brought>>,
    /// Digest of the tests that were planned for it.
    pub tests: Option<Digest>,
    /// How its stages went.
    pub stages: BTreeMap<Stage, Outcome>,
    /// What failed in its trials, for people.
    pub failures: Vec<String>,
    /// What else a person should know.
    pub warnings: Vec<String>,
}

impl Workshop {
    /// Builds, inventories and tries every platform of an image, several at the same time. One that fails does not keep the others from being
    /// finished, so that all problems are seen at once; the failures come in the order of the plan.
    pub async fn produce(self: &Arc<Self>, job: &Arc<Job>) -> (Produced, Vec<ReleaseError>) {
        match self.produce_all(job).await {
            Ok(results) => {
                let (platforms, failures): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
                let produced = Produced { platforms: platforms.into_iter().flatten().collect() };
                let warnings = produced.platforms.iter().map(|platform| (&platform.platform, &platform.warnings[..]));
                self.warn_once(&job.planned.name, warnings);
                (produced, failures.into_iter().filter_map(Result::err).collect())
            }
            Err(error) => (Produced { platforms: Vec::new() }, vec![error]),
        }
    }

    async fn produce_all(
        self: &Arc<Self>,
        job: &Arc<Job>,
    ) -> Result<Vec<Result<ProducedPlatform, ReleaseError>>, ReleaseError> {
        if !job.from.is_empty() {
            return imported::produce(self, job).await;
        }
        self.check_emulation(job)?;
        // Whoever drops this future ends the commands, too: they run on threads that nobody ends.
        let _children = self.runner.children();
        let choice = Arc::new(self.choice(job).await?);
        let permits = Arc::new(Semaphore::new(self.jobs.max(1)));
        let mut tasks = JoinSet::new();
        for (position, platform) in job.planned.platforms.iter().cloned().enumerate() {
            let (workshop, job, permits) = (self.clone(), job.clone(), permits.clone());
            let choice = choice.clone();
            let runtime = Handle::current();
            // A thread of its own: much of the work is compressing and hashing, which would keep other tasks waiting.
            tasks.spawn_blocking(move || {
                runtime.block_on(async {
                    // The semaphore is never closed.
                    let _permit = permits.acquire_owned().await;
                    (position, workshop.produce_platform(&job, &choice, &platform).await)
                })
            });
        }
        let mut platforms = BTreeMap::new();
        while let Some(result) = tasks.join_next().await {
            let (position, platform) = result.map_err(ReleaseError::Task)?;
            platforms.insert(position, platform);
        }
        Ok(platforms.into_values().collect())
    }

    /// Says each warning once, with the platforms that it is about.
    pub(crate) fn warn_once<'a>(&self, image: &str, all: impl Iterator<Item = (&'a Platform, &'a [String])>) {
        let mut warnings: BTreeMap<&str, Vec<Platform>> = BTreeMap::new();
        let mut count = 0;
        for (platform, here) in all {
            count += 1;
            for warning in here {
                warnings.entry(warning).or_default().push(platform.clone());
            }
        }
        for (warning, platforms) in warnings {
            let everywhere = platforms.len() == count;
            self.warn(image, if everywhere { &[] } else { &platforms }, warning);
        }
    }

    async fn produce_platform(
        &self,
        job: &Job,
        choice: &Choice,
        platform: &Platform,
    ) -> Result<ProducedPlatform, ReleaseError> {
        let name = &job.planned.name;
        self.started(name, Some(platform), Stage::Build);
        let built = match (&job.recipe, choice) {
            (Recipe::ImageFile(file), Choice::ImageFile(resolution)) => {
                self.build_image_file(job, file, resolution, platform).await?
            }
            (Recipe::Dockerfile(recipe), Choice::Dockerfile(images)) => {
                self.build_dockerfile(job, recipe, images, platform).await?
            }
            // A choice is made for the recipe that it is used with.
            _ => return Err(ReleaseError::OtherRecipe { image: name.clone() }),
        };
        let manifest = built.manifest.descriptor(media_type::MANIFEST);
        let built_outcome = if built.reused { Outcome::Cached } else { Outcome::Ok };
        self.finished(name, Some(platform), Stage::Build, built_outcome, manifest.digest.short());

        let image = Image { name, platform, manifest: &built.manifest, config: &built.config };
        let (mut receipts, inventory_outcome) = self.inventory(&image, &Reading::new(&self.store)).await?;
        receipts.insert(0, provenance(job, &built, built.manifest.digest())?);
        let mut produced = ProducedPlatform {
            platform: platform.clone(),
            manifest,
            created: built.config.created.clone(),
            receipts,
            brought: Vec::new(),
            tests: None,
            stages: BTreeMap::from([(Stage::Build, built_outcome), (Stage::Inventory, inventory_outcome)]),
            failures: Vec::new(),
            warnings: built.warnings,
        };
        self.scan(&image, &mut produced).await?;
        self.try_out(job, &image, &mut produced).await?;
        Ok(produced)
    }

    async fn build_image_file(
        &self,
        job: &Job,
        file: &Specification,
        resolution: &Resolution,
        platform: &Platform,
    ) -> Result<Built, ReleaseError> {
        let name = &job.planned.name;
        let output = |line: &str| self.wrote(name, platform, line);
        let request = Request {
            platform,
            platforms: &job.platforms,
            store: &self.store,
            fetcher: &self.fetcher,
            resolution,
            sources: &self.debian,
            base: job.base.as_ref(),
            root_folder: &job.folder,
            runner: &self.runner,
            listing: job.listing.as_deref(),
            output: &output,
            epoch: self.epoch,
            source_time: job.source_time,
            annotations: BTreeMap::new(),
            watcher: &Watching::new(&self.store),
            reuse: self.reuse,
        };
        let built = consign_build::build(file, request).await;
        built.map_err(|source| {
            let (image, platform, source) = (name.clone(), platform.clone(), Box::new(source));
            ReleaseError::Build { image, platform, source }
        })
    }

    /// Returns how builders log in to the registries that this run speaks to.
    fn logins(&self) -> BTreeMap<String, Login> {
        let login = |username: &str, secret: &consign_registry::Secret| Login {
            username: username.to_owned(),
            secret: Secret::new(secret.expose()),
        };
        let of_host = |(host, options): (&String, &HostOptions)| {
            let login = match &options.credentials {
                Credentials::Basic { username, password } => login(username, password),
                Credentials::Identity(token) => login("", token),
                // Builders have no use for a token that is meant for one registry.
                Credentials::Anonymous | Credentials::Bearer(_) => return None,
            };
            Some((host.clone(), login))
        };
        self.hosts.iter().filter_map(of_host).collect()
    }

    async fn build_dockerfile(
        &self,
        job: &Job,
        recipe: &consign_dockerfile::Recipe,
        images: &BTreeMap<String, Descriptor>,
        platform: &Platform,
    ) -> Result<Built, ReleaseError> {
        let name = &job.planned.name;
        let open = self.opener()?;
        let output = |line: &str| self.wrote(name, platform, line);
        let steps = |step| self.steps.add(name, platform, step);
        let logins = self.logins();
        let request = consign_dockerfile::Request {
            name,
            platform,
            host: &self.host.platform,
            store: &self.store,
            images,
            open: &open,
            logins: &logins,
            offline: self.fetcher.is_offline(),
            epoch: self.epoch,
            source_time: job.source_time,
            changed: &*job.changed,
            now: u64::try_from(self.now.as_second()).unwrap_or_default(),
            annotations: BTreeMap::new(),
            reuse: self.reuse,
            fetcher: &self.fetcher,
            kitchen: &self.kitchen,
            output: &output,
            watcher: Arc::new(Watching::new(&self.store)),
            steps: &steps,
        };
        let built = consign_dockerfile::build(recipe, &request).await;
        built.map_err(|source| ReleaseError::Dockerfile {
            image: name.clone(),
            platform: platform.clone(),
            source: Box::new(source),
        })
    }

    /// Lists what is in an image, and what its settings and files say if the policy asks: from its layers in the store, which
    /// were seen when they were written, unless that was done before. What nobody asks for is not stated, and so not published: it says where secrets are.
    pub(crate) async fn inventory(
        &self,
        image: &Image<'_>,
        reading: &Reading,
    ) -> Result<(Vec<Receipt>, Outcome), ReleaseError> {
        self.started(image.name, Some(image.platform), Stage::Inventory);
        let key = |kind: &str| {
            let (version, digest) = (env!("CARGO_PKG_VERSION"), image.manifest.digest());
            Digest::of(format!("{kind} {INVENTORY_FORMAT} {version} {} {digest}", image.name).as_bytes())
        };
        let wants_facts = self.policy.requires(Requirement::ImageFacts);
        let kept_facts = if wants_facts { self.kept_receipt(&key("facts"), Trust::Derived)? } else { None };
        let kept = self.kept_receipt(&key("inventory"), Trust::Derived)?;
        if let Some(sbom) = kept
            && kept_facts.is_some() == wants_facts
        {
            self.finished(image.name, Some(image.platform), Stage::Inventory, Outcome::Cached, "");
            return Ok(([sbom].into_iter().chain(kept_facts).collect(), Outcome::Cached));
        }
        let place = Place::Store { store: self.store.clone(), root: None, name: image.name.to_owned() };
        let catalogue = reading.list(&place, image).await?;
        let sbom = image.sbom(&catalogue)?;
        self.keep_receipt("inventory", &key("inventory"), &sbom)?;
        let mut receipts = vec![sbom];
        if wants_facts {
            let facts = image.facts(&catalogue)?;
            self.keep_receipt("facts", &key("facts"), &facts)?;
            receipts.push(facts);
        }
        let detail = format!("{} packages", catalogue.packages.len());
        self.finished(image.name, Some(image.platform), Stage::Inventory, Outcome::Ok, detail);
        Ok((receipts, Outcome::Ok))
    }
}

/// One platform's image, in the store.
pub(crate) struct Image<'a> {
    pub(crate) name: &'a str,
    pub(crate) platform: &'a Platform,
    pub(crate) manifest: &'a Exact<Manifest>,
    pub(crate) config: &'a Exact<ImageConfig>,
}
