use crate::arguments::DownloadBlob;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::outlet::Outlet;
use crate::session::Session;
use consign_image::{BlobReference, ImageError};
use consign_oci::Descriptor;
use std::io::Write;
use tokio::io::AsyncReadExt;

/// The type of bytes of which nothing is said (RFC 2046, section 4.5.1).
const ANY: &str = "application/octet-stream";
/// How much is read at once, in bytes.
const BUFFER: usize = 256 << 10;

pub(crate) async fn run(arguments: &DownloadBlob, session: &Session) -> Result<ExitCode, CommandError> {
    let BlobReference { image, digest } = &arguments.blob;
    let mut outlet = Outlet::open(arguments.output_file.as_deref(), arguments.force)?;
    let place = session.place(image, &session.client(image).await?, CommandError::from).await?;
    let Some(size) = place.blob_size(digest).await? else {
        let error = CommandError::from(ImageError::Missing { place: place.describe(), digest: digest.clone() });
        return Err(error.hint("`consign inspect --raw REF` names the blobs of an image; manifests are no blobs"));
    };
    let descriptor = Descriptor::new(ANY, digest.clone(), size);
    let mut reader = place.reader(&descriptor).await?;
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = reader.read(&mut buffer).await.map_err(|error| place.unread(&descriptor, error))?;
        if count == 0 {
            break;
        }
        if let Err(error) = outlet.write_all(&buffer[..count]) {
            return outlet.failure(error).map(|()| ExitCode::Done);
        }
    }
    outlet.finish()?;
    Ok(ExitCode::Done)
}
