use crate::shown::shown;
use crate::{Claim, TrustError};
use sigstore_types::DerCertificate;
use sigstore_verify::crypto::{CertificateInfo, parse_certificate_info};
use std::collections::BTreeMap;
use x509_cert::Certificate;
use x509_cert::der::asn1::Utf8StringRef;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// Names that are neither an address nor a URI (fulcio, `docs/oid-info.md`).
const OTHER_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.7");

/// Returns the name of the one whom a certificate was issued to. A certificate of Fulcio has one name; with several, it would depend on the reader whose
/// certificate it is.
pub(crate) fn subject(certificate: &DerCertificate) -> Result<String, TrustError> {
    let malformed = |error: x509_cert::der::Error| TrustError::Certificate { detail: error.to_string() };
    let certificate = Certificate::from_der(certificate.as_bytes()).map_err(malformed)?;
    let names = certificate.tbs_certificate.get::<SubjectAltName>().map_err(malformed)?;
    let names = names.map(|(_, names)| names.0).unwrap_or_default();
    match &names[..] {
        [GeneralName::Rfc822Name(name)] => Ok(name.to_string()),
        [GeneralName::UniformResourceIdentifier(name)] => Ok(name.to_string()),
        [GeneralName::OtherName(name)] if name.type_id == OTHER_NAME => {
            let der = name.value.to_der().map_err(malformed)?;
            Ok(Utf8StringRef::from_der(&der).map_err(malformed)?.as_str().to_owned())
        }
        [_] => Err(TrustError::Names { detail: "its only name is none that Sigstore knows".to_owned() }),
        [] => Err(TrustError::Names { detail: "it has no name".to_owned() }),
        names => Err(TrustError::Names { detail: format!("it has {} names", names.len()) }),
    }
}

/// Returns what a certificate says of its subject.
pub(crate) fn claims(certificate: &CertificateInfo) -> BTreeMap<Claim, String> {
    let said = |claim: &Claim| claim.of(certificate).map(|value| (*claim, value.to_owned()));
    Claim::ALL.iter().filter_map(said).collect()
}

/// Reads a certificate.
pub(crate) fn information(certificate: &DerCertificate) -> Result<CertificateInfo, TrustError> {
    parse_certificate_info(certificate).map_err(|error| TrustError::Certificate { detail: shown(&error.to_string()) })
}
