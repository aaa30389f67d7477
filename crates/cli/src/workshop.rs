//! From the configuration to a plan and everything that it takes to run it.

mod times;

use crate::arguments::{DockerArguments, Entitlement};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::lock_file::LockFile;
use crate::reading::read_file;
use crate::registries::{self, Unset};
use crate::session::{Session, USER_AGENT, host_platform};
use crate::source::Source;
use crate::words::Words;
use crate::{advisories, caches, debian, equipment, identities, progress, recipe, runner, scanner};
use consign_build::{Contents, Specification};
use consign_context::{Ci, Git, GitState};
use consign_dockerfile::{Kitchen, KitchenOptions};
use consign_fetch::Fetcher;
use consign_image::{ImageReference, Place};
use consign_oci::{Platform, Repository};
use consign_plan::configuration::{LintEngine, Spanned};
use consign_plan::{Configuration, GitFacts, Lock, LockedImage, Plan, PlanInputs, SourceFacts as ImageFile};
use consign_release::{EmbeddedRegistry, Job, Recipe, Scanner, SourceFacts, Steps, Workshop};
use consign_sandbox::{Host, Sandbox};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use times::{created, epoch};

/// Largest image file that is read, in bytes; the parser has a lower limit and a better message.
const IMAGE_FILE_LIMIT: u64 = 2 << 20;

/// What a run speaks to registries about, besides base images.
#[derive(Clone, Copy, Default)]
pub(crate) struct Traffic<'a> {
    /// Where it takes platforms from.
    pub(crate) from: &'a [Source],
    /// Whether it asks the first destination what the last release says.
    pub(crate) compares: bool,
    /// Whether it writes to the destinations.
    pub(crate) publishes: bool,
}

/// A configuration, its image files, what git says, and the plan that follows.
pub(crate) struct Planned {
    pub(crate) configuration: Configuration,
    pub(crate) plan: Plan,
    pub(crate) lock: Option<Lock>,
    pub(crate) lock_file: LockFile,
    files: BTreeMap<String, (PathBuf, Recipe)>,
    /// The texts of Dockerfiles.
    texts: BTreeMap<PathBuf, String>,
    /// All platforms of each image, whichever are built.
    platforms: BTreeMap<String, Vec<Platform>>,
    git: Option<GitState>,
}

/// A Dockerfile, and what is built from it.
pub(crate) struct LintedFile<'a> {
    pub(crate) path: &'a Path,
    pub(crate) text: &'a str,
    pub(crate) recipe: &'a consign_dockerfile::Recipe,
    pub(crate) platforms: &'a [Platform],
    pub(crate) engine: LintEngine,
}

impl Planned {
    /// Reads everything that a plan follows from. Asks nothing of a network.
    pub(crate) fn read(session: &Session) -> Result<Self, CommandError> {
        Self::read_for(session, &[], &DockerArguments::default())
    }

    /// Does the same for what the command line says of platforms and of Dockerfiles.
    pub(crate) fn read_for(
        session: &Session,
        platforms: &[Platform],
        docker: &DockerArguments,
    ) -> Result<Self, CommandError> {
        let configuration = session.configuration_for(platforms)?;
        let arguments = recipe::arguments(session, docker)?;
        let mut files = BTreeMap::new();
        let (mut sources, mut texts) = (BTreeMap::new(), BTreeMap::new());
        for image in &configuration.images {
            let path = configuration.resolve(&image.docker.file.as_ref().unwrap_or(&image.source).value);
            let text = read_file(&path, IMAGE_FILE_LIMIT)
                .map_err(|error| recipe::unreadable(session, &configuration, image, &path, &error))?;
            let mut recipe = recipe::read(&configuration, image, &path, &text)?;
            if let Recipe::Dockerfile(dockerfile) = &mut recipe {
                if let Some(folder) = &docker.context {
                    dockerfile.context = recipe::context(folder, &path)?;
                }
                dockerfile.target = docker.target.clone().or(dockerfile.target.take());
                dockerfile.anew = docker.anew_of(&dockerfile.file);
                dockerfile.network = docker.network.map_or(dockerfile.network, Into::into);
                dockerfile.insecure = docker.allowed.contains(&Entitlement::Insecure);
                dockerfile.builder_environment = recipe::builder_environment(session);
                dockerfile.git_environment = recipe::git_environment(session);
                caches::extend(&configuration, docker, dockerfile)?;
                dockerfile.contexts.extend(recipe::contexts(docker)?);
                texts.insert(path.clone(), text);
            }
            let facts = match &recipe {
                Recipe::ImageFile(file) => {
                    let kind = if matches!(file.contents, Contents::Packages(_)) { "deb" } else { "files" };
                    ImageFile { kind: Some(kind.to_owned()), platforms: file.platforms.clone() }
                }
                Recipe::Dockerfile(_) => ImageFile { kind: Some("dockerfile".to_owned()), platforms: Vec::new() },
            };
            sources.insert(image.name.value.clone(), facts);
            files.insert(image.name.value.clone(), (path, recipe));
        }
        docker.check_anew(files.values().map(|(_, recipe)| recipe))?;
        let git = git(configuration.folder(), session)?;
        let facts = git.as_ref().and_then(|state| facts(state, session));
        let inputs = PlanInputs { git: facts, host: host_platform()?, sources };
        let plan = Plan::make(&configuration, &inputs)?;
        for (settings, planned) in configuration.images.iter().zip(&plan.images) {
            let Some((path, Recipe::Dockerfile(recipe))) = files.get_mut(&planned.name) else { continue };
            let created = || created(session, git.is_some(), path, recipe);
            let words = Words { version: &planned.version, commit: plan.revision.as_deref(), created: &created };
            let fill = |written: &BTreeMap<String, Spanned<String>>| -> Result<BTreeMap<String, String>, CommandError> {
                let given = |(name, value): (&String, _)| Ok((name.clone(), words.fill(&configuration, value)?));
                written.iter().map(given).collect()
            };
            let (own, labels) = (fill(&settings.docker.arguments)?, fill(&settings.docker.labels)?);
            recipe.arguments = own;
            recipe.arguments.extend(arguments.clone());
            recipe.labels = labels;
        }
        let lock_file = LockFile::of(&configuration);
        let lock = lock_file.read()?;
        let platforms = plan.images.iter().map(|image| (image.name.clone(), image.platforms.clone())).collect();
        Ok(Self { configuration, plan, lock, lock_file, files, texts, platforms, git })
    }

    /// Returns the image files.
    pub(crate) fn specifications(&self) -> impl Iterator<Item = &Specification> {
        self.files.values().filter_map(|(_, recipe)| recipe.image_file())
    }

    /// Returns the Dockerfiles of the images that are planned.
    pub(crate) fn dockerfiles(&self) -> impl Iterator<Item = LintedFile<'_>> {
        self.plan.images.iter().filter_map(|image| {
            let (path, Recipe::Dockerfile(recipe)) = self.files.get(&image.name)? else { return None };
            let settings = self.configuration.images.iter().find(|settings| settings.name.value == image.name);
            let engine = settings.map(|settings| settings.docker.lint).unwrap_or_default();
            Some(LintedFile { path, text: self.texts.get(path)?, recipe, platforms: &image.platforms, engine })
        })
    }

    /// Leaves only these images. There is one at least.
    pub(crate) fn select(mut self, names: &[String]) -> Result<Self, CommandError> {
        if self.plan.images.is_empty() {
            let error = CommandError::new(ExitCode::Configuration, "the configuration lists no image to build");
            return Err(error.hint("list images under `build:`; `consign sync` mirrors those under `sync:`"));
        }
        self.plan = self.plan.select(names).map_err(|error| {
            let hint = error.suggestion.as_ref().map(|name| format!("did you mean `{name}`?"));
            let command_error = CommandError::of(ExitCode::Usage, &error);
            hint.into_iter().fold(command_error, CommandError::hint)
        })?;
        Ok(self)
    }

    /// Gives the builds of Dockerfiles what nothing else needs: secrets, agents, builders.
    pub(crate) fn equipped(
        mut self,
        session: &Session,
        docker: &DockerArguments,
        from: &[Source],
    ) -> Result<Self, CommandError> {
        let built = |name: &str| !from.iter().any(|source| source.is_of(name));
        for planned in self.plan.images.iter().filter(|planned| built(&planned.name)) {
            let settings = self.configuration.images.iter().find(|settings| settings.name.value == planned.name);
            if let (Some(settings), Some((_, Recipe::Dockerfile(recipe)))) =
                (settings, self.files.get_mut(&planned.name))
            {
                equipment::equip(recipe, &self.configuration, settings, docker, session)?;
            }
        }
        Ok(self)
    }

    /// Leaves only these platforms.
    pub(crate) fn only(mut self, platforms: &[Platform]) -> Result<Self, CommandError> {
        if platforms.is_empty() {
            return Ok(self);
        }
        for image in &mut self.plan.images {
            if let Some(platform) = platforms.iter().find(|platform| !image.platforms.contains(platform)) {
                let message = format!("`{}` is not planned for {platform}", image.name);
                let planned: Vec<String> = image.platforms.iter().map(Platform::to_string).collect();
                let hint = format!("it is planned for {}; `platforms:` in its image file says so", planned.join(", "));
                return Err(CommandError::new(ExitCode::Usage, message).hint(hint));
            }
            image.platforms.retain(|platform| platforms.contains(platform));
        }
        Ok(self)
    }

    /// Sets up the workshop that runs the plan.
    pub(crate) async fn workshop(
        &self,
        session: &Session,
        reuse: bool,
        traffic: Traffic<'_>,
    ) -> Result<Arc<Workshop>, CommandError> {
        let cache = session.store_folder().join("downloads");
        let fetcher =
            consign_fetch::Options { cache, offline: session.global.offline, user_agent: USER_AGENT.to_owned() };
        let remote = traffic.from.iter().find(|source| matches!(source.reference, ImageReference::Registry(_)));
        if let Some(source) = remote.filter(|_| session.global.offline) {
            let message = format!("`--from {source}` is on a registry, and consign is offline");
            return Err(CommandError::new(ExitCode::Failed, message));
        }
        let repositories = self.repositories(session, traffic);
        // Who only reads what was released may be anybody.
        let unset = if traffic.compares && !traffic.publishes { Unset::Anonymous } else { Unset::Refused };
        let hosts = registries::hosts(&repositories, Some(&self.configuration), &session.environment, unset).await?;
        let embedded = self.plan.registries.iter().filter_map(|(host, planned)| {
            let root = self.configuration.resolve(planned.serve.as_ref()?);
            Some(EmbeddedRegistry { host: host.clone(), root })
        });
        let databases = advisories::paths(&self.configuration.policy, &self.configuration.file);
        let scanner = match self.configuration.engine {
            Some(engine) => Some(scanner::scanner(engine, session)?),
            None if databases.is_empty() => None,
            None => {
                let database = advisories::pinned(databases, &self.lock_file, self.lock.as_ref()).await?;
                Some(Scanner::Database(database))
            }
        };
        let (policy, identities) = identities::policy(&self.configuration, session)?;
        let sandbox = Sandbox { init: PathBuf::from("/proc/self/exe") };
        let host = Host::of_this_machine().map_err(|error| CommandError::of(ExitCode::Failed, &error))?;
        let jobs = session.global.jobs.map(usize::from);
        // One more than there are processors: each waits at times, for the network, the disk or what comes in order.
        let jobs = jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from) + 1);
        Ok(Arc::new(Workshop {
            store: session.store().await?,
            fetcher: Fetcher::new(fetcher)?,
            debian: debian::sources(&self.configuration, self.specifications())?,
            runner: runner::runner(session, &self.configuration, self.specifications())?,
            kitchen: Kitchen::new(KitchenOptions {
                sandbox: sandbox.clone(),
                host: host.clone(),
                folder: session.store_folder(),
                resolver: std::fs::read("/etc/resolv.conf").unwrap_or_default(),
            }),
            sandbox,
            host,
            hosts,
            embedded: embedded.collect(),
            user_agent: USER_AGENT.to_owned(),
            uploads: session.uploads(),
            policy,
            scanner,
            identities,
            epoch: epoch(session)?,
            now: jiff::Timestamp::now(),
            jobs,
            reuse,
            steps: Steps::default(),
            observer: progress::observer(&session.global, &session.printer),
        }))
    }

    /// Returns the repositories that will be spoken to. Nobody has to be able to log in to others.
    fn repositories(&self, session: &Session, traffic: Traffic<'_>) -> BTreeSet<Repository> {
        let spoken_to = match (traffic.publishes, traffic.compares) {
            (true, _) => usize::MAX,
            (false, true) => 1,
            (false, false) => 0,
        };
        let destinations = self.plan.images.iter().flat_map(|image| image.destinations.iter().take(spoken_to));
        let destinations = destinations.map(|planned| planned.repository.clone());
        // A base image that cannot be named fails later, with its name.
        let bases = self.bases().filter_map(|(_, reference)| reference.ok()).chain(self.dockerfile_images());
        let bases = bases.filter(|_| !session.global.offline);
        let caches = self.caches().filter(|_| !session.global.offline);
        let sources = bases.chain(traffic.from.iter().map(|source| source.reference.clone())).filter_map(|reference| {
            match reference {
                ImageReference::Registry(reference) => Some(reference.repository),
                _ => None,
            }
        });
        let mirrored = |source: Repository| {
            let mirrors = registries::mirrors(&source, &self.configuration);
            mirrors.into_iter().chain([source])
        };
        destinations.chain(sources.flat_map(mirrored)).chain(caches).collect()
    }

    /// Returns the repositories of caches.
    fn caches(&self) -> impl Iterator<Item = Repository> {
        let recipes = self.plan.images.iter().filter_map(|planned| Some(&self.files.get(&planned.name)?.1));
        let caches = recipes.flat_map(|recipe| match recipe {
            Recipe::Dockerfile(recipe) => recipe.cache_from.iter().chain(&recipe.cache_to).collect(),
            Recipe::ImageFile(_) => Vec::new(),
        });
        caches.filter_map(caches::repository)
    }

    /// Makes the jobs of the plan.
    pub(crate) fn jobs(
        &self,
        session: &Session,
        workshop: &Workshop,
        from: &[Source],
    ) -> Result<Vec<Arc<Job>>, CommandError> {
        let client = workshop.client(workshop.hosts.clone())?;
        let mut jobs = Vec::new();
        for planned in &self.plan.images {
            let Some((path, recipe)) = self.files.get(&planned.name) else { continue };
            let base = match self.bases().find(|(name, _)| *name == planned.name) {
                Some((_, reference)) => {
                    let reference = reference?;
                    let opened = Place::open(&reference, &client.with_mirrors(), || Ok(workshop.store.clone()));
                    Some(opened.map_err(|error| {
                        let message = format!("the base image {reference} of `{}` cannot be opened", planned.name);
                        CommandError::new(ExitCode::Failed, message)
                            .cause(error)
                            .hint("`base` in the image file names it")
                    })?)
                }
                None => None,
            };
            let from: Vec<&Source> = from.iter().filter(|source| source.is_of(&planned.name)).collect();
            let places = from.iter().map(|source| {
                let place = Place::open(&source.reference, &client, || Ok(workshop.store.clone()));
                place.map_err(|error| CommandError::of_image(ExitCode::NotAuthentic, &error))
            });
            let platforms = self.platforms.get(&planned.name).cloned().unwrap_or_default();
            let locked = if from.is_empty() { self.locked(&planned.name, recipe, &platforms)? } else { None };
            jobs.push(Arc::new(Job {
                planned: planned.clone(),
                platforms,
                locked,
                recipe: recipe.clone(),
                folder: folder_of(path),
                listing: self.listing(session, path, recipe)?,
                source_time: self.source_time(session, path, recipe)?,
                changed: self.changed(session, path, recipe)?,
                commit_time: self
                    .git
                    .as_ref()
                    .and_then(|state| state.head.as_ref())
                    .and_then(|head| u64::try_from(head.time).ok()),
                base,
                from: places.collect::<Result<_, _>>()?,
                source: SourceFacts {
                    version: planned.version.clone(),
                    revision: self.plan.revision.clone(),
                    url: self.git.as_ref().and_then(|state| state.remote.clone()),
                },
                dirty: self.plan.dirty,
            }));
        }
        Ok(jobs)
    }

    /// Returns what the lock says of an image. A lock that says nothing of it, was made for another image file, or was changed since, is an error.
    fn locked(&self, name: &str, recipe: &Recipe, platforms: &[Platform]) -> Result<Option<LockedImage>, CommandError> {
        let Some(images) = self.lock.as_ref().and_then(|lock| lock.images.as_ref()) else { return Ok(None) };
        let Some(question) = recipe.question(name, platforms, &host_platform()?)? else { return Ok(None) };
        let Some(locked) = images.get(name) else {
            return Err(self.lock_file.drift(&format!("says nothing of the image `{name}`")));
        };
        if locked.request != question {
            let message = format!(
                "is not up to date: since it was made, the image file of `{name}` or the list of its platforms has changed"
            );
            return Err(self.lock_file.drift(&message));
        }
        if !locked.is_whole() {
            let message = format!("is not what `consign lock` wrote for `{name}`: a merge, or somebody, changed it");
            return Err(self.lock_file.drift(&message));
        }
        let lacking = match recipe.image_file().map(|file| &file.contents) {
            Some(Contents::Packages(_)) => {
                let lacking = platforms.iter().find(|platform| !locked.packages.contains_key(*platform));
                lacking.map(|platform| format!("has no packages for `{name}` on {platform}"))
            }
            // What a lock says of them was asked for above.
            None => locked.images.is_empty().then(|| format!("has no images for the Dockerfile of `{name}`")),
            Some(Contents::Files { .. }) => locked.base.is_none().then(|| format!("has no base image for `{name}`")),
        };
        match lacking {
            Some(message) => Err(self.lock_file.drift(&message)),
            None => Ok(Some(locked.clone())),
        }
    }

    /// Returns the base images as the image files name them, by the name of the image that is built on them.
    pub(crate) fn base_names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.plan.images.iter().filter_map(|planned| {
            let file = self.files.get(&planned.name)?.1.image_file()?;
            let Contents::Files { base: Some(base) } = &file.contents else { return None };
            Some((planned.name.as_str(), base.as_str()))
        })
    }

    /// Returns the base images, by the name of the image that is built on them.
    pub(crate) fn bases(&self) -> impl Iterator<Item = (&str, Result<ImageReference, CommandError>)> {
        self.plan.images.iter().filter_map(|planned| {
            let (path, recipe) = self.files.get(&planned.name)?;
            let Contents::Files { base: Some(base) } = &recipe.image_file()?.contents else { return None };
            let reference = base.parse::<ImageReference>().map(|reference| relative_to(reference, &folder_of(path)));
            Some((planned.name.as_str(), reference.map_err(|error| CommandError::of(ExitCode::Configuration, &error))))
        })
    }

    /// Returns the images that Dockerfiles name. One that cannot be read fails later, with its name.
    fn dockerfile_images(&self) -> impl Iterator<Item = ImageReference> {
        let images = self.plan.images.iter().filter_map(|planned| {
            let Recipe::Dockerfile(recipe) = &self.files.get(&planned.name)?.1 else { return None };
            let platforms = self.platforms.get(&planned.name)?;
            Some(recipe.images(platforms, &host_platform().ok()?).ok()?.into_keys())
        });
        images.flatten().filter_map(|name| name.parse().ok())
    }

    /// Returns what git keeps, or would keep, in the image file's folder, where a command needs to know it.
    fn listing(&self, session: &Session, path: &Path, recipe: &Recipe) -> Result<Option<Vec<String>>, CommandError> {
        if self.git.is_none() || recipe.image_file().is_none_or(|file| file.run.is_none()) {
            return Ok(None);
        }
        Ok(Some(Git::open(&folder_of(path), session.environment.all())?.listing()?))
    }
}

/// Asks git about the folder; `None` where there is no git, or nothing that it keeps.
pub(crate) fn git(folder: &Path, session: &Session) -> Result<Option<GitState>, CommandError> {
    match Git::open(folder, session.environment.all()).and_then(|git| git.state()) {
        Ok(state) => Ok(Some(state)),
        Err(error) if error.is_absence() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn facts(state: &GitState, session: &Session) -> Option<GitFacts> {
    let head = state.head.as_ref()?;
    let ci = Ci::detect(session.environment.all());
    Some(GitFacts {
        head: head.commit.clone(),
        branch: state.branch.clone().or_else(|| ci.branch_at(&head.commit).map(str::to_owned)),
        tags_at_head: state.tags_at_head.clone(),
        all_tags: state.all_tags.clone(),
        dirty: state.dirty,
        shallow: state.shallow,
    })
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// Makes paths in an image file relative to that file.
fn relative_to(reference: ImageReference, folder: &Path) -> ImageReference {
    match reference {
        // As it was written.
        _ if folder == Path::new(".") => reference,
        ImageReference::Layout { folder: layout, tag } => ImageReference::Layout { folder: folder.join(layout), tag },
        ImageReference::Archive { file, tag } => ImageReference::Archive { file: folder.join(file), tag },
        ImageReference::DockerArchive { file, tag } => ImageReference::DockerArchive { file: folder.join(file), tag },
        other => other,
    }
}
