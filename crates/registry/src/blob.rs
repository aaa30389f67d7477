use crate::auth::Action;
use crate::endpoint::redacted;
use crate::reader::{BlobReader, verified};
use crate::transport::{Call, header};
use crate::{Client, RegistryError};
use consign_oci::{Descriptor, Digest, Repository};
use reqwest::header::CONTENT_LENGTH;
use reqwest::{Method, StatusCode};

impl Client {
    /// Returns whether a repository has a blob.
    pub async fn blob_exists(&self, repository: &Repository, digest: &Digest) -> Result<bool, RegistryError> {
        let call = Call::new(self, Method::HEAD, repository, &format!("blobs/{digest}"))?;
        let response = self.send(&call).await?;
        match response.status() {
            StatusCode::OK => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            _ => Err(self.refused(&call, response).await),
        }
    }

    /// Returns how many bytes a blob has, as the registry says; `None` if it is not there.
    pub async fn blob_size(&self, repository: &Repository, digest: &Digest) -> Result<Option<u64>, RegistryError> {
        let call = Call::new(self, Method::HEAD, repository, &format!("blobs/{digest}"))?;
        let response = self.send(&call).await?;
        match response.status() {
            StatusCode::OK => {
                let length = header(response.headers(), &CONTENT_LENGTH).and_then(|text| text.parse().ok());
                let problem = || "it does not say how many bytes the blob has".to_owned();
                length.map(Some).ok_or_else(|| RegistryError::Protocol { url: redacted(&call.url), problem: problem() })
            }
            StatusCode::NOT_FOUND => self.nothing(&call, response).await.map(|()| None),
            _ => Err(self.refused(&call, response).await),
        }
    }

    /// Deletes a blob (distribution-spec, "Deleting Blobs"); returns whether there was one. Images that need it are broken then.
    pub async fn delete_blob(&self, repository: &Repository, digest: &Digest) -> Result<bool, RegistryError> {
        let mut call = Call::new(self, Method::DELETE, repository, &format!("blobs/{digest}"))?;
        call.action = Action::Delete;
        let response = self.send(&call).await?;
        match response.status() {
            StatusCode::ACCEPTED | StatusCode::OK | StatusCode::NO_CONTENT => {
                // What the repository was seen to hold is no longer so.
                self.forget_holdings(repository);
                Ok(true)
            }
            StatusCode::NOT_FOUND => self.nothing(&call, response).await.map(|()| false),
            _ => Err(self.refused(&call, response).await),
        }
    }

    /// Opens a blob. Reading it to the end fails if its bytes are not those of the descriptor.
    pub async fn blob(&self, repository: &Repository, descriptor: &Descriptor) -> Result<BlobReader, RegistryError> {
        for mirror in self.mirrors_of(repository) {
            match self.download(&mirror, &descriptor.digest).await {
                Ok(reader) => return Ok(self.watched(verified(reader, descriptor), &mirror)),
                Err(error) => self.note_mirror(&mirror, &error),
            }
        }
        Ok(verified(self.download(repository, &descriptor.digest).await?, descriptor))
    }

    /// Opens a blob of the registry itself, for whoever checks what comes: [`Client::push_blob`] does.
    pub async fn unchecked_blob(&self, repository: &Repository, digest: &Digest) -> Result<BlobReader, RegistryError> {
        self.download(repository, digest).await
    }
}
