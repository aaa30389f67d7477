use crate::AttachError;
use consign_image::Place;
use consign_oci::{Descriptor, Digest, Document, Exact, Manifest, annotation, media_type};
use consign_receipt::{Statement, predicate};
use consign_sign::{
    Bundle, LIMIT, LegacyKind, LegacyLayer, LegacySignature, SIMPLE_SIGNING, bundle_of, layers_of, signature_statement,
};
use consign_trust::{Authority, SignedBy, envelope, payload_in, statement_in};

/// Most manifests, and most layers of one manifest, about one image that are looked at.
const COUNT_LIMIT: usize = 1_000;
/// Most bytes of them that are read of one image, as their descriptors state them.
const BYTES_LIMIT: u64 = 256 << 20;
/// The annotations by which manifests and layers say what they carry. Nothing vouches for them.
const STATED: [&str; 3] = ["dev.sigstore.bundle.predicateType", "in-toto.io/predicate-type", "predicateType"];

/// Something that is attached to an image. Nobody has checked a signature of it.
#[derive(Clone, Debug)]
pub struct Attached {
    /// Where it is.
    pub held: Held,
    /// What it says that it is: the type of a statement, or of an artifact.
    pub stated: String,
    /// Its bytes, as they are attached.
    pub bytes: Vec<u8>,
    /// What they are.
    pub content: Content,
}

/// Where something is that is attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// In a manifest about the image.
    Referrer(Descriptor),
    /// In a layer of the manifest under a tag of the older form.
    Layer(LegacyKind, Descriptor),
    /// In a layer of an entry of the index, as BuildKit writes it.
    Embedded(Descriptor),
}

/// What is attached.
#[derive(Clone, Debug)]
pub enum Content {
    /// A statement that is signed.
    Bundle(Box<Bundle>),
    /// A signature in the older form.
    Signature(LegacySignature),
    /// A statement that nobody signed.
    Statement(Box<Exact<Statement>>),
    /// A document without a statement around it, or something that is not read.
    Other,
}

impl Attached {
    /// Returns whether it is a signature of the image, and not another statement about it.
    pub fn is_signature(&self) -> bool {
        matches!(self.content, Content::Signature(_)) || self.stated == predicate::SIGNATURE
    }

    /// Returns what one of some authorities signed about `subject`, if that is what it is. A signature in the older form says the same as a statement.
    pub fn verified(&self, authorities: &[Authority], subject: &Digest) -> Option<(Exact<Statement>, SignedBy)> {
        match (&self.content, &self.held) {
            (Content::Bundle(bundle), _) => {
                let (statement, by, _) = statement_in(bundle, authorities, subject).ok()?;
                Some((statement, by))
            }
            (Content::Signature(_), Held::Layer(_, descriptor)) => {
                let layer = LegacyLayer { descriptor: descriptor.clone(), bytes: self.bytes.clone() };
                let (payload, by, _) = payload_in(&layer, authorities, subject).ok()?;
                Some((signature_statement(subject, &payload.annotations()).ok()?, by))
            }
            _ => None,
        }
    }

    /// Returns the statement in it, if it is about `subject`. Nothing vouches for it.
    pub fn statement(&self, subject: &Digest) -> Option<Exact<Statement>> {
        match &self.content {
            Content::Bundle(bundle) => bundle.statement(subject).ok(),
            Content::Statement(statement) => Some(Exact::clone(statement)),
            Content::Signature(_) | Content::Other => None,
        }
    }
}

/// Finds what is attached to `subject`: manifests about it, layers under tags of the older form, which may be kept in another place, and what
/// the `index` that lists it holds about it.
pub async fn find(
    place: &Place,
    legacy: &Place,
    subject: &Digest,
    index: Option<&Document>,
) -> Result<Vec<Attached>, AttachError> {
    let mut finder = Finder { place, subject, left: BYTES_LIMIT };
    let mut found = finder.referrers(|_| true).await?;
    for kind in LegacyKind::ALL {
        found.extend(finder.legacy(legacy, kind).await?);
    }
    if let Some(Document::Index(index)) = index {
        found.extend(finder.embedded(&index.manifests).await?);
    }
    Ok(found)
}

/// Finds statements of some types alone that are attached to `subject`. What is listed as one of another type is not read, and of the tags of the older
/// form only those of `kinds` are.
pub(crate) async fn find_statements(
    place: &Place,
    legacy: &Place,
    subject: &Digest,
    predicate_types: &[&str],
    kinds: &[LegacyKind],
) -> Result<Vec<Attached>, AttachError> {
    let mut finder = Finder { place, subject, left: BYTES_LIMIT };
    // Not every registry says in its list of what type something is.
    let is_wanted = |listed: &Descriptor| stated(listed).is_none_or(|stated| predicate_types.contains(&stated));
    let mut found = finder.referrers(is_wanted).await?;
    for kind in kinds {
        found.extend(finder.legacy(legacy, *kind).await?);
    }
    Ok(found)
}

/// Returns of which type something says that it is.
fn stated(descriptor: &Descriptor) -> Option<&str> {
    STATED.iter().find_map(|key| descriptor.annotations.get(*key).map(String::as_str))
}

struct Finder<'a> {
    place: &'a Place,
    subject: &'a Digest,
    left: u64,
}

impl Finder<'_> {
    async fn referrers(&mut self, is_wanted: impl Fn(&Descriptor) -> bool) -> Result<Vec<Attached>, AttachError> {
        let referrers = self.place.referrers(self.subject).await?;
        self.check_count(referrers.len())?;
        let mut found = Vec::new();
        let is_read = |referrer: &Descriptor| media_type::is_manifest(&referrer.media_type) && is_wanted(referrer);
        for referrer in referrers.into_iter().filter(is_read) {
            self.take(self.place, &referrer)?;
            let Document::Manifest(manifest) = self.place.document(&referrer).await? else { continue };
            if manifest.subject.as_ref().is_none_or(|subject| subject.digest != *self.subject) {
                continue;
            }
            let artifact_type = manifest.effective_artifact_type().to_owned();
            let stated = STATED.iter().find_map(|key| manifest.annotations.get(*key).cloned());
            let stated = stated.unwrap_or(artifact_type);
            self.check_count(manifest.layers.len())?;
            let is_bundle = bundle_of(&manifest).is_some();
            for layer in &manifest.layers {
                let bytes = self.bytes(self.place, layer).await?;
                let is_signature = layer.media_type == SIMPLE_SIGNING;
                let stated = if is_signature { predicate::SIGNATURE.to_owned() } else { stated.clone() };
                let content = match is_bundle {
                    true => Bundle::read(&bytes).map_or(Content::Other, |bundle| Content::Bundle(Box::new(bundle))),
                    false if is_signature => signature(layer, &bytes),
                    false => statement(layer, &bytes),
                };
                found.push(Attached { held: Held::Referrer(referrer.clone()), stated, bytes, content });
            }
        }
        Ok(found)
    }

    async fn legacy(&mut self, place: &Place, kind: LegacyKind) -> Result<Vec<Attached>, AttachError> {
        let Some(tag) = kind.tag(self.subject) else { return Ok(Vec::new()) };
        if matches!(place, Place::Store { .. }) {
            return Ok(Vec::new());
        }
        let Some(Document::Manifest(manifest)) = place.with_tag(&tag).find(None).await?.document() else {
            return Ok(Vec::new());
        };
        let layers: Vec<Descriptor> = layers_of(&manifest, kind).cloned().collect();
        self.check_count(layers.len())?;
        let mut found = Vec::new();
        for layer in layers {
            let bytes = self.bytes(place, &layer).await?;
            let stated = STATED.iter().find_map(|key| layer.annotations.get(*key).cloned());
            let stated = stated.unwrap_or_else(|| match kind {
                LegacyKind::Signatures => predicate::SIGNATURE.to_owned(),
                LegacyKind::Attestations | LegacyKind::Sbom => layer.media_type.clone(),
            });
            let content = match kind {
                LegacyKind::Signatures => signature(&layer, &bytes),
                LegacyKind::Attestations => {
                    let layer = LegacyLayer { descriptor: layer.clone(), bytes: bytes.clone() };
                    envelope(&layer).map_or(Content::Other, |bundle| Content::Bundle(Box::new(bundle)))
                }
                LegacyKind::Sbom => Content::Other,
            };
            found.push(Attached { held: Held::Layer(kind, layer), stated, bytes, content });
        }
        Ok(found)
    }

    /// Reads the attestations that BuildKit puts into an index (BuildKit, `docs/attestations/attestation-storage.md`).
    async fn embedded(&mut self, entries: &[Descriptor]) -> Result<Vec<Attached>, AttachError> {
        let about = |entry: &&Descriptor| {
            entry
                .annotations
                .get(annotation::REFERENCE_DIGEST)
                .is_some_and(|digest| *digest == self.subject.to_string())
        };
        let manifests: Vec<&Descriptor> = entries.iter().filter(about).collect();
        self.check_count(manifests.len())?;
        let mut found = Vec::new();
        for descriptor in manifests {
            self.take(self.place, descriptor)?;
            let Document::Manifest(manifest) = self.place.document(descriptor).await? else { continue };
            found.extend(self.embedded_in(&manifest).await?);
        }
        Ok(found)
    }

    async fn embedded_in(&mut self, manifest: &Manifest) -> Result<Vec<Attached>, AttachError> {
        self.check_count(manifest.layers.len())?;
        let mut found = Vec::new();
        for layer in manifest.layers.iter().filter(|layer| layer.media_type == media_type::IN_TOTO) {
            let bytes = self.bytes(self.place, layer).await?;
            let stated = STATED.iter().find_map(|key| layer.annotations.get(*key).cloned());
            let (held, content) = (Held::Embedded(layer.clone()), statement(layer, &bytes));
            found.push(Attached { held, stated: stated.unwrap_or_default(), bytes, content });
        }
        Ok(found)
    }

    async fn bytes(&mut self, place: &Place, layer: &Descriptor) -> Result<Vec<u8>, AttachError> {
        self.take(place, layer)?;
        Ok(place.bytes(layer, LIMIT).await?)
    }

    fn check_count(&self, count: usize) -> Result<(), AttachError> {
        if count <= COUNT_LIMIT {
            return Ok(());
        }
        let (place, digest) = (self.place.describe(), self.subject.clone());
        Err(AttachError::TooMany { place, digest, count, limit: COUNT_LIMIT })
    }

    fn take(&mut self, place: &Place, descriptor: &Descriptor) -> Result<(), AttachError> {
        let left = self.left.checked_sub(descriptor.size);
        let too_much =
            || AttachError::TooMuch { place: place.describe(), digest: self.subject.clone(), limit: BYTES_LIMIT };
        self.left = left.ok_or_else(too_much)?;
        Ok(())
    }
}

fn signature(layer: &Descriptor, bytes: &[u8]) -> Content {
    let layer = LegacyLayer { descriptor: layer.clone(), bytes: bytes.to_vec() };
    LegacySignature::read(layer).map_or(Content::Other, Content::Signature)
}

fn statement(layer: &Descriptor, bytes: &[u8]) -> Content {
    if layer.media_type != media_type::IN_TOTO {
        return Content::Other;
    }
    Exact::read(bytes.to_vec()).map_or(Content::Other, |statement| Content::Statement(Box::new(statement)))
}
