use super::Keys;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use reqwest::{Method, Url};
use sha2::{Digest, Sha256};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Signs requests (IAM User Guide, "Create a signed AWS API request", version 4) to addresses that are a host alone.
pub(crate) struct Signer<'a> {
    pub(crate) keys: &'a Keys,
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
}

impl Signer<'_> {
    /// Returns the headers of a request: those that are given, and those that sign it. What is given has names in lower case.
    pub(crate) fn headers(
        &self,
        method: &Method,
        url: &Url,
        given: &[(&'static str, &str)],
        body: &[u8],
        now: Timestamp,
    ) -> Vec<(&'static str, String)> {
        let time = now.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
        let mut headers: Vec<(&'static str, String)> =
            given.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        headers.push(("x-amz-date", time.clone()));
        if let Some(session) = &self.keys.session {
            headers.push(("x-amz-security-token", session.expose().to_owned()));
        }
        let mut signed: Vec<(&str, String)> = headers.clone();
        signed.push(("host", host(url)));
        signed.sort();
        let names = signed.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let lines: String = signed.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
        let canonical = format!("{method}\n/\n\n{lines}\n{names}\n{}", hash(body));
        let scope = format!("{}/{}/{}/aws4_request", &time[..8], self.region, self.service);
        let text = format!("{ALGORITHM}\n{time}\n{scope}\n{}", hash(canonical.as_bytes()));
        let first = format!("AWS4{}", self.keys.secret.expose()).into_bytes();
        let key = scope.split('/').fold(first, |key, part| code(&key, part));
        let (id, signature) = (self.keys.id.expose(), hex(&code(&key, &text)));
        let authorization =
            format!("{ALGORITHM} Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}");
        headers.push(("authorization", authorization));
        headers
    }
}

/// Returns the header `Host` as it will be sent.
fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn code(key: &[u8], text: &str) -> Vec<u8> {
    // An HMAC takes a key of any length.
    let Ok(mut code) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    code.update(text.as_bytes());
    code.finalize().into_bytes().to_vec()
}

fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: &str = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

    /// Those of AWS's test suite for version 4 that have no path, query or repeated header.
    #[test]
    fn signs_as_aws_publishes_it() {
        let form: &[(&str, &str)] = &[("content-type", "application/x-www-form-urlencoded")];
        let (vanilla, session) = ("host;x-amz-date", "host;x-amz-date;x-amz-security-token");
        for (method, given, token, body, names, signature) in [
            (
                Method::GET,
                &[][..],
                None,
                "",
                vanilla,
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (Method::POST, &[], None, "", vanilla, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            (
                Method::POST,
                form,
                None,
                "Param1=value1",
                "content-type;host;x-amz-date",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
            (
                Method::POST,
                &[],
                Some(SESSION),
                "",
                session,
                "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
            ),
        ] {
            let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
            let keys = Keys::new("AKIDEXAMPLE", secret, token.map(str::to_owned));
            let signer = Signer { keys: &keys, service: "service", region: "us-east-1" };
            let url = Url::parse("https://example.amazonaws.com/").unwrap();
            let now = "2015-08-30T12:36:00Z".parse().unwrap();
            let headers = signer.headers(&method, &url, given, body.as_bytes(), now);
            let credential = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request";
            let expected = format!("{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}");
            assert_eq!(headers.last(), Some(&("authorization", expected)), "{method} {names}");
        }
    }

    #[test]
    fn a_port_is_part_of_the_host() {
        for (url, expected) in [
            ("https://a.example:443/", "a.example"),
            ("http://127.0.0.1:80/", "127.0.0.1"),
            ("http://127.0.0.1:81/", "127.0.0.1:81"),
        ] {
            assert_eq!(host(&Url::parse(url).unwrap()), expected);
        }
    }
}
