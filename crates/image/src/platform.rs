use crate::{ImageError, Place};
use consign_oci::{DOCUMENT_LIMIT, Document, Exact, ImageConfig, Manifest, Platform};

impl Place {
    /// Returns the manifest of a platform: one of the index's, or the image itself if it is for that platform.
    pub async fn of_platform(&self, document: Document, platform: &Platform) -> Result<Document, ImageError> {
        let present = match &document {
            Document::Index(index) => {
                if let Some((_, descriptor)) = index.platforms().find(|(present, _)| *present == platform) {
                    return self.document(descriptor).await;
                }
                index.platforms().map(|(platform, _)| platform.clone()).collect()
            }
            Document::Manifest(manifest) => {
                let config = self.bytes(&manifest.config, DOCUMENT_LIMIT).await?;
                match serde_json::from_slice::<ImageConfig>(&config) {
                    Ok(config) if config.platform == *platform => return Ok(document),
                    Ok(config) => vec![config.platform],
                    Err(_) => return Err(self.no_image(&document)),
                }
            }
        };
        Err(ImageError::NoPlatform { wanted: platform.clone(), present })
    }

    /// Returns the image of a platform: of an index that of `stated`, or else of `usual`; an image that is alone must be for `stated`, if that is said.
    pub async fn image_of(
        &self,
        document: Document,
        stated: Option<&Platform>,
        usual: &Platform,
    ) -> Result<Exact<Manifest>, ImageError> {
        let document = match (&document, stated) {
            (Document::Manifest(_), None) => document,
            (_, stated) => self.of_platform(document, stated.unwrap_or(usual)).await?,
        };
        match document {
            Document::Manifest(manifest) => Ok(manifest),
            // An index within an index is for no platform.
            Document::Index(_) => Err(self.no_image(&document)),
        }
    }

    fn no_image(&self, document: &Document) -> ImageError {
        ImageError::NoImage { place: self.describe(), digest: document.digest().clone() }
    }
}
