use super::response;
use crate::name::Name;
use crate::registry::{Answer, Asked, Registry};
use crate::route;
use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LINK};
use consign_oci::{Digest, Index, media_type};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

const FILTERS: HeaderName = HeaderName::from_static("oci-filters-applied");
/// Most descriptors in one answer.
const PAGE: usize = 1000;
/// Length of annotations, in bytes, after which an answer ends and another page follows.
const PAGE_LENGTH: usize = 1024 * 1024;

impl Registry {
    /// Lists the manifests about a digest, which need not be there (distribution-spec, "Listing Referrers").
    pub(crate) async fn list_referrers(&self, name: Name, subject: Digest, asked: Asked) -> Answer {
        let last = asked.query.get("last").map(route::digest).transpose()?;
        let filter = asked.query.get("artifactType").map(str::to_owned);
        let (wanted, about, kind) = (name.clone(), subject.clone(), filter.clone());
        let (manifests, next) = self
            .on_disk(move |storage| {
                let (mut found, mut length, mut next) = (Vec::new(), 0, None);
                for digest in storage.referrers(&wanted, &about)? {
                    if last.as_ref().is_some_and(|last| digest <= *last) {
                        continue;
                    }
                    if found.len() >= PAGE || length >= PAGE_LENGTH {
                        next = found.last().map(|descriptor: &consign_oci::Descriptor| descriptor.digest.clone());
                        break;
                    }
                    let Some(descriptor) = storage.referrer(&wanted, &about, &digest)? else { continue };
                    if kind.is_none() || descriptor.artifact_type == kind {
                        length +=
                            descriptor.annotations.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
                        found.push(descriptor);
                    }
                }
                Ok((found, next))
            })
            .await?;
        let body =
            serde_json::to_vec(&Index::new(manifests)).map_err(|error| crate::failure::Failure::inside(&error))?;
        let mut answer = response(StatusCode::OK, [(CONTENT_TYPE, media_type::INDEX.to_owned())], Body::from(body));
        if filter.is_some() {
            answer.headers_mut().insert(FILTERS, HeaderValue::from_static("artifactType"));
        }
        if let Some(last) = next {
            let filter = filter.map_or_else(String::new, |kind| {
                format!("&artifactType={}", utf8_percent_encode(&kind, NON_ALPHANUMERIC))
            });
            let link = format!("</v2/{}/referrers/{subject}?last={last}{filter}>; rel=\"next\"", name.as_str());
            answer.headers_mut().extend(HeaderValue::from_str(&link).ok().map(|value| (LINK, value)));
        }
        Ok(answer)
    }
}
