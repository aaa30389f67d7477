use crate::Secret;
use crate::challenge::Challenge;
use crate::memory::{Contents, Features, Memory, Sighting, Time};
use crate::token::Token;
use consign_oci::{Descriptor, Digest, Repository, Tag, Target};
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// How long what a repository was seen to hold is believed of a registry that takes manifests without looking for their parts.
const BELIEVED: Duration = Duration::from_secs(3600);
/// How long the same is believed of another run, of a registry that answers as Docker's does: that one looks for the parts.
const BELIEVED_OF_OTHERS: Duration = Duration::from_secs(600);

/// What a client knows.
#[derive(Default)]
pub(crate) struct Known {
    /// By repository and scopes: who may do what depends on the credentials, and they on the repository.
    pub(crate) tokens: HashMap<(Repository, Vec<String>), Token>,
    /// Mirrors that did not answer as mirrors do, by their hosts.
    pub(crate) failed_mirrors: HashSet<String>,
    challenges: HashMap<Repository, Challenge>,
    /// What the first repository of a registry said.
    first_challenges: HashMap<String, Challenge>,
    /// Identity tokens that their service has replaced.
    replaced: HashMap<Secret, Secret>,
    /// Registries that answer as Docker's does.
    dockers: HashSet<String>,
    /// Registries that would not show whether they look for the parts of a manifest.
    silent: HashSet<String>,
    /// By registry, with what earlier runs left.
    memories: HashMap<String, Memory>,
}

/// Whether a repository has something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// Nothing is known of it.
    Unknown,
    /// It had it, some time ago.
    Remembered,
    /// It has it, or would say that it has not.
    Believed,
}

impl Known {
    /// Returns a token that has not ended.
    pub(crate) fn token(&self, key: &(Repository, Vec<String>)) -> Option<Secret> {
        let token = self.tokens.get(key).filter(|token| token.expires > Instant::now())?;
        Some(token.value.clone())
    }

    /// Returns how a repository wants to be logged in to. One that has not said so yet likely wants what the first of its registry did.
    pub(crate) fn challenge(&self, repository: &Repository) -> Option<Challenge> {
        self.challenges.get(repository).or_else(|| self.first_challenges.get(repository.registry())).cloned()
    }

    pub(crate) fn learn_challenge(&mut self, repository: &Repository, challenge: Challenge) {
        self.first_challenges.entry(repository.registry().to_owned()).or_insert_with(|| challenge.clone());
        self.challenges.insert(repository.clone(), challenge);
    }

    /// Takes over what earlier runs left of a registry.
    pub(crate) fn recall(&mut self, repository: &Repository, memory: Memory) {
        self.memories.entry(repository.registry().to_owned()).or_default().merge(memory);
    }

    /// Returns what is known of a registry.
    pub(crate) fn memory(&self, repository: &Repository) -> Option<&Memory> {
        self.memories.get(repository.registry())
    }

    /// Returns what a registry can do, as far as it has shown.
    pub(crate) fn features(&self, repository: &Repository) -> Features {
        self.memory(repository).map(|memory| memory.features.clone()).unwrap_or_default()
    }

    /// Notes what a registry has shown that it can do.
    pub(crate) fn learn(&mut self, repository: &Repository, note: impl FnOnce(&mut Features)) {
        let features = &mut self.memories.entry(repository.registry().to_owned()).or_default().features;
        note(features);
        features.learned = Time::now();
    }

    fn contents(&mut self, repository: &Repository) -> &mut Contents {
        let memory = self.memories.entry(repository.registry().to_owned()).or_default();
        memory.repositories.entry(repository.path().to_owned()).or_default()
    }

    fn contents_of(&self, repository: &Repository) -> Option<&Contents> {
        self.memory(repository)?.repositories.get(repository.path())
    }

    /// Notes that a repository has a blob or manifest.
    pub(crate) fn learn_holding(&mut self, repository: &Repository, digest: &Digest) {
        let contents = self.contents(repository);
        contents.holds.insert(digest.clone(), Time::now());
        contents.own.insert(digest.clone());
    }

    /// Returns whether a repository has something, as far as that is known.
    pub(crate) fn holding(&self, repository: &Repository, digest: &Digest) -> Held {
        let Some(contents) = self.contents_of(repository) else { return Held::Unknown };
        match contents.holds.get(digest) {
            None => Held::Unknown,
            Some(_) if self.features(repository).validates == Some(true) => Held::Believed,
            Some(_) if self.saw(repository, digest) => Held::Believed,
            Some(seen) if seen.age() < BELIEVED_OF_OTHERS && self.looks_like_docker(repository) => Held::Believed,
            Some(_) => Held::Remembered,
        }
    }

    /// Notes that a registry has answered as Docker's does.
    pub(crate) fn learn_docker(&mut self, repository: &Repository) {
        if !self.dockers.contains(repository.registry()) {
            self.dockers.insert(repository.registry().to_owned());
        }
    }

    /// Returns whether it can be tried out if a registry looks for the parts of a manifest: nobody knows yet.
    pub(crate) fn is_open(&self, repository: &Repository) -> bool {
        self.features(repository).validates.is_none() && !self.silent.contains(repository.registry())
    }

    /// Notes that a registry would not show whether it looks for the parts of a manifest.
    pub(crate) fn note_silence(&mut self, repository: &Repository) {
        self.silent.insert(repository.registry().to_owned());
    }

    /// Returns whether a registry likely refuses manifests whose parts it has not got, and has not shown otherwise.
    fn looks_like_docker(&self, repository: &Repository) -> bool {
        self.features(repository).validates.is_none() && self.dockers.contains(repository.registry())
    }

    /// Returns whether this run has seen that a repository has something, not long ago.
    pub(crate) fn saw(&self, repository: &Repository, digest: &Digest) -> bool {
        self.contents_of(repository).is_some_and(|contents| {
            contents.own.contains(digest) && contents.holds.get(digest).is_some_and(|seen| seen.age() < BELIEVED)
        })
    }

    /// Returns another repository of the same registry that has a blob.
    pub(crate) fn holder(&self, repository: &Repository, digest: &Digest) -> Option<Repository> {
        let repositories = &self.memory(repository)?.repositories;
        let holds =
            |(path, contents): &(&String, &Contents)| *path != repository.path() && contents.holds.contains_key(digest);
        let (path, _) = repositories.iter().find(holds)?;
        format!("{}/{path}", repository.registry()).parse().ok()
    }

    /// Forgets what a repository has: it turned out to be wrong.
    pub(crate) fn forget(&mut self, repository: &Repository) {
        let contents = self.contents(repository);
        contents.holds.clear();
        contents.own.clear();
        contents.forgotten = Time::now();
    }

    /// Notes what a tag names.
    pub(crate) fn learn_tag(&mut self, repository: &Repository, tag: &Tag, descriptor: &Descriptor) {
        self.contents(repository).note(tag, descriptor);
    }

    /// Notes that a tag names what somebody knew. What it named meanwhile, as far as that was seen, it names no longer.
    pub(crate) fn learn_same(&mut self, repository: &Repository, tag: &Tag, known: &Digest) {
        self.contents(repository).note_same(tag, known);
    }

    /// Notes that a tag, or a manifest with every tag of it, is gone.
    pub(crate) fn learn_deleted(&mut self, repository: &Repository, target: &Target) {
        self.contents(repository).note_deleted(target);
    }

    /// Returns what a tag was last seen to name.
    pub(crate) fn sighting(&self, repository: &Repository, tag: &Tag) -> Option<&Sighting> {
        self.contents_of(repository)?.tags.get(tag)
    }

    /// Returns the identity token to show in place of the one that was configured.
    pub(crate) fn identity(&self, configured: &Secret) -> Secret {
        self.replaced.get(configured).unwrap_or(configured).clone()
    }

    pub(crate) fn replace_identity(&mut self, configured: &Secret, by: Secret) {
        self.replaced.insert(configured.clone(), by);
    }
}
