use crate::arguments::Build;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use crate::signing::key_reader;
use crate::workshop::{Planned, Traffic};
use consign_image::ImageReference;
use consign_release::Release;

pub(crate) async fn run(arguments: &Build, session: &Session) -> Result<ExitCode, CommandError> {
    if let Some(reference @ ImageReference::Registry(_)) = &arguments.to {
        let error =
            CommandError::new(ExitCode::Usage, format!("`build` writes to no registry, and {reference} is on one"));
        return Err(error.hint(
            "`consign release` publishes, through the gate; `--to` takes `oci-archive:FILE`, `oci:DIR` or `store:NAME`",
        ));
    }
    if let Some(reference @ ImageReference::DockerArchive { .. }) = &arguments.to {
        let error =
            CommandError::new(ExitCode::Usage, format!("{reference} cannot be written: this form is only read"));
        return Err(error.hint("`docker load` and `podman load` take what `--to oci-archive:FILE` writes"));
    }
    let selection = &arguments.selection;
    let planned = Planned::read(session)?.select(&selection.images)?.only(&selection.platforms)?;
    if let (Some(to), 2..) = (&arguments.to, planned.plan.images.len()) {
        let error = CommandError::new(
            ExitCode::Usage,
            format!("{to} takes one image, and {} are planned", planned.plan.images.len()),
        );
        return Err(error.hint("name the image: `consign build IMAGE --to …`"));
    }
    // Only what leaves this machine is signed.
    let key = if arguments.to.is_some() { key_reader(session, &planned.configuration)? } else { None };
    let workshop = planned.workshop(session, !arguments.no_cache, Traffic::default()).await?;
    let jobs = planned.jobs(session, &workshop, &[])?;
    let release =
        Release { workshop, jobs, plan: planned.plan.digest()?, key: key.as_deref(), options: Default::default() };
    let (report, result) = release.build(arguments.to.as_ref()).await;
    session.conclude(&report, result)?;
    Ok(ExitCode::Done)
}
