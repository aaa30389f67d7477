use crate::arguments::{Clean, CleanType};
use crate::attaching::Target;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use consign_attach::{Attached, Held, find, parts};
use consign_receipt::predicate;

pub(crate) async fn run(arguments: &Clean, session: &Session) -> Result<ExitCode, CommandError> {
    let target = Target::open(&arguments.reference, session).await?;
    let attacher = target.attacher();
    let mut removed = 0;
    for part in parts(&target.place, &target.root).await? {
        let found = find(&target.place, &target.legacy.0, &part.digest, None).await?;
        for attached in found.iter().filter(|attached| is_wanted(attached, arguments.kind)) {
            attacher.remove(&part.digest, &attached.held).await?;
            removed += 1;
        }
    }
    session.printer.note(&format!("{}: {removed} removed", arguments.reference));
    Ok(ExitCode::Done)
}

fn is_wanted(attached: &Attached, kind: CleanType) -> bool {
    let is_sbom =
        matches!(attached.held, Held::Layer(consign_sign::LegacyKind::Sbom, _)) || predicate::is_sbom(&attached.stated);
    match kind {
        CleanType::Signature => attached.is_signature(),
        CleanType::Sbom => is_sbom,
        CleanType::Attestation => !attached.is_signature() && !is_sbom,
        CleanType::All => true,
    }
}
