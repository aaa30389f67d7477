use crate::{Problem, Store};
use consign_oci::{DOCUMENT_LIMIT, Descriptor, Digest, Document};
use std::fs::{self, File};
use std::io::{self, Read};

impl Store {
    /// Reads a manifest, and leaves it where it is even if it is corrupt. `None` if it is not there.
    pub(crate) fn document(&self, descriptor: &Descriptor) -> Result<Option<Document>, Problem> {
        let digest = &descriptor.digest;
        let unread = |source| Problem::Unread { blob: digest.clone(), source };
        let file = match File::open(self.path(digest)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unread(error)),
        };
        let mut bytes = Vec::new();
        file.take(DOCUMENT_LIMIT + 1).read_to_end(&mut bytes).map_err(unread)?;
        if bytes.len() as u64 > DOCUMENT_LIMIT || !digest.matches(&bytes) {
            return Err(Problem::Manifest { blob: digest.clone() });
        }
        let document = Document::read(&descriptor.media_type, bytes);
        document.map(Some).map_err(|source| Problem::Document { blob: digest.clone(), source })
    }

    /// Returns how many bytes a blob has, if it is there.
    pub(crate) fn size(&self, digest: &Digest) -> Option<u64> {
        let metadata = fs::metadata(self.path(digest)).ok()?;
        metadata.is_file().then_some(metadata.len())
    }
}
