//! What the same signed before, and need not sign again: each signature without a key is another one, and stays in a public log.

use crate::run::Passed;
use crate::{Release, ReleaseError};
use consign_attach::{KeylessSigner, find};
use consign_image::Place;
use consign_oci::{Digest, Reference};
use consign_registry::Client;

impl Release<'_> {
    /// Finds what was signed of an image in an earlier run: here, and where it goes. A destination that has not the image is asked once.
    pub(crate) async fn recall(
        &self,
        passed: &Passed,
        keyless: &KeylessSigner,
        client: &Client,
    ) -> Result<(), ReleaseError> {
        let index = passed.index.digest();
        let platforms = passed.produced.platforms.iter().map(|platform| &platform.manifest.digest);
        let subjects: Vec<&Digest> = platforms.chain([index]).collect();
        let kept = Place::Store { store: self.workshop.store.clone(), root: None, name: passed.name().to_owned() };
        for subject in &subjects {
            keyless.recall(&find(&kept, &kept, subject, None).await?, subject).await?;
        }
        for destination in passed.verdict.destinations() {
            let place = |reference: Reference| Place::Registry { client: client.clone(), reference };
            let released = place(destination.repository.at(index.clone()));
            if released.find(None).await?.document().is_none() {
                continue;
            }
            for subject in &subjects {
                let about = place(destination.repository.at((*subject).clone()));
                let legacy = self.options.legacy.as_ref().map(|repository| place(repository.at((*subject).clone())));
                let found = find(&about, legacy.as_ref().unwrap_or(&about), subject, None).await?;
                keyless.recall(&found, subject).await?;
            }
        }
        Ok(())
    }
}
