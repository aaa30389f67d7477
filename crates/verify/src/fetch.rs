use crate::{Failure, Piece, VerifyError};
use consign_image::{ImageError, Place, Trouble};
use consign_oci::{Descriptor, Document};
use std::io;

/// Why a piece cannot be looked at.
pub(crate) enum Stop {
    /// It is wrong, which is noted; other pieces are looked at all the same.
    Failed(Box<Failure>),
    /// It could not be fetched, which ends the walk.
    Unavailable(VerifyError),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

impl From<Box<Failure>> for Stop {
    fn from(failure: Box<Failure>) -> Self {
        Self::Failed(failure)
    }
}

impl From<Stop> for VerifyError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Failed(failure) => Self::from(*failure),
            Stop::Unavailable(error) => error,
        }
    }
}

/// Notes a failure, so that the walk goes on; anything worse ends it.
pub(crate) fn settle<T>(result: Result<T, Stop>, failures: &mut Vec<Failure>) -> Result<Option<T>, VerifyError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Stop::Failed(failure)) => {
            failures.push(*failure);
            Ok(None)
        }
        Err(Stop::Unavailable(error)) => Err(error),
    }
}

/// Reads a manifest and checks that it is all that its descriptor says.
pub(crate) async fn document(place: &Place, descriptor: &Descriptor, piece: &Piece) -> Result<Document, Stop> {
    let document = place.document(descriptor).await.map_err(|error| stop(piece, error))?;
    let piece = || piece.clone();
    if *document.digest() != descriptor.digest && !descriptor.digest.matches(document.bytes()) {
        return Err(Failure::Altered { piece: piece() }.into());
    }
    let (stated, found) = (descriptor.size, document.bytes().len() as u64);
    if stated != found {
        return Err(Failure::Size { piece: piece(), stated, found }.into());
    }
    if descriptor.media_type != document.media_type() {
        let (stated, found) = (clip(&descriptor.media_type), document.media_type().to_owned());
        return Err(Failure::MediaType { piece: piece(), stated, found }.into());
    }
    Ok(document)
}

/// Returns the start of a text that may be of any length, for a message.
pub(crate) fn clip(text: &str) -> String {
    text.chars().take(160).collect()
}

/// Reads a blob of at most `limit` bytes and checks it against its descriptor.
pub(crate) async fn blob(place: &Place, descriptor: &Descriptor, limit: u64, piece: &Piece) -> Result<Vec<u8>, Stop> {
    place.bytes(descriptor, limit).await.map_err(|error| stop(piece, error))
}

/// Tells what is wrong from what is missing and what could not be fetched.
pub(crate) fn stop(piece: &Piece, error: ImageError) -> Stop {
    let piece = piece.clone();
    match error.trouble() {
        Trouble::Altered => Failure::Altered { piece }.into(),
        Trouble::Missing => Failure::Missing { piece }.into(),
        Trouble::Malformed => Failure::Unreadable { piece, source: Box::new(error) }.into(),
        Trouble::Unavailable => {
            Stop::Unavailable(VerifyError::Unavailable { piece: Box::new(piece), source: Box::new(error) })
        }
    }
}

/// The same for the reader of a blob.
pub(crate) fn stop_reading(place: &Place, piece: &Piece, error: io::Error) -> Stop {
    let image_error = match error.kind() {
        io::ErrorKind::InvalidData => ImageError::Mismatch { place: place.describe(), digest: piece.digest.clone() },
        _ => ImageError::Io { action: "read a blob of", path: place.describe().into(), source: error },
    };
    stop(piece, image_error)
}
