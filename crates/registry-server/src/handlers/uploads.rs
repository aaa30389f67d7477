use super::{DIGEST, response};
use crate::body::Pieces;
use crate::failure::{Code, Failure};
use crate::name::Name;
use crate::range::piece;
use crate::registry::{Answer, Asked, Registry};
use crate::route;
use crate::uploads::{BLOB_LIMIT, Shared, Upload, unknown};
use axum::body::Body;
use axum::http::header::{CONTENT_RANGE, LOCATION, RANGE};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use consign_oci::{Algorithm, Digest};
use std::sync::Arc;

const UPLOAD: HeaderName = HeaderName::from_static("docker-upload-uuid");

impl Registry {
    /// Starts an upload, takes a whole blob, or takes a blob from another repository (distribution-spec, "Pushing blobs").
    pub(crate) async fn start_upload(&self, name: Name, asked: Asked) -> Answer {
        if let Some(digest) = asked.query.get("mount") {
            let digest = route::digest(digest)?;
            let source = asked.query.get("from").map(|from| Name::parse(from).ok_or(())).transpose();
            let (into, wanted) = (name.clone(), digest.clone());
            let mounted = self.on_disk(move |storage| {
                // Anyone may read everything here, so that a blob may be taken without saying from where.
                let there = match &source {
                    Ok(Some(from)) => storage.has_blob(from, &wanted),
                    Ok(None) => storage.has_content(&wanted),
                    Err(()) => false,
                };
                if there { storage.link_blob(&into, &wanted).map(|()| true) } else { Ok(false) }
            });
            if mounted.await? {
                return Ok(created(&name, &digest));
            }
        }
        let algorithm = match asked.query.get("digest-algorithm") {
            Some("sha512") => Algorithm::Sha512,
            _ => Algorithm::Sha256,
        };
        let mut upload = Upload::start(&self.0.storage.uploads(), algorithm)?;
        if let Some(digest) = asked.query.get("digest") {
            let digest = route::digest(digest)?;
            upload.append(&mut Pieces::new(asked.body, BLOB_LIMIT), None).await?;
            return self.keep(name, digest, upload).await;
        }
        let identifier = self.0.uploads.open(&name, upload)?;
        Ok(accepted(StatusCode::ACCEPTED, &name, &identifier, 0))
    }

    pub(crate) async fn upload_status(&self, name: Name, identifier: String) -> Answer {
        let upload = self.0.uploads.find(&name, &identifier)?;
        let upload = upload.lock().await;
        let size = upload.as_ref().ok_or_else(unknown)?.size();
        Ok(accepted(StatusCode::NO_CONTENT, &name, &identifier, size))
    }

    pub(crate) async fn continue_upload(&self, name: Name, identifier: String, asked: Asked) -> Answer {
        let shared = self.0.uploads.find(&name, &identifier)?;
        let size = self.append(&shared, &name, &identifier, asked).await?;
        Ok(accepted(StatusCode::ACCEPTED, &name, &identifier, size))
    }

    pub(crate) async fn finish_upload(&self, name: Name, identifier: String, asked: Asked) -> Answer {
        let shared = self.0.uploads.find(&name, &identifier)?;
        let digest = asked.query.get("digest").ok_or_else(|| {
            Failure::new(StatusCode::BAD_REQUEST, Code::DigestInvalid, "the digest of the blob must be said")
        });
        let digest = digest.and_then(route::digest)?;
        self.append(&shared, &name, &identifier, asked).await?;
        let upload = shared.lock().await.take().ok_or_else(unknown)?;
        self.0.uploads.close(&identifier);
        self.keep(name, digest, upload).await
    }

    pub(crate) fn cancel_upload(&self, name: Name, identifier: String) -> Answer {
        self.0.uploads.find(&name, &identifier)?;
        self.0.uploads.close(&identifier);
        Ok(response(StatusCode::NO_CONTENT, [], Body::empty()))
    }

    /// Appends the body of a request and returns the number of bytes that have come.
    async fn append(&self, shared: &Shared, name: &Name, identifier: &str, asked: Asked) -> Result<u64, Failure> {
        let mut upload = shared.lock().await;
        let upload = upload.as_mut().ok_or_else(unknown)?;
        let range = asked.header(&CONTENT_RANGE).map(|header| piece(header).ok_or(())).transpose();
        let refused = |status, code, message: &str, size| {
            let headers = accepted(status, name, identifier, size).headers().clone();
            let failure = Failure::new(status, code, message);
            headers
                .into_iter()
                .filter_map(|(name, value)| Some((name?, value)))
                .fold(failure, |failure, (name, value)| failure.header(name, value))
        };
        let length = match range {
            Err(()) => {
                let message = "Content-Range must be FIRST-LAST";
                return Err(refused(
                    StatusCode::RANGE_NOT_SATISFIABLE,
                    Code::BlobUploadInvalid,
                    message,
                    upload.size(),
                ));
            }
            Ok(Some(range)) if *range.start() != upload.size() => {
                let message = "the piece does not begin where the last one ended";
                return Err(refused(
                    StatusCode::RANGE_NOT_SATISFIABLE,
                    Code::BlobUploadInvalid,
                    message,
                    upload.size(),
                ));
            }
            Ok(range) => range.map(|range| (range.end() - range.start()).saturating_add(1)),
        };
        upload.append(&mut Pieces::new(asked.body, BLOB_LIMIT - upload.size()), length).await?;
        Ok(upload.size())
    }

    async fn keep(&self, name: Name, digest: Digest, upload: Upload) -> Answer {
        let (into, expected) = (name.clone(), digest.clone());
        let inner = Arc::clone(&self.0);
        let kept = tokio::task::spawn_blocking(move || {
            let file = upload.finish(&expected)?;
            inner.storage.keep_blob(&into, &expected, file).map_err(Failure::from)
        });
        kept.await.map_err(|error| Failure::inside(&error))??;
        Ok(created(&name, &digest))
    }
}

fn created(name: &Name, digest: &Digest) -> Response<Body> {
    let location = format!("/v2/{}/blobs/{digest}", name.as_str());
    response(StatusCode::CREATED, [(LOCATION, location), (DIGEST, digest.to_string())], Body::empty())
}

/// Makes the answer that says where to go on and what has come.
fn accepted(status: StatusCode, name: &Name, identifier: &str, size: u64) -> Response<Body> {
    let location = format!("/v2/{}/blobs/uploads/{identifier}", name.as_str());
    // Nothing is also written `0-0`: a range cannot be empty.
    let range = format!("0-{}", size.saturating_sub(1));
    let mut answer = response(status, [(LOCATION, location), (RANGE, range)], Body::empty());
    answer.headers_mut().extend(HeaderValue::from_str(identifier).ok().map(|value| (UPLOAD, value)));
    answer
}
