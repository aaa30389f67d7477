use crate::arguments::{Output, TagArguments};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use consign_image::{ImageReference, Sink};
use consign_transfer::{Copier, Options, State};
use serde_json::json;

pub(crate) async fn run(arguments: &TagArguments, session: &Session) -> Result<ExitCode, CommandError> {
    let TagArguments { reference, tag } = arguments;
    if !matches!(reference, ImageReference::Registry(_) | ImageReference::Layout { .. }) {
        let message = format!("what `{reference}` names has no tags that could be written");
        return Err(CommandError::new(ExitCode::Usage, message).hint("registries have some, and layouts: `oci:DIR`"));
    }
    let client = session.client(reference).await?;
    let place = session.place(reference, &client, CommandError::from).await?;
    let sink = Sink::open(reference, &client, session.opening_of_store())?;
    let sink = sink.with_tag(tag).unwrap_or(sink);
    // Whatever is about the image is there, by its digest.
    let options = Options { without_referrers: true, ..Options::default() };
    let repositories = reference.repository().into_iter().collect();
    session.recall(&client, &repositories);
    let copied = Copier::new(&place, &sink, &options).copy().await?;
    session.remember(&client, &repositories);
    let unchanged = copied.state == State::Unchanged;
    session.printer.note(&format!(
        "{}: {tag} {}",
        sink.describe(),
        if unchanged { "is there already" } else { "written" }
    ));
    match session.output {
        Output::Json => {
            let before = copied.before.as_ref().map(|before| &before.digest);
            session.printer.json(&json!({ "tag": tag, "digest": copied.root.digest, "before": before }))?;
        }
        Output::Table => session.printer.data(&copied.root.digest.to_string())?,
    }
    Ok(ExitCode::Done)
}
