//! ADD: like COPY, but archives of the context are unpacked.

use super::StepError;
use super::builder::Builder;
use super::evaluate::Left;
use super::state::State;
use crate::instruction::{Source, Transfer};
use crate::syntax::Lines;

impl Builder<'_> {
    pub(super) async fn add(
        &self,
        transfer: &Transfer,
        place: usize,
        lines: Lines,
        state: &mut State,
    ) -> Result<Left, StepError> {
        let is_remote =
            |source: &Source| matches!(source, Source::Path(path) if path.contains("://") || path.starts_with("git@"));
        if transfer.sources.iter().any(is_remote) {
            return Err(StepError::NotSupported { what: "ADD of a URL or a repository" });
        }
        let reused = self.transfer(transfer, place, lines, state).await?;
        Ok(Left::Layer { reused })
    }
}
