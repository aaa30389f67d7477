use super::{copy, verify};
use crate::arguments::Promote;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::proof::Expected;
use crate::registries::Unset;
use crate::remapping;
use crate::session::Session;
use crate::signing::{self, KeyReader};
use consign_image::{ImageReference, Place, Sink};
use consign_oci::{Reference, Tag};
use consign_plan::Configuration;
use consign_receipt::predicate::CopyRecord;
use consign_release::attach_copy_record;
use consign_transfer::{Copied, Copier, Count, Options, State};

pub(crate) async fn run(arguments: &Promote, session: &Session) -> Result<ExitCode, CommandError> {
    let (source, destination) = (&arguments.source, named(arguments)?);
    let expected = Expected::read(&arguments.proof, session)?;
    let configuration = signing_configuration(arguments, session)?;
    let signing = signing_key(arguments, configuration.as_ref(), session)?;
    let to = ImageReference::Registry(destination.clone());
    let repositories = [source, &to].into_iter().filter_map(ImageReference::repository).collect();
    let client = session.client_that_creates(&repositories, None, Unset::Anonymous).await?;
    let client = arguments.looking.limited(client);
    session.recall(&client, &repositories);
    let place = session.place(source, &client, verify::refusal).await?;
    let verified = verify::examine(&place, source, &expected, &arguments.proof, session).await?;
    let place = place.at(&verified.index);
    let sink = Sink::Registry { client: client.clone(), reference: destination.clone() };
    let options = arguments.looking.options();
    let result = match &signing {
        Some(signing) if !options.dry_run => {
            let record = CopyRecord {
                source: place.name(),
                destination,
                index: verified.index.clone(),
                time: jiff::Timestamp::now().to_string(),
                verified_by: expected.identity(),
            };
            stated(&place, &sink, &options, &record, signing, session).await
        }
        _ => copy::one(&Copier::new(&place, &sink, &options), &to, session).await.map(|_| ExitCode::Done),
    };
    session.remember(&client, &repositories);
    let code = result?;
    if let Some(repository) = to.repository()
        && let Some(advice) = remapping::advice(&place, &verified.index, &repository).await
    {
        session.printer.note(&advice);
    }
    Ok(code)
}

/// Copies the image by its digest, attaches the record of that, and moves the tag then.
async fn stated(
    place: &Place,
    sink: &Sink,
    options: &Options,
    record: &CopyRecord,
    signing: &KeyReader<'_>,
    session: &Session,
) -> Result<ExitCode, CommandError> {
    let to = ImageReference::Registry(record.destination.clone());
    let before = sink.before().await?;
    if let Some(root) = before.as_ref().filter(|before| before.digest == record.index && !options.always) {
        let copied = Copied { root: root.clone(), before, state: State::Unchanged, backup: None, sealed: None };
        return copy::tell(&copied, Count::default(), false, &to, session);
    }
    let Sink::Registry { client, .. } = sink else {
        return Err(CommandError::new(ExitCode::Usage, "DST is no registry"));
    };
    let by_digest = record.destination.repository.at(record.index.clone());
    let at_digest = Sink::Registry { client: client.clone(), reference: by_digest.clone() };
    // What is about the image may have come after it: under another tag it may be there already.
    let always = Options { always: true, ..options.clone() };
    let copier = Copier::new(place, &at_digest, &always);
    let arrived = copier.copy().await?;
    attach_copy_record(&at_digest, &arrived.root, record, &signing()?).await?;
    let there = Place::Registry { client: client.clone(), reference: by_digest };
    let copied = Copier::new(&there, sink, options).copy().await?;
    session.printer.note(&format!("{to}: a signed copy record is attached"));
    copy::tell(&copied, copier.count(), false, &to, session)
}

/// Reads the configuration where it is to name the key for a statement.
fn signing_configuration(arguments: &Promote, session: &Session) -> Result<Option<Configuration>, CommandError> {
    match arguments.statement && arguments.sign_key.is_none() {
        true => Ok(Some(session.configuration()?)),
        false => Ok(None),
    }
}

/// Returns what reads the key for a statement, if there is to be one.
fn signing_key<'a>(
    arguments: &Promote,
    configuration: Option<&'a Configuration>,
    session: &'a Session,
) -> Result<Option<KeyReader<'a>>, CommandError> {
    let found = match (&arguments.sign_key, configuration) {
        (Some(key), _) => Some(signing::reader(session, key.reference()?)?),
        (None, Some(configuration)) => signing::key_reader(session, configuration)?,
        (None, None) => return Ok(None),
    };
    let missing = || CommandError::new(ExitCode::Usage, "there is no key to sign the statement with");
    found
        .ok_or_else(|| missing().hint("name one: `--sign-key KEY`, or `signing: {key: KEY}` in the configuration"))
        .map(Some)
}

/// Returns the name at the destination: without a tag it has the source's.
fn named(arguments: &Promote) -> Result<Reference, CommandError> {
    let destination = arguments.destination.clone();
    let refused = |message: String| Err(CommandError::new(ExitCode::Usage, message));
    if destination.digest.is_some() {
        return Err(copy::names_a_digest(&destination));
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
