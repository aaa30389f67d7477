//! Answers that say no, and answers of those who are no registry.

use crate::endpoint::redacted;
use crate::transport::{Call, header, read_limited};
use crate::{Client, RegistryError};
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
        let body = read_limited(response, LIMIT).await.unwrap_or_default();
        let Entry { code, message } = first_entry(&body);
        RegistryError::Answer {
            method: call.method.to_string(),
            url: redacted(&call.url),
            status,
            code: code.map(|code| printable(&code)),
            message: message.map(|message| printable(&message)),
        }
    }
}

/// Returns the code of an answer that says no.
pub(crate) async fn refusal_code(response: Response) -> Option<String> {
    first_entry(&read_limited(response, LIMIT).await.unwrap_or_default()).code
}

fn first_entry(body: &[u8]) -> Entry {
    let answer = serde_json::from_slice(body).ok();
    answer.and_then(|answer: Answer| answer.errors.into_iter().next()).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registrys_words_are_fit_for_a_terminal() {
        assert_eq!(printable("a\x1b[31m\nb"), "a [31m b");
        assert_eq!(printable(&"x".repeat(1000)).len(), 400);
    }
}
