//! The metadata of EC2 machines, version 2 (Amazon EC2 User Guide, "Use the Instance Metadata Service").

use super::{AwsError, Keys};
use crate::web::{Answer, Request, Web, address as addresses};
use reqwest::{Method, Url};
use std::time::Duration;

const PLACE: &str = "the metadata of this EC2 machine";
const ROLES: &str = "latest/meta-data/iam/security-credentials/";
/// How long an answer may take. Elsewhere nobody answers at all.
const TIME: Duration = Duration::from_secs(1);

/// Asks the service at this address for the keys of the machine's role; `None` if there is no such service, or no role.
pub(super) async fn keys(web: Web<'_>, address: &str) -> Result<Option<Keys>, AwsError> {
    let base = addresses::metadata(address, PLACE)?;
    let at = |path: &str| base.join(path).map_err(|_| AwsError::source(PLACE, "it names a role that is none"));
    let lifetime = ("x-aws-ec2-metadata-token-ttl-seconds", "300".to_owned());
    let request =
        Request { method: Method::PUT, url: at("latest/api/token")?, headers: vec![lifetime], body: String::new() };
    let Ok(Answer { status: 200, body: token, .. }) = web.once(request, TIME).await else { return Ok(None) };
    let Ok(token) = String::from_utf8(token) else { return Ok(None) };
    let read =
        async |url: Url| web.once(Request::get(url, vec![("x-aws-ec2-metadata-token", token.clone())]), TIME).await;
    let roles = read(at(ROLES)?).await?;
    let names = String::from_utf8_lossy(&roles.body);
    let Some(role) = names.lines().map(str::trim).find(|line| !line.is_empty()).filter(|_| roles.status == 200) else {
        return Ok(None);
    };
    // Names of roles have none of these (IAM API Reference, "CreateRole").
    if role.contains(['/', '?', '#', '\\', ':']) {
        return Err(AwsError::source(PLACE, "it names a role that is none"));
    }
    let answer = read(at(&format!("{ROLES}{role}"))?).await?;
    if !answer.is_success() {
        return Err(AwsError::source(PLACE, format!("it answers {}", answer.status)));
    }
    Keys::read(&answer.body, PLACE).map(Some)
}
