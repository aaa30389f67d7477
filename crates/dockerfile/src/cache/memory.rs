use super::{Parts, Position};
use consign_oci::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the last builds of an image for a platform followed from: by stage, and by the number of the step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Memory(BTreeMap<String, BTreeMap<usize, Remembered>>);

/// What a step followed from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Remembered {
    /// Digest of the instruction.
    pub(super) instruction: Digest,
    pub(super) parts: Parts,
    /// The layer that it left.
    pub(super) left: Option<Digest>,
}

impl Memory {
    pub(super) fn get(&self, at: &Position) -> Option<&Remembered> {
        self.0.get(&at.stage)?.get(&at.number)
    }

    pub(super) fn insert(&mut self, at: &Position, remembered: Remembered) {
        self.0.entry(at.stage.clone()).or_default().insert(at.number, remembered);
    }

    /// Returns this, and of the earlier one what this says nothing of.
    pub(super) fn over(mut self, earlier: Self) -> Self {
        for (stage, steps) in earlier.0 {
            let own = self.0.entry(stage).or_default();
            steps.into_iter().for_each(|(number, step)| _ = own.entry(number).or_insert(step));
        }
        self
    }

    /// Returns the first step of the stage, before this one, that left something else than it did earlier.
    pub(super) fn first_change(&self, at: &Position, earlier: &Self) -> Option<usize> {
        let before = earlier.0.get(&at.stage);
        let left = |number: &usize| before.and_then(|steps| steps.get(number)).map(|step| &step.left);
        let steps = self.0.get(&at.stage)?.range(..at.number);
        steps.into_iter().find(|(number, step)| left(number) != Some(&step.left)).map(|(number, _)| *number)
    }
}
