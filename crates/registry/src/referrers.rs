use crate::endpoint::{follow, redacted};
use crate::transport::{Call, header, read_limited};
use crate::{Client, RegistryError};
use consign_oci::{Descriptor, Digest, Document, Exact, Index, Repository, Tag, Target, media_type};
use reqwest::header::{CONTENT_TYPE, LINK};
use reqwest::{Method, Url};

/// Largest page of a list, in bytes.
const PAGE_LIMIT: u64 = 8 << 20;
/// Most pages of a list.
const PAGES: usize = 100;
/// How often the list under a tag is written before giving up: others may write it at the same time.
const TRIES: usize = 5;

impl Client {
    /// Returns the manifests that are about `digest`. That they cannot be listed is an error, never an empty list.
    pub async fn referrers(&self, repository: &Repository, digest: &Digest) -> Result<Vec<Descriptor>, RegistryError> {
        if !self.known().without_referrers.contains(repository.registry()) {
            if let Some(listed) = self.referrers_api(repository, digest).await? {
                return Ok(listed);
            }
            self.known().without_referrers.insert(repository.registry().to_owned());
        }
        Ok(self.referrers_tag(repository, digest).await?.map(|index| index.manifests).unwrap_or_default())
    }

    /// Asks the referrers API; `None` where the registry has none.
    async fn referrers_api(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<Vec<Descriptor>>, RegistryError> {
        let mut found = Vec::new();
        let mut call = Call::new(self, Method::GET, repository, &format!("referrers/{digest}"))?;
        call.accept = media_type::INDEX;
        // A registry without the API may send askers to a page for people.
        call.redirects = false;
        for _ in 0..PAGES {
            let response = self.send(&call).await?;
            let is_index =
                header(response.headers(), &CONTENT_TYPE).is_some_and(|text| text.starts_with(media_type::INDEX));
            match response.status().as_u16() {
                200 if is_index => {}
                // As a page for people it is no list at all.
                200 | 300..=399 | 400 | 404 | 405 | 501 => return Ok(None),
                _ => return Err(self.refused(&call, response).await),
            }
            let next = next_page(&call.url, header(response.headers(), &LINK))?;
            let bytes = read_limited(response, PAGE_LIMIT).await?;
            let page: Index = serde_json::from_slice(&bytes).map_err(|error| RegistryError::Protocol {
                url: redacted(&call.url),
                problem: format!("the list of referrers is not an index: {error}"),
            })?;
            found.extend(page.manifests);
            match next {
                Some(url) => call.url = url,
                None => return Ok(Some(found)),
            }
        }
        Err(RegistryError::Protocol {
            url: redacted(&call.url),
            problem: format!("the list has more than {PAGES} pages"),
        })
    }

    async fn referrers_tag(&self, repository: &Repository, digest: &Digest) -> Result<Option<Index>, RegistryError> {
        match self.manifest(repository, &Target::Tag(Tag::of_referrers(digest))).await? {
            Some(Document::Index(index)) => Ok(Some(index.into_value())),
            Some(Document::Manifest(_)) | None => Ok(None),
        }
    }

    /// Adds a manifest to the list under the referrers tag of `subject`: reads, adds, writes, and reads again, since others may do the same.
    pub(crate) async fn list_referrer(
        &self,
        repository: &Repository,
        subject: &Digest,
        document: &Document,
    ) -> Result<(), RegistryError> {
        let tag = Target::Tag(Tag::of_referrers(subject));
        let entry = entry(document);
        for _ in 0..TRIES {
            let mut index = self.referrers_tag(repository, subject).await?.unwrap_or_else(|| Index::new(Vec::new()));
            if index.manifests.iter().any(|listed| listed.digest == entry.digest) {
                return Ok(());
            }
            index.manifests.push(entry.clone());
            let index = Exact::write(index).map_err(|error| RegistryError::Protocol {
                url: format!("{repository}:{tag}"),
                problem: error.to_string(),
            })?;
            // Boxed: this is itself part of writing a manifest.
            Box::pin(self.put_manifest(repository, &tag, &Document::Index(index))).await?;
        }
        let problem = "others keep replacing the list of referrers; try again when they have finished".to_owned();
        Err(RegistryError::Protocol { url: format!("{repository}:{tag}"), problem })
    }
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

/// Returns the next page that a `Link` header names (RFC 8288), which must be on the same host.
pub(crate) fn next_page(from: &Url, link: Option<&str>) -> Result<Option<Url>, RegistryError> {
    let Some(link) = link else { return Ok(None) };
    let next = link.split(',').find(|part| part.contains("rel=\"next\"") || part.contains("rel=next"));
    let target = next.and_then(|part| part.split_once('<')?.1.split_once('>')).map(|(target, _)| target);
    let Some(target) = target else { return Ok(None) };
    let url = follow(from, target)?;
    if crate::endpoint::same_host(from, &url) {
        return Ok(Some(url));
    }
    Err(RegistryError::Protocol { url: redacted(from), problem: "its next page is on another host".to_owned() })
}
