use super::send::AwaitedTag;
use super::{IN_FLIGHT, Sent};
use crate::ReleaseError;
use crate::interruption::{Interruption, unless_interrupted};
use consign_oci::{Digest, Document, Reference, Tag};
use consign_registry::{Client, RegistryError};
use consign_report::TagState;
use futures::stream::{self, StreamExt, TryStreamExt};

/// One tag at one destination that was looked at or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedTag {
    /// The position of its image among those that were sent.
    pub image: usize,
    /// The tag.
    pub reference: Reference,
    /// What became of it.
    pub state: TagState,
}

/// Moves all tags of all images: phase two. `done` is told of each as soon as it names its image, and of one that may do so: it was sent, and
/// the registry no longer says what became of it.
///
/// After an interruption the tag that is being written is finished, and no further one is begun. An error after the first tag has moved, or may
/// have, is [`ReleaseError::Interrupted`], which lists all tags.
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
            done(&progress.note(&step, TagState::Unchanged));
        } else {
            pending.push((step, now));
        }
    }
    for (step, now) in &pending {
        step.check(now.as_ref())?;
    }
    for (position, (step, _)) in pending.iter().enumerate() {
        match step.run(client, interruption).await {
            Ok(state) => done(&progress.note(step, state)),
            Err(Stuck { error, state }) => {
                let tag = progress.note(step, state);
                if state == TagState::Unknown {
                    done(&tag);
                }
                let later = pending[position..].iter().skip(1);
                later.for_each(|(step, _)| drop(progress.note(step, TagState::NotMoved)));
                return Err(progress.after(error));
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

    /// Moves the tag, unless it names the image by now.
    async fn run(&self, client: &Client, interruption: &Interruption) -> Result<TagState, Stuck> {
        let reference = self.reference();
        let find = async { find_one(client, reference).await.map_err(|error| not_published(reference, error)) };
        let now = unless_interrupted(interruption, find).await?;
        if self.is_done(now.as_ref()) {
            return Ok(TagState::Unchanged);
        }
        self.check(now.as_ref())?;
        // An interruption does not break this off: nobody could say then whether the tag has moved.
        let Err(error) = client.put_manifest(&reference.repository, &reference.target(), self.index).await else {
            return Ok(TagState::Moved);
        };
        let error = not_published(reference, error);
        match find_one(client, reference).await {
            // The answer was lost or wrong, and the tag has moved all the same.
            Ok(now) if self.is_done(now.as_ref()) => Ok(TagState::Moved),
            Ok(_) => Err(Stuck { error, state: TagState::NotMoved }),
            Err(_) => Err(Stuck { error, state: TagState::Unknown }),
        }
    }
}

/// Why a tag was not moved, and what is known of it.
struct Stuck {
    error: ReleaseError,
    state: TagState,
}

impl From<ReleaseError> for Stuck {
    /// Nothing was sent.
    fn from(error: ReleaseError) -> Self {
        Self { error, state: TagState::NotMoved }
    }
}

/// What became of the tags so far.
#[derive(Default)]
struct Progress(Vec<(Reference, TagState)>);

impl Progress {
    fn note(&mut self, step: &Move<'_>, state: TagState) -> PublishedTag {
        let reference = step.reference().clone();
        self.0.push((reference.clone(), state));
        PublishedTag { image: step.image, reference, state }
    }

    /// Adds to an error what became of all tags, if one of them has moved, or may have.
    fn after(self, error: ReleaseError) -> ReleaseError {
        let of = |state| {
            let tags = self.0.iter().filter(move |(_, found)| *found == state);
            tags.map(|(reference, _)| reference.clone()).collect::<Vec<Reference>>()
        };
        let (moved, unknown) = (of(TagState::Moved), of(TagState::Unknown));
        if moved.is_empty() && unknown.is_empty() {
            return error;
        }
        let (unchanged, unmoved) = (of(TagState::Unchanged), of(TagState::NotMoved));
        ReleaseError::Interrupted { moved, unchanged, unknown, unmoved, source: Box::new(error) }
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
