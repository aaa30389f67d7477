use crate::auth::Action;
use crate::endpoint::{counts_reads, redacted};
use crate::refusal::{is_missing_part, is_page};
use crate::transport::{Body, Call, header, read_limited};
use crate::{Client, RegistryError};
use bytes::Bytes;
use consign_oci::{DOCUMENT_LIMIT, Descriptor, Digest, Document, Repository, Target, media_type};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, IF_NONE_MATCH};
use reqwest::{Method, Response, StatusCode};

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");

/// What a name names, for somebody who may know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// There is nothing of that name.
    Nothing,
    /// What is known.
    Same,
    /// Something else.
    Document(Box<Document>),
}

impl Found {
    /// Makes what was found of a document.
    pub fn of(document: Document) -> Self {
        Self::Document(Box::new(document))
    }

    /// Returns what was read.
    pub fn document(self) -> Option<Document> {
        match self {
            Self::Document(document) => Some(*document),
            Self::Nothing | Self::Same => None,
        }
    }
}

impl Client {
    /// Returns what a tag or digest names, without its bytes; `None` if there is nothing of that name.
    pub async fn manifest_descriptor(
        &self,
        repository: &Repository,
        target: &Target,
    ) -> Result<Option<Descriptor>, RegistryError> {
        for mirror in self.mirrors_of(repository) {
            match self.descriptor_at(&mirror, target).await {
                Ok(Some(found)) => return Ok(Some(found)),
                Ok(None) => {}
                Err(error) => self.note_mirror(&mirror, &error),
            }
        }
        self.descriptor_at(repository, target).await
    }

    async fn descriptor_at(
        &self,
        repository: &Repository,
        target: &Target,
    ) -> Result<Option<Descriptor>, RegistryError> {
        let call = self.manifest_call(Method::HEAD, repository, target)?;
        let response = self.send(&Call { accept: &accept(), ..call }).await?;
        let call = self.manifest_call(Method::HEAD, repository, target)?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return self.nothing(&call, response).await.map(|()| None),
            _ => return Err(self.refused(&call, response).await),
        }
        let headers = response.headers();
        let digest = header(headers, &CONTENT_DIGEST).and_then(|text| text.parse::<Digest>().ok());
        let size = header(headers, &CONTENT_LENGTH).and_then(|text| text.parse::<u64>().ok());
        let media_type =
            content_type(&response).filter(|media_type| media_type::MANIFESTS.contains(&media_type.as_str()));
        match (digest, size, media_type) {
            (Some(digest), Some(size), Some(media_type)) => {
                if let Target::Digest(asked) = target
                    && *asked != digest
                {
                    return Err(RegistryError::Mismatch { url: redacted(&call.url), digest: asked.clone() });
                }
                let found = Descriptor::new(&media_type, digest, size);
                self.note_tag(repository, target, &found);
                Ok(Some(found))
            }
            // Some registries answer HEAD without these; the bytes themselves tell.
            _ => {
                let found = self.manifest_at(repository, target, None).await?;
                Ok(found.document().map(|document| document.descriptor()))
            }
        }
    }

    /// Reads what a tag or digest names, unless that is what is `known` of it: then no bytes are sent.
    ///
    /// The registry is asked with a condition (RFC 9110, section 13.1.2), or, where it counts what is read, whether it is the same.
    pub async fn manifest_unless(
        &self,
        repository: &Repository,
        target: &Target,
        known: &Digest,
    ) -> Result<Found, RegistryError> {
        if counts_reads(repository) {
            return match self.manifest_descriptor(repository, target).await? {
                None => Ok(Found::Nothing),
                Some(found) if found.digest == *known => Ok(Found::Same),
                Some(found) => {
                    let read = self.manifest(repository, &Target::Digest(found.digest)).await?;
                    Ok(read.map_or(Found::Nothing, Found::of))
                }
            };
        }
        for mirror in self.mirrors_of(repository) {
            match self.manifest_at(&mirror, target, Some(known)).await {
                Ok(Found::Nothing) => {}
                Ok(found) => return Ok(found),
                Err(error) => self.note_mirror(&mirror, &error),
            }
        }
        self.manifest_at(repository, target, Some(known)).await
    }

    /// Reads what a tag or digest names; `None` if there is nothing of that name.
    pub async fn manifest(&self, repository: &Repository, target: &Target) -> Result<Option<Document>, RegistryError> {
        for mirror in self.mirrors_of(repository) {
            match self.manifest_at(&mirror, target, None).await {
                Ok(Found::Document(found)) => return Ok(Some(*found)),
                Ok(_) => {}
                Err(error) => self.note_mirror(&mirror, &error),
            }
        }
        Ok(self.manifest_at(repository, target, None).await?.document())
    }

    async fn manifest_at(
        &self,
        repository: &Repository,
        target: &Target,
        known: Option<&Digest>,
    ) -> Result<Found, RegistryError> {
        let accept = accept();
        let condition = known.map(|known| (IF_NONE_MATCH, format!("\"{known}\"")));
        let call = Call { accept: &accept, condition, ..self.manifest_call(Method::GET, repository, target)? };
        let response = self.send(&call).await?;
        match response.status() {
            StatusCode::OK if !is_page(response.headers()) => {}
            StatusCode::NOT_MODIFIED if known.is_some() => {
                if let (Target::Tag(tag), Some(known)) = (target, known) {
                    self.known().learn_same(repository, tag, known);
                }
                return Ok(Found::Same);
            }
            StatusCode::NOT_FOUND => return self.nothing(&call, response).await.map(|()| Found::Nothing),
            _ => return Err(self.refused(&call, response).await),
        }
        let url = redacted(&call.url);
        let stated = header(response.headers(), &CONTENT_DIGEST).and_then(|text| text.parse::<Digest>().ok());
        let served = content_type(&response);
        let bytes = read_limited(response, DOCUMENT_LIMIT).await?;
        let asked = match target {
            Target::Digest(digest) => Some(digest.clone()),
            Target::Tag(_) => stated,
        };
        if let Some(digest) = asked.filter(|digest| !digest.matches(&bytes)) {
            return Err(RegistryError::Mismatch { url, digest });
        }
        let media_type = served.filter(|served| media_type::MANIFESTS.contains(&served.as_str()));
        let media_type = media_type.or_else(|| stated_in(&bytes)).unwrap_or_else(|| media_type::MANIFEST.to_owned());
        match Document::read(&media_type, bytes.into()) {
            Ok(document) => {
                self.note_tag(repository, target, &document.descriptor());
                // Not every registry knows conditions.
                Ok(if Some(document.digest()) == known { Found::Same } else { Found::of(document) })
            }
            Err(source) => Err(RegistryError::Document { url, source }),
        }
    }

    /// Writes a manifest under a tag or its digest. What it refers to must be there.
    ///
    /// Where it is about another manifest and the registry does not say that it lists such, the list under the referrers tag is brought up to date
    /// (distribution-spec, "Referrers Tag Schema").
    pub async fn put_manifest(
        &self,
        repository: &Repository,
        target: &Target,
        document: &Document,
    ) -> Result<(), RegistryError> {
        let listed = self.write_manifest(repository, target, document).await?;
        match document.subject() {
            Some(subject) if !listed => self.list_referrer(repository, &subject.digest, document).await,
            _ => Ok(()),
        }
    }

    /// Writes a manifest and returns whether the registry lists it among the referrers of its subject.
    pub(crate) async fn write_manifest(
        &self,
        repository: &Repository,
        target: &Target,
        document: &Document,
    ) -> Result<bool, RegistryError> {
        let body = Body::Bytes(Bytes::copy_from_slice(document.bytes()));
        let content_type = Some(document.media_type());
        // Writing the same bytes under the same name again changes nothing.
        let call =
            Call { body, content_type, repeatable: true, ..self.manifest_call(Method::PUT, repository, target)? };
        let response = self.send(&call).await?;
        if !matches!(response.status(), StatusCode::CREATED | StatusCode::OK | StatusCode::ACCEPTED) {
            let error = self.refused(&call, response).await;
            if matches!(&error, RegistryError::Answer { code: Some(code), .. } if is_missing_part(code)) {
                self.known().learn(repository, |features| features.validates = Some(true));
            }
            return Err(error);
        }
        let listed = response.headers().contains_key(SUBJECT);
        self.known().learn_holding(repository, document.digest());
        self.note_tag(repository, target, &document.descriptor());
        if listed {
            self.known().learn(repository, |features| features.referrers = Some(true));
        }
        Ok(listed)
    }

    /// Deletes a tag, or a manifest by its digest with every tag that names it (distribution-spec, "Deleting manifests"); returns whether there
    /// was one.
    pub async fn delete_manifest(&self, repository: &Repository, target: &Target) -> Result<bool, RegistryError> {
        let mut call = self.manifest_call(Method::DELETE, repository, target)?;
        call.action = Action::Delete;
        let response = self.send(&call).await?;
        match response.status() {
            StatusCode::ACCEPTED | StatusCode::OK | StatusCode::NO_CONTENT => {
                self.known().learn_deleted(repository, target);
                Ok(true)
            }
            StatusCode::NOT_FOUND => self.nothing(&call, response).await.map(|()| false),
            _ => Err(self.refused(&call, response).await),
        }
    }

    fn note_tag(&self, repository: &Repository, target: &Target, descriptor: &Descriptor) {
        if let Target::Tag(tag) = target {
            self.known().learn_tag(repository, tag, descriptor);
        }
    }

    fn manifest_call<'a>(
        &self,
        method: Method,
        repository: &'a Repository,
        target: &Target,
    ) -> Result<Call<'a>, RegistryError> {
        Call::new(self, method, repository, &format!("manifests/{target}"))
    }
}

/// Every manifest type: some registries say that there is nothing where the type is not asked for.
fn accept() -> String {
    media_type::MANIFESTS.join(", ")
}

fn content_type(response: &Response) -> Option<String> {
    let text = header(response.headers(), &CONTENT_TYPE)?;
    Some(text.split(';').next().unwrap_or_default().trim().to_owned())
}

fn stated_in(bytes: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    Some(value.get("mediaType")?.as_str()?.to_owned())
}
