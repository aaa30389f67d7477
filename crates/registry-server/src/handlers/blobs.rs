use super::{DIGEST, entity_tag, response};
use crate::failure::{Code, Failure};
use crate::name::Name;
use crate::range::{Wanted, wanted};
use crate::registry::{Answer, Asked, Registry};
use axum::body::Body;
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderValue, RANGE};
use axum::http::{Method, StatusCode};
use consign_oci::Digest;
use consign_store::StoreError;
use std::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

const OCTETS: &str = "application/octet-stream";

impl Registry {
    pub(crate) async fn get_blob(&self, name: Name, digest: Digest, asked: Asked) -> Answer {
        let wanted_digest = digest.clone();
        let file = self
            .on_disk(move |storage| {
                let path = storage.content(&digest);
                let open = || {
                    let file = File::open(&path)?;
                    let length = file.metadata()?.len();
                    Ok((file, length))
                };
                let open = || open().map_err(|source| StoreError::Io { action: "open", path: path.clone(), source });
                storage.has_blob(&name, &digest).then(open).transpose()
            })
            .await?;
        let digest = wanted_digest;
        let Some((file, length)) = file else { return Err(unknown()) };
        let (status, range) = match wanted(asked.header(&RANGE), length) {
            Wanted::All => (StatusCode::OK, None),
            Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, Some(range)),
            Wanted::Unsatisfiable => {
                let failure =
                    Failure::new(StatusCode::RANGE_NOT_SATISFIABLE, Code::SizeInvalid, "the blob has no such bytes");
                let value = HeaderValue::from_str(&format!("bytes */{length}"));
                return Err(value.into_iter().fold(failure, |failure, value| failure.header(CONTENT_RANGE, value)));
            }
        };
        let sent = range.as_ref().map_or(length, |range| range.end() - range.start() + 1);
        let mut body = Body::empty();
        if asked.method == Method::GET {
            let mut file = tokio::fs::File::from_std(file);
            if let Some(range) = &range {
                file.seek(std::io::SeekFrom::Start(*range.start())).await?;
            }
            body = Body::from_stream(ReaderStream::with_capacity(file.take(sent), 256 * 1024));
        }
        let headers = [
            (CONTENT_TYPE, OCTETS.to_owned()),
            (CONTENT_LENGTH, sent.to_string()),
            (ACCEPT_RANGES, "bytes".to_owned()),
            (DIGEST, digest.to_string()),
            (ETAG, entity_tag(&digest)),
        ];
        let mut answer = response(status, headers, body);
        if let Some(range) = range {
            let text = format!("bytes {}-{}/{length}", range.start(), range.end());
            answer.headers_mut().extend(HeaderValue::from_str(&text).ok().map(|value| (CONTENT_RANGE, value)));
        }
        Ok(answer)
    }

    pub(crate) async fn delete_blob(&self, name: Name, digest: Digest) -> Answer {
        match self.on_disk(move |storage| storage.delete_blob(&name, &digest)).await? {
            true => Ok(response(StatusCode::ACCEPTED, [], Body::empty())),
            false => Err(unknown()),
        }
    }
}

fn unknown() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, Code::BlobUnknown, "the repository does not have this blob")
}
