use consign_dockerfile::Step;
use consign_oci::Platform;
use consign_report::{ImageReport, StepReport};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

type ByImage = BTreeMap<(String, Platform), Vec<Step>>;

/// What became of the steps of Dockerfiles, also of those whose build failed later.
#[derive(Debug, Default)]
pub struct Steps(Mutex<ByImage>);

impl Steps {
    pub(crate) fn add(&self, image: &str, platform: &Platform, step: Step) {
        self.all().entry((image.to_owned(), platform.clone())).or_default().push(step);
    }

    /// Returns the steps of an image for a platform, in the order of the file.
    pub(crate) fn of(&self, image: &str, platform: &Platform) -> Vec<Step> {
        let mut steps = self.all().get(&(image.to_owned(), platform.clone())).cloned().unwrap_or_default();
        steps.sort_by_key(|step| (step.place, step.number));
        steps
    }

    /// Notes in a report why the steps of an image were done.
    pub(crate) fn explain(&self, image: &mut ImageReport) {
        for row in &mut image.rows {
            let steps = self.of(&image.name, &row.platform).into_iter();
            row.steps = steps.map(|step| report(&step)).collect();
        }
    }

    fn all(&self) -> MutexGuard<'_, ByImage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn report(step: &Step) -> StepReport {
    StepReport {
        stage: step.stage.clone(),
        step: step.number,
        instruction: step.text.clone(),
        cached: step.why.is_cached(),
        why: step.why.to_string(),
    }
}
