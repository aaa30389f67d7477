use super::{
    Plan, PlannedDestination, PlannedIdentity, PlannedImage, PlannedPolicy, PlannedRegistry, PlannedSigning,
    PlannedStep, PlannedTrial,
};
use crate::configuration::{
    Code, Configuration, ConfigurationError, Credentials, Destination, Diagnostic, IdentitySettings, ImageSettings,
    SigningBy,
};
use crate::tags::{GitFacts, PlannedTag, TagDecision, tags};
use consign_oci::{Platform, Repository, Tag};
use consign_receipt::Stage;
use std::collections::{BTreeMap, BTreeSet};

/// What a plan follows from besides the configuration.
#[derive(Clone, Debug)]
pub struct PlanInputs {
    /// What git says; `None` without a repository or a commit.
    pub git: Option<GitFacts>,
    /// The platform that consign runs on.
    pub host: Platform,
    /// What the source files say, by the name of the image.
    pub sources: BTreeMap<String, SourceFacts>,
}

/// What the source file of an image says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceFacts {
    /// What builds it, such as `deb`.
    pub kind: Option<String>,
    /// The platforms that it names; may be none.
    pub platforms: Vec<Platform>,
}

impl Plan {
    /// Makes the plan of all images. Pure: equal arguments give equal plans. Errors point into the configuration: tags from git
    /// without git, tests for platforms that are not built, and two images that would take one tag.
    pub fn make(configuration: &Configuration, inputs: &PlanInputs) -> Result<Self, ConfigurationError> {
        let mut problems: Vec<Diagnostic> = Vec::new();
        let images: Vec<PlannedImage> =
            configuration.images.iter().map(|settings| image(configuration, settings, inputs, &mut problems)).collect();
        overlaps(configuration, &images, &mut problems);
        if !problems.is_empty() {
            return Err(ConfigurationError { diagnostics: problems });
        }
        let policy = configuration.policy.policy();
        Ok(Self {
            schema: Self::SCHEMA,
            revision: inputs.git.as_ref().map(|git| git.head.clone()),
            dirty: inputs.git.as_ref().is_some_and(|git| git.dirty),
            registries: registries(configuration, &images),
            images,
            policy: PlannedPolicy {
                require: policy.requirements().collect(),
                digest: policy.digest(),
                identities: configuration
                    .policy
                    .identities
                    .iter()
                    .filter(|identity| !identity.about.is_empty())
                    .map(identity)
                    .collect(),
            },
            signing: configuration.signing.as_ref().map(|signing| signer(&signing.by)),
        })
    }
}

fn identity(settings: &IdentitySettings) -> PlannedIdentity {
    PlannedIdentity { signer: settings.signer.to_string(), about: settings.about.iter().copied().collect() }
}

fn image(
    configuration: &Configuration,
    settings: &ImageSettings,
    inputs: &PlanInputs,
    problems: &mut Vec<Diagnostic>,
) -> PlannedImage {
    let source = inputs.sources.get(&settings.name.value).cloned().unwrap_or_default();
    let platforms = platforms(settings, &source, &inputs.host);
    let decision = decide(configuration, settings, inputs.git.as_ref(), problems);
    let tests = tests(configuration, settings, &platforms, problems);
    let destination = |destination: &Destination| PlannedDestination {
        repository: destination.repository.clone(),
        tags: match &destination.tag {
            Some(tag) => vec![PlannedTag::new(tag.clone(), "written in `destination`")],
            None => decision.tags.clone(),
        },
    };
    PlannedImage {
        name: settings.name.value.clone(),
        version: decision.version.clone(),
        source: settings.source.value.clone(),
        kind: source.kind,
        steps: steps(&platforms, &tests, configuration.signing.is_some(), configuration.is_scanned()),
        platforms,
        destinations: merged(settings.destinations.iter().map(destination)),
        skipped_tags: decision.skipped.clone(),
        tests,
        annotations: settings.annotations.clone(),
        embeds_attestations: settings.embeds_attestations,
    }
}

fn platforms(settings: &ImageSettings, source: &SourceFacts, host: &Platform) -> Vec<Platform> {
    let mut found: Vec<Platform> = settings.platforms.iter().map(|platform| platform.value.clone()).collect();
    if found.is_empty() {
        found.clone_from(&source.platforms);
    }
    if found.is_empty() {
        found.push(host.clone());
    }
    let mut seen = BTreeSet::new();
    found.retain(|platform| seen.insert(platform.clone()));
    found
}

/// Decides version and tags. Where every destination has its own tag, the rules are asked for the version alone.
fn decide(
    configuration: &Configuration,
    settings: &ImageSettings,
    git: Option<&GitFacts>,
    problems: &mut Vec<Diagnostic>,
) -> TagDecision {
    let ruled = settings.destinations.iter().find(|destination| destination.tag.is_none());
    let decision = match tags(&settings.tags, git) {
        Ok(decision) => decision,
        Err(error) => {
            if let Some(destination) = ruled {
                let hint = format!("write a tag, such as `{}:1.0.0`, or `tags: [1.0.0]`", destination.repository);
                problems.push(configuration.file.diagnostic(
                    Code::NoGit,
                    destination.span,
                    error.to_string(),
                    Some(hint),
                ));
            }
            TagDecision::default()
        }
    };
    if ruled.is_some() {
        return decision;
    }
    let written = settings.destinations.iter().find_map(|destination| destination.tag.as_ref()).map(Tag::to_string);
    let version = if decision.version.is_empty() { written.unwrap_or_default() } else { decision.version };
    TagDecision { version, ..TagDecision::default() }
}

fn tests(
    configuration: &Configuration,
    settings: &ImageSettings,
    platforms: &[Platform],
    problems: &mut Vec<Diagnostic>,
) -> Vec<PlannedTrial> {
    let mut found = Vec::new();
    for test in &settings.tests {
        for platform in test.platforms.iter().filter(|platform| !platforms.contains(&platform.value)) {
            let message = format!("`{}` is not built for `{}`", settings.name.value, platform.value);
            problems.push(configuration.file.diagnostic(Code::Platform, platform.span, message, None));
        }
        let wanted = |platform: &&Platform| {
            test.platforms.is_empty() || test.platforms.iter().any(|other| other.value == **platform)
        };
        found.push(PlannedTrial {
            name: test.name.value.clone(),
            command: test.command.clone(),
            user: test.user.clone(),
            environment: test.environment.clone(),
            timeout_seconds: test.timeout.as_secs(),
            exit: test.expect.exit,
            output: test.expect.output.clone(),
            platforms: platforms.iter().filter(wanted).cloned().collect(),
        });
    }
    found
}

fn signer(by: &SigningBy) -> PlannedSigning {
    match by {
        SigningBy::Key(key) => PlannedSigning::Key(key.to_string()),
        SigningBy::Keyless(keyless) => {
            PlannedSigning::Keyless { signing_config: keyless.signing_config.as_ref().map(|file| file.value.clone()) }
        }
    }
}

fn steps(platforms: &[Platform], tests: &[PlannedTrial], signed: bool, scanned: bool) -> Vec<PlannedStep> {
    let mut steps = Vec::new();
    for stage in Stage::ALL {
        if stage.is_per_platform() {
            let planned = |platform: &&Platform| match stage {
                Stage::Scan => scanned,
                Stage::Trial => tests.iter().any(|test| test.platforms.contains(platform)),
                _ => true,
            };
            let each = platforms.iter().filter(planned);
            steps.extend(each.map(|platform| PlannedStep { stage, platform: Some(platform.clone()) }));
        } else if signed || !matches!(stage, Stage::Sign | Stage::Verify) {
            steps.push(PlannedStep { stage, platform: None });
        }
    }
    steps
}

/// Joins destinations in one repository.
fn merged(destinations: impl Iterator<Item = PlannedDestination>) -> Vec<PlannedDestination> {
    let mut found: Vec<PlannedDestination> = Vec::new();
    for destination in destinations {
        match found.iter_mut().find(|other| other.repository == destination.repository) {
            Some(other) => {
                other.tags.extend(destination.tags);
                other.tags.sort_by_key(|planned| planned.tag == Tag::latest());
            }
            None => found.push(destination),
        }
    }
    found
}

/// Reports tags that are taken twice, now that those from git are known.
fn overlaps(configuration: &Configuration, images: &[PlannedImage], problems: &mut Vec<Diagnostic>) {
    let mut taken: BTreeSet<(&Repository, &Tag)> = BTreeSet::new();
    for (settings, image) in configuration.images.iter().zip(images) {
        for destination in &image.destinations {
            let twice = destination.tags.iter().find(|planned| !taken.insert((&destination.repository, &planned.tag)));
            if let Some(planned) = twice {
                let written =
                    settings.destinations.iter().rfind(|written| written.repository == destination.repository);
                let span = written.map_or(settings.source.span, |written| written.span);
                let message = format!("`{}:{}` is the destination twice", destination.repository, planned.tag);
                let hint = format!("the second time because: {}", planned.reason);
                problems.push(configuration.file.diagnostic(Code::Overlap, span, message, Some(hint)));
            }
        }
    }
}

fn registries(configuration: &Configuration, images: &[PlannedImage]) -> BTreeMap<String, PlannedRegistry> {
    let repositories = images.iter().flat_map(|image| &image.destinations).map(|destination| &destination.repository);
    repositories
        .map(|repository| {
            let settings = configuration.registries.get(repository.registry());
            let credentials = match settings.map(|settings| (&settings.serve, &settings.credentials)) {
                Some((Some(_), _)) => "run",
                Some((None, Credentials::Environment { .. } | Credentials::Token(_))) => "environment",
                Some((None, Credentials::Helper(_))) => "credential-helper",
                Some((None, Credentials::Anonymous)) => "anonymous",
                Some((None, Credentials::DockerConfig)) | None => "docker-config",
            };
            let planned = PlannedRegistry {
                serve: settings.and_then(|settings| settings.serve.as_ref()).map(|folder| folder.value.clone()),
                plain_http: settings.and_then(|settings| settings.plain_http).unwrap_or(repository.is_loopback()),
                credentials,
            };
            (repository.registry().to_owned(), planned)
        })
        .collect()
}
