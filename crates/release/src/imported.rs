//! Platforms that were built elsewhere. What they claim of themselves counts for nothing: contents are listed again here, and tests run
//! again unless somebody whom the policy names signed that just these passed.

use crate::brought::{Brought, Reader};
use crate::contents::Reading;
use crate::produce::{Image, Produced, ProducedPlatform};
use crate::{ImportProblem, Job, Outcome, ReleaseError, Stage, Workshop, origin};
use consign_image::{ENTRY_LIMIT, Place, import};
use consign_oci::{DOCUMENT_LIMIT, Descriptor, Digest, Document, Exact, ImageConfig, Index, Manifest, Platform};
use consign_receipt::predicate::{self, TestOutcome, TestResult};
use consign_receipt::{Policy, Receipt, Statement, Testimony};
use consign_trust::Authority;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One platform's image, before it is taken.
struct Found<'a> {
    place: &'a Place,
    platform: Platform,
    descriptor: Descriptor,
    /// The indexes that list it.
    indexes: Vec<Digest>,
}

/// Takes the planned platforms from the places that the job names.
pub(crate) async fn produce(
    workshop: &Workshop,
    job: &Job,
) -> Result<Vec<Result<ProducedPlatform, ReleaseError>>, ReleaseError> {
    let position = |platform: &Platform| job.planned.platforms.iter().position(|planned| planned == platform);
    let mut found = find(&job.from).await?;
    found.sort_by_key(|found| position(&found.platform).unwrap_or(usize::MAX));
    let reading = Reading::new(&workshop.store);
    let mut reader = Reader::new(&job.from);
    // Only statements of OpenVEX that are about an index are about its platforms.
    let mut about_indexes: BTreeMap<Digest, Arc<Brought>> = BTreeMap::new();
    for index in found.iter().flat_map(|found| &found.indexes) {
        if !about_indexes.contains_key(index) {
            let said = reader.read(index, &[Testimony::Vex]).await?;
            about_indexes.insert(index.clone(), Arc::new(said));
        }
    }
    let mut platforms = Vec::new();
    for found in found {
        let about_indexes = found.indexes.iter().filter_map(|index| about_indexes.get(index).cloned()).collect();
        let mut produced = take(workshop, job, found, (&reading, &mut reader)).await?;
        produced.brought.extend::<Vec<_>>(about_indexes);
        platforms.push(Ok(produced));
    }
    Ok(platforms)
}

/// Finds the platforms of all places. The same image in two places is one; two images for one platform leave open which is meant.
async fn find(places: &[Place]) -> Result<Vec<Found<'_>>, ReleaseError> {
    let mut all: Vec<Found<'_>> = Vec::new();
    for place in places {
        let (index, platforms) = platforms_of(place).await?;
        for (platform, descriptor) in platforms {
            let known = all.iter_mut().find(|known| known.platform == platform && !std::ptr::eq(known.place, place));
            match known {
                Some(known) if known.descriptor.digest == descriptor.digest => known.indexes.extend(index.clone()),
                Some(known) => {
                    let (first, first_digest) = (known.place.describe(), known.descriptor.digest.clone());
                    let digest = descriptor.digest;
                    return Err(ImportProblem::Twice { platform, digest, first, first_digest }.of(place));
                }
                // Twice in one index is the gate's to refuse.
                None => all.push(Found { place, platform, descriptor, indexes: index.iter().cloned().collect() }),
            }
        }
    }
    Ok(all)
}

/// Returns the platforms that lie in a place, and the index that lists them, if there is one.
async fn platforms_of(place: &Place) -> Result<(Option<Digest>, Vec<(Platform, Descriptor)>), ReleaseError> {
    let root = place.root().await?.ok_or_else(|| ImportProblem::NoImage.of(place))?;
    match place.document(&root).await? {
        Document::Index(index) => {
            let listed = listed(&index).map_err(|problem| problem.of(place))?;
            let listed = listed.into_iter().map(|(platform, descriptor)| (platform.clone(), descriptor.clone()));
            Ok((Some(root.digest), listed.collect()))
        }
        Document::Manifest(manifest) => Ok((None, vec![(config(place, &manifest).await?.platform.clone(), root)])),
    }
}

/// Returns the platforms of an index, of which there is one at least.
pub(crate) fn listed(index: &Index) -> Result<Vec<(&Platform, &Descriptor)>, ImportProblem> {
    let count = index.manifests.len();
    if count > ENTRY_LIMIT {
        return Err(ImportProblem::TooManyEntries { count, limit: ENTRY_LIMIT });
    }
    let found: Vec<_> = index.platforms().collect();
    if found.is_empty() { Err(ImportProblem::NoPlatforms) } else { Ok(found) }
}

pub(crate) async fn config(place: &Place, manifest: &Manifest) -> Result<Exact<ImageConfig>, ReleaseError> {
    let bytes = place.bytes(&manifest.config, DOCUMENT_LIMIT).await?;
    let digest = || manifest.config.digest.clone();
    Exact::read(bytes).map_err(|source| ImportProblem::Config { digest: digest(), source }.of(place))
}

async fn take(
    workshop: &Workshop,
    job: &Job,
    found: Found<'_>,
    (reading, reader): (&Reading, &mut Reader<'_>),
) -> Result<ProducedPlatform, ReleaseError> {
    let Found { place, platform, descriptor, .. } = found;
    let name = &job.planned.name;
    workshop.started(name, Some(&platform), Stage::Build);
    let descriptor = descriptor.plain();
    import(place, &descriptor, &workshop.store).await?;
    let Document::Manifest(manifest) = place.document(&descriptor).await? else {
        return Err(ImportProblem::Index { platform }.of(place));
    };
    let config = config(place, &manifest).await?;
    if config.platform != platform {
        let found = config.platform.clone();
        return Err(ImportProblem::OtherPlatform { platform, found }.of(place));
    }
    workshop.finished(name, Some(&platform), Stage::Build, Outcome::Ok, format!("from {}", place.describe()));
    let image = Image { name, platform: &platform, manifest: &manifest, config: &config };
    // Before anything is run, what was built for another release is refused.
    let said = reader.read(&descriptor.digest, &Testimony::ALL).await?;
    let brought = said.receipts(&workshop.identities, of_this_release(job, &platform))?;
    let (receipts, inventory) = workshop.inventory(&image, reading).await?;
    let mut produced = ProducedPlatform {
        platform: platform.clone(),
        manifest: descriptor,
        created: config.created.clone(),
        receipts,
        brought: vec![Arc::new(said)],
        tests: None,
        stages: BTreeMap::from([(Stage::Build, Outcome::Ok), (Stage::Inventory, inventory)]),
        failures: Vec::new(),
        warnings: Vec::new(),
    };
    workshop.scan(&image, &mut produced).await?;
    match job.planned.tests_digest(&platform)? {
        Some(tests) if has_tried(&brought, &tests, &workshop.policy) => {
            let outcome = trial_outcome(&brought, &workshop.policy).unwrap_or(Outcome::Failed);
            workshop.finished(name, Some(&platform), Stage::Trial, outcome, "as the policy's identities have signed");
            produced.stages.insert(Stage::Trial, outcome);
            produced.tests = Some(tests);
        }
        Some(tests) => match consign_sandbox::emulator(&platform, &workshop.host) {
            Ok(_) => workshop.try_out(job, &image, &mut produced).await?,
            // A trial elsewhere may speak for it. If none does, the gate closes.
            Err(source) => {
                produced.warnings.push(format!("not tried here: {source}"));
                produced.stages.insert(Stage::Trial, Outcome::Skipped);
                produced.tests = Some(tests);
            }
        },
        None => {}
    }
    Ok(produced)
}

/// Returns what tells whether a statement is of a build for this release.
fn of_this_release(job: &Job, platform: &Platform) -> impl Fn(&Statement) -> Result<(), ImportProblem> {
    move |statement| origin::check(job, platform, statement)
}

/// Adds what came with an image: signed by the release's own key or by an identity of the policy, or only noted as being there.
pub(crate) fn add_receipts(
    workshop: &Workshop,
    job: &Job,
    own: &[Authority],
    policy: &Policy,
    produced: &mut Produced,
) -> Result<(), ReleaseError> {
    let authorities = [own, &workshop.identities].concat();
    for platform in &mut produced.platforms {
        let mut brought = Vec::new();
        for said in std::mem::take(&mut platform.brought) {
            brought.extend(said.receipts(&authorities, of_this_release(job, &platform.platform))?);
        }
        if platform.stages.get(&Stage::Trial) == Some(&Outcome::Skipped)
            && let Some(outcome) = trial_outcome(&brought, policy)
        {
            platform.stages.insert(Stage::Trial, outcome);
        }
        platform.receipts.extend(brought);
    }
    if policy.advisories().is_some() {
        let unheard = |platform: &ProducedPlatform| {
            let unheard = policy.unheard_vex(&platform.receipts).into_iter().map(|unheard| unheard.to_string());
            (platform.platform.clone(), unheard.collect::<Vec<_>>())
        };
        let unheard: Vec<_> = produced.platforms.iter().map(unheard).collect();
        workshop.warn_once(&job.planned.name, unheard.iter().map(|(platform, all)| (platform, &all[..])));
    }
    Ok(())
}

/// Returns whether somebody whom the policy names says how just these tests went.
fn has_tried(receipts: &[Receipt], tests: &Digest, policy: &Policy) -> bool {
    trials(receipts, policy).any(|trial| {
        let digests = trial.configuration.iter().filter_map(|tests| tests.digest.get("sha256"));
        digests.into_iter().any(|digest| digest == tests.hex())
    })
}

/// Returns how trials elsewhere ended, if the policy names somebody who says so: one that failed outweighs all that passed.
fn trial_outcome(receipts: &[Receipt], policy: &Policy) -> Option<Outcome> {
    let results = trials(receipts, policy).map(|trial| trial.result == TestOutcome::Failed);
    results.max().map(|failed| if failed { Outcome::Failed } else { Outcome::Ok })
}

fn trials<'a>(receipts: &'a [Receipt], policy: &'a Policy) -> impl Iterator<Item = TestResult> + 'a {
    let believed = receipts.iter().filter(|receipt| policy.believes(receipt));
    let trials = believed.filter(|receipt| receipt.statement.predicate_type == predicate::TEST_RESULT);
    trials.filter_map(|receipt| TestResult::deserialize(&receipt.statement.predicate).ok())
}
