//! Makes artifacts of receipts: what is signed travels with the image.

use crate::ReleaseError;
use consign_oci::{Descriptor, Digest, Exact, Manifest, annotation, media_type};
use consign_receipt::{Receipt, Statement};
use consign_sign::PrivateKey;
use consign_store::Store;
use std::collections::BTreeMap;

/// Annotation of a layer: the type of the statement in it (BuildKit, `docs/attestations/attestation-storage.md`).
const PREDICATE_TYPE: &str = "in-toto.io/predicate-type";

/// Makes artifacts and keeps them in the store.
pub(crate) struct Attester<'a> {
    /// Where they are kept.
    pub(crate) store: &'a Store,
    /// Signs them. Without it statements are attached as they are, for people to read; nothing proves them.
    pub(crate) key: Option<&'a PrivateKey>,
    /// When the image was made, RFC 3339: artifacts say so, and not when they were made.
    pub(crate) created: &'a str,
}

/// Artifacts by the digest that they are about.
pub(crate) type Artifacts = BTreeMap<Digest, Vec<Descriptor>>;

impl Attester<'_> {
    /// Adds the signature of `subject`, if there is a key to sign with.
    pub(crate) fn sign(&self, subject: &Descriptor, artifacts: &mut Artifacts) -> Result<(), ReleaseError> {
        if self.key.is_some() {
            let statement = consign_sign::signature_statement(&subject.digest)?;
            self.attest(subject, &statement, artifacts)?;
        }
        Ok(())
    }

    /// Adds those receipts about `subject` that were made or derived here, or that are believed for another reason.
    pub(crate) fn receipts(
        &self,
        subject: &Descriptor,
        receipts: &[Receipt],
        artifacts: &mut Artifacts,
    ) -> Result<(), ReleaseError> {
        receipts.iter().try_for_each(|receipt| self.attest(subject, &receipt.statement, artifacts))
    }

    /// Adds one statement about `subject`.
    pub(crate) fn attest(
        &self,
        subject: &Descriptor,
        statement: &Exact<Statement>,
        artifacts: &mut Artifacts,
    ) -> Result<(), ReleaseError> {
        let descriptor = match self.key {
            Some(key) => {
                let bundle = consign_sign::sign(statement, key)?;
                let artifact = consign_sign::artifact(subject, &bundle, &statement.predicate_type, self.created)?;
                for (_, bytes) in &artifact.blobs {
                    self.store.put(bytes)?;
                }
                self.keep(&artifact.manifest)?
            }
            None => self.unsigned(subject, statement)?,
        };
        self.store.put_receipt(&subject.digest, &descriptor)?;
        artifacts.entry(subject.digest.clone()).or_default().push(descriptor);
        Ok(())
    }

    fn unsigned(&self, subject: &Descriptor, statement: &Exact<Statement>) -> Result<Descriptor, ReleaseError> {
        let mut layer = statement.descriptor(media_type::IN_TOTO);
        layer.annotations.insert(PREDICATE_TYPE.to_owned(), statement.predicate_type.clone());
        let mut manifest = Manifest::new(Descriptor::empty(), vec![layer]);
        manifest.artifact_type = Some(media_type::IN_TOTO.to_owned());
        manifest.subject = Some(subject.plain());
        manifest.annotations.insert(annotation::CREATED.to_owned(), self.created.to_owned());
        manifest.annotations.insert(PREDICATE_TYPE.to_owned(), statement.predicate_type.clone());
        self.store.put(b"{}")?;
        self.store.put(statement.bytes())?;
        self.keep(&Exact::write(manifest)?)
    }

    /// Keeps a manifest; its descriptor says what it is, as registries list it.
    fn keep(&self, manifest: &Exact<Manifest>) -> Result<Descriptor, ReleaseError> {
        self.store.put(manifest.bytes())?;
        let mut descriptor = manifest.descriptor(media_type::MANIFEST);
        descriptor.artifact_type.clone_from(&manifest.artifact_type);
        descriptor.annotations.clone_from(&manifest.annotations);
        Ok(descriptor)
    }
}
