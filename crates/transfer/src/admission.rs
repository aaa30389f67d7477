use consign_image::Place;
use futures::future::BoxFuture;
use std::error::Error;

/// Decides which images come in.
pub trait Admission: Send + Sync {
    /// Fails for an image that does not come in. The place names it by its digest, and by its tag if it was found by one.
    fn admit<'a>(&'a self, image: &'a Place) -> BoxFuture<'a, Result<(), Refusal>>;
}

/// Why an image does not come in.
pub type Refusal = Box<dyn Error + Send + Sync>;
