use crate::arguments::Inspect;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::{Session, host_platform};
use consign_oci::DOCUMENT_LIMIT;

pub(crate) async fn run(arguments: &Inspect, session: &Session) -> Result<ExitCode, CommandError> {
    let (place, root) = session.open(&arguments.reference).await?;
    let document = place.document(&root).await?;
    if arguments.config {
        let manifest = place.image_of(document, arguments.platform.as_ref(), &host_platform()?).await?;
        let bytes = place.bytes(&manifest.config, DOCUMENT_LIMIT).await?;
        session.printer.bytes(&bytes)?;
        return Ok(ExitCode::Done);
    }
    let document = match &arguments.platform {
        Some(platform) => place.of_platform(document, platform).await?,
        None => document,
    };
    if arguments.raw {
        session.printer.bytes(document.bytes())?;
    } else {
        let value: serde_json::Value = serde_json::from_slice(document.bytes())?;
        session.printer.note(&format!(
            "{} ({}, {} bytes)",
            document.digest(),
            document.media_type(),
            document.bytes().len()
        ));
        session.printer.json(&value)?;
    }
    Ok(ExitCode::Done)
}
