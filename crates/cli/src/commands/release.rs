use crate::arguments::{Output, Release as Arguments};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use crate::workshop::{Planned, key_source};
use consign_release::{Options, Release};

pub(crate) async fn run(arguments: &Arguments, session: &Session) -> Result<ExitCode, CommandError> {
    let planned = Planned::read(session)?.select(&arguments.images)?;
    if !arguments.from.is_empty() && planned.plan.images.len() > 1 {
        let error =
            CommandError::new(ExitCode::Usage, "`--from` gives the platforms of one image, and several are planned");
        return Err(error.hint("name the image: `consign release IMAGE --from …`"));
    }
    let workshop = planned.workshop(session, !arguments.no_cache).await?;
    let jobs = planned.jobs(session, &workshop, &arguments.from)?;
    let key = key_source(session, &planned.configuration);
    let options = Options { dry_run: arguments.dry_run };
    let release = Release { workshop, jobs, plan: planned.plan.digest()?, key: key.as_deref(), options };
    let (report, result) = release.run().await;
    match session.output {
        Output::Json => session.printer.json(&report)?,
        Output::Table => session.printer.data(&report.text()),
    }
    result?;
    if arguments.dry_run {
        session.printer.note("Dry run: the gate is open; nothing was signed or written to a registry.");
    }
    Ok(ExitCode::Done)
}
