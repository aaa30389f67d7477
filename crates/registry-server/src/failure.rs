use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use consign_store::StoreError;
use serde_json::{Value, json};
use std::error::Error;
use std::io;

/// An error code (distribution-spec, "Error Codes").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    BlobUnknown,
    BlobUploadInvalid,
    BlobUploadUnknown,
    Denied,
    DigestInvalid,
    ManifestBlobUnknown,
    ManifestInvalid,
    ManifestUnknown,
    NameInvalid,
    NameUnknown,
    SizeInvalid,
    TooManyRequests,
    Unauthorized,
    Unknown,
    Unsupported,
}

impl Code {
    fn name(self) -> &'static str {
        match self {
            Self::BlobUnknown => "BLOB_UNKNOWN",
            Self::BlobUploadInvalid => "BLOB_UPLOAD_INVALID",
            Self::BlobUploadUnknown => "BLOB_UPLOAD_UNKNOWN",
            Self::Denied => "DENIED",
            Self::DigestInvalid => "DIGEST_INVALID",
            Self::ManifestBlobUnknown => "MANIFEST_BLOB_UNKNOWN",
            Self::ManifestInvalid => "MANIFEST_INVALID",
            Self::ManifestUnknown => "MANIFEST_UNKNOWN",
            Self::NameInvalid => "NAME_INVALID",
            Self::NameUnknown => "NAME_UNKNOWN",
            Self::SizeInvalid => "SIZE_INVALID",
            Self::TooManyRequests => "TOOMANYREQUESTS",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::Unknown => "UNKNOWN",
            Self::Unsupported => "UNSUPPORTED",
        }
    }
}

/// A request that is not done, as the client is told.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    errors: Vec<Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// What went wrong inside, which goes to the access log only.
    pub(crate) inside: Option<String>,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self { status, errors: vec![], headers: vec![], inside: None }.and(code, message, Value::Null)
    }

    /// Adds an error to the list.
    pub(crate) fn and(mut self, code: Code, message: impl Into<String>, detail: Value) -> Self {
        self.errors.push(json!({ "code": code.name(), "message": message.into(), "detail": detail }));
        self
    }

    /// Makes the failure that names every digest that a manifest needs and the repository lacks; `missing` is not empty.
    pub(crate) fn missing<'a>(missing: impl Iterator<Item = &'a str>) -> Self {
        let empty = Self { status: StatusCode::BAD_REQUEST, errors: vec![], headers: vec![], inside: None };
        missing.fold(empty, |failure, digest| {
            failure.and(
                Code::ManifestBlobUnknown,
                "the repository does not have what the manifest names",
                json!({ "digest": digest }),
            )
        })
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn inside<'a>(error: &'a (dyn Error + 'static)) -> Self {
        let chain = || std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source());
        let text = chain().map(ToString::to_string).collect::<Vec<_>>().join(": ");
        // Trying again does not help; 507 is what says so (RFC 4918, 11.5).
        let failure = if chain().filter_map(|error| error.downcast_ref()).any(is_out_of_space) {
            Self::new(StatusCode::INSUFFICIENT_STORAGE, Code::Unknown, "the registry's disk is full")
        } else {
            let message = "the registry cannot read or write its folder";
            Self::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Unknown, message)
        };
        Self { inside: Some(text), ..failure }
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(json!({ "errors": self.errors }).to_string()));
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.headers_mut().extend(self.headers);
        response
    }
}

fn is_out_of_space(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::inside(&error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::inside(&error)
    }
}
