use crate::fetch::{self, Stop, settle, stop};
use crate::{Failure, Form, Owner, Part, Piece, Signature, VerifyError};
use consign_image::Place;
use consign_oci::{Descriptor, Digest, Document, Tag, media_type};
use consign_receipt::predicate::{self, RELEASE};
use consign_receipt::{Receipt, Trust};
use consign_sign::{BUNDLE, Bundle, LEGACY_ARTIFACT, LIMIT, LegacyKind, bundle_of};
use consign_trust::Authority;
use consign_trust::{Refusal, statement_in};
use futures::StreamExt as _;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Most strangers that are named in a message.
const SHOWN: usize = 10;
/// Most referrers of one manifest that are looked at.
const REFERRER_LIMIT: usize = 1_000;
/// Most bytes of referrers and bundles that one verification reads, as their descriptors state them.
const BYTES_LIMIT: u64 = 1 << 30;
/// Requests under way at once.
pub(crate) const CONCURRENCY: usize = 8;
/// The annotation by which bundles' manifests and their descriptors say what is signed. Nothing vouches for it.
const PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";

/// What some authorities claim about one manifest.
#[derive(Debug, Default)]
pub(crate) struct Attestations {
    /// The claims that they signed, each once, with the piece that it came in.
    pub(crate) receipts: Vec<(Piece, Receipt)>,
    /// Who signed the manifest itself.
    pub(crate) signatures: Vec<Signature>,
    /// What is wrong.
    pub(crate) failures: Vec<Failure>,
    /// What is somebody else's.
    pub(crate) foreign: Foreign,
}

/// What others signed, which says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Foreign {
    /// How many bundles and signatures.
    pub count: usize,
    /// By whom they say that they are, some of them. Nothing vouches for it.
    pub by: BTreeSet<String>,
}

impl Foreign {
    fn add(&mut self, by: Option<String>) {
        self.count += 1;
        if self.by.len() < SHOWN {
            self.by.extend(by);
        }
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        self.count += other.count;
        self.by.extend(other.by.iter().cloned());
    }
}

impl Attestations {
    /// Returns the pieces that hold a claim of this type.
    pub(crate) fn of_type<'a>(&'a self, predicate_type: &'a str) -> impl Iterator<Item = &'a (Piece, Receipt)> {
        self.receipts.iter().filter(move |(_, receipt)| receipt.statement.predicate_type == predicate_type)
    }

    /// Returns whether there is a claim of this type, of whatever version.
    pub(crate) fn has(&self, wanted: &str) -> bool {
        self.receipts.iter().any(|(_, receipt)| predicate::is_of_type(&receipt.statement.predicate_type, wanted))
    }

    /// Returns whether the manifest itself is signed: a claim of another type about it is not a signature.
    pub(crate) fn is_signed(&self) -> bool {
        self.of_type(predicate::SIGNATURE).next().is_some()
    }

    /// Returns whether a signature says that it is part of a release.
    pub(crate) fn is_released(&self) -> bool {
        let signatures = self.of_type(predicate::SIGNATURE);
        signatures.flat_map(|(_, receipt)| receipt.statement.annotations().into_keys()).any(|key| key == RELEASE)
    }

    /// Adds a claim. The same one attached a thousand times over is one claim, and takes the memory of one.
    fn add(&mut self, content: Content) {
        match content {
            Content::Claim(piece, receipt, signature) => {
                let is_signature = receipt.statement.predicate_type == predicate::SIGNATURE;
                if is_signature && !self.signatures.contains(&signature) {
                    self.signatures.push(signature);
                }
                if self.receipts.iter().all(|(_, known)| known.statement.digest() != receipt.statement.digest()) {
                    self.receipts.push((piece, *receipt));
                }
            }
            Content::Foreign(by) => self.foreign.add(by),
        }
    }
}

/// Which claims about a manifest are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All.
    Everything,
    /// Those that may be release records: a listing that calls one something else could as well leave it out.
    Records,
}

/// Reads what some authorities claim about manifests of one place.
pub(crate) struct Reader<'a> {
    place: &'a Place,
    /// Where the older form is kept, where that is another place.
    elsewhere: Option<&'a Place>,
    authorities: &'a [Authority],
    /// The tags of the repository or layout, where they are known.
    tags: OnceLock<Vec<Tag>>,
    /// Bytes that may still be read.
    remaining: AtomicU64,
    /// Configs that were looked at. Most artifacts have the same empty one.
    configs: Mutex<BTreeSet<Digest>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(place: &'a Place, elsewhere: Option<&'a Place>, authorities: &'a [Authority]) -> Self {
        let remaining = AtomicU64::new(BYTES_LIMIT);
        Self { place, elsewhere, authorities, tags: OnceLock::new(), remaining, configs: Mutex::default() }
    }

    pub(crate) fn place(&self) -> &'a Place {
        self.place
    }

    pub(crate) fn authorities(&self) -> &'a [Authority] {
        self.authorities
    }

    /// Lists the tags, once: from then on nothing is asked for that they do not name.
    pub(crate) async fn list_tags(&self, piece: &Piece) -> Result<&[Tag], VerifyError> {
        if let Some(tags) = self.tags.get() {
            return Ok(tags);
        }
        let tags = self.place.tags().await.map_err(|error| stop(piece, error))?;
        Ok(self.tags.get_or_init(|| tags))
    }

    /// Returns where the older form is kept.
    pub(crate) fn legacy_place(&self) -> &'a Place {
        self.elsewhere.unwrap_or(self.place)
    }

    /// Returns whether there may be such a tag where the older form is kept.
    pub(crate) fn may_have(&self, tag: &Tag) -> bool {
        self.elsewhere.is_some() || self.tags.get().is_none_or(|tags| tags.contains(tag))
    }

    /// Looks at all that is about `subject`, wherever it is kept: the lists of each kind at the same time.
    pub(crate) async fn about(
        &self,
        subject: &Digest,
        owner: &Owner,
        wanted: Wanted,
    ) -> Result<Attestations, VerifyError> {
        // Boxed: whoever looks at several images holds as many of these within each other.
        let (referrers, signatures, attestations) = futures::join!(
            Box::pin(self.referrers(subject, owner, wanted)),
            Box::pin(self.legacy(subject, owner, LegacyKind::Signatures, wanted)),
            Box::pin(self.legacy(subject, owner, LegacyKind::Attestations, wanted)),
        );
        let mut found = Attestations::default();
        for result in referrers?.into_iter().chain(signatures?).chain(attestations?) {
            for content in settle(result, &mut found.failures)?.into_iter().flatten() {
                found.add(content);
            }
        }
        Ok(found)
    }

    /// Lists the manifests about `subject` and checks each bundle among them.
    async fn referrers(&self, subject: &Digest, owner: &Owner, wanted: Wanted) -> Result<Vec<Checked>, VerifyError> {
        let list = Piece::new(Part::Referrers, owner, subject);
        let referrers = match self.place.referrers(subject).await.map_err(|error| stop(&list, error)) {
            Ok(referrers) => referrers,
            Err(Stop::Unavailable(error)) => return Err(error),
            Err(failed) => return Ok(vec![Err(failed)]),
        };
        if referrers.len() > REFERRER_LIMIT {
            let (count, limit) = (referrers.len(), REFERRER_LIMIT);
            return Ok(vec![Err(Failure::TooMany { piece: list, what: "manifests", count, limit }.into())]);
        }
        let checks = referrers.iter().filter(|referrer| may_carry_a_bundle(referrer, wanted));
        let checks = checks.map(|referrer| self.attestation(referrer, subject, owner)).collect::<Vec<_>>();
        Ok(futures::stream::iter(checks).buffered(CONCURRENCY).collect().await)
    }

    async fn attestation(&self, referrer: &Descriptor, subject: &Digest, owner: &Owner) -> Checked {
        let part = Part::of_predicate(referrer.annotations.get(PREDICATE_TYPE).map(String::as_str));
        let piece = Piece::new(part, owner, &referrer.digest);
        self.take(referrer, &piece)?;
        let Document::Manifest(manifest) = fetch::document(self.place, referrer, &piece).await? else {
            return Ok(Vec::new());
        };
        if manifest.subject.as_ref().is_none_or(|found| found.digest != *subject) {
            return Ok(Vec::new());
        }
        let Some(layer) = bundle_of(&manifest) else { return self.legacy_layers(&manifest, subject, owner).await };
        let part = Part::of_predicate(manifest.annotations.get(PREDICATE_TYPE).map(String::as_str));
        let piece = Piece::new(part, owner, &layer.digest);
        // A bundle that large is nobody's whose signatures count: nothing reads or writes such.
        if layer.size > LIMIT {
            return Ok(vec![Content::Foreign(None)]);
        }
        self.take(layer, &piece)?;
        let bytes = fetch::blob(self.place, layer, LIMIT, &piece).await?;
        // Its bytes are what somebody pushed, but nothing says that it was the key's holder.
        let Ok(bundle) = Bundle::read(&bytes) else { return Ok(vec![Content::Foreign(None)]) };
        let content = self.claim(&bundle, Form::Bundle, subject, piece)?;
        if matches!(content, Content::Claim(..)) {
            self.config(&manifest.config, part, owner).await?;
        }
        Ok(vec![content])
    }

    /// Returns what a bundle claims about `subject`.
    pub(crate) fn claim(&self, bundle: &Bundle, form: Form, subject: &Digest, piece: Piece) -> Result<Content, Stop> {
        match statement_in(bundle, self.authorities, subject) {
            Ok((statement, by, authority)) => {
                let piece = Piece { part: Part::of_predicate(Some(&statement.predicate_type)), ..piece };
                let trust = Trust::Signed(authority.identity());
                Ok(Content::Claim(piece, Box::new(Receipt { statement, trust }), Signature { by, form }))
            }
            Err(Refusal::Foreign(by)) => Ok(Content::Foreign(by)),
            Err(Refusal::Wrong(source)) => Err(Failure::Bundle { piece, source }.into()),
        }
    }

    /// Checks the config of an artifact, unless it was looked at before.
    async fn config(&self, config: &Descriptor, part: Part, owner: &Owner) -> Result<(), Stop> {
        let is_new = self.configs.lock().unwrap_or_else(PoisonError::into_inner).insert(config.digest.clone());
        if is_new {
            let piece = Piece::new(part, owner, &config.digest);
            self.take(config, &piece)?;
            fetch::blob(self.place, config, LIMIT, &piece).await?;
        }
        Ok(())
    }

    /// Takes what a descriptor states from the bytes that may still be read.
    pub(crate) fn take(&self, descriptor: &Descriptor, piece: &Piece) -> Result<(), Box<Failure>> {
        let less = |remaining: u64| remaining.checked_sub(descriptor.size);
        let taken = self.remaining.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        taken.map(|_| ()).map_err(|_| Box::new(Failure::TooMuch { piece: piece.clone(), limit: BYTES_LIMIT }))
    }
}

/// What was found in one place, or why nothing was.
pub(crate) type Checked = Result<Vec<Content>, Stop>;

/// What something that is about a manifest turns out to be.
pub(crate) enum Content {
    /// A claim that an authority signed, and who did.
    Claim(Piece, Box<Receipt>, Signature),
    /// Somebody else's, or of a kind that is not read; and by whom it says that it is.
    Foreign(Option<String>),
}

/// Returns whether a listed referrer is worth opening. Some clients list bundles as empty documents, or without a type.
fn may_carry_a_bundle(referrer: &Descriptor, wanted: Wanted) -> bool {
    let stated = referrer.annotations.get(PREDICATE_TYPE);
    if wanted == Wanted::Records && stated.is_some_and(|stated| stated != predicate::RELEASE_RECORD) {
        return false;
    }
    match referrer.artifact_type.as_deref() {
        None | Some("" | media_type::EMPTY) => media_type::is_manifest(&referrer.media_type),
        Some(artifact_type) => {
            artifact_type == BUNDLE
                || artifact_type.starts_with("application/vnd.dev.sigstore.bundle")
                || artifact_type.starts_with(LEGACY_ARTIFACT)
        }
    }
}
