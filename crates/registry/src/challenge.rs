/// How a registry wants to be logged in to (RFC 9110, section 11.6.1; distribution's token specification).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// With a name and a password.
    Basic,
    /// With a token that `realm` gives.
    Bearer {
        /// The token service.
        realm: String,
        /// What the token is for.
        service: Option<String>,
    },
}

impl Challenge {
    /// Parses a `WWW-Authenticate` header. Of several challenges the first known one counts.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        let header = header.trim();
        let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let parameters = parameters(rest);
        let find = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        Some(Self::Bearer { realm: find("realm")?, service: find("service") })
    }
}

/// Splits `key="value",key=value`. A comma within quotes is part of the value.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((key, after)) = rest.split_once('=') {
        let key = key.trim_matches([' ', ',']).to_ascii_lowercase();
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        found.push((key, value.to_owned()));
        rest = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_challenges() {
        let bearer =
            r#"Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push""#;
        assert_eq!(
            Challenge::parse(bearer),
            Some(Challenge::Bearer {
                realm: "https://auth.example/token".into(),
                service: Some("registry.example".into())
            })
        );
        assert_eq!(Challenge::parse(r#"Basic realm="x""#), Some(Challenge::Basic));
        assert_eq!(
            Challenge::parse("bearer realm=https://a/b, service=c"),
            Some(Challenge::Bearer { realm: "https://a/b".into(), service: Some("c".into()) })
        );
        for text in ["", "Negotiate", "Bearer", "Bearer service=x", "Bearer realm"] {
            assert_eq!(Challenge::parse(text), None, "{text}");
        }
    }
}
