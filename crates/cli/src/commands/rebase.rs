use super::copy;
use crate::arguments::{Output, Rebase as Arguments};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::{Session, on_a_thread};
use consign_image::{ImageReference, Sink};
use consign_oci::{Reference, Tag};
use consign_report::printable;
use consign_transfer::{Bases, Difference, OldBase, Original, Rebase, RebaseState, Rebased, RebasedPlatform};
use serde_json::{Value, json};

/// Most variables of an environment that are named in a note.
const VARIABLES: usize = 10;

pub(crate) async fn run(arguments: &Arguments, session: &Session) -> Result<ExitCode, CommandError> {
    let Arguments { reference, old_base, new_base, dry_run, .. } = arguments;
    let destination = destination(arguments)?;
    let client = session.client(reference).await?;
    let original = Original::read(&session.place(reference, &client, CommandError::from).await?).await?;
    let stated = match (old_base, new_base) {
        (Some(_), Some(_)) => None,
        _ => original.base_name()?.map(ImageReference::Registry),
    };
    // An old base that is stated without a name lies where the new one does.
    let (Some(old), Some(new)) =
        (old_base.as_ref().or(stated.as_ref()).or(new_base.as_ref()), new_base.as_ref().or(stated.as_ref()))
    else {
        let message = format!("{reference} does not say what it is based on");
        return Err(CommandError::new(ExitCode::Failed, message).hint("`--old-base` and `--new-base` name the bases"));
    };
    // Who logs in to the bases' registries is known only now.
    let all = [reference, &destination, old, new];
    let repositories = all.into_iter().filter_map(ImageReference::repository).collect();
    let client = session.client_of(&repositories).await?;
    session.recall(&client, &repositories);
    let open = async |reference: &ImageReference| session.place(reference, &client, CommandError::from).await;
    let (place, for_sink, to, store) =
        (open(reference).await?, client.clone(), destination.clone(), session.opening_of_store());
    let sink = on_a_thread(move || Ok(Sink::open(&to, &for_sink, store)?)).await?;
    let (old, new) = (open(old).await?, open(new).await?);
    let old = if old_base.is_some() { OldBase::Given(old) } else { OldBase::Stated(old) };
    let bases = Bases { old, new };
    let rebase = Rebase { image: &place, original: &original, bases: &bases, sink: &sink, dry_run: *dry_run };
    let result = rebase.run().await;
    session.remember(&client, &repositories);
    say(&result?, &destination, *dry_run, session)
}

/// Returns the name of the result: another where one is given, else that of the image, which has to be one that moves.
fn destination(arguments: &Arguments) -> Result<ImageReference, CommandError> {
    let Arguments { reference, destination, tag, .. } = arguments;
    let refused =
        |message: String| Err(CommandError::new(ExitCode::Usage, message).hint("name one: `--tag TAG`, or DST"));
    let of_image = match reference {
        ImageReference::Registry(Reference { digest: Some(_), .. }) => None,
        ImageReference::Registry(reference) => Some(reference.tag.clone().unwrap_or_else(Tag::latest)),
        ImageReference::Layout { tag, .. } => tag.clone(),
        _ => None,
    };
    match (destination, tag.clone().or(of_image), reference) {
        (Some(ImageReference::Registry(to)), of_image, _) => match (&to.digest, to.tag.clone().or(of_image)) {
            (None, Some(tag)) => Ok(ImageReference::Registry(to.repository.tagged(tag))),
            (None, None) => refused(format!("{reference} has no tag for DST to take over")),
            (Some(_), _) => refused(format!("DST is given a tag, and {to} names a digest")),
        },
        (Some(destination), _, _) => Ok(destination.clone()),
        (None, Some(tag), ImageReference::Registry(from)) => Ok(ImageReference::Registry(from.repository.tagged(tag))),
        (None, tag @ Some(_), ImageReference::Layout { folder, .. }) => {
            Ok(ImageReference::Layout { folder: folder.clone(), tag })
        }
        (None, _, _) => refused(format!("{reference} has no tag that could move to the result")),
    }
}

fn say(
    rebased: &Rebased,
    destination: &ImageReference,
    dry_run: bool,
    session: &Session,
) -> Result<ExitCode, CommandError> {
    let Rebased { state, root, base, base_name, platforms, left_out, count, .. } = rebased;
    let base = base_name.clone().map_or_else(|| base.to_string(), |name| format!("{name} ({base})"));
    let note = |text: &str| session.printer.note(text);
    match state {
        RebaseState::Unchanged => note(&format!("the base {base} has not moved: nothing is done")),
        RebaseState::Present => note(&format!("{destination}: it is there already, on {base}")),
        RebaseState::Rebased => note(&format!("{destination}: on {base}; {}", copy::amount(*count, dry_run))),
    }
    platforms.iter().filter_map(different).for_each(|line| note(&line));
    if !left_out.is_empty() {
        let count = left_out.len();
        note(&format!(
            "note: {count} entries of the list that are for no platform are left out: they are about the image on the old base"
        ));
    }
    if *state == RebaseState::Rebased {
        note(
            "note: signatures and attestations of the image on the old base do not hold for this one, and stay behind",
        );
    }
    match session.output {
        Output::Json => session.printer.json(&as_json(rebased, destination))?,
        Output::Table => session.printer.data(&root.digest.to_string())?,
    }
    Ok(ExitCode::Done)
}

/// Says what a person should know: the image keeps what it took over from the old base, or has stated itself.
fn different(platform: &RebasedPlatform) -> Option<String> {
    let of = |Difference { field, variables }: &Difference| {
        let names = variables.iter().take(VARIABLES).map(|name| printable(&name.chars().take(60).collect::<String>()));
        let mut names: Vec<String> = names.collect();
        if variables.len() > VARIABLES {
            names.push("…".to_owned());
        }
        if names.is_empty() { (*field).to_owned() } else { format!("{field} ({})", names.join(", ")) }
    };
    let fields: Vec<String> = platform.differences.iter().map(of).collect();
    (!fields.is_empty()).then(|| {
        let platform = &platform.platform;
        format!("note: {platform}: the bases differ in {}; the image keeps what it has", fields.join(", "))
    })
}

fn as_json(rebased: &Rebased, destination: &ImageReference) -> Value {
    let Rebased { state, root, before, base, base_name, platforms, left_out, count } = rebased;
    let of = |platform: &RebasedPlatform| {
        let RebasedPlatform { platform, before, digest, old_base, new_base, base_layers, own_layers, differences } =
            platform;
        let differences: Vec<Value> = differences
            .iter()
            .map(|difference| json!({ "field": difference.field, "variables": difference.variables }))
            .collect();
        json!({
            "platform": platform, "before": before, "digest": digest, "oldBase": old_base, "newBase": new_base,
            "baseLayers": base_layers, "ownLayers": own_layers, "differences": differences,
        })
    };
    let state = match state {
        RebaseState::Unchanged => "unchanged",
        RebaseState::Present => "present",
        RebaseState::Rebased => "rebased",
    };
    json!({
        "destination": destination.to_string(),
        "state": state,
        "digest": root.digest,
        "before": before.as_ref().map(|before| &before.digest),
        "base": { "name": base_name, "digest": base },
        "platforms": platforms.iter().map(of).collect::<Vec<_>>(),
        "leftOut": left_out.iter().map(|entry| &entry.digest).collect::<Vec<_>>(),
        "count": copy::counted(*count),
    })
}
