//! Steps and folders out of caches elsewhere.

use super::source::{Answer, Source};
use super::{Direction, Record};
use crate::build::{Builder, StepError};
use consign_image::ImageReference;
use consign_oci::Digest;
use std::sync::Arc;

impl Builder<'_> {
    /// Looks for a step in caches elsewhere, and brings what it made into the store. What cannot be had is a warning, and as good as not there.
    pub(super) async fn import(
        &self,
        key: &Digest,
        is_old: impl Fn(&Record) -> bool,
    ) -> Result<Option<(Record, String)>, StepError> {
        let request = self.request;
        for source in self.sources()? {
            let answer = source.record(key, request.name, request.platform, request.open).await;
            let Some(record) = self.answer(answer)?.filter(|record| !is_old(record)) else { continue };
            let fetched = match record.layer() {
                Some(layer) => source.fetch(&layer.descriptor, Some(&layer.diff_id), request.store, request.open).await,
                None => Ok(()),
            };
            match fetched {
                Ok(()) => {
                    self.keep(key, &record)?;
                    return Ok(Some((record, source.name.clone())));
                }
                Err(error) => self.warn(&error),
            }
        }
        Ok(None)
    }

    /// Brings a folder that commands of `platform` keep between builds, if it is not here and a cache has it.
    pub(crate) async fn import_mount(&self, name: &str, owner: (u32, u32), mode: u32) -> Result<(), StepError> {
        let (request, kitchen) = (self.request, self.request.kitchen);
        if kitchen.has_cache(name) {
            return Ok(());
        }
        for source in self.sources()? {
            let answer = source.mount(name, request.name, request.platform, request.open).await;
            let Some(layer) = self.answer(answer)? else { continue };
            if let Err(error) = source.fetch(&layer, None, request.store, request.open).await {
                self.warn(&error);
                continue;
            }
            match kitchen.restore(name, owner, mode, &layer, request.store).await {
                Ok(()) => return Ok(()),
                Err(error) => self.warn(&error),
            }
        }
        Ok(())
    }

    /// Returns the caches that may be asked.
    fn sources(&self) -> Result<Vec<Arc<Source>>, StepError> {
        let mut sources = Vec::new();
        for cache in &self.recipe.cache_from {
            let place = cache.place(Direction::From).map_err(Arc::new)?;
            if !self.request.offline || !matches!(place, ImageReference::Registry(_)) {
                sources.push(self.request.kitchen.sources.get(&place));
            }
        }
        Ok(sources)
    }

    fn answer<T>(&self, answer: Answer<T>) -> Result<Option<T>, StepError> {
        match answer {
            Answer::Found(found) => Ok(Some(found)),
            Answer::Nothing => Ok(None),
            Answer::Failed(error) if error.is_refusal() => Err(StepError::Cache(error)),
            Answer::Failed(error) => {
                self.warn(&*error);
                Ok(None)
            }
        }
    }

    fn warn(&self, error: &(dyn std::error::Error + 'static)) {
        let mut message = format!("a cache is not used: {error}");
        let mut cause = error.source();
        while let Some(error) = cause {
            message.push_str(&format!(": {error}"));
            cause = error.source();
        }
        self.warnings.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(message);
    }
}
