//! What cosign's older form keeps under tags that are made of digests.

use crate::attestations::{CONCURRENCY, Checked, Content, Reader, Wanted};
use crate::fetch::{self, Stop, stop};
use crate::{Failure, Form, Owner, Part, Piece, Signature, VerifyError};
use consign_image::Place;
use consign_oci::{Descriptor, Digest, Document, Exact, Manifest};
use consign_receipt::{Receipt, Trust};
use consign_sign::{LIMIT, LegacyKind, LegacyLayer, layers_of, signature_statement};
use consign_trust::{Refusal, envelope, payload_in};
use futures::StreamExt as _;

/// Most layers of one manifest that are looked at.
const LAYER_LIMIT: usize = 1_000;
/// Largest document that is signed in the older form, in bytes.
const PAYLOAD_LIMIT: u64 = 1 << 20;

impl Reader<'_> {
    /// Checks each layer under the tag of the older form, if there is such a tag.
    pub(crate) async fn legacy(
        &self,
        subject: &Digest,
        owner: &Owner,
        kind: LegacyKind,
        wanted: Wanted,
    ) -> Result<Vec<Checked>, VerifyError> {
        // A signature is no record.
        if wanted == Wanted::Records && kind == LegacyKind::Signatures {
            return Ok(Vec::new());
        }
        let part = match kind {
            LegacyKind::Signatures => Part::Signature,
            LegacyKind::Attestations | LegacyKind::Sbom => Part::Attestation,
        };
        let manifest = match self.tagged(subject, owner, kind).await {
            Ok(Some(Document::Manifest(manifest))) => manifest,
            Ok(_) => return Ok(Vec::new()),
            Err(Stop::Unavailable(error)) => return Err(error),
            Err(failed) => return Ok(vec![Err(failed)]),
        };
        let layers: Vec<&Descriptor> = layers_of(&manifest, kind).collect();
        if layers.len() > LAYER_LIMIT {
            let piece = Piece::new(part, owner, manifest.digest());
            let (what, count, limit) = ("signatures or attestations", layers.len(), LAYER_LIMIT);
            return Ok(vec![Err(Failure::TooMany { piece, what, count, limit }.into())]);
        }
        let checks = layers.into_iter().map(async |layer| {
            let piece = Piece::new(part, owner, &layer.digest);
            Ok(vec![self.legacy_layer(layer, subject, (kind, Form::Tag), piece).await?])
        });
        Ok(futures::stream::iter(checks.collect::<Vec<_>>()).buffered(CONCURRENCY).collect().await)
    }

    /// Checks the layers of a manifest about an image that is neither under such a tag nor a bundle: cosign wrote such for a time.
    pub(crate) async fn legacy_layers(&self, manifest: &Exact<Manifest>, subject: &Digest, owner: &Owner) -> Checked {
        let layers = layers_of(manifest, LegacyKind::Signatures).collect::<Vec<_>>();
        let (what, count, limit) = ("signatures", layers.len(), LAYER_LIMIT);
        if count > limit {
            let piece = Piece::new(Part::Signature, owner, manifest.digest());
            return Err(Failure::TooMany { piece, what, count, limit }.into());
        }
        let mut found = Vec::new();
        for layer in layers {
            let piece = Piece::new(Part::Signature, owner, &layer.digest);
            found.push(self.legacy_layer(layer, subject, (LegacyKind::Signatures, Form::Referrer), piece).await?);
        }
        Ok(found)
    }

    /// Reads what the tag names.
    async fn tagged(&self, subject: &Digest, owner: &Owner, kind: LegacyKind) -> Result<Option<Document>, Stop> {
        let Some(tag) = kind.tag(subject).filter(|tag| self.may_have(tag)) else { return Ok(None) };
        // The store has no tags.
        let place = self.legacy_place();
        if matches!(place, Place::Store { .. }) {
            return Ok(None);
        }
        let piece = Piece::new(Part::Referrers, owner, subject);
        let found = place.with_tag(&tag).find(None).await;
        Ok(found.map_err(|error| stop(&piece, error))?.document())
    }

    async fn legacy_layer(
        &self,
        layer: &Descriptor,
        subject: &Digest,
        (kind, form): (LegacyKind, Form),
        piece: Piece,
    ) -> Result<Content, Stop> {
        self.take(layer, &piece)?;
        let limit = if kind == LegacyKind::Signatures { PAYLOAD_LIMIT } else { LIMIT };
        let place = if form == Form::Tag { self.legacy_place() } else { self.place() };
        let bytes = fetch::blob(place, layer, limit, &piece).await?;
        let layer = LegacyLayer { descriptor: layer.clone(), bytes };
        if kind == LegacyKind::Attestations {
            let Ok(bundle) = envelope(&layer) else { return Ok(Content::Foreign(None)) };
            return self.claim(&bundle, form, subject, piece);
        }
        match payload_in(&layer, self.authorities(), subject) {
            Ok((payload, by, authority)) => {
                // What it says is what a newer signature says.
                let statement = signature_statement(subject, &payload.annotations());
                let statement = statement.map_err(|source| Failure::Statement { piece: piece.clone(), source })?;
                let trust = Trust::Signed(authority.identity());
                Ok(Content::Claim(piece, Box::new(Receipt { statement, trust }), Signature { by, form }))
            }
            Err(Refusal::Foreign(by)) => Ok(Content::Foreign(by)),
            Err(Refusal::Wrong(source)) => Err(Failure::Bundle { piece, source }.into()),
        }
    }
}
