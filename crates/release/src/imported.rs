//! Platforms that were built elsewhere. What they claim of themselves counts for nothing; contents are listed and tests run again here, and
//! other receipts count only if they are signed by somebody whom the policy names.

use crate::produce::{Image, Produced, ProducedPlatform};
use crate::{Job, Outcome, ReleaseError, Stage, Workshop};
use consign_image::{Place, import};
use consign_oci::{DOCUMENT_LIMIT, Descriptor, Document, Exact, ImageConfig, Manifest, Platform, media_type};
use consign_receipt::{Receipt, Trust, predicate};
use consign_sign::{Bundle, PublicKey, bundle_of};
use std::collections::BTreeMap;

/// Takes the planned platforms from the places that the job names.
pub(crate) async fn produce(
    workshop: &Workshop,
    job: &Job,
) -> Result<Vec<Result<ProducedPlatform, ReleaseError>>, ReleaseError> {
    let mut platforms = Vec::new();
    for place in &job.from {
        for (platform, descriptor) in platforms_of(place).await? {
            platforms.push(take(workshop, job, place, platform, descriptor).await?);
        }
    }
    let position = |platform: &Platform| job.planned.platforms.iter().position(|planned| planned == platform);
    platforms.sort_by_key(|produced| position(&produced.platform).unwrap_or(usize::MAX));
    Ok(platforms.into_iter().map(Ok).collect())
}

async fn platforms_of(place: &Place) -> Result<Vec<(Platform, Descriptor)>, ReleaseError> {
    let not_an_image =
        |problem: &str| ReleaseError::NotAnImage { place: place.describe(), problem: problem.to_owned() };
    let root = place.root().await?.ok_or_else(|| not_an_image("holds no image of that name"))?;
    match place.document(&root).await? {
        Document::Index(index) => {
            let found: Vec<_> =
                index.platforms().map(|(platform, descriptor)| (platform.clone(), descriptor.clone())).collect();
            if found.is_empty() { Err(not_an_image("is an index without platforms")) } else { Ok(found) }
        }
        Document::Manifest(manifest) => Ok(vec![(config(place, &manifest).await?.platform.clone(), root)]),
    }
}

async fn config(place: &Place, manifest: &Manifest) -> Result<Exact<ImageConfig>, ReleaseError> {
    let bytes = place.bytes(&manifest.config, DOCUMENT_LIMIT).await?;
    Exact::read(bytes).map_err(|error| ReleaseError::NotAnImage {
        place: place.describe(),
        problem: format!("has a config {} that is not one of an image: {error}", manifest.config.digest),
    })
}

async fn take(
    workshop: &Workshop,
    job: &Job,
    place: &Place,
    platform: Platform,
    descriptor: Descriptor,
) -> Result<ProducedPlatform, ReleaseError> {
    let name = &job.planned.name;
    workshop.started(name, Some(&platform), Stage::Build);
    let not_an_image = |problem: String| ReleaseError::NotAnImage { place: place.describe(), problem };
    let descriptor = descriptor.plain();
    import(place, &descriptor, &workshop.store).await?;
    let Document::Manifest(manifest) = place.document(&descriptor).await? else {
        return Err(not_an_image(format!("has an index where an image for {platform} should be")));
    };
    let config = config(place, &manifest).await?;
    if config.platform != platform {
        let problem = format!("says {platform}, but the image's config says {}", config.platform);
        return Err(not_an_image(problem));
    }
    workshop.finished(name, Some(&platform), Stage::Build, Outcome::Ok, format!("from {}", place.describe()));
    let image = Image { name, platform: &platform, manifest: &manifest, config: &config };
    let (sbom, inventory) = workshop.inventory(&image, None)?;
    let mut produced = ProducedPlatform {
        platform: platform.clone(),
        manifest: descriptor,
        created: config.created.clone(),
        receipts: vec![sbom],
        tests: None,
        stages: BTreeMap::from([(Stage::Build, Outcome::Ok), (Stage::Inventory, inventory)]),
        failures: Vec::new(),
        warnings: Vec::new(),
    };
    workshop.try_out(job, &image, &mut produced).await?;
    Ok(produced)
}

/// Adds the provenance that came with an image: signed if `key` signed it, else unproven, so that the gate can say that it does not count.
pub(crate) async fn add_provenance(
    job: &Job,
    key: Option<&PublicKey>,
    produced: &mut Produced,
) -> Result<(), ReleaseError> {
    for platform in &mut produced.platforms {
        for place in &job.from {
            for referrer in place.referrers(&platform.manifest.digest).await? {
                let receipt = receipt(place, &referrer, &platform.manifest, key).await?;
                platform
                    .receipts
                    .extend(receipt.filter(|receipt| receipt.statement.predicate_type == predicate::PROVENANCE));
            }
        }
    }
    Ok(())
}

async fn receipt(
    place: &Place,
    referrer: &Descriptor,
    subject: &Descriptor,
    key: Option<&PublicKey>,
) -> Result<Option<Receipt>, ReleaseError> {
    let Document::Manifest(manifest) = place.document(referrer).await? else { return Ok(None) };
    if let Some(layer) = bundle_of(&manifest) {
        let bundle = Bundle::read(&place.bytes(layer, consign_sign::LIMIT).await?);
        let signed = bundle.ok().zip(key).and_then(|(bundle, key)| {
            let statement = bundle.verify(key, &subject.digest).ok()?;
            Some(Receipt { statement, trust: Trust::Signed(key.identity()) })
        });
        return Ok(signed);
    }
    match &manifest.layers[..] {
        [layer] if layer.media_type == media_type::IN_TOTO => {
            let statement = Exact::read(place.bytes(layer, consign_sign::LIMIT).await?).ok();
            Ok(statement.map(|statement| Receipt { statement, trust: Trust::Unproven }))
        }
        _ => Ok(None),
    }
}
