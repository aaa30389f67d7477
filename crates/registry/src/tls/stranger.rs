use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_rustls::rustls::SignatureScheme;
use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::sign::CertifiedKey;

/// Says to nobody who we are, and notes that somebody asked. Since TLS 1.3 whoever hangs up on a stranger may have done so before its reason arrives.
#[derive(Clone, Debug, Default)]
pub(super) struct Stranger(Arc<AtomicBool>);

impl Stranger {
    /// Returns whether somebody asked who we are.
    pub(super) fn was_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl ResolvesClientCert for Stranger {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}
