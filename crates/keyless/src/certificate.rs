use crate::CertificateProblem;
use crate::token::{CertificateName, Claims};
use sigstore_crypto::{CertificateInfo, SubjectAltName, parse_certificate_info};
use sigstore_types::{DerCertificate, DerPublicKey};
use std::time::Duration;

/// A certificate that says who signs, for a few minutes.
#[derive(Clone, Debug)]
pub struct Certificate {
    pub(crate) leaf: DerCertificate,
    /// Those that vouch for it, the root last.
    pub(crate) issuers: Vec<DerCertificate>,
    facts: CertificateInfo,
}

impl Certificate {
    /// Reads a certificate, and refuses one that is not for this key and this token. Whether a root that somebody trusts vouches for it is not seen here.
    pub(crate) fn read(
        leaf: DerCertificate,
        issuers: Vec<DerCertificate>,
        key: &DerPublicKey,
        claims: &Claims,
    ) -> Result<Self, CertificateProblem> {
        let facts = parse_certificate_info(&leaf).map_err(|error| CertificateProblem::Form(error.to_string()))?;
        if facts.public_key != *key {
            return Err(CertificateProblem::Key);
        }
        let found = facts.issuer.as_deref().unwrap_or_default();
        if !claims.issuers().any(|issuer| issuer == found) {
            let expected = claims.issuer.clone();
            return Err(CertificateProblem::Issuer { expected, found: found.to_owned() });
        }
        if !is_expected(facts.identity.as_ref(), &claims.certificate_name()) {
            let found = facts.identity.as_ref().map_or("nobody", SubjectAltName::as_str).to_owned();
            let expected = match claims.certificate_name() {
                CertificateName::Email(name) | CertificateName::Uri(name) => name,
                CertificateName::UriWithPath(path) => path.trim_start_matches('/').to_owned(),
                CertificateName::Anything => "somebody".to_owned(),
            };
            return Err(CertificateProblem::Identity { expected, found });
        }
        if facts.not_after <= facts.not_before {
            return Err(CertificateProblem::Time);
        }
        Ok(Self { leaf, issuers, facts })
    }

    /// Returns who signs: a URI, or the address of a person.
    pub fn identity(&self) -> &str {
        self.facts.identity.as_ref().map_or("", SubjectAltName::as_str)
    }

    /// Returns who says so: the issuer of the token.
    pub fn issuer(&self) -> &str {
        self.facts.issuer.as_deref().unwrap_or_default()
    }

    /// Returns all that it says, such as the repository, the commit and the run.
    pub fn facts(&self) -> &CertificateInfo {
        &self.facts
    }

    /// Returns how long it holds from its beginning on.
    pub(crate) fn validity(&self) -> Duration {
        Duration::try_from(self.facts.not_after.duration_since(self.facts.not_before)).unwrap_or_default()
    }
}

fn is_expected(found: Option<&SubjectAltName>, expected: &CertificateName) -> bool {
    match (expected, found) {
        (CertificateName::Email(expected), Some(SubjectAltName::Email(found))) => found == expected,
        (CertificateName::Uri(expected), Some(SubjectAltName::Uri(found))) => found == expected,
        (CertificateName::UriWithPath(path), Some(SubjectAltName::Uri(found))) => {
            // What is before the path is a host alone: GitHub's, or that of a company's own.
            let host = found.strip_prefix("https://").and_then(|rest| rest.strip_suffix(path.as_str()));
            host.is_some_and(|host| !host.is_empty() && !host.contains('/'))
        }
        (CertificateName::Anything, found) => found.is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_token() {
        let uri = |text: &str| Some(SubjectAltName::Uri(text.to_owned()));
        let email = |text: &str| Some(SubjectAltName::Email(text.to_owned()));
        let path = CertificateName::UriWithPath("/o/r/.github/workflows/w.yaml@refs/heads/main".to_owned());
        for (expected, found, is) in [
            (&path, uri("https://github.com/o/r/.github/workflows/w.yaml@refs/heads/main"), true),
            (&path, uri("https://git.example/o/r/.github/workflows/w.yaml@refs/heads/main"), true),
            (&path, uri("https://github.com/x/o/r/.github/workflows/w.yaml@refs/heads/main"), false),
            (&path, uri("https:///o/r/.github/workflows/w.yaml@refs/heads/main"), false),
            (&path, uri("https://github.com/o/r/.github/workflows/w.yaml@refs/heads/other"), false),
            (&path, email("https://github.com/o/r/.github/workflows/w.yaml@refs/heads/main"), false),
            (&CertificateName::Email("a@b.example".to_owned()), email("a@b.example"), true),
            (&CertificateName::Email("a@b.example".to_owned()), email("x@b.example"), false),
            (&CertificateName::Email("a@b.example".to_owned()), uri("a@b.example"), false),
            (&CertificateName::Uri("https://a.example".to_owned()), uri("https://a.example"), true),
            (&CertificateName::Uri("https://a.example".to_owned()), uri("https://a.example/"), false),
            (&CertificateName::Anything, uri("https://a.example"), true),
            (&CertificateName::Anything, None, false),
        ] {
            assert_eq!(is_expected(found.as_ref(), expected), is, "{found:?}");
        }
    }
}
