use crate::endpoint::redacted;
use crate::paging::Paging;
use crate::transport::{Call, Redirects, header, read_limited};
use crate::{Client, RegistryError};
use consign_oci::{DOCUMENT_LIMIT, Descriptor, Digest, Document, Exact, Index, Repository, Tag, Target, media_type};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap};

/// Most pages of a list.
const PAGES: usize = 100;
/// Most manifests about one other that are read.
const REFERRER_LIMIT: usize = 10_000;
/// What is wrong where such a list should be.
const NO_LIST: &str = "there is an image under the tag of a list of referrers";

impl Client {
    /// Returns the manifests that are about `digest`. That they cannot be listed is an error, never an empty list.
    pub async fn referrers(&self, repository: &Repository, digest: &Digest) -> Result<Vec<Descriptor>, RegistryError> {
        let ask = self.known().features(repository).referrers != Some(false);
        if ask && let Some(listed) = self.referrers_api(repository, digest).await? {
            return Ok(listed);
        }
        Ok(self.referrers_tag(repository, digest).await?.map(|index| index.manifests).unwrap_or_default())
    }

    /// Asks the referrers API; `None` where the registry has none, which is then known.
    async fn referrers_api(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<Vec<Descriptor>>, RegistryError> {
        let mut found = Vec::new();
        let mut call = Call::new(self, Method::GET, repository, &format!("referrers/{digest}"))?;
        call.accept = media_type::INDEX;
        // A registry without the API may send askers to a page for people elsewhere.
        call.redirects = Redirects::WithinHost;
        let mut paging = Paging::new(PAGES);
        let mut is_first = true;
        loop {
            let response = self.send(&call).await?;
            match response.status().as_u16() {
                200 if is_for_programs(response.headers()) => {}
                // As a page for people it is no list at all. Of a list whose beginning is there, the rest is not to be had.
                200 | 300..=399 | 400 | 404 | 405 | 501 if is_first => {
                    let error = self.refused(&call, response).await;
                    // Some registries that have the API say this of a repository to which nothing was pushed yet.
                    if !matches!(&error, RegistryError::Answer { code: Some(code), .. } if code == "NAME_UNKNOWN") {
                        self.known().learn(repository, |features| features.referrers = Some(false));
                    }
                    return Ok(None);
                }
                _ => return Err(self.refused(&call, response).await),
            }
            let next = paging.next(&call.url, response.headers())?;
            let bytes = read_limited(response, DOCUMENT_LIMIT).await?;
            let broken = |problem: String| RegistryError::Protocol { url: redacted(&call.url), problem };
            let page: Index = serde_json::from_slice(&bytes)
                .map_err(|error| broken(format!("the list of referrers is not an index: {error}")))?;
            found.extend(page.manifests);
            if found.len() > REFERRER_LIMIT {
                return Err(broken(format!("there are more than {REFERRER_LIMIT} referrers")));
            }
            match next {
                Some(url) => call.url = url,
                None => return Ok(Some(found)),
            }
            is_first = false;
        }
    }

    async fn referrers_tag(&self, repository: &Repository, digest: &Digest) -> Result<Option<Index>, RegistryError> {
        let tag = Tag::of_referrers(digest);
        match self.manifest(repository, &Target::Tag(tag.clone())).await? {
            Some(Document::Index(index)) => Ok(Some(index.into_value())),
            None => Ok(None),
            Some(Document::Manifest(_)) => Err(broken(repository, &tag, NO_LIST.to_owned())),
        }
    }

    /// Adds a manifest to the list under the referrers tag of `subject`.
    pub(crate) async fn list_referrer(
        &self,
        repository: &Repository,
        subject: &Digest,
        document: &Document,
    ) -> Result<(), RegistryError> {
        let tag = Tag::of_referrers(subject);
        let extended = |found: Option<Document>, entries: &[Descriptor]| {
            extended(found, entries).map_err(|problem| broken(repository, &tag, problem))
        };
        self.add_to_tag(repository, &tag, entry(document), extended).await
    }
}

/// Returns whether an answer is an index, or anything else in JSON, which is one under a wrong name if it is a list at all.
fn is_for_programs(headers: &HeaderMap) -> bool {
    header(headers, &CONTENT_TYPE)
        .is_some_and(|kind| kind.split(';').next().is_some_and(|kind| kind.trim().ends_with("json")))
}

/// Returns the list with these entries; `None` if it has them.
fn extended(found: Option<Document>, entries: &[Descriptor]) -> Result<Option<Document>, String> {
    let mut index = match found {
        Some(Document::Index(index)) => index.into_value(),
        None => Index::new(Vec::new()),
        Some(Document::Manifest(_)) => return Err(NO_LIST.to_owned()),
    };
    let is_new = |entry: &&Descriptor| index.manifests.iter().all(|listed| listed.digest != entry.digest);
    let new: Vec<Descriptor> = entries.iter().filter(is_new).cloned().collect();
    if new.is_empty() {
        return Ok(None);
    }
    index.manifests.extend(new);
    Exact::write(index).map(|index| Some(Document::Index(index))).map_err(|error| error.to_string())
}

fn broken(repository: &Repository, tag: &Tag, problem: String) -> RegistryError {
    RegistryError::Protocol { url: format!("{repository}:{tag}"), problem }
}

/// Describes a referrer as the referrers API would, so that readers need not open it.
fn entry(document: &Document) -> Descriptor {
    let mut descriptor = document.descriptor();
    let (artifact_type, annotations) = match document {
        Document::Manifest(manifest) => (Some(manifest.effective_artifact_type().to_owned()), &manifest.annotations),
        Document::Index(index) => (index.artifact_type.clone(), &index.annotations),
    };
    descriptor.artifact_type = artifact_type;
    descriptor.annotations.clone_from(annotations);
    descriptor
}
