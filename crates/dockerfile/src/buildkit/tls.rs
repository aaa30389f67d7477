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

impl Tls {
    /// Returns what opens a TLS connection for one of some protocols (ALPN), and the name to expect at its other end.
    pub(crate) fn connector(
        &self,
        address: &Address,
        host: &str,
        protocols: &[&str],
    ) -> Result<(TlsConnector, ServerName<'static>), BuildkitError> {
        let refused = |what: &'static str| {
            move |source: Box<dyn Error + Send + Sync>| BuildkitError::Certificate {
                address: address.to_string(),
                what,
                source,
            }
        };
        let roots = roots(&self.authorities).map_err(refused("certificate of the authority"))?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| refused("set of protocol versions")(error.into()))?
            .with_root_certificates(roots);
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let certificates = chain(&identity.certificates).map_err(refused("client certificate"))?;
                let key = PrivateKeyDer::from_pem_slice(identity.key.expose());
                let key = key.map_err(|error| refused("client key")(error.into()))?;
                let config = builder.with_client_auth_cert(certificates, key);
                config.map_err(|error| refused("client certificate")(error.into()))?
            }
        };
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        let name = self.server_name.as_deref().unwrap_or(host).to_owned();
        let name = ServerName::try_from(name).map_err(|error| refused("server name")(error.into()))?;
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
