//! Building without releasing: into the store, or an archive that another machine releases.

use crate::assemble::assemble;
use crate::attest::{Attester, Subject};
use crate::embed::embed;
use crate::ledger::blank;
use crate::publish::Artifacts;
use crate::{Event, Job, Produced, Release, ReleaseError};
use consign_attach::{Forms, Signatory};
use consign_image::{ArchiveImage, ImageReference, write_archive};
use consign_oci::{Descriptor, media_type};
use consign_report::ReleaseReport;

impl Release<'_> {
    /// Builds, inventories and tries the images, and writes them to `to`, if that is given. No registry is spoken to but for base images. Returns the
    /// manifest or the index of each; an index is in the store only if it was written.
    pub async fn build(&self, to: Option<&ImageReference>) -> (ReleaseReport, Result<Vec<Descriptor>, ReleaseError>) {
        let mut report =
            ReleaseReport { images: self.jobs.iter().map(|job| blank(job)).collect(), ..ReleaseReport::default() };
        // Nothing is published, so no destination is spoken of.
        report.images.iter_mut().for_each(|image| image.destinations.clear());
        let result = self.build_into(to, &mut report).await;
        self.workshop.tell(Event::Ended);
        (report, result)
    }

    async fn build_into(
        &self,
        to: Option<&ImageReference>,
        report: &mut ReleaseReport,
    ) -> Result<Vec<Descriptor>, ReleaseError> {
        let all_produced = self.produce(report).await?;
        let failed =
            self.jobs.iter().zip(&all_produced).find_map(|(job, produced)| produced.failed_trials(&job.planned.name));
        if let Some(error) = failed {
            return Err(error);
        }
        let mut roots = Vec::new();
        for ((job, produced), image) in self.jobs.iter().zip(&all_produced).zip(&mut report.images) {
            let root = self.root(job, produced, to.is_some())?;
            image.index = (produced.platforms.len() > 1).then(|| root.digest.clone());
            roots.push(root);
        }
        let Some(to) = to else { return Ok(roots) };
        // Signed, the receipts count on the machine that releases the archive.
        let key = self.key.map(|read| read()).transpose()?;
        let built = self.jobs.iter().zip(all_produced).zip(&roots);
        for (((job, produced), root), image) in built.zip(&mut report.images) {
            self.archive(job, &produced, root.clone(), key.as_ref(), to).await?;
            image.signed = key.is_some();
        }
        Ok(roots)
    }

    /// Returns the only manifest, or the index of several, which is put into the store if it is `kept`.
    fn root(&self, job: &Job, produced: &Produced, kept: bool) -> Result<Descriptor, ReleaseError> {
        if let [only] = &produced.platforms[..] {
            return Ok(only.manifest.clone());
        }
        let annotations = &job.planned.annotations;
        let embedded = match job.planned.embeds_attestations && kept {
            true => embed(&self.workshop.store, &produced.platforms, &self.workshop.policy)?,
            false => Vec::new(),
        };
        let index = assemble(&produced.manifests(), embedded, &produced.created(), &job.source, annotations)?;
        if kept {
            self.workshop.store.put(index.bytes())?;
        }
        Ok(index.descriptor(media_type::INDEX))
    }

    async fn archive(
        &self,
        job: &Job,
        produced: &Produced,
        root: Descriptor,
        key: Option<&Signatory>,
        to: &ImageReference,
    ) -> Result<(), ReleaseError> {
        let store = &self.workshop.store;
        let created = produced.created();
        let attester = Attester {
            store,
            key,
            image: &job.planned.name,
            version: &job.planned.version,
            // What is handed over is read here again.
            forms: Forms::Bundle,
            repositories: Vec::new(),
            created: &created,
        };
        let mut artifacts = Artifacts::default();
        for platform in &produced.platforms {
            let subject = Subject { descriptor: &platform.manifest, platform: Some(&platform.platform) };
            attester.receipts(subject, &platform.receipts, &mut artifacts).await?;
        }
        let destination = job.planned.destinations.first();
        let name = destination.and_then(|to| Some((to.repository.to_string(), to.tags.first()?.tag.clone())));
        let image = ArchiveImage { root, name, referrers: artifacts.referrers.into_values().flatten().collect() };
        Ok(write_archive(store, &image, to)?)
    }
}
