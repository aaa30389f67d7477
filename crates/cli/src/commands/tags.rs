use crate::arguments::{Output, Tags};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use consign_image::ImageReference;
use consign_oci::Tag;
use serde_json::json;

pub(crate) async fn run(arguments: &Tags, session: &Session) -> Result<ExitCode, CommandError> {
    let reference = &arguments.reference;
    let refused = |hint: &str| {
        let message = format!("`{reference}` names one image, not a place of several");
        Err(CommandError::new(ExitCode::Usage, message).hint(hint))
    };
    match reference {
        ImageReference::Store { .. } => return refused("an image in the store has its name, and no tags"),
        reference if reference.names_one() => return refused("leave the tag or digest out"),
        _ => {}
    }
    let client = session.client(reference).await?;
    let mut tags = session.place(reference, &client, CommandError::from).await?.tags().await?;
    tags.sort();
    match session.output {
        Output::Json => session.printer.json(&json!({ "tags": tags }))?,
        Output::Table => session.printer.data(&tags.iter().map(|tag: &Tag| format!("{tag}\n")).collect::<String>())?,
    }
    Ok(ExitCode::Done)
}
