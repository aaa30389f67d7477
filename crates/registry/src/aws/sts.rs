//! Keys for identity tokens: `AssumeRoleWithWebIdentity` (AWS Security Token Service API Reference, version 2011-06-15).

use super::{AwsError, Keys};
use crate::endpoint::redacted;
use crate::web::{Request, Web, WebError, address};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::Deserialize;

const PLACE: &str = "AWS's token service";
const ACTION: &str = "sts:AssumeRoleWithWebIdentity";
/// What AWS's logs call us.
const SESSION_NAME: &str = "consign";

/// A role to take on, and where.
pub(crate) struct Assumption<'a> {
    pub(crate) sts: &'a str,
    pub(crate) role: &'a str,
    pub(crate) session_name: Option<&'a str>,
}

impl Assumption<'_> {
    /// Returns keys of the role for an identity token. The request is not signed: the token says who asks.
    pub(crate) async fn keys(&self, web: Web<'_>, token: &str) -> Result<Keys, AwsError> {
        let url = address::service(self.sts, PLACE)?;
        let form = [
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", self.role),
            ("RoleSessionName", self.session_name.unwrap_or(SESSION_NAME)),
            ("WebIdentityToken", token),
        ];
        let answer = web.ask(|| Request::form(&url, form)).await?;
        let text = String::from_utf8_lossy(&answer.body);
        if !answer.is_success() {
            let code = element(&text, "Code");
            let message = element(&text, "Message").map(|message| match subject(token) {
                // That it is another one than the role's trust policy has is the usual reason.
                Some(subject) => format!("{message}; the token's `sub` is `{subject}`"),
                None => message,
            });
            return Err(AwsError::refused(ACTION, answer.status, code.as_deref(), message.as_deref()));
        }
        let problem = || WebError::Answer { url: redacted(&url), problem: "it gives no keys".to_owned() };
        read(&text).ok_or_else(|| problem().into())
    }
}

/// Returns whom a token is about (RFC 7519, section 4.1.2).
fn subject(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        sub: String,
    }
    let claims = BASE64.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&claims).ok().map(|claims: Claims| claims.sub)
}

fn read(text: &str) -> Option<Keys> {
    let (_, credentials) = text.split_once("<Credentials>")?;
    let find = |name| element(credentials, name).filter(|value| !value.is_empty());
    let keys = Keys::new(find("AccessKeyId")?, find("SecretAccessKey")?, Some(find("SessionToken")?));
    Some(Keys { expires: Some(find("Expiration")?.parse().ok()?), ..keys })
}

/// Returns the text of the first element of that name. What this service answers has no attributes there, and no elements within.
fn element(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (value, _) = rest.split_once(&format!("</{name}>"))?;
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&amp;", "&")];
    Some(entities.iter().fold(value.trim().to_owned(), |value, (entity, c)| value.replace(entity, c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_service_answers() {
        let answer = "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>\n<AccessKeyId>AKID</AccessKeyId>\
            <SecretAccessKey>a/b+c=</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2026-01-02T03:04:05Z</Expiration></Credentials>";
        let keys = read(answer).unwrap();
        assert_eq!((keys.id.expose(), keys.secret.expose()), ("AKID", "a/b+c="));
        assert_eq!(keys.expires, Some("2026-01-02T03:04:05Z".parse().unwrap()));
        for part in ["<Credentials>", "AKID", "</SecretAccessKey>", "<SessionToken>", "2026-"] {
            assert_eq!(read(&answer.replace(part, "")), None, "{part}");
        }
        assert_eq!(element("<Message>a &quot;b&quot; &amp;lt; c</Message>", "Message").unwrap(), "a \"b\" &lt; c");
    }
}
