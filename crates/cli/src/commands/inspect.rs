use crate::arguments::Inspect;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::{Session, host_platform};
use consign_image::Place;
use consign_oci::{DOCUMENT_LIMIT, Document, ImageConfig, Platform};

pub(crate) async fn run(arguments: &Inspect, session: &Session) -> Result<ExitCode, CommandError> {
    let (place, root) = session.open(&arguments.reference).await?;
    let document = place.document(&root).await?;
    if arguments.config {
        let manifest = platform_manifest(&place, document, arguments.platform.as_ref()).await?;
        let bytes = place.bytes(&manifest.config, DOCUMENT_LIMIT).await?;
        session.printer.bytes(&bytes)?;
        return Ok(ExitCode::Done);
    }
    let document = match &arguments.platform {
        Some(platform) => of_platform(&place, document, platform).await?,
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

async fn platform_manifest(
    place: &Place,
    document: Document,
    platform: Option<&Platform>,
) -> Result<consign_oci::Exact<consign_oci::Manifest>, CommandError> {
    let document = match (&document, platform) {
        (Document::Manifest(_), None) => document,
        (_, Some(platform)) => of_platform(place, document, platform).await?,
        (Document::Index(_), None) => of_platform(place, document, &host_platform()?).await?,
    };
    match document {
        Document::Manifest(manifest) => Ok(manifest),
        Document::Index(_) => Err(CommandError::new(ExitCode::Failed, "an index within an index is not an image")),
    }
}

/// Returns the manifest of a platform: one of the index's, or the image itself if it is for that platform.
async fn of_platform(place: &Place, document: Document, platform: &Platform) -> Result<Document, CommandError> {
    let present = match &document {
        Document::Index(index) => {
            if let Some((_, descriptor)) = index.platforms().find(|(present, _)| *present == platform) {
                return Ok(place.document(descriptor).await?);
            }
            index.platforms().map(|(platform, _)| platform.to_string()).collect::<Vec<_>>().join(", ")
        }
        Document::Manifest(manifest) => {
            let config = place.bytes(&manifest.config, DOCUMENT_LIMIT).await?;
            match serde_json::from_slice::<ImageConfig>(&config) {
                Ok(config) if config.platform == *platform => return Ok(document),
                Ok(config) => config.platform.to_string(),
                Err(_) => return Err(CommandError::new(ExitCode::Failed, "this is not an image for any platform")),
            }
        }
    };
    Err(CommandError::new(ExitCode::Failed, format!("the image has no {platform}; it has {present}")))
}
