use super::TokenError;
use crate::Visibility;
use jiff::Timestamp;
use serde_json::{Map, Value};

/// What a token says.
#[derive(Clone)]
pub(crate) struct Claims {
    pub(crate) issuer: String,
    pub(crate) expires: Timestamp,
    all: Map<String, Value>,
}

/// The name that a certificate for a token has, as far as it follows from the token (Fulcio, `docs/oidc.md`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateName {
    /// This address of a person.
    Email(String),
    /// This URI.
    Uri(String),
    /// A URI on the host of the repository that ends so.
    UriWithPath(String),
    /// Nothing is known.
    Anything,
}

impl Claims {
    pub(crate) fn new(all: Map<String, Value>) -> Result<Self, TokenError> {
        let text = |name| all.get(name).and_then(Value::as_str);
        let issuer = text("iss").ok_or(TokenError::Claim { name: "iss" })?.to_owned();
        text("sub").ok_or(TokenError::Claim { name: "sub" })?;
        let expires = all.get("exp").and_then(Value::as_f64).filter(|seconds| seconds.abs() < 1e11);
        #[allow(
            clippy::cast_possible_truncation,
            reason = "fractions of a second do not count, and the bound is above"
        )]
        let expires = expires.and_then(|seconds| Timestamp::from_second(seconds as i64).ok());
        Ok(Self { issuer, expires: expires.ok_or(TokenError::Claim { name: "exp" })?, all })
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.all.get(name)?.as_str()
    }

    /// Returns what is signed to show that the key is there: the address of a person, else the subject.
    pub(crate) fn challenge(&self) -> &str {
        self.text("email").or(self.text("sub")).unwrap_or_default()
    }

    /// Returns whom the certificate names as issuer: where somebody logs in elsewhere, that is the elsewhere.
    pub(crate) fn issuers(&self) -> impl Iterator<Item = &str> {
        let federated = self.all.get("federated_claims").and_then(|claims| claims.get("connector_id")?.as_str());
        std::iter::once(self.issuer.as_str()).chain(federated)
    }

    pub(crate) fn certificate_name(&self) -> CertificateName {
        if let Some(workflow) = self.text("job_workflow_ref") {
            return CertificateName::UriWithPath(format!("/{workflow}"));
        }
        if let Some(configuration) = self.text("ci_config_ref_uri") {
            return CertificateName::Uri(format!("https://{configuration}"));
        }
        if let (Some(organization), Some(pipeline)) = (self.text("organization_slug"), self.text("pipeline_slug")) {
            return CertificateName::Uri(format!("https://buildkite.com/{organization}/{pipeline}"));
        }
        self.text("email").map_or(CertificateName::Anything, |email| CertificateName::Email(email.to_owned()))
    }

    pub(crate) fn is_for(&self, audience: &str) -> bool {
        match self.all.get("aud") {
            Some(Value::String(only)) => only == audience,
            Some(Value::Array(all)) => all.iter().any(|one| one == audience),
            _ => false,
        }
    }

    /// Returns for whom it is, for people.
    pub(crate) fn audiences(&self) -> String {
        let all = match self.all.get("aud") {
            Some(Value::String(only)) => only.clone(),
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
            _ => "nobody".to_owned(),
        };
        all.chars().filter(|character| !character.is_control()).take(200).collect()
    }

    pub(crate) fn visibility(&self) -> Option<Visibility> {
        Some(match self.text("repository_visibility").or(self.text("project_visibility"))? {
            "public" => Visibility::Public,
            "internal" => Visibility::Internal,
            // What is not known to be public is not shown to the public.
            _ => Visibility::Private,
        })
    }

    /// Returns the repository that the token is for.
    pub(crate) fn repository(&self) -> Option<&str> {
        self.text("repository").or(self.text("project_path"))
    }
}
