use crate::{AttachError, Attached, Content, Held};
use consign_keyless::{
    Certificate, CertificateName, Check, Disclosure, IdentityToken, KeylessError, Options, Services, Session, Signed,
    Source, Web,
};
use consign_oci::{Digest, Exact};
use consign_receipt::Statement;
use consign_sign::{BundleError, LegacyLayer, Payload};
use consign_trust::{
    Artifact, Authority, Bundle, Conditions, Keyless, Matcher, Rules, SignedBy, TrustedRoot, attestation_bundle,
    signature_bundle, signed_digest,
};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex};
use tokio::sync::OnceCell;

/// Where GitHub says who a job is of.
const GITHUB: &str = "https://token.actions.githubusercontent.com";

/// Signs without a key, for whom an identity token names.
///
/// Before something is signed nobody is asked for more than the token: a certificate is public, and what is not signed in the end must not be known.
pub struct KeylessSigner {
    source: Source,
    services: Services,
    disclosure: Disclosure,
    web: Web,
    root: TrustedRoot,
    token: OnceCell<IdentityToken>,
    session: OnceCell<Session>,
    known: Mutex<Known>,
}

/// What was signed before, by digest of what it is of.
#[derive(Default)]
struct Known {
    bundles: BTreeMap<Digest, Vec<u8>>,
    statements: BTreeMap<Digest, Exact<Statement>>,
    layers: BTreeMap<Digest, LegacyLayer>,
    /// Who signed it, and who vouches for that.
    by: Option<(String, String)>,
}

impl KeylessSigner {
    /// Makes a signer, and asks nobody. What it signs is verified by `root` before it is handed out.
    pub fn new(source: Source, services: Services, disclosure: Disclosure, web: Web, root: TrustedRoot) -> Self {
        let (token, session, known) = Default::default();
        Self { source, services, disclosure, web, root, token, session, known }
    }

    /// Returns whose signatures these are. Before something is signed, now or in an earlier run: as far as it follows from the token.
    pub async fn authority(&self) -> Result<Option<Authority>, AttachError> {
        if let Some(session) = self.session.get() {
            let certificate = session.certificate().await?;
            return Ok(Some(self.exactly(certificate.identity(), certificate.issuer())?));
        }
        if let Some((identity, issuer)) = self.known(|known| known.by.clone()) {
            return Ok(Some(self.exactly(&identity, &issuer)?));
        }
        self.of_token(self.token().await?)
    }

    /// Returns the token that says who signs.
    pub async fn token(&self) -> Result<&IdentityToken, AttachError> {
        let token = || self.source.token(&self.web);
        Ok(self.token.get_or_try_init(token).await.map_err(KeylessError::from)?)
    }

    /// Returns the certificate that the next signature has.
    pub async fn certificate(&self) -> Result<Certificate, AttachError> {
        Ok(self.session().await?.certificate().await?)
    }

    /// Returns a statement that the same signed before.
    pub fn recalled(&self, is_wanted: impl Fn(&Exact<Statement>) -> bool) -> Option<Exact<Statement>> {
        self.known(|known| known.statements.values().find(|statement| is_wanted(statement)).cloned())
    }

    /// Takes what was signed before by the same: it is given again for what it is of, and nothing new is signed.
    pub async fn recall(&self, found: &[Attached], subject: &Digest) -> Result<(), AttachError> {
        let Some(authority) = self.authority().await? else { return Ok(()) };
        let Ok(mut known) = self.known.lock() else { return Ok(()) };
        for attached in found {
            let Some((statement, by)) = attached.verified(std::slice::from_ref(&authority), subject) else { continue };
            if let SignedBy::Certificate(certified) = by {
                known.by.get_or_insert((certified.subject, certified.issuer));
            }
            match (&attached.held, &attached.content) {
                (Held::Referrer(_), Content::Bundle(_)) => {
                    known.bundles.entry(statement.digest().clone()).or_insert_with(|| attached.bytes.clone());
                    known.statements.insert(statement.digest().clone(), statement);
                }
                (Held::Layer(_, descriptor), content) => {
                    let of = match content {
                        Content::Signature(_) => descriptor.digest.clone(),
                        _ => statement.digest().clone(),
                    };
                    known.statements.entry(statement.digest().clone()).or_insert(statement);
                    let layer = LegacyLayer { descriptor: descriptor.clone(), bytes: attached.bytes.clone() };
                    known.layers.entry(of).or_insert(layer);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Signs a statement's exact bytes, unless that was done before.
    pub(crate) async fn bundle(&self, statement: &Exact<Statement>) -> Result<Vec<u8>, AttachError> {
        if let Some(known) = self.known(|known| known.bundles.get(statement.digest()).cloned()) {
            return Ok(known);
        }
        Ok(self.session().await?.sign(statement).await?.bundle)
    }

    /// The same in cosign's older form.
    pub(crate) async fn attestation_layer(&self, statement: &Exact<Statement>) -> Result<LegacyLayer, AttachError> {
        if let Some(known) = self.known(|known| known.layers.get(statement.digest()).cloned()) {
            return Ok(known);
        }
        let (envelope, annotations) = self.session().await?.sign_envelope(statement).await?;
        self.check(&attestation_bundle(&annotations, &envelope)?, Artifact::Statement)?;
        Ok(LegacyLayer::of_attestation(envelope, &statement.predicate_type, annotations))
    }

    /// Signs the document that says in cosign's older form that an image is signed, unless that was done before.
    pub(crate) async fn signature_layer(&self, payload: &Payload) -> Result<LegacyLayer, AttachError> {
        let bytes = payload.to_bytes().map_err(|source| BundleError::Write { source })?;
        if let Some(known) = self.known(|known| known.layers.get(&Digest::of(&bytes)).cloned()) {
            return Ok(known);
        }
        let annotations = self.session().await?.sign_annotations(&bytes).await?;
        let signature = signature_bundle(&annotations)?;
        self.check(&signature, Artifact::Bytes(&bytes))?;
        Ok(LegacyLayer::of_signature(bytes, annotations))
    }

    /// Fails if something in the older form could not be signed, before anybody is asked for a certificate.
    pub(crate) fn check_legacy(&self) -> Result<(), AttachError> {
        if self.services.has_legacy_log() { Ok(()) } else { Err(KeylessError::NoLegacyLog.into()) }
    }

    /// Signs a file.
    pub async fn sign_blob(&self, blob: &[u8]) -> Result<Signed, AttachError> {
        Ok(self.session().await?.sign_blob(blob).await?)
    }

    /// Fails if those who verify what was signed in the older form would refuse it.
    fn check(&self, bundle: &Bundle, artifact: Artifact<'_>) -> Result<(), AttachError> {
        Ok(check(&self.root, bundle, artifact).map_err(|source| KeylessError::Rejected { source })?)
    }

    fn known<T>(&self, get: impl FnOnce(&Known) -> Option<T>) -> Option<T> {
        get(&*self.known.lock().ok()?)
    }

    async fn session(&self) -> Result<&Session, KeylessError> {
        let open = || {
            let root = self.root.clone();
            let check: Check = Arc::new(move |bundle| {
                let digest = signed_digest(bundle);
                check(&root, bundle, digest.as_ref().map_or(Artifact::Statement, Artifact::Digest))
            });
            let options = Options { disclosure: self.disclosure, check: Some(check) };
            Session::open(self.source.clone(), self.services.clone(), options, self.web.clone())
        };
        self.session.get_or_try_init(open).await
    }

    fn of_token(&self, token: &IdentityToken) -> Result<Option<Authority>, AttachError> {
        let issuer = Matcher::exact(token.certificate_issuer())?;
        let subject = match token.certificate_name() {
            CertificateName::Email(name) | CertificateName::Uri(name) => Matcher::exact(name)?,
            CertificateName::UriWithPath(path) if is_github(token.issuer()) => {
                Matcher::exact(format!("https://github.com{path}"))?
            }
            CertificateName::UriWithPath(path) => Matcher::on_any_host(&path)?,
            CertificateName::Anything => return Ok(None),
        };
        Ok(Some(self.by(Conditions::new(issuer, subject))))
    }

    fn exactly(&self, identity: &str, issuer: &str) -> Result<Authority, AttachError> {
        Ok(self.by(Conditions::new(Matcher::exact(issuer)?, Matcher::exact(identity)?)))
    }

    fn by(&self, conditions: Conditions) -> Authority {
        Authority::Keyless(Box::new(Keyless { root: self.root.clone(), conditions, rules: Rules::default() }))
    }
}

/// Returns whether an issuer is that of `github.com`, for everybody or for a company, which has its name behind a slash.
fn is_github(issuer: &str) -> bool {
    issuer.strip_prefix(GITHUB).is_some_and(|company| company.is_empty() || company.starts_with('/'))
}

/// Judges a signature as anybody would, whoever's it is.
fn check(root: &TrustedRoot, bundle: &Bundle, artifact: Artifact<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
    let anybody = Conditions::new(Matcher::pattern("(?s).+")?, Matcher::pattern("(?s).+")?);
    let keyless = Keyless { root: root.clone(), conditions: anybody, rules: Rules::default() };
    Ok(keyless.verify(bundle, artifact).map(drop)?)
}

impl fmt::Debug for KeylessSigner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeylessSigner(by {})", self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_of_github_are_known() {
        for (issuer, expected) in [
            ("https://token.actions.githubusercontent.com", true),
            ("https://token.actions.githubusercontent.com/company", true),
            ("https://token.actions.githubusercontent.com.example", false),
            ("https://git.example/_services/token", false),
        ] {
            assert_eq!(is_github(issuer), expected, "{issuer}");
        }
    }
}
