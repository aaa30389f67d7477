use crate::arguments::Build;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::ignored;
use crate::lint;
use crate::metadata;
use crate::session::Session;
use crate::signing::key_reader;
use crate::workshop::{Planned, Traffic};
use consign_image::ImageReference;
use consign_release::{Options, Release};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Where the header of a tar archive's first entry says that it is one, and what it says there (POSIX.1-2017, pax, "ustar Interchange Format").
const MAGIC: (usize, &[u8]) = (257, b"ustar");

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
    if let Some(reference @ ImageReference::Engine { .. }) = &arguments.to {
        let error =
            CommandError::new(ExitCode::Usage, format!("`build` writes to no engine, and {reference} is in one"));
        return Err(error.hint(format!(
            "write to the store, and copy from there: `--to store:NAME`, then `consign copy store:NAME {reference}`"
        )));
    }
    if let Some(ImageReference::Archive { file, .. }) = &arguments.to
        && is_other_file(file)
    {
        let message = format!("{} is there already, and is no archive", file.display());
        return Err(CommandError::new(ExitCode::Conflict, message).hint("name another file, or remove this one"));
    }
    let selection = &arguments.selection;
    let planned = Planned::read_for(session, &selection.platforms, &arguments.docker)?;
    let planned =
        planned.select(&selection.images)?.only(&selection.platforms)?.equipped(session, &arguments.docker, &[])?;
    if let (Some(to), 2..) = (&arguments.to, planned.plan.images.len()) {
        let error = CommandError::new(
            ExitCode::Usage,
            format!("{to} takes one image, and {} are planned", planned.plan.images.len()),
        );
        return Err(error.hint("name the image: `consign build IMAGE --to …`"));
    }
    lint::check(session, &planned, arguments.lints.deny)?;
    ignored::check(session, &planned, &arguments.docker)?;
    // Only what leaves this machine is signed.
    let key = if arguments.to.is_some() { key_reader(session, &planned.configuration)? } else { None };
    let workshop = planned.workshop(session, arguments.docker.reuses(), Traffic::default()).await?;
    let jobs = planned.jobs(session, &workshop, &[])?;
    let store = workshop.store.clone();
    let options = Options { explain: arguments.explain, ..Options::default() };
    let release = Release { workshop, jobs, plan: planned.plan.digest()?, key: key.as_deref(), options };
    let (report, result) = release.build(arguments.to.as_ref()).await;
    if let (Some(path), Ok(roots)) = (&arguments.metadata_file, &result) {
        metadata::write(path, &planned.plan, &report, roots, &store)?;
    }
    session.conclude(&report, result.map(drop))?;
    Ok(ExitCode::Done)
}

/// Returns whether a file is there that is no archive: it may be a key.
fn is_other_file(path: &Path) -> bool {
    let (start, magic) = MAGIC;
    let mut bytes = Vec::new();
    let is_file = path.metadata().is_ok_and(|metadata| metadata.is_file());
    let mut read = || File::open(path)?.take((start + magic.len()) as u64).read_to_end(&mut bytes);
    is_file && read().is_ok_and(|size| size > 0) && bytes.get(start..) != Some(magic)
}
