//! Registries that hand out what another has, under its names.

use crate::reader::BlobReader;
use crate::transport::is_temporary;
use crate::{Client, RegistryError};
use consign_oci::Repository;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, ReadBuf};

/// Returns where a mirror, `HOST[/PATH]`, has a repository; `None` if that is no name of a repository there.
pub fn mirrored(mirror: &str, repository: &Repository) -> Option<Repository> {
    let host = mirror.split('/').next().unwrap_or_default();
    let there: Repository = format!("{mirror}/{}", repository.path()).parse().ok()?;
    (there.registry() == host).then_some(there)
}

impl Client {
    /// Returns a client that looks for manifests and blobs at the mirrors of a registry first. It logs in to each as to a registry of its own, and writes
    /// to none. What a tag is a mirror says as well as the registry; bytes are checked against the digest that asked for them.
    pub fn with_mirrors(&self) -> Self {
        let mut client = self.clone();
        client.mirrors = true;
        client
    }

    /// Returns where a repository is looked for before its own registry is asked: at mirrors that have not failed in this run.
    pub fn mirrors_of(&self, repository: &Repository) -> Vec<Repository> {
        let mirrors = self.options_of(repository).filter(|_| self.mirrors).map(|options| &options.mirrors[..]);
        let places = mirrors.unwrap_or_default().iter().filter_map(|mirror| mirrored(mirror, repository));
        let known = self.known();
        places.filter(|place| !known.failed_mirrors.contains(place.registry())).collect()
    }

    /// Notes that a mirror did not answer as one does. That it has not got something, or wants a login for it, is an answer.
    pub(crate) fn note_mirror(&self, mirror: &Repository, error: &RegistryError) {
        match error {
            RegistryError::Answer { status, .. } if !is_temporary(*status) => {}
            _ => _ = self.known().failed_mirrors.insert(mirror.registry().to_owned()),
        }
    }

    /// Notes it, too, where a mirror's blob turns out wrong, or breaks off.
    pub(crate) fn watched(&self, reader: BlobReader, mirror: &Repository) -> BlobReader {
        Box::pin(Watched { reader, client: self.clone(), mirror: mirror.registry().to_owned() })
    }
}

struct Watched {
    reader: BlobReader,
    client: Client,
    mirror: String,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = self.reader.as_mut().poll_read(context, buffer);
        if let Poll::Ready(Err(_)) = &polled {
            self.client.known().failed_mirrors.insert(self.mirror.clone());
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_have_the_same_paths() {
        for (mirror, repository, expected) in [
            ("mirror.example", "debian", Some("mirror.example/library/debian")),
            ("mirror.example:5000/hub", "docker.io/a/b", Some("mirror.example:5000/hub/a/b")),
            ("mirror", "ghcr.io/a", None),
            ("mirror.example/HUB", "ghcr.io/a", None),
        ] {
            let found = mirrored(mirror, &repository.parse().unwrap());
            assert_eq!(found.map(|found| found.to_string()).as_deref(), expected, "{mirror} {repository}");
        }
    }
}
