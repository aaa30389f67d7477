use super::{DIGEST, entity_tag, response};
use crate::body::Pieces;
use crate::failure::{Code, Failure};
use crate::name::Name;
use crate::outline::Outline;
use crate::registry::{Answer, Asked, Registry};
use crate::storage::{MANIFEST_LIMIT, NewManifest};
use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH, LOCATION};
use consign_oci::{Digest, Target};
use consign_receipt::AdmissionRequest;
use std::sync::Arc;

const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
/// Most digests that one answer names as missing.
const MISSING_LIMIT: usize = 1000;

impl Registry {
    pub(crate) async fn get_manifest(&self, name: Name, target: Target, asked: Asked) -> Answer {
        let Some(found) = self.on_disk(move |storage| storage.manifest(&name, &target)).await? else {
            return Err(unknown());
        };
        let tag = entity_tag(&found.digest);
        let known = asked.header(&IF_NONE_MATCH).is_some_and(|header| header.split(',').any(|part| part.trim() == tag));
        let (status, body) =
            if known { (StatusCode::NOT_MODIFIED, Body::empty()) } else { (StatusCode::OK, Body::from(found.bytes)) };
        Ok(response(status, [(CONTENT_TYPE, found.media_type), (DIGEST, found.digest.to_string()), (ETAG, tag)], body))
    }

    pub(crate) async fn put_manifest(&self, name: Name, target: Target, asked: Asked) -> Answer {
        let content_type = asked.header(&CONTENT_TYPE).map(str::to_owned);
        let bytes = Pieces::new(asked.body, MANIFEST_LIMIT).all().await?;
        let digest = match &target {
            Target::Tag(_) => Digest::of(&bytes),
            Target::Digest(digest) if digest.matches(&bytes) => digest.clone(),
            Target::Digest(digest) => {
                let message = format!("the manifest does not have the digest {digest}");
                return Err(Failure::new(StatusCode::BAD_REQUEST, Code::DigestInvalid, message));
            }
        };
        let (outline, media_type) = Outline::read(content_type.as_deref(), &bytes)?;
        let subject = outline.subject().cloned();
        let location = format!("/v2/{}/manifests/{digest}", name.as_str());
        let stored = digest.clone();
        let inner = Arc::clone(&self.0);
        let kept = tokio::task::spawn_blocking(move || {
            let missing: Vec<String> = outline
                .needs()
                .into_iter()
                .filter(|part| !inner.storage.has(&name, part))
                .map(ToString::to_string)
                .take(MISSING_LIMIT)
                .collect();
            if !missing.is_empty() {
                return Err(Failure::missing(missing.iter().map(String::as_str)));
            }
            let request =
                AdmissionRequest { repository: name.as_str(), target: &target, digest: &stored, bytes: &bytes };
            inner
                .options
                .admission
                .admit(&request)
                .map_err(|refusal| Failure::new(StatusCode::FORBIDDEN, Code::Denied, refusal.reason))?;
            let descriptor = outline.referrer(&media_type, &stored, bytes.len() as u64);
            let descriptor = serde_json::to_vec(&descriptor).map_err(|error| Failure::inside(&error))?;
            let tag = match &target {
                Target::Tag(tag) => Some(tag),
                Target::Digest(_) => None,
            };
            let referrer = outline.subject().map(|subject| (subject, descriptor));
            let new =
                NewManifest { name: &name, digest: &stored, media_type: &media_type, bytes: &bytes, tag, referrer };
            inner.storage.keep_manifest(&new).map_err(Failure::from)
        });
        kept.await.map_err(|error| Failure::inside(&error))??;
        let mut answer =
            response(StatusCode::CREATED, [(LOCATION, location), (DIGEST, digest.to_string())], Body::empty());
        if let Some(subject) = subject.filter(|_| self.0.options.referrers_api) {
            answer.headers_mut().extend(HeaderValue::from_str(&subject.to_string()).ok().map(|value| (SUBJECT, value)));
        }
        Ok(answer)
    }

    pub(crate) async fn delete_manifest(&self, name: Name, target: Target) -> Answer {
        let deleted = self.on_disk(move |storage| match &target {
            Target::Tag(tag) => storage.delete_tag(&name, tag),
            Target::Digest(digest) => storage.delete_manifest(&name, digest),
        });
        match deleted.await? {
            true => Ok(response(StatusCode::ACCEPTED, [], Body::empty())),
            false => Err(unknown()),
        }
    }
}

fn unknown() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, Code::ManifestUnknown, "the repository does not have this manifest")
}
