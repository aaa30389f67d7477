//! Answers that say no, and answers of those who are no registry.

use crate::endpoint::redacted;
use crate::quota::Quota;
use crate::transport::{Call, header, read_limited};
use crate::{Client, RegistryError};
use consign_oci::Digest;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, Response};
use serde::Deserialize;

/// Largest body of an error that is read, in bytes.
const LIMIT: u64 = 64 << 10;

/// What a registry says (distribution-spec, "Error Codes").
#[derive(Deserialize)]
struct Answer {
    errors: Vec<Entry>,
}

#[derive(Default, Deserialize)]
struct Entry {
    code: Option<String>,
    message: Option<String>,
    #[serde(default)]
    detail: serde_json::Value,
}

impl Client {
    /// Returns that there is nothing of that name, unless who says so is a server of pages for people that is no registry at all.
    pub(crate) async fn nothing(&self, call: &Call<'_>, response: Response) -> Result<(), RegistryError> {
        if !is_page(response.headers()) {
            return Ok(());
        }
        // Every registry answers here (distribution-spec, end-1). Some have pages for what they do not know.
        let mut ping = Call::new(self, Method::GET, call.repository, "")?;
        ping.url.set_path("/v2/");
        let answered = self.send(&ping).await?;
        match answered.status().as_u16() {
            200 | 401 if !is_page(answered.headers()) => Ok(()),
            _ => Err(not_a_registry(call, &response)),
        }
    }

    /// Makes an error of an answer that says no.
    pub(crate) async fn refused(&self, call: &Call<'_>, response: Response) -> RegistryError {
        let status = response.status().as_u16();
        if is_page(response.headers()) && !may_be_a_proxys(status) {
            return not_a_registry(call, &response);
        }
        let quota = Quota::read(response.headers()).filter(|_| status == 429);
        let body = read_limited(response, LIMIT).await.unwrap_or_default();
        let entries = entries(&body);
        let unknown = entries.iter().filter(|entry| entry.code.as_deref().is_some_and(is_missing_part));
        let missing = unknown.flat_map(|entry| digests_in(&entry.detail.to_string())).collect();
        let Entry { code, message, .. } = entries.into_iter().next().unwrap_or_default();
        RegistryError::Answer {
            method: call.method.to_string(),
            url: redacted(&call.url),
            status,
            code: code.map(|code| printable(&code)),
            message: message.map(|message| printable(&message)),
            missing,
            quota,
        }
    }
}

/// Returns the code of an answer that says no.
pub(crate) async fn refusal_code(response: Response) -> Option<String> {
    entries(&read_limited(response, LIMIT).await.unwrap_or_default()).into_iter().next()?.code
}

fn entries(body: &[u8]) -> Vec<Entry> {
    let answer: Option<Answer> = serde_json::from_slice(body).ok();
    answer.map(|answer| answer.errors).unwrap_or_default()
}

/// Returns whether a registry says with this code that it has not got a part of a manifest (distribution-spec, "Error Codes"; Amazon ECR, `PutImage`).
pub(crate) fn is_missing_part(code: &str) -> bool {
    matches!(code, "MANIFEST_BLOB_UNKNOWN" | "BLOB_UNKNOWN" | "LayersNotFoundException")
}

/// Returns the digests that a text names.
fn digests_in(text: &str) -> Vec<Digest> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != ':').filter_map(|word| word.parse().ok()).collect()
}

fn not_a_registry(call: &Call<'_>, response: &Response) -> RegistryError {
    RegistryError::NotARegistry { url: redacted(&call.url), status: response.status().as_u16() }
}

/// Returns whether an answer is a page for people.
pub(crate) fn is_page(headers: &HeaderMap) -> bool {
    header(headers, &CONTENT_TYPE).is_some_and(|text| text.trim_start().to_ascii_lowercase().starts_with("text/html"))
}

/// Returns whether a page of this status is what proxies before registries answer.
fn may_be_a_proxys(status: u16) -> bool {
    matches!(status, 401 | 403 | 407 | 408 | 413 | 429 | 500..)
}

/// A registry's words, fit for a terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().take(400).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Returns what the end of a message says of a code and of words, as far as there are any.
pub(crate) fn said(code: Option<&str>, message: Option<&str>) -> String {
    [code, message].into_iter().flatten().filter(|text| !text.is_empty()).map(|text| format!(": {text}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_found_wherever_they_stand() {
        let digest = Digest::of(b"x");
        for text in [format!("\"{digest}\""), format!("{{\"digest\":\"{digest}\"}}"), format!("unknown blob {digest}.")]
        {
            assert_eq!(digests_in(&text), std::slice::from_ref(&digest), "{text}");
        }
        assert_eq!(digests_in("sha256:123 null"), []);
    }

    #[test]
    fn a_registrys_words_are_fit_for_a_terminal() {
        assert_eq!(printable("a\x1b[31m\nb"), "a [31m b");
        assert_eq!(printable(&"x".repeat(1000)).len(), 400);
    }
}
