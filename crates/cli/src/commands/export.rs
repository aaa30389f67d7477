use crate::arguments::Export;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::outlet::Outlet;
use crate::session::{Session, host_platform, on_a_thread};
use consign_image::export::{ExportError, export};
use consign_image::unpack::Limits;
use std::io::BufWriter;

/// How much is written at once, in bytes.
const BUFFER: usize = 256 << 10;

pub(crate) async fn run(arguments: &Export, session: &Session) -> Result<ExitCode, CommandError> {
    let mut outlet = Outlet::open(arguments.archive.as_deref(), false)?;
    let (place, root) = session.open(&arguments.reference).await?;
    let document = place.document(&root).await?;
    let manifest = place.image_of(document, arguments.platform.as_ref(), &host_platform()?).await?;
    let scratch = session.scratch()?;
    let layers = place.layers(&manifest, &scratch).await?;
    on_a_thread(move || {
        // Written through a buffer: an archive is many small pieces.
        let written = export(&layers, BufWriter::with_capacity(BUFFER, &mut outlet), &Limits::default());
        match written {
            Ok(_) => outlet.finish(),
            Err(ExportError::Output(error)) => outlet.failure(error),
            Err(error) => Err(CommandError::of(ExitCode::Failed, &error)),
        }
    })
    .await?;
    Ok(ExitCode::Done)
}
