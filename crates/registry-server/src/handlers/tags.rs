use super::response;
use crate::failure::{Code, Failure};
use crate::name::Name;
use crate::registry::{Answer, Asked, Registry};
use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue, LINK};
use serde_json::json;

/// Most tags in one answer.
const PAGE: usize = 10_000;

impl Registry {
    /// Lists tags in order, `n` at a time after `last` (distribution-spec, "Listing Tags").
    pub(crate) async fn list_tags(&self, name: Name, asked: Asked) -> Answer {
        let page = match asked.query.get("n") {
            None => PAGE,
            Some(text) => text
                .parse::<usize>()
                .map(|n| n.min(PAGE))
                .map_err(|_| Failure::new(StatusCode::BAD_REQUEST, Code::Unsupported, "`n` must be a number"))?,
        };
        let wanted = name.clone();
        let tags = self
            .on_disk(move |storage| storage.has_repository(&wanted).then(|| storage.tags(&wanted)).transpose())
            .await?;
        let Some(mut tags) = tags else {
            return Err(Failure::new(
                StatusCode::NOT_FOUND,
                Code::NameUnknown,
                "nothing was pushed to this repository",
            ));
        };
        if let Some(last) = asked.query.get("last") {
            tags.retain(|tag| tag.as_str() > last);
        }
        let more = tags.len() > page;
        tags.truncate(page);
        let body = Body::from(json!({ "name": name.as_str(), "tags": tags }).to_string());
        let mut answer = response(StatusCode::OK, [(CONTENT_TYPE, "application/json".to_owned())], body);
        if let (true, Some(last)) = (more, tags.last()) {
            let link = format!("</v2/{}/tags/list?n={page}&last={last}>; rel=\"next\"", name.as_str());
            answer.headers_mut().extend(HeaderValue::from_str(&link).ok().map(|value| (LINK, value)));
        }
        Ok(answer)
    }
}
