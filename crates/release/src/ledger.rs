//! Notes how far each image came.

use crate::{Job, Outcome, Produced, ReleaseError, Stage};
use consign_oci::{Platform, Reference};
use consign_report::{DestinationReport, ImageReport, PlatformRow, ReasonReport, TagReport, TagState};
use std::error::Error;

pub(crate) fn blank(job: &Job) -> ImageReport {
    ImageReport {
        name: job.planned.name.clone(),
        index: None,
        signed: false,
        rows: job
            .planned
            .platforms
            .iter()
            .map(|platform| PlatformRow {
                platform: platform.clone(),
                digest: None,
                stages: Default::default(),
                steps: Vec::new(),
            })
            .collect(),
        destinations: job
            .planned
            .destinations
            .iter()
            .map(|destination| DestinationReport {
                repository: destination.repository.clone(),
                tags: destination
                    .tags
                    .iter()
                    .map(|planned| TagReport { tag: planned.tag.clone(), state: TagState::NotMoved })
                    .collect(),
            })
            .collect(),
        reasons: Vec::new(),
        advisories: Vec::new(),
    }
}

pub(crate) fn note(image: &mut ImageReport, stage: Stage, outcome: Outcome) {
    for row in &mut image.rows {
        row.stages.insert(stage, outcome);
    }
}

pub(crate) fn note_produced(image: &mut ImageReport, produced: &Produced) {
    for platform in &produced.platforms {
        if let Some(row) = image.rows.iter_mut().find(|row| row.platform == platform.platform) {
            row.digest = Some(platform.manifest.digest.clone());
            row.stages.extend(platform.stages.clone());
        }
    }
}

/// Notes what kept a platform from being finished, with its causes.
pub(crate) fn note_failure(job: &Job, image: &mut ImageReport, error: &ReleaseError) {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(&format!("\n{error}"));
        cause = error.source();
    }
    let (platform, stage) =
        error.place().map_or((None, Stage::Build), |(platform, stage)| (Some(platform.clone()), stage));
    if let Some(row) = image.rows.iter_mut().find(|row| Some(&row.platform) == platform.as_ref()) {
        let before =
            Stage::ALL.into_iter().filter(|earlier| *earlier < stage && is_planned(job, &row.platform, *earlier));
        row.stages.extend(before.map(|earlier| (earlier, Outcome::Ok)));
        row.stages.insert(stage, Outcome::Failed);
    }
    image.reasons.push(ReasonReport { stage, platform: None, message });
}

/// Notes that what a stage found out about a platform closed the gate.
pub(crate) fn note_refusal(image: &mut ImageReport, stage: Stage, platform: Option<&Platform>) {
    for row in image
        .rows
        .iter_mut()
        .filter(|row| matches!(stage, Stage::Inventory | Stage::Scan) && Some(&row.platform) == platform)
    {
        row.stages.insert(stage, Outcome::Failed);
    }
}

/// Returns whether every tag of the image names it.
pub(crate) fn is_settled(image: &ImageReport) -> bool {
    tag_states(image).all(|state| matches!(state, TagState::Moved | TagState::Unchanged))
}

/// Returns whether a tag of the image was moved.
pub(crate) fn moved_any(image: &ImageReport) -> bool {
    tag_states(image).any(|state| state == TagState::Moved)
}

fn tag_states(image: &ImageReport) -> impl Iterator<Item = TagState> {
    image.destinations.iter().flat_map(|destination| destination.tags.iter().map(|tag| tag.state))
}

pub(crate) fn note_tag(image: &mut ImageReport, reference: &Reference, state: TagState) {
    let destination = image.destinations.iter_mut().find(|destination| destination.repository == reference.repository);
    let tags = destination.into_iter().flat_map(|destination| &mut destination.tags);
    tags.filter(|tag| Some(&tag.tag) == reference.tag.as_ref()).for_each(|tag| tag.state = state);
}

/// Marks the stages that were planned, and that a failure kept from happening. An image that is not published is signed for nobody.
pub(crate) fn skip_the_rest(job: &Job, image: &mut ImageReport) {
    image.signed &= image.is_published();
    for row in &mut image.rows {
        for stage in Stage::ALL.into_iter().filter(|stage| is_planned(job, &row.platform, *stage)) {
            row.stages.entry(stage).or_insert(Outcome::Skipped);
        }
    }
}

/// Returns whether a platform of an image goes through a stage: not all are tried, or compared with advisories.
fn is_planned(job: &Job, platform: &Platform, stage: Stage) -> bool {
    let is_step =
        || job.planned.steps.iter().any(|step| step.stage == stage && step.platform.as_ref() == Some(platform));
    !matches!(stage, Stage::Scan | Stage::Trial) || is_step()
}
