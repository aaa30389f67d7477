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

/// What an alert means that the other side sent.
const ALERTS: [(AlertDescription, Distrust); 8] = [
    (AlertDescription::CertificateRequired, Distrust::WantsIdentity),
    (AlertDescription::UnknownCA, Distrust::RefusesIdentity),
    // Some say so where they were shown none.
    (AlertDescription::BadCertificate, Distrust::RefusesIdentity),
    (AlertDescription::UnsupportedCertificate, Distrust::RefusesIdentity),
    (AlertDescription::CertificateExpired, Distrust::RefusesIdentity),
    (AlertDescription::CertificateRevoked, Distrust::RefusesIdentity),
    (AlertDescription::CertificateUnknown, Distrust::RefusesIdentity),
    (AlertDescription::AccessDenied, Distrust::RefusesIdentity),
];

impl Distrust {
    fn of(error: &rustls::Error) -> Option<Self> {
        match error {
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => Some(Self::UnknownAuthority),
            rustls::Error::InvalidCertificate(_) => Some(Self::WrongCertificate),
            rustls::Error::AlertReceived(alert) => meaning(|known| known == alert),
            _ => None,
        }
    }

    /// Finds the same in a text.
    fn of_text(text: &str) -> Option<Self> {
        meaning(|known| text == rustls::Error::AlertReceived(*known).to_string())
    }
}

fn meaning(is: impl Fn(&AlertDescription) -> bool) -> Option<Distrust> {
    ALERTS.iter().find(|(alert, _)| is(alert)).map(|(_, meaning)| *meaning)
}

/// Finds what TLS said in a chain of causes, and what it means.
pub(crate) fn distrust(error: &(dyn Error + 'static)) -> Option<(Distrust, String)> {
    let mut link = error;
    loop {
        if let Some(said) = link.downcast_ref::<rustls::Error>() {
            return Distrust::of(said).map(|meaning| (meaning, said.to_string()));
        }
        // An error of input and output is no link of the chain itself: it may hold one.
        let held = link.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match held.map(|held| held as &(dyn Error + 'static)).or(link.source()) {
            Some(next) => link = next,
            None => break,
        }
    }
    // Requests that share a connection of HTTP/2 share what became of it as a text.
    let text = link.to_string();
    Distrust::of_text(&text).map(|meaning| (meaning, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_found_as_an_error_and_as_a_text() {
        let alert = || rustls::Error::AlertReceived(AlertDescription::CertificateRequired);
        let text = io::Error::other(alert().to_string());
        for error in [io::Error::other(alert()), io::Error::other(io::Error::other(alert())), text] {
            assert_eq!(distrust(&error).unwrap().0, Distrust::WantsIdentity, "{error:?}");
        }
        for error in [io::Error::other("CertificateRequired"), io::Error::from(io::ErrorKind::BrokenPipe)] {
            assert_eq!(distrust(&error), None);
        }
    }
}
