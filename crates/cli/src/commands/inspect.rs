use crate::arguments::Inspect;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::{Session, host_platform};
use consign_image::Place;
use consign_oci::{DOCUMENT_LIMIT, Descriptor, Document, Index, Platform};

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
        Some(platform) => place.document(&platform_descriptor(&document, platform)?).await?,
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
        _ => {
            let host = host_platform()?;
            place.document(&platform_descriptor(&document, platform.unwrap_or(&host))?).await?
        }
    };
    match document {
        Document::Manifest(manifest) => Ok(manifest),
        Document::Index(_) => Err(CommandError::new(ExitCode::Failed, "an index within an index is not an image")),
    }
}

fn platform_descriptor(document: &Document, platform: &Platform) -> Result<Descriptor, CommandError> {
    let Document::Index(index) = document else {
        return Err(CommandError::new(ExitCode::Failed, "this is one image, not a list of platforms")
            .hint("leave `--platform` out"));
    };
    let index: &Index = index;
    let found = index.platforms().find(|(present, _)| *present == platform);
    found.map(|(_, descriptor)| descriptor.clone()).ok_or_else(|| {
        let present: Vec<String> = index.platforms().map(|(platform, _)| platform.to_string()).collect();
        CommandError::new(ExitCode::Failed, format!("the image has no {platform}; it has {}", present.join(", ")))
    })
}
