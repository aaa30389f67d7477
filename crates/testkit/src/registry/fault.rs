use axum::body::Body;
use axum::http::{HeaderName, Response};
use std::fmt;
use std::sync::Arc;
use tokio::sync::Notify;

/// What happens to a request instead of its answer.
#[derive(Debug)]
pub enum Fault {
    /// This is answered, and the registry never sees the request.
    Answer(Response<Body>),
    /// The registry does what it was asked, but this is answered.
    Replace(Response<Body>),
    /// The registry does what it was asked, but its answer has not got this header.
    Without(HeaderName),
    /// The registry does what it was asked once this has been notified.
    Wait(Arc<Notify>),
    /// The connection ends, and the registry never sees the request.
    Drop,
    /// The registry does what it was asked, but the connection ends before it says so.
    DropAfter,
    /// The registry does what it was asked; then this is called, and the connection ends.
    CallAfter(Call),
    /// Half of the request's body reaches the registry; then this is called, and the connection ends.
    CallMidway(Call),
}

/// Something that a test does at a chosen moment.
#[derive(Clone)]
pub struct Call(Arc<dyn Fn() + Send + Sync>);

impl Call {
    /// Makes a call of a function.
    pub fn new(function: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(function))
    }

    /// Calls it.
    pub fn call(&self) {
        (self.0)();
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Call")
    }
}

impl Fault {
    /// Makes the fault that only a status is answered.
    pub fn status(status: u16) -> Self {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = axum::http::StatusCode::from_u16(status).unwrap_or_default();
        Self::Answer(response)
    }

    /// Makes the fault that a status is answered, and why.
    pub fn refuse(status: u16, message: &str) -> Self {
        let body = serde_json::json!({ "errors": [{ "code": "DENIED", "message": message }] });
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = axum::http::StatusCode::from_u16(status).unwrap_or_default();
        Self::Answer(response)
    }

    /// Makes the fault that this is answered, as if all were well.
    pub fn bytes(bytes: &'static [u8]) -> Self {
        Self::Answer(Response::new(Body::from(bytes)))
    }

    /// Makes the fault that only a status is answered, and that trying again at once is welcome.
    pub fn busy(status: u16) -> Self {
        let mut fault = Self::status(status);
        if let Self::Answer(response) = &mut fault {
            response.headers_mut().insert(axum::http::header::RETRY_AFTER, axum::http::HeaderValue::from_static("0"));
        }
        fault
    }

    /// Makes the fault that whoever asks is told to log in with a name and a password.
    pub fn login() -> Self {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = axum::http::StatusCode::UNAUTHORIZED;
        let challenge = axum::http::HeaderValue::from_static("Basic realm=\"test\"");
        response.headers_mut().insert(axum::http::header::WWW_AUTHENTICATE, challenge);
        Self::Answer(response)
    }
}
