//! RUN.

use super::StepError;
use super::builder::Builder;
use super::evaluate::Left;
use super::state::State;
use crate::instruction::Run;
use crate::syntax::Lines;

impl Builder<'_> {
    pub(super) async fn run(&self, _: &Run, _: usize, _: Lines, _: &mut State) -> Result<Left, StepError> {
        Err(StepError::NotSupported { what: "RUN" })
    }
}
