use super::Registry;
use crate::aws::{AwsError, Keys, Signer};
use crate::endpoint::redacted;
use crate::web::address::service;
use crate::web::{Request, Web, WebError};
use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

const PLACE: &str = "the service of Amazon ECR";

/// ECR's own service (Amazon ECR API Reference and Amazon ECR Public API Reference; AWS JSON protocol 1.1).
pub(super) struct Api<'a> {
    pub(super) web: Web<'a>,
    pub(super) registry: &'a Registry,
    pub(super) endpoint: &'a str,
    pub(super) keys: &'a Keys,
}

/// What the service says when it says no.
#[derive(Deserialize)]
struct Refusal {
    #[serde(rename = "__type")]
    kind: Option<String>,
    #[serde(alias = "Message")]
    message: Option<String>,
}

impl Api<'_> {
    /// Asks for an operation, such as `CreateRepository`.
    pub(super) async fn ask<T: DeserializeOwned>(&self, operation: &str, question: &Value) -> Result<T, AwsError> {
        let (name, version) = match self.registry {
            Registry::Private { .. } => ("ecr", "AmazonEC2ContainerRegistry_V20150921"),
            Registry::Public { .. } => ("ecr-public", "SpencerFrontendService"),
        };
        let url = service(self.endpoint, PLACE)?;
        let target = format!("{version}.{operation}");
        let body = question.to_string();
        let given = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
        let signer = Signer { keys: self.keys, service: name, region: self.registry.region() };
        let request = || Request {
            method: Method::POST,
            url: url.clone(),
            headers: signer.headers(&Method::POST, &url, &given, body.as_bytes(), Timestamp::now()),
            body: body.clone(),
        };
        let answer = self.web.ask(request).await?;
        if answer.is_success() {
            // What a parser says may quote what it read.
            let problem = || "the answer is not what it should be".to_owned();
            return serde_json::from_slice(&answer.body)
                .map_err(|_| WebError::Answer { url: redacted(&url), problem: problem() }.into());
        }
        let refusal = serde_json::from_slice::<Refusal>(&answer.body).ok();
        let (code, message) = refusal.map_or((None, None), |refusal| (refusal.kind, refusal.message));
        // The name of a service may stand before it.
        let code = code.as_deref().map(|code| code.rsplit('#').next().unwrap_or_default());
        Err(AwsError::refused(&format!("{name}:{operation}"), answer.status, code, message.as_deref()))
    }
}
