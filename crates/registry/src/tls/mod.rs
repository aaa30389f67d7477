//! Whom a registry is recognized by, and how it recognizes us.

mod failure;
mod stranger;
mod verifier;

pub use failure::Distrust;
pub(crate) use failure::distrust;

use crate::Secret;
use std::fmt;
use std::sync::Arc;
use stranger::Stranger;
use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

/// Most certificates that a registry has of its own.
const AUTHORITIES: usize = 1000;

/// What a registry has beside the system's certificates.
#[derive(Clone, Default)]
pub struct Tls {
    authorities: Vec<CertificateDer<'static>>,
    identity: Option<Arc<SingleCertAndKey>>,
    stranger: Stranger,
}

/// Certificates or a key that cannot be used. What it says holds nothing of the key.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// There is no certificate in it.
    #[error("there is no certificate in it: `-----BEGIN CERTIFICATE-----`")]
    NoCertificate,
    /// There are too many in it.
    #[error("there are more than {AUTHORITIES} certificates")]
    TooMany,
    /// There is no key in it.
    #[error("there is no key in it that can be read: PKCS#8, PKCS#1 or SEC1, as PEM and not encrypted")]
    NoKey,
    /// It is broken.
    #[error("it is no PEM")]
    Pem(#[source] pem::Error),
    /// It is not of a kind that TLS uses, or the key is not that of the certificate.
    #[error(transparent)]
    Unusable(#[from] rustls::Error),
}

impl Tls {
    /// Trusts the certificates in a PEM file.
    pub fn trust(&mut self, pem: &[u8]) -> Result<(), TlsError> {
        let certificates = certificates(pem)?;
        if self.authorities.len() + certificates.len() > AUTHORITIES {
            return Err(TlsError::TooMany);
        }
        let mut roots = RootCertStore::empty();
        certificates.iter().try_for_each(|certificate| roots.add(certificate.clone()))?;
        self.authorities.extend(certificates);
        Ok(())
    }

    /// Says who we are: by the certificates of one PEM file, ours first, and the key of ours in another.
    pub fn identify(&mut self, pem: &[u8], key: &Secret) -> Result<(), TlsError> {
        let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes()).map_err(|_| TlsError::NoKey)?;
        let certified = CertifiedKey::from_der(certificates(pem)?, key, &provider())?;
        self.identity = Some(Arc::new(SingleCertAndKey::from(certified)));
        Ok(())
    }

    /// Returns whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.authorities.is_empty() && self.identity.is_none()
    }

    /// Returns whether there are certificates to trust.
    pub fn trusts(&self) -> bool {
        !self.authorities.is_empty()
    }

    /// Returns whether it says who we are.
    pub fn identifies(&self) -> bool {
        self.identity.is_some()
    }

    /// Returns whether the registry asked who we are, and was told nothing.
    pub(crate) fn is_stranger(&self) -> bool {
        self.stranger.was_asked()
    }

    /// Returns how to speak TLS with the registry, or with those to whom it leads, who are not told who we are.
    pub(crate) fn config(
        &self,
        system: &RootCertStore,
        shows_identity: bool,
    ) -> Result<Option<ClientConfig>, rustls::Error> {
        let mut roots = system.clone();
        self.authorities.iter().try_for_each(|certificate| roots.add(certificate.clone()))?;
        // Nobody could be trusted.
        if roots.is_empty() {
            return Ok(None);
        }
        let provider = provider();
        let verifier = verifier::Verifier::new(roots, self.authorities.clone(), Arc::clone(&provider))?;
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        let identity: Arc<dyn ResolvesClientCert> = match (&self.identity, shows_identity) {
            (_, false) => return Ok(Some(builder.with_no_client_auth())),
            (Some(identity), true) => identity.clone(),
            (None, true) => Arc::new(self.stranger.clone()),
        };
        Ok(Some(builder.with_client_cert_resolver(identity)))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (authorities, identifies) = (self.authorities.len(), self.identifies());
        formatter.debug_struct("Tls").field("authorities", &authorities).field("identifies", &identifies).finish()
    }
}

/// Returns how to speak TLS where nobody is trusted, for connections that speak plain HTTP.
pub(crate) fn nobody() -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// Returns the certificates that the system trusts. What cannot be read is left out.
pub(crate) fn system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// Returns at least one certificate.
fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates: Vec<_> =
        CertificateDer::pem_slice_iter(pem).take(AUTHORITIES + 1).collect::<Result<_, _>>().map_err(TlsError::Pem)?;
    match certificates.len() {
        0 => Err(TlsError::NoCertificate),
        1..=AUTHORITIES => Ok(certificates),
        _ => Err(TlsError::TooMany),
    }
}
