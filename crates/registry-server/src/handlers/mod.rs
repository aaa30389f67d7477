//! One file per kind of thing that requests name.

mod blobs;
mod manifests;
mod referrers;
mod tags;
mod uploads;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use consign_oci::Digest;

pub(crate) const DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// Makes an answer with these headers; those whose value no header can hold are left out.
pub(crate) fn response<const N: usize>(
    status: StatusCode,
    headers: [(HeaderName, String); N],
    body: Body,
) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Returns the entity tag of content.
pub(crate) fn entity_tag(digest: &Digest) -> String {
    format!("\"{digest}\"")
}
