use super::{copy, verify};
use crate::arguments::Promote;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::proof::public_key;
use crate::registries::Unset;
use crate::session::Session;
use consign_image::{ImageReference, Sink};
use consign_oci::{Reference, Tag};
use consign_transfer::Copier;

pub(crate) async fn run(arguments: &Promote, session: &Session) -> Result<ExitCode, CommandError> {
    let (source, destination) = (&arguments.source, named(arguments)?);
    let key = public_key(&arguments.proof.key)?;
    let to = ImageReference::Registry(destination.clone());
    let repositories = [source, &to].into_iter().filter_map(ImageReference::repository).collect();
    let client = session.client_that_creates(&repositories, None, Unset::Anonymous).await?;
    let client = arguments.looking.limited(client);
    session.recall(&client, &repositories);
    let place = session.place(source, &client, verify::refusal).await?;
    let verified = verify::examine(&place, source, &key, &arguments.proof, session).await?;
    let place = place.at(&verified.index);
    let sink = Sink::Registry { client: client.clone(), reference: destination };
    let options = arguments.looking.options();
    let copier = Copier::new(&place, &sink, &options);
    let result = copy::one(&copier, &to, session).await;
    session.remember(&client, &repositories);
    result.map(|_| ExitCode::Done)
}

/// Returns the name at the destination: without a tag it has the source's.
fn named(arguments: &Promote) -> Result<Reference, CommandError> {
    let destination = arguments.destination.clone();
    let refused = |message: String| Err(CommandError::new(ExitCode::Usage, message));
    if destination.digest.is_some() {
        return refused(format!("DST is given a tag, and {destination} names a digest"));
    }
    if destination.tag.is_some() {
        return Ok(destination);
    }
    let tag = match &arguments.source {
        ImageReference::Registry(Reference { tag: None, digest: None, .. }) => Some(Tag::latest()),
        ImageReference::Registry(reference) => reference.tag.clone(),
        ImageReference::Layout { tag, .. } | ImageReference::Archive { tag, .. } => tag.clone(),
        ImageReference::Engine { name, .. } => name.tag.clone(),
        ImageReference::DockerArchive { .. } | ImageReference::Store { .. } => None,
    };
    match tag {
        Some(tag) => Ok(destination.repository.tagged(tag)),
        None => refused(format!("{} has no tag for DST to take over: write one", arguments.source)),
    }
}
