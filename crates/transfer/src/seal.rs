use crate::Refusal;
use consign_image::{Place, Sink};
use consign_oci::{Descriptor, Document};
use futures::future::BoxFuture;

/// Signs images where they arrive, and attaches statements about them.
pub trait Seal: Send + Sync {
    /// Signs an image before a name is made to name it. Where that fails, the name stays as it is. What is there already is not made again.
    fn seal<'a>(&'a self, image: Arrived<'a>) -> BoxFuture<'a, Result<Sealed, Refusal>>;
}

/// An image at its destination, which has all that it is made of.
#[derive(Clone, Copy)]
pub struct Arrived<'a> {
    /// The name that is to name it, or does.
    pub sink: &'a Sink,
    /// The image.
    pub root: &'a Descriptor,
    /// The same, where it was copied just now, or would be if this were no dry run; `None`: the name names it already.
    pub document: Option<&'a Document>,
    /// What it is like, by its digest there; `None` where the source was not asked.
    pub source: Option<&'a Place>,
}

/// How much was signed, or would be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sealed {
    /// Manifests and lists that were signed.
    pub signed: usize,
    /// Statements that were attached.
    pub attested: usize,
}
