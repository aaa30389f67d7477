//! Times in layers: those of a step's own inputs, so that the layers of steps whose inputs stay the same stay the same, too, whatever else is committed.
//!
//! A stage begins at the time of its base. Files of a context have the time at which a commit last changed any that the instruction takes, and from there on
//! the stage is not older. SOURCE_DATE_EPOCH, where it is set, is the time of all that a build writes.

use super::Request;
use super::state::State;
use crate::transfer::Items;
use consign_image::Base;
use std::path::PathBuf;

/// Stands for the time of a context's file until it is known what is taken from the context.
pub(crate) const OF_CONTEXT: u64 = u64::MAX;
/// From when on commands are told the time (SOURCE_DATE_EPOCH): 1980-01-01, before which zip archives have no times.
const FIRST_TOLD: u64 = 315_532_800;

impl Request<'_> {
    /// Returns when something last changed, for a stage that is not older than `least`.
    pub(crate) fn changed_time(&self, paths: &[PathBuf], least: u64) -> u64 {
        self.epoch.unwrap_or_else(|| (self.changed)(paths).unwrap_or_default().max(least))
    }

    /// Returns when a stage begins that has nothing below.
    pub(crate) fn first_time(&self) -> u64 {
        self.epoch.unwrap_or_default()
    }

    /// Returns when a stage begins that builds on an image.
    pub(crate) fn base_time(&self, base: &Base) -> u64 {
        let created = base.config.created.as_deref().and_then(|text| text.parse::<jiff::Timestamp>().ok());
        let created = created.and_then(|created| u64::try_from(created.as_second()).ok());
        self.epoch.or(created).unwrap_or_default()
    }
}

impl State {
    /// Returns what commands are told of the time.
    pub(crate) fn told_time(&self) -> Option<String> {
        (self.time >= FIRST_TOLD).then(|| self.time.to_string())
    }
}

/// Gives files of a context their time.
pub(crate) fn settle(items: &mut Items, time: u64) {
    items.values_mut().filter(|node| node.mtime == OF_CONTEXT).for_each(|node| node.mtime = time);
}
