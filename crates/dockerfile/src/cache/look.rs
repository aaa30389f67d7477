use super::{Parts, Position, Record, Step, Why};
use crate::build::{Builder, StepError};
use consign_oci::Digest;
use std::time::Duration;

/// A step, before it is known whether it has to be done.
pub(crate) struct Question<'a> {
    pub(crate) at: &'a Position,
    /// The digest of all that decides the result, as far as that can be known.
    pub(crate) key: &'a Digest,
    pub(crate) parts: Parts,
    /// Whether the result could be another one tomorrow.
    pub(crate) ages: bool,
    /// Names of the folders that are kept between builds and that it has.
    pub(crate) mounts: Vec<String>,
}

impl Builder<'_> {
    /// Looks whether a step has to be done, and why: where there is a result that can be used, it has not.
    pub(crate) async fn look(&self, question: &Question<'_>) -> Result<(Option<Record>, Why), StepError> {
        let request = self.request;
        if !request.reuse || self.anew.contains(&question.at.place) {
            return Ok((None, Why::Asked));
        }
        let limit = self.recipe.max_age.filter(|_| question.ages);
        let is_old = |record: &Record| {
            limit.is_some_and(|limit| Duration::from_secs(request.now.saturating_sub(record.made)) > limit)
        };
        let kept = request.store.step::<Record>(question.key)?.filter(|record| record.is_whole(request.store));
        let too_old = match kept {
            Some(record) if !is_old(&record) => return Ok((Some(record), Why::Cached)),
            kept => kept.is_some(),
        };
        if let Some((record, cache)) = self.import(question.key, is_old).await? {
            return Ok((Some(record), Why::Imported { cache }));
        }
        let why = match limit.filter(|_| too_old) {
            Some(limit) => Why::Old { limit },
            None => self.journal.why(question.at, &question.parts),
        };
        Ok((None, why))
    }

    /// Keeps the result of a step for later builds.
    pub(crate) fn keep(&self, key: &Digest, record: &Record) -> Result<(), StepError> {
        Ok(self.request.store.put_step("layer", key, &record.blobs(), record)?)
    }

    /// Notes how a step went.
    pub(crate) fn note(&self, question: Question<'_>, record: &Record, why: Why) {
        let Question { at, key, parts, ages: _, mounts } = question;
        self.journal.note(at, parts, record.diff_id());
        (self.request.steps)(Step {
            place: at.place,
            stage: at.stage.clone(),
            number: at.number,
            text: at.text.clone(),
            why,
            key: key.clone(),
            record: record.clone(),
            is_in_image: self.image_stages.contains(&at.place),
            mounts,
        });
    }
}
