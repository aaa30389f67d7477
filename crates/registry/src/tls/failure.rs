use std::error::Error;
use std::io;
use tokio_rustls::rustls::{self, AlertDescription, CertificateError};

/// Why two that would speak TLS do not trust each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// The other's certificate is vouched for by nobody who is trusted.
    UnknownAuthority,
    /// The other's certificate is wrong in itself: it has ended, or is for another name.
    WrongCertificate,
    /// The other wants to know who we are.
    WantsIdentity,
    /// The other does not take our certificate.
    RefusesIdentity,
}

impl Distrust {
    fn of(error: &rustls::Error) -> Option<Self> {
        Some(match error {
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => Self::UnknownAuthority,
            rustls::Error::InvalidCertificate(_) => Self::WrongCertificate,
            rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => Self::WantsIdentity,
            rustls::Error::AlertReceived(
                AlertDescription::UnknownCA
                | AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateUnknown
                | AlertDescription::AccessDenied,
            ) => Self::RefusesIdentity,
            _ => return None,
        })
    }
}

/// Finds what TLS said in a chain of causes, and what it means.
pub(crate) fn distrust<'a>(error: &'a (dyn Error + 'static)) -> Option<(Distrust, &'a rustls::Error)> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(said) = error.downcast_ref::<rustls::Error>() {
            return Distrust::of(said).map(|meaning| (meaning, said));
        }
        // An error of input and output is no link of the chain itself: it may hold one.
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(held) => Some(held),
            None => error.source(),
        };
    }
    None
}
