use crate::Sealed;
use consign_image::Pushed;
use consign_oci::{Descriptor, Tag};

/// What became of an image that was to be copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// What the name names now.
    pub root: Descriptor,
    /// What it named before.
    pub before: Option<Descriptor>,
    /// Whether anything was to be done.
    pub state: State,
    /// The tag under which what it named before is kept.
    pub backup: Option<Tag>,
    /// How much of it was signed; `None` where nobody asked for that.
    pub sealed: Option<Sealed>,
}

/// Whether anything was to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The name named the image already.
    Unchanged,
    /// It names it now; in a dry run, it would.
    Copied,
    /// The source's tag does not name it for long enough.
    Waiting,
    /// The name names another image, and never moves.
    Fixed,
}

/// How much was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Manifests that were written by digest, signatures and other artifacts among them.
    pub manifests: usize,
    /// Blobs that were sent.
    pub sent: usize,
    /// Bytes of those.
    pub bytes: u64,
    /// Blobs that the registry took from another of its repositories.
    pub mounted: usize,
    /// Blobs that were there.
    pub present: usize,
}

impl Count {
    /// Adds what others did.
    pub fn add(&mut self, other: Self) {
        let Self { manifests, sent, bytes, mounted, present } = other;
        self.manifests += manifests;
        self.sent += sent;
        self.bytes += bytes;
        self.mounted += mounted;
        self.present += present;
    }

    pub(crate) fn blob(&mut self, blob: &Descriptor, pushed: Pushed) {
        match pushed {
            Pushed::Existed => self.present += 1,
            Pushed::Mounted => self.mounted += 1,
            Pushed::Uploaded => {
                self.sent += 1;
                self.bytes += blob.size;
            }
        }
    }
}
