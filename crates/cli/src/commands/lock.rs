use crate::arguments::{Lock as Arguments, Output};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use crate::workshop::{Planned, Traffic};
use consign_plan::lock::{Change, changes};
use consign_plan::{Lock, LockedImage, LockedPackage};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) async fn run(arguments: &Arguments, session: &Session) -> Result<ExitCode, CommandError> {
    let mut planned = Planned::read(session)?;
    let old = planned.lock.take();
    let kept = match (&arguments.update, &old) {
        (None, Some(old)) => old.clone(),
        (Some(names), Some(old)) if !names.is_empty() => without(old.clone(), names, &planned)?,
        (Some(names), None) if !names.is_empty() => {
            let message = format!("there is no {} to update", planned.lock_file.path().display());
            return Err(CommandError::new(ExitCode::Usage, message).hint("`consign lock` makes it"));
        }
        _ => Lock::default(),
    };
    let workshop = planned.workshop(session, true, Traffic::default()).await?;
    let mut images = BTreeMap::new();
    for job in planned.jobs(session, &workshop, &[])? {
        let name = &job.planned.name;
        if let Some(locked) = workshop.lock(&job, kept.images.as_ref().and_then(|kept| kept.get(name))).await? {
            images.insert(name.clone(), locked);
        }
    }
    // Which database it is, `consign db update` says, as long as the configuration says where it comes from.
    let comes_from_somewhere =
        planned.configuration.policy.advisories.as_ref().is_some_and(|settings| !settings.from.is_empty());
    let advisories = old.as_ref().and_then(|old| old.advisories.clone()).filter(|_| comes_from_somewhere);
    let new = Lock { images: Some(images), advisories };
    let absent = old.as_ref().is_none_or(|old| old.images.is_none());
    let changes = changes(&old.unwrap_or_default(), &new);
    if arguments.check {
        return check(arguments, &planned, absent, &changes, session);
    }
    if absent || !changes.is_empty() {
        planned.lock_file.write(&new)?;
    }
    show(&planned, absent, &changes, session)?;
    Ok(ExitCode::Done)
}

/// Takes out of a lock what is to be chosen anew: packages by name or by that of their source, which findings have, and base images as the image file names them.
fn without(mut lock: Lock, names: &[String], planned: &Planned) -> Result<Lock, CommandError> {
    let mut known: BTreeSet<&str> = planned.base_names().map(|(_, base)| base).collect();
    let locked = || lock.images.iter().flat_map(BTreeMap::values);
    known.extend(locked().flat_map(|image| image.images.keys()).map(String::as_str));
    known.extend(locked().flat_map(|image| image.packages.values().flatten()).map(|package| &*package.name));
    let packages = locked().flat_map(|image| image.packages.values().flatten());
    let sources: BTreeSet<String> = packages.filter_map(LockedPackage::source).collect();
    known.extend(sources.iter().map(String::as_str));
    if let Some(name) = names.iter().find(|name| !known.contains(name.as_str())) {
        let error =
            CommandError::new(ExitCode::Usage, format!("`{name}` is neither a locked package nor a base image"));
        let near = consign_plan::configuration::nearest(name, known.iter().copied());
        return Err(near.into_iter().fold(error, |error, near| error.hint(format!("did you mean `{near}`?"))));
    }
    let bases: BTreeSet<String> = planned
        .base_names()
        .filter(|(_, base)| names.iter().any(|name| name == base))
        .map(|(image, _)| image.to_owned())
        .collect();
    for (image, locked) in lock.images.iter_mut().flatten() {
        let LockedImage { base, images, packages, .. } = locked;
        images.retain(|name, _| !names.contains(name));
        if bases.contains(image) {
            *base = None;
        }
        packages.values_mut().for_each(|packages| {
            packages.retain(|package| {
                let source = package.source();
                !names.contains(&package.name) && !source.is_some_and(|source| names.contains(&source))
            });
        });
    }
    Ok(lock)
}

fn check(
    arguments: &Arguments,
    planned: &Planned,
    absent: bool,
    changes: &[Change],
    session: &Session,
) -> Result<ExitCode, CommandError> {
    if !absent && changes.is_empty() {
        show(planned, absent, changes, session)?;
        return Ok(ExitCode::Done);
    }
    let mut error = planned.lock_file.drift(if absent { "is not there" } else { "is not up to date" });
    if let Some(names) = arguments.update.as_ref().filter(|_| !absent) {
        // Without `--update` what is locked stays.
        let names: String = names.iter().map(|name| format!(" {name}")).collect();
        error.hints = vec![format!("run `consign lock --update{names}`, look at what it changes, and check it in")];
    }
    if !absent {
        error.causes = changes.iter().map(Change::to_string).collect();
    }
    Err(error.with_report(report(planned, changes)))
}

fn show(planned: &Planned, absent: bool, changes: &[Change], session: &Session) -> Result<(), CommandError> {
    if session.output == Output::Json {
        return session.printer.json(&report(planned, changes));
    }
    let path = planned.lock_file.path().display();
    let lines: String = changes.iter().map(|change| format!("{change}\n")).collect();
    let summary = match (absent, changes.is_empty()) {
        (true, true) => format!("{path} is written: nothing is left open\n"),
        (false, true) => format!("{path} is up to date\n"),
        (_, false) => String::new(),
    };
    session.printer.data(&(lines + &summary))
}

fn report(planned: &Planned, changes: &[Change]) -> serde_json::Value {
    json!({ "lock": planned.lock_file.path(), "changes": changes })
}
