//! Makes artifacts of receipts: what is signed travels with the image.

use crate::ReleaseError;
use consign_oci::{DOCUMENT_LIMIT, Descriptor, Digest, Exact, Manifest, Platform, annotation, media_type};
use consign_receipt::{Receipt, Statement, predicate};
use consign_sign::Signer;
use consign_store::Store;
use std::collections::BTreeMap;

/// Annotation of a layer: the type of the statement in it (BuildKit, `docs/attestations/attestation-storage.md`).
const PREDICATE_TYPE: &str = "in-toto.io/predicate-type";

/// Makes artifacts and keeps them in the store.
pub(crate) struct Attester<'a> {
    /// Where they are kept.
    pub(crate) store: &'a Store,
    /// Signs them. Without it statements are attached as they are, for people to read; nothing proves them.
    pub(crate) key: Option<&'a dyn Signer>,
    /// Name of the image, for messages.
    pub(crate) image: &'a str,
    /// When the image was made, RFC 3339: artifacts say so, and not when they were made.
    pub(crate) created: &'a str,
}

/// Artifacts by the digest that they are about.
pub(crate) type Artifacts = BTreeMap<Digest, Vec<Descriptor>>;

/// What artifacts are about: an index, or the manifest of a platform.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) descriptor: &'a Descriptor,
    pub(crate) platform: Option<&'a Platform>,
}

impl Attester<'_> {
    /// Adds the signature of `subject`, if there is a key to sign with.
    pub(crate) fn sign(&self, subject: Subject<'_>, artifacts: &mut Artifacts) -> Result<(), ReleaseError> {
        self.check(subject, "manifest", subject.descriptor.size, DOCUMENT_LIMIT)?;
        if self.key.is_some() {
            let statement = consign_sign::signature_statement(&subject.descriptor.digest)?;
            self.attest(subject, &statement, artifacts)?;
        }
        Ok(())
    }

    /// Adds those receipts about `subject` that were made or derived here, or that are believed for another reason.
    pub(crate) fn receipts(
        &self,
        subject: Subject<'_>,
        receipts: &[Receipt],
        artifacts: &mut Artifacts,
    ) -> Result<(), ReleaseError> {
        receipts.iter().try_for_each(|receipt| self.attest(subject, &receipt.statement, artifacts))
    }

    /// Adds one statement about `subject`.
    pub(crate) fn attest(
        &self,
        subject: Subject<'_>,
        statement: &Exact<Statement>,
        artifacts: &mut Artifacts,
    ) -> Result<(), ReleaseError> {
        let what = predicate::label(&statement.predicate_type);
        let manifest = match self.key {
            Some(key) => {
                let bundle = consign_sign::sign(statement, key)?;
                self.check(subject, what, bundle.len() as u64, consign_sign::LIMIT)?;
                let about = subject.descriptor;
                let artifact = consign_sign::artifact(about, &bundle, &statement.predicate_type, self.created)?;
                for (_, bytes) in &artifact.blobs {
                    self.store.put(bytes)?;
                }
                artifact.manifest
            }
            None => {
                self.check(subject, what, statement.bytes().len() as u64, consign_sign::LIMIT)?;
                self.unsigned(subject, statement)?
            }
        };
        self.check(subject, what, manifest.bytes().len() as u64, DOCUMENT_LIMIT)?;
        let descriptor = self.keep(&manifest)?;
        let about = &subject.descriptor.digest;
        self.store.put_receipt(about, &descriptor)?;
        artifacts.entry(about.clone()).or_default().push(descriptor);
        Ok(())
    }

    /// Fails on what nobody would read who verifies the image.
    fn check(&self, subject: Subject<'_>, what: &str, size: u64, limit: u64) -> Result<(), ReleaseError> {
        if size <= limit {
            return Ok(());
        }
        Err(ReleaseError::TooLarge {
            image: self.image.to_owned(),
            platform: subject.platform.cloned(),
            what: what.to_owned(),
            size,
            limit,
        })
    }

    fn unsigned(&self, subject: Subject<'_>, statement: &Exact<Statement>) -> Result<Exact<Manifest>, ReleaseError> {
        let mut layer = statement.descriptor(media_type::IN_TOTO);
        layer.annotations.insert(PREDICATE_TYPE.to_owned(), statement.predicate_type.clone());
        let mut manifest = Manifest::new(Descriptor::empty(), vec![layer]);
        manifest.artifact_type = Some(media_type::IN_TOTO.to_owned());
        manifest.subject = Some(subject.descriptor.plain());
        manifest.annotations.insert(annotation::CREATED.to_owned(), self.created.to_owned());
        manifest.annotations.insert(PREDICATE_TYPE.to_owned(), statement.predicate_type.clone());
        self.store.put(b"{}")?;
        self.store.put(statement.bytes())?;
        Ok(Exact::write(manifest)?)
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

#[cfg(test)]
mod tests {
    use super::*;
    use consign_sign::PrivateKey;

    /// Attaches a statement of about this many bytes and returns what happened, with the number of artifacts.
    fn attach(key: Option<&dyn Signer>, bytes: usize) -> (Result<(), ReleaseError>, usize) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let manifest = Descriptor::of(media_type::MANIFEST, b"manifest");
        let platform: Platform = "linux/arm64".parse().unwrap();
        let subject = Subject { descriptor: &manifest, platform: Some(&platform) };
        let statement = Statement::new(&manifest.digest, predicate::SBOM, "x".repeat(bytes).into());
        let attester = Attester { store: &store, key, image: "hello", created: "2026-01-02T03:04:05Z" };
        let mut artifacts = Artifacts::new();
        let result = attester.attest(subject, &Exact::write(statement).unwrap(), &mut artifacts);
        (result, artifacts.values().map(Vec::len).sum())
    }

    #[test]
    fn what_nobody_would_read_is_not_attached() {
        let key = PrivateKey::generate().unwrap();
        // Signed, a statement grows by a third.
        for (key, fits, does_not) in [(Some(&key as &dyn Signer), 12 << 20, 13 << 20), (None, 15 << 20, 16 << 20)] {
            let (result, count) = attach(key, fits - 1024);
            assert!(result.is_ok() && count == 1, "{result:?}");
            let (result, count) = attach(key, does_not);
            let error = result.unwrap_err().to_string();
            assert!(error.starts_with("hello linux/arm64: its sbom has 1") && error.contains("16777216"), "{error}");
            assert_eq!(count, 0);
        }
    }

    #[test]
    fn a_manifest_that_nobody_would_read_is_not_signed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let attester = Attester { store: &store, key: None, image: "hello", created: "2026-01-02T03:04:05Z" };
        for (size, fits) in [(DOCUMENT_LIMIT, true), (DOCUMENT_LIMIT + 1, false)] {
            let index = Descriptor::new(media_type::INDEX, Digest::of(b"index"), size);
            let subject = Subject { descriptor: &index, platform: None };
            assert_eq!(attester.sign(subject, &mut Artifacts::new()).is_ok(), fits, "{size}");
        }
    }
}
