//! Makes artifacts of receipts: what is signed travels with the image.

use crate::ReleaseError;
use crate::publish::{ArtifactLayer, Artifacts};
use consign_attach::{Attachment, Forms, Signatory, attestation, signature};
use consign_oci::{DOCUMENT_LIMIT, Descriptor, Exact, Manifest, Platform, Repository, annotation, media_type};
use consign_receipt::{Receipt, Statement, predicate};
use consign_store::Store;
use std::collections::BTreeMap;

/// Makes artifacts and keeps them in the store.
pub(crate) struct Attester<'a> {
    /// Where they are kept.
    pub(crate) store: &'a Store,
    /// Signs them. Without it statements are attached as they are, for people to read; nothing proves them.
    pub(crate) key: Option<&'a Signatory>,
    /// Name of the image, for messages.
    pub(crate) image: &'a str,
    /// What is released: signatures say so.
    pub(crate) version: &'a str,
    /// In which forms.
    pub(crate) forms: Forms,
    /// Where the image goes: signatures of the older form name that.
    pub(crate) repositories: Vec<Repository>,
    /// When the image was made, RFC 3339: artifacts say so, and not when they were made.
    pub(crate) created: &'a str,
}

/// What artifacts are about: an index, or the manifest of a platform.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) descriptor: &'a Descriptor,
    pub(crate) platform: Option<&'a Platform>,
}

impl Attester<'_> {
    /// Adds the signature of `subject`, if there is a key to sign with.
    pub(crate) async fn sign(&self, subject: Subject<'_>, artifacts: &mut Artifacts) -> Result<(), ReleaseError> {
        self.check(subject, "manifest", subject.descriptor.size, DOCUMENT_LIMIT)?;
        let Some(signatory) = self.key else { return Ok(()) };
        let annotations = BTreeMap::from([(predicate::RELEASE.to_owned(), self.version.to_owned())]);
        let about = subject.descriptor;
        if self.forms.has_bundle() {
            let made = signature(about, "", &annotations, Forms::Bundle, signatory, self.created).await?;
            self.add(subject, predicate::SIGNATURE, made, None, artifacts)?;
        }
        if self.forms.has_legacy() {
            for repository in &self.repositories {
                let name = repository.to_string();
                let made = signature(about, &name, &annotations, Forms::Legacy, signatory, self.created).await?;
                self.add(subject, predicate::SIGNATURE, made, Some(repository), artifacts)?;
            }
        }
        Ok(())
    }

    /// Adds those receipts about `subject` that were made or derived here, or that are believed for another reason.
    pub(crate) async fn receipts(
        &self,
        subject: Subject<'_>,
        receipts: &[Receipt],
        artifacts: &mut Artifacts,
    ) -> Result<(), ReleaseError> {
        for receipt in receipts {
            self.attest(subject, &receipt.statement, artifacts).await?;
        }
        Ok(())
    }

    /// Adds one statement about `subject`.
    pub(crate) async fn attest(
        &self,
        subject: Subject<'_>,
        statement: &Exact<Statement>,
        artifacts: &mut Artifacts,
    ) -> Result<(), ReleaseError> {
        let what = &statement.predicate_type;
        let Some(signatory) = self.key else {
            self.check(subject, predicate::label(what), statement.bytes().len() as u64, consign_sign::LIMIT)?;
            let manifest = self.unsigned(subject, statement)?;
            return self.list(subject, what, &manifest, artifacts);
        };
        let made = attestation(subject.descriptor, statement, self.forms, signatory, self.created).await?;
        self.add(subject, what, made, None, artifacts)
    }

    /// Keeps what was signed.
    fn add(
        &self,
        subject: Subject<'_>,
        what: &str,
        made: Vec<Attachment>,
        repository: Option<&Repository>,
        artifacts: &mut Artifacts,
    ) -> Result<(), ReleaseError> {
        for attachment in made {
            match attachment {
                Attachment::Artifact(artifact) => {
                    for (blob, bytes) in &artifact.blobs {
                        self.check(subject, predicate::label(what), blob.size, consign_sign::LIMIT)?;
                        self.store.put(bytes)?;
                    }
                    self.list(subject, what, &artifact.manifest, artifacts)?;
                }
                Attachment::Layer(kind, layer) => {
                    self.check(subject, predicate::label(what), layer.bytes.len() as u64, consign_sign::LIMIT)?;
                    let about = subject.descriptor.digest.clone();
                    artifacts.layers.push(ArtifactLayer {
                        about,
                        kind,
                        layer: *layer,
                        repository: repository.cloned(),
                    });
                }
            }
        }
        Ok(())
    }

    /// Keeps a manifest about `subject`.
    fn list(
        &self,
        subject: Subject<'_>,
        what: &str,
        manifest: &Exact<Manifest>,
        artifacts: &mut Artifacts,
    ) -> Result<(), ReleaseError> {
        self.check(subject, predicate::label(what), manifest.bytes().len() as u64, DOCUMENT_LIMIT)?;
        let descriptor = self.keep(manifest)?;
        let about = &subject.descriptor.digest;
        self.store.put_receipt(about, &descriptor)?;
        artifacts.referrers.entry(about.clone()).or_default().push(descriptor);
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
        layer.annotations.insert(annotation::PREDICATE_TYPE.to_owned(), statement.predicate_type.clone());
        let mut manifest = Manifest::new(Descriptor::empty(), vec![layer]);
        manifest.artifact_type = Some(media_type::IN_TOTO.to_owned());
        manifest.subject = Some(subject.descriptor.plain());
        manifest.annotations.insert(annotation::CREATED.to_owned(), self.created.to_owned());
        manifest.annotations.insert(annotation::PREDICATE_TYPE.to_owned(), statement.predicate_type.clone());
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
    use consign_oci::Digest;
    use consign_sign::PrivateKey;

    /// Attaches a statement of about this many bytes and returns what happened, with the number of artifacts.
    async fn attach(key: Option<&Signatory>, bytes: usize) -> (Result<(), ReleaseError>, usize) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let manifest = Descriptor::of(media_type::MANIFEST, b"manifest");
        let platform: Platform = "linux/arm64".parse().unwrap();
        let subject = Subject { descriptor: &manifest, platform: Some(&platform) };
        let statement = Statement::new(&manifest.digest, predicate::SBOM, "x".repeat(bytes).into());
        let attester = attester(&store, key);
        let mut artifacts = Artifacts::default();
        let result = attester.attest(subject, &Exact::write(statement).unwrap(), &mut artifacts).await;
        (result, artifacts.count())
    }

    /// Attaches in the usual form.
    fn attester<'a>(store: &'a Store, key: Option<&'a Signatory>) -> Attester<'a> {
        let (forms, repositories, created) = (Forms::Bundle, Vec::new(), "2026-01-02T03:04:05Z");
        Attester { store, key, image: "hello", version: "1.2.3", forms, repositories, created }
    }

    #[tokio::test]
    async fn what_nobody_would_read_is_not_attached() {
        let key = Signatory::from(PrivateKey::generate().unwrap());
        // Signed, a statement grows by a third.
        for (key, fits, does_not) in [(Some(&key), 12 << 20, 13 << 20), (None, 15 << 20, 16 << 20)] {
            let (result, count) = attach(key, fits - 1024).await;
            assert!(result.is_ok() && count == 1, "{result:?}");
            let (result, count) = attach(key, does_not).await;
            let error = result.unwrap_err().to_string();
            assert!(error.starts_with("hello linux/arm64: its sbom has 1") && error.contains("16777216"), "{error}");
            assert_eq!(count, 0);
        }
    }

    #[tokio::test]
    async fn a_manifest_that_nobody_would_read_is_not_signed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let attester = attester(&store, None);
        for (size, fits) in [(DOCUMENT_LIMIT, true), (DOCUMENT_LIMIT + 1, false)] {
            let index = Descriptor::new(media_type::INDEX, Digest::of(b"index"), size);
            let subject = Subject { descriptor: &index, platform: None };
            assert_eq!(attester.sign(subject, &mut Artifacts::default()).await.is_ok(), fits, "{size}");
        }
    }
}
