use crate::arguments::DownloadAttached;
use crate::attaching::Target;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::outlet::Outlet;
use crate::session::Session;
use consign_attach::{Attached, Content, Held, find};
use consign_oci::{Descriptor, Document};
use consign_receipt::predicate;
use std::io::Write as _;

/// What is downloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Signatures of the image: bundles, and documents of the older form with their signatures.
    Signatures,
    /// Signed statements, and those that an index holds.
    Attestations,
    /// What is in the image, without a statement around it.
    Sbom,
}

pub(crate) async fn run(
    arguments: &DownloadAttached,
    wanted: Wanted,
    session: &Session,
) -> Result<ExitCode, CommandError> {
    let mut outlet = Outlet::open(arguments.output_file.as_deref(), true)?;
    let target = Target::open(&arguments.reference, session).await?;
    let predicate_type = arguments.predicate_type.as_deref();
    let mut lines = Vec::new();
    for subject in subjects(&target, arguments, wanted)? {
        let found = find(&target.place, &target.legacy.0, &subject.digest, Some(&target.root)).await?;
        let found = found
            .iter()
            .filter(|attached| predicate_type.is_none_or(|wanted| predicate::is_of_type(&attached.stated, wanted)));
        for attached in found {
            lines.extend(line(attached, &subject, wanted)?);
        }
        // One is enough: those of an index are about all of it, and those of its images about one each.
        if wanted == Wanted::Sbom && !lines.is_empty() {
            lines.truncate(1);
            break;
        }
    }
    if lines.is_empty() {
        let what = match wanted {
            Wanted::Signatures => "signature",
            Wanted::Attestations => "attestation",
            Wanted::Sbom => "SBOM",
        };
        let error = CommandError::new(ExitCode::Failed, format!("no {what} is attached to {}", arguments.reference));
        return Err(error.hint("`consign tree REF` shows what is attached, to the index and to each platform"));
    }
    for line in &lines {
        if let Err(error) = outlet.write_all(line).and_then(|()| outlet.write_all(b"\n")) {
            return outlet.failure(error).map(|()| ExitCode::Done);
        }
    }
    outlet.finish()?;
    if wanted != Wanted::Signatures {
        session.printer.note("note: no signature was checked: `consign verify REF` does that");
    }
    Ok(ExitCode::Done)
}

/// Returns about what to look: what the name names, or the image of a platform. An SBOM is looked for about each image in turn.
fn subjects(target: &Target, arguments: &DownloadAttached, wanted: Wanted) -> Result<Vec<Descriptor>, CommandError> {
    let root = target.root.descriptor();
    let Document::Index(index) = &target.root else { return Ok(vec![root]) };
    match &arguments.platform {
        Some(platform) => Ok(vec![target.image_for(platform, &arguments.reference)?]),
        None if wanted == Wanted::Sbom => {
            let images = index.platforms().map(|(_, descriptor)| descriptor.clone());
            Ok([root].into_iter().chain(images).collect())
        }
        None => Ok(vec![root]),
    }
}

/// Returns what is written of something that is attached: a line of JSON, but of SBOMs the document itself.
fn line(attached: &Attached, subject: &Descriptor, wanted: Wanted) -> Result<Option<Vec<u8>>, CommandError> {
    let line = match wanted {
        Wanted::Signatures if !attached.is_signature() => None,
        Wanted::Signatures => match &attached.content {
            Content::Signature(signature) => Some(serde_json::to_vec(&signature.as_json())?),
            _ => Some(attached.bytes.clone()),
        },
        Wanted::Attestations if attached.is_signature() => None,
        Wanted::Attestations => match &attached.content {
            Content::Bundle(bundle) => Some(bundle.envelope_json()?),
            Content::Statement(statement) => Some(statement.bytes().to_vec()),
            Content::Signature(_) | Content::Other => None,
        },
        Wanted::Sbom => match (&attached.held, attached.statement(&subject.digest)) {
            (_, Some(statement)) if predicate::is_sbom(&statement.predicate_type) => {
                Some(serde_json::to_vec_pretty(&statement.predicate)?)
            }
            (Held::Layer(consign_sign::LegacyKind::Sbom, _), _) => Some(attached.bytes.clone()),
            _ => None,
        },
    };
    Ok(line)
}
