//! What services answer.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

/// An answer before anything goes wrong with it.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn respond(self) -> Response<Body> {
        let mut response = Response::builder().status(StatusCode::from_u16(self.status).unwrap_or_default());
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        response.body(Body::from(self.body)).unwrap_or_default()
    }
}

pub(super) fn json_answer(status: u16, value: &Value) -> Answer {
    let headers = vec![("content-type", "application/json".to_owned())];
    Answer { status, headers, body: value.to_string().into_bytes() }
}

pub(super) fn failure(status: u16, message: &str) -> Answer {
    json_answer(status, &json!({ "code": 3, "message": message }))
}

pub(super) fn redirect(address: String) -> Answer {
    Answer { status: 303, headers: vec![("location", address)], body: Vec::new() }
}
