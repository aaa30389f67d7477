use crate::arguments::{Output, Release as Arguments};
use crate::attaching::{forms, legacy_repository};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::ignored;
use crate::instructions::instructions;
use crate::lint;
use crate::session::Session;
use crate::signing::{self, KeyReader, key_reader};
use crate::source::Source;
use crate::workshop::{Planned, Traffic};
use consign_plan::Configuration;
use consign_release::{Interruption, Options, Release};

pub(crate) async fn run(
    arguments: &Arguments,
    session: &Session,
    interruption: &Interruption,
) -> Result<ExitCode, CommandError> {
    if session.is_dockerfile() {
        let message = format!("{} says nothing of where its image goes", session.global.file.display());
        let hint = "`consign init` writes a configuration for it; `consign build` builds it as it is";
        return Err(CommandError::new(ExitCode::Usage, message).hint(hint));
    }
    let planned = Planned::read_for(session, &[], &arguments.docker)?.select(&arguments.images)?;
    check_sources(&planned, &arguments.from)?;
    let planned = planned.equipped(session, &arguments.docker, &arguments.from)?;
    lint::check(session, &planned, None)?;
    ignored::check(session, &planned, &arguments.docker)?;
    let advisories = planned.configuration.policy.advisories.as_ref();
    let compares = advisories.is_some_and(|settings| settings.rules.new_since.is_some());
    let (key, unsigned) = match key(arguments, compares, session, &planned.configuration)? {
        None if planned.configuration.signing.is_none() && !arguments.dry_run => signing::by_default(session).await?,
        key => (key, None),
    };
    let traffic = Traffic { from: &arguments.from, compares, publishes: !arguments.dry_run };
    let workshop = planned.workshop(session, arguments.docker.reuses(), traffic).await?;
    let jobs = planned.jobs(session, &workshop, &arguments.from)?;
    let options = Options {
        dry_run: arguments.dry_run,
        forms: planned.configuration.signing.as_ref().map(|signing| forms(signing.format)).unwrap_or_default(),
        unsigned,
        legacy: legacy_repository(session)?,
        interruption: interruption.clone(),
        ..Options::default()
    };
    let release = Release { workshop, jobs, plan: planned.plan.digest()?, key: key.as_deref(), options };
    let (report, result) = Box::pin(release.run()).await;
    session.conclude(&report, result)?;
    let instructions = instructions(&report, &planned.configuration);
    if session.output == Output::Table && !instructions.is_empty() {
        session.printer.data(&format!("\nAnybody can verify it:\n{instructions}"))?;
    }
    if arguments.dry_run {
        session.printer.note("Dry run: the gate is open; nothing was signed or written to a registry.");
    }
    Ok(ExitCode::Done)
}

/// Returns what reads the signing key, where one is needed. A dry run signs nothing, but what others signed, and what the last release says, counts only by
/// the key. For the last release it goes without one, as everything counts as new then.
fn key<'a>(
    arguments: &Arguments,
    compares: bool,
    session: &'a Session,
    configuration: &'a Configuration,
) -> Result<Option<KeyReader<'a>>, CommandError> {
    match key_reader(session, configuration) {
        _ if arguments.dry_run && arguments.from.is_empty() && !compares => Ok(None),
        Err(error) if arguments.dry_run && arguments.from.is_empty() => {
            let message = format!("warning: this dry run does not know what the last release says: {}", error.why());
            session.printer.note(&message);
            Ok(None)
        }
        reader => reader,
    }
}

/// Fails where it is not plain which image a place holds platforms of.
fn check_sources(planned: &Planned, from: &[Source]) -> Result<(), CommandError> {
    let names: Vec<&str> = planned.plan.images.iter().map(|image| image.name.as_str()).collect();
    for source in from {
        match &source.image {
            None if names.len() > 1 => {
                let message = format!("`--from {source}` does not say of which image, and several are planned");
                let hint = format!("name the image: `--from {}={source}`", names.first().unwrap_or(&"IMAGE"));
                return Err(CommandError::new(ExitCode::Usage, message).hint(hint));
            }
            Some(name) if !names.contains(&name.as_str()) => {
                let message = format!("`--from {source}`: no image called `{name}` is released");
                let error = CommandError::new(ExitCode::Usage, message);
                let near = consign_plan::configuration::nearest(name, names.iter().copied());
                return Err(near.into_iter().fold(error, |error, near| error.hint(format!("did you mean `{near}`?"))));
            }
            _ => {}
        }
    }
    Ok(())
}
