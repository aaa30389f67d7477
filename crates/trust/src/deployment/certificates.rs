use crate::shown::shown;
use jiff::Timestamp;
use sigstore_types::DerCertificate;
use x509_cert::Certificate;
use x509_cert::der::asn1::{PrintableStringRef, Utf8StringRef};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::pkix::BasicConstraints;
use x509_cert::name::Name;

/// Most certificates that vouch for each other.
const LENGTH: usize = 16;
const END: &str = "-----END CERTIFICATE-----";
/// `commonName` and `organizationName` (X.520).
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");

/// Certificates, each before the one that vouches for it.
pub(super) struct Chain {
    /// In DER.
    pub(super) certificates: Vec<Vec<u8>>,
    /// The names of the last.
    pub(super) name: String,
    pub(super) organization: String,
    /// From when on the first is valid, and the last.
    pub(super) first_from: Timestamp,
    pub(super) root_from: Timestamp,
    /// Whether the first issues certificates.
    issues: bool,
}

impl Chain {
    /// Reads a text of PEM blocks.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let blocks: Vec<_> = text.split_inclusive(END).filter(|block| block.contains(END)).collect();
        if blocks.len() > LENGTH {
            return Err(format!("there are more than {LENGTH}"));
        }
        let read = |block: &&str| DerCertificate::from_pem(block).map_err(|error| shown(&error.to_string()));
        let certificates = blocks.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let parse = |der: &DerCertificate| Certificate::from_der(der.as_bytes()).map_err(|error| error.to_string());
        let parsed = certificates.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        for (number, (one, next)) in (1..).zip(parsed.iter().zip(parsed.iter().skip(1))) {
            if one.tbs_certificate.issuer != next.tbs_certificate.subject {
                return Err(format!("number {} did not issue number {number}: the root comes last", number + 1));
            }
        }
        let (Some(first), Some(root)) = (parsed.first(), parsed.last()) else {
            return Err("there is none in PEM (`-----BEGIN CERTIFICATE-----`)".to_owned());
        };
        let constraints = first.tbs_certificate.get::<BasicConstraints>().map_err(|error| error.to_string())?;
        Ok(Self {
            name: attribute(&root.tbs_certificate.subject, COMMON_NAME),
            organization: attribute(&root.tbs_certificate.subject, ORGANIZATION),
            first_from: from(first)?,
            root_from: from(root)?,
            issues: constraints.is_some_and(|(_, constraints)| constraints.ca),
            certificates: certificates.into_iter().map(DerCertificate::into_bytes).collect(),
        })
    }

    /// Fails unless the first signs something else than certificates.
    pub(super) fn check_signer(&self) -> Result<(), String> {
        match self.issues {
            true => Err("the first issues certificates: that which signs timestamps comes first".to_owned()),
            false => Ok(()),
        }
    }
}

fn from(certificate: &Certificate) -> Result<Timestamp, String> {
    let seconds = certificate.tbs_certificate.validity.not_before.to_unix_duration().as_secs();
    let seconds = i64::try_from(seconds).map_err(|error| error.to_string())?;
    Timestamp::from_second(seconds).map_err(|error| error.to_string())
}

/// Returns a part of a name; nothing if it has none.
fn attribute(name: &Name, wanted: ObjectIdentifier) -> String {
    let attribute = name.0.iter().flat_map(|parts| parts.0.iter()).find(|attribute| attribute.oid == wanted);
    let text = attribute.and_then(|attribute| {
        let der = attribute.value.to_der().ok()?;
        let text = Utf8StringRef::from_der(&der).map(|text| text.as_str().to_owned());
        text.or_else(|_| PrintableStringRef::from_der(&der).map(|text| text.as_str().to_owned())).ok()
    });
    text.unwrap_or_default()
}
