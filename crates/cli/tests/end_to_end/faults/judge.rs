use super::scenario::TAGS;
use consign_image::Place;
use consign_oci::{Digest, Reference};
use consign_registry::Client;
use consign_registry_server::{Options, Registry};
use consign_sign::PublicKey;
use consign_testkit::registry::{TestRegistry, get};
use consign_trust::Authority;
use consign_verify::{Expectation, Failure, VerifyError, verify};
use jiff::civil::Date;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

/// What registries have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Published {
    /// What release tags name, by repository.
    pub(super) tags: BTreeMap<String, BTreeMap<String, String>>,
    /// Everything that an index leads to, with what is about it, by repository and index. What is missing, or is not what its digest
    /// says, is there as that.
    parts: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Published {
    /// Returns what a tag names.
    pub(super) fn tag(&self, repository: &str, tag: &str) -> Option<&String> {
        self.tags.get(repository)?.get(tag)
    }

    /// Returns what an index in a repository leads to.
    pub(super) fn parts(&self, repository: &str, index: &str) -> Option<&BTreeSet<String>> {
        self.parts.get(&(repository.to_owned(), index.to_owned()))
    }
}

/// Looks at what lies in a registry's folder, without any of what publishes or verifies.
pub(super) struct Judge {
    folder: PathBuf,
    /// Whether clients find referrers in lists under tags.
    lists: bool,
}

impl Judge {
    pub(super) fn new(folder: &Path, lists: bool) -> Self {
        Self { folder: folder.to_owned(), lists }
    }

    fn options(&self) -> Options {
        let mut options = Options::new(&self.folder);
        options.read_only = true;
        options.referrers_api = !self.lists;
        options
    }

    /// Adds what a repository has: its release tags, and all that they lead to, or that these other digests lead to.
    pub(super) async fn look(&self, repository: &str, others: impl Iterator<Item = &String>, into: &mut Published) {
        if !self.folder.exists() {
            return;
        }
        let registry = Registry::open(self.options()).unwrap();
        let mut tags = BTreeMap::new();
        for tag in TAGS.iter().chain(&["1.2.2"]) {
            if let Some(bytes) = get(&registry, &format!("/v2/{repository}/manifests/{tag}")).await {
                tags.insert((*tag).to_owned(), Digest::of(&bytes).to_string());
            }
        }
        // There are no others than those of releases, and of lists of referrers.
        let listed = get(&registry, &format!("/v2/{repository}/tags/list")).await;
        let listed: Value = listed.map_or(Value::Null, |bytes| serde_json::from_slice(&bytes).unwrap());
        let listed = listed["tags"].as_array().into_iter().flatten().map(|tag| tag.as_str().unwrap());
        let listed: BTreeSet<&str> = listed.filter(|tag| !tag.starts_with("sha256-")).collect();
        assert_eq!(listed, tags.keys().map(String::as_str).collect(), "tags of {repository}");
        for index in tags.values().cloned().chain(others.cloned()).collect::<BTreeSet<String>>() {
            let parts = self.walk(&registry, repository, &index).await;
            into.parts.insert((repository.to_owned(), index), parts);
        }
        into.tags.insert(repository.to_owned(), tags);
    }

    /// Returns everything that an index leads to.
    async fn walk(&self, registry: &Registry, repository: &str, index: &str) -> BTreeSet<String> {
        let mut parts = BTreeSet::new();
        let mut pending = vec![("manifests", index.to_owned())];
        while let Some((kind, digest)) = pending.pop() {
            let bytes = get(registry, &format!("/v2/{repository}/{kind}/{digest}")).await;
            let state = match &bytes {
                Some(bytes) if Digest::of(bytes).to_string() == digest => "",
                Some(_) => " is damaged",
                None => " is missing",
            };
            if !parts.insert(format!("{kind} {digest}{state}")) || kind != "manifests" {
                continue;
            }
            let document: Value = serde_json::from_slice(&bytes.unwrap_or(b"null".to_vec())).unwrap();
            pending.extend(digests(&document["manifests"]).map(|digest| ("manifests", digest)));
            pending.extend(digests(&document["layers"]).map(|digest| ("blobs", digest)));
            pending.extend(document["config"]["digest"].as_str().map(|digest| ("blobs", digest.to_owned())));
            if document["subject"].is_null() {
                pending.extend(self.referrers(registry, repository, &digest).await.map(|digest| ("manifests", digest)));
            }
        }
        parts
    }

    async fn referrers(&self, registry: &Registry, repository: &str, digest: &str) -> impl Iterator<Item = String> {
        let path = match self.lists {
            true => format!("/v2/{repository}/manifests/{}", digest.replace(':', "-")),
            false => format!("/v2/{repository}/referrers/{digest}"),
        };
        let list = get(registry, &path).await.unwrap_or(b"null".to_vec());
        let list: Value = serde_json::from_slice(&list).unwrap();
        digests(&list["manifests"]).collect::<Vec<_>>().into_iter()
    }

    /// Serves the folder, where there is one, to whoever reads.
    pub(super) async fn serve(&self, port: u16) -> Option<TestRegistry> {
        let address = (Ipv4Addr::LOCALHOST, port).into();
        if !self.folder.exists() {
            return None;
        }
        Some(TestRegistry::start_at(address, self.options()).await.unwrap())
    }
}

fn digests(list: &Value) -> impl Iterator<Item = String> {
    list.as_array().into_iter().flatten().map(|entry| entry["digest"].as_str().unwrap().to_owned())
}

/// Verifies the tags of a repository, as anybody would who has the public key, and returns what is wrong. Where it may be so, one tag may be
/// seen to be behind another.
pub(super) async fn verify_tags<'a>(
    repository: &str,
    tags: impl Iterator<Item = &'a String>,
    key: &PublicKey,
    may_be_behind: bool,
) -> Vec<String> {
    let client = Client::new(consign_registry::Options::default()).unwrap();
    let authorities = [Authority::Key(key.clone())];
    let mut problems = Vec::new();
    for tag in tags {
        let reference: Reference = format!("{repository}:{tag}").parse().unwrap();
        let place = Place::Registry { client: client.clone(), reference: reference.clone() };
        let expectation = Expectation { released: true, content: true, ..Expectation::new(&authorities, Date::ZERO) };
        let requested = reference.tag.as_ref().map(|tag| (&reference.repository, tag));
        let mut verified = verify(&place, requested, expectation).await;
        if may_be_behind && verified.as_ref().is_err_and(is_behind) {
            verified = verify(&place, None, expectation).await;
        }
        problems.extend(verified.err().map(|error| format!("{reference}: {error:?}")));
    }
    problems
}

fn is_behind(error: &VerifyError) -> bool {
    let VerifyError::Failed { failures } = error else { return false };
    failures.iter().all(|failure| matches!(failure, Failure::TagMoved { .. }))
}
