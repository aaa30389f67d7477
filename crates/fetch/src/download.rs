use crate::FetchError;
use crate::address::shown;
use crate::client::{Failure, Web};
use bytes::{Bytes, BytesMut};
use consign_oci::{Algorithm, Digest, Hasher};
use reqwest::{Response, Url};

/// Most memory that is taken on a server's word, in bytes; beyond it, only as bytes arrive.
const FIRST_CAPACITY: u64 = 1024 * 1024;

/// Reads a body of at most `limit` bytes and hashes it as it comes.
pub(crate) async fn read_body(
    web: &Web,
    url: &Url,
    mut response: Response,
    limit: u64,
    algorithm: Algorithm,
) -> Result<(Bytes, Digest), Failure> {
    let too_large = |size| Failure::Final(FetchError::TooLarge { url: shown(url), limit, size });
    let stated = response.content_length();
    if stated.is_some_and(|stated| stated > limit) {
        return Err(too_large(stated));
    }
    let stated = stated.unwrap_or_default();
    let mut bytes = BytesMut::with_capacity(usize::try_from(stated.min(FIRST_CAPACITY)).unwrap_or_default());
    let mut hasher = Hasher::new(algorithm);
    while let Some(chunk) = response.chunk().await.map_err(|error| web.failure(url, error))? {
        if bytes.len() as u64 + chunk.len() as u64 > limit {
            return Err(too_large(None));
        }
        hasher.update(&chunk);
        bytes.extend_from_slice(&chunk);
    }
    Ok((bytes.freeze(), hasher.finish()))
}
