use super::send::AwaitedTag;
use super::{IN_FLIGHT, Sent};
use crate::ReleaseError;
use crate::interruption::{Interruption, unless_interrupted};
use consign_oci::{Digest, Document, Reference, Tag};
use consign_registry::{Client, RegistryError};
use futures::stream::{self, StreamExt, TryStreamExt};

/// One tag at one destination that names the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedTag {
    /// The position of its image among those that were sent.
    pub image: usize,
    /// The tag.
    pub reference: Reference,
    /// Whether this run moved it; else it named the image already.
    pub moved: bool,
}

/// Moves all tags of all images: phase two. `done` is told of each as soon as it names its image.
///
/// After an interruption the tag that is being written is finished, and no further one is begun. An error after the first tag has moved
/// is [`ReleaseError::Interrupted`], which lists all tags.
pub async fn move_tags(
    sent: &[Sent],
    client: &Client,
    interruption: &Interruption,
    mut done: impl FnMut(&PublishedTag),
) -> Result<(), ReleaseError> {
    let ordered = in_order(sent);
    // All are looked at before the first moves: what somebody else did while everything was sent then leaves nothing half done.
    let found =
        unless_interrupted(interruption, find(client, ordered.iter().map(Move::reference), not_published)).await?;
    let mut progress = Progress::default();
    let mut pending = Vec::new();
    for (step, now) in ordered.into_iter().zip(found) {
        if step.is_done(now.as_ref()) {
            done(&progress.note(&step, false));
        } else {
            pending.push((step, now));
        }
    }
    for (step, now) in &pending {
        step.check(now.as_ref())?;
    }
    for (position, (step, _)) in pending.iter().enumerate() {
        match step.run(client, interruption).await {
            Ok(moved) => done(&progress.note(step, moved)),
            Err(error) => {
                let unmoved = pending[position..].iter().map(|(step, _)| step.reference().clone()).collect();
                return Err(progress.after(error, unmoved));
            }
        }
    }
    Ok(())
}

/// Returns the moves of all images: most specific first on all registries, `latest` last.
fn in_order(sent: &[Sent]) -> Vec<Move<'_>> {
    let moves = sent.iter().enumerate();
    let moves =
        moves.flat_map(|(image, sent)| sent.tags.iter().map(move |tag| Move { image, index: &sent.index, tag }));
    let mut moves: Vec<Move<'_>> = moves.collect();
    moves.sort_by_key(|step| match step.reference().tag == Some(Tag::latest()) {
        true => usize::MAX,
        false => step.tag.position,
    });
    moves
}

/// A tag that is to name an image.
struct Move<'a> {
    image: usize,
    index: &'a Document,
    tag: &'a AwaitedTag,
}

impl Move<'_> {
    fn reference(&self) -> &Reference {
        &self.tag.reference
    }

    fn is_done(&self, now: Option<&Digest>) -> bool {
        now == Some(self.index.digest())
    }

    /// Fails if somebody else has moved the tag since this release began.
    fn check(&self, now: Option<&Digest>) -> Result<(), ReleaseError> {
        if now == self.tag.before.as_ref() {
            return Ok(());
        }
        Err(ReleaseError::TagMovedMeanwhile { reference: self.reference().clone(), found: now.cloned() })
    }

    /// Moves the tag, unless it names the image by now, and returns whether it had to be moved.
    async fn run(&self, client: &Client, interruption: &Interruption) -> Result<bool, ReleaseError> {
        let reference = self.reference();
        let find = async { find_one(client, reference).await.map_err(|error| not_published(reference, error)) };
        let now = unless_interrupted(interruption, find).await?;
        if self.is_done(now.as_ref()) {
            return Ok(false);
        }
        self.check(now.as_ref())?;
        // An interruption does not break this off: nobody could say then whether the tag has moved.
        let Err(error) = client.put_manifest(&reference.repository, &reference.target(), self.index).await else {
            return Ok(true);
        };
        match find_one(client, reference).await {
            // The answer was lost or wrong, and the tag has moved all the same.
            Ok(now) if self.is_done(now.as_ref()) => Ok(true),
            _ => Err(not_published(reference, error)),
        }
    }
}

/// What became of the tags so far.
#[derive(Default)]
struct Progress {
    moved: Vec<Reference>,
    unchanged: Vec<Reference>,
}

impl Progress {
    fn note(&mut self, step: &Move<'_>, moved: bool) -> PublishedTag {
        let reference = step.reference().clone();
        if moved { &mut self.moved } else { &mut self.unchanged }.push(reference.clone());
        PublishedTag { image: step.image, reference, moved }
    }

    /// Adds to an error what became of all tags, if it came between two of them.
    fn after(self, error: ReleaseError, unmoved: Vec<Reference>) -> ReleaseError {
        let Self { moved, unchanged } = self;
        if moved.is_empty() {
            return error;
        }
        ReleaseError::Interrupted { moved, unchanged, unmoved, source: Box::new(error) }
    }
}

/// Asks what each of these tags names, several at the same time; `None` where there is no such tag.
pub(crate) async fn find<'a>(
    client: &Client,
    references: impl Iterator<Item = &'a Reference>,
    failed: impl Fn(&Reference, RegistryError) -> ReleaseError,
) -> Result<Vec<Option<Digest>>, ReleaseError> {
    let failed = &failed;
    let asked: Vec<_> = references
        .map(|reference| async move { find_one(client, reference).await.map_err(|error| failed(reference, error)) })
        .collect();
    stream::iter(asked).buffered(IN_FLIGHT).try_collect().await
}

async fn find_one(client: &Client, reference: &Reference) -> Result<Option<Digest>, RegistryError> {
    let descriptor = client.manifest_descriptor(&reference.repository, &reference.target()).await?;
    Ok(descriptor.map(|descriptor| descriptor.digest))
}

/// Says that the repository did not get the image, or not all of its tags.
pub(super) fn not_published(reference: &Reference, error: RegistryError) -> ReleaseError {
    ReleaseError::Destination { repository: reference.repository.clone(), source: Box::new(error) }
}
