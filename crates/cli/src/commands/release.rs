use crate::arguments::Release as Arguments;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use crate::signing::key_reader;
use crate::workshop::{Planned, Traffic};
use consign_release::{Interruption, Options, Release};

pub(crate) async fn run(
    arguments: &Arguments,
    session: &Session,
    interruption: &Interruption,
) -> Result<ExitCode, CommandError> {
    let planned = Planned::read(session)?.select(&arguments.images)?;
    if !arguments.from.is_empty() && planned.plan.images.len() > 1 {
        let error =
            CommandError::new(ExitCode::Usage, "`--from` gives the platforms of one image, and several are planned");
        return Err(error.hint("name the image: `consign release IMAGE --from …`"));
    }
    // A dry run signs nothing, but what others signed counts only by the key.
    let signs = !arguments.dry_run || !arguments.from.is_empty();
    let key = if signs { key_reader(session, &planned.configuration)? } else { None };
    let traffic = Traffic { from: &arguments.from, publishes: !arguments.dry_run };
    let workshop = planned.workshop(session, !arguments.no_cache, traffic).await?;
    let jobs = planned.jobs(session, &workshop, &arguments.from)?;
    let options = Options { dry_run: arguments.dry_run, interruption: interruption.clone() };
    let release = Release { workshop, jobs, plan: planned.plan.digest()?, key: key.as_deref(), options };
    let (report, result) = release.run().await;
    session.conclude(&report, result)?;
    if arguments.dry_run {
        session.printer.note("Dry run: the gate is open; nothing was signed or written to a registry.");
    }
    Ok(ExitCode::Done)
}
