use crate::produce::{Image, ProducedPlatform};
use crate::{Job, Outcome, ReleaseError, Stage, Workshop};
use consign_image::unpack;
use consign_oci::Digest;
use consign_receipt::Trust;
use consign_trial::{Test, Trial, TrialReport};
use std::error::Error;
use std::path::Path;
use std::time::Duration;

/// Names how trials are run: raise it when the same trial could end otherwise.
const TRIAL_FORMAT: u32 = 1;

impl Workshop {
    /// Finds out whether this machine runs every platform that is to be tried, before minutes are spent on building.
    pub(crate) fn check_emulation(&self, job: &Job) -> Result<(), ReleaseError> {
        for platform in &job.planned.platforms {
            if job.planned.tests_on(platform).next().is_some() {
                consign_sandbox::emulator(platform, &self.host)
                    .map_err(|source| ReleaseError::Emulation { image: job.planned.name.clone(), source })?;
            }
        }
        Ok(())
    }

    /// Runs the tests that are planned for a platform, unless the same image passed the same tests before.
    pub(crate) async fn try_out(
        &self,
        job: &Job,
        image: &Image<'_>,
        produced: &mut ProducedPlatform,
    ) -> Result<(), ReleaseError> {
        let Some(configuration) = job.planned.tests_digest(image.platform)? else { return Ok(()) };
        produced.tests = Some(configuration.clone());
        self.started(image.name, Some(image.platform), Stage::Trial);
        let key =
            format!("trial {TRIAL_FORMAT} {} {configuration} {}", env!("CARGO_PKG_VERSION"), image.manifest.digest());
        let key = Digest::of(key.as_bytes());
        if let Some(receipt) = self.kept_receipt(&key, Trust::Made)? {
            produced.receipts.push(receipt);
            produced.stages.insert(Stage::Trial, Outcome::Cached);
            self.finished(image.name, Some(image.platform), Stage::Trial, Outcome::Cached, "");
            return Ok(());
        }
        let tests: Vec<Test> = job.planned.tests_on(image.platform).map(test).collect();
        let report = self.run_trial(image, &configuration, &tests).await?;
        let failures: Vec<String> = report.results.iter().filter_map(describe).collect();
        let passed = failures.is_empty();
        // One that failed is run again each time.
        if passed {
            self.keep_receipt("trial", &key, &report.receipt)?;
        }
        let outcome = if passed { Outcome::Ok } else { Outcome::Failed };
        let detail = format!("{} of {} tests passed", report.results.len() - failures.len(), report.results.len());
        self.finished(image.name, Some(image.platform), Stage::Trial, outcome, detail);
        produced.receipts.push(report.receipt);
        produced.stages.insert(Stage::Trial, outcome);
        produced.failures = failures;
        Ok(())
    }

    async fn run_trial(
        &self,
        image: &Image<'_>,
        configuration: &Digest,
        tests: &[Test],
    ) -> Result<TrialReport, ReleaseError> {
        let unpacking = |source: Box<dyn Error + Send + Sync>| ReleaseError::Unpack {
            image: image.name.to_owned(),
            platform: image.platform.clone(),
            source,
        };
        let scratch = self.store.scratch()?;
        let root = scratch.path().join("root");
        std::fs::create_dir(&root).map_err(|error| unpacking(error.into()))?;
        self.unpack(image, &root).map_err(unpacking)?;
        let trial = Trial {
            root: &root,
            config: image.config,
            subject: image.manifest.digest(),
            configuration,
            sandbox: &self.sandbox,
        };
        consign_trial::run(&trial, tests).await.map_err(|source| ReleaseError::Trial {
            image: image.name.to_owned(),
            platform: image.platform.clone(),
            source: Box::new(source),
        })
    }

    fn unpack(&self, image: &Image<'_>, root: &Path) -> Result<(), Box<dyn Error + Send + Sync>> {
        let layers = image.manifest.layers.iter().map(|layer| {
            let reader = self.store.open_blob(&layer.digest)?;
            Ok::<_, consign_store::StoreError>(unpack::Layer { media_type: layer.media_type.clone(), reader })
        });
        let options = unpack::Options { ownership: rustix::process::geteuid().is_root(), ..unpack::Options::default() };
        unpack::unpack(layers, root, &options)?;
        Ok(())
    }
}

fn test(planned: &consign_plan::PlannedTrial) -> Test {
    Test {
        name: planned.name.clone(),
        command: planned.command.clone(),
        user: planned.user.clone(),
        environment: planned.environment.clone(),
        timeout: Duration::from_secs(planned.timeout_seconds),
        expect_exit: planned.exit.into(),
        expect_output: planned.output.clone(),
    }
}

fn describe(result: &consign_trial::TestReport) -> Option<String> {
    let reason = result.reason()?;
    let output = result.output.trim_end();
    let separator = if output.is_empty() { "" } else { "\n" };
    Some(format!("{}: {reason}{separator}{output}", result.name))
}
