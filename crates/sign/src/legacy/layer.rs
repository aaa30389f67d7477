use super::{Payload, SIMPLE_SIGNING};
use crate::bundle::envelope;
use crate::{BundleError, PublicKey, Signer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use consign_oci::{Descriptor, Digest, Exact};
use consign_receipt::Statement;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Annotation of a layer: the signature of its bytes in Base64. Attestations have it too, and empty.
pub(super) const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// Annotation of a layer with an attestation: the type of the statement in it.
const PREDICATE_TYPE: &str = "predicateType";
/// Media type of a layer with an attestation.
pub(super) const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";

/// A layer in the older form, with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyLayer {
    /// The layer, with what is said beside it in annotations.
    pub descriptor: Descriptor,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl LegacyLayer {
    /// Makes a layer of a document that says that an image is signed. The annotations hold its signature, and what vouches for that.
    pub fn of_signature(payload: Vec<u8>, annotations: BTreeMap<String, String>) -> Self {
        let mut descriptor = Descriptor::of(SIMPLE_SIGNING, &payload);
        descriptor.annotations = annotations;
        Self { descriptor, bytes: payload }
    }

    /// Makes a layer of an envelope with a statement of a type. The annotations hold what vouches for its signature.
    pub fn of_attestation(envelope: Vec<u8>, predicate_type: &str, annotations: BTreeMap<String, String>) -> Self {
        let mut descriptor = Descriptor::of(ENVELOPE, &envelope);
        descriptor.annotations = annotations;
        descriptor.annotations.insert(SIGNATURE.to_owned(), String::new());
        descriptor.annotations.insert(PREDICATE_TYPE.to_owned(), predicate_type.to_owned());
        Self { descriptor, bytes: envelope }
    }
}

/// Signs the document that says that an image is signed.
pub fn signature_layer(payload: &Payload, signer: &dyn Signer) -> Result<LegacyLayer, BundleError> {
    let bytes = payload.to_bytes().map_err(|source| BundleError::Write { source })?;
    let signature = STANDARD.encode(signer.sign(&bytes)?);
    Ok(LegacyLayer::of_signature(bytes, BTreeMap::from([(SIGNATURE.to_owned(), signature)])))
}

/// Signs a statement's exact bytes as an envelope without a bundle around it.
pub fn attestation_layer(statement: &Exact<Statement>, signer: &dyn Signer) -> Result<LegacyLayer, BundleError> {
    let envelope = envelope(statement, signer)?;
    let bytes = serde_json::to_vec(&envelope).map_err(|source| BundleError::Write { source })?;
    Ok(LegacyLayer::of_attestation(bytes, &statement.predicate_type, BTreeMap::new()))
}

/// The signature of an image in the older form that nobody has checked yet.
#[derive(Clone, Debug)]
pub struct LegacySignature {
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl LegacySignature {
    /// Takes a layer, the bytes of which are those that its digest promises.
    pub fn read(LegacyLayer { descriptor, bytes }: LegacyLayer) -> Result<Self, BundleError> {
        let signature = descriptor.annotations.get(SIGNATURE).filter(|text| text.len() <= SIGNATURE_LIMIT);
        let signature = signature.and_then(|text| STANDARD.decode(text).ok());
        Ok(Self { payload: bytes, signature: signature.ok_or(BundleError::NoSignature)? })
    }

    /// Returns the document and its signature as `cosign download signature` prints them.
    pub fn as_json(&self) -> Value {
        json!({ "Base64Signature": STANDARD.encode(&self.signature), "Payload": STANDARD.encode(&self.payload) })
    }

    /// Returns what is signed, if this key signed it and it names this image.
    pub fn verify(&self, key: &PublicKey, image: &Digest) -> Result<Payload, BundleError> {
        if !key.verify(&self.payload, &self.signature) {
            return Err(BundleError::Signature { key: key.fingerprint() });
        }
        let payload = Payload::read(&self.payload)?;
        payload.check(image)?;
        Ok(payload)
    }
}

/// Longest signature in Base64: those of RSA with 8,192 bits have 1,368 characters.
const SIGNATURE_LIMIT: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Annotations, Bundle, PrivateKey};
    use consign_receipt::predicate;

    #[test]
    fn reads_what_it_writes() {
        let (key, image) = (PrivateKey::generate().unwrap(), Digest::of(b"image"));
        let payload = Payload::new("registry.example/app", &image, &Annotations::new());
        let layer = signature_layer(&payload, &key).unwrap();
        assert!(layer.descriptor.digest.matches(&layer.bytes));
        let signature = LegacySignature::read(layer.clone()).unwrap();
        assert_eq!(signature.verify(key.public(), &image).unwrap(), payload);
        let other = PrivateKey::generate().unwrap();
        assert!(matches!(signature.verify(other.public(), &image), Err(BundleError::Signature { .. })));
        let error = signature.verify(key.public(), &Digest::of(b"other")).unwrap_err();
        assert!(matches!(error, BundleError::Payload(_)), "{error}");
        for annotation in [None, Some("!".to_owned()), Some("A".repeat(SIGNATURE_LIMIT + 4))] {
            let mut layer = layer.clone();
            layer.descriptor.annotations = annotation.map(|text| (SIGNATURE.to_owned(), text)).into_iter().collect();
            assert!(matches!(LegacySignature::read(layer), Err(BundleError::NoSignature)));
        }
    }

    #[test]
    fn an_attestation_is_an_envelope() {
        let (key, image) = (PrivateKey::generate().unwrap(), Digest::of(b"image"));
        let statement = Exact::write(Statement::new(&image, predicate::SBOM, Value::Null)).unwrap();
        let layer = attestation_layer(&statement, &key).unwrap();
        assert_eq!(layer.descriptor.annotations[PREDICATE_TYPE], predicate::SBOM);
        let read = Bundle::of_envelope(&layer.bytes).unwrap().verify(key.public(), &image).unwrap();
        assert_eq!(read.bytes(), statement.bytes());
    }
}
