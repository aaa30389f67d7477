use crate::ReleaseError;
use consign_build::Specification;
use consign_oci::{Digest, Platform};
use serde_json::json;
use std::collections::BTreeMap;

/// What an image is made from.
#[derive(Clone, Debug)]
pub enum Recipe {
    /// An image file.
    ImageFile(Box<Specification>),
    /// A Dockerfile.
    Dockerfile(Box<consign_dockerfile::Recipe>),
}

impl Recipe {
    /// Returns the digest of what the file leaves open, so that there is something to choose, and to lock; `None` where it leaves nothing open. A
    /// choice that was made for another digest is of no use. `host` is what this machine runs.
    pub fn question(
        &self,
        image: &str,
        platforms: &[Platform],
        host: &Platform,
    ) -> Result<Option<Digest>, ReleaseError> {
        match self {
            Self::ImageFile(file) => Ok(file.leaves_open().then(|| file.question(platforms))),
            Self::Dockerfile(recipe) => {
                let images = recipe.open_images(platforms, host);
                let images = images
                    .map_err(|source| ReleaseError::Images { image: image.to_owned(), source: Box::new(source) })?;
                let images: BTreeMap<String, Vec<String>> = images
                    .into_iter()
                    .map(|(name, platforms)| (name, platforms.iter().map(Platform::to_string).collect()))
                    .collect();
                let question = json!({ "images": images });
                Ok((!images.is_empty()).then(|| Digest::of(question.to_string().as_bytes())))
            }
        }
    }

    /// Returns the image file, if it is one.
    pub fn image_file(&self) -> Option<&Specification> {
        match self {
            Self::ImageFile(file) => Some(file),
            Self::Dockerfile(_) => None,
        }
    }
}
