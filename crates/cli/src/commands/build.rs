use crate::arguments::{Build, Output};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use crate::workshop::{Planned, key_source};
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
    let selection = &arguments.selection;
    let planned = Planned::read(session)?.select(&selection.images)?.only(&selection.platforms)?;
    if let (Some(to), 2..) = (&arguments.to, planned.plan.images.len()) {
        let error = CommandError::new(
            ExitCode::Usage,
            format!("{to} takes one image, and {} are planned", planned.plan.images.len()),
        );
        return Err(error.hint("name the image: `consign build IMAGE --to …`"));
    }
    let workshop = planned.workshop(session, !arguments.no_cache).await?;
    let jobs = planned.jobs(session, &workshop, &[])?;
    let key = key_source(session, &planned.configuration);
    let release =
        Release { workshop, jobs, plan: planned.plan.digest()?, key: key.as_deref(), options: Default::default() };
    let (report, result) = release.build(arguments.to.as_ref()).await;
    match session.output {
        Output::Json => session.printer.json(&report)?,
        Output::Table => session.printer.data(&report.text()),
    }
    result?;
    Ok(ExitCode::Done)
}
