use super::secret::Secret;
use super::{Address, BuildkitError};
use std::error::Error;
use std::sync::Arc;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};

/// What a builder is recognized by, and how it recognizes us.
#[derive(Clone, Debug)]
pub struct Tls {
    /// Certificates of the authorities that may vouch for the builder, in PEM form.
    pub authorities: Vec<u8>,
    /// Who we are; `None` where the builder does not ask.
    pub identity: Option<Identity>,
    /// The name in the builder's certificate, where it is not the host of the address.
    pub server_name: Option<String>,
}

/// Who we are to a builder.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Our certificate and those between it and the authority, in PEM form.
    pub certificates: Vec<u8>,
    /// The key of our certificate, in PEM form.
    pub key: Secret,
}

/// A part of what a builder is recognized by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsPart {
    /// The certificates of the authorities.
    Authorities,
    /// Our certificate.
    Certificate,
    /// The key of our certificate.
    Key,
}

/// Certificates or a key that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the {} cannot be used", part.what())]
pub struct TlsError {
    /// Which part it is.
    pub part: TlsPart,
    /// What is wrong with it.
    pub source: Box<dyn Error + Send + Sync>,
}

impl TlsPart {
    fn what(self) -> &'static str {
        match self {
            Self::Authorities => "certificate of the authority",
            Self::Certificate => "client certificate",
            Self::Key => "client key",
        }
    }

    fn refused<E: Into<Box<dyn Error + Send + Sync>>>(self) -> impl FnOnce(E) -> TlsError {
        move |source| TlsError { part: self, source: source.into() }
    }
}

impl Tls {
    /// Sees whether the certificates and the key can be used at all.
    pub fn check(&self) -> Result<(), TlsError> {
        self.config().map(drop)
    }

    fn config(&self) -> Result<ClientConfig, TlsError> {
        let roots = roots(&self.authorities).map_err(TlsPart::Authorities.refused())?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(TlsPart::Authorities.refused())?.with_root_certificates(roots);
        let Some(identity) = &self.identity else { return Ok(builder.with_no_client_auth()) };
        let certificates = chain(&identity.certificates).map_err(TlsPart::Certificate.refused())?;
        let key = PrivateKeyDer::from_pem_slice(identity.key.expose()).map_err(TlsPart::Key.refused())?;
        builder.with_client_auth_cert(certificates, key).map_err(TlsPart::Certificate.refused())
    }

    /// Returns what opens a TLS connection for one of some protocols (ALPN), and the name to expect at its other end.
    pub(crate) fn connector(
        &self,
        address: &Address,
        host: &str,
        protocols: &[&str],
    ) -> Result<(TlsConnector, ServerName<'static>), BuildkitError> {
        let refused = |what, source| BuildkitError::Certificate { address: address.to_string(), what, source };
        let mut config = self.config().map_err(|error| refused(error.part.what(), error.source))?;
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        let name = self.server_name.as_deref().unwrap_or(host).to_owned();
        let name = ServerName::try_from(name).map_err(|error| refused("server name", error.into()))?;
        Ok((TlsConnector::from(Arc::new(config)), name))
    }
}

fn roots(pem: &[u8]) -> Result<RootCertStore, Box<dyn Error + Send + Sync>> {
    let mut roots = RootCertStore::empty();
    for certificate in chain(pem)? {
        roots.add(certificate)?;
    }
    Ok(roots)
}

/// Returns at least one certificate.
fn chain(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Box<dyn Error + Send + Sync>> {
    let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>()?;
    if certificates.is_empty() { Err("there is no certificate in it".into()) } else { Ok(certificates) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_which_part_is_wrong() {
        let address: Address = "tcp://127.0.0.1:1".parse().unwrap();
        let tls = |authorities: &str| Tls { authorities: authorities.into(), identity: None, server_name: None };
        for text in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let refused = tls(text).connector(&address, "127.0.0.1", &[]).err().unwrap();
            assert!(refused.to_string().contains("certificate of the authority"), "{refused}");
        }
    }
}
