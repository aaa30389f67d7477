use crate::Secret;
use crate::challenge::Challenge;
use crate::token::Token;
use consign_oci::Repository;
use std::collections::{HashMap, HashSet};
use std::time::Instant;

/// What a client learned in this run.
#[derive(Default)]
pub(crate) struct Known {
    /// By repository and scopes: who may do what depends on the credentials, and they on the repository.
    pub(crate) tokens: HashMap<(Repository, Vec<String>), Token>,
    /// Registries that have no referrers API.
    pub(crate) without_referrers: HashSet<String>,
    /// Registries that took a blob from a repository of theirs.
    mounting: HashSet<String>,
    /// Registries that refuse to be asked for that.
    without_mounts: HashSet<String>,
    /// Registries that do not take a blob with the request that asks to send it.
    without_whole: HashSet<String>,
    /// Mirrors that did not answer as mirrors do, by their hosts.
    pub(crate) failed_mirrors: HashSet<String>,
    challenges: HashMap<Repository, Challenge>,
    /// What the first repository of a registry said.
    first_challenges: HashMap<String, Challenge>,
    /// Identity tokens that their service has replaced.
    replaced: HashMap<Secret, Secret>,
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

    /// Returns whether the registry is known to find its own blobs.
    pub(crate) fn mounts(&self, repository: &Repository) -> bool {
        self.mounting.contains(repository.registry())
    }

    pub(crate) fn learn_mount(&mut self, repository: &Repository) {
        self.mounting.insert(repository.registry().to_owned());
    }

    /// Returns whether the registry may be asked to take a blob from a repository of its own.
    pub(crate) fn answers_mounts(&self, repository: &Repository) -> bool {
        !self.without_mounts.contains(repository.registry())
    }

    pub(crate) fn answers_no_mounts(&mut self, repository: &Repository) {
        self.without_mounts.insert(repository.registry().to_owned());
    }

    /// Returns whether the registry may take a blob with the request that asks to send it.
    pub(crate) fn takes_whole(&self, repository: &Repository) -> bool {
        !self.without_whole.contains(repository.registry())
    }

    pub(crate) fn takes_no_whole(&mut self, repository: &Repository) {
        self.without_whole.insert(repository.registry().to_owned());
    }

    /// Returns the identity token to show in place of the one that was configured.
    pub(crate) fn identity(&self, configured: &Secret) -> Secret {
        self.replaced.get(configured).unwrap_or(configured).clone()
    }

    pub(crate) fn replace_identity(&mut self, configured: &Secret, by: Secret) {
        self.replaced.insert(configured.clone(), by);
    }
}
